//! Markdown of descriptions as HTML that holds nothing but text, lists, tables, code and links.
//!
//! Descriptions are written by others. HTML in them is shown as text, a link is kept only where a reader can see its
//! target's scheme to be harmless, and an image becomes a link to it: a page loads nothing from elsewhere.

use std::borrow::Cow;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// Longer descriptions are cut, with a line that says so.
const MOST_BYTES: usize = 256 * 1024;

/// A link within the page, to a part that may not exist.
pub(super) type AnchorCheck<'c> = dyn Fn(&str) -> bool + 'c;

/// Renders the Markdown of a description (`CommonMark` 0.31 with tables and struck-out text).
///
/// `lowest` is the level of the page's heading above the description; its own headings come below it. `is_anchor` tells
/// whether the page has a part of a given name, without `#`.
pub(super) fn description_html(markdown: &str, lowest: u8, is_anchor: &AnchorCheck<'_>) -> String {
    let (shown, is_cut) = cut(markdown);
    let shown = &without_controls(shown);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut filter = DescriptionFilter { lowest, is_anchor, dropped_links: Vec::new() };
    let events = Parser::new_ext(shown, options).filter_map(|event| filter.pass(event));
    let mut text = String::with_capacity(shown.len() + shown.len() / 4);
    html::push_html(&mut text, events);
    if is_cut {
        text.push_str("<p>The rest of this description is left out, as it is too long for a page.</p>\n");
    }
    // A wide table scrolls by itself, also for those who use the keyboard.
    text.replace("<table>", "<div class=\"wide\" tabindex=\"0\"><table>").replace("</table>", "</table></div>")
}

/// Returns the beginning of a text that is long enough for a page, and true if that is not all of it.
fn cut(text: &str) -> (&str, bool) {
    if text.len() <= MOST_BYTES {
        return (text, false);
    }
    let end = (0..=MOST_BYTES).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    (&text[..end], true)
}

/// Returns the first paragraph of a description as plain text, for lists and for search engines.
pub(super) fn first_line(markdown: &str) -> String {
    let (shown, _) = cut(markdown);
    let mut text = String::new();
    for event in Parser::new(shown) {
        match event {
            Event::Text(part) | Event::Code(part) | Event::InlineHtml(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item) if !text.trim().is_empty() => break,
            _ => {}
        }
    }
    text.trim().to_owned()
}

/// True if it is a link that may stand in a page: an address with a harmless scheme.
pub(super) fn is_harmless_link(target: &str) -> bool {
    let lower = target.trim_start().to_ascii_lowercase();
    ["http://", "https://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme))
        && !target.chars().any(|each| each.is_control() || each.is_whitespace())
}

struct DescriptionFilter<'c> {
    lowest: u8,
    is_anchor: &'c AnchorCheck<'c>,
    /// For each open link or image, true if it is shown as text alone.
    dropped_links: Vec<bool>,
}

impl DescriptionFilter<'_> {
    fn pass<'e>(&mut self, event: Event<'e>) -> Option<Event<'e>> {
        Some(match event {
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
            Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
            Event::Start(Tag::Heading { level, .. }) => Event::Start(Tag::Heading {
                level: self.lowered(level),
                id: None,
                classes: Vec::new(),
                attrs: Vec::new(),
            }),
            Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(self.lowered(level))),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                return self.begin_link(&dest_url);
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                return (!self.dropped_links.pop().unwrap_or(true)).then_some(Event::Html(CowStr::Borrowed("</a>")));
            }
            Event::FootnoteReference(_) | Event::TaskListMarker(_) => return None,
            // The language of a code block would become a class, which belongs to the page's own style.
            Event::Start(Tag::CodeBlock(_)) => Event::Html(CowStr::Borrowed("<pre tabindex=\"0\"><code>")),
            Event::End(TagEnd::CodeBlock) => Event::Html(CowStr::Borrowed("</code></pre>\n")),
            other => other,
        })
    }

    fn begin_link<'e>(&mut self, target: &str) -> Option<Event<'e>> {
        // A link within a link, as of an image that is one, would close the outer one.
        let is_nested = self.dropped_links.iter().any(|is_dropped| !is_dropped);
        let is_shown = !is_nested
            && match target.strip_prefix('#') {
                Some(anchor) => (self.is_anchor)(anchor),
                None => is_harmless_link(target),
            };
        self.dropped_links.push(!is_shown);
        is_shown.then(|| {
            let leads_out = if target.starts_with('#') { "" } else { " rel=\"nofollow noopener noreferrer\"" };
            Event::Html(CowStr::from(format!("<a href=\"{}\"{leads_out}>", escaped(target))))
        })
    }

    fn lowered(&self, level: HeadingLevel) -> HeadingLevel {
        let level = (level as usize).saturating_add(usize::from(self.lowest)).min(6);
        HeadingLevel::try_from(level).unwrap_or(HeadingLevel::H6)
    }
}

/// Escapes text for an element or a quoted attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 16);
    for each in text.chars() {
        match each {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            each if is_control(each) => escaped.push('\u{fffd}'),
            _ => escaped.push(each),
        }
    }
    escaped
}

/// True for characters that are no part of HTML or XML (XML 1.0, section 2.2), or that a terminal would obey.
const fn is_control(each: char) -> bool {
    matches!(each, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}')
}

/// Replaces the characters that are no part of a page.
pub(super) fn without_controls(text: &str) -> Cow<'_, str> {
    if text.contains(is_control) { text.replace(is_control, "\u{fffd}").into() } else { text.into() }
}

/// Escapes a text into one line without markup.
pub(super) fn line(text: &str) -> String {
    let mut written = String::new();
    for each in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        if matches!(each, '<' | '[' | ']' | '`' | '*' | '\\' | '|') {
            written.push('\\');
        }
        written.push(if each.is_control() { ' ' } else { each });
    }
    written
}

/// Writes a name within backticks.
pub(super) fn code(text: &str) -> String {
    text.chars().filter(|each| *each != '`' && !each.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html_of(markdown: &str) -> String {
        description_html(markdown, 3, &|anchor| anchor == "op-list")
    }

    #[test]
    fn markup_becomes_text() {
        for (markdown, expected) in [
            ("</script><script>alert(1)</script>", "&lt;/script&gt;"),
            ("a <b onclick=x>b</b>", "&lt;b onclick=x&gt;"),
            ("<img src=x onerror=alert(1)>", "&lt;img src=x"),
            ("<!-- c -->", "&lt;!-- c"),
        ] {
            let html = html_of(markdown);
            assert!(html.contains(expected), "{html}");
            for refused in ["<script", "<b ", "<img", "<!--"] {
                assert!(!html.contains(refused), "{html}");
            }
        }
    }

    #[test]
    fn links_of_harmless_schemes_alone_are_kept() {
        for (target, is_kept) in [
            ("https://example.com/?a=1&b=2", true),
            ("HTTP://EXAMPLE.COM", true),
            ("mailto:a@example.com", true),
            ("#op-list", true),
            ("#nowhere", false),
            ("javascript:alert(1)", false),
            ("JaVaScRiPt:alert(1)", false),
            ("&#106;avascript:alert(1)", false),
            ("data:text/html,x", false),
            ("vbscript:x", false),
            ("file:///etc/passwd", false),
            ("//example.com", false),
            ("../other.md", false),
        ] {
            for markdown in [format!("[t]({target})"), format!("![t]({target})"), format!("[t][r]\n\n[r]: {target}")] {
                let html = html_of(&markdown);
                assert_eq!(html.contains("<a href="), is_kept, "{markdown}: {html}");
                assert!(html.contains('t') && !html.contains("<img"), "{html}");
            }
        }
        let html = html_of("[![badge](https://a.example/x.svg)](https://b.example)");
        assert_eq!(html.matches("<a ").count(), 1, "{html}");
        assert_eq!(html.matches("</a>").count(), 1, "{html}");
        assert!(!html_of("<javascript:alert(1)>").contains("<a"));
    }

    #[test]
    fn characters_that_no_page_may_have_are_replaced() {
        for text in ["\0", "\u{1b}", "\u{fffe}", "\u{ffff}"] {
            assert_eq!(escaped(text), "\u{fffd}");
            assert_eq!(html_of(&format!("a{text}b `{text}`")), "<p>a\u{fffd}b <code>\u{fffd}</code></p>\n");
        }
    }

    #[test]
    fn headings_come_below_that_of_the_part() {
        assert_eq!(html_of("# Title"), "<h4>Title</h4>\n");
        assert_eq!(html_of("##### Deep"), "<h6>Deep</h6>\n");
        assert!(html_of("# T {#op-list .x}").starts_with("<h4>"));
    }

    #[test]
    fn code_and_tables_keep_to_their_own() {
        let html = html_of("```\"><script>\n</code></pre><script>\n```");
        assert!(html.starts_with("<pre tabindex=\"0\"><code>&lt;/code&gt;"), "{html}");
        assert!(html_of("|a|\n|-|\n|b|\n").contains("<div class=\"wide\""));
    }

    #[test]
    fn a_description_of_a_megabyte_is_cut_at_a_character() {
        let html = html_of(&"ä".repeat(600_000));
        assert!(html.len() < 300_000 && html.contains("left out"), "{}", html.len());
    }

    #[test]
    fn the_first_line_is_plain_text() {
        assert_eq!(first_line("# Hello *there*\n\nMore."), "Hello there");
        assert_eq!(first_line("One\ntwo `three`.\n\nMore."), "One two three.");
        assert_eq!(first_line(""), "");
    }
}
