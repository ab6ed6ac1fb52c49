//! Values as YAML, with the fields of their JSON and without control characters and commands of runners.

use std::io;

use serde::Serialize;
use serde_json::Value;

use super::error::CommandError;
use super::escape;

pub(super) fn yaml(value: &impl Serialize) -> Result<String, CommandError> {
    // Through JSON, so that both formats say the same.
    let value = serde_json::to_value(value).map_err(io::Error::other)?;
    let mut quoted = QuotedStrings::new(&value);
    let value = quoted.take_out(value);
    let text = serde_saphyr::to_string(&value).map_err(io::Error::other)?;
    // Line feeds at the end belong to the last string, where it is a literal one.
    let text = quoted.put_back(&text);
    Ok(if text.ends_with('\n') { text } else { text + "\n" })
}

/// The strings with control characters or commands of runners, for which words stand while YAML is written: its writer
/// has them raw in plain and in literal scalars, where they cannot be escaped.
struct QuotedStrings {
    word: String,
    strings: Vec<String>,
}

impl QuotedStrings {
    fn new(value: &Value) -> Self {
        let text = value.to_string();
        let mut word = "quoted".to_owned();
        while text.contains(&word) {
            word.push('x');
        }
        Self { word, strings: Vec::new() }
    }

    fn take_out(&mut self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.word_for(text)),
            Value::Array(values) => values.into_iter().map(|value| self.take_out(value)).collect(),
            Value::Object(fields) => {
                let field = |(name, value)| (self.word_for(name), self.take_out(value));
                Value::Object(fields.into_iter().map(field).collect())
            }
            other => other,
        }
    }

    fn word_for(&mut self, text: String) -> String {
        let has_control = text.chars().any(|character| character != '\n' && escape::is_control(character));
        if !has_control && !escape::has_runner_command(&text) {
            return text;
        }
        self.strings.push(text);
        format!("{}{}z", self.word, self.strings.len() - 1)
    }

    fn put_back(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (number, string) in self.strings.iter().enumerate() {
            // A string of JSON is a double-quoted scalar of YAML 1.2.
            let quoted = Value::from(string.as_str()).to_string();
            text = text.replacen(&format!("{}{number}z", self.word), &escape::json(&quoted), 1);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_has_no_control_characters_and_says_the_same() {
        for value in [
            serde_json::json!({"a": "\u{1b}[2J", "b": ["x\u{202e}y\nz", "quoted0z \u{9b}"], "c\u{85}": {"d": "\u{7f}\t\r"}}),
            serde_json::json!(["quoted", "quotedx0z", "\u{2066}", "a\nb", 1, null]),
            serde_json::json!({"script": "\na {\n    b\n}\n\n"}),
            serde_json::json!({"script": "a\n"}),
            serde_json::json!({"##[a]": "a\n::error::b\n", "b": ["::c", "d ##vso[e]", "[::1]:80 f ::g"]}),
        ] {
            let text = yaml(&value).expect("YAML");
            assert!(text.chars().all(|character| character == '\n' || !escape::is_control(character)), "{text:?}");
            assert_eq!(escape::runner_commands(&text), text);
            let read: Value = serde_saphyr::from_str(&text).expect("YAML");
            assert_eq!(read, value, "{text}");
        }
    }
}
