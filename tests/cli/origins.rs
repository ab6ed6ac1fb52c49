//! Addresses at which callers reach a group, as commands, pages and clients name them; and folders that are links.

use std::os::unix::fs::symlink;

use crate::harness::Sandbox;
use crate::serving::{Serving, get};

fn petstore() -> Sandbox {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    sandbox
}

#[test]
fn pages_and_clients_name_the_port_of_the_settings() {
    let sandbox = petstore();
    let settings = sandbox.read("apigw.toml");
    for (origin, address) in [
        ("", "http://petstore.test.apigw.localhost/petstore"),
        ("port = 8080\n", "http://petstore.test.apigw.localhost:8080/petstore"),
        ("https = true\nport = 8443\n", "https://petstore.test.apigw.localhost:8443/petstore"),
        ("https = true\nport = 443\n", "https://petstore.test.apigw.localhost/petstore"),
    ] {
        let table = "[environments.test]\n";
        sandbox.write("apigw.toml", &settings.replace(table, &format!("{table}{origin}")));
        let quoted = format!("{address}\"");
        assert!(sandbox.run("-o json status -v --env test").expect_exit(0).stdout.contains(&quoted), "{origin}");
        sandbox.run("docs --env test --out public").expect_exit(0);
        assert!(sandbox.read("public/test/petstore/openapi.json").contains(&quoted), "{origin}");
        sandbox.run("sdk petstore --env test --language python --out clients").expect_exit(0);
        assert!(sandbox.read("clients/petstore/python/README.md").contains(address), "{origin}");
    }
    sandbox.write("apigw.toml", &settings.replace("[environments.test]", "[environments.test]\nport = 0"));
    sandbox.run("check").expect_exit(3);
}

#[test]
fn served_pages_name_the_listener_of_their_gateway() {
    let sandbox = petstore();
    let words = "serve --env test --listen 127.0.0.1:0 --docs 127.0.0.1:0";
    let serving = Serving::start_with(&sandbox, words);
    let port = serving.address.rsplit_once(':').expect("a port").1;
    let page = get(&serving.documents(), "/test/petstore/openapi.json");
    let address = format!("http://petstore.test.apigw.localhost:{port}/petstore\"");
    assert!(page.contains(&address), "{page:.2000}");
}

#[test]
fn a_folder_that_is_a_link_to_nothing_is_refused() {
    let sandbox = petstore();
    for (name, target) in [("dangling", "nowhere"), ("loop", "loop")] {
        symlink(target, sandbox.path().join(name)).expect("a link");
        for command in ["docs --env test", "sdk petstore --env test --language python", "export envoy --env test"] {
            for (below, check) in [("", ""), ("/below", ""), ("", " --check")] {
                let run = sandbox.run(&format!("{command} --out {name}{below}{check}")).expect_exit(5);
                run.expect_stderr("is a link that leads nowhere, and not a folder");
            }
        }
    }
    std::fs::create_dir(sandbox.path().join("folder")).expect("a folder");
    symlink("folder", sandbox.path().join("link")).expect("a link");
    sandbox.run("docs --env test --out link").expect_exit(0);
    sandbox.run("docs --env test --out link --check").expect_exit(0);
    assert!(sandbox.path().join("folder/index.html").is_file());
}

#[test]
fn webhooks_alone_have_a_page_where_the_rule_is_a_warning() {
    let sandbox = Sandbox::empty();
    sandbox.run("init").expect_exit(0);
    sandbox.write("groups/hooks/group.yaml", "schema: 1\nversion: \"0.0.1\"\nprefix: /hooks\n");
    let webhooks = "webhooks: {newPet: {post: {responses: {'200': {description: d}}}}}\n";
    sandbox
        .write("groups/hooks/openapi.yaml", &format!("openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\n{webhooks}"));
    sandbox.run("publish hooks --env test --mock").expect_exit(3);
    sandbox.write("apigw.toml", &format!("{}\n[rules]\nno-api = \"warning\"\n", sandbox.read("apigw.toml")));
    sandbox.run("publish hooks --env test --mock").expect_exit(0);
    sandbox.run("docs --env test --out public").expect_exit(0);
    assert!(sandbox.read("public/test/hooks/index.html").contains("<h3>newPet</h3>"));
}
