//! `apigw schema`.

use clap::Args;
use schemars::schema_for;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::output::json;
use crate::model::{GroupSettings, WorkspaceSettings};
use crate::plan::ReleasePlan;
use crate::workspace::VersionNoteFile;

/// Print the JSON Schema of a file that people write or read
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw schema plan\n  apigw schema group > group.schema.json")]
pub(in crate::cli) struct SchemaArguments {
    /// The kind of file
    #[arg(value_name = "NAME")]
    name: SchemaName,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum SchemaName {
    /// apigw.toml
    Workspace,
    /// group.yaml
    Group,
    /// A release plan
    Plan,
    /// groups/GROUP/versions/X.Y.Z.yaml, the note that a version is blocked or was deleted
    VersionNote,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &SchemaArguments) -> Result<Exit, CommandError> {
    let schema = match arguments.name {
        SchemaName::Workspace => schema_for!(WorkspaceSettings),
        SchemaName::Group => schema_for!(GroupSettings),
        SchemaName::Plan => schema_for!(ReleasePlan),
        SchemaName::VersionNote => schema_for!(VersionNoteFile),
    };
    context.output.raw(json(&schema)?.as_bytes())?;
    Ok(Exit::Done)
}
