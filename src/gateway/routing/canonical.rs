//! Hosts with only one reading.

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
    // An empty port is that of the scheme (RFC 3986, section 3.2.3).
    if port.is_some_and(|port| port.len() > 5 || !port.bytes().all(|byte| byte.is_ascii_digit())) {
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

/// True if a host name means the machine itself.
pub(crate) fn is_loopback(name: &str) -> bool {
    name == "localhost"
        || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || name == "[::1]"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (authority, name) in [
            ("a.b", "a.b"),
            ("A.b:80", "a.b"),
            ("a.b.", "a.b"),
            ("127.0.0.1:8080", "127.0.0.1"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("a.b:", "a.b"),
            ("127.0.0.1:", "127.0.0.1"),
            ("[::1]:", "[::1]"),
            ("my_host", "my_host"),
        ] {
            assert_eq!(host_name(authority).as_deref(), Some(name), "{authority}");
        }
        for authority in [
            "", ":", ":80", "a:b", "a:80:80", "a b", "a@b", "a/b", "a,b", "[::1", "[::1]x", "[a]", ".a", "a..b",
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
