//! Definitions whose files lie beside and above their root.

use crate::harness::Sandbox;

const ROOT: &str = "openapi: 3.0.3\ninfo: {title: Orders, version: '1'}\npaths:\n  /orders:\n    get:\n      \
                    operationId: listOrders\n      responses:\n        '200':\n          description: d\n          content:\n            \
                    application/json: {schema: {$ref: '../common/order.yaml#/Order'}}\n";
const COMMON: &str = "Order: {type: object, required: [id], properties: {id: {type: integer, example: 7}}}\n";

#[test]
fn a_definition_with_files_above_it_is_published_edited_and_replaced() {
    let sandbox = Sandbox::petstore();
    sandbox.write("specs/api/orders.yaml", ROOT);
    sandbox.write("specs/common/order.yaml", COMMON);
    sandbox.run("group import orders specs/api/orders.yaml").expect_exit(0);
    let settings = sandbox.read("groups/orders/group.yaml");
    assert!(settings.contains("\ndefinition: \"api/orders.yaml\"\n"), "{settings}");
    assert_eq!(sandbox.read("groups/orders/api/orders.yaml"), ROOT);
    assert_eq!(sandbox.read("groups/orders/common/order.yaml"), COMMON);
    sandbox.run("publish orders --env test --mock").expect_exit(0);
    sandbox.run("check orders").expect_exit(0);
    let called = sandbox.run("-q call orders listOrders --env test").expect_exit(0);
    assert_eq!(called.stdout.trim(), "{\"id\":7}");
    assert!(!sandbox.run("status orders").expect_exit(0).stdout.contains("edited"));
    sandbox.run("verify").expect_exit(0);

    let added = sandbox.run("api add orders POST /orders").expect_exit(0);
    assert!(added.stdout.contains("groups/orders/api/orders.yaml"), "{}", added.stdout);
    assert!(sandbox.read("groups/orders/api/orders.yaml").contains("post:"));
    assert!(sandbox.run("status orders").expect_exit(0).stdout.contains("edited"));

    // One without files above it is openapi.yaml again, and the settings say so.
    sandbox.write("specs/single.yaml", &ROOT.replace("'../common/order.yaml#/Order'", "'#/components/schemas/Order'"));
    let whole = format!("{}components:\n  schemas:\n    {COMMON}", sandbox.read("specs/single.yaml"));
    sandbox.write("specs/single.yaml", &whole);
    sandbox.run("group import orders specs/single.yaml").expect_exit(0);
    assert!(!sandbox.read("groups/orders/group.yaml").contains("definition:"));
    assert_eq!(sandbox.read("groups/orders/openapi.yaml"), whole);
    sandbox.run("publish orders --env test --mock --bump patch").expect_exit(0);
}

#[test]
fn a_path_that_is_no_definitions_is_refused_where_it_stands() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("groups/petstore/group.yaml");
    for path in ["../other/openapi.yaml", "/etc/passwd", "group.yaml", "versions/0.0.1/openapi.yaml"] {
        sandbox.write("groups/petstore/group.yaml", &format!("{settings}definition: {path}\n"));
        let refused = sandbox.run("publish petstore --env test --mock").expect_exit(3);
        assert!(refused.stderr.contains(path) && refused.stderr.contains("group.yaml:"), "{}", refused.stderr);
    }
}
