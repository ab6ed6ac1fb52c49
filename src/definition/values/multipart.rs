//! Parses forms whose fields are parts of the body (`multipart/form-data`, RFC 7578).

use std::borrow::Cow;

use crate::model::{is_json_media_type, is_token, media_type_essence, reads_as_utf8, split_unquoted, trim_blanks};

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

/// Splits a form into parts; fails if it is malformed, or if another parser may read other fields.
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
        if !is_blank(padding) {
            return Err("something stands behind a boundary");
        }
        let (part, next) = split(behind, &delimiter).ok_or("it does not end in its boundary")?;
        // Some parsers take either byte for a line break (RFC 2046, section 5.1.1, has both).
        if [b'\r', b'\n'].iter().any(|byte| split(part, &[&[*byte], first].concat()).is_some()) {
            return Err("a boundary stands behind half a line break");
        }
        parts.push(read(part)?);
        rest = next;
    }
    let behind = rest.get(2..).unwrap_or_default();
    if !is_blank(behind.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default()) {
        return Err("something stands behind its last boundary");
    }
    if split(rest, first).is_some() {
        return Err("a boundary stands behind its end");
    }
    Ok(parts)
}

fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' ' | b'\t'))
}

fn read(part: &[u8]) -> Result<FormPart<'_>, &'static str> {
    // A part without headers begins with the empty line.
    let (head, content) = match part.strip_prefix(b"\r\n") {
        Some(content) => (&b""[..], content),
        None => split(part, b"\r\n\r\n").ok_or("the head of a part does not end")?,
    };
    let headers = read_headers(&String::from_utf8_lossy(head))?;
    let header = |wanted: &str| {
        let mut found = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let first = found.next().map(|(_, value)| value.as_str());
        if found.next().is_some() { Err("a part has a header more than once") } else { Ok(first) }
    };
    let disposition = header("content-disposition")?.ok_or("a part has no name")?;
    if media_type_essence(disposition) != "form-data" {
        return Err("a part is not form-data");
    }
    let name = parameter(disposition, "name")?.ok_or("a part has no name")?;
    if header("content-transfer-encoding")?.is_some_and(|coding| !is_identity(coding)) {
        return Err("a part has a Content-Transfer-Encoding (RFC 7578, section 4.7)");
    }
    let content_type = header("content-type")?;
    let is_file = split_unquoted(disposition, ';').iter().any(|part| part.to_ascii_lowercase().starts_with("filename"));
    // A file is bytes to every parser, unless it is JSON.
    if let Some(content_type) = content_type.filter(|name| !is_file || is_json_media_type(name))
        && parameter(content_type, "charset")?.is_some_and(|charset| !reads_as_utf8(&charset, || content.is_ascii()))
    {
        return Err("a part is in another charset than UTF-8");
    }
    let media_type = content_type.map(|value| trim_blanks(value.split(';').next().unwrap_or_default()).to_owned());
    Ok(FormPart { name, media_type, headers, content })
}

/// Reads the headers of a part; fails where a line is not a header of its own, since parsers differ in such lines.
fn read_headers(head: &str) -> Result<Vec<(String, String)>, &'static str> {
    const MALFORMED: &str = "a part has a malformed header";
    let is_control = |letter: char| letter.is_ascii_control() && letter != '\t';
    let lines = head.split("\r\n").filter(|_| !head.is_empty()).map(|line| {
        let (name, value) = line.split_once(':').ok_or(MALFORMED)?;
        let is_header = is_token(name) && !value.contains(is_control);
        is_header.then(|| (name.to_owned(), trim_blanks(value).to_owned())).ok_or(MALFORMED)
    });
    lines.collect()
}

/// True if a transfer encoding leaves the content as it is (RFC 2045, section 6.2).
fn is_identity(coding: &str) -> bool {
    ["7bit", "8bit", "binary"].iter().any(|identity| identity.eq_ignore_ascii_case(coding))
}

/// Returns a parameter of a header's value, like `boundary` in `multipart/form-data; boundary="a b"`; fails where of
/// two parsers one may take another text: it is there twice, or continued or encoded (`name*`, RFC 2231).
fn parameter(value: &str, wanted: &str) -> Result<Option<String>, &'static str> {
    const MALFORMED: &str = "a header has a malformed parameter";
    let mut rest = value.split_once(';').map(|(_, rest)| trim_blanks(rest)).filter(|rest| !rest.is_empty());
    let mut found = None;
    while let Some(parameters) = rest {
        let (name, behind) = parameters.split_once('=').ok_or(MALFORMED)?;
        let (name, behind) = (trim_blanks(name), behind.trim_start());
        let (text, next) = if let Some(quoted) = behind.strip_prefix('"') {
            unquoted(quoted).ok_or(MALFORMED)?
        } else {
            let (text, next) = behind.split_once(';').unwrap_or((behind, ""));
            (trim_blanks(text).to_owned(), next)
        };
        if !is_token(name) {
            return Err(MALFORMED);
        }
        // Clients send `filename*`, which changes no value.
        if name.split_once('*').is_some_and(|(base, _)| !base.eq_ignore_ascii_case("filename")) {
            return Err("a parameter of a header is continued or encoded");
        }
        if name.eq_ignore_ascii_case(wanted) && found.replace(text).is_some() {
            return Err("a parameter of a header is given more than once");
        }
        rest = Some(next.trim_start().trim_start_matches(';').trim_start()).filter(|rest| !rest.is_empty());
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
            ("multipart/form-data; boundary=\"", field("a", "1"), Err("a header has a malformed parameter")),
            ("multipart/form-data; boundary=\"\"", "--\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n----".to_owned(), Err("its Content-Type names no boundary")),
            ("multipart/form-data; boundary=\"B", format!("{}--B--", field("a", "1")), Err("a header has a malformed parameter")),
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

    #[test]
    fn forms_that_another_parser_reads_otherwise_are_refused() {
        const CODED: &str = "a part has a Content-Transfer-Encoding (RFC 7578, section 4.7)";
        const EXTENDED: &str = "a parameter of a header is continued or encoded";
        const HALF: &str = "a boundary stands behind half a line break";
        const HEADER: &str = "a part has a malformed header";
        const PARAMETER: &str = "a header has a malformed parameter";
        for (head, content, expected) in [
            ("form-data; name=a; filename=\"x\"; filename*=utf-8''x", "1", Ok("a=1")),
            ("Form-Data; name=\"a\" ;", "1", Ok("a=1")),
            ("form-data; name=a; name*=utf-8''b", "1", Err(EXTENDED)),
            ("form-data; name=a; NAME*0=\"b\"", "1", Err(EXTENDED)),
            ("form-data; name=a; x; name=b", "1", Err(PARAMETER)),
            ("form-data; name=a; x=\"; name=b", "1", Err(PARAMETER)),
            ("form-data; name=\"a\"b; name=c", "1", Err(PARAMETER)),
            ("attachment; name=a", "1", Err("a part is not form-data")),
            ("form-data; name=a\r\nContent-Transfer-Encoding: 8BIT", "1", Ok("a=1")),
            ("form-data; name=a\r\nContent-Transfer-Encoding: base64", "1", Err(CODED)),
            ("form-data; name=a\r\nContent-Transfer-Encoding: quoted-printable", "1", Err(CODED)),
            ("form-data; name=a\r\nContent-Type: text/plain; charset=UTF-8", "ü", Ok("a:text/plain=ü")),
            ("form-data; name=a\r\nContent-Type: text/plain; charset=latin1", "1", Ok("a:text/plain=1")),
            (
                "form-data; name=a\r\nContent-Type: text/plain; charset=latin1",
                "ü",
                Err("a part is in another charset than UTF-8"),
            ),
            (
                "form-data; name=a\r\nContent-Type: text/plain; charset=utf-7",
                "1",
                Err("a part is in another charset than UTF-8"),
            ),
            ("form-data; name=a; filename=f\r\nContent-Type: text/csv; charset=utf-16", "1", Ok("a:text/csv=1")),
            (
                "form-data; name=a; filename=f\r\nContent-Type: text/json; charset=utf-16",
                "1",
                Err("a part is in another charset than UTF-8"),
            ),
            (
                "form-data; name=\"filename\"\r\nContent-Type: text/plain; charset=utf-7",
                "1",
                Err("a part is in another charset than UTF-8"),
            ),
            ("form-data; name=a\nX: y", "1", Err(HEADER)),
            ("form-data; name=a;\r\n name=b", "1", Err(HEADER)),
            ("form-data; name=a\r\nX : y", "1", Err(HEADER)),
            ("form-data; name=\"a\0\"", "1", Err(HEADER)),
            ("form-data; name=a", "x\n--B\nContent-Disposition: form-data; name=b\n\n2", Err(HALF)),
            ("form-data; name=a", "x\r--B\r", Err(HALF)),
            ("form-data; name=a", "x\n--A --B\n", Ok("a=x\n--A --B\n")),
            ("form-data; name=a", "1\r\n--B--x", Err("something stands behind its last boundary")),
        ] {
            let body = format!("--B\r\nContent-Disposition: {head}\r\n\r\n{content}\r\n--B-- \r\n");
            assert_eq!(
                names("multipart/form-data; boundary=B", &body).as_deref(),
                expected.as_ref().copied(),
                "{body}"
            );
        }
        for content_type in ["boundary=B; boundary*=utf-8''A", "boundary=B; boundary*0=A", "boundary*0=B; boundary=B"] {
            assert_eq!(
                names(&format!("multipart/form-data; {content_type}"), "--B--"),
                Err(EXTENDED),
                "{content_type}"
            );
        }
    }
}
