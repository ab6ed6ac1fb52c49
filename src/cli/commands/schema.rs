//! `apigw schema`.

use clap::Args;
use schemars::schema_for;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::output::json;
use crate::model::{GroupSettings, WorkspaceSettings};
use crate::plan::ReleasePlan;

/// Print the JSON Schema of a file that people write
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
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &SchemaArguments) -> Result<Exit, CommandError> {
    let schema = match arguments.name {
        SchemaName::Workspace => schema_for!(WorkspaceSettings),
        SchemaName::Group => schema_for!(GroupSettings),
        SchemaName::Plan => schema_for!(ReleasePlan),
    };
    context.output.raw(json(&schema)?.as_bytes())?;
    Ok(Exit::Done)
}
