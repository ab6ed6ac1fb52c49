//! YAML that readers of version 1.1 and 1.2 read alike.

use serde_json::{Map, Value};

/// The longest text, in bytes, that a reader of YAML 1.1 takes for something else: a date with a time.
const LONGEST: usize = 40;

/// Writes a value as YAML. A text that some reader takes for a date, a number or a merge is quoted: `12:30:45` is 45045
/// in YAML 1.1, and `2024-02-01` a date.
pub(super) fn yaml(value: &Value) -> String {
    let text = value.to_string();
    let mut word = "quoted".to_owned();
    while text.contains(&word) {
        word.push('x');
    }
    let mut quoted = QuotedTexts { word, texts: Vec::new() };
    let written = serde_yaml::to_string(&quoted.take_out(value)).unwrap_or_default();
    quoted.put_back(&written)
}

/// The texts for which words stand while YAML is written.
struct QuotedTexts {
    word: String,
    texts: Vec<String>,
}

impl QuotedTexts {
    fn take_out(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.word_for(text)),
            Value::Array(items) => items.iter().map(|item| self.take_out(item)).collect(),
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, field)| (self.word_for(name), self.take_out(field)));
                Value::Object(fields.collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }

    fn word_for(&mut self, text: &str) -> String {
        if !is_read_otherwise(text) {
            return text.to_owned();
        }
        self.texts.push(Value::from(text).to_string());
        format!("{}{}z", self.word, self.texts.len() - 1)
    }

    fn put_back(&self, written: &str) -> String {
        let mut pieces = written.split(&self.word);
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (number, rest) = piece.split_once('z').unwrap_or_default();
            let quoted = number.parse().ok().and_then(|number: usize| self.texts.get(number));
            text.push_str(quoted.map(String::as_str).unwrap_or_default());
            text.push_str(rest);
        }
        text
    }
}

/// True if a text is written without quotes that another reader needs.
fn is_read_otherwise(text: &str) -> bool {
    let is_bare = |written: &str| !written.starts_with(['"', '\'']);
    // Quotes are needed by rules of both versions, which the one writer knows.
    let needs_quotes = || serde_saphyr::to_string(&text).is_ok_and(|written| !is_bare(&written));
    text.len() <= LONGEST
        && !text.chars().any(char::is_control)
        && serde_yaml::to_string(text).is_ok_and(|written| is_bare(&written))
        && needs_quotes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_that_a_reader_takes_for_something_else_are_quoted() {
        let texts =
            ["2024-02-01", "2024-02-01T09:00:00Z", "12:30:45", "1:20", "1_000", "=", "<<", "yes", "0o17", "1e3", "~"];
        let written = yaml(&json!(texts));
        for text in texts {
            let is_quoted = written.contains(&format!("- \"{text}\"\n")) || written.contains(&format!("- '{text}'\n"));
            assert!(is_quoted, "{text}: {written}");
        }
        let value = json!({
            "2024-02-01": "plain text", "list": ["12:30:45", "quoted0z", 1, null, true, "", "two\nlines\n", "\u{1b}[1m"],
            "deep": {"a: b": "it's", "quotedx": {"1:20": "GET /pets"}}, "version": "1.0.0",
        });
        let written = yaml(&value);
        assert!(written.contains("\"2024-02-01\": plain text\n") && written.contains("GET /pets\n"), "{written}");
        assert_eq!(serde_yaml::from_str::<Value>(&written).expect("YAML"), value);
    }
}
