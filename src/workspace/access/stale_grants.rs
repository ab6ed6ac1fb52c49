//! Grants for APIs that what is live does not have.

use super::super::Workspace;
use super::{AccessSnapshot, subject_place};
use crate::check::GRANT_API_GONE;
use crate::model::{EnvironmentName, Finding, GroupName, Location};
use crate::plan::missing_apis;

impl Workspace {
    /// Finds grants for APIs that their groups do not have where they are live.
    #[must_use]
    pub fn grant_findings(&self, access: &AccessSnapshot) -> Vec<Finding> {
        let mut findings = Vec::new();
        for record in &access.records {
            let subject = record.state.subject();
            for grant in record.state.grants().iter().filter(|grant| !grant.apis.is_empty()) {
                for environment in &grant.environments {
                    let gone = self.apis_gone(&grant.apis, &grant.group, environment);
                    if gone.is_empty() {
                        continue;
                    }
                    let message = format!(
                        "grant {} of {subject} is for {}, which {} in {environment} does not have",
                        grant.id,
                        gone.join(", "),
                        grant.group
                    );
                    let hint = "grant the APIs by their new names, and revoke this grant by its id";
                    findings.push(GRANT_API_GONE.finding(Location::file(subject_place(&subject)), message, hint));
                }
            }
        }
        findings
    }

    /// Lists the APIs that a live group does not have; none where it is not live. What is damaged is reported by
    /// `verify`.
    fn apis_gone<'a>(&self, apis: &'a [String], group: &GroupName, environment: &EnvironmentName) -> Vec<&'a str> {
        let live = self.live_group(environment, group).ok().flatten();
        let Some(content) = live.and_then(|live| live.content) else { return Vec::new() };
        content.definition.get().map_or_else(|_| Vec::new(), |definition| missing_apis(apis, &definition))
    }
}
