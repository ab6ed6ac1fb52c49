//! Published tokens, and each way in which one lets nobody in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::access::PrivateKey;

const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
                       MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n";
const PUBLIC: &str = "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs";
/// RFC 7515, appendices A.2 and A.3.
const MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4Ql\
                       L-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs\
                       LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoud\
                       F8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const RS256: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujG\
                     bds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K\
                     0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6\
                     LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const ES256: &str = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const EC_X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const EC_Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
const NOW_S: i64 = 1_800_000_000;

fn set(keys: &Value) -> TokenKeySet {
    TokenKeySet::parse(&json!({ "keys": keys }).to_string()).unwrap()
}

fn own_set() -> TokenKeySet {
    set(&json!([{"kty": "OKP", "crv": "Ed25519", "x": PUBLIC, "kid": "k1", "use": "sig"}]))
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn token(header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let signature = PrivateKey::parse(PRIVATE).unwrap().sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn header() -> Value {
    json!({"alg": "EdDSA", "kid": "k1", "typ": "at+jwt"})
}

fn claims() -> Value {
    json!({"iss": "https://id.example", "sub": "robot", "aud": ["pets", "other"], "exp": NOW_S + 60, "iat": NOW_S,
           "scope": "pets:read pets:write"})
}

/// Replaces a member, or removes it where the value is null.
fn with(mut object: Value, name: &str, value: Value) -> Value {
    let members = object.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name)
    } else {
        members.insert(name.to_owned(), value)
    };
    object
}

fn settings() -> TokenAuth {
    serde_json::from_value(json!({"issuer": "https://id.example", "audience": "pets", "jwks": "id.json"})).unwrap()
}

#[test]
fn published_tokens_are_verified_with_the_algorithm_of_the_key() {
    let rsa = json!({"kty": "RSA", "n": MODULUS, "e": "AQAB"});
    let curve = json!({"kty": "EC", "crv": "P-256", "x": EC_X, "y": EC_Y});
    let (rs256, es256) =
        (format!("eyJhbGciOiJSUzI1NiJ9.{CLAIMS}.{RS256}"), format!("eyJhbGciOiJFUzI1NiJ9.{CLAIMS}.{ES256}"));
    // The signature is right, and the claims of these examples name no subject.
    let right = Err(TokenFault::NoClaim("sub"));
    assert_eq!(set(&json!([rsa])).verify(&rs256), right);
    assert_eq!(set(&json!([curve])).verify(&es256), right);
    assert_eq!(set(&json!([rsa])).verify(&es256), Err(TokenFault::Algorithm));
    let other = with(rsa, "alg", json!("PS256"));
    assert_eq!(set(&json!([other])).verify(&rs256), Err(TokenFault::Algorithm));
    let changed = rs256.replace("cC4hi", "cC4hj");
    assert_eq!(set(&json!([{"kty": "RSA", "n": MODULUS, "e": "AQAB"}])).verify(&changed), Err(TokenFault::Signature));
}

#[test]
fn a_token_lets_in_and_each_fault_is_named() {
    use TokenFault::{Algorithm, Audience, Critical, Issuer, Malformed, NoClaim, OtherType, TooLong, UnknownKey};
    let now = Timestamp::from_milliseconds(NOW_S * 1000);
    let judge = |token: &str| own_set().verify(token)?.check(&settings(), now);
    assert_eq!(judge(&token(&header(), &claims())), Ok(()));
    let at = |seconds: i64| Timestamp::from_milliseconds((NOW_S + seconds) * 1000);
    for (name, value, expected) in [
        ("exp", Value::Null, Err(NoClaim("exp"))),
        ("exp", json!(NOW_S), Err(TokenFault::Expired(at(0)))),
        ("exp", json!(1e300), Ok(())),
        ("exp", json!("soon"), Err(TokenFault::Claims)),
        ("aud", json!(7), Err(TokenFault::Claims)),
        ("iss", json!("https://id.example/"), Err(Issuer)),
        ("iss", Value::Null, Err(NoClaim("iss"))),
        ("sub", Value::Null, Err(NoClaim("sub"))),
        ("sub", json!(""), Err(NoClaim("sub"))),
        ("aud", json!("cats"), Err(Audience)),
        ("aud", json!([]), Err(Audience)),
        ("aud", Value::Null, Err(NoClaim("aud"))),
        ("aud", json!("pets"), Ok(())),
        ("nbf", json!(NOW_S + 61), Err(TokenFault::Future("nbf", at(61)))),
        ("nbf", json!(NOW_S + 60), Ok(())),
        ("iat", json!(NOW_S + 61), Err(TokenFault::Future("iat", at(61)))),
        ("iat", Value::Null, Ok(())),
    ] {
        assert_eq!(judge(&token(&header(), &with(claims(), name, value.clone()))), expected, "{name} {value}");
    }
    for (name, value, expected) in [
        ("alg", json!("none"), Err(Malformed)),
        ("alg", json!("HS256"), Err(Algorithm)),
        ("alg", json!("ES256"), Err(Algorithm)),
        ("alg", Value::Null, Err(Malformed)),
        ("kid", json!("k2"), Err(UnknownKey)),
        ("kid", Value::Null, Ok(())),
        ("typ", json!("logout+jwt"), Err(OtherType)),
        ("typ", Value::Null, Ok(())),
        ("crit", json!(["x"]), Err(Critical)),
        ("crit", json!([]), Err(Critical)),
        ("jku", json!("https://evil.example/keys"), Ok(())),
        ("x5u", json!("https://evil.example/keys"), Ok(())),
    ] {
        assert_eq!(judge(&token(&with(header(), name, value.clone()), &claims())), expected, "{name} {value}");
    }
    let whole = token(&header(), &claims());
    for broken in [String::new(), "a.b".to_owned(), format!("{whole}.x"), whole.replace('.', " ")] {
        assert_eq!(judge(&broken), Err(Malformed), "{broken}");
    }
    assert_eq!(judge(&"x".repeat(LONGEST_TOKEN + 1)), Err(TooLong));
    for index in 0..whole.len() {
        let mut bytes = whole.clone().into_bytes();
        bytes[index] = if bytes[index] == b'x' { b'y' } else { b'x' };
        // The last character of a part may hold bits that are not read; `ring` and the decoder refuse those, too.
        assert!(judge(&String::from_utf8(bytes).unwrap()).is_err(), "{index}");
    }
}

#[test]
fn a_public_key_is_no_shared_secret() {
    let message = format!("{}.{}", encoded(&with(header(), "alg", json!("HS256"))), encoded(&claims()));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &URL_SAFE_NO_PAD.decode(PUBLIC).unwrap());
    let signature = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, message.as_bytes()).as_ref());
    assert_eq!(own_set().verify(&format!("{message}.{signature}")), Err(TokenFault::Algorithm));
}

#[test]
fn a_key_of_the_token_itself_is_not_believed() {
    let other = PrivateKey::generate(&ring::rand::SystemRandom::new()).unwrap();
    let header = with(header(), "jwk", json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}));
    let message = format!("{}.{}", encoded(&header), encoded(&claims()));
    let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode(other.sign(message.as_bytes())));
    assert_eq!(own_set().verify(&forged), Err(TokenFault::Signature));
}

#[test]
fn scopes_are_those_of_one_of_the_lists() {
    let claims = own_set().verify(&token(&header(), &claims())).unwrap();
    let list = |scopes: &[&str]| scopes.iter().map(|&scope| scope.to_owned()).collect::<Vec<_>>();
    for (any_of, has_them) in [
        (vec![], true),
        (vec![list(&[])], true),
        (vec![list(&["pets:read"])], true),
        (vec![list(&["pets:read", "pets:write"])], true),
        (vec![list(&["pets:read", "pets:delete"])], false),
        (vec![list(&["pets:delete"]), list(&["pets:write"])], true),
        (vec![list(&["pets"])], false),
    ] {
        assert_eq!(claims.has_scopes(&any_of), has_them, "{any_of:?}");
    }
}

#[test]
fn a_key_set_that_opens_a_door_is_refused() {
    let own = json!({"kty": "OKP", "crv": "Ed25519", "x": PUBLIC, "kid": "k1"});
    let rsa = json!({"kty": "RSA", "n": MODULUS, "e": "AQAB", "kid": "k1"});
    for (keys, expected) in [
        (json!([]), KeySetFault::NoKey),
        (json!([{"kty": "oct", "k": "AAAA"}]), KeySetFault::Shared("1".to_owned())),
        (json!([own, {"kty": "oct", "k": "AAAA", "kid": "k2"}]), KeySetFault::Shared("2".to_owned())),
        (json!([with(own.clone(), "d", json!("AAAA"))]), KeySetFault::Private("1".to_owned())),
        (json!([with(rsa.clone(), "p", json!("AAAA"))]), KeySetFault::Private("1".to_owned())),
        (json!([own, own]), KeySetFault::RepeatedId("k1".to_owned())),
        (json!([own, with(rsa.clone(), "kid", Value::Null)]), KeySetFault::NoId("2".to_owned())),
        (json!([with(rsa.clone(), "n", json!("ofgWCuLj"))]), KeySetFault::Size("1".to_owned(), 48)),
        (json!([with(rsa.clone(), "n", json!("not/base64"))]), KeySetFault::Key("1".to_owned())),
        (json!([with(rsa.clone(), "use", json!("enc"))]), KeySetFault::NoKey),
        (json!([with(rsa.clone(), "alg", json!("HS256"))]), KeySetFault::NoKey),
        (json!([with(rsa.clone(), "key_ops", json!(["encrypt"]))]), KeySetFault::NoKey),
        (json!([with(rsa.clone(), "e", json!("AQ"))]), KeySetFault::Open("1".to_owned())),
        (json!([with(rsa.clone(), "e", json!("AAAB"))]), KeySetFault::Open("1".to_owned())),
        (json!([with(rsa.clone(), "e", json!("BA"))]), KeySetFault::Key("1".to_owned())),
        (json!([with(own.clone(), "x", json!(format!("AQ{}", "A".repeat(41))))]), KeySetFault::Open("1".to_owned())),
        (json!([with(own.clone(), "x", json!("A".repeat(43)))]), KeySetFault::Open("1".to_owned())),
        (json!([with(own.clone(), "x", json!("AQ"))]), KeySetFault::Key("1".to_owned())),
        (json!([{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]), KeySetFault::Key("1".to_owned())),
        (json!([7]), KeySetFault::Key("1".to_owned())),
        (json!("keys"), KeySetFault::Malformed),
    ] {
        let parsed = TokenKeySet::parse(&json!({ "keys": keys }).to_string());
        assert_eq!(parsed.err(), Some(expected), "{keys}");
    }
    assert_eq!(TokenKeySet::parse("{").err(), Some(KeySetFault::Malformed));
}

#[test]
fn a_verified_token_is_remembered_for_its_keys_and_for_five_minutes() {
    let cache = TokenCache::default();
    let token = token(&header(), &claims());
    let first = cache.verify(&own_set(), &token, 0).unwrap();
    assert!(Arc::ptr_eq(&first, &cache.verify(&own_set(), &token, 299_999).unwrap()));
    assert!(!Arc::ptr_eq(&first, &cache.verify(&own_set(), &token, 300_000).unwrap()));
    let others = set(&json!([{"kty": "EC", "crv": "P-256", "x": EC_X, "y": EC_Y, "kid": "k1"}]));
    assert_eq!(cache.verify(&others, &token, 1), Err(TokenFault::Algorithm));
    assert_eq!(cache.verify(&own_set(), &format!("{token}x"), 1), Err(TokenFault::Signature));
}
