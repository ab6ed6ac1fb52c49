//! `apigw init`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::change;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::shell::shell_word;
use crate::cli::views::InitView;
use crate::workspace::{self, ExampleGroup, init};

/// Create a workspace
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw init shop\n  apigw init --example petstore shop")]
pub(in crate::cli) struct InitArguments {
    /// The folder of the workspace [default: the current folder]
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    folder: Option<PathBuf>,
    /// Include an example group
    #[arg(long, value_name = "NAME")]
    example: Option<ExampleName>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum ExampleName {
    /// A small store of pets
    Petstore,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &InitArguments) -> Result<Exit, CommandError> {
    let folder =
        arguments.folder.as_ref().map_or_else(|| context.folder().clone(), |folder| context.folder().join(folder));
    let example = arguments.example.map(|ExampleName::Petstore| ExampleGroup::Petstore);
    let files = init(&folder, example).map_err(|error| match error {
        workspace::Error::Exists(_) => CommandError::new("exists", Exit::Conflict, error.to_string())
            .hint(format!("see what is in it: `apigw -C {} status`", shell_word(&folder.to_string_lossy())))
            .hint("or name another folder: `apigw init DIR`"),
        error => error.into(),
    })?;
    let view = InitView::new(folder.display().to_string(), files);
    let shown = context.output.data(&view, || {
        let next = match example {
            Some(ExampleGroup::Petstore) => "apigw publish petstore --env test --mock",
            None => "apigw group import NAME openapi.yaml",
        };
        let shown = match &arguments.folder {
            Some(typed) if *context.folder() == context.process.folder => typed,
            _ => &folder,
        };
        let is_here = folder == context.process.folder;
        let go = if is_here { String::new() } else { format!("cd {} && ", shell_word(&shown.to_string_lossy())) };
        let shown = if is_here { Path::new(".") } else { shown };
        format!("created workspace {}\nnext: {go}{next}\n", shown.display())
    });
    change::shown_after_commit(context, shown);
    Ok(Exit::Done)
}
