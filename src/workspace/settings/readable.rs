//! As much of `apigw.toml` as can be read: one line that is not valid bars no view and no way back.
//!
//! Lines that are not valid are left out. An environment whose table lacks one counts as protected, and warns where the
//! lost line may have refused. Where a lost line may have been any environment's, as under a misspelt header, each
//! counts so. A default never stands for a value that was lost: those in question are named.

use std::collections::BTreeSet;

use super::super::error::Error;
use super::super::layout::WORKSPACE_FILE;
use super::workspace;
use crate::model::{EnvironmentName, PolicyMode, WorkspaceSettings};

/// The most rounds of leaving lines out.
const MOST_ROUNDS: usize = 50;

/// The keys of top-level tables that hold no environment's policies.
const OTHER_TABLES: [&str; 4] = ["access", "changes", "rules", "variables"];

/// The keys that may stand above all tables.
const TOP_KEYS: [&str; 4] = ["schema", "default_group", BASE_DOMAIN, CHANGES];

const BASE_DOMAIN: &str = "base_domain";
const CHANGES: &str = "changes";

/// The settings that can be read, and those whose values are not known.
pub(in crate::workspace) struct ReadableSettings {
    pub(in crate::workspace) settings: WorkspaceSettings,
    pub(in crate::workspace) unread: UnreadSettings,
}

/// Settings of a workspace whose values cannot be read: the defaults in their place are nobody's choice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnreadSettings {
    /// True if the parent of the groups' secondary domains is not known.
    pub base_domain: bool,
    /// True if the levels of the kinds of change are not known in full.
    pub changes: bool,
}

/// The parts of the settings that lost lines.
#[derive(Default)]
struct LostLines {
    /// The environments whose policies are not known in full.
    environments: BTreeSet<EnvironmentName>,
    /// True where a lost line may have been any environment's.
    are_all_environments: bool,
    unread: UnreadSettings,
    /// True where a lost line may have set any key above all tables, or begun any table.
    is_any: bool,
}

/// Parses the readable lines of `apigw.toml`.
pub(in crate::workspace) fn readable(text: &str) -> ReadableSettings {
    let mut lines: Vec<&str> = text.lines().collect();
    let mut lost = LostLines::default();
    for _ in 0..MOST_ROUNDS {
        let left = format!("{}\n", lines.join("\n"));
        match workspace(&left) {
            Ok(settings) => return lost.settings(settings, &left),
            Err(Error::Invalid(findings)) => {
                let is_own = |finding: &&crate::model::Finding| *finding.location.file == *WORKSPACE_FILE;
                let numbers = findings.iter().filter(is_own).map(|found| found.location.line);
                let numbers: BTreeSet<usize> = numbers.filter(|number| (1..=lines.len()).contains(number)).collect();
                let before = lines.clone();
                for number in numbers {
                    lost.leave_out(&mut lines, number - 1);
                }
                if lines == before {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    lost = LostLines { are_all_environments: true, is_any: true, ..lost };
    lost.settings(WorkspaceSettings::default(), "")
}

impl LostLines {
    /// Leaves a line out; with the header of a table, all of that table.
    fn leave_out(&mut self, lines: &mut [&str], index: usize) {
        let is_header = |line: &str| line.trim_start().starts_with('[');
        let header = lines[..=index].iter().rposition(|line| is_header(line));
        if let Some(name) = header.and_then(|header| environment_in(lines[header])) {
            self.environments.insert(name);
        } else {
            let header = header.map(|header| lines[header]);
            self.are_all_environments |= !is_of_no_environment(header, lines[index]);
        }
        // A table that is written as a value may go on below its key, and the header above is then none.
        let top = lines[..=index].iter().take_while(|line| !is_header(line));
        self.are_all_environments |= top.into_iter().any(|line| may_begin_environments(line));
        let end = match header {
            Some(header) if header == index => {
                lines[index + 1..].iter().position(|line| is_header(line)).map_or(lines.len(), |next| index + 1 + next)
            }
            _ => index + 1,
        };
        self.note_keys(header.map(|header| lines[header]), &lines[index..end]);
        if header.is_none() && lines[index].trim_start().starts_with("schema") {
            lines[index] = "schema = 1";
            return;
        }
        lines[index..end].fill("");
    }

    /// Notes which keys lost lines may have set.
    fn note_keys(&mut self, header: Option<&str>, lines: &[&str]) {
        // Below the header of another table as well, whoever wrote it meant the key above all tables.
        self.unread.base_domain |= lines.iter().any(|line| line.contains(BASE_DOMAIN));
        let key = match header {
            Some(header) => table_in(header),
            None => lines[0].split(['=', '.']).next().map(str::trim),
        };
        self.unread.changes |= key == Some(CHANGES);
        self.is_any |= match header {
            Some(_) => !key.is_some_and(|key| OTHER_TABLES.contains(&key) || key == "environments"),
            None => !key.is_some_and(|key| TOP_KEYS.contains(&key)),
        };
    }

    /// Returns the settings that were read of the lines that are left.
    fn settings(self, settings: WorkspaceSettings, left: &str) -> ReadableSettings {
        let left: toml::Table = toml::from_str(left).unwrap_or_default();
        let is_unread = |is_lost, key| is_lost || self.is_any && !left.contains_key(key);
        let unread = UnreadSettings {
            base_domain: is_unread(self.unread.base_domain, BASE_DOMAIN),
            changes: is_unread(self.unread.changes, CHANGES),
        };
        ReadableSettings { settings: self.guarded(settings), unread }
    }

    /// Guards environments whose policies are not known in full.
    fn guarded(self, mut settings: WorkspaceSettings) -> WorkspaceSettings {
        let all = if self.are_all_environments { settings.environments() } else { Vec::new() };
        for name in self.environments.into_iter().chain(all) {
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
}

/// True if a line below a header, or above all of them, can hold no environment's policies.
fn is_of_no_environment(header: Option<&str>, line: &str) -> bool {
    let is_other = |header: &str| table_in(header).is_some_and(|name| OTHER_TABLES.contains(&name));
    let key = line.split('=').next().unwrap_or_default().trim();
    let is_plain = line.contains('=') && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let policies = ["protected", "mock", "breaking", "breaking_rollback", "promote_from", "docs", "sunset"];
    header.is_none_or(is_other) && is_plain && !policies.contains(&key) && !key.starts_with("environment")
}

/// Returns the first part of the name in a header.
fn table_in(header: &str) -> Option<&str> {
    let name = header.trim().strip_prefix('[')?;
    name.split([']', '.']).next().map(str::trim)
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
            let settings = readable(&format!("{bad}{QA}")).settings;
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
            let settings = readable(&format!("{bad}{QA}")).settings;
            let of = |name: &str| settings.environment(&name.parse().unwrap());
            assert!(of("online").protected && of("qa").protected, "{bad}");
        }
        let settings = readable("\u{0}").settings;
        assert!(settings.environments().iter().all(|name| settings.environment(name).protected));
    }
    #[test]
    fn settings_that_lost_their_lines_are_named() {
        for (text, base_domain, changes) in [
            ("schema = 1\nbase_domain = \"a.example\"\n[environments.test]\ncolour = 1\n", false, false),
            ("schema = 1\n[environments.test]\ncolour = 1\n", false, false),
            ("schema = 1\nbase_domain = \"A B\"\n", true, false),
            ("schema = 1\nbase_domain = \"a.example\n", true, false),
            ("schema = 1\nbase_domian = \"a.example\"\n", true, true),
            ("schema = 1\n\"base\\u005fdomian\" = \"a.example\"\n", true, true),
            ("schema = 1\nbase_domian = \"b\"\nbase_domain = \"a.example\"\n", false, true),
            ("schema = 1\nbase_domain = \"a.example\"\nbase_domain = \"b.example\"\n", true, false),
            ("schema = 1\n[environments.test]\nbase_domain = \"a.example\"\n", true, false),
            ("schema = 1\nbase_domain = \"a.example\"\n[changes]\nnosuch = \"breaking\"\n", false, true),
            ("schema = 1\nbase_domain = \"a.example\"\nchanges.nosuch = \"breaking\"\n", false, true),
            ("schema = 1\n[chnages]\nnosuch = \"breaking\"\n", true, true),
            ("schema = 1\ndefault_group = \"A B\"\n", false, false),
            ("schema = 9\nbase_domain = \"a.example\"\n", false, false),
            ("\u{0}", true, true),
        ] {
            assert_eq!(readable(text).unread, UnreadSettings { base_domain, changes }, "{text}");
        }
    }
}
