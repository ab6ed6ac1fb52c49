//! Texts in nginx's configuration language.

/// The most bytes of a quoted text: nginx reads its files through a buffer of 4,096.
const MOST_BYTES: usize = 2_000;

/// The most variables in a text: each is up to 35 bytes of it.
const MOST_VARIABLES: usize = 100;

/// Writes a text that nginx takes as it is, between quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", quoted_inside(text))
}

/// Writes a text in the place of one in which nginx expands no variable: a dollar sign is itself there.
pub(super) fn quoted_name(text: &str) -> String {
    format!("\"{}\"", quoted_inside(text).replace("${apigw_dollar}", "$"))
}

/// Writes a text that may be longer than nginx's buffer: by variables, whose settings come before, where it is.
pub(super) fn quoted_value(name: &str, text: &str) -> (Vec<String>, String) {
    let (settings, inside) = value_inside(name, text);
    (settings, format!("\"{inside}\""))
}

/// Writes a text that may be longer than nginx's buffer as a part of a quoted one.
pub(super) fn value_inside(name: &str, text: &str) -> (Vec<String>, String) {
    if pieces(text).len() < 2 { (Vec::new(), quoted_inside(text)) } else { variables_inside(name, text) }
}

/// Writes a text by variables, as a part of a quoted one. Where they are many, they are joined to others.
pub(super) fn variables_inside(name: &str, text: &str) -> (Vec<String>, String) {
    let parts: Vec<String> = pieces(text).into_iter().map(quoted_inside).collect();
    let (mut settings, variables) = settings_of(name, &parts);
    let (others, joined) = joined_variables(&format!("{name}_of"), variables);
    settings.extend(others);
    (settings, joined)
}

/// Writes variables side by side as a part of a quoted text. Where they are many, they are joined to others.
pub(super) fn joined_variables(name: &str, mut variables: Vec<String>) -> (Vec<String>, String) {
    let mut settings = Vec::new();
    let mut name = name.to_owned();
    while variables.len() > MOST_VARIABLES {
        let parts: Vec<String> = variables.chunks(MOST_VARIABLES).map(<[String]>::concat).collect();
        let (others, joined) = settings_of(&name, &parts);
        settings.extend(others);
        variables = joined;
        name.push_str("_of");
    }
    (settings, variables.concat())
}

/// Writes the settings of variables to parts of a text, and the variables.
fn settings_of(name: &str, parts: &[String]) -> (Vec<String>, Vec<String>) {
    let named = |(index, part): (usize, &String)| {
        (format!("set $apigw_{name}_{index} \"{part}\""), format!("${{apigw_{name}_{index}}}"))
    };
    parts.iter().enumerate().map(named).unzip()
}

/// Writes a text as a part of a quoted one: quotes, backslashes and dollar signs are escaped.
pub(super) fn quoted_inside(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '$' => quoted.push_str("${apigw_dollar}"),
            // No text of a configuration file can have it.
            '\0' => {}
            other => quoted.push(other),
        }
    }
    quoted
}

/// Writes a regular expression as the key of a map; anchored where it matches a whole text.
pub(super) fn quoted_pattern(pattern: &str, is_whole: bool) -> String {
    let pattern = pattern.replace('\\', "\\\\").replace('"', "\\\"");
    if is_whole { format!("\"~^(?:{pattern})$\"") } else { format!("\"~{pattern}\"") }
}

/// Splits a text into pieces that each fit into nginx's buffer.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = MOST_BYTES.min(rest.len());
        // A character may be up to fifteen bytes long once it is escaped.
        while rest.get(..end).is_none_or(|piece| quoted(piece).len() > 2 * MOST_BYTES) {
            end = if rest.is_char_boundary(end) { end / 2 } else { end - 1 };
        }
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_text_but_its_quote() {
        assert_eq!(quoted("a\"; return 200; # $x \\ ;}\nä"), "\"a\\\"; return 200; # ${apigw_dollar}x \\\\ ;}\nä\"");
        assert_eq!(quoted_name("text/plain;a=\"$b\""), "\"text/plain;a=\\\"$b\\\"\"");
        assert_eq!(quoted_pattern("/a\\.b\"", true), "\"~^(?:/a\\\\.b\\\")$\"");
    }

    #[test]
    fn long_texts_are_split_at_characters() {
        for text in ["$ä\"", "$ä", "ä", "$", "a"].map(|text| text.repeat(3_000)) {
            let split = pieces(&text);
            assert_eq!(split.concat(), text);
            assert!(split.iter().all(|piece| quoted(piece).len() < 4_096));
        }
        let (settings, value) = quoted_value("a", &"b".repeat(5_000));
        assert_eq!(value, "\"${apigw_a_0}${apigw_a_1}${apigw_a_2}\"");
        assert_eq!(settings.len(), 3);
        assert_eq!(quoted_value("a", "$"), (Vec::new(), quoted("$")));
        let (settings, value) = quoted_value("a", &"b".repeat(500_000));
        assert_eq!(value, "\"${apigw_a_of_0}${apigw_a_of_1}${apigw_a_of_2}\"");
        assert!(settings.iter().all(|setting| setting.len() < 4_096));
        assert_eq!(variables_inside("a", ""), (Vec::new(), String::new()));
    }
}
