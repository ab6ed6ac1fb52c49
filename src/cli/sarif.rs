//! Findings as SARIF 2.1.0 (OASIS), which code scanning services read.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::hints;
use super::output::SourceTexts;
use crate::check;
use crate::model::{Digest, Finding, Rule, Severity};

/// Makes the log of one run.
pub(super) fn log(findings: &[Finding], sources: &SourceTexts<'_>) -> Value {
    let rules = check::all_rules();
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut results = Vec::new();
    for finding in findings {
        let line = sources.line(&finding.location);
        // Lines move, so a finding is known by its rule, file and line's text; alike ones by their order.
        let identity = format!(
            "{}\n{}\n{}",
            finding.rule,
            finding.location.file,
            line.as_ref().map_or("", |line| line.text.trim())
        );
        let count = seen.entry(identity.clone()).and_modify(|count| *count += 1).or_insert(1);
        let fingerprint = Digest::of(format!("{identity}\n{count}").as_bytes()).to_string();
        let index = rules.iter().position(|rule| rule.name == finding.rule);
        let mut place = json!({"artifactLocation": {"uri": uri(&finding.location.file), "uriBaseId": "%SRCROOT%"}});
        if finding.location.line > 0 {
            let column = finding.location.column.max(1);
            place["region"] = json!({"startLine": finding.location.line, "startColumn": column});
            if let Some(line) = line {
                place["region"]["endColumn"] = json!(column + line.text[line.token].chars().count());
                place["region"]["snippet"] = json!({"text": line.text});
            }
        }
        results.push(json!({
            "ruleId": finding.rule,
            "level": level(finding.severity),
            "message": {"text": format!("{}: {}", finding.message, hints::text(&finding.hint))},
            "locations": [{"physicalLocation": place}],
            "partialFingerprints": {"apigwFinding/v1": fingerprint},
        }));
        if let (Some(index), Some(result)) = (index, results.last_mut()) {
            result["ruleIndex"] = json!(index);
        }
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "apigw",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(descriptor).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn descriptor(rule: &Rule) -> Value {
    let first = rule.explanation.split_inclusive(". ").next().unwrap_or_default().trim_end();
    let mut text = rule.explanation.to_owned();
    let mut markdown = rule.explanation.to_owned();
    if !rule.example.is_empty() {
        let _ = write!(text, "\n\n{}", rule.example);
        let _ = write!(markdown, "\n\n```\n{}\n```", rule.example);
    }
    json!({
        "id": rule.name,
        "shortDescription": {"text": first},
        "fullDescription": {"text": rule.explanation},
        "help": {"text": text, "markdown": markdown},
        "defaultConfiguration": {"level": level(rule.severity)},
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// Writes a path as a relative reference (RFC 3986, section 4.2).
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
