use super::*;

fn read(text: &str) -> Result<Auth, String> {
    serde_saphyr::from_str(text).map_err(|error| error.to_string())
}

#[test]
fn a_word_a_list_and_a_map_are_read() {
    let both = Auth::default().with(KeyKind::Signature).with(KeyKind::Subscription);
    assert_eq!(read("none").unwrap(), Auth::default());
    assert_eq!(read("signature").unwrap().to_string(), "signature");
    assert_eq!(read("[subscription, signature]").unwrap(), both);
    assert_eq!(read("{signature: {}, subscription: {}}").unwrap(), both);
    let set = read("{signature: {tolerance_s: 60}, subscription: {headers: [X-Key]}}").unwrap();
    assert_eq!(set.signature, Some(SignatureAuth { tolerance_s: 60 }));
    assert_eq!(set.subscription, Some(SubscriptionAuth { headers: vec!["X-Key".to_owned()] }));
    assert_eq!(read("signature:\nsubscription:\n").unwrap(), both, "named, with the usual settings");
    assert_eq!(serde_json::to_string(&both).unwrap(), "[\"signature\",\"subscription\"]");
    assert_eq!(serde_json::to_string(&Auth::default()).unwrap(), "\"none\"");
}

#[test]
fn what_opens_a_group_by_mistake_is_refused() {
    for text in [
        "magic",
        "[]",
        "{}",
        "[none]",
        "[signature, magic]",
        "{magic: {}}",
        "{signature: {tolerance_s: 0}}",
        "{signature: {tolerance_s: 901}}",
        "{signature: {tolerance_s: 99999999}}",
        "{signature: {tolerance_s: -1}}",
        "{subscription: {headers: []}}",
        "{subscription: {headers: [x_key]}}",
        "token",
        "[signature, token]",
        "{token: {}}",
        "{signature: {}, token: }",
        "[signature, {token: {issuer: i, audience: a, jwks: a.json}}]",
        "[signature, null]",
        "{token: {issuer: '', audience: a, jwks: a.json}}",
        "{token: {issuer: i, audience: [], jwks: a.json}}",
        "{token: {issuer: i, jwks: a.json}}",
        "{token: {issuer: i, audience: a, jwks: ../a.json}}",
        "{token: {issuer: i, audience: a, jwks: .json}}",
        "{token: {issuer: i, audience: a, jwks: 'http://id.example/keys'}}",
        "{token: {issuer: i, audience: a, jwks: a.json, jwks_keep_s: 59}}",
        "{token: {issuer: i, audience: a, jwks: a.json, jwks_keep_s: 604801}}",
        "{token: {issuer: i, audience: a, jwks: a.json, grant: all}}",
        "null",
        "7",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
}

#[test]
fn settings_in_a_list_are_told_where_they_belong() {
    let error = read("[subscription, {token: {issuer: i, audience: a, jwks: a.json}}]").unwrap_err();
    assert!(error.contains("auth: {subscription: {}, token: {"), "{error}");
    let error = read("[subscription, magic]").unwrap_err();
    assert!(error.contains("unknown variant `magic`, expected one of signature, subscription, token"), "{error}");
}
