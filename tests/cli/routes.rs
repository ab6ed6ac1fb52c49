//! `apigw routes`: what a gateway has to do, printed.

use crate::harness::Sandbox;

#[test]
fn routes_say_what_is_matched_and_what_answers() {
    let sandbox = Sandbox::petstore();
    sandbox.run("routes --env test").expect_exit(0).expect_stdout("nothing is live\n");
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    let table = sandbox.run("routes --env test").expect_exit(0);
    let lines: Vec<&str> = table.stdout.lines().collect();
    assert_eq!(lines[..3], ["test: petstore 0.0.1", "  hosts    petstore.test.apigw.localhost", "  backend  mock"]);
    let get = lines.iter().find(|line| line.contains(" getPet ")).expect("a route");
    let words: Vec<&str> = get.split_whitespace().collect();
    assert_eq!(words[..6], ["GET", "/petstore/pets/{petId}", "getPet", "anyone", "200", "application/json;"]);
    let json = sandbox.run("-o json routes petstore --env test").expect_exit(0).json();
    assert_eq!(json["schema"], 1);
    let group = &json["environments"][0]["groups"][0];
    assert_eq!((&group["version"], &group["operation"]), (&"0.0.1".into(), &sandbox.entry("test")["operation"]));
    let yaml = sandbox.run("-o yaml routes petstore").expect_exit(0).stdout;
    for environment in ["test", "pre-release", "online"] {
        assert!(yaml.contains(&format!("environment: {environment}\n")), "{yaml}");
    }
}

#[test]
fn routes_say_what_is_forwarded_and_rewritten_without_secrets() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("groups/petstore/group.yaml");
    let more = "\nforwarding:\n  constants: [{to: header.authorization, value: hush}]\n  parameters: [{from: query.limit, to: query.size}]\n  \
                apis: {getPet: {path: '/animals/{petId}', routes: [{when: header.x-canary, equals: ['1'], backend: 'http://canary.example'}]}}\n";
    sandbox.write("groups/petstore/group.yaml", &format!("{settings}{more}"));
    sandbox.run("publish petstore --env test --bump patch --backend http://pets.example/base -y").expect_exit(0);
    let shown = sandbox.run("routes petstore --env test").expect_exit(0);
    let shown = shown
        .expect_stdout("  rewrites query.limit → query.size; header.authorization = ***\n")
        .expect_stdout("http://pets.example/base/animals/{petId}; header.x-canary is 1 → http://canary.example\n")
        .expect_stdout("http://pets.example/base/pets\n");
    assert!(!shown.stdout.contains("hush"), "{}", shown.stdout);
    let yaml = sandbox.run("-o yaml routes petstore --env test").expect_exit(0).stdout;
    assert!(yaml.contains("value: \"***\"") && !yaml.contains("hush"), "{yaml}");
}

#[test]
fn routes_name_what_cannot_be_served() {
    let sandbox = Sandbox::petstore();
    sandbox.run("routes nothing").expect_exit(3).expect_stderr("there is no group \"nothing\"");
    sandbox.run("routes petstore").expect_exit(0).expect_stderr("petstore is not live there");
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    sandbox.write("deployments/test.yaml", "schema: 1\n");
    sandbox.run("routes --env test").expect_exit(3).expect_stderr("test is not served: deployments/test.yaml");
}
