//! Code in pages: JSON in three colours, and requests for curl.

use std::fmt::Write as _;

use serde_json::Value;

use super::markdown::escaped;

/// The longest code in a page, in bytes.
pub(super) const MOST_CODE: usize = 12 * 1024;

/// A request as a caller would write it by hand.
#[derive(Debug, Clone, Default)]
pub(super) struct ExampleRequest {
    /// The method.
    pub(super) method: String,
    /// The whole address.
    pub(super) url: String,
    /// The headers.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<ExampleBody>,
}

/// The body of a request.
#[derive(Debug, Clone)]
pub(super) enum ExampleBody {
    Text(String),
    /// The bytes of a file.
    File,
    /// The parts of `multipart/form-data`.
    Form(Vec<ExamplePart>),
}

/// A part of a form.
#[derive(Debug, Clone)]
pub(super) struct ExamplePart {
    pub(super) name: String,
    /// Its text; `None` if it is a file.
    pub(super) text: Option<String>,
    /// The media type that it names.
    pub(super) media_type: Option<String>,
}

/// Writes JSON as HTML on several lines, with keys, texts and other values marked; cut where it is too long.
pub(super) fn json_html(value: &Value, most: usize) -> String {
    let mut writer = JsonWriter { html: String::new(), most };
    writer.value(value, 0);
    if writer.is_full() {
        writer.html.push_str("\n…");
    }
    writer.html
}

struct JsonWriter {
    html: String,
    most: usize,
}

impl JsonWriter {
    fn is_full(&self) -> bool {
        self.html.len() > self.most
    }

    fn value(&mut self, value: &Value, level: usize) {
        match value {
            Value::String(_) => self.marked('s', &value.to_string()),
            Value::Array(items) if items.is_empty() => self.html.push_str("[]"),
            Value::Object(fields) if fields.is_empty() => self.html.push_str("{}"),
            Value::Array(items) => self.list(['[', ']'], level, items.iter().map(|item| (None, item))),
            Value::Object(fields) => {
                self.list(['{', '}'], level, fields.iter().map(|(key, field)| (Some(key.as_str()), field)));
            }
            other => self.marked('n', &other.to_string()),
        }
    }

    fn list<'v>(
        &mut self,
        [begin, end]: [char; 2],
        level: usize,
        values: impl Iterator<Item = (Option<&'v str>, &'v Value)>,
    ) {
        self.html.push(begin);
        for (index, (key, value)) in values.enumerate() {
            if self.is_full() {
                return;
            }
            self.html.push_str(if index == 0 { "\n" } else { ",\n" });
            self.indent(level + 1);
            if let Some(key) = key {
                self.marked('k', &Value::from(key).to_string());
                self.html.push_str(": ");
            }
            self.value(value, level + 1);
        }
        if !self.is_full() {
            self.html.push('\n');
            self.indent(level);
            self.html.push(end);
        }
    }

    fn indent(&mut self, level: usize) {
        self.html.extend(std::iter::repeat_n("  ", level.min(40)));
    }

    fn marked(&mut self, class: char, text: &str) {
        let room = self.most.saturating_sub(self.html.len()).max(64);
        let end = (0..=room.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        let shown = text.get(..end).unwrap_or_default();
        let _ = write!(self.html, "<span class=\"{class}\">{}</span>", escaped(shown));
    }
}

/// Writes code as HTML, with its texts marked: all between double quotes, as Python, TypeScript and Java have them.
pub(super) fn code_html(code: &str) -> String {
    let mut html = String::with_capacity(code.len() + code.len() / 2);
    let mut rest = code;
    while let Some((before, text)) = rest.split_once('"') {
        let mut is_escape = false;
        let end = text.find(|each: char| {
            let is_end = each == '"' && !is_escape;
            is_escape = each == '\\' && !is_escape;
            is_end
        });
        let Some((text, after)) = end.map(|end| text.split_at(end)) else { break };
        let _ = write!(html, "{}<span class=\"s\">&quot;{}&quot;</span>", escaped(before), escaped(text));
        rest = after.strip_prefix('"').unwrap_or(after);
    }
    html + &escaped(rest)
}

/// Writes a request for curl.
pub(super) fn curl(request: &ExampleRequest) -> String {
    let method = match (request.method.as_str(), &request.body) {
        ("GET", None) | ("POST", Some(_)) => String::new(),
        ("HEAD", _) => "--head ".to_owned(),
        (method, _) => format!("-X {method} "),
    };
    let mut text = format!("curl {method}{}", quoted(&request.url));
    for (name, value) in &request.headers {
        let _ = write!(text, " \\\n  -H {}", quoted(&format!("{name}: {value}")));
    }
    let options = match &request.body {
        None => Vec::new(),
        Some(ExampleBody::Text(body)) => vec![format!("--data-binary {}", quoted(body))],
        Some(ExampleBody::File) => vec!["--data-binary @file".to_owned()],
        Some(ExampleBody::Form(parts)) => parts.iter().map(curl_part).collect(),
    };
    for option in options {
        let _ = write!(text, " \\\n  {option}");
    }
    text
}

/// Writes a text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Writes a part of a form as an option of curl.
fn curl_part(part: &ExamplePart) -> String {
    let ExamplePart { name, text, media_type } = part;
    match (text, media_type) {
        (None, Some(media_type)) => format!("-F {}", quoted(&format!("{name}=@file;type={media_type}"))),
        (None, None) => format!("-F {}", quoted(&format!("{name}=@file"))),
        // A semicolon would begin the next property of the part, and some beginnings mean a file or a quotation.
        (Some(text), Some(media_type)) if !text.contains(';') && !text.starts_with(['@', '<', '"']) => {
            format!("-F {}", quoted(&format!("{name}={text};type={media_type}")))
        }
        (Some(text), _) => format!("--form-string {}", quoted(&format!("{name}={text}"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_marked_and_escaped() {
        let html = json_html(&json!({"a": ["<b>", 1, null], "e": {}}), 1000);
        let expected = "{\n  <span class=\"k\">&quot;a&quot;</span>: [\n    <span class=\"s\">&quot;&lt;b&gt;&quot;</span>,\n    \
                        <span class=\"n\">1</span>,\n    <span class=\"n\">null</span>\n  ],\n  \
                        <span class=\"k\">&quot;e&quot;</span>: {}\n}";
        assert_eq!(html, expected);
        let long: Vec<Value> = (0..10_000).map(Value::from).collect();
        assert!(json_html(&Value::from(long), 500).len() < 800);
        assert!(json_html(&Value::from("ä".repeat(100_000)), 500).len() < 800);
    }

    #[test]
    fn texts_in_code_are_marked_and_escaped() {
        let marked = |text: &str| format!("<span class=\"s\">&quot;{text}&quot;</span>");
        let expected = format!("f({}, {}, {})", marked("&lt;a&gt;"), marked("b\\&quot;\\\\"), marked(""));
        assert_eq!(code_html("f(\"<a>\", \"b\\\"\\\\\", \"\")"), expected);
        assert_eq!(code_html("a < \"b"), "a &lt; &quot;b");
    }

    #[test]
    fn a_shell_sees_one_word_a_value() {
        let request = ExampleRequest {
            method: "POST".to_owned(),
            url: "http://a/b?c='d".to_owned(),
            headers: vec![("x".to_owned(), "$(y)".to_owned())],
            body: Some(ExampleBody::Text("it's".to_owned())),
        };
        let expected = "curl 'http://a/b?c='\\''d' \\\n  -H 'x: $(y)' \\\n  --data-binary 'it'\\''s'";
        assert_eq!(curl(&request), expected);
        let part = |name: &str, text: Option<&str>, media_type: &str| ExamplePart {
            name: name.to_owned(),
            text: text.map(str::to_owned),
            media_type: Some(media_type.to_owned()).filter(|media_type| !media_type.is_empty()),
        };
        let parts = vec![
            part("f", None, "image/png"),
            part("o", Some("{}"), "application/json"),
            part("c", Some("a,b"), "text/csv"),
            part("s", Some("@a;b"), ""),
            part("p", Some("';"), "application/json"),
            part("q", Some("@q"), "text/csv"),
        ];
        let request = ExampleRequest { method: "PUT".to_owned(), body: Some(ExampleBody::Form(parts)), ..request };
        let expected = "-F 'f=@file;type=image/png' \\\n  -F 'o={};type=application/json' \\\n  -F 'c=a,b;type=text/csv' \\\n  \
                        --form-string 's=@a;b' \\\n  --form-string 'p='\\'';' \\\n  --form-string 'q=@q'";
        assert!(curl(&request).ends_with(expected), "{}", curl(&request));
    }
}
