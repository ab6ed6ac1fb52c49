//! `apigw show`.

mod access;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::Args;

use crate::cli::change;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::numbers::PresentNumbers;
use crate::cli::release_text::{release_text, remark_text};
use crate::cli::short_ids;
use crate::cli::views::{OperationView, ShowDocument, ShowView};
use crate::model::{Finding, GroupChange, GroupName, Release, VersionNotes};
use crate::plan::LooseOperation;
use crate::workspace::{self, CommittedOperation, Workspace};

/// Show one operation: who, when, why, and each group, key or owner before and after
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw show 20261123T180000.000Z\n  apigw show 0123456789ab -o json")]
pub(in crate::cli) struct ShowArguments {
    /// The operation's id, or the beginning of it or of its last part
    #[arg(value_name = "OPERATION")]
    operation: String,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &ShowArguments) -> Result<Exit, CommandError> {
    let workspace = context.readable_workspace()?;
    let mut committed = match workspace.find_operation(&arguments.operation) {
        Ok(committed) => committed,
        Err(error @ workspace::Error::Unknown { .. }) => {
            return access::run(context, workspace, &arguments.operation, error);
        }
        Err(error) => return Err(error.into()),
    };
    let mut loose_end = None;
    let standing = workspace.operation_standing(&committed);
    committed.unexplained = standing.unexplained;
    match standing.lost {
        Some(lost) => committed.lost = lost,
        None => loose_end = Some(workspace.loose_operation(&committed.operation.environment, &committed.id)?),
    }
    let numbers = PresentNumbers::new(workspace, context.output.format.is_document());
    let (notes, unreadable) = notes(workspace, &committed)?;
    let view = ShowView::new(OperationView::new(&committed, &numbers).loose_end(loose_end)).noted(&notes, &unreadable);
    let document = ShowDocument::Release(Box::new(view));
    context.output.lines(&document, || text(workspace, &committed, loose_end, (&notes, context.output.width)))?;
    for problem in &standing.problems {
        context.output.warning(&problem.to_string());
    }
    let exit = context.output.unreadable(workspace, &unreadable);
    Ok(if standing.problems.is_empty() { exit } else { Exit::Invalid })
}

/// Reads the notes of the groups that an operation changed, each with the remarks on versions of the change alone.
fn notes(
    workspace: &Workspace,
    committed: &CommittedOperation,
) -> Result<(BTreeMap<GroupName, VersionNotes>, Vec<Finding>), CommandError> {
    let (mut all, mut findings) = (BTreeMap::new(), Vec::new());
    for (group, GroupChange { before, merged, after, .. }) in &committed.operation.changes {
        let (mut notes, unreadable) = workspace.readable_notes(group)?;
        let digests: Vec<_> =
            before.iter().chain(merged).map(|entry| entry.release.digest).chain([after.digest]).collect();
        for note in notes.0.values_mut() {
            note.blocks.retain(|remark| digests.contains(&remark.digest));
            note.unblocks.retain(|unblock| digests.contains(&unblock.remark.digest));
        }
        findings.extend(unreadable);
        all.insert(group.clone(), notes);
    }
    Ok((all, findings))
}

/// Indents the later lines of a text: none of them may look like another field.
fn field(text: &str) -> String {
    text.replace('\n', "\n             ")
}

/// Cuts a digest that is wider than the terminal; nobody types one.
fn shortened(digest: &str, width: Option<u16>) -> String {
    let Some(room) = width.map(|width| usize::from(width).saturating_sub(DIGEST_INDENT)) else {
        return digest.to_owned();
    };
    if digest.len() <= room {
        digest.to_owned()
    } else {
        digest.chars().take(room.saturating_sub(1)).collect::<String>() + "…"
    }
}

/// The columns before a digest.
const DIGEST_INDENT: usize = 9;

fn text(
    workspace: &Workspace,
    committed: &CommittedOperation,
    loose_end: Option<LooseOperation>,
    (notes, width): (&BTreeMap<GroupName, VersionNotes>, Option<u16>),
) -> String {
    let CommittedOperation { id, operation, .. } = committed;
    let mut text = format!(
        "operation    {id}\nenvironment  {}\ntime         {}\nby           {}\nwhy          {}\ncommand      {}\n",
        operation.environment,
        operation.time,
        field(&operation.actor),
        field(operation.message.as_deref().unwrap_or("(no reason given)")),
        field(&operation.command),
    );
    match loose_end {
        None => {}
        Some(LooseOperation::Abandoned) => {
            text += "committed    never: its command was interrupted, and the next change removes it (abandoned)\n";
        }
        Some(LooseOperation::Unexplained) => {
            text += "committed    unknown: no entry leads to it (unexplained); see `apigw verify`\n";
        }
    }
    if !operation.overrides.is_empty() {
        let _ = writeln!(text, "overrides    {}", change::overrides(operation));
    }
    let mut changes = String::new();
    for (group, planned) in &operation.changes {
        let before = planned.before.as_ref();
        let state = |release: &Release| release_text(workspace, group, release);
        let digest = |release: &Release| shortened(&release.digest.to_string(), width);
        let was = before.map_or_else(|| "never published".to_owned(), |before| state(&before.release));
        let _ = writeln!(changes, "\n{} {group}", planned.action);
        if let Some(resolve) = committed.lost.get(group) {
            let _ = writeln!(changes, "  lost   to what {resolve} kept");
        }
        if committed.unexplained.contains(group) {
            changes += "  lost   no entry leads to it; see `apigw verify`\n";
        }
        let _ = writeln!(changes, "  before {was}");
        if let Some(before) = before {
            let _ =
                writeln!(changes, "         by operation {}\n         {}", before.operation, digest(&before.release));
        }
        for merged in &planned.merged {
            let _ =
                writeln!(changes, "  merged {}\n         by operation {}", state(&merged.release), merged.operation);
        }
        let _ = writeln!(changes, "  after  {}\n         {}", state(&planned.after), digest(&planned.after));
        for (version, kind, remark) in notes.get(group).into_iter().flat_map(VersionNotes::blocks_and_unblocks) {
            let _ = writeln!(changes, "  {version} was {}", remark_text(kind, remark).replace('\n', " "));
        }
    }
    text + &short_ids::shorten(workspace, &changes)
}
