//! Text in the files that apigw writes: double-quoted YAML, which every YAML reader reads alike.

use std::fmt::Write as _;

/// Quotes a text so that YAML 1.1, YAML 1.2 and JSON read it as the same string.
///
/// The escapes are JSON's, which YAML shares (YAML 1.2.2, section 7.3.1). Characters that YAML does
/// not count as printable (section 5.1) are escaped as well.
pub(super) fn quoted(text: &str) -> String {
    let mut result = String::with_capacity(text.len() + 2);
    result.push('"');
    for character in text.chars() {
        match character {
            '"' => result.push_str("\\\""),
            '\\' => result.push_str("\\\\"),
            '\n' => result.push_str("\\n"),
            '\t' => result.push_str("\\t"),
            '\r' => result.push_str("\\r"),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(result, "\\u{:04x}", u32::from(character));
            }
            plain => result.push(plain),
        }
    }
    result.push('"');
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reader_reads_the_same() {
        let texts =
            ["", "no", "1_000", "a\nb\t\"c\"\\", "\u{0}\u{7f}\u{85}\u{2028}\u{feff}\u{ffff}", "漢字 🦀", "*x &y #z"];
        for text in texts {
            let quoted = quoted(text);
            assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text);
            assert_eq!(serde_yaml::from_str::<String>(&quoted).unwrap(), text);
            assert_eq!(serde_saphyr::from_str::<String>(&quoted).unwrap(), text);
        }
    }
}
