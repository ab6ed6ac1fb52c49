//! Writes a comparison as Markdown, for the comment of a pull request.

use std::fmt::Write;

use super::{Change, Comparison, Compatibility};

/// As many APIs are named; the rest is counted.
const MOST_NAMED: usize = 4;

/// Writes a comparison as Markdown: what breaks callers first, then what does not.
#[must_use]
pub fn markdown(comparison: &Comparison) -> String {
    let Some(advice) = comparison.advice() else { return "No changes.\n".to_owned() };
    let mut text = String::new();
    for (compatibility, title) in
        [(Compatibility::Breaking, "Breaking changes"), (Compatibility::Compatible, "Compatible changes")]
    {
        let changes: Vec<&Change> =
            comparison.changes.iter().filter(|change| change.compatibility == compatibility).collect();
        if changes.is_empty() {
            continue;
        }
        let _ = write!(
            text,
            "### {title} ({})\n\n| API | Where | Change | Kind |\n| --- | --- | --- | --- |\n",
            changes.len()
        );
        for change in changes {
            let _ = writeln!(
                text,
                "| {} | {} | {} | `{}` |",
                escaped(&change.apis(MOST_NAMED)),
                escaped(&change.path),
                escaped(&change.message),
                change.kind
            );
        }
        text.push('\n');
    }
    let _ = writeln!(text, "The next version should be a **{}** one.", format!("{advice:?}").to_lowercase());
    text
}

/// Keeps what stands in a definition from being taken as markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for each in text.chars() {
        match each {
            '\n' | '\r' => escaped.push(' '),
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '@' | '#' | '~' => {
                escaped.push('\\');
                escaped.push(each);
            }
            _ => escaped.push(each),
        }
    }
    escaped
}
