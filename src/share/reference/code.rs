//! Code in pages: JSON in three colours, and requests in four languages.

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
    /// The body, where it is text.
    pub(super) body: Option<String>,
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

/// Returns the code of a request in each language, with its name for the page and its name for readers.
pub(super) fn snippets(request: &ExampleRequest) -> [(&'static str, &'static str, String); 4] {
    [
        ("curl", "curl", curl(request)),
        ("python", "Python", python(request)),
        ("typescript", "TypeScript", typescript(request)),
        ("java", "Java", java(request)),
    ]
}

fn curl(request: &ExampleRequest) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let method = match (request.method.as_str(), &request.body) {
        ("GET", None) | ("POST", Some(_)) => String::new(),
        ("HEAD", _) => "--head ".to_owned(),
        (method, _) => format!("-X {method} "),
    };
    let mut text = format!("curl {method}{}", quoted(&request.url));
    for (name, value) in &request.headers {
        let _ = write!(text, " \\\n  -H {}", quoted(&format!("{name}: {value}")));
    }
    if let Some(body) = &request.body {
        let _ = write!(text, " \\\n  --data-binary {}", quoted(body));
    }
    text
}

fn python(request: &ExampleRequest) -> String {
    let mut text = "from urllib.request import Request, urlopen\n\n".to_owned();
    let _ = writeln!(text, "request = Request(\n    {},", json_text(&request.url));
    let _ = writeln!(text, "    method={},", json_text(&request.method));
    if !request.headers.is_empty() {
        text.push_str("    headers={\n");
        for (name, value) in &request.headers {
            let _ = writeln!(text, "        {}: {},", json_text(name), json_text(value));
        }
        text.push_str("    },\n");
    }
    if let Some(body) = &request.body {
        let _ = writeln!(text, "    data={}.encode(),", python_text(body));
    }
    text.push_str(")\nwith urlopen(request) as response:\n    print(response.status, response.read().decode())\n");
    text
}

/// Writes a text of several lines so that it can be read in Python.
fn python_text(text: &str) -> String {
    let is_plain = text.contains('\n') && !text.contains("\"\"\"") && !text.contains('\\') && !text.ends_with('"');
    if is_plain { format!("\"\"\"{text}\"\"\"") } else { json_text(text) }
}

fn typescript(request: &ExampleRequest) -> String {
    let mut text = format!("const response = await fetch({}, {{\n", json_text(&request.url));
    let _ = writeln!(text, "  method: {},", json_text(&request.method));
    if !request.headers.is_empty() {
        text.push_str("  headers: {\n");
        for (name, value) in &request.headers {
            let _ = writeln!(text, "    {}: {},", json_text(name), json_text(value));
        }
        text.push_str("  },\n");
    }
    match request.body.as_deref().map(|body| (body, serde_json::from_str::<Value>(body))) {
        Some((_, Ok(value))) => {
            let pretty = serde_json::to_string_pretty(&value).unwrap_or_default().replace('\n', "\n  ");
            let _ = writeln!(text, "  body: JSON.stringify({pretty}),");
        }
        Some((body, Err(_))) => {
            let _ = writeln!(text, "  body: {},", json_text(body));
        }
        None => {}
    }
    text.push_str("});\nconsole.log(response.status, await response.text());\n");
    text
}

fn java(request: &ExampleRequest) -> String {
    let mut text = "var request = HttpRequest.newBuilder()\n".to_owned();
    let _ = writeln!(text, "    .uri(URI.create({}))", json_text(&request.url));
    for (name, value) in &request.headers {
        let _ = writeln!(text, "    .header({}, {})", json_text(name), json_text(value));
    }
    let body = match &request.body {
        Some(body) => format!("BodyPublishers.ofString({})", json_text(body)),
        None => "BodyPublishers.noBody()".to_owned(),
    };
    let _ = writeln!(text, "    .method({}, {body})\n    .build();", json_text(&request.method));
    text.push_str("var response = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());\n");
    text.push_str("System.out.println(response.statusCode() + \" \" + response.body());\n");
    text
}

/// Writes a text in quotation marks, as JSON, Python, TypeScript and Java read it.
fn json_text(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
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
    fn a_shell_sees_one_word_a_value() {
        let request = ExampleRequest {
            method: "POST".to_owned(),
            url: "http://a/b?c='d".to_owned(),
            headers: vec![("x".to_owned(), "$(y)".to_owned())],
            body: Some("it's".to_owned()),
        };
        let expected = "curl 'http://a/b?c='\\''d' \\\n  -H 'x: $(y)' \\\n  --data-binary 'it'\\''s'";
        assert_eq!(curl(&request), expected);
        assert!(python(&request).contains("data=\"it's\".encode()"));
        assert!(java(&request).contains(".method(\"POST\", BodyPublishers.ofString(\"it's\"))"));
    }
}
