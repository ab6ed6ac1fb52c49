//! Callers with keys, signatures and tokens, of a workspace that knows them.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use apigw::access::sigv4::{SCHEMES, Signer};
use apigw::access::{NewSecret, PathForm, PrivateKey, SecretId, SigningRequest};
use apigw::model::Timestamp;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;

use crate::measure::Caller;
use crate::served;

const ISSUER: &str = "https://id.example.com";

/// The groups, each with its `auth`.
const GROUPS: [(&str, &str); 4] = [
    ("open", "none"),
    ("key", "subscription"),
    ("signed", "signature"),
    ("token", "{token: {issuer: \"https://id.example.com\", audience: pets, jwks: bench.json}}"),
];

/// The callers, and the workspace that lets them in.
pub(crate) struct Callers {
    pub(crate) workspace: tempfile::TempDir,
    /// Secrets and scripts; outside of the workspace, for commands write no secret where Git would see it.
    outside: tempfile::TempDir,
    key: String,
    signing: (String, String),
    tokens: [String; 2],
    nonces: usize,
}

/// Returns the host of a group.
pub(crate) fn host(group: &str) -> String {
    format!("{group}.test.apigw.localhost")
}

/// Returns the path of a group's API.
pub(crate) fn path(group: &str) -> String {
    format!("/{group}/r0")
}

impl Callers {
    /// Publishes the groups with a backend, and creates a key of each kind.
    pub(crate) fn new(backend: &str) -> Result<Self, Box<dyn Error>> {
        let (workspace, outside) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let file = |name: &str, text: &str| {
            let path = workspace.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
            std::fs::write(path, text)
        };
        file("apigw.toml", "schema = 1\n")?;
        for (group, auth) in GROUPS {
            let settings = format!(
                "schema: 1\nversion: \"0.0.1\"\nprefix: /{group}\nbackend: {backend}\nauth: {auth}\nforwarding: \
                 {{pass_credentials: true}}\n"
            );
            file(&format!("groups/{group}/group.yaml"), &settings)?;
            file(&format!("groups/{group}/openapi.yaml"), &served::definition(1))?;
        }
        let (key_set, tokens) = tokens(outside.path())?;
        file("keys/jwks/bench.json", &key_set)?;
        let apigw = |line: &str| run(served::apigw(&workspace).args(line.split(' ')));
        apigw("publish --all --env test -y")?;
        let to = |name: &str| outside.path().join(name).display().to_string();
        apigw(&format!("key create app --kind subscription --to {}", to("app")))?;
        apigw(&format!("key create shop --kind signature --to {}", to("shop")))?;
        apigw(&format!("key create robot --kind token --issuer {ISSUER} --subject robot"))?;
        for (key, group) in [("app", "key"), ("shop", "signed"), ("robot", "token")] {
            apigw(&format!("access grant {key} {group} --env test"))?;
        }
        let shown: serde_json::Value = serde_json::from_str(&apigw("-o json key show shop")?)?;
        let id = shown.pointer("/secrets/0/id").and_then(|id| id.as_str()).ok_or("no id of a secret")?.to_owned();
        let read = |name: &str| std::fs::read_to_string(to(name)).map(|text| text.trim().to_owned());
        let (key, signing) = (read("app")?, (id, read("shop")?));
        Ok(Self { workspace, outside, key, signing, tokens, nonces: 0 })
    }

    /// Returns the subscription key.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Returns the caller of a group with its subscription key.
    pub(crate) fn with_key(&self, group: &str) -> Caller {
        Caller { headers: vec![("Host", host(group)), ("x-api-key", self.key.clone())], ..Caller::default() }
    }

    /// Returns the caller of a group with a token: the first is signed with RS256, the second with Ed25519.
    pub(crate) fn with_token(&self, group: &str, which: usize) -> Caller {
        let token = self.tokens.get(which).cloned().unwrap_or_default();
        Caller {
            headers: vec![("Host", host(group)), ("authorization", format!("Bearer {token}"))],
            ..Caller::default()
        }
    }

    /// Returns a caller with a subscription key of an unknown id, or with the id of the key and another secret.
    pub(crate) fn with_wrong_key(&self, is_known: bool) -> Result<Caller, Box<dyn Error>> {
        let known = self.key.split('_').nth(1).unwrap_or_default();
        let id: SecretId = if is_known { known } else { "unknown2345unkno" }.parse()?;
        let key = NewSecret::for_subscription(&id, &SystemRandom::new()).map_err(|_| "no randomness")?;
        let headers = vec![("Host", host("key")), ("x-api-key", key.reveal().to_owned())];
        Ok(Caller { headers, is_refused: true, ..Caller::default() })
    }

    /// Returns a caller whose signature is of an unknown id, or of the id of the key and another secret.
    pub(crate) fn with_wrong_signature(&self, is_known: bool) -> Result<Caller, Box<dyn Error>> {
        let id = if is_known { self.signing.0.as_str() } else { "unknown2345unkno" };
        let mut headers = sign((id, "another secret"), "signed", now()?, "nonce");
        headers.push(("Host", host("signed")));
        Ok(Caller { headers, is_refused: true, ..Caller::default() })
    }

    /// Signs so many requests to a group as JDCLOUD2, each with a nonce of its own, and returns the caller that sends
    /// them.
    pub(crate) fn with_signatures(&mut self, group: &str, count: usize) -> Result<Caller, Box<dyn Error>> {
        let (file, script) = (self.outside.path().join("requests"), self.outside.path().join("requests.lua"));
        let now = now()?;
        let mut text = String::new();
        for number in self.nonces..self.nonces + count {
            let (id, secret) = &self.signing;
            write!(text, "GET {} HTTP/1.1\r\nHost: {}\r\n", path(group), host(group))?;
            for (name, value) in sign((id, secret), group, now, &format!("nonce-of-a-benchmark-{number}")) {
                write!(text, "{name}: {value}\r\n")?;
            }
            text.push_str("\r\n\0");
        }
        self.nonces += count;
        std::fs::write(&file, text)?;
        std::fs::write(&script, lua(&file))?;
        Ok(Caller { script: Some(script), ..Caller::default() })
    }
}

/// Returns a script that sends the requests of a file, one after another.
fn lua(file: &Path) -> String {
    format!(
        "local requests, count, sent = {{}}, 0, 0\nlocal file = io.open(\"{}\", \"rb\")\n\
         for text in file:read(\"*a\"):gmatch(\"(.-)%z\") do count = count + 1; requests[count] = text end\n\
         file:close()\nfunction request() sent = sent + 1; return requests[sent] or requests[count] end\n",
        file.display()
    )
}

fn now() -> Result<Timestamp, Box<dyn Error>> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(Timestamp::from_milliseconds(i64::try_from(since.as_millis())?))
}

fn sign((key_id, secret): (&str, &str), group: &str, now: Timestamp, nonce: &str) -> Vec<(&'static str, String)> {
    let signer = Signer {
        scheme: &SCHEMES[0],
        key_id,
        secret: secret.as_bytes(),
        region: "local",
        service: "apigw",
        path_form: PathForm::Sent,
    };
    let (path, authority) = (path(group), host(group));
    let request =
        SigningRequest { method: "GET", path: &path, query: "", authority: &authority, headers: &[], body: b"" };
    signer.sign(&request, now, nonce)
}

/// Makes a set of two public keys, and a token of each: RS256 through OpenSSL, and Ed25519.
fn tokens(folder: &Path) -> Result<(String, [String; 2]), Box<dyn Error>> {
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let path = |name: &str| -> PathBuf { folder.join(name) };
    let openssl = |line: &str| run(Command::new("openssl").current_dir(folder).args(line.split(' ')));
    openssl("genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem")?;
    let modulus = openssl("rsa -in rsa.pem -noout -modulus")?;
    let digits = modulus.trim().strip_prefix("Modulus=").ok_or("no modulus")?;
    let byte = |at: usize| digits.get(at..at + 2).map(|pair| u8::from_str_radix(pair, 16));
    let modulus = (0..digits.len()).step_by(2).filter_map(byte).collect::<Result<Vec<u8>, _>>()?;
    let pair = PrivateKey::generate(&SystemRandom::new()).map_err(|_| "no randomness")?;
    let public = BASE64_STANDARD.decode(pair.public().to_string())?;
    let keys = serde_json::json!({"keys": [
        {"kty": "RSA", "kid": "rsa", "alg": "RS256", "use": "sig", "n": encode(&modulus), "e": "AQAB"},
        {"kty": "OKP", "kid": "ed", "alg": "EdDSA", "use": "sig", "crv": "Ed25519", "x": encode(&public)},
    ]});
    let expires = now()?.milliseconds() / 1000 + 86_400;
    let claims = serde_json::json!({"iss": ISSUER, "aud": "pets", "sub": "robot", "exp": expires});
    let signed = |header: &str| format!("{}.{}", encode(header.as_bytes()), encode(claims.to_string().as_bytes()));
    let rsa = signed("{\"alg\":\"RS256\",\"kid\":\"rsa\"}");
    std::fs::write(path("text"), &rsa)?;
    openssl("dgst -sha256 -sign rsa.pem -out signature text")?;
    let rsa = format!("{rsa}.{}", encode(&std::fs::read(path("signature"))?));
    let ed = signed("{\"alg\":\"EdDSA\",\"kid\":\"ed\"}");
    let ed = format!("{ed}.{}", encode(&pair.sign(ed.as_bytes())));
    Ok((keys.to_string(), [rsa, ed]))
}

/// Runs a command, which must succeed, and returns its output.
pub(crate) fn run(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
