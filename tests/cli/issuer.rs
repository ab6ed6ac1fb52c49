//! An issuer of tokens, with the key that it signs them by.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::json;

/// The name of the issuer.
pub(crate) const ISSUER: &str = "https://id.example";

pub(crate) struct Issuer(Ed25519KeyPair);

impl Issuer {
    pub(crate) fn new() -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key"))
    }

    /// Writes the set of its public keys.
    pub(crate) fn key_set(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(self.0.public_key());
        json!({"keys": [{"kid": "1", "kty": "OKP", "crv": "Ed25519", "x": x}]}).to_string()
    }

    /// Writes a token of the subject `robot` for an audience.
    pub(crate) fn token(&self, audience: &str) -> String {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time").as_secs();
        let claims = json!({"iss": ISSUER, "aud": audience, "sub": "robot", "exp": now + 300});
        let [head, claims] =
            [json!({"alg": "EdDSA", "kid": "1"}), claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{head}.{claims}");
        let signature = URL_SAFE_NO_PAD.encode(self.0.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}
