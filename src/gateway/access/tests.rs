//! Every reason for which a caller is refused, from the head of its request to the words of the log and of the metrics.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderName, Request};
use serde_json::json;

use super::*;
use crate::access::Grant;
use crate::access::sigv4::{SCHEMES, Signer};
use crate::access::token::TokenKeySet;
use crate::access::{
    DayCounts, HmacSecret, NewSecret, PathForm, PrivateKey, Secret, SecretId, SecretProof, SigningRequest,
    SigningSettings, TokenBinding,
};
use crate::gateway::access_rules::AccessFlags;
use crate::gateway::config::KeyFetchTimes;
use crate::gateway::issuer_keys::IssuerKeySets;
use crate::gateway::refusal_reason::RefusalReason;
use crate::model::{Digest, RateLimits, SignatureAuth, SubscriptionAuth};
use crate::routes::TokenAccess;

const SECRET: &[u8] = b"a secret of nobody else, for signing";
const CALL: ApiCall<'_> = ApiCall { group: "pets", environment: "test", api_names: &["listPets"] };
const OTHER_CALL: ApiCall<'_> = ApiCall { group: "pets", environment: "test", api_names: &["getPet"] };

type Fields = Vec<(&'static str, String)>;

/// The keys of a workspace, of each kind and in each state.
struct Callers {
    access: AccessState,
    issuer: PrivateKey,
    texts: BTreeMap<&'static str, NewSecret>,
}

fn id(name: &str) -> SecretId {
    format!("{name}1234").parse().unwrap()
}

fn key(name: &str, proof: SecretProof) -> Key {
    let (group, environment) = ("pets".parse().unwrap(), "test".parse().unwrap());
    let apis = vec!["listPets".to_owned()];
    Key {
        name: name.parse().unwrap(),
        kind: proof.kind(),
        owner: None,
        description: None,
        created: wall_clock(),
        not_before: None,
        expires: None,
        signing: SigningSettings::default(),
        limits: RateLimits::default(),
        secrets: vec![Secret { id: id(name), created: wall_clock(), retires: None, proof }],
        grants: vec![Grant::new(name, group, vec![environment], apis, (wall_clock(), "Ada".to_owned()))],
    }
}

impl Callers {
    fn new() -> Self {
        let random = ring::rand::SystemRandom::new();
        let mut texts = BTreeMap::new();
        let mut shown = |name: &'static str| {
            let text = NewSecret::for_subscription(&id(name), &random).unwrap();
            let proof = SecretProof::Sha256(text.digest());
            texts.insert(name, text);
            key(name, proof)
        };
        let past = Timestamp::from_milliseconds(1_000);
        let future = Timestamp::from_milliseconds(4_000_000_000_000);
        let mut keys = vec![shown("good"), shown("gone")];
        keys.push(Key { expires: Some(past), ..shown("late") });
        keys.push(Key { not_before: Some(future), ..shown("soon") });
        keys.push({
            let mut retired = shown("used");
            retired.secrets[0].retires = Some(past);
            retired
        });
        for (name, secret) in [("signs", SECRET), ("away", b"a secret of another machine")] {
            keys.push(key(name, SecretProof::Fingerprint(Digest::of(secret))));
        }
        let binding = TokenBinding { issuer: "https://id.example".to_owned(), subject: "robot".to_owned() };
        keys.push(key("robot", SecretProof::Token(binding)));
        let issuer = PrivateKey::generate(&random).unwrap();
        let x = issuer.public().to_string().replace('+', "-").replace('/', "_");
        let x = x.trim_end_matches('=');
        let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "k"}]});
        let secrets = HashMap::from([(id("signs"), HmacSecret::new(SECRET))]);
        let directory =
            KeyDirectory::new(keys.into_iter().map(Arc::new), [], ([id("gone"), id("past")], &[]), &secrets)
                .with_key_sets(BTreeMap::from([(
                    "id.json".to_owned(),
                    Arc::new(TokenKeySet::parse(&set.to_string()).unwrap()),
                )]));
        let limiter = Arc::new(RateLimiter::new(NonZeroU32::MIN, DayCounts::default()));
        Self { access: AccessState::new(Arc::new(directory), limiter, None), issuer, texts }
    }

    fn shows(&self, name: &str) -> Fields {
        vec![("x-api-key", self.texts[name].reveal().to_owned())]
    }

    /// Signs as a key does, with a clock that differs.
    fn signs(name: &str, secret: &[u8], ahead_ms: i64, nonce: &str) -> Fields {
        let id = id(name);
        let (region, service, path_form) = ("r", "s", PathForm::Sent);
        let signer = Signer { scheme: &SCHEMES[0], key_id: id.as_str(), secret, region, service, path_form };
        let (method, path, query, authority) = ("GET", "/petstore/pets", "", "localhost");
        let request = SigningRequest { method, path, query, authority, headers: &[], body: b"" };
        let at = Timestamp::from_milliseconds(wall_clock().milliseconds() + ahead_ms);
        signer.sign(&request, at, nonce)
    }

    /// Returns the words of the log and of the metrics for which a request with these fields is refused.
    fn refusal(
        &self,
        rules: &AccessRules,
        call: &ApiCall<'_>,
        fields: &[(&'static str, String)],
    ) -> Option<(String, RefusalReason)> {
        let problem = self.access.check_head(rules, call, &request(fields), false).err()?;
        Some((problem.reason(), problem.refused_for.unwrap()))
    }

    fn token(&self, subject: &str, expires_s: i64) -> Fields {
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({"iss": "https://id.example", "sub": subject, "aud": "pets", "exp": expires_s});
        let message = format!("{}.{}", part(&json!({"alg": "EdDSA", "kid": "k"})), part(&claims));
        let signature = URL_SAFE_NO_PAD.encode(self.issuer.sign(message.as_bytes()));
        vec![("authorization", format!("Bearer {message}.{signature}"))]
    }
}

/// The head of a request with these fields.
fn request(fields: &[(&'static str, String)]) -> Parts {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.uri = "/petstore/pets".parse().unwrap();
    parts.headers.insert(HOST, "localhost".parse().unwrap());
    for (name, value) in fields {
        parts.headers.append(HeaderName::from_static(name), value.parse().unwrap());
    }
    parts
}

/// Rules that take some kinds of credentials.
fn rules(takes: &str, scopes: &[&str]) -> AccessRules {
    let auth = json!({"issuer": "https://id.example", "audience": "pets", "jwks": "id.json"});
    let token = || {
        let scopes = scopes.iter().map(|scope| vec![(*scope).to_owned()]).collect();
        let access = TokenAccess { auth: serde_json::from_value(auth).unwrap(), scopes };
        TokenRules::new(&access, &IssuerKeySets::new(KeyFetchTimes::default()))
    };
    AccessRules::new(
        takes.contains("signature").then(SignatureAuth::default).as_ref(),
        takes.contains("subscription").then(SubscriptionAuth::default).as_ref(),
        takes.contains("token").then(token),
        AccessFlags { passes_credentials: false, unsigned_body: false },
    )
}

#[test]
fn each_reason_for_a_refusal_has_its_words_in_the_log_and_in_the_metrics() {
    use RefusalReason as Reason;
    let callers = Callers::new();
    let future_s = 4_000_000_000;
    let all = "signature subscription token";
    let mistyped = || vec![("x-api-key", callers.texts["good"].reveal().replace("good", "goof"))];
    let other_id = || Callers::signs("none", SECRET, 0, "1");
    let wrong = || {
        let text = callers.texts["good"].reveal();
        // Another secret, with the checksum of another key's text: only the digest tells.
        let other = NewSecret::for_subscription(&id("good"), &ring::rand::SystemRandom::new()).unwrap();
        assert_ne!(text, other.reveal());
        vec![("x-api-key", other.reveal().to_owned())]
    };
    let of_signer = || {
        let text = NewSecret::for_subscription(&id("signs"), &ring::rand::SystemRandom::new()).unwrap();
        vec![("x-api-key", text.reveal().to_owned())]
    };
    let used = Callers::signs("signs", SECRET, 0, "used");
    let rows: Vec<(&str, Fields, &str, Reason)> = vec![
        (all, vec![], "the request has no key", Reason::NoKey),
        (
            "subscription",
            callers.token("robot", future_s),
            "the request has a token, which the group does not take",
            Reason::NoKey,
        ),
        (
            "token",
            Callers::signs("signs", SECRET, 0, "2"),
            "the request has a signature, which the group does not take",
            Reason::NoKey,
        ),
        (all, vec![("x-api-key", "apk_x".to_owned())], "the key is malformed", Reason::Malformed),
        (all, mistyped(), "the key is malformed", Reason::Malformed),
        (all, other_id(), "no key has this id", Reason::UnknownId),
        (
            all,
            Callers::signs("past", SECRET, 0, "4"),
            "the secret past1234 was revoked, and no key has it any more",
            Reason::Revoked,
        ),
        (all, of_signer(), "key signs is of kind signature, and shown as another one", Reason::UnknownId),
        (
            all,
            Callers::signs("good", SECRET, 0, "3"),
            "key good is of kind subscription, and shown as another one",
            Reason::UnknownId,
        ),
        (
            all,
            Callers::signs("robot", SECRET, 0, "4"),
            "key robot is of kind token, and shown as another one",
            Reason::UnknownId,
        ),
        (all, wrong(), "key good: the secret is wrong", Reason::WrongSecret),
        (
            all,
            Callers::signs("signs", SECRET, -601_000, "5"),
            "key signs: the signer's clock is 10 min 1 s behind",
            Reason::Clock,
        ),
        (
            all,
            Callers::signs("signs", b"another secret", 0, "6"),
            "key signs: the signature matches no canonical form of the request",
            Reason::Signature,
        ),
        (
            all,
            Callers::signs("away", SECRET, 0, "7"),
            "key away: its secret is not on this machine",
            Reason::NoSecretHere,
        ),
        (all, callers.token("robot", 2_000), "the token expired at 1970-01-01T00:33:20.000Z", Reason::Token),
        (
            all,
            callers.token("nobody", future_s),
            "no key is bound to the subject \"nobody\" of \"https://id.example\"",
            Reason::UnboundSubject,
        ),
        (all, callers.shows("gone"), "key gone: the secret was revoked", Reason::Revoked),
        (all, callers.shows("late"), "key late: the key ended at 1970-01-01T00:00:01.000Z", Reason::Ended),
        (all, callers.shows("used"), "key used: the secret ended at 1970-01-01T00:00:01.000Z", Reason::Ended),
        (all, callers.shows("soon"), "key soon: not valid before 2096-10-02T07:06:40.000Z", Reason::NotYetValid),
        (all, used.clone(), "", Reason::Nonce),
        (all, used, "key signs: the nonce was already used", Reason::Nonce),
    ];
    let mut seen = Vec::new();
    for (takes, fields, words, reason) in &rows {
        let found = callers.refusal(&rules(takes, &[]), &CALL, fields);
        assert_eq!(found, (!words.is_empty()).then(|| ((*words).to_owned(), *reason)), "{takes}: {fields:?}");
        seen.push(*reason);
    }
    let no_grant = callers.refusal(&rules(all, &[]), &OTHER_CALL, &callers.shows("good")).unwrap();
    assert_eq!(no_grant.0, "key good: no grant for this API in this environment");
    let no_scope = callers.refusal(&rules(all, &["pets:read"]), &CALL, &callers.token("robot", future_s)).unwrap();
    assert_eq!(no_scope.0, "the token of \"robot\" lacks a scope that the API asks for");
    seen.extend([no_grant.1, no_scope.1]);
    let untested = Reason::ALL.into_iter().filter(|reason| !seen.contains(reason));
    // Those that are no matter of a key.
    assert_eq!(untested.collect::<Vec<_>>(), [Reason::Address, Reason::Limit]);
}

/// A transfer may begin in the last second of a token and is looked at when that is over.
#[test]
fn a_call_whose_token_has_ended_is_cut_off_once_its_key_is_gone() {
    let callers = Callers::new();
    let rules = rules("token", &[]);
    let expires_s = wall_clock().milliseconds() / 1000 + 2;
    let parts = request(&callers.token("robot", expires_s));
    let Ok(CallerCheck::Passed(caller)) = callers.access.check_head(&rules, &CALL, &parts, false) else {
        panic!("the token is good");
    };
    while wall_clock().milliseconds() <= expires_s * 1000 {
        std::thread::sleep(Duration::from_millis(50));
    }
    let credential = caller.credential.outlive_request(&rules).unwrap();
    assert_eq!(callers.access.withdrawal(&CALL, &credential), None, "the end of a token cuts nothing off");
    callers.access.replace(Arc::default());
    assert!(callers.access.withdrawal(&CALL, &credential).is_some());
}
