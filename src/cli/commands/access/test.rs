//! `apigw access test`: the verdict on a call, step by step, in the order in which a gateway takes them.

use super::TestArguments;
use crate::access::{ApiCall, CallGrants, Grant, Key, KeyDirectory, Secret, SecretId, SecretProof};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::selection::{self, unknown_api};
use crate::cli::shell::shell_word;
use crate::cli::views::{AccessStepView, AccessTestView};
use crate::model::{Backend, GroupSettings, KeyKind, KeySetSource, SCHEMA, Timestamp, TokenAuth};
use crate::routes::RouteAccess;
use crate::workspace::{AccessSnapshot, SecretSources, Workspace};

/// One step of the verdict.
struct VerdictStep {
    name: &'static str,
    is_passed: bool,
    reason: String,
    /// Command to type if it is not passed.
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
        let reason = "no key is required: the backend is a mock".to_owned();
        steps.push(VerdictStep { name: "caller", is_passed: true, reason, hint: None });
        return show(context, arguments, &steps);
    }
    if content.settings.auth.is_none() {
        let reason = format!("{group} has `auth: none`: no key is required");
        steps.push(VerdictStep { name: "caller", is_passed: true, reason, hint: None });
        return show(context, arguments, &steps);
    }
    steps.push(kind_step(&key, &content.settings));
    if let (KeyKind::Token, Some(token)) = (key.kind, &content.settings.auth.token) {
        steps.push(token_step(workspace, &key, token)?);
        let scopes = RouteAccess::new(&definition, called, &content.settings, false).scopes();
        if !scopes.is_empty() {
            let reason = format!("the token needs the scopes {}", scopes.join(", or "));
            steps.push(VerdictStep { name: "scopes", is_passed: true, reason, hint: None });
        }
    }
    steps.push(validity_step(&key, now));
    let access = workspace.access_snapshot()?;
    context.warn_of_unread_commits(access.unread_commits_finding());
    let AccessSnapshot { records, revoked, .. } = access;
    let found = workspace.secrets_on_machine(&SecretSources::read(workspace, &context.process.variables), [&key]);
    let is_here = |id: &SecretId| found.secrets.contains_key(id);
    let (owner, _) = match &key.owner {
        Some(owner) => {
            let (grants, operation) = workspace.owner_grants(owner)?;
            (Some(grants), operation)
        }
        None => (None, None),
    };
    let keys = records.into_iter().filter_map(|record| record.state.into_key().map(Into::into));
    let directory = KeyDirectory::new(keys, owner, (revoked.iter().cloned(), &[]), &found.secrets);
    steps.push(secret_step(&key, &directory, is_here, now));
    let (name, method_and_path) = (called.name(), called.method_and_path());
    let names = [name.as_str(), method_and_path.as_str()];
    let call = ApiCall { group: group.as_str(), environment: environment.as_str(), api_names: &names };
    steps.push(match directory.check_grants(&key, &call) {
        Ok(CallGrants { of_key, of_owner }) => {
            let reason = |grant: &Grant| {
                let limits =
                    if grant.limits.is_empty() { String::new() } else { format!(", at most {}", grant.limits) };
                format!("grant {} by {} since {}{limits}", grant.id, grant.by, grant.since)
            };
            let reason = of_key.into_iter().chain(of_owner).map(reason).collect::<Vec<_>>().join("; ");
            VerdictStep { name: "grant", is_passed: true, reason, hint: None }
        }
        Err(denial) => VerdictStep {
            name: "grant",
            is_passed: false,
            reason: denial.to_string(),
            // The least that lets the call through: the whole group is the person's own choice.
            hint: Some(format!(
                "apigw access grant {} {group} --env {environment} --api {}",
                key.name,
                shell_word(&name)
            )),
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

/// Judges the tokens of a key: whether they are from the issuer of the group, and can be verified here.
fn token_step(workspace: &Workspace, key: &Key, token: &TokenAuth) -> Result<VerdictStep, CommandError> {
    let step = |is_passed, reason, hint| VerdictStep { name: "token", is_passed, reason, hint };
    let bindings = key.secrets.iter().filter_map(|secret| match &secret.proof {
        SecretProof::Token(binding) => Some(binding),
        _ => None,
    });
    let issuers: Vec<&str> = bindings.map(|binding| binding.issuer.as_str()).collect();
    if !issuers.contains(&token.issuer.as_str()) {
        let reason =
            format!("the group takes tokens of {:?}, and key {} has a subject of {issuers:?}", token.issuer, key.name);
        return Ok(step(false, reason, None));
    }
    let verified = format!("tokens of {:?} are verified with", token.issuer);
    let name = match &token.jwks {
        KeySetSource::File(name) => name,
        KeySetSource::Address(address) => {
            return Ok(step(true, format!("{verified} the keys that each gateway fetches from {address}"), None));
        }
    };
    let (sets, problems) = workspace.key_sets()?;
    if sets.contains_key(name) {
        return Ok(step(true, format!("{verified} {}", token.jwks), None));
    }
    let place = token.jwks.to_string();
    let problem = problems.iter().find(|problem| *problem.location.file == *place);
    let why = problem.map_or_else(|| "it is not there".to_owned(), |problem| problem.message.clone());
    let hint = "put the issuer's key set (JWKS) there".to_owned();
    Ok(step(false, format!("no token can be verified with {place}: {why}"), Some(hint)))
}

fn validity_step(key: &Key, now: Timestamp) -> VerdictStep {
    let step = |is_passed, reason| VerdictStep { name: "validity", is_passed, reason, hint: None };
    // Tokens come from their issuer: there is nothing to rotate.
    let renew = (key.kind != KeyKind::Token).then(|| format!("apigw key rotate {} --expires 90d --to FILE", key.name));
    match (key.not_before, key.expires) {
        (Some(from), _) if now < from => step(false, format!("key {} is valid from {from} on", key.name)),
        (_, Some(at)) if now >= at => {
            VerdictStep { hint: renew, ..step(false, format!("key {} expired at {at}", key.name)) }
        }
        (_, Some(at)) => step(true, format!("key {} is valid until {at}", key.name)),
        _ => step(true, format!("key {} is valid", key.name)),
    }
}

fn secret_step(
    key: &Key,
    directory: &KeyDirectory,
    is_here: impl Fn(&SecretId) -> bool,
    now: Timestamp,
) -> VerdictStep {
    let is_live = |secret: &&Secret| secret.is_live(now) && !directory.is_revoked(&secret.id);
    let live: Vec<&Secret> = key.secrets.iter().filter(is_live).collect();
    let step = |is_passed, reason, hint| VerdictStep { name: "secret", is_passed, reason, hint };
    let Some(first) = live.first() else {
        let hint = (key.kind != KeyKind::Token).then(|| format!("apigw key rotate {} --to FILE", key.name));
        return step(false, "each of its secrets was revoked or has retired".to_owned(), hint);
    };
    if let Some(repeated) = live.iter().find(|secret| directory.is_repeated(&secret.id)) {
        let reason = format!("secret {}, or its subject, belongs to two keys: neither is accepted", repeated.id);
        return step(false, reason, Some(format!("apigw key revoke {} {}", key.name, repeated.id)));
    }
    let missing = live.iter().find(|secret| secret.proof.needs_secret() && !is_here(&secret.id));
    match missing {
        Some(secret) => {
            let reason = format!("secret {} is not on this machine: a gateway here refuses what it signs", secret.id);
            step(false, reason, Some(format!("put it into .apigw/secrets/{}, with mode 0600", secret.id)))
        }
        None => step(true, format!("secret {} is valid", first.id), None),
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
