//! JSON that is text already but for its outermost levels.
//!
//! A route is written as soon as it is built: a tree of all routes takes a multiple of their bytes. An export of 1,000
//! groups of 20 APIs took 3.5 s and 910 MiB with the tree, and takes 2.2 s and 290 MiB (one run, two cores that were
//! busy).

use std::fmt::Write as _;

use serde_json::Value;

/// A value whose inner parts are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum JsonText {
    /// A value without line breaks.
    Written(Box<str>),
    /// An array.
    List(Vec<JsonText>),
    /// An object, with its names as JSON.
    Fields(Vec<(String, JsonText)>),
}

impl JsonText {
    /// Writes a value below some levels that stay open.
    pub(super) fn new(value: Value, levels: usize) -> Self {
        match value {
            Value::Object(fields) if levels > 0 => {
                let field = |(name, value)| (Value::String(name).to_string(), Self::new(value, levels - 1));
                Self::Fields(fields.into_iter().map(field).collect())
            }
            Value::Array(values) if levels > 0 => {
                Self::List(values.into_iter().map(|value| Self::new(value, levels - 1)).collect())
            }
            other => Self::Written(other.to_string().into()),
        }
    }

    /// Adds a field to an object.
    pub(super) fn with(mut self, name: &str, value: Self) -> Self {
        if let Self::Fields(fields) = &mut self {
            fields.push((Value::from(name).to_string(), value));
        }
        self
    }

    /// Gives its text without blanks, in pieces.
    pub(super) fn compact(&self, sink: &mut dyn FnMut(&str)) {
        self.write(None, sink);
    }

    /// Gives the text without blanks of an object with a list for its last field: before the values of that, and after
    /// them.
    pub(super) fn around_list(&self, name: &str) -> (String, &'static str) {
        let mut text = String::new();
        self.compact(&mut |piece| text.push_str(piece));
        text.pop();
        let _ = write!(text, ",{}:[", Value::from(name));
        (text, "]}")
    }

    /// Writes it with an entry of the open levels a line, so that a change is seen as one.
    pub(super) fn lines(&self) -> String {
        let mut length = 1;
        self.write(Some(0), &mut |piece| length += piece.len());
        let mut text = String::with_capacity(length);
        self.write(Some(0), &mut |piece| text.push_str(piece));
        text.push('\n');
        text
    }

    /// Gives its text, with line breaks where an indent is given.
    fn write(&self, indent: Option<usize>, sink: &mut dyn FnMut(&str)) {
        let (open, close, entries): (_, _, Vec<(&str, &Self)>) = match self {
            Self::Written(written) => return sink(written),
            Self::List(values) => ("[", "]", values.iter().map(|value| ("", value)).collect()),
            Self::Fields(fields) => ("{", "}", fields.iter().map(|(name, value)| (name.as_str(), value)).collect()),
        };
        let inside = indent.map(|indent| indent + 1);
        sink(open);
        for (index, (name, value)) in entries.iter().enumerate() {
            sink(if index == 0 { "" } else { "," });
            break_line(inside, sink);
            if !name.is_empty() {
                sink(name);
                sink(if indent.is_some() { ": " } else { ":" });
            }
            value.write(inside, sink);
        }
        if !entries.is_empty() {
            break_line(indent, sink);
        }
        sink(close);
    }
}

fn break_line(indent: Option<usize>, sink: &mut dyn FnMut(&str)) {
    let Some(indent) = indent else { return };
    sink("\n");
    (0..indent).for_each(|_| sink(" "));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn open_levels_have_a_line_for_each_entry() {
        let value = json!({"a": [1, {"b\"": []}], "c": {}, "d": []});
        let text = |levels| JsonText::new(value.clone(), levels).lines();
        assert_eq!(text(0), format!("{value}\n"));
        assert_eq!(text(1), "{\n \"a\": [1,{\"b\\\"\":[]}],\n \"c\": {},\n \"d\": []\n}\n");
        assert_eq!(text(3), "{\n \"a\": [\n  1,\n  {\n   \"b\\\"\": []\n  }\n ],\n \"c\": {},\n \"d\": []\n}\n");
    }

    #[test]
    fn the_compact_text_is_the_same_at_any_level() {
        let value = json!({"a": [1, {"b\"": [null, "\n"]}], "c": {}});
        for levels in 1..4 {
            let mut text = String::new();
            JsonText::new(value.clone(), levels)
                .with("d", JsonText::new(json!([2]), levels))
                .compact(&mut |piece| text.push_str(piece));
            let whole = json!({"a": [1, {"b\"": [null, "\n"]}], "c": {}, "d": [2]}).to_string();
            assert_eq!(text, whole, "{levels}");
            let (before, after) = JsonText::new(value.clone(), levels).around_list("d");
            assert_eq!(format!("{before}2{after}"), whole, "{levels}");
        }
    }
}
