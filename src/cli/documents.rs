//! The document of each command, as `apigw schema output-<command>` describes it.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::views::{
    AccessChangeView, AccessListView, AccessTestView, ApiChangeView, ApiListView, ApiShowView, CallView, CheckDocument,
    CompletionsView, DiffDocument, DocsView, ErrorView, ExportDocument, GroupDeleteView, GroupListView, GroupSetView,
    GroupShowView, GroupView, HelpView, HistoryDocument, InitView, KeyListView, KeyRevokeView, KeySecretView,
    KeyShowView, ManualPageView, MergeDriverDocument, NodeForgetView, OutputDocument, PlanView, PruneView,
    PushDocument, ReleaseView, ResolveDocument, RoutesView, SchemaDocument, SdkView, ServeView, ShowDocument, SignView,
    StatusDocument, UndoDocument, VerifyView, VersionBlockView, VersionBumpView, VersionCreateView, VersionDeleteView,
    VersionListView, VersionShowView, VersionUnblockView,
};

/// The kind of document that a command prints.
pub(super) struct DocumentKind {
    /// The words of the command, joined by hyphens; `error` is the document that a failed command prints on stderr.
    pub(super) name: &'static str,
    schema: fn() -> Schema,
}

impl DocumentKind {
    const fn new<D: OutputDocument>(name: &'static str) -> Self {
        Self { name, schema: schema::<D> }
    }

    /// Returns the JSON Schema of the document.
    pub(super) fn schema(&self) -> Schema {
        (self.schema)()
    }
}

/// The documents of all commands, in the order of the help.
pub(super) static DOCUMENTS: &[DocumentKind] = &[
    DocumentKind::new::<InitView>("init"),
    DocumentKind::new::<GroupView>("group-create"),
    DocumentKind::new::<GroupView>("group-import"),
    DocumentKind::new::<GroupListView>("group-list"),
    DocumentKind::new::<GroupShowView>("group-show"),
    DocumentKind::new::<GroupSetView>("group-set"),
    DocumentKind::new::<GroupDeleteView>("group-delete"),
    DocumentKind::new::<ApiChangeView>("api-add"),
    DocumentKind::new::<ApiListView>("api-list"),
    DocumentKind::new::<ApiShowView>("api-show"),
    DocumentKind::new::<ApiChangeView>("api-remove"),
    DocumentKind::new::<VersionCreateView>("version-create"),
    DocumentKind::new::<VersionBumpView>("version-bump"),
    DocumentKind::new::<VersionListView>("version-list"),
    DocumentKind::new::<VersionShowView<'_>>("version-show"),
    DocumentKind::new::<VersionDeleteView>("version-delete"),
    DocumentKind::new::<VersionBlockView>("version-block"),
    DocumentKind::new::<VersionUnblockView>("version-unblock"),
    DocumentKind::new::<CheckDocument<'_>>("check"),
    DocumentKind::new::<PlanView<'_>>("publish"),
    DocumentKind::new::<PlanView<'_>>("switch"),
    DocumentKind::new::<PlanView<'_>>("offline"),
    DocumentKind::new::<PlanView<'_>>("promote"),
    DocumentKind::new::<PlanView<'_>>("rollback"),
    DocumentKind::new::<UndoDocument<'_>>("undo"),
    DocumentKind::new::<ResolveDocument<'_>>("resolve"),
    DocumentKind::new::<ReleaseView<'_>>("plan"),
    DocumentKind::new::<ReleaseView<'_>>("apply"),
    DocumentKind::new::<StatusDocument>("status"),
    DocumentKind::new::<HistoryDocument<'_>>("history"),
    DocumentKind::new::<ShowDocument<'_>>("show"),
    DocumentKind::new::<DiffDocument>("diff"),
    DocumentKind::new::<DocsView>("docs"),
    DocumentKind::new::<MergeDriverDocument>("merge-driver"),
    DocumentKind::new::<KeySecretView>("key-create"),
    DocumentKind::new::<KeySecretView>("key-rotate"),
    DocumentKind::new::<KeyRevokeView>("key-revoke"),
    DocumentKind::new::<AccessChangeView>("key-limit"),
    DocumentKind::new::<KeyListView<'_>>("key-list"),
    DocumentKind::new::<KeyShowView>("key-show"),
    DocumentKind::new::<AccessChangeView>("access-grant"),
    DocumentKind::new::<AccessChangeView>("access-revoke"),
    DocumentKind::new::<AccessListView<'_>>("access-list"),
    DocumentKind::new::<AccessTestView>("access-test"),
    DocumentKind::new::<SignView>("sign"),
    DocumentKind::new::<VerifyView<'_>>("verify"),
    DocumentKind::new::<PruneView>("prune"),
    DocumentKind::new::<ServeView>("serve"),
    DocumentKind::new::<RoutesView<'_>>("routes"),
    DocumentKind::new::<ExportDocument<'_>>("export"),
    DocumentKind::new::<PushDocument>("push"),
    DocumentKind::new::<NodeForgetView>("node-forget"),
    DocumentKind::new::<CallView>("call"),
    DocumentKind::new::<SdkView>("sdk"),
    DocumentKind::new::<SchemaDocument>("schema"),
    DocumentKind::new::<CompletionsView>("completions"),
    DocumentKind::new::<ManualPageView>("man"),
    DocumentKind::new::<HelpView>("help"),
    DocumentKind::new::<ErrorView<'_>>("error"),
];

fn schema<D: OutputDocument>() -> Schema {
    let mut schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<D>();
    // `output` adds the warnings to any document.
    let properties = schema.ensure_object().entry("properties").or_insert_with(|| json!({}));
    if let Some(properties) = properties.as_object_mut() {
        properties.entry("warnings").or_insert_with(warnings);
    }
    schema
}

fn warnings() -> Value {
    json!({"description": "The warnings, where there are any.", "type": "array", "items": {"type": "string"}})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Map;

    use super::*;

    #[test]
    fn every_document_says_its_schema_and_is_in_snake_case() {
        fn names(value: &Value, found: &mut Vec<String>) {
            if let Some(properties) = value.get("properties").and_then(Value::as_object) {
                found.extend(properties.keys().cloned());
            }
            match value {
                Value::Object(fields) => fields.values().for_each(|field| names(field, found)),
                Value::Array(items) => items.iter().for_each(|item| names(item, found)),
                _ => {}
            }
        }
        let is_snake_case =
            |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || b"_0123456789".contains(&byte));
        for kind in DOCUMENTS {
            let schema = kind.schema().to_value();
            let mut found = Vec::new();
            names(&schema, &mut found);
            let has_schema = |part: &Value| {
                let required = part["required"].as_array().cloned().unwrap_or_default();
                required.contains(&"schema".into()) || required.contains(&"$schema".into())
            };
            let parts = schema["anyOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
            let resolved = parts.iter().map(|part| match part["$ref"].as_str() {
                Some(reference) => schema.pointer(reference.trim_start_matches('#')).unwrap_or(part),
                None => part,
            });
            for part in resolved {
                assert!(has_schema(part), "{}: {part}", kind.name);
            }
            // Old spellings, each of which stands beside the new one.
            found.retain(|name| !["operationId", "constantResult", "mediaType"].contains(&name.as_str()));
            assert!(found.iter().all(|name| is_snake_case(name)), "{}: {found:?}", kind.name);
        }
    }

    /// The fields that have an old spelling, or that every document has.
    const COMMON: [&str; 5] = ["schema", "$schema", "warnings", "operationId", "constantResult"];

    /// Lists the fields of a document: those of its schema, or of each of the schemas that it can follow.
    fn top_level_fields(schema: &Value) -> BTreeSet<String> {
        let parts = schema["anyOf"].as_array().cloned().unwrap_or_default();
        let resolved = parts.iter().map(|part| match part["$ref"].as_str() {
            Some(reference) => schema.pointer(reference.trim_start_matches('#')).unwrap_or(part),
            None => part,
        });
        let fields = resolved.chain([schema]).filter_map(|part| part["properties"].as_object()).flat_map(Map::keys);
        fields.filter(|name| !COMMON.contains(&name.as_str())).cloned().collect()
    }

    /// Lists the words in backquotes outside of parentheses.
    fn quoted_words(text: &str) -> BTreeSet<String> {
        let mut depth = 0;
        let is_outside = |letter: &char| {
            depth += i32::from(*letter == '(') - i32::from(*letter == ')');
            depth == 0
        };
        let outside: String = text.chars().filter(is_outside).collect();
        outside.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn the_topic_describes_every_document() {
        let topic = crate::cli::topics::find_topic("json").expect("a topic").markdown;
        let section = topic.split("## Documents").nth(1).expect("a section");
        let rows: Vec<(BTreeSet<String>, &str)> = section
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once(" | "))
            .map(|(commands, fields)| (quoted_words(&format!("`{commands}")), fields))
            .collect();
        for kind in DOCUMENTS {
            // `merge-driver` is one word, `group-set` two.
            let names = [kind.name.to_owned(), kind.name.replacen('-', " ", 1)];
            let found: Vec<&str> = rows
                .iter()
                .filter_map(|(commands, fields)| names.iter().any(|name| commands.contains(name)).then_some(*fields))
                .collect();
            let [row] = found[..] else { panic!("{}: {} rows", kind.name, found.len()) };
            let (fields, described) = (top_level_fields(kind.schema().as_value()), quoted_words(row));
            // Such a row refers to another one for the rest.
            if row.starts_with("as ") {
                continue;
            }
            let options = |word: &&String| word.starts_with("--");
            let missing: Vec<_> = fields.difference(&described).collect();
            let unknown: Vec<_> = described.difference(&fields).filter(|word| !options(word)).collect();
            assert!(missing.is_empty() && unknown.is_empty(), "{}: {missing:?} {unknown:?}", kind.name);
        }
        let words: usize = rows.iter().map(|(commands, _)| commands.len()).sum();
        assert_eq!(words, DOCUMENTS.len(), "a row describes no document");
    }

    #[test]
    fn every_command_has_a_document() {
        fn leaves(command: &clap::Command, above: &str, found: &mut Vec<String>) {
            for each in command.get_subcommands() {
                let name =
                    if above.is_empty() { each.get_name().to_owned() } else { format!("{above}-{}", each.get_name()) };
                if each.has_subcommands() {
                    leaves(each, &name, found);
                } else {
                    found.push(name);
                }
            }
        }
        let mut commands = Vec::new();
        leaves(&crate::cli::arguments::command(), "", &mut commands);
        commands.push("error".to_owned());
        let documents: Vec<&str> = DOCUMENTS.iter().map(|kind| kind.name).collect();
        assert_eq!(commands, documents);
    }
}
