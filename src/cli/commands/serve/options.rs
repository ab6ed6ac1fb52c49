//! The values of some of `serve`'s flags.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use crate::gateway::BindAddress;

/// An address to listen on, and whether it was said that connections are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListenAddress {
    address: SocketAddr,
    encrypted: Option<bool>,
}

impl ListenAddress {
    /// Fills in the protocol: HTTPS if there is a certificate.
    pub(super) fn resolve(self, has_certificate: bool) -> BindAddress {
        BindAddress { address: self.address, tls: self.encrypted.unwrap_or(has_certificate) }
    }
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (encrypted, address) = match text.split_once("://") {
            Some(("http", address)) => (Some(false), address),
            Some(("https", address)) => (Some(true), address),
            Some((scheme, _)) => return Err(format!("{scheme:?} is not supported: write http:// or https://")),
            None => (None, text),
        };
        let address = address.strip_suffix('/').unwrap_or(address);
        let address = address.parse().map_err(|_| "write it like 127.0.0.1:8080, [::1]:8080 or https://0.0.0.0:443")?;
        Ok(Self { address, encrypted })
    }
}

/// Destination of the access log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LogTarget {
    /// Nowhere.
    Off,
    /// To stdout.
    Stdout,
    /// To the end of a file.
    File(PathBuf),
}

impl FromStr for LogTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("name a file, or write - for stdout, or off".to_owned()),
            "off" => Ok(Self::Off),
            "-" => Ok(Self::Stdout),
            path => Ok(Self::File(path.into())),
        }
    }
}

/// Parses a size in bytes like `300k`, `2m` or a number of bytes; `k` is 1024 bytes.
pub(super) fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.len() - text.trim_start_matches(|character: char| character.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| "write it like 300k, 2m or a number of bytes".to_owned())?;
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        _ => return Err(format!("{unit:?} is not a unit: write it like 300k or 2m")),
    };
    number.checked_mul(factor).ok_or_else(|| "the number is too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_say_whether_they_are_encrypted() {
        for (text, has_certificate, expected) in [
            ("127.0.0.1:80", false, Some(("127.0.0.1:80", false))),
            ("127.0.0.1:80", true, Some(("127.0.0.1:80", true))),
            ("http://127.0.0.1:80/", true, Some(("127.0.0.1:80", false))),
            ("https://[::1]:443", true, Some(("[::1]:443", true))),
            ("ftp://127.0.0.1:80", true, None),
            ("localhost:80", true, None),
            ("80", true, None),
        ] {
            let listen = text.parse::<ListenAddress>().ok().map(|address| address.resolve(has_certificate));
            let expected = expected.map(|(address, tls)| BindAddress { address: address.parse().expect("one"), tls });
            assert_eq!(listen, expected, "{text}");
        }
    }

    #[test]
    fn sizes() {
        for (text, expected) in
            [("7", Some(7)), ("300k", Some(307_200)), ("2M", Some(2 << 20)), ("1GiB", Some(1 << 30)), ("k", None)]
        {
            assert_eq!(parse_size(text).ok(), expected, "{text}");
        }
        assert!(parse_size("99999999999999g").is_err());
        assert!(parse_size("1.5m").is_err());
    }
}
