//! Odd paths of real definitions: each is routed or named, and takes no other with it.

use std::fmt::Write as _;

use apigw::gateway::Gateway;
use apigw::model;

use super::backend::Backend;
use super::client::get;
use super::snapshot::{config, group, http, settings, snapshot, start};

/// A definition with one GET a path, each of which answers its own number; `{a}` and `{b}` are texts unless said
/// otherwise.
fn definition(paths: &[(&str, &str)]) -> String {
    let mut text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n".to_owned();
    for (number, (path, parameters)) in paths.iter().enumerate() {
        let _ = write!(
            text,
            "  '{path}':\n    get:\n      parameters: [{parameters}]\n      responses: {{'200': {{description: d, content: {{text/plain: {{example: 'is {number}'}}}}}}}}\n"
        );
    }
    text
}

#[test]
fn odd_paths_are_routed_and_take_no_other_with_them() {
    let paths = [
        ("/other", ""),
        ("/users/<id>", ""),
        ("/pair/{a}{b}", ""),
        ("/tags/{a:[0-9]{2}}/x", "{name: a, in: path, required: true, schema: {type: integer}}"),
        ("/with blank", ""),
        ("/a#b", ""),
        ("/a", ""),
        ("/m/{a}", "{name: a, in: path, required: true, style: matrix, schema: {type: integer}}"),
        (
            "/me/{a}",
            "{name: a, in: path, required: true, style: matrix, explode: true, schema: {type: array, items: {type: integer}}}",
        ),
        ("/l/{a}", "{name: a, in: path, required: true, style: label, schema: {type: integer}}"),
        ("/e/{a}{b}", "{name: b, in: path, required: true, style: label, schema: {type: string}}"),
        ("/e/{a}", ""),
        ("/q?id={a}", "{name: a, in: path, required: true, schema: {type: integer}}"),
        ("/search{?limit}", ""),
        ("/#Action=One", "{name: Action, in: query, required: true, schema: {enum: [One]}}"),
        ("/#Action=Two", "{name: Action, in: query, required: true, schema: {enum: [Two]}}"),
        ("/broken/{a", ""),
        ("/two//slashes", ""),
        ("/pair/{a}{c}", ""),
        ("/one/{a}{b}", ""),
        ("/one/{a}", ""),
    ];
    let backend = Backend::saying("real");
    let pets = |backend| snapshot(vec![group("pets", "0.0.1", &definition(&paths), &settings(""), backend)]);
    let (mock, real) = (start(config(), &pets(model::Backend::Mock)), start(config(), &pets(http(backend.address))));
    for (target, answer) in [
        ("/other", "200 is 0"),
        ("/users/%3Cid%3E", "200 is 1"),
        ("/pair/xy", "200 is 2"),
        ("/pair/x", "404"),
        ("/tags/12/x", "200 is 3"),
        ("/with%20blank", "200 is 4"),
        ("/a", "200 is 6"),
        ("/m/;a=5", "200 is 7"),
        ("/m/5", "404"),
        ("/me/;a=1;a=2", "200 is 8"),
        ("/l/.5", "200 is 9"),
        ("/e/x.json", "200 is 10"),
        ("/e/x", "200 is 11"),
        ("/q?id=5", "200 is 12"),
        ("/q", "404"),
        ("/search?limit=1", "200 is 13"),
        ("/?Action=Two", "200 is 15"),
        ("/?Action=One", "200 is 14"),
        ("/?Action=Three", "404"),
        ("/other/;a=1", "400"),
        ("/;a=1", "400"),
        ("/m/%3Ba=5", "400"),
        ("/broken/x", "404"),
        ("/one/xy", "200 is 20"),
    ] {
        let told = |gateway: &Gateway| get(gateway.addresses()[0], &format!("/petstore{target}"), "");
        let mocked = told(&mock);
        let found = format!("{} {}", mocked.status, if mocked.status == 200 { &mocked.body } else { "" });
        assert_eq!(found.trim_end(), answer, "{target}");
        let forwarded = told(&real);
        assert_eq!(forwarded.status, mocked.status, "{target}");
        if forwarded.status == 200 {
            let line = backend.received().last().map(|request| request.line().to_owned());
            assert_eq!(line, Some(format!("GET {target} HTTP/1.1")), "{target}");
        }
    }
    for (target, status) in [("/m/;a=x", 400), ("/me/;a=1;a=x", 400), ("/tags/x/x", 400), ("/q?id=x", 400)] {
        assert_eq!(get(mock.addresses()[0], &format!("/petstore{target}"), "").status, status, "{target}");
    }
}

#[test]
fn objects_in_the_style_matrix_are_routed_by_all_that_their_schema_says() {
    let object = "{type: object, properties: {a: {type: integer}, b: {type: boolean}}, required: [a]}";
    for schema in [format!("{{allOf: [{object}]}}"), format!("{{anyOf: [{object}, {{type: object, required: [c]}}]}}")]
    {
        let parameter =
            format!("{{name: o, in: path, required: true, style: matrix, explode: true, schema: {schema}}}");
        let text = definition(&[("/mo/{o}", &parameter)]);
        let pets = group("pets", "0.0.1", &text, &settings(""), model::Backend::Mock);
        let gateway = start(config(), &snapshot(vec![pets]));
        for (target, status) in [("/mo/;a=1;b=true", 200), ("/mo/;a=x;b=true", 400), ("/mo/a=1", 404)] {
            let told = get(gateway.addresses()[0], &format!("/petstore{target}"), "");
            assert_eq!(told.status, status, "{schema} {target}");
        }
    }
}

#[test]
fn the_status_names_what_is_not_routed_and_a_group_without_routes_is_refused() {
    let paths = [("/other", ""), ("/broken/{a", ""), ("/two//slashes", ""), ("/other#x", "")];
    let broken = group("broken", "0.0.1", &definition(&paths[1..2]), &settings(""), model::Backend::Mock);
    let pets = group("pets", "0.0.1", &definition(&paths), &settings(""), model::Backend::Mock);
    let mut config = config();
    config.admin = Some(([127, 0, 0, 1], 0).into());
    let (gateway, rejected) = Gateway::start(config, &snapshot(vec![broken, pets])).expect("a gateway");
    let reasons: Vec<&str> = rejected.iter().map(|rejected| rejected.reason.as_str()).collect();
    assert_eq!(reasons, ["none of its APIs can be served: of GET /broken/{a, its path has a brace that is not closed"]);
    let status = get(gateway.admin_address().expect("an address"), "/-/status", "").body;
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(
        status["environments"][0]["groups"][1]["not_served"],
        serde_json::json!([
            {"api": "GET /broken/{a", "reason": "its path has a brace that is not closed"},
            {"api": "GET /two//slashes", "reason": "its path is read in more than one way"},
            {"api": "GET /other#x", "reason": "its requests are those of GET /other on line 5"},
        ])
    );
    assert_eq!(get(gateway.addresses()[0], "/petstore/other", "").status, 200);
}

#[test]
fn a_preflight_is_answered_where_its_request_may_have_a_semicolon() {
    let matrix = "{name: a, in: path, required: true, style: matrix, schema: {type: integer}}";
    let text = definition(&[("/m/{a}", matrix), ("/s/{a}", ""), ("/s/mine", "")]);
    let settings = settings("cors: {allow_origins: [\"https://shop.example\"]}\n");
    let gateway = start(config(), &snapshot(vec![group("pets", "0.0.1", &text, &settings, model::Backend::Mock)]));
    for (path, status) in [("/m/;a=5", 204), ("/s/a;b", 204), ("/s/;a=5", 400), ("/s/mine;b", 400)] {
        let asked = format!(
            "OPTIONS /petstore{path} HTTP/1.1\r\nHost: localhost\r\nOrigin: https://shop.example\r\n\
             Access-Control-Request-Method: GET\r\n\r\n"
        );
        assert_eq!(super::client::request(gateway.addresses()[0], &asked).status, status, "{path}");
    }
}
