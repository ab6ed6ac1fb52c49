//! Descriptions as Markdown for programs: as they are written, without what would be an element of HTML, load something
//! or lead to a harmful address.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::markdown::{is_harmless_link, without_controls};

/// The most passes: text that stood within HTML may be Markdown once that is text.
const MOST_PASSES: usize = 4;

/// A change of a description: the text in place of a range.
type TextEdit = (Range<usize>, &'static str);

/// Rewrites a description. Code stays as it is.
pub(super) fn description_markdown(text: &str) -> String {
    let mut text = without_controls(text).into_owned();
    for _ in 0..MOST_PASSES {
        let edits = DescriptionEdits::of(&text);
        if edits.is_empty() {
            break;
        }
        text = edited(&text, edits);
    }
    text
}

#[derive(Default)]
struct DescriptionEdits {
    edits: Vec<TextEdit>,
    /// The links that are open and shown as text alone, each with the range of its text as far as it is read.
    dropped: Vec<Option<Range<usize>>>,
    /// For each open link or image, true if it is dropped.
    open: Vec<bool>,
    code_blocks: usize,
}

impl DescriptionEdits {
    fn of(text: &str) -> Vec<TextEdit> {
        let mut edits = Self::default();
        for (event, range) in
            Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).into_offset_iter()
        {
            edits.pass(text, &event, range);
        }
        edits.edits.sort_by_key(|(range, _)| range.start);
        edits.edits
    }

    fn pass(&mut self, text: &str, event: &Event<'_>, range: Range<usize>) {
        let is_end = matches!(event, Event::End(TagEnd::Link | TagEnd::Image));
        if !is_end {
            for label in &mut self.dropped {
                let start = label.as_ref().map_or(range.start, |label| label.start);
                *label = Some(start..range.end.max(label.as_ref().map_or(0, |label| label.end)));
            }
        }
        match event {
            Event::Start(Tag::CodeBlock(_)) => self.code_blocks += 1,
            Event::End(TagEnd::CodeBlock) => self.code_blocks = self.code_blocks.saturating_sub(1),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                let is_dropped = !is_harmless_link(dest_url);
                self.open.push(is_dropped);
                if is_dropped {
                    self.dropped.push(None);
                } else if matches!(event, Event::Start(Tag::Image { .. })) {
                    // A link to the image: nothing is loaded.
                    self.edits.push((range.start..range.start + 1, ""));
                }
            }
            Event::End(TagEnd::Link | TagEnd::Image) if self.open.pop().unwrap_or_default() => {
                let label = self.dropped.pop().flatten().unwrap_or(range.end..range.end);
                self.edits.push((range.start..label.start, ""));
                self.edits.push((label.end..range.end, ""));
            }
            Event::Text(_) | Event::Html(_) | Event::InlineHtml(_) if self.code_blocks == 0 => {
                self.escape_markup(text, range);
            }
            _ => {}
        }
    }

    /// Escapes what would begin an element, unless the author did.
    fn escape_markup(&mut self, text: &str, range: Range<usize>) {
        for (at, _) in text.get(range.clone()).unwrap_or_default().match_indices('<') {
            let at = range.start + at;
            let slashes = text.get(..at).map_or(0, |before| before.len() - before.trim_end_matches('\\').len());
            if slashes.is_multiple_of(2) {
                self.edits.push((at..at, "\\"));
            }
        }
    }
}

fn edited(text: &str, edits: Vec<TextEdit>) -> String {
    let mut written = String::with_capacity(text.len());
    let mut at = 0;
    for (range, replacement) in edits {
        // A deletion takes the edits within it along.
        if range.start < at {
            continue;
        }
        written.push_str(text.get(at..range.start).unwrap_or_default());
        written.push_str(replacement);
        at = range.end;
    }
    written + text.get(at..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_stays_and_markup_becomes_text() {
        for (text, expected) in [
            ("`List<String>` and a < b", "`List<String>` and a \\< b"),
            ("```html\n</pre>\n```\n</pre>", "```html\n</pre>\n```\n\\</pre>"),
            ("    <indented/>\n", "    <indented/>\n"),
            ("a <b>c</b> \\<d>", "a \\<b>c\\</b> \\<d>"),
            ("<script>\nalert(1)\n</script>", "\\<script>\nalert(1)\n\\</script>"),
            ("nul\u{0} escape\u{1b}", "nul\u{fffd} escape\u{fffd}"),
        ] {
            assert_eq!(description_markdown(text), expected);
        }
    }

    #[test]
    fn links_of_harmless_schemes_alone_are_kept() {
        for (text, expected) in [
            ("[js](javascript:alert(3)) x", "js x"),
            ("[*a* `b`](data:text/html,x)", "*a* `b`"),
            ("![img](http://evil.example/x.png)", "[img](http://evil.example/x.png)"),
            ("![img](file:///x.png)", "img"),
            ("<https://a.example> <javascript:alert(1)>", "<https://a.example> javascript:alert(1)"),
            ("[a](https://a.example)", "[a](https://a.example)"),
            ("[![b](javascript:1)](https://a.example)", "[b](https://a.example)"),
            ("<div>\n[js](javascript:1)\n</div>", "\\<div>\njs\n\\</div>"),
            ("[](javascript:1)", ""),
        ] {
            assert_eq!(description_markdown(text), expected);
        }
        assert!(!description_markdown("[t][r]\n\n[r]: javascript:1").contains("[t]"));
    }
}
