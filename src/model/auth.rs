//! Authentication of the callers of a group (`auth` in `group.yaml`).

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::key_set_source::KeySetSource;

/// The most bytes of a signed body, whatever `max_body_kib` allows: it is held until it is whole and verified.
pub const MOST_SIGNED_BODY_BYTES: u64 = 32 << 20;

/// How a caller shows that a key is its own.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// Each request is signed.
    Signature,
    /// Each request has the key's text in a header.
    Subscription,
    /// Each request has a token of an issuer.
    Token,
}

impl KeyKind {
    /// Returns the word that stands in files and output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Subscription => "subscription",
            Self::Token => "token",
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// Kinds of authentication that a real backend accepts, of which one suffices. Without any, anybody may call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Auth {
    /// Requests are signed.
    pub signature: Option<SignatureAuth>,
    /// Requests have a subscription key.
    pub subscription: Option<SubscriptionAuth>,
    /// Requests have a token.
    pub token: Option<TokenAuth>,
}

/// The settings of signatures.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureAuth {
    /// The most seconds by which the clock of a signer may differ.
    #[serde(default = "usual_tolerance_s", deserialize_with = "tolerance_s")]
    #[schemars(range(min = 1, max = 900))]
    pub tolerance_s: u16,
}

/// Reads a number of any size, so that each one outside of the range gets the same message.
fn tolerance_s<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let number = i64::deserialize(deserializer)?;
    let in_range = u16::try_from(number).ok().filter(|seconds| (1..=900).contains(seconds));
    in_range.ok_or_else(|| D::Error::custom("`tolerance_s` is from 1 to 900"))
}

/// The settings of subscription keys.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionAuth {
    /// The headers in which a key may stand; the first that is there counts.
    #[serde(default = "usual_headers")]
    pub headers: Vec<String>,
}

/// The settings of tokens (JSON Web Tokens, RFC 7519).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenAuth {
    /// The issuer, as tokens name it (`iss`).
    pub issuer: String,
    /// The audience of which a token must name one (`aud`): a text or a list.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(length(min = 1))]
    pub audience: Vec<String>,
    /// The issuer's public keys (JWKS): a file, by its name below `keys/jwks`, or an https address.
    pub jwks: KeySetSource,
    /// The most seconds for which keys that were fetched from an address count after the last fetch that went well.
    #[serde(default = "usual_keep_s")]
    #[schemars(range(min = 60, max = 604_800))]
    pub jwks_keep_s: u32,
    /// Who is let in with a good token.
    #[serde(default)]
    pub grant: TokenGrant,
}

/// Tokens that are admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenGrant {
    /// Subjects to which a key is bound, with its grants.
    #[default]
    Key,
    /// Any subject.
    Any,
}

/// A text, or a list of them.
#[derive(serde::Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Vec<String> {
    fn from(written: OneOrMany) -> Self {
        match written {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        }
    }
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    OneOrMany::deserialize(deserializer).map(Into::into)
}

const fn usual_keep_s() -> u32 {
    24 * 60 * 60
}

const fn usual_tolerance_s() -> u16 {
    300
}

fn usual_headers() -> Vec<String> {
    vec!["jdcloud-apim-subscription-key".to_owned(), "x-api-key".to_owned()]
}

impl Default for SignatureAuth {
    fn default() -> Self {
        Self { tolerance_s: usual_tolerance_s() }
    }
}

impl Default for SubscriptionAuth {
    fn default() -> Self {
        Self { headers: usual_headers() }
    }
}

impl SubscriptionAuth {
    /// Returns the header that callers are told to send a key in.
    #[must_use]
    pub fn first_header(&self) -> &str {
        self.headers.first().map_or("x-api-key", String::as_str)
    }
}

impl Auth {
    /// True if anybody may call.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.signature.is_none() && self.subscription.is_none() && self.token.is_none()
    }

    /// True if a key of a kind is taken.
    #[must_use]
    pub const fn takes(&self, kind: KeyKind) -> bool {
        match kind {
            KeyKind::Signature => self.signature.is_some(),
            KeyKind::Subscription => self.subscription.is_some(),
            KeyKind::Token => self.token.is_some(),
        }
    }

    /// Returns the kinds of keys that are taken.
    pub fn kinds(&self) -> impl Iterator<Item = KeyKind> {
        [KeyKind::Signature, KeyKind::Subscription, KeyKind::Token].into_iter().filter(|kind| self.takes(*kind))
    }

    /// Takes keys of a kind, with the usual settings; tokens have none.
    #[must_use]
    pub fn with(mut self, kind: KeyKind) -> Self {
        match kind {
            KeyKind::Signature => self.signature = Some(SignatureAuth::default()),
            KeyKind::Subscription => self.subscription = Some(SubscriptionAuth::default()),
            KeyKind::Token => {}
        }
        self
    }
}

impl fmt::Display for Auth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<&str> = self.kinds().map(KeyKind::as_str).collect();
        formatter.pad(&if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") })
    }
}

/// Writes the one kind as a word, several as a list, as they are written in `group.yaml`.
impl Serialize for Auth {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kinds: Vec<KeyKind> = self.kinds().collect();
        match kinds.as_slice() {
            [] => serializer.serialize_str("none"),
            [kind] => kind.serialize(serializer),
            kinds => kinds.serialize(serializer),
        }
    }
}

/// Reads a word, a list of kinds, or a map from kinds to their settings.
impl<'de> Deserialize<'de> for Auth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AuthVisitor)
    }
}

struct AuthVisitor;

/// A kind in a list, where it has no settings.
struct ListedKind(KeyKind);

impl<'de> Deserialize<'de> for ListedKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListedKindVisitor)
    }
}

struct ListedKindVisitor;

impl<'de> Visitor<'de> for ListedKindVisitor {
    type Value = ListedKind;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a kind of key, like `signature`")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ListedKind, E> {
        KeyKind::deserialize(StrDeserializer::new(text)).map(ListedKind)
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<ListedKind, A::Error> {
        Err(A::Error::custom(SETTINGS_IN_LIST))
    }
}

/// The settings of each kind, by its word.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct AuthFields {
    #[serde(default, deserialize_with = "usual_where_empty")]
    signature: Option<SignatureAuth>,
    #[serde(default, deserialize_with = "usual_where_empty")]
    subscription: Option<SubscriptionAuth>,
    #[serde(default, deserialize_with = "never_empty")]
    token: Option<TokenAuth>,
}

/// Reads the settings of a kind. Where nothing stands behind its word, it is named nevertheless, with the usual ones.
fn usual_where_empty<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(Some(Option::<T>::deserialize(deserializer)?.unwrap_or_default()))
}

fn never_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TokenAuth>, D::Error> {
    Option::deserialize(deserializer)?.map(Some).ok_or_else(|| D::Error::custom(TOKEN_SETTINGS))
}

/// The error where a kind in a list has settings.
const SETTINGS_IN_LIST: &str = "a list has no settings: write several kinds with settings as one map, like `auth: \
                                {subscription: {}, token: {issuer: URL, audience: NAME, jwks: FILE-OR-URL}}`";

/// The error where tokens are named without their settings.
const TOKEN_SETTINGS: &str =
    "tokens need settings: write `auth: {token: {issuer: URL, audience: NAME, jwks: FILE-OR-URL}}`";

impl TokenAuth {
    fn check(&self) -> Result<(), &'static str> {
        if self.issuer.is_empty() {
            return Err("`issuer` must be the `iss` of the tokens, and not empty");
        }
        if self.audience.is_empty() || self.audience.iter().any(String::is_empty) {
            return Err("`audience` must be one or more values of `aud` in the tokens, and not empty");
        }
        if !(60..=604_800).contains(&self.jwks_keep_s) {
            return Err("`jwks_keep_s` is from 60 to 604800");
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for AuthVisitor {
    type Value = Auth;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            "`none`, `signature`, `subscription`, a list of kinds, or a map with their settings, like those of `token`",
        )
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Auth, E> {
        match text {
            "none" => Ok(Auth::default()),
            "signature" => Ok(Auth::default().with(KeyKind::Signature)),
            "subscription" => Ok(Auth::default().with(KeyKind::Subscription)),
            "token" => Err(E::custom(TOKEN_SETTINGS)),
            several if several.contains(',') => {
                Err(E::custom("several kinds are written as a list, like `[signature, subscription]`"))
            }
            other => Err(E::unknown_variant(other, &["none", "signature", "subscription"])),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Auth, A::Error> {
        let kinds: Vec<ListedKind> = Deserialize::deserialize(SeqAccessDeserializer::new(list))?;
        let kinds: Vec<KeyKind> = kinds.into_iter().map(|ListedKind(kind)| kind).collect();
        if kinds.is_empty() {
            return Err(A::Error::custom("the list names no kind: write `none` where anybody may call"));
        }
        if kinds.contains(&KeyKind::Token) {
            return Err(A::Error::custom(TOKEN_SETTINGS));
        }
        Ok(kinds.into_iter().fold(Auth::default(), Auth::with))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Auth, A::Error> {
        let AuthFields { signature, subscription, token } = Deserialize::deserialize(MapAccessDeserializer::new(map))?;
        let auth = Auth { signature, subscription, token };
        let error = |text: &str| Err(A::Error::custom(text));
        if auth.is_none() {
            return error("the map names no kind: write `none` where anybody may call");
        }
        let is_header =
            |name: &String| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let are_headers = |headers: &Vec<String>| !headers.is_empty() && headers.iter().all(is_header);
        if auth.subscription.as_ref().is_some_and(|subscription| !are_headers(&subscription.headers)) {
            return error("`headers` is a list of names of headers, of letters, digits and hyphens");
        }
        if let Some(Err(fault)) = auth.token.as_ref().map(TokenAuth::check) {
            return error(fault);
        }
        Ok(auth)
    }
}

impl schemars::JsonSchema for Auth {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Auth".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let (kind, fields) = (generator.subschema_for::<KeyKind>(), generator.subschema_for::<AuthFields>());
        schemars::json_schema!({
            "description": "How callers of a real backend authenticate; one kind suffices.",
            "anyOf": [
                {"const": "none"},
                kind,
                {"type": "array", "items": kind, "minItems": 1},
                fields,
            ],
        })
    }
}

#[cfg(test)]
mod tests;
