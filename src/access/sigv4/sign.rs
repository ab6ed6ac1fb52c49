//! The signer: one canonical form, which every verifier of the family takes.

use ring::{digest, hmac};

use super::super::hexadecimal;
use super::super::hmac_secret::HmacSecret;
use super::super::key::{Key, PathForm, SigningSettings};
use super::super::secret_id::SecretId;
use super::SignatureScheme;
use super::canonical::{encode, query_forms};
use super::verify::{CanonicalRequest, signing_key, string_to_sign};
use crate::access::request::SigningRequest;
use crate::model::{Timestamp, trim_blanks};

/// The key with which requests are signed.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    /// The scheme.
    pub scheme: &'static SignatureScheme,
    /// The id of the secret.
    pub key_id: &'a str,
    /// The secret.
    pub secret: &'a [u8],
    /// The region of the scope.
    pub region: &'a str,
    /// The service of the scope.
    pub service: &'a str,
    /// The path is signed as sent, or percent-encoded again where the key says so.
    pub path_form: PathForm,
}

/// The region and the service of signatures of a key that names none.
const ANY_SCOPE: (&str, &str) = ("local", "apigw");

impl<'a> Signer<'a> {
    /// Makes the signer of a key with one of its secrets.
    #[must_use]
    pub fn of_key(
        key: &'a Key,
        scheme: &'static SignatureScheme,
        key_id: &'a SecretId,
        secret: &'a HmacSecret,
    ) -> Self {
        let SigningSettings { region, service, path } = &key.signing;
        Self {
            scheme,
            key_id: key_id.as_str(),
            secret: secret.reveal(),
            region: region.as_deref().unwrap_or(ANY_SCOPE.0),
            service: service.as_deref().unwrap_or(ANY_SCOPE.1),
            path_form: *path,
        }
    }

    /// Signs a request: returns the headers to send with it, names in lower case.
    #[must_use]
    pub fn sign(&self, request: &SigningRequest<'_>, now: Timestamp, nonce: &str) -> Vec<(&'static str, String)> {
        let date_time = date_time(now);
        let date = date_time.get(..8).unwrap_or_default();
        let mut signed: Vec<(&str, String)> =
            request.headers.iter().map(|(name, value)| (*name, trim_blanks(value).to_owned())).collect();
        signed.push(("host", request.authority.to_owned()));
        signed.push((self.scheme.date_header, date_time.clone()));
        signed.extend(self.scheme.nonce_header.map(|name| (name, nonce.to_owned())));
        signed.sort_unstable();
        let lines: String = signed.iter().flat_map(|(name, value)| [*name, ":", value, "\n"]).collect();
        let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let path = match self.path_form {
            PathForm::Sent => request.path.to_owned(),
            PathForm::Again => encode(request.path.as_bytes(), |byte| byte == b'/'),
        };
        let queries = query_forms(request.query);
        let canonical = CanonicalRequest {
            method: request.method,
            path: &path,
            query: queries.first().map_or("", String::as_str),
            headers: lines.as_bytes(),
            signed_headers: &names,
            body_hash: &hexadecimal::encode(digest::digest(&digest::SHA256, request.body).as_ref()),
        };
        let scope = format!("{date}/{}/{}/{}", self.region, self.service, self.scheme.terminator);
        let key = signing_key(self.scheme, self.secret, date, self.region, self.service);
        let text = string_to_sign(self.scheme, &date_time, &scope, &canonical.hash());
        let signature = hexadecimal::encode(hmac::sign(&key, text.as_bytes()).as_ref());
        let authorization = format!(
            "{} Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.scheme.name, self.key_id
        );
        let mut headers = vec![(self.scheme.date_header, date_time)];
        headers.extend(self.scheme.nonce_header.map(|name| (name, nonce.to_owned())));
        headers.push(("authorization", authorization));
        headers
    }
}

/// Writes `YYYYMMDDTHHMMSSZ`.
fn date_time(time: Timestamp) -> String {
    let compact = time.compact();
    format!("{}Z", compact.split_once('.').map_or(compact.as_str(), |(seconds, _)| seconds))
}
