//! Findings as SARIF 2.1.0 (OASIS), which code scanning services read.

use serde_json::{Value, json};

use crate::check;
use crate::model::{Finding, Severity};

/// Makes the log of one run.
pub(super) fn log(findings: &[Finding]) -> Value {
    let rules: Vec<Value> = check::all_rules()
        .iter()
        .map(|rule| {
            json!({
                "id": rule.name,
                "fullDescription": {"text": rule.explanation},
                "defaultConfiguration": {"level": level(rule.severity)},
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "apigw", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn result(finding: &Finding) -> Value {
    let mut place = json!({"artifactLocation": {"uri": finding.location.file}});
    if finding.location.line > 0 {
        place["region"] = json!({"startLine": finding.location.line, "startColumn": finding.location.column.max(1)});
    }
    json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": {"text": format!("{}. {}", finding.message, finding.hint)},
        "locations": [{"physicalLocation": place}],
    })
}
