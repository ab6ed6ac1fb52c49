//! Writes an example as JSON with the digits that the definition has: a value holds the nearest double of a number
//! beyond 64 bits, and of one with more than 15 digits.

use serde_json::{Number, Value};

use super::document::Node;

/// Writes a value that was copied from a node.
pub(super) fn write(value: &Value, node: Node<'_>) -> String {
    let mut text = String::new();
    write_into(&mut text, value, Some(node));
    text
}

/// Returns the text of a number that its double is not, as JSON has it.
pub(super) fn number(node: Node<'_>) -> Option<&str> {
    let text = node.number_text()?;
    let text = text.strip_prefix('+').unwrap_or(text);
    serde_json::from_str::<Number>(text).is_ok().then_some(text)
}

fn write_into(text: &mut String, value: &Value, node: Option<Node<'_>>) {
    match value {
        Value::Array(items) => {
            let mut nodes = node.into_iter().flat_map(Node::items);
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                write_into(text, item, nodes.next());
            }
            text.push(']');
        }
        Value::Object(fields) => {
            text.push('{');
            for (index, (name, field)) in fields.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_into(text, field, node.and_then(|node| node.get(name)));
            }
            text.push('}');
        }
        Value::Number(_) => match node.and_then(number) {
            Some(digits) => text.push_str(digits),
            None => text.push_str(&value.to_string()),
        },
        Value::Null | Value::Bool(_) | Value::String(_) => text.push_str(&value.to_string()),
    }
}
