//! Which paths and hosts have only one reading.

/// Returns whether a path is read alike by everybody: no empty and no dot segment, no slash, backslash or
/// control character behind a percent sign, nothing that becomes one of these when a path parameter (`;…`) is cut
/// off, and no character in more bytes of UTF-8 than it needs (RFC 3629, section 10), which some read as a slash or dot.
pub(crate) fn is_canonical_path(path: &str) -> bool {
    let bytes = path.as_bytes();
    if bytes.first() != Some(&b'/') {
        return false;
    }
    let mut segment = Segment::default();
    let mut before = b'/';
    let mut rest = bytes.get(1..).unwrap_or_default().iter();
    while let Some(&byte) = rest.next() {
        let decoded = match byte {
            b'/' => {
                if !segment.is_canonical(false) {
                    return false;
                }
                segment = Segment::default();
                before = byte;
                continue;
            }
            b'%' => {
                let digit = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
                let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else { return false };
                u8::try_from(high << 4 | low).unwrap_or_default()
            }
            other => other,
        };
        if matches!(decoded, b'/' | b'\\' | 0..=0x1f | 0x7f) || is_overlong(before, decoded) {
            return false;
        }
        before = decoded;
        segment.push(decoded);
    }
    segment.is_canonical(true)
}

/// Returns whether two bytes begin a character of UTF-8 that has a shorter form.
fn is_overlong(first: u8, second: u8) -> bool {
    matches!((first, second), (0xc0 | 0xc1, 0x80..=0xbf) | (0xe0, 0x80..=0x9f) | (0xf0, 0x80..=0x8f))
}

/// What decides whether a segment is canonical.
#[derive(Default)]
struct Segment {
    /// How many bytes stand before the first semicolon.
    length: usize,
    /// Whether all of them are dots.
    only_dots: bool,
    parameter: bool,
}

impl Segment {
    fn push(&mut self, byte: u8) {
        if byte == b';' {
            self.parameter = true;
        } else if !self.parameter {
            self.only_dots = byte == b'.' && (self.only_dots || self.length == 0);
            self.length += 1;
        }
    }

    fn is_canonical(&self, last: bool) -> bool {
        match self.length {
            // Only the last segment may be empty: it is the one after a slash at the end.
            0 => last && !self.parameter,
            1 | 2 => !self.only_dots,
            _ => true,
        }
    }
}

/// Returns the name in a `Host` header or an authority, in lower case and without its port, or nothing where it is
/// malformed (RFC 9110, section 7.2).
pub(crate) fn host_name(authority: &str) -> Option<std::borrow::Cow<'_, str>> {
    let (name, port) = if authority.starts_with('[') {
        let end = authority.find(']')? + 1;
        let (name, rest) = authority.split_at_checked(end)?;
        let inner = name.get(1..name.len() - 1)?;
        inner.parse::<std::net::Ipv6Addr>().ok()?;
        (name, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
    } else {
        match authority.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (authority, None),
        }
    };
    if port.is_some_and(|port| port.is_empty() || port.len() > 5 || !port.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    // A dot at the end names the same host (RFC 1034, section 3.1).
    let name = name.strip_suffix('.').unwrap_or(name);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let label = |label: &str| !label.is_empty() && label.len() <= 63;
    if name.is_empty() || name.len() > 253 {
        return None;
    }
    let is_address = name.starts_with('[');
    let is_name = name.bytes().all(plain) && name.split('.').all(label);
    if !is_address && !is_name {
        return None;
    }
    Some(if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        std::borrow::Cow::Owned(name.to_ascii_lowercase())
    } else {
        std::borrow::Cow::Borrowed(name)
    })
}

/// Returns whether a host name means the machine itself.
pub(crate) fn is_loopback(name: &str) -> bool {
    name == "localhost"
        || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || name == "[::1]"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_with_one_reading() {
        for path in [
            "/",
            "/a",
            "/a/",
            "/a/b.c",
            "/a...b",
            "/...",
            "/.a",
            "/a;b=c",
            "/a%20b",
            "/%41",
            "/a%252fb",
            "/a%3bb",
            "/%c3%a4",
            "/%e4",
            "/%c0a",
            "/%c0/%af",
            "/%e0%a0%80",
            "/%f0%90%80%80",
        ] {
            assert!(is_canonical_path(path), "{path}");
        }
        for path in [
            "",
            "a",
            "//",
            "/a//b",
            "//a",
            "/.",
            "/..",
            "/a/../b",
            "/a/./b",
            "/a/..",
            "/%2e%2e/a",
            "/%2E./a",
            "/.%2e",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/a%00",
            "/a%0a",
            "/a%",
            "/a%4",
            "/a%zz",
            "/..;/a",
            "/..;x=1/a",
            "/;/a",
            "/a/;",
            "/..%3b/a",
            "/.;/a",
            "/%2e%2e%3bx",
            "/a%7f",
            "/a%c0%afb",
            "/%c0%ae%C0%AE/a",
            "/%c1%9c",
            "/%e0%80%af",
            "/%f0%80%80%af",
        ] {
            assert!(!is_canonical_path(path), "{path}");
        }
    }

    #[test]
    fn hosts() {
        for (authority, name) in [
            ("a.b", "a.b"),
            ("A.b:80", "a.b"),
            ("a.b.", "a.b"),
            ("127.0.0.1:8080", "127.0.0.1"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("my_host", "my_host"),
        ] {
            assert_eq!(host_name(authority).as_deref(), Some(name), "{authority}");
        }
        for authority in [
            "", ":80", "a:", "a:b", "a:80:80", "a b", "a@b", "a/b", "a,b", "[::1", "[::1]x", "[a]", ".a", "a..b",
            "a:123456", "a%00",
        ] {
            assert_eq!(host_name(authority), None, "{authority}");
        }
        let long = |labels: usize| ["a".repeat(49).as_str()].repeat(labels).join(".");
        assert!(host_name(&long(5)).is_some() && host_name(&long(6)).is_none(), "at most 253 bytes");
    }

    #[test]
    fn a_label_of_a_host_has_at_most_63_bytes() {
        assert!(host_name(&"a".repeat(63)).is_some() && host_name(&"a".repeat(64)).is_none());
    }

    #[test]
    fn what_means_the_machine_itself() {
        for name in ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"] {
            assert!(is_loopback(name), "{name}");
        }
        for name in ["localhost.example", "128.0.0.1", "[::2]", "a.localhost"] {
            assert!(!is_loopback(name), "{name}");
        }
    }
}
