//! As much of `apigw.toml` as can be read: one line that is not valid bars no view and no way back.
//!
//! Lines that are not valid are left out. An environment whose table lacks one counts as protected, and warns where the
//! lost line may have refused.

use std::collections::BTreeSet;

use super::super::error::Error;
use super::super::layout::WORKSPACE_FILE;
use super::workspace;
use crate::model::{EnvironmentName, PolicyMode, WorkspaceSettings};

/// The most rounds of leaving lines out.
const MOST_ROUNDS: usize = 50;

/// Parses the readable lines of `apigw.toml`.
pub(in crate::workspace) fn readable(text: &str) -> WorkspaceSettings {
    let mut lines: Vec<&str> = text.lines().collect();
    let mut unreadable = BTreeSet::new();
    for _ in 0..MOST_ROUNDS {
        match workspace(&format!("{}\n", lines.join("\n"))) {
            Ok(settings) => return guarded(settings, unreadable),
            Err(Error::Invalid(findings)) => {
                let is_own = |finding: &&crate::model::Finding| *finding.location.file == *WORKSPACE_FILE;
                let numbers = findings.iter().filter(is_own).map(|found| found.location.line);
                let numbers: BTreeSet<usize> = numbers.filter(|number| (1..=lines.len()).contains(number)).collect();
                let before = lines.clone();
                for number in numbers {
                    leave_out(&mut lines, number - 1, &mut unreadable);
                }
                if lines == before {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    let all = WorkspaceSettings::default().environments().into_iter().chain(unreadable);
    guarded(WorkspaceSettings::default(), all.collect())
}

/// Leaves a line out; with the header of a table, all of that table.
fn leave_out(lines: &mut [&str], index: usize, unreadable: &mut BTreeSet<EnvironmentName>) {
    let is_header = |line: &str| line.trim_start().starts_with('[');
    let header = lines[..=index].iter().rposition(|line| is_header(line));
    unreadable.extend(header.and_then(|header| environment_in(lines[header])));
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

/// Returns the environment whose table a header begins, or a table within it.
fn environment_in(header: &str) -> Option<EnvironmentName> {
    let name = header.trim_start().trim_start_matches('[').trim_start().strip_prefix("environments.")?;
    EnvironmentName::from_input(name.split(['.', ']']).next()?.trim_matches(['"', '\'', ' '])).ok()
}

/// Guards environments whose policies are not known in full.
fn guarded(mut settings: WorkspaceSettings, unreadable: BTreeSet<EnvironmentName>) -> WorkspaceSettings {
    for name in unreadable {
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
            ("schema = 1\n[environments.Q]\nmock = \"deny\"\n[environments.online]\nbreaking = \"deny\"\n", false),
        ] {
            let settings = readable(&format!("{bad}{QA}"));
            let of = |name: &str| settings.environment(&name.parse().unwrap());
            assert_eq!((of("online").breaking, of("online").protected), (PolicyMode::Deny, is_online_guarded), "{bad}");
            assert_eq!((of("qa").mock, of("qa").protected), (PolicyMode::Deny, false), "{bad}");
        }
        let settings = readable("\u{0}");
        assert!(settings.environments().iter().all(|name| settings.environment(name).protected));
    }
}
