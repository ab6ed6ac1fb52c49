//! As much of `apigw.toml` as can be read: one line that is not valid bars no view and no way back.
//!
//! Lines that are not valid are left out. An environment whose table lacks one counts as protected, and warns where the
//! lost line may have refused. Where a lost line may have been any environment's, as under a misspelt header, each counts
//! so.

use std::collections::BTreeSet;

use super::super::error::Error;
use super::super::layout::WORKSPACE_FILE;
use super::workspace;
use crate::model::{EnvironmentName, PolicyMode, WorkspaceSettings};

/// The most rounds of leaving lines out.
const MOST_ROUNDS: usize = 50;

/// The keys of top-level tables that hold no environment's policies.
const OTHER_TABLES: [&str; 4] = ["access", "changes", "rules", "variables"];

/// The environments whose policies are not known in full.
#[derive(Default)]
struct UnknownPolicies {
    named: BTreeSet<EnvironmentName>,
    /// True where a lost line may have been any environment's.
    are_all: bool,
}

/// Parses the readable lines of `apigw.toml`.
pub(in crate::workspace) fn readable(text: &str) -> WorkspaceSettings {
    let mut lines: Vec<&str> = text.lines().collect();
    let mut unknown = UnknownPolicies::default();
    for _ in 0..MOST_ROUNDS {
        match workspace(&format!("{}\n", lines.join("\n"))) {
            Ok(settings) => return guarded(settings, unknown),
            Err(Error::Invalid(findings)) => {
                let is_own = |finding: &&crate::model::Finding| *finding.location.file == *WORKSPACE_FILE;
                let numbers = findings.iter().filter(is_own).map(|found| found.location.line);
                let numbers: BTreeSet<usize> = numbers.filter(|number| (1..=lines.len()).contains(number)).collect();
                let before = lines.clone();
                for number in numbers {
                    leave_out(&mut lines, number - 1, &mut unknown);
                }
                if lines == before {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    guarded(WorkspaceSettings::default(), UnknownPolicies { are_all: true, ..unknown })
}

/// Leaves a line out; with the header of a table, all of that table.
fn leave_out(lines: &mut [&str], index: usize, unknown: &mut UnknownPolicies) {
    let is_header = |line: &str| line.trim_start().starts_with('[');
    let header = lines[..=index].iter().rposition(|line| is_header(line));
    match header.and_then(|header| environment_in(lines[header])) {
        Some(name) => drop(unknown.named.insert(name)),
        None => unknown.are_all |= !is_of_no_environment(header.map(|header| lines[header]), lines[index]),
    }
    // A table that is written as a value may go on below its key, and the header above is then none.
    let top = lines[..=index].iter().take_while(|line| !is_header(line));
    unknown.are_all |= top.into_iter().any(|line| may_begin_environments(line));
    if header.is_none() && lines[index].trim_start().starts_with("schema") {
        lines[index] = "schema = 1";
        return;
    }
    let end = match header {
        Some(header) if header == index => {
            lines[index + 1..].iter().position(|line| is_header(line)).map_or(lines.len(), |next| index + 1 + next)
        }
        _ => index + 1,
    };
    lines[index..end].fill("");
}

/// True if a line below a header, or above all of them, can hold no environment's policies.
fn is_of_no_environment(header: Option<&str>, line: &str) -> bool {
    let is_other = |header: &str| {
        let name = header.trim().strip_prefix('[').and_then(|name| name.split([']', '.']).next());
        name.is_some_and(|name| OTHER_TABLES.contains(&name.trim()))
    };
    let key = line.split('=').next().unwrap_or_default().trim();
    let is_plain = line.contains('=') && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let policies = ["protected", "mock", "breaking", "breaking_rollback", "promote_from", "docs", "sunset"];
    header.is_none_or(is_other) && is_plain && !policies.contains(&key) && !key.starts_with("environment")
}

/// True if a line above all headers may begin with the key of the environments, also as quoted.
fn may_begin_environments(line: &str) -> bool {
    let key = line.trim_start();
    // A quoted key may be written with escapes.
    key.starts_with(['"', '\'']) || key.starts_with("environment")
}

/// Returns the environment whose table a header begins, or a table within it.
fn environment_in(header: &str) -> Option<EnvironmentName> {
    let name = header.trim_start().trim_start_matches('[').trim_start().strip_prefix("environments.")?;
    EnvironmentName::from_input(name.split(['.', ']']).next()?.trim_matches(['"', '\'', ' '])).ok()
}

/// Guards environments whose policies are not known in full.
fn guarded(mut settings: WorkspaceSettings, unknown: UnknownPolicies) -> WorkspaceSettings {
    let all = if unknown.are_all { settings.environments() } else { Vec::new() };
    for name in unknown.named.into_iter().chain(all) {
        let table = settings.environments.entry(name).or_default();
        table.protected = true;
        for policy in [&mut table.mock, &mut table.breaking] {
            if *policy == PolicyMode::Allow {
                *policy = PolicyMode::Warn;
            }
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_not_valid_takes_no_other_with_it() {
        const QA: &str = "[environments.qa]\nmock = \"deny\"\n";
        for (bad, is_online_guarded) in [
            ("schema = 1\nbase = 1\n[environments.online]\nbreaking = \"deny\"\n", false),
            ("schema = 1\n[environments.online]\nbreaking = \"deny\"\nprotcted = true\n", true),
            ("schema = 1\n[environments.prod]\nbreaking = \"deny\"\nmock = \"allow\n", true),
            ("schema = 9\n[environments.online]\nbreaking = \"deny\"\n", false),
            ("schema = 1\n[environments.online]\nbreaking = \"deny\"\n[changes]\nnosuch = \"breaking\"\n", false),
        ] {
            let settings = readable(&format!("{bad}{QA}"));
            let of = |name: &str| settings.environment(&name.parse().unwrap());
            assert_eq!((of("online").breaking, of("online").protected), (PolicyMode::Deny, is_online_guarded), "{bad}");
            assert_eq!((of("qa").mock, of("qa").protected), (PolicyMode::Deny, false), "{bad}");
        }
        // A line that may be any environment's guards each.
        for bad in [
            "schema = 1\n[environments.Q]\nmock = \"deny\"\n",
            "schema = 1\n[environments.Online]\nprotected = true\n",
            "schema = 1\n[enviroments.online]\nprotected = true\n",
            "schema = 1\n[online]\nprotected = true\n",
            "schema = 1\nenvironments.online]\nprotected = true\n",
            "schema = 1\n[environments.online-]\nprotected = true\n",
            "schema = 1\n[environments]\nonline = {protected = true, breaking = \"denny\"}\n",
            "schema = 1\n[environments]\nonline.protected = ture\n",
            "schema = 1\n[ environments . online ]\nprotected = ture\n",
            "schema = 1\n[\"environments\".online]\nprotected = ture\n",
            "schema = 1\n[rules]\nenvironments.online]\nprotected = true\n",
            "schema = 1\nenvironments = { online = {\n  protcted = true,\n} }\n",
            "schema = 1\nenvironments.online = {\n  protcted = true,\n}\n",
            "schema = 1\n\"environments\".online = {\n  protcted = true,\n}\n",
            "schema = 1\n'environments' = {\n  online = {\n    protcted = true,\n  },\n}\n",
            "schema = 1\nenvironments.online = {\n  breaking = \"deny\",\n}\n[rules]\nnosuch = 1\n",
        ] {
            let settings = readable(&format!("{bad}{QA}"));
            let of = |name: &str| settings.environment(&name.parse().unwrap());
            assert!(of("online").protected && of("qa").protected, "{bad}");
        }
        let settings = readable("\u{0}");
        assert!(settings.environments().iter().all(|name| settings.environment(name).protected));
    }
}
