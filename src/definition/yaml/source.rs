//! The text of a file of a definition, before it is parsed.

use std::sync::Arc;

use super::super::findings::ReadFindings;
use super::super::rules;
use crate::model::{Finding, Location, conflict_finding};

/// The maximum size of a file, in bytes.
pub(super) const MOST_BYTES: usize = 32 << 20;

/// Returns the text of a file; `None` where it is none that can be parsed, which a finding reports.
pub(super) fn text<'b>(file: &Arc<str>, bytes: &'b [u8], findings: &mut ReadFindings) -> Option<&'b str> {
    if bytes.len() > MOST_BYTES {
        let message = format!("the file has {} bytes; at most {MOST_BYTES} are read", bytes.len());
        findings.add(rules::TOO_LARGE, Location::file(&**file), message, "split the definition into several groups");
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => match conflict_finding(file, text) {
            None => Some(text.strip_prefix('\u{feff}').unwrap_or(text)),
            Some(Finding { location, message, hint, .. }) => {
                findings.add(rules::SYNTAX, location, message, hint);
                None
            }
        },
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |index| index + 1);
            let last_line = String::from_utf8_lossy(before.get(line_start..).unwrap_or_default());
            let line = before.split(|byte| *byte == b'\n').count();
            let location = Location { file: Arc::clone(file), line, column: last_line.chars().count() + 1 };
            findings.add(rules::SYNTAX, location, "the file is not UTF-8 text", "save it in the encoding UTF-8");
            None
        }
    }
}
