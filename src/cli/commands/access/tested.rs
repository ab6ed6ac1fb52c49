//! The verdict on a call, step by step, in the order in which a gateway takes them.

use std::collections::BTreeSet;

use super::TestArguments;
use crate::access::{ApiCall, Key, KeyDirectory, Secret, SecretId};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::selection::{self, unknown_api};
use crate::cli::views::{AccessStepView, AccessTestView};
use crate::model::{Backend, GroupSettings, SCHEMA, Timestamp};
use crate::workspace::SecretSources;

/// One step of the verdict.
struct VerdictStep {
    name: &'static str,
    is_passed: bool,
    reason: String,
    /// What to type where it is not passed.
    hint: Option<String>,
}

pub(super) fn test(context: &Context<'_>, arguments: &TestArguments) -> Result<Exit, CommandError> {
    let workspace = context.workspace()?;
    let environment = context.environment(&arguments.env)?;
    let (group, api) = selection::group_and_api(&arguments.words)?;
    let group = selection::group(context, group)?;
    let (key, _) = workspace.key(&arguments.key)?;
    let now = context.now();
    let mut steps = Vec::new();
    let live = workspace.live_group(&environment, &group)?.and_then(|live| Some((live.deployment, live.content?)));
    let publish = format!("apigw publish {group} --env {environment}");
    let Some((deployment, content)) = live else {
        let reason = format!("{group} is not live in {environment}");
        steps.push(VerdictStep { name: "route", is_passed: false, reason, hint: Some(publish) });
        return show(context, arguments, &steps);
    };
    let definition = content.definition.get()?;
    let called = definition.api(&api).ok_or_else(|| unknown_api(&group, &api, &definition))?;
    let version = &deployment.release.version;
    let reason = format!("{} of {group} {version} is live in {environment}", called.name());
    steps.push(VerdictStep { name: "route", is_passed: true, reason, hint: None });
    if deployment.release.backend == Backend::Mock {
        let reason = "a mock asks nobody for a key".to_owned();
        steps.push(VerdictStep { name: "who", is_passed: true, reason, hint: None });
        return show(context, arguments, &steps);
    }
    if content.settings.auth.is_none() {
        let reason = format!("{group} has `auth: none`: it asks nobody for a key");
        steps.push(VerdictStep { name: "who", is_passed: true, reason, hint: None });
        return show(context, arguments, &steps);
    }
    steps.push(kind_step(&key, &content.settings));
    steps.push(validity_step(&key, now));
    let revoked = workspace.revoked_secrets()?;
    let found = workspace.secrets_on_machine(&SecretSources::read(workspace, &context.process.variables), [&key]);
    let is_here = |id: &SecretId| found.secrets.contains_key(id);
    steps.push(secret_step(&key, &revoked, is_here, now));
    let (owner, _) = match &key.owner {
        Some(owner) => {
            let (grants, operation) = workspace.owner_grants(owner)?;
            (Some(grants), operation)
        }
        None => (None, None),
    };
    let directory = KeyDirectory::new([key.clone().into()], owner, revoked, &found.secrets);
    let (name, method_and_path) = (called.name(), called.method_and_path());
    let names = [name.as_str(), method_and_path.as_str()];
    let call = ApiCall { group: group.as_str(), environment: environment.as_str(), api_names: &names };
    steps.push(match directory.check_grant(&key, &call) {
        Ok(grant) => {
            let reason = format!("grant {} by {} since {}", grant.id, grant.by, grant.since);
            VerdictStep { name: "may it", is_passed: true, reason, hint: None }
        }
        Err(denial) => VerdictStep {
            name: "may it",
            is_passed: false,
            reason: denial.to_string(),
            hint: Some(format!("apigw access grant {} {group} --env {environment}", key.name)),
        },
    });
    show(context, arguments, &steps)
}

fn kind_step(key: &Key, settings: &GroupSettings) -> VerdictStep {
    let is_passed = settings.auth.takes(key.kind);
    let takes = if is_passed { "takes" } else { "does not take" };
    let reason = format!("`auth: {}` {takes} keys of kind {}", settings.auth, key.kind);
    VerdictStep { name: "kind", is_passed, reason, hint: None }
}

fn validity_step(key: &Key, now: Timestamp) -> VerdictStep {
    let step = |is_passed, reason| VerdictStep { name: "validity", is_passed, reason, hint: None };
    match (key.not_before, key.expires) {
        (Some(from), _) if now < from => step(false, format!("key {} is valid from {from} on", key.name)),
        (_, Some(at)) if now >= at => step(false, format!("key {} expired at {at}", key.name)),
        (_, Some(at)) => step(true, format!("key {} is valid until {at}", key.name)),
        _ => step(true, format!("key {} is valid", key.name)),
    }
}

fn secret_step(
    key: &Key,
    revoked: &BTreeSet<SecretId>,
    is_here: impl Fn(&SecretId) -> bool,
    now: Timestamp,
) -> VerdictStep {
    let is_live = |secret: &&Secret| secret.is_live(now) && !revoked.iter().any(|id| id.is_same_file(&secret.id));
    let live: Vec<&Secret> = key.secrets.iter().filter(is_live).collect();
    let step = |is_passed, reason, hint| VerdictStep { name: "secret", is_passed, reason, hint };
    let Some(first) = live.first() else {
        let hint = format!("apigw key rotate {} --to FILE", key.name);
        return step(false, "each of its secrets was revoked or has retired".to_owned(), Some(hint));
    };
    let missing = live.iter().find(|secret| secret.proof.needs_secret() && !is_here(&secret.id));
    match missing {
        Some(secret) => {
            let reason = format!("secret {} is not on this machine: a gateway here refuses what it signs", secret.id);
            step(false, reason, Some(format!("put it into .apigw/secrets/{}, with mode 0600", secret.id)))
        }
        None => step(true, format!("secret {} lets in", first.id), None),
    }
}

fn show(context: &Context<'_>, arguments: &TestArguments, steps: &[VerdictStep]) -> Result<Exit, CommandError> {
    let is_allowed = steps.iter().all(|step| step.is_passed);
    let entry = |step: &VerdictStep| AccessStepView {
        step: step.name,
        passed: step.is_passed,
        reason: step.reason.clone(),
        next: step.hint.clone(),
    };
    let document = AccessTestView {
        schema: SCHEMA,
        key: arguments.key.clone(),
        allowed: is_allowed,
        steps: steps.iter().map(entry).collect(),
    };
    context.output.data(&document, || {
        let line = |step: &VerdictStep| {
            let mark = if step.is_passed { "ok" } else { "no" };
            let hint = step.hint.as_ref().map(|hint| format!("\n                next: {hint}")).unwrap_or_default();
            format!("{mark}  {:<10}  {}{hint}\n", step.name, step.reason)
        };
        let verdict = if is_allowed { "allowed" } else { "refused" };
        steps.iter().map(line).collect::<String>() + &format!("{verdict}\n")
    })?;
    Ok(if is_allowed { Exit::Done } else { Exit::Refused })
}
