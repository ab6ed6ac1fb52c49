//! `push --prune`: objects that no reader needs any more.

use clap::Args;

use super::Push;
use crate::cli::error::{CommandError, Exit};
use crate::cli::output::counted;
use crate::cli::stores::prune_error;
use crate::cli::views::{PushDocument, PushPruneView, UnneededObjectView};
use crate::model::{Lifetime, SCHEMA};
use crate::store::{ListedObject, PruneError, PruneLimits, SignedPointer};

/// The flags of a prune.
#[derive(Debug, Args)]
pub(super) struct PushPruneArguments {
    /// Remove objects that no reader needs any more, and push nothing
    #[arg(long, conflicts_with_all = ["env", "expires", "repair"])]
    pub(super) prune: bool,
    /// The number of the last pushes whose states are kept
    #[arg(long, value_name = "NUMBER", default_value_t = 10, requires = "prune", value_parser = clap::value_parser!(u64).range(1..))]
    keep: u64,
    /// Remove only objects that are older; a state that was in force within this time is kept for readers that are slow
    #[arg(long, value_name = "TIME", default_value = "7d", requires = "prune")]
    older_than: Lifetime,
}

impl Push<'_> {
    pub(super) fn prune(&self) -> Result<Exit, CommandError> {
        let PushPruneArguments { keep, older_than, .. } = &self.arguments.prune;
        let now = self.context.now();
        let before = now.plus_ms(-older_than.milliseconds());
        let limits = PruneLimits { pushes: *keep, before, now };
        let shown = |error: PruneError| prune_error(&error);
        let planned = self.remote.plan_prune(self.current_pointer()?, &limits).map_err(shown)?;
        let dry_run = self.arguments.dry_run;
        let removed_objects = if dry_run {
            planned.unneeded.len()
        } else {
            let replaced = |before: &SignedPointer, next: &SignedPointer| self.remember(before.digest(), next);
            self.remote.prune(&planned, &self.key, &self.keys, &replaced).map_err(shown)?
        };
        let object = |object: &ListedObject| {
            let ListedObject { digest, bytes, modified } = *object;
            UnneededObjectView { digest, bytes, modified }
        };
        let view = PushPruneView {
            schema: SCHEMA,
            destination: self.url.to_string(),
            dry_run,
            kept_pushes: planned.kept_pushes,
            removed_objects,
            unneeded: planned.unneeded.iter().map(object).collect(),
        };
        let text = text(&view);
        self.context.output.data(&PushDocument::Prune(view), || text)?;
        Ok(Exit::Done)
    }
}

fn text(view: &PushPruneView) -> String {
    let PushPruneView { destination, removed_objects, unneeded, .. } = view;
    let verb = if view.dry_run { "would be removed" } else { "removed" };
    let objects = counted(*removed_objects, "object", "objects");
    let left = unneeded.len().saturating_sub(*removed_objects);
    let left = if left > 0 { format!(", {left} left for the next run") } else { String::new() };
    let kept = match view.kept_pushes {
        1 => "state of the last push is".to_owned(),
        count => format!("states of the last {count} pushes are"),
    };
    format!("{destination}: {objects} {verb}{left}; the {kept} kept\n")
}
