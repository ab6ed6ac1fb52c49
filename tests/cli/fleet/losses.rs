//! Groups that nodes do not get, since an Envoy would open what the gateway closes; and those that are large.

use serde_json::json;

use super::node::Node;
use super::{control_plane, fleet, has_envoy, petstore, poll};

#[test]
fn groups_with_a_path_that_is_too_long_are_withheld_from_nodes() {
    let sandbox = petstore();
    let long = format!("/files/{}", "a".repeat(130_000));
    let get = json!({"responses": {"200": {"description": "d", "content": {"text/plain": {"example": "a"}}}}});
    let paths = json!({"/files": {"x-apigw-match": "prefix", "get": get}, long: {"get": get}});
    let definition = json!({"openapi": "3.0.3", "info": {"title": "Long", "version": "1"}, "paths": paths});
    sandbox.write("groups/shop/group.yaml", "schema: 1\nversion: \"0.0.1\"\nprefix: /shop\nvalidate_requests: false\n");
    sandbox.write("groups/shop/openapi.yaml", &definition.to_string());
    let (serving, control) = control_plane(&sandbox, "127.0.0.1:0", "");
    let settings = json!({"environment": "test", "listen": "127.0.0.1:80"});
    let message = json!({"node": {"id": "edge-1", "metadata": {"apigw": settings}}}).to_string();
    assert!(poll(&control, "/v3/discovery:clusters", &message).starts_with("HTTP/1.1 200"));
    let outcome = sandbox.run("publish shop --env test --mock --wait=20s").expect_exit(1);
    outcome.expect_stderr("shop: nodes do not get it: access would be lost in Envoy");
    serving.wait_to_hear("--allow-loss routing");
    assert!(fleet(&sandbox)["withheld"]["shop"]["reason"].is_string());
}

#[test]
fn nodes_take_more_routes_than_envoy_would_by_itself() {
    if !has_envoy() {
        return;
    }
    let sandbox = petstore();
    // A mock response has a route for each origin.
    let origins: Vec<String> = (0..200).map(|index| format!("https://a{index}.example")).collect();
    let cors = json!({"allow_origins": origins});
    let settings = format!("schema: 1\nversion: \"0.0.1\"\nprefix: /shop\nvalidate_requests: false\ncors: {cors}\n");
    let content = json!({"text/plain": {"example": "a".repeat(100_000)}});
    let get = json!({"responses": {"200": {"description": "d", "content": content}}});
    let definition =
        json!({"openapi": "3.0.3", "info": {"title": "Large", "version": "1"}, "paths": {"/a": {"get": get}}});
    sandbox.write("groups/shop/group.yaml", &settings);
    sandbox.write("groups/shop/openapi.yaml", &definition.to_string());
    let (_serving, control) = control_plane(&sandbox, "127.0.0.1:0", "");
    let _node = Node::start(&sandbox, &control, "edge-1", "").listens();
    sandbox.run("publish shop --env test --mock --wait=120s").expect_exit(0);
    sandbox.run("export envoy --env test --out envoy").expect_exit(0);
    let bytes = sandbox.read("envoy/rds.json").len();
    assert!(bytes > 32 << 20, "Envoy takes {bytes} bytes by itself");
}
