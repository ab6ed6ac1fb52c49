use super::*;
use crate::snapshot::{DefinitionError, DefinitionSource};

fn place(text: &str) -> ParameterPlace {
    text.parse().expect("a place")
}

fn forward(parameters: &[(&str, &str)], constants: &[(&str, &str)]) -> GroupForward {
    let backend = |name: &str| Backend { targets: Vec::new(), name: name.into() };
    GroupForward {
        keep_prefix: false,
        connect_timeout: Duration::ZERO,
        response_timeout: Duration::ZERO,
        idle_timeout: Duration::ZERO,
        websocket_idle_timeout: Duration::ZERO,
        retry: true,
        keep_host: false,
        backend: backend("default"),
        rules: Rules {
            parameters: parameters
                .iter()
                .map(|(from, to)| ParameterMapping { from: place(from), to: place(to) })
                .collect(),
            constants: constants
                .iter()
                .map(|(to, value)| ConstantParameter { to: place(to), value: (*value).to_owned() })
                .collect(),
            routes: vec![
                (place("header.x-canary"), vec!["1".to_owned(), "2".to_owned()], backend("canary")),
                (place("query.beta"), Vec::new(), backend("beta")),
            ],
        },
    }
}

fn outgoing<'a>(query: &'a str, headers: &[(&'static str, &'static str)]) -> Outgoing<'a> {
    let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    Outgoing {
        path: "/pets/a%20b",
        query: Some(Cow::Borrowed(query)),
        path_parameters: vec![("id", Cow::Borrowed("a%20b"))],
        headers: headers.collect(),
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

fn content(forwarding: &str, files: &[(&str, &[u8])]) -> GroupContent {
    let settings = format!("schema: 1\nversion: \"0.0.1\"\nprefix: /g\nforwarding: {forwarding}\n");
    let files = files.iter().map(|(name, bytes)| ((*name).to_owned(), Arc::from(*bytes)));
    GroupContent {
        settings: Arc::new(serde_yaml::from_str(&settings).expect("settings")),
        definition: DefinitionSource::new(|| Err(DefinitionError::Invalid(Vec::new()))),
        tls_files: Arc::new(files.collect()),
    }
}

fn compiler<'a>(origins: &'a Origins, content: &'a GroupContent) -> ForwardCompiler<'a> {
    ForwardCompiler { origins, variables: None, content, allow_addresses: &[] }
}

#[test]
fn settings_that_no_request_could_follow_are_refused() {
    let origins = Origins::new();
    let url = "http://a.example".parse().expect("an address");
    let constant = content("{constants: [{to: header.x-a, value: \"a\\nb\"}]}", &[]);
    let refused = compiler(&origins, &constant).group(&url).err().unwrap_or_default();
    assert!(refused.contains("cannot stand in a header"), "{refused}");
    let path = content("{apis: {a: {path: v1}}}", &[]);
    let refused = compiler(&origins, &path).api("a").err().unwrap_or_default();
    assert!(refused.contains("must begin with a slash"), "{refused}");
}

#[test]
fn who_trusts_another_file_of_the_same_name_has_connections_of_its_own() {
    let origins = Origins::new();
    let url = "https://a.example".parse().expect("an address");
    let backends: Vec<GroupForward> = [
        &include_bytes!("../../../../tests/certificates/shop.crt")[..],
        include_bytes!("../../../../tests/certificates/localhost.crt"),
    ]
    .iter()
    .map(|file| compiler(&origins, &content("{tls: {ca: ca.pem}}", &[("ca.pem", file)])).group(&url).expect("it"))
    .collect();
    assert_ne!(backends[0].backend.targets[0].origin.id, backends[1].backend.targets[0].origin.id);
}

#[test]
fn what_an_api_says_comes_after_what_its_group_says() {
    let forward = forward(&[("query.limit", "header.x-limit")], &[("header.x-const", "group")]);
    let constants = vec![ConstantParameter { to: place("header.x-const"), value: "api".to_owned() }];
    let rules = Rules { constants, ..Rules::default() };
    let api = ApiForward { response_timeout: None, path: None, backend: None, rules };
    let mut outgoing = outgoing("a=b", &[("x-limit", "7")]);
    forward.apply(Some(&api), &mut outgoing).expect("values that can stand there");
    assert_eq!(outgoing.headers["x-const"], "api");
    assert_eq!(outgoing.headers["x-limit"], "7", "what is not there replaces nothing");
}
