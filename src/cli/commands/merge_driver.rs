//! `apigw merge-driver`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::change;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::views::MergeDriverDocument;
use crate::model::SCHEMA;
use crate::workspace::{MergeFiles, merge_environment_files};

/// Merge environment files entry by entry, called by Git
///
/// --install registers it in the Git settings of this checkout; run that once in each clone. It also sets
/// `merge.renames` to false there, which Git heeds from 2.50 on: it would take frozen files for renamed ones, as they
/// are much alike. If Git does not call it,
/// as on forges, `apigw resolve` does the same after the merge.
#[derive(Debug, Args)]
#[command(
    override_usage = "apigw merge-driver [OPTIONS] <BASE> <OURS> <THEIRS>\n       apigw merge-driver --install",
    after_help = "Examples:\n  apigw merge-driver --install\n  apigw merge-driver base.yaml ours.yaml theirs.yaml"
)]
pub(in crate::cli) struct MergeDriverArguments {
    /// Install it in this checkout's Git settings
    #[arg(long, conflicts_with = "files")]
    install: bool,
    /// The common version, ours (over which the result is written) and theirs
    #[arg(value_names = ["BASE", "OURS", "THEIRS"], num_args = 3, required_unless_present = "install", value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &MergeDriverArguments) -> Result<Exit, CommandError> {
    if arguments.install {
        context.workspace()?.install_merge_driver(&context.process.executable)?;
        let shown = context.output.data(&MergeDriverDocument::Installed { schema: SCHEMA, installed: true }, || {
            "Git calls `apigw merge-driver` for the files in deployments/ of this checkout, and from Git 2.50 on \
             looks for no renamed files (`merge.renames`)\n"
                .to_owned()
        });
        change::shown_after_commit(context, shown);
        return Ok(Exit::Done);
    }
    let paths: Vec<PathBuf> = arguments.files.iter().map(|file| context.folder().join(file)).collect();
    let [base, ours, theirs] = paths.as_slice() else {
        return Err(CommandError::usage("name three files: the common version, ours and theirs"));
    };
    let is_clean = merge_environment_files(&MergeFiles { base, ours, theirs })?;
    // Git shows this output to the user, and needs no words besides its own.
    context.output.data(&MergeDriverDocument::Merged { schema: SCHEMA, clean: is_clean }, String::new)?;
    // Git takes 1 for a conflict that is marked in the file, and anything above 128 for a failure.
    Ok(if is_clean { Exit::Done } else { Exit::Failed })
}
