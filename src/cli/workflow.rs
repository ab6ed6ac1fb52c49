//! Workflow commands, by which GitHub Actions shows something beside a line.

use crate::model::Location;

/// Writes an annotation.
pub(super) fn command(level: &str, location: Option<&Location>, title: &str, message: &str) -> String {
    let property = |text: &str| escape(text).replace(':', "%3A").replace(',', "%2C");
    let mut properties: Vec<String> = Vec::new();
    if let Some(location) = location {
        properties.push(format!("file={}", property(&location.file)));
        if location.line > 0 {
            properties.push(format!("line={},col={}", location.line, location.column.max(1)));
        }
    }
    properties.push(format!("title={}", property(title)));
    format!("::{level} {}::{}\n", properties.join(","), escape(message.trim_end()))
}

fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}
