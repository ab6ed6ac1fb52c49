//! Requests that a command signs, or gives a key, with a secret that is on this machine.

use clap::ValueEnum;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::context::Context;
use super::error::{CommandError, Exit};
use crate::access::message_signature::{MessageSigner, MessageSigningKey};
use crate::access::sigv4::{SCHEMES, SignatureScheme, Signer};
use crate::access::{HmacSecret, Key, PrivateKey, SecretId, SigningRequest};
use crate::model::{KeyKind, KeyName};
use crate::workspace::SecretSources;

/// The scheme of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemeArgument {
    /// JDCLOUD2-HMAC-SHA256
    Jdcloud2,
    /// JDCLOUD3-HMAC-SHA256
    Jdcloud3,
    /// AWS4-HMAC-SHA256
    Aws4,
    /// HTTP Message Signatures (RFC 9421)
    Rfc9421,
}

/// Method of signing a request with a secret.
enum SigningMethod {
    Sigv4(&'static SignatureScheme),
    MessageHmac,
    MessageEd25519(PrivateKey),
}

impl SigningMethod {
    fn choose(
        scheme: Option<SchemeArgument>,
        (key, id, secret): (&Key, &SecretId, &HmacSecret),
    ) -> Result<Self, CommandError> {
        // A secret on this machine is that of its proof, so that a text that reads as a pair is one.
        match (scheme, secret.private_key()) {
            (None | Some(SchemeArgument::Rfc9421), Some(pair)) => Ok(Self::MessageEd25519(pair)),
            (Some(_), Some(_)) => {
                let message =
                    format!("secret {id} of key {} is an Ed25519 key pair, which signs with rfc9421 only", key.name);
                Err(CommandError::invalid("key-scheme", message).hint("leave `--scheme` out"))
            }
            (None | Some(SchemeArgument::Jdcloud2), None) => Ok(Self::Sigv4(&SCHEMES[0])),
            (Some(SchemeArgument::Jdcloud3), None) => Ok(Self::Sigv4(&SCHEMES[1])),
            (Some(SchemeArgument::Aws4), None) => Ok(Self::Sigv4(&SCHEMES[2])),
            (Some(SchemeArgument::Rfc9421), None) => Ok(Self::MessageHmac),
        }
    }
}

/// Finds a key and a secret of it on this machine.
pub(super) fn key_with_secret(
    context: &Context<'_>,
    name: &KeyName,
) -> Result<(Key, SecretId, HmacSecret), CommandError> {
    let workspace = context.workspace()?;
    let (key, _) = workspace.key(name)?;
    if key.kind == KeyKind::Token {
        let message = format!("key {name} is of kind token, and its tokens come from its issuer");
        return Err(CommandError::invalid("key-kind", message)
            .hint("send one with `-H 'Authorization: Bearer TOKEN'`, without `--key`"));
    }
    let sources = SecretSources::read(workspace, &context.process.variables);
    match workspace.secret_of_key(&sources, &key, context.now())? {
        Some((id, Some(secret))) => return Ok((key, id, secret)),
        Some((id, None)) => {
            let message = format!("the secret {id} on this machine is not the one of key {name}");
            return Err(CommandError::invalid("secret-differs", message).hint(format!(
                "correct it where it stands, in the variable APIGW_SECRET_{id} or in .apigw/secrets/{id}: it is the text that \
                 was made with this id"
            )));
        }
        None => {}
    }
    let revoked = workspace.revoked_secrets()?;
    let mut live = key.live_secrets(context.now()).filter(|secret| !revoked.contains(&secret.id)).peekable();
    if live.peek().is_none() {
        return Err(CommandError::invalid("no-secret", format!("all secrets of key {name} are revoked or expired"))
            .hint(format!("make a new one: `apigw key rotate {name} --to FILE`")));
    }
    let id = live.last().map_or("ID", |secret| secret.id.as_str()).to_owned();
    let message = format!("no secret of key {name} is on this machine");
    let hint = format!("give it in the variable APIGW_SECRET_{id}, or put it into .apigw/secrets/{id} (mode 0600)");
    Err(CommandError::invalid("no-secret", message).hint(hint))
}

/// Signs a request with a key: returns the headers to send with it.
pub(super) fn sign_with_key(
    context: &Context<'_>,
    name: &KeyName,
    scheme: Option<SchemeArgument>,
    request: &SigningRequest<'_>,
) -> Result<Vec<(&'static str, String)>, CommandError> {
    let (key, id, secret) = key_with_secret(context, name)?;
    if key.kind != KeyKind::Signature {
        return Err(CommandError::invalid(
            "key-kind",
            format!("key {name} is of kind {}, and does not sign requests", key.kind),
        )
        .hint("send the text of a subscription key in the header x-api-key"));
    }
    sign(context, (&key, &id, &secret), scheme, request)
}

/// Signs a request with a secret of a key.
pub(super) fn sign(
    context: &Context<'_>,
    (key, id, secret): (&Key, &SecretId, &HmacSecret),
    scheme: Option<SchemeArgument>,
    request: &SigningRequest<'_>,
) -> Result<Vec<(&'static str, String)>, CommandError> {
    let nonce = nonce()?;
    let sign_message = |signing_key: MessageSigningKey<'_>| {
        let signer = MessageSigner { key_id: id.as_str(), key: signing_key };
        let signed = signer.sign(request, context.now(), &nonce);
        signed.map_err(|fault| CommandError::usage(format!("the request cannot be signed: {fault}")))
    };
    let signed = match SigningMethod::choose(scheme, (key, id, secret))? {
        SigningMethod::MessageEd25519(pair) => sign_message(MessageSigningKey::Ed25519(&pair))?,
        SigningMethod::MessageHmac => sign_message(MessageSigningKey::Hmac(secret.reveal()))?,
        SigningMethod::Sigv4(scheme) => Signer::of_key(key, scheme, id, secret).sign(request, context.now(), &nonce),
    };
    let is_signed = |name: &str| signed.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    // Sent twice, with two values, a gateway refuses it.
    match request.headers.iter().find(|(name, _)| is_signed(name)) {
        Some((name, _)) => {
            Err(CommandError::usage(format!("the header {name:?} comes from the signature")).hint("leave it out"))
        }
        None => Ok(signed),
    }
}

/// Makes a nonce of 128 random bits.
fn nonce() -> Result<String, CommandError> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| CommandError::new("random", Exit::Failed, "the system provides no random bytes"))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
