//! The signer: the components that have to be covered, and the headers that the caller names.

use http::{HeaderMap, HeaderName, HeaderValue};
use ring::hmac;
use sfv::{FieldType as _, InnerList, Integer, ListEntry, StringRef, key_ref};

use super::components::{Component, signature_base};
use super::content_digest;
use super::fields::CONTENT_DIGEST;
use super::{MessageAlgorithm, TAG};
use crate::access::ed25519::PrivateKey;
use crate::access::fault::SignatureFault;
use crate::access::request::{BodyDigest, ReceivedRequest, SigningRequest};
use crate::model::Timestamp;

/// The label of the signature in both headers.
const LABEL: &str = "apigw";

/// The key with which a message is signed.
#[derive(Debug)]
pub enum MessageSigningKey<'k> {
    /// A shared secret.
    Hmac(&'k [u8]),
    /// A key pair.
    Ed25519(&'k PrivateKey),
}

/// The signer of messages.
pub struct MessageSigner<'k> {
    /// The id of the secret.
    pub key_id: &'k str,
    /// The key.
    pub key: MessageSigningKey<'k>,
}

impl MessageSigner<'_> {
    /// Signs a request: returns the headers to send with it, names in lower case.
    ///
    /// # Errors
    ///
    /// Fails where a header that is to be signed cannot be covered.
    pub fn sign(
        &self,
        request: &SigningRequest<'_>,
        now: Timestamp,
        nonce: &str,
    ) -> Result<Vec<(&'static str, String)>, SignatureFault> {
        let mut headers = HeaderMap::new();
        let mut components = vec![Component::Method, Component::Authority, Component::Path, Component::Query];
        for (name, value) in request.headers {
            let unfit = || SignatureFault::Component((*name).to_owned());
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
            headers.append(name.clone(), HeaderValue::from_str(value).map_err(|_| unfit())?);
            let component = Component::Field(name);
            if !components.contains(&component) {
                components.push(component);
            }
        }
        let mut signed = Vec::new();
        let body = BodyDigest::of(&headers, request.body);
        if !body.is_empty && !headers.contains_key(CONTENT_DIGEST) {
            let digest = content_digest::write(&body);
            headers.extend(HeaderValue::from_str(&digest).ok().map(|value| (CONTENT_DIGEST, value)));
            components.push(Component::Field(CONTENT_DIGEST));
            signed.push(("content-digest", digest));
        }
        let parameters = self.parameters(&components, now, nonce).ok_or(SignatureFault::SignatureInput)?;
        let SigningRequest { method, path, query, authority, .. } = *request;
        let received = ReceivedRequest { method, path, query, authority, headers: &headers, body: &body };
        let base = signature_base(&components, &parameters, &received, "https")?;
        let signature = match self.key {
            MessageSigningKey::Hmac(secret) => {
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), &base).as_ref().to_vec()
            }
            MessageSigningKey::Ed25519(key) => key.sign(&base),
        };
        let signature = sfv::Item::new(signature).serialize();
        signed.push(("signature-input", format!("{LABEL}={parameters}")));
        signed.push(("signature", format!("{LABEL}={signature}")));
        Ok(signed)
    }

    fn parameters(&self, components: &[Component], now: Timestamp, nonce: &str) -> Option<String> {
        let algorithm = match self.key {
            MessageSigningKey::Hmac(_) => MessageAlgorithm::HmacSha256,
            MessageSigningKey::Ed25519(_) => MessageAlgorithm::Ed25519,
        };
        let items = components.iter().map(Component::item).collect::<Option<Vec<_>>>()?;
        let mut list = InnerList::new(items);
        let created = Integer::try_from(now.milliseconds().div_euclid(1000)).ok()?;
        list.params.insert(key_ref("created").to_owned(), created.into());
        for (name, value) in [("keyid", self.key_id), ("alg", algorithm.as_str()), ("nonce", nonce), ("tag", TAG)] {
            list.params.insert(key_ref(name).to_owned(), StringRef::from_str(value).ok()?.into());
        }
        vec![ListEntry::InnerList(list)].serialize()
    }
}
