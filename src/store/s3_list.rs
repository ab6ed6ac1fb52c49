//! The list of the objects of an S3-compatible store (`ListObjectsV2`): the few elements of it that are needed.

use std::fmt::Write as _;

use super::object_store::{ListedObject, ObjectName};
use crate::model::{Digest, Timestamp};

/// A part of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListPart {
    /// The objects under their digests; other names are left out.
    pub(super) objects: Vec<ListedObject>,
    /// The first and the last name, of whatever object.
    pub(super) first_key: Option<String>,
    pub(super) last_key: Option<String>,
    /// Where the next part begins.
    pub(super) token: Option<String>,
}

/// Writes the query for a part. Its names are in order, as they are signed.
pub(super) fn query(prefix: &str, token: Option<&str>) -> String {
    let token = token.map(|token| format!("continuation-token={}&", encode(token))).unwrap_or_default();
    format!("{token}list-type=2&prefix={}", encode(prefix))
}

/// Reads a part; `None` where it is none.
pub(super) fn parse(body: &[u8], prefix: &str) -> Option<ListPart> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, result) = text.split_once("<ListBucketResult")?;
    let mut objects = Vec::new();
    let (mut first_key, mut last_key) = (None, None);
    let mut rest = result;
    while let Some((_, after)) = rest.split_once("<Contents>") {
        let (entry, after) = after.split_once("</Contents>")?;
        rest = after;
        let key = element(entry, "Key")?;
        first_key.get_or_insert_with(|| unescape(key));
        last_key = Some(key);
        let digits = key.strip_prefix(prefix)?.strip_prefix(ObjectName::CONTENTS)?;
        let Ok(digest) = format!("sha256:{digits}").parse::<Digest>() else { continue };
        let bytes = element(entry, "Size")?.parse().ok()?;
        let modified = Timestamp::from_input(element(entry, "LastModified")?).ok()?;
        objects.push(ListedObject { digest, bytes, modified });
    }
    result.contains("</ListBucketResult>").then_some(())?;
    let is_truncated = element(result, "IsTruncated").is_some_and(|text| text == "true");
    let token = is_truncated.then(|| element(result, "NextContinuationToken").map(unescape));
    // A part that says that there are more, and not where, is none.
    let token = match token {
        Some(None) => return None,
        token => token.flatten(),
    };
    Some(ListPart { objects, first_key, last_key: last_key.map(unescape), token })
}

fn element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, after) = text.split_once(&format!("<{name}>"))?;
    Some(after.split_once(&format!("</{name}>"))?.0)
}

fn unescape(text: &str) -> String {
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    plain.replace("&#39;", "'").replace("&#34;", "\"").replace("&amp;", "&")
}

/// Percent-encodes all but unreserved characters (RFC 3986, section 2.3), as signed queries have it.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_in_parts() {
        let digest = Digest::of(b"x");
        let entry = |key: &str| {
            format!(
                "<Contents><Key>{key}</Key><LastModified>2026-11-29T12:00:00Z</LastModified><ETag>&#34;x&#34;</ETag>\
                 <Size>7</Size></Contents>"
            )
        };
        let part = |entries: &str, end: &str| {
            format!("<?xml version=\"1.0\"?>\n<ListBucketResult xmlns=\"x\">{entries}{end}</ListBucketResult>")
                .into_bytes()
        };
        let name = |name: &str| format!("online/objects/sha256/{name}");
        let key = |text: &str| entry(&name(text));
        let good = key(&digest.hexadecimal());
        let foreign = [key("notes.txt"), key(&digest.hexadecimal().to_uppercase()), key("")].concat();
        let modified = "2026-11-29T12:00:00.000Z".parse().unwrap();
        let objects = vec![ListedObject { digest, bytes: 7, modified }];
        let end = "<IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b/=</NextContinuationToken>";
        let read = parse(&part(&format!("{foreign}{good}"), end), "online/");
        let (first_key, last_key) = (Some(name("notes.txt")), Some(name(&digest.hexadecimal())));
        let token = Some("a&b/=".to_owned());
        assert_eq!(read, Some(ListPart { objects: objects.clone(), first_key, last_key, token }));
        let read = parse(&part(&good, "<IsTruncated>false</IsTruncated>"), "online/");
        let first_key = Some(name(&digest.hexadecimal()));
        assert_eq!(read, Some(ListPart { objects, last_key: first_key.clone(), first_key, token: None }));
        assert_eq!(parse(&part(&good, "<IsTruncated>true</IsTruncated>"), "online/"), None);
        // Objects of another prefix than was asked for.
        assert_eq!(parse(&part(&good, ""), "other/"), None);
        for bad in ["", "<html></html>", "<ListBucketResult>", "<ListBucketResult><Contents></ListBucketResult>"] {
            assert_eq!(parse(bad.as_bytes(), ""), None, "{bad}");
        }
        assert_eq!(query("a b/", Some("x=&")), "continuation-token=x%3D%26&list-type=2&prefix=a%20b%2F");
    }
}
