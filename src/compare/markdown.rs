//! Writes a comparison as Markdown, for the comment of a pull request.

use std::fmt::Write;

use super::comparison::{Change, Comparison};
use super::kinds::Compatibility;

/// As many APIs are named; the rest is counted.
const MOST_NAMED: usize = 4;

const SECTIONS: [(Compatibility, &str); 3] = [
    (Compatibility::Breaking, "Breaking changes"),
    (Compatibility::Warning, "Changes of meaning"),
    (Compatibility::Compatible, "Compatible changes"),
];

/// Writes a comparison as Markdown within a number of characters: breaking changes first, the others folded away. Rows
/// that do not fit are counted.
#[must_use]
pub fn markdown(comparison: &Comparison, only_breaking: bool, most: usize) -> String {
    let Some(advice) = comparison.advice() else { return "No changes.\n".to_owned() };
    let end = format!("The next version should be a **{}** one.\n", format!("{advice:?}").to_lowercase());
    let mut text = String::new();
    let mut left = most.saturating_sub(end.chars().count());
    let of = |compatibility| -> Vec<&Change> {
        comparison.changes.iter().filter(|change| change.compatibility == compatibility).collect()
    };
    let sections = SECTIONS.into_iter().map(|(compatibility, title)| (compatibility, title, of(compatibility)));
    let mut sections = sections.filter(|(.., changes)| !changes.is_empty()).peekable();
    while let Some((compatibility, title, changes)) = sections.next() {
        let is_listed = !only_breaking || compatibility == Compatibility::Breaking;
        // Each further section has room for its count.
        let most = if sections.peek().is_some() { left.saturating_sub(2 * RESERVED) } else { left };
        let section = section(title, &changes, is_listed, compatibility != Compatibility::Breaking, most);
        left = left.saturating_sub(section.chars().count());
        text.push_str(&section);
    }
    text.push_str(&end);
    text
}

/// Room for a title, the line that counts the rows left out, and the end of a section.
const RESERVED: usize = 250;

/// Writes changes of one kind; those that do not fit are counted.
fn section(title: &str, changes: &[&Change], is_listed: bool, is_folded: bool, most: usize) -> String {
    let counted = |changes: &[&Change]| changes.iter().map(|change| change.count).sum::<usize>();
    let mut text = format!("### {title} ({})\n\n", counted(changes));
    if !is_listed {
        return text;
    }
    if is_folded {
        text.push_str("<details>\n<summary>Show them</summary>\n\n");
    }
    text.push_str("| API | Where | Change | Kind |\n| --- | --- | --- | --- |\n");
    let mut left = most.saturating_sub(RESERVED);
    let mut shown = 0;
    for change in changes {
        let row = row(change);
        let Some(rest) = left.checked_sub(row.chars().count()) else { break };
        left = rest;
        shown += 1;
        text.push_str(&row);
    }
    let left_out = counted(changes.get(shown..).unwrap_or_default());
    if left_out > 0 {
        let _ = write!(text, "\n{left_out} more do not fit here.\n");
    }
    text.push_str(if is_folded { "\n</details>\n\n" } else { "\n" });
    text
}

fn row(change: &Change) -> String {
    let (apis, path, message) = (escaped(&change.apis(MOST_NAMED)), escaped(&change.path), escaped(&change.message));
    format!("| {apis} | {path} | {message} | `{}` |\n", change.kind)
}

/// Escapes text of a definition, so that it is not taken as markup.
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
