//! Rules over one group.

use super::Subject;
use super::rules::{self, finding};
use crate::model::{Finding, HttpUrl, Location};

pub(super) fn findings(subject: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(backend_address(subject));
    if let Some(definition) = subject.definition {
        if definition.apis.is_empty() {
            let file = format!("groups/{}/{}", subject.group, crate::model::DEFINITION_FILE);
            findings.push(finding(
                rules::NO_API,
                Location::file(file),
                format!("the group {} has no API", subject.group),
                format!("add one: `apigw api add {} GET /path`", subject.group),
            ));
        }
        for api in &definition.apis {
            if definition.constant_result(api).is_none() {
                findings.push(finding(
                    rules::NO_RESULT,
                    api.location.clone(),
                    format!("{} has no constant result", api.name()),
                    "give a response an example or a schema, or the operation `x-apigw-mock`",
                ));
            }
        }
    }
    findings
}

/// Checks the address as far as it can be told before its variables are known.
fn backend_address(subject: &Subject<'_>) -> Option<Finding> {
    let address = subject.settings.backend.as_deref()?;
    let mut plain = String::new();
    let mut rest = address;
    while let Some((before, after)) = rest.split_once("${") {
        let (_, after) = after.split_once('}').unwrap_or(("", ""));
        plain.push_str(before);
        // A variable may hold the whole address or a part of it.
        plain.push_str(if plain.is_empty() { "http://variable" } else { "1" });
        rest = after;
    }
    plain.push_str(rest);
    let error = plain.parse::<HttpUrl>().err()?;
    let message = if plain == address { error.to_string() } else { format!("{address:?} is not a backend's address") };
    let hint = "write it like \"https://host:port/path\"";
    Some(finding(rules::BACKEND_ADDRESS, subject.place("backend"), message, hint))
}
