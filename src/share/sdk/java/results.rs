//! Results of operations in Java: the type of the data of a response.

use super::super::lowering::TypeUse;
use super::super::methods::MethodResult;
use super::choices::ChoiceMember;
use super::types::{ClassScope, JavaType};

/// Returns the type of the data; of several results it is a choice, and no result is `null`.
pub(super) fn result_type(results: &[MethodResult], scope: &mut ClassScope<'_, '_>) -> JavaType {
    let mut list: Vec<ChoiceMember> = Vec::new();
    for result in results {
        let (label, value) = match result {
            MethodResult::Nothing => continue,
            MethodResult::Json(TypeUse::Union(members)) if results.len() > 1 => {
                let (members, _) = scope.members(members, "response");
                for member in members {
                    push(&mut list, member);
                }
                continue;
            }
            MethodResult::Json(value) => ("Json", scope.lower(value, "response")),
            MethodResult::Text => ("Text", JavaType::of("String", "JsonType.TEXT")),
            MethodResult::Bytes => ("Download", JavaType::of("Download", "JsonType.DOWNLOAD")),
            MethodResult::JsonLines(item) => {
                ("Stream", scope.lower(item, "response item").wrapped("ItemStream<", "stream"))
            }
            MethodResult::Events(item) => {
                let item = scope.lower(item, "event");
                let event = JavaType { name: format!("ServerEvent<{}>", item.name), ..item };
                ("Events", event.wrapped("ItemStream<", "events"))
            }
        };
        push(&mut list, ChoiceMember { label: label.to_owned(), value });
    }
    if list.iter().any(|member| member.value.name == "Object") {
        return JavaType::any();
    }
    match list.len() {
        0 => JavaType::of("Void", "value -> null"),
        1 => list.remove(0).value,
        _ => scope.choice("response", list),
    }
}

fn push(list: &mut Vec<ChoiceMember>, member: ChoiceMember) {
    if !list.iter().any(|known| known.value.name == member.value.name) {
        list.push(member);
    }
}
