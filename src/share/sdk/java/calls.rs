//! Operations in Java: a method of the client that begins a call, and a class of the call with its parameters.

use std::collections::BTreeSet;

use serde::Serialize;

use super::super::lowering::TypeUse;
use super::super::methods::{ClientMethod, MethodContent, MethodParameter, MethodPathPiece};
use super::super::text::quoted;
use super::JavaMethod;
use super::choices::ChoiceMember;
use super::results::result_type;
use super::text::{escaped, javadoc};
use super::types::{ClassScope, JavaType};
use crate::share::model::ContentKind;

/// The most arguments of a method: what is above is set on the call.
const MOST_ARGUMENTS: usize = 16;
/// The most lines of a description in one method of Java, which has at most 64 KB of code.
const MOST_LINES: usize = 500;

/// The class of a call as the template writes it.
#[derive(Debug, Serialize)]
pub(super) struct CallContext {
    pub(super) package: String,
    pub(super) name: String,
    imports: BTreeSet<String>,
    route: String,
    key: String,
    method: String,
    query: String,
    accept: String,
    may_redirect: bool,
    path: Vec<String>,
    /// The parameters and media types, in pieces that a method can hold.
    parts: Vec<Vec<String>>,
    result: String,
    codec: String,
    setters: Vec<SetterContext>,
    /// The types of the body.
    bodies: Vec<String>,
    body_comment: Vec<String>,
    nested: Vec<String>,
}

#[derive(Debug, Serialize)]
struct SetterContext {
    name: String,
    index: usize,
    argument: String,
    comment: Vec<String>,
}

/// A method of the client as the template writes it.
#[derive(Debug, Serialize)]
pub(super) struct MethodContext {
    name: String,
    call: String,
    comment: Vec<String>,
    is_deprecated: bool,
    /// The lists of arguments, one for each type of the body.
    overloads: Vec<Vec<ArgumentContext>>,
    /// The methods of the call that take them.
    setters: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
struct ArgumentContext {
    name: String,
    argument: String,
}

/// A call with its class, and the classes that its method in the client needs.
pub(super) struct WrittenCall<'t, 'p> {
    pub(super) call: CallContext,
    pub(super) method: MethodContext,
    pub(super) imports: BTreeSet<String>,
    pub(super) scope: ClassScope<'t, 'p>,
}

impl JavaMethod<'_, '_> {
    /// Lists the parameters that the method takes as arguments; true if the body is one.
    pub(super) fn positional(&self) -> (Vec<usize>, bool) {
        let parameters = self.named.method.parameters.iter().enumerate();
        let required: Vec<usize> = parameters.filter(|(_, one)| one.is_required).map(|(index, _)| index).collect();
        let has_body = self.named.method.body.as_ref().is_some_and(|body| body.is_required);
        (if required.len() > MOST_ARGUMENTS { Vec::new() } else { required }, has_body)
    }

    /// Writes the class and the method.
    pub(super) fn write<'t, 'p>(&self, mut scope: ClassScope<'t, 'p>) -> WrittenCall<'t, 'p> {
        let method = self.named.method;
        let operation = method.operation;
        let parameters: Vec<JavaType> =
            method.parameters.iter().map(|one| scope.lower(&one.value, &parameter_origin(one))).collect();
        let bodies = self.bodies(&mut scope);
        let result = result_type(&method.results, &mut scope);
        let uses =
            |values: &[JavaType]| values.iter().flat_map(|value| value.uses.iter().cloned()).collect::<BTreeSet<_>>();
        let own = format!("{}.calls.{}", scope.types.package, self.call);
        let mut imports = uses(&parameters);
        imports.extend(uses(&bodies));
        let (nested, nested_uses) = scope.nested();
        let mut call_imports = imports.clone();
        call_imports.extend(result.uses.iter().cloned().chain(nested_uses));
        call_imports.remove(&own);
        imports.insert(own);
        let context = self.method_context(&parameters, &bodies);
        let body_description = method.body.as_ref().and_then(|body| body.description);
        let mut body_comment = javadoc(&[body_description]);
        if body_comment.is_empty() {
            body_comment.push("Sets the body.".to_owned());
        }
        let call = CallContext {
            package: scope.types.package.clone(),
            name: self.call.clone(),
            imports: call_imports,
            route: code(&format!("{} {}", operation.method, operation.path)),
            key: quoted(&operation.key),
            method: quoted(&operation.method),
            query: quoted(&method.query),
            accept: quoted(&method.accept),
            may_redirect: method.may_redirect(),
            path: method.path.iter().map(piece_text).collect(),
            parts: description_lines(method).chunks(MOST_LINES).map(<[String]>::to_vec).collect(),
            result: result.name,
            codec: result.codec,
            setters: self.setters(&parameters),
            bodies: bodies.iter().map(|value| value.argument().to_owned()).collect(),
            body_comment,
            nested,
        };
        WrittenCall { call, method: context, imports, scope }
    }

    fn setters(&self, types: &[JavaType]) -> Vec<SetterContext> {
        let mut list = Vec::new();
        let named = self.named.parameters().zip(types);
        for (index, ((parameter, name), value)) in named.enumerate() {
            let description = parameter.declared.and_then(|declared| declared.description.as_deref());
            let mut comment = javadoc(&[description]);
            if comment.is_empty() {
                comment.push(format!("Sets the parameter <code>{}</code>.", code(&parameter.name)));
            }
            list.push(SetterContext { name: name.clone(), index, argument: value.argument().to_owned(), comment });
        }
        list
    }

    /// Lists the types of the body, each an overload: those of one class are told apart by nothing.
    fn bodies(&self, scope: &mut ClassScope<'_, '_>) -> Vec<JavaType> {
        let mut list: Vec<JavaType> = Vec::new();
        let mut add = |value: JavaType| match list.iter_mut().find(|known| known.erasure() == value.erasure()) {
            Some(known) if known.name != value.name => {
                let arguments = if value.erasure() == "Map" { "Map<String, ?>" } else { "List<?>" };
                *known = JavaType { name: arguments.to_owned(), ..JavaType::any() };
            }
            Some(_) => {}
            None => list.push(value),
        };
        for MethodContent { content, value, .. } in self.named.method.body.iter().flat_map(|body| &body.contents) {
            if content.kind == ContentKind::JsonLines
                && let TypeUse::Array(item) = value
            {
                let item = scope.lower(item, "body item");
                add(JavaType {
                    uses: item.uses.clone(),
                    ..JavaType::of(&format!("Iterable<? extends {}>", item.name), "")
                });
                continue;
            }
            let members = match value {
                TypeUse::Union(members) => scope.members(members, "body").0,
                one => vec![ChoiceMember { label: String::new(), value: scope.lower(one, "body") }],
            };
            for member in members {
                add(member.value);
            }
        }
        if list.iter().any(|value| value.name == "Object") {
            list = vec![JavaType::any()];
        }
        // A primitive and its class cannot both be told from `null`.
        for value in &mut list {
            value.is_nullable = false;
        }
        list
    }

    fn method_context(&self, parameters: &[JavaType], bodies: &[JavaType]) -> MethodContext {
        let (positional, has_body) = self.positional();
        let argument = |index: &usize| {
            let name = self.named.parameters.get(*index)?.clone();
            Some(ArgumentContext { name, argument: parameters.get(*index)?.argument().to_owned() })
        };
        let required: Vec<ArgumentContext> = positional.iter().filter_map(argument).collect();
        let mut setters: Vec<String> = required.iter().map(|argument| argument.name.clone()).collect();
        let overloads = if has_body {
            setters.push("body".to_owned());
            let body =
                |value: &JavaType| ArgumentContext { name: "body".to_owned(), argument: value.argument().to_owned() };
            bodies.iter().map(|value| required.iter().cloned().chain([body(value)]).collect()).collect()
        } else {
            vec![required]
        };
        MethodContext {
            name: self.named.name.clone(),
            call: self.call.clone(),
            comment: self.comment(),
            is_deprecated: self.named.method.operation.is_deprecated,
            overloads,
            setters,
        }
    }

    fn comment(&self) -> Vec<String> {
        let (summary, description) = self.named.method.documentation();
        let note = self.named.method.body.as_ref().and_then(|body| body.choice_note("contentType of the call"));
        let mut lines = javadoc(&[Some(&summary), description, note.as_deref()]);
        if self.named.method.operation.is_deprecated {
            lines.extend([String::new(), "@deprecated Callers should no longer use it.".to_owned()]);
        }
        lines
    }
}

/// Names the place of a parameter, from which a choice of its types gets its name.
pub(super) fn parameter_origin(parameter: &MethodParameter<'_>) -> String {
    format!("{} {}", parameter.place.as_str(), parameter.name)
}

fn code(text: &str) -> String {
    escaped(&super::super::text::comment_lines(&[Some(text)]).concat())
}

fn piece_text(piece: &MethodPathPiece) -> String {
    match piece {
        MethodPathPiece::Text(text) => quoted(text),
        MethodPathPiece::Parameter(index) => index.to_string(),
    }
}

/// Lists the parameters and the media types of an operation, as its description adds them.
fn description_lines(method: &ClientMethod<'_>) -> Vec<String> {
    let parameter = |parameter: &MethodParameter<'_>| {
        let is_reserved = parameter.declared.is_some_and(|declared| declared.allows_reserved);
        let is_json = parameter.is_json();
        format!(
            ".parameter({}, {}, {}, {}, {is_reserved}, {is_json})",
            quoted(parameter.written_name()),
            quoted(parameter.place.as_str()),
            quoted(parameter.style().as_str()),
            parameter.explodes(),
        )
    };
    let mut lines: Vec<String> = method.parameters.iter().map(parameter).collect();
    for one in method.body.iter().flat_map(|body| &body.contents) {
        let content = one.content;
        lines.push(format!(".content({}, {})", quoted(&content.media_type), quoted(content.kind.as_str())));
        lines.extend(one.shape_words().map(|words| format!(".shapes({})", quoted(&words))));
        for part in &content.parts {
            let text = |text: Option<&str>| text.map_or_else(|| "null".to_owned(), quoted);
            let style = text(part.style.map(|(style, _)| style.as_str()));
            let explodes = part.style.is_none_or(|(_, explodes)| explodes);
            let media_type = text(part.media_type_list().as_deref());
            lines.push(format!(".part({}, {media_type}, {style}, {explodes})", quoted(&part.name)));
        }
    }
    lines
}
