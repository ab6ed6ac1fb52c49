//! `apigw schema`.

use clap::Args;
use clap::builder::PossibleValuesParser;
use schemars::{Schema, schema_for};

use crate::cli::context::Context;
use crate::cli::documents::{DOCUMENTS, DocumentKind};
use crate::cli::error::{CommandError, Exit};
use crate::cli::output::{OutputFormat, json};
use crate::cli::views::{SchemaDocument, SchemaNameView};
use crate::cli::yaml::yaml;
use crate::model::{GroupSettings, SCHEMA, WorkspaceSettings};
use crate::plan::ReleasePlan;
use crate::workspace::VersionNoteFile;

/// Print the JSON Schema of a file that people write or read, or of a command's output with `-o json`
///
/// Without a name it lists the names: `workspace`, `group`, `plan`, `version-note`, `output-error`, and
/// `output-COMMAND` for each command, like `output-status` and `output-group-set`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw schema plan\n  apigw schema output-status > status.schema.json")]
pub(in crate::cli) struct SchemaArguments {
    /// The kind of file or of document
    #[arg(value_name = "NAME", value_parser = PossibleValuesParser::new(names().into_iter().map(|(name, _)| name)), hide_possible_values = true)]
    name: Option<String>,
}

/// A kind of file.
struct FileKind {
    name: &'static str,
    meaning: &'static str,
    schema: fn() -> Schema,
}

static FILES: [FileKind; 4] = [
    FileKind { name: "workspace", meaning: "apigw.toml", schema: || schema_for!(WorkspaceSettings) },
    FileKind { name: "group", meaning: "group.yaml", schema: || schema_for!(GroupSettings) },
    FileKind { name: "plan", meaning: "a release plan", schema: || schema_for!(ReleasePlan) },
    FileKind {
        name: "version-note",
        meaning: "groups/GROUP/versions/X.Y.Z.yaml, the note that a version is blocked or was deleted",
        schema: || schema_for!(VersionNoteFile),
    },
];

/// Lists the names with their meanings.
fn names() -> Vec<(String, String)> {
    let files = FILES.iter().map(|file| (file.name.to_owned(), file.meaning.to_owned()));
    let documents = DOCUMENTS.iter().map(|kind| {
        let meaning = match kind.name {
            "error" => "the error of a command that failed".to_owned(),
            name => format!("the document of `{}`", name.replace('-', " ").replace("merge driver", "merge-driver")),
        };
        (format!("output-{}", kind.name), meaning)
    });
    files.chain(documents).collect()
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &SchemaArguments) -> Result<Exit, CommandError> {
    let Some(name) = &arguments.name else {
        let names = names().into_iter().map(|(name, meaning)| SchemaNameView { name, meaning }).collect::<Vec<_>>();
        let text =
            names.iter().fold(String::new(), |text, each| text + &format!("{:<24} {}\n", each.name, each.meaning));
        context.output.lines(&SchemaDocument::Names { schema: SCHEMA, names }, || text)?;
        return Ok(Exit::Done);
    };
    let of_file = FILES.iter().find(|file| file.name == name).map(|file| (file.schema)());
    let of_document =
        || DOCUMENTS.iter().find(|kind| name.strip_prefix("output-") == Some(kind.name)).map(DocumentKind::schema);
    let schema = of_file.or_else(of_document).unwrap_or_default();
    // It is a format of its own, marked by `$schema`, whatever the format of data.
    let text = if context.output.format == OutputFormat::Yaml { yaml(&schema)? } else { json(&schema)? };
    context.output.raw(text.as_bytes())?;
    Ok(Exit::Done)
}
