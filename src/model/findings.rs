//! A collection of findings that limits the number listed for each rule.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::finding::{Finding, Severity};

/// The findings for one definition or group, without duplicates.
#[derive(Debug, Default)]
pub struct Findings {
    listed: Vec<Finding>,
    rules: HashMap<&'static str, OfRule>,
    /// Hashes of all findings added, listed or not.
    seen: HashSet<u64>,
}

#[derive(Debug, Default)]
struct OfRule {
    listed: usize,
    /// The first finding past the limit, which counts the others.
    rest: Option<Finding>,
}

impl Findings {
    /// The maximum number of findings listed for a rule. A file with more is generated, or hostile.
    pub const MOST_OF_A_RULE: usize = 500;

    /// Adds a finding unless an equal one was added before.
    pub fn add(&mut self, finding: Finding) {
        let mut hasher = DefaultHasher::new();
        finding.hash(&mut hasher);
        if !self.seen.insert(hasher.finish()) {
            return;
        }
        let of_rule = self.rules.entry(finding.rule).or_default();
        if of_rule.listed < Self::MOST_OF_A_RULE {
            of_rule.listed += 1;
            self.listed.push(finding);
        } else if let Some(rest) = &mut of_rule.rest {
            rest.count += finding.count;
        } else {
            of_rule.rest = Some(finding);
        }
    }

    /// True if an error is listed.
    #[must_use]
    pub fn have_errors(&self) -> bool {
        self.listed.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Returns the listed findings, sorted by location, and for each rule past its limit one finding that counts the
    /// rest.
    #[must_use]
    pub fn into_vec(self) -> Vec<Finding> {
        let mut list = self.listed;
        list.extend(self.rules.into_values().filter_map(|of_rule| of_rule.rest).map(counted));
        list.sort_by(|one, other| {
            (&one.location, one.rule, &one.message).cmp(&(&other.location, other.rule, &other.message))
        });
        list
    }
}

impl Extend<Finding> for Findings {
    fn extend<I: IntoIterator<Item = Finding>>(&mut self, findings: I) {
        findings.into_iter().for_each(|finding| self.add(finding));
    }
}

/// Adds to the message of a finding the number of others that it stands for.
fn counted(finding: Finding) -> Finding {
    if finding.count == 1 {
        return finding;
    }
    let message = format!(
        "{}; so it is {} times more, and these are not listed: {} of a rule are",
        finding.message,
        finding.count - 1,
        Findings::MOST_OF_A_RULE
    );
    Finding { message, ..finding }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Location;

    fn finding(rule: &'static str, line: usize) -> Finding {
        Finding {
            rule,
            severity: Severity::Warning,
            message: "it is wrong".to_owned(),
            location: Location { file: "a.yaml".into(), line, column: 1 },
            hint: "mend it".into(),
            count: 1,
        }
    }

    #[test]
    fn each_finding_counts_once_and_many_of_a_rule_are_counted() {
        let most = Findings::MOST_OF_A_RULE;
        let mut findings = Findings::default();
        // A part that several APIs share is read, and reported, once for each of them.
        for _ in 0..3 {
            findings.extend((1..=most + 20).map(|line| finding("a", line)));
            findings.extend((1..=most + 1).map(|line| finding("b", line)));
            findings.extend((1..=most).map(|line| finding("c", line)));
        }
        let list = findings.into_vec();
        let of = |rule: &str| list.iter().filter(|finding| finding.rule == rule).collect::<Vec<_>>();
        let counts: Vec<(usize, usize)> =
            ["a", "b", "c"].map(|rule| (of(rule).len(), of(rule).iter().map(|finding| finding.count).sum())).into();
        assert_eq!(counts, [(most + 1, most + 20), (most + 1, most + 1), (most, most)]);
        let rest = of("a").pop().expect("findings");
        assert!(rest.message.contains("19 times more") && rest.location.line == most + 1, "{rest:?}");
        assert!(list.is_sorted_by_key(|finding| finding.location.line));
    }
}
