//! The addresses of stores.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// The address of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// `s3://BUCKET/PREFIX`.
    S3 {
        /// The bucket.
        bucket: String,
        /// The prefix of the names of objects, without slashes at its ends; empty for none.
        prefix: String,
    },
    /// `https://…`, and `http://…` on a loopback address: a web server, which can be read alone.
    Web(WebUrl),
    /// `file://…` or a path: a folder.
    Folder(PathBuf),
}

/// The address of a web server, and the path below which the objects lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebUrl {
    /// True for `https`.
    pub(super) encrypted: bool,
    /// The host, without brackets.
    pub(super) host: String,
    /// The port.
    pub(super) port: u16,
    /// The host and the port as they are sent.
    pub(super) authority: String,
    /// The path, without a slash at its end.
    pub(super) path: String,
}

/// Reason why a text is no address of a store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreUrlError {
    /// The scheme is not known.
    #[error("{0:?} is not a kind of store: write s3://BUCKET/PREFIX, https://HOST/PATH, file:///PATH or a path")]
    Scheme(String),
    /// The name of the bucket is not valid.
    #[error("{0:?} is not the name of a bucket")]
    Bucket(String),
    /// The path has other characters than letters, digits and `-._~`.
    #[error("{0:?} is not a path of plain segments (letters, digits and \"-._~\")")]
    Path(String),
    /// The host cannot be read.
    #[error("{0:?} is not a host with or without a port")]
    Host(String),
    /// A connection to another machine would not be encrypted.
    #[error("http reaches loopback addresses alone: write https for {0}")]
    Unencrypted(String),
    /// The path is empty or not absolute.
    #[error("file:// needs an absolute path, like file:///srv/state")]
    NotAbsolute,
}

impl FromStr for StoreUrl {
    type Err = StoreUrlError;

    fn from_str(text: &str) -> Result<Self, StoreUrlError> {
        match text.split_once("://") {
            Some(("s3", rest)) => {
                let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                if !is_bucket(bucket) {
                    return Err(StoreUrlError::Bucket(bucket.to_owned()));
                }
                let prefix = plain_path(prefix)?;
                Ok(Self::S3 { bucket: bucket.to_owned(), prefix })
            }
            Some(("file", path)) if path.starts_with('/') => Ok(Self::Folder(path.into())),
            Some(("file", _)) => Err(StoreUrlError::NotAbsolute),
            Some(("http" | "https", _)) => text.parse().map(Self::Web),
            Some((scheme, _)) => Err(StoreUrlError::Scheme(scheme.to_owned())),
            None if text.is_empty() => Err(StoreUrlError::Scheme(String::new())),
            None => Ok(Self::Folder(text.into())),
        }
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S3 { bucket, prefix } if prefix.is_empty() => write!(formatter, "s3://{bucket}"),
            Self::S3 { bucket, prefix } => write!(formatter, "s3://{bucket}/{prefix}"),
            Self::Web(url) => url.fmt(formatter),
            Self::Folder(path) => path.display().fmt(formatter),
        }
    }
}

impl FromStr for WebUrl {
    type Err = StoreUrlError;

    fn from_str(text: &str) -> Result<Self, StoreUrlError> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let encrypted = match scheme {
            "https" => true,
            "http" => false,
            other => return Err(StoreUrlError::Scheme(other.to_owned())),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let no_host = || StoreUrlError::Host(authority.rsplit('@').next().unwrap_or_default().to_owned());
        let (host, port) = host_and_port(authority).ok_or_else(no_host)?;
        let is_local = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        if !encrypted && !is_local {
            return Err(StoreUrlError::Unencrypted(host.to_owned()));
        }
        let path = plain_path(path)?;
        Ok(Self {
            encrypted,
            host: host.to_owned(),
            port: port.unwrap_or(if encrypted { 443 } else { 80 }),
            authority: authority.to_owned(),
            path: if path.is_empty() { path } else { format!("/{path}") },
        })
    }
}

impl WebUrl {
    /// Returns the address in one form, however it was typed.
    pub(super) fn address(&self) -> String {
        let scheme = if self.encrypted { "https" } else { "http" };
        format!("{scheme}://{}:{}{}", self.host.to_ascii_lowercase(), self.port, self.path)
    }
}

impl fmt::Display for WebUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.encrypted { "https" } else { "http" };
        write!(formatter, "{scheme}://{}{}", self.authority, self.path)
    }
}

/// Splits `host`, `host:port` and `[address]:port`.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, after.strip_prefix(':').or(if after.is_empty() { Some("") } else { None })?)
        }
        None => authority.split_once(':').unwrap_or((authority, "")),
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte);
    if host.is_empty() || !host.bytes().all(is_name) {
        return None;
    }
    let port = if port.is_empty() { None } else { Some(port.parse().ok()?) };
    Some((host, port))
}

fn is_bucket(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
    (3..=63).contains(&text.len())
        && text.bytes().all(is_inner)
        && !text.contains("..")
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.ends_with(|last: char| last.is_ascii_alphanumeric())
}

/// Takes a path that is signed, sent and stored in one form: unreserved characters alone (RFC 3986, section 2.3).
fn plain_path(text: &str) -> Result<String, StoreUrlError> {
    let path = text.trim_matches('/');
    let is_plain = |part: &str| {
        let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        !matches!(part, "" | "." | "..") && part.bytes().all(is_unreserved)
    };
    if path.is_empty() || path.split('/').all(is_plain) {
        Ok(path.to_owned())
    } else {
        Err(StoreUrlError::Path(path.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_stores() {
        for (text, shown) in [
            ("s3://bucket", "s3://bucket"),
            ("s3://bucket/a/b/", "s3://bucket/a/b"),
            ("https://state.example.com/online/", "https://state.example.com/online"),
            ("http://127.0.0.1:8333/x", "http://127.0.0.1:8333/x"),
            ("http://[::1]:80", "http://[::1]:80"),
            ("http://localhost", "http://localhost"),
            ("file:///srv/state", "/srv/state"),
            ("deploy/state", "deploy/state"),
        ] {
            assert_eq!(text.parse::<StoreUrl>().map(|url| url.to_string()), Ok(shown.to_owned()), "{text}");
        }
        for text in [
            "",
            "ftp://a/b",
            "s3://",
            "s3://ab",
            "s3://Bucket",
            "s3://a..b",
            "s3://bucket/../x",
            "s3://bucket/a b",
            "s3://bucket/%2e%2e",
            "http://example.com",
            "http://127.0.0.1.example.com",
            "https://",
            "https://user:secret@example.com/x",
            "https://example.com/a?x=1",
            "https://example.com:x/",
            "file://host/x",
        ] {
            let error = text.parse::<StoreUrl>().expect_err(text).to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
