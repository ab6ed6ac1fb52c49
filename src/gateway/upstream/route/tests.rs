use super::*;
use crate::routes::{FixedParameter, ForwardTimeouts};

fn place(text: &str) -> ParameterReference {
    text.parse().expect("a place")
}

fn constant(to: &str, value: &str) -> RequestMapping {
    RequestMapping::Set(FixedParameter { to: place(to), value: value.to_owned(), is_secret: false })
}

fn forward(parameters: &[(&str, &str)], constants: &[(&str, &str)]) -> GroupForward {
    let backend = |name: &str| TargetSet { targets: Vec::new(), name: name.into() };
    GroupForward {
        keep_prefix: false,
        connect_timeout: Duration::ZERO,
        response_timeout: Duration::ZERO,
        idle_timeout: Duration::ZERO,
        websocket_idle_timeout: Duration::ZERO,
        retry: true,
        keep_host: false,
        passes_credentials: false,
        sign: None,
        backend: backend("default"),
        rules: RewriteRules {
            mappings: parameters
                .iter()
                .map(|(from, to)| RequestMapping::Move(ParameterMapping { from: place(from), to: place(to) }))
                .chain(constants.iter().map(|(to, value)| constant(to, value)))
                .collect(),
            dynamic: vec![
                DynamicBackend {
                    when: place("header.x-canary"),
                    equals: vec!["1".to_owned(), "2".to_owned()],
                    backend: backend("canary"),
                },
                DynamicBackend { when: place("query.beta"), equals: Vec::new(), backend: backend("beta") },
            ],
        },
    }
}

fn outgoing<'a>(query: &'a str, headers: &[(&'static str, &'static str)]) -> OutgoingRequest<'a> {
    let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    OutgoingRequest {
        path: "/pets/a%20b",
        query: Some(Cow::Borrowed(query)),
        path_parameters: vec![("id", Cow::Borrowed("a%20b"))],
        headers: headers.collect(),
        written: Vec::new(),
    }
}

#[test]
fn the_first_rule_that_matches_decides() {
    let forward = forward(&[], &[]);
    for (query, header, expected) in [
        ("", "0", "default"),
        ("beta", "1", "canary"),
        ("beta=x", "0", "beta"),
        ("b%65ta=x", "0", "beta"),
        ("xbeta=x", "3", "default"),
    ] {
        let outgoing = outgoing(query, &[("x-canary", header)]);
        assert_eq!(&*forward.backend(None, &outgoing).name, expected, "{query} {header}");
    }
}

#[test]
fn parameters_move_and_constants_replace() {
    let forward = forward(
        &[("query.limit", "header.X-Limit"), ("header.x-user", "query.user"), ("query.key", "path.id")],
        &[("query.source", "a b&c"), ("header.x-const", "1")],
    );
    let mut outgoing = outgoing("limit=5&a=b&source=evil&key=x%2Fy", &[("x-user", "m&n"), ("x-const", "evil")]);
    forward.apply(None, &mut outgoing).expect("values that can stand there");
    assert_eq!(outgoing.headers["x-limit"], "5");
    assert_eq!(outgoing.headers["x-const"], "1");
    assert!(!outgoing.headers.contains_key("x-user"));
    assert_eq!(
        outgoing.path_and_query("/base", "", Some("/v2/{id}/x")),
        "/base/v2/x%2Fy/x?a=b&user=m%26n&source=a%20b%26c"
    );
    assert_eq!(outgoing.path_and_query("", "/prefix", None), "/prefix/pets/a%20b?a=b&user=m%26n&source=a%20b%26c");
}

#[test]
fn a_header_moves_byte_for_byte() {
    let forward = forward(&[("header.x-from", "header.x-to")], &[]);
    let mut outgoing = outgoing("", &[("x-to", "evil")]);
    for value in [&b"a\xe9b"[..], b"", b"c"] {
        outgoing.headers.append("x-from", HeaderValue::from_bytes(value).unwrap());
    }
    forward.apply(None, &mut outgoing).expect("values that can stand there");
    let moved: Vec<&[u8]> = outgoing.headers.get_all("x-to").iter().map(HeaderValue::as_bytes).collect();
    assert_eq!(moved, [&b"a\xe9b"[..], b"", b"c"]);
    assert!(!outgoing.headers.contains_key("x-from"));
}

#[test]
fn who_trusts_another_file_of_the_same_name_has_connections_of_its_own() {
    let origins = OriginSet::new();
    let upstream = Upstream { targets: vec!["https://a.example".parse().expect("an address")] };
    let forward = GroupForwarding {
        sign: None,
        passes_credentials: false,
        upstream,
        keep_prefix: false,
        keep_host: false,
        retry: true,
        timeouts: ForwardTimeouts { connect_ms: 1, response_ms: 1, idle_ms: 1, websocket_idle_ms: 1 },
        tls: crate::model::BackendTls { ca: Some("ca.pem".to_owned()), ..Default::default() },
        allow_addresses: Vec::new(),
        dynamic: Vec::new(),
        mappings: Vec::new(),
    };
    let backends: Vec<GroupForward> = [
        &include_bytes!("../../../../tests/certificates/shop.crt")[..],
        include_bytes!("../../../../tests/certificates/localhost.crt"),
    ]
    .iter()
    .map(|file| {
        let tls_files = BTreeMap::from([("ca.pem".to_owned(), Arc::from(*file))]);
        let compiler =
            ForwardCompiler { origins: &origins, forward: &forward, tls_files: &tls_files, allow_addresses: &[] };
        compiler.group().expect("it")
    })
    .collect();
    assert_ne!(backends[0].backend.targets[0].origin.id, backends[1].backend.targets[0].origin.id);
}

#[test]
fn what_an_api_says_comes_after_what_its_group_says() {
    let forward = forward(&[("query.limit", "header.x-limit")], &[("header.x-const", "group")]);
    let rules = RewriteRules { mappings: vec![constant("header.x-const", "api")], ..RewriteRules::default() };
    let api = ApiForward { response_timeout: None, path: None, backend: None, rules };
    let mut outgoing = outgoing("a=b", &[("x-limit", "7")]);
    forward.apply(Some(&api), &mut outgoing).expect("values that can stand there");
    assert_eq!(outgoing.headers["x-const"], "api");
    assert_eq!(outgoing.headers["x-limit"], "7", "what is not there replaces nothing");
}
