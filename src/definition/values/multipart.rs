//! Parses forms whose fields are parts of the body (`multipart/form-data`, RFC 7578).

use std::borrow::Cow;

use crate::model::trim_blanks;

/// A field of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FormPart<'b> {
    pub(super) name: String,
    /// The declared media type; without one the part is plain text (RFC 7578, section 4.4).
    pub(super) media_type: Option<String>,
    /// All headers, in order.
    pub(super) headers: Vec<(String, String)>,
    pub(super) content: &'b [u8],
}

impl<'b> FormPart<'b> {
    /// Returns the content as text; invalid UTF-8 is replaced.
    pub(super) fn text(&self) -> Cow<'b, str> {
        String::from_utf8_lossy(self.content)
    }
}

/// Splits a form into parts; fails if it is malformed.
pub(super) fn parts<'b>(content_type: &str, body: &'b [u8]) -> Result<Vec<FormPart<'b>>, &'static str> {
    let boundary = parameter(content_type, "boundary")?.filter(|boundary| !boundary.is_empty());
    let delimiter = format!("\r\n--{}", boundary.ok_or("its Content-Type names no boundary")?).into_bytes();
    // The first delimiter may be at the very beginning, without a line break.
    let first = delimiter.get(2..).unwrap_or_default();
    let mut rest = if let Some(rest) = body.strip_prefix(first) {
        rest
    } else {
        let (before, rest) = split(body, &delimiter).ok_or("its boundary is not in it")?;
        if split(before, first).is_some() {
            return Err("its first boundary does not begin a line");
        }
        rest
    };
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        let (padding, behind) = split(rest, b"\r\n").ok_or("a boundary does not end its line")?;
        if !padding.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
            return Err("something stands behind a boundary");
        }
        let (part, next) = split(behind, &delimiter).ok_or("it does not end in its boundary")?;
        parts.push(read(part)?);
        rest = next;
    }
    if split(rest, first).is_some() {
        return Err("a boundary stands behind its end");
    }
    Ok(parts)
}

fn read(part: &[u8]) -> Result<FormPart<'_>, &'static str> {
    // A part without headers begins with the empty line.
    let (head, content) = match part.strip_prefix(b"\r\n") {
        Some(content) => (&b""[..], content),
        None => split(part, b"\r\n\r\n").ok_or("the head of a part does not end")?,
    };
    let head = String::from_utf8_lossy(head);
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let headers: Vec<(String, String)> =
        fields.map(|(name, value)| (trim_blanks(name).to_owned(), trim_blanks(value).to_owned())).collect();
    let header = |wanted: &str| {
        let mut found = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let first = found.next().map(|(_, value)| value.as_str());
        if found.next().is_some() { Err("a part has a header more than once") } else { Ok(first) }
    };
    let disposition = header("content-disposition")?;
    let name = disposition.map(|value| parameter(value, "name")).transpose()?.flatten();
    let media_type =
        header("content-type")?.map(|value| trim_blanks(value.split(';').next().unwrap_or_default()).to_owned());
    Ok(FormPart { name: name.ok_or("a part has no name")?, media_type, headers, content })
}

/// Returns a parameter of a header's value, like `boundary` in `multipart/form-data; boundary="a b"`; fails if it is
/// there twice, since of two parsers one may take the first and the other the last.
fn parameter(value: &str, wanted: &str) -> Result<Option<String>, &'static str> {
    let mut rest = value.split_once(';').map(|(_, rest)| rest);
    let mut found = None;
    while let Some((name, behind)) = rest.and_then(|rest| rest.split_once('=')) {
        let behind = behind.trim_start();
        let text = if let Some(quoted) = behind.strip_prefix('"') {
            unquoted(quoted)
        } else {
            let (text, next) = behind.split_once(';').unwrap_or((behind, ""));
            Some((trim_blanks(text).to_owned(), next))
        };
        let Some((text, next)) = text else { break };
        if trim_blanks(name).eq_ignore_ascii_case(wanted) && found.replace(text).is_some() {
            return Err("a parameter of a header is given more than once");
        }
        rest = Some(next.trim_start().trim_start_matches(';'));
    }
    Ok(found)
}

/// Parses the rest of a quoted string (RFC 9110, section 5.6.4), and returns it with the text after it.
fn unquoted(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return quoted.get(at + 1..).map(|rest| (text, rest)),
            '\\' => text.push(letters.next()?.1),
            other => text.push(other),
        }
    }
    None
}

fn split<'b>(bytes: &'b [u8], at: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let found = bytes.windows(at.len()).position(|window| window == at)?;
    Some((bytes.get(..found)?, bytes.get(found + at.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(content_type: &str, body: &str) -> Result<String, &'static str> {
        let parts = parts(content_type, body.as_bytes())?;
        let shown = |part: &FormPart<'_>| {
            let kind = part.media_type.as_ref().map(|name| format!(":{name}")).unwrap_or_default();
            format!("{}{kind}={}", part.name, part.text())
        };
        Ok(parts.iter().map(shown).collect::<Vec<_>>().join("|"))
    }

    #[test]
    fn forms_are_taken_apart() {
        const FORM: &str = "multipart/form-data; boundary=B";
        let field = |name: &str, content: &str| {
            format!("--B\r\nContent-Disposition: form-data; name={name}\r\n\r\n{content}\r\n")
        };
        for (content_type, body, expected) in [
            (FORM, format!("{}{}--B--\r\n", field("\"a\"", "1"), field("b", "x\r\ny")), Ok("a=1|b=x\r\ny")),
            (FORM, format!("before\r\n{}--B--", field("\"a\\\"; c\"; filename=\"f\"", "")), Ok("a\"; c=")),
            (FORM, "--B  \r\ncontent-TYPE: application/json; charset=utf-8\r\nContent-Disposition: form-data; filename=\"f\"; name=\"a\"\r\n\r\n{}\r\n--B--".to_owned(), Ok("a:application/json={}")),
            ("multipart/form-data; charset=utf-8; Boundary=\"B\"", format!("{}--B--", field("a", "-B--")), Ok("a=-B--")),
            (FORM, "--B--".to_owned(), Ok("")),
            ("multipart/form-data", field("a", "1"), Err("its Content-Type names no boundary")),
            ("multipart/form-data; boundary=\"", field("a", "1"), Err("its Content-Type names no boundary")),
            ("multipart/form-data; boundary=\"\"", "--\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n----".to_owned(), Err("its Content-Type names no boundary")),
            ("multipart/form-data; boundary=\"B", format!("{}--B--", field("a", "1")), Err("its Content-Type names no boundary")),
            ("multipart/form-data; boundary= \"B\"", format!("{}--B--", field("a", "1")), Ok("a=1")),
            ("multipart/form-data; boundary=B ; charset=utf-8", format!("{}--B--", field("a", "1")), Ok("a=1")),
            (FORM, "--B\t\r\nContent-Type: application/JSON\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--B--".to_owned(), Ok("a:application/JSON=1")),
            (FORM, "--B-\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--B--".to_owned(), Err("something stands behind a boundary")),
            (FORM, "a=1".to_owned(), Err("its boundary is not in it")),
            (FORM, field("a", "1"), Err("it does not end in its boundary")),
            (FORM, "--BC\r\n\r\n\r\n--B--".to_owned(), Err("something stands behind a boundary")),
            (FORM, "--B".to_owned(), Err("a boundary does not end its line")),
            (FORM, "--B\r\n\r\nx\r\n--B--".to_owned(), Err("a part has no name")),
            // What another parser might read otherwise.
            (FORM, format!("{}--B--\r\n{}--B--", field("a", "1"), field("b", "2")), Err("a boundary stands behind its end")),
            (FORM, format!("{}\r\n{}--B--", field("a", "1").replace("\r\n", "\n"), field("b", "2")), Err("something stands behind a boundary")),
            (FORM, format!("x\n{}\r\n{}--B--", field("a", "1").replace("\r\n", "\n"), field("b", "2")), Err("its first boundary does not begin a line")),
            (FORM, format!("{}--B--", field("a; name=b", "1")), Err("a parameter of a header is given more than once")),
            ("multipart/form-data; boundary=B; boundary=C", format!("{}--B--", field("a", "1")), Err("a parameter of a header is given more than once")),
            (FORM, "--B\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b\r\n\r\n1\r\n--B--".to_owned(), Err("a part has a header more than once")),
            (FORM, "--B\r\nContent-Disposition: form-data; name=a\r\n--B--".to_owned(), Err("the head of a part does not end")),
        ] {
            assert_eq!(names(content_type, &body).as_deref(), expected.as_ref().copied(), "{content_type} {body}");
        }
    }
}
