//! The place of an issuer's public keys (`auth.token.jwks` in `group.yaml`).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::backend::HttpUrl;

/// The most bytes of the name of a file.
const LONGEST_NAME: usize = 128;

/// The place of an issuer's public keys (JWKS).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum KeySetSource {
    /// A file, by its name below `keys/jwks`.
    File(String),
    /// An address, from which each gateway fetches them.
    Address(HttpUrl),
}

/// The error for a text that is not the place of a key set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeySetSourceError {
    /// It is the name of no file.
    #[error(
        "`jwks` is the name of a file in keys/jwks, like `issuer.json`, or an address, like `https://id.example.com/jwks`"
    )]
    File,
    /// It is an address that cannot be fetched from.
    #[error("`jwks` is an https address without a user, a query and a fragment")]
    Address,
    /// Anybody on the way could put in keys of their own.
    #[error("`jwks` is fetched over https: over http, but from this machine, others could put in keys of their own")]
    Unencrypted,
}

impl FromStr for KeySetSource {
    type Err = KeySetSourceError;

    fn from_str(text: &str) -> Result<Self, KeySetSourceError> {
        if text.contains("://") {
            let url: HttpUrl = text.parse().map_err(|_| KeySetSourceError::Address)?;
            let is_encrypted = url.as_str().get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"));
            return if is_encrypted || is_loopback(url.host()) {
                Ok(Self::Address(url))
            } else {
                Err(KeySetSourceError::Unencrypted)
            };
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let stem = text.strip_suffix(".json").filter(|stem| !stem.is_empty() && !stem.starts_with('.'));
        if stem.is_some() && text.len() <= LONGEST_NAME && text.bytes().all(is_plain) {
            Ok(Self::File(text.to_owned()))
        } else {
            Err(KeySetSourceError::File)
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let is_loopback_address = |address: IpAddr| address.to_canonical().is_loopback();
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(is_loopback_address)
}

impl TryFrom<String> for KeySetSource {
    type Error = KeySetSourceError;

    fn try_from(text: String) -> Result<Self, KeySetSourceError> {
        text.parse()
    }
}

impl From<KeySetSource> for String {
    fn from(source: KeySetSource) -> Self {
        match source {
            KeySetSource::File(name) => name,
            KeySetSource::Address(url) => url.into(),
        }
    }
}

/// Writes the file with its folder, as messages name it.
impl fmt::Display for KeySetSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(name) => write!(formatter, "keys/jwks/{name}"),
            Self::Address(url) => formatter.write_str(url.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_or_an_address_that_nobody_can_change_on_the_way_is_read() {
        let file = KeySetSource::File("id.json".to_owned());
        assert_eq!(("id.json".parse(), file.to_string().as_str()), (Ok(file), "keys/jwks/id.json"));
        for text in [
            "https://id.example.com/keys",
            "HTTPS://id.example",
            "http://127.0.0.1:9/jwks",
            "http://[::1]/a",
            "http://localhost/a",
        ] {
            let source: KeySetSource = text.parse().expect(text);
            assert_eq!((source.to_string().as_str(), String::from(source.clone()).as_str()), (text, text));
        }
        for (text, error) in [
            ("../id.json", KeySetSourceError::File),
            (".json", KeySetSourceError::File),
            ("id.yaml", KeySetSourceError::File),
            ("https:id.json", KeySetSourceError::File),
            ("", KeySetSourceError::File),
            ("http://id.example.com/keys", KeySetSourceError::Unencrypted),
            ("http://127.0.0.1.example.com/keys", KeySetSourceError::Unencrypted),
            ("http://localhost.example.com/keys", KeySetSourceError::Unencrypted),
            ("http://10.0.0.1/keys", KeySetSourceError::Unencrypted),
            ("ftp://id.example.com/keys", KeySetSourceError::Address),
            ("https://user:word@id.example.com/keys", KeySetSourceError::Address),
            ("https://id.example.com/keys?key=secret", KeySetSourceError::Address),
            ("https:///keys", KeySetSourceError::Address),
        ] {
            assert_eq!(text.parse::<KeySetSource>(), Err(error), "{text}");
        }
    }
}
