//! What a push would do: compared with the destination, and shown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Push;
use crate::cli::error::{CommandError, Exit};
use crate::cli::output::counted;
use crate::cli::stores::{ANOTHER_PREFIX, destination_error};
use crate::cli::views::{EntryView, PushView, PushedEntryView, PushedEnvironmentView};
use crate::model::{DeploymentState, EnvironmentName, GroupName, Lifetime, SCHEMA, Timestamp};
use crate::store::{Destination, Pointer, StatePush};
use crate::workspace::{Divergence, PushedState};

/// A push that is about to be made.
pub(super) struct PlannedPush {
    pub(super) state: PushedState,
    pub(super) before: Destination,
    pub(super) push: StatePush,
    pub(super) view: PushView,
}

impl PlannedPush {
    /// Plans a push over the state of the destination. Over a pointer that was put back it is made for the same state
    /// too: the old pointer would be refused for ever.
    ///
    /// # Errors
    ///
    /// Fails with a conflict where the destination has something that the workspace was not built upon.
    pub(super) fn new(
        push: &Push<'_>,
        state: PushedState,
        before: Destination,
        was_put_back: bool,
    ) -> Result<Self, CommandError> {
        let files = push.remote.files(&before, &state.places_to_compare(before.list()));
        let files = files.map_err(|fault| destination_error(&fault.into()))?;
        let comparison = state.compare(before.list(), &files)?;
        if !comparison.divergences.is_empty() {
            return Err(diverged(push, &comparison.divergences)?);
        }
        let now = push.context.now();
        let lifetime = push.arguments.expires.map(Lifetime::milliseconds);
        let expires = lifetime.map(|lifetime| now.plus_ms(lifetime));
        let present = before.pointer().map(crate::store::SignedPointer::fields);
        let is_same = present.is_some() && state.list == *before.list();
        let is_renewed = was_put_back || must_renew(present.and_then(|present| present.expires), lifetime, now);
        let up_to_date = is_same && !is_renewed;
        let next = before.plan(state.list.clone(), &push.key, now, expires);
        if !up_to_date {
            require_lifetime(next.pointer.fields(), present, lifetime)?;
        }
        let shown = present.filter(|_| up_to_date).unwrap_or_else(|| next.pointer.fields());
        let view = PushView {
            schema: SCHEMA,
            destination: push.url.to_string(),
            dry_run: push.arguments.dry_run,
            up_to_date,
            sequence: shown.sequence,
            state: shown.state,
            expires: shown.expires,
            new_objects: next.new.len(),
            public_key: push.key.public().to_string(),
            environments: environments(&state, &comparison.changed),
        };
        Ok(Self { state, before, push: next, view })
    }
}

/// True if half of the asked lifetime is over.
fn must_renew(expires: Option<Timestamp>, lifetime: Option<i64>, now: Timestamp) -> bool {
    lifetime.is_some_and(|lifetime| expires.is_none_or(|expires| expires.ms_since(now) < lifetime / 2))
}

/// Refuses a push of which half of the asked lifetime was over when the one before it was made: readers go by other
/// clocks than the one that is behind here.
fn require_lifetime(next: &Pointer, present: Option<&Pointer>, lifetime: Option<i64>) -> Result<(), CommandError> {
    let Some((before, expires)) = present.zip(next.expires) else { return Ok(()) };
    if !must_renew(Some(expires), lifetime, before.time) {
        return Ok(());
    }
    let (here, sequence, made) = (next.time, before.sequence, before.time);
    let message = format!(
        "nothing was pushed: it would expire at {expires}, and push {sequence} was made at {made}, later than this \
         machine's clock says ({here})"
    );
    Err(CommandError::new("clock", Exit::Failed, message)
        .hint("set the clock of this machine, for example with NTP, then try again")
        .hint(format!("if the clock was ahead that push {sequence} was made by: give a longer `--expires`, or none")))
}

fn environments(
    state: &PushedState,
    changed: &BTreeMap<EnvironmentName, Vec<GroupName>>,
) -> Vec<PushedEnvironmentView> {
    let view = |environment: &crate::model::Environment| {
        let groups = changed.get(&environment.name).into_iter().flatten();
        let entry = |group: &GroupName| {
            let deployment = environment.deployments.get(group)?;
            Some(PushedEntryView { group: group.clone(), entry: EntryView::of(deployment) })
        };
        PushedEnvironmentView {
            environment: environment.name.clone(),
            groups: environment.deployments.len(),
            changed: groups.filter_map(entry).collect(),
        }
    };
    state.environments.iter().map(view).collect()
}

/// Makes the error of a destination that is ahead, or beside.
fn diverged(push: &Push<'_>, divergences: &[Divergence]) -> Result<CommandError, CommandError> {
    let published = push.workspace.published_environments()?;
    // Published here, and left out with `--env`.
    let is_left_out =
        |divergence: &Divergence| matches!(divergence, Divergence::Environment(name) if published.contains(name));
    let destination = push.typed_destination();
    let reason = |divergence: &Divergence| match divergence {
        Divergence::Entry { environment, group, operation } => {
            format!("{group} in {environment}: operation {operation} is not in its history here")
        }
        Divergence::Environment(name) => format!("{name} would be removed"),
        Divergence::Subject { subject, operation } => {
            format!("{subject}: operation {operation} is not in its history here")
        }
    };
    let message = format!("nothing was pushed: {destination} has a state that this workspace was not built upon");
    let mut error = CommandError::new("not-forward", Exit::Conflict, message);
    error.reasons = divergences.iter().map(reason).collect();
    if divergences.iter().any(is_left_out) {
        let all = "leave out `--env` to push all environments, or push these alone to a destination of their own";
        error.hints.push(all.to_owned());
    }
    if !divergences.iter().all(is_left_out) {
        error.hints.push("bring in the work of others, for example with `git pull`, then push again".to_owned());
        error.hints.push(format!("if no clone has that work any more: {ANOTHER_PREFIX}"));
    }
    Ok(error)
}

/// Writes a push for people.
pub(super) fn text(view: &PushView) -> String {
    let mut text = String::new();
    for PushedEnvironmentView { environment, changed, .. } in &view.environments {
        for PushedEntryView { group, entry } in changed {
            let _ = match entry.state {
                DeploymentState::Live => {
                    writeln!(text, "{environment}: {group} {} with {}", entry.version, entry.backend)
                }
                DeploymentState::Offline => writeln!(text, "{environment}: {group} offline ({})", entry.version),
            };
        }
    }
    let PushView { destination, sequence, new_objects, expires, .. } = view;
    let until = expires.map(|expires| format!(", valid until {expires}")).unwrap_or_default();
    let objects = counted(*new_objects, "new object", "new objects");
    let _ = match (view.up_to_date, view.dry_run) {
        (true, _) => writeln!(text, "{destination} is up to date (push {sequence}{until})"),
        (false, true) => writeln!(text, "{destination}: would be push {sequence}, {objects}{until}"),
        (false, false) => writeln!(text, "{destination}: push {sequence}, {objects}{until}"),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    const DAY_MS: i64 = 24 * 3600 * 1000;

    #[test]
    fn a_push_that_expires_too_early_for_other_clocks_is_refused() {
        let now: Timestamp = "2026-11-30T12:00:00.000Z".parse().unwrap();
        let pointer = |time: Timestamp, expires: Option<Timestamp>| Pointer {
            schema: SCHEMA,
            sequence: 1,
            previous: None,
            time,
            expires,
            state: Digest::of(b"state"),
            pruning: None,
        };
        for (behind_days, lifetime_days, is_made) in [
            (-1, Some(7), true),
            (0, Some(7), true),
            (3, Some(7), true),
            (4, Some(7), false),
            (8, Some(7), false),
            (8, None, true),
        ] {
            let here = now.plus_ms(-behind_days * DAY_MS);
            let lifetime = lifetime_days.map(|days| days * DAY_MS);
            let next = pointer(here, lifetime.map(|lifetime| here.plus_ms(lifetime)));
            let required = require_lifetime(&next, Some(&pointer(now, None)), lifetime);
            assert_eq!(required.is_ok(), is_made, "{behind_days} {lifetime_days:?}");
            assert!(require_lifetime(&next, None, lifetime).is_ok());
        }
    }
}
