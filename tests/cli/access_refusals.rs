//! Settings, keys and grants that close less than they seem to, or let nobody in: refused, or told.

use std::fs;

use crate::harness::Sandbox;

const PUBLIC_KEY: &str = "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n";

#[test]
fn rules_for_an_environment_count_by_its_alias_and_not_for_one_that_nobody_declared() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("groups/petstore/group.yaml");
    let rules = |name: &str| {
        let text = format!("{settings}ip_rules:\n  environments:\n    {name}: {{deny: [127.0.0.1]}}\n");
        sandbox.write("groups/petstore/group.yaml", &text);
    };
    let line = settings.lines().count() + 3;
    rules("onlin");
    let place = format!("groups/petstore/group.yaml:{line}:5");
    let said = "there is no environment \"onlin\"";
    sandbox.run("check").expect_exit(3).expect_stdout(&place).expect_stdout(said).expect_stdout("did you mean");
    sandbox.run("publish --env test --mock").expect_exit(3).expect_stderr(said);
    rules("prod");
    sandbox.run("check").expect_exit(0);
    sandbox.run("publish --env online --mock -y").expect_exit(0);
    let routes = sandbox.run("-o json routes --env online").expect_exit(0);
    routes.expect_stdout("127.0.0.1/32");
    rules("qa");
    sandbox.run("check").expect_exit(3).expect_stdout("declare others in apigw.toml");
    sandbox.write("apigw.toml", &format!("{}\n[environments.qa]\n", sandbox.read("apigw.toml")));
    sandbox.run("check").expect_exit(0);
    let both = "ip_rules: {environments: {prod: {deny: [127.0.0.1]}, online: {}}}\n";
    sandbox.write("groups/petstore/group.yaml", &format!("{settings}{both}"));
    let line = format!("groups/petstore/group.yaml:{}:", line - 2);
    sandbox.run("check").expect_exit(3).expect_stdout(&line).expect_stdout("rules of online are given twice");
}

#[test]
fn a_public_key_that_was_revoked_or_is_in_use_is_not_taken() {
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let public = outside.path().join("p.pub");
    fs::write(&public, PUBLIC_KEY).expect("a file");
    let given = format!("--public-key {}", public.display());
    sandbox.run(&format!("key create pair --kind signature {given}")).expect_exit(0);
    let files = sandbox.files();
    for words in [format!("key create other --kind signature {given}"), format!("key rotate pair {given}")] {
        let refused = sandbox.run(&words).expect_exit(4);
        refused.expect_stderr("in use already, as secret").expect_stderr("openssl genpkey");
        assert_eq!(sandbox.files(), files, "{words}");
    }
    sandbox.run("key revoke pair -m leaked").expect_exit(0);
    let refuse = || {
        let files = sandbox.files();
        for words in [format!("key create other --kind signature {given}"), format!("key rotate pair {given}")] {
            let refused = sandbox.run(&words).expect_exit(3);
            refused.expect_stderr("this public key was revoked, as secret").expect_stderr("of key pair");
            assert_eq!(sandbox.files(), files, "{words}");
        }
    };
    refuse();
    // A rotation takes the revoked secret out of the key's file, and not out of the history.
    let next = outside.path().join("next.pem");
    sandbox.run(&format!("key rotate pair --overlap 0s --to {}", next.display())).expect_exit(0);
    refuse();
    sandbox.run("verify").expect_exit(0);
}

#[test]
fn a_key_that_may_call_more_in_a_protected_environment_asks() {
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let to = |name: &str| format!("--to {}", outside.path().join(name).display());
    sandbox.run("group set petstore auth=subscription").expect_exit(0);
    sandbox.run("-y access grant owner:web petstore --env online").expect_exit(0);
    for words in [
        format!("key create shop --kind subscription --owner web {}", to("shop")),
        "key limit shop 5/second".to_owned(),
        format!("key rotate shop --expires 90d --overlap 0s {}", to("next")),
    ] {
        let files = sandbox.files();
        sandbox.run(&words).expect_exit(5).expect_stderr("online");
        assert_eq!(sandbox.files(), files, "{words}");
        sandbox.run(&format!("-y {words}")).expect_exit(0);
    }
    // Neither less nor another secret opens anything.
    sandbox.run(&format!("key rotate shop --overlap 0s {}", to("last"))).expect_exit(0);
    sandbox.run("key revoke shop").expect_exit(0);
}

#[test]
fn an_expired_key_is_rotated_with_another_end_alone() {
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let to = |name: &str| format!("--to {}", outside.path().join(name).display());
    sandbox.run("group set petstore auth=subscription").expect_exit(0);
    sandbox.run("publish --env test --backend http://127.0.0.1:1").expect_exit(0);
    sandbox.run(&format!("key create ci --kind subscription --expires 1s {}", to("first"))).expect_exit(0);
    let is_expired = || sandbox.run("key list").expect_exit(0).stdout.contains("expired");
    while !is_expired() {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let tested = sandbox.run("access test ci petstore listPets --env test").expect_exit(5);
    tested.expect_stdout("apigw key rotate ci --expires 90d --to FILE");
    let refused = sandbox.run(&format!("key rotate ci {}", to("second"))).expect_exit(3);
    refused.expect_stderr("key ci expired at").expect_stderr("apigw key rotate ci --expires 90d --to FILE");
    assert!(!outside.path().join("second").exists(), "a refused rotation left a secret");
    sandbox.run(&format!("key rotate ci --expires 2020-01-01 {}", to("second"))).expect_exit(3);
    let rotated = sandbox.run(&format!("key rotate ci --expires 90d {}", to("second"))).expect_exit(0);
    rotated.expect_stderr("its old secrets stay invalid");
    let secrets = sandbox.run("-o json key show ci").expect_exit(0).json()["secrets"].as_array().map(Vec::len);
    assert_eq!(secrets, Some(1), "the old secret came back");
    assert!(!is_expired());
    sandbox.run("key show ci").expect_exit(0).expect_stdout(", live\n");
}

#[test]
fn grants_of_owners_and_keys_that_let_nobody_in_are_told() {
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let to = |name: &str| format!("--to {}", outside.path().join(name).display());
    let grant = sandbox.run("access grant owner:web petstore --env test").expect_exit(0);
    grant.expect_stderr("no key has the owner web").expect_stderr("apigw key create NAME --kind KIND --owner web");
    sandbox.run("access list").expect_exit(0).expect_stdout("(no key of owner web)");
    let listed = sandbox.run("-o json access list --env test").expect_exit(0).json();
    assert_eq!(listed["without_key"][0]["owner"], "web");
    sandbox.run("access list --env online").expect_exit(0).expect_stdout("no key may call anything");
    let made = sandbox.run(&format!("key create ci --kind subscription --owner web {}", to("ci"))).expect_exit(0);
    made.expect_stderr("it has the grants of owner web: petstore in test");
    let made = sandbox.run(&format!("key create idle --kind subscription --owner else {}", to("idle"))).expect_exit(0);
    made.expect_stderr("it may call nothing yet");
    let again = sandbox.run("access grant owner:web petstore --env online -y").expect_exit(0);
    assert!(!again.stderr.contains("no key has the owner"), "{}", again.stderr);
    let listed = sandbox.run("-o json access list --env test").expect_exit(0).json();
    assert_eq!((&listed["grants"][0]["state"], &listed["without_key"]), (&"live".into(), &serde_json::json!([])));
    sandbox.run("key revoke ci").expect_exit(0);
    sandbox.run("access list --env test").expect_exit(0).expect_stdout("(no live secret)");
    let listed = sandbox.run("-o json access list --env test").expect_exit(0).json();
    assert_eq!(listed["grants"][0]["state"], "no live secret");
}

#[test]
fn a_private_key_that_git_would_add_is_named() {
    let sandbox = Sandbox::petstore();
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n";
    for place in ["keys/shop.pem", "groups/petstore/notes/tls.txt"] {
        sandbox.write(place, &format!("notes\n{pem}"));
        sandbox.run("check").expect_exit(3).expect_stdout(&format!("{place}:2:1")).expect_stdout("private-key");
        sandbox.run("verify").expect_exit(3).expect_stdout("this is a private key");
        fs::remove_file(sandbox.path().join(place)).expect("removed");
    }
    // An example in a document is indented, and a public key is nobody's secret.
    sandbox.write("keys/shop.txt", &format!("example: |\n  {}", pem.replace('\n', "\n  ")));
    sandbox.write("keys/shop.pub", &pem.replace("PRIVATE", "PUBLIC"));
    sandbox.run("check").expect_exit(0);
}

#[test]
fn the_credentials_of_a_definition_are_compared_where_a_backend_is_called() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("groups/petstore/group.yaml");
    let settings: String = settings
        .lines()
        .filter(|line| !line.starts_with("backend:"))
        .fold(String::new(), |text, line| text + &line.replace("auth: none", "auth: subscription") + "\n");
    sandbox.write("groups/petstore/group.yaml", &settings);
    let said = "`auth: subscription` asks callers for a subscription key, and the definition does not say so";
    let checked = sandbox.run("check").expect_exit(0);
    assert!(!checked.stdout.contains(said), "{}", checked.stdout);
    sandbox.run("publish --env test --backend http://127.0.0.1:1").expect_exit(0).expect_stderr(said);
    sandbox.run("check").expect_exit(0).expect_stdout(said);
    sandbox.run("publish --env test --mock").expect_exit(0);
    let checked = sandbox.run("check").expect_exit(0);
    assert!(!checked.stdout.contains(said), "{}", checked.stdout);
}

#[test]
fn a_grant_for_an_api_that_is_gone_is_named() {
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let settings = sandbox.read("groups/petstore/group.yaml");
    sandbox.write("groups/petstore/group.yaml", &settings.replace("auth: none", "auth: subscription"));
    sandbox.run("publish --env test --backend http://127.0.0.1:1").expect_exit(0);
    let to = outside.path().join("ci");
    sandbox.run(&format!("key create ci --kind subscription --to {}", to.display())).expect_exit(0);
    sandbox.run("access grant ci petstore --env test --api listPets").expect_exit(0);
    let checked = sandbox.run("check").expect_exit(0);
    assert!(!checked.stdout.contains("grant-api-gone"), "{}", checked.stdout);
    let definition = sandbox.read("groups/petstore/openapi.yaml");
    sandbox.write("groups/petstore/openapi.yaml", &definition.replace("operationId: listPets", "operationId: allPets"));
    let published = sandbox.run("publish --env test --backend http://127.0.0.1:1 --bump patch").expect_exit(0);
    published.expect_stderr("of key ci is for listPets, which it does not have");
    let checked = sandbox.run("check").expect_exit(0);
    checked.expect_stdout("grant-api-gone").expect_stdout("keys/ci.yaml").expect_stdout("which petstore in test");
}

#[test]
fn texts_that_no_request_has_and_requests_that_a_gateway_refuses_are_refused() {
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let to = outside.path().join("shop");
    let to = to.to_str().expect("a path");
    let token = ["key", "create", "robot", "--kind", "token", "--issuer"];
    let signature = ["key", "create", "shop", "--kind", "signature", "--to", to];
    for (words, more, said) in [
        (&token[..], &["", "--subject", "s"][..], "it is empty"),
        (&token, &["i", "--subject", ""], "it is empty"),
        (&token, &["i", "--subject", "a\nb"], "control characters"),
        (&token, &["i\u{7}", "--subject", "s"], "control characters"),
        (&signature, &["--region", "a\tb"], "control characters"),
        (&signature, &["--service", ""], "it is empty"),
    ] {
        sandbox.run_words(&[words, more].concat()).expect_exit(64).expect_stderr(said);
    }
    sandbox.run_words(&[&signature[..], &["--description", "a\nexpires      never"]].concat()).expect_exit(0);
    let shown = sandbox.run("key show shop").expect_exit(0);
    assert!(!shown.stdout.contains("\nexpires      never\ncreated"), "{}", shown.stdout);
    let sign = ["sign", "GET", "http://a/b", "--key", "shop", "-H"];
    let refused = sandbox.run_words(&[&sign[..], &["Authorization: x"]].concat()).expect_exit(64);
    refused.expect_stderr("holds the signature");
    let refused = sandbox.run_words(&[&sign[..], &["X-A: 1", "-H", "x-a: 2"]].concat()).expect_exit(64);
    refused.expect_stderr("the header \"x-a\" is given twice");
    for path in ["/a/../b", "/a/./b", "//b", "/a/%2e%2e/b", "/a%5cb"] {
        let refused = sandbox.run_words(&["sign", "GET", &format!("http://a{path}"), "--key", "shop"]).expect_exit(64);
        refused.expect_stderr("a gateway refuses this path");
    }
    for path in ["/", "/a/b", "/a/;c=1", "/a%2Fb", "/a/%C3%BC"] {
        sandbox.run_words(&["sign", "GET", &format!("http://a{path}"), "--key", "shop"]).expect_exit(0);
    }
    let settings = sandbox.read("groups/petstore/group.yaml");
    for number in ["0", "99999999", "-1"] {
        let auth = format!("auth: {{signature: {{tolerance_s: {number}}}}}");
        sandbox.write("groups/petstore/group.yaml", &settings.replace("auth: none", &auth));
        sandbox.run("check").expect_exit(3).expect_stdout("`tolerance_s` is from 1 to 900");
    }
}

#[test]
fn files_among_the_keys_that_nobody_reads_are_named() {
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let file = outside.path().join("ci.key");
    sandbox.run(&format!("key create ci --kind subscription --to {}", file.display())).expect_exit(0);
    for place in ["keys/README.md", "keys/.gitkeep"] {
        sandbox.write(place, "");
    }
    sandbox.run("check").expect_exit(0);
    let key = sandbox.read("keys/ci.yaml");
    for place in ["keys/Base.yaml", "keys/ci.yml", "keys/owners/Web.yaml", "keys/revoked/a-b.yaml", "keys/old/ci.yaml"]
    {
        sandbox.write(place, &key);
        let named = if place == "keys/old/ci.yaml" { "keys/old" } else { place };
        sandbox.run("check").expect_exit(3).expect_stdout(named).expect_stdout("key-file-name");
        sandbox.run("verify").expect_exit(3).expect_stdout(named).expect_stdout("this is ignored");
        std::fs::remove_file(sandbox.path().join(place)).expect("a file");
    }
    std::fs::remove_dir(sandbox.path().join("keys/old")).expect("a folder");
    sandbox.run("verify").expect_exit(0);
}

#[test]
fn a_lifetime_that_no_calendar_has_is_refused() {
    let sandbox = Sandbox::petstore();
    for words in [
        "key create ci --kind subscription --expires 99999999999d --to ../never",
        "key create ci --kind subscription --not-before 36501d --to ../never",
        "key rotate ci --overlap 99999999999d --to ../never",
    ] {
        sandbox.run(words).expect_exit(64).expect_stderr("longer than 36500d");
    }
}

#[test]
fn a_pipe_in_the_place_of_a_secret_or_a_folder_is_not_waited_for() {
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let file = outside.path().join("shop.secret");
    sandbox.run(&format!("key create shop --kind signature --to {}", file.display())).expect_exit(0);
    let secrets = sandbox.path().join(".apigw/secrets");
    let secret = fs::read_dir(&secrets).expect("a folder").next().expect("a secret").expect("a secret").path();
    let pipe = |path: &std::path::Path| {
        let made = std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo");
        assert!(made.success(), "{}", path.display());
    };
    fs::remove_file(&secret).expect("a file");
    pipe(&secret);
    sandbox.run("check").expect_exit(0).expect_stdout("this is not the file of a secret");
    fs::remove_file(&secret).expect("a pipe");
    let revoked = sandbox.path().join("keys/revoked");
    pipe(&revoked);
    sandbox.run("key list").expect_exit(3).expect_stderr("a file lies where a folder belongs");
    fs::remove_file(&revoked).expect("a pipe");
}

#[test]
fn a_secret_in_a_description_or_a_message_is_found_by_the_check() {
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let file = outside.path().join("shop.secret");
    sandbox.run(&format!("key create shop --kind signature --to {}", file.display())).expect_exit(0);
    sandbox.run("check").expect_exit(0);
    let secret = std::fs::read_to_string(&file).expect("a secret");
    let place = "groups/petstore/group.yaml";
    let settings = sandbox.read(place);
    sandbox.write(place, &format!("{settings}# until Monday: {}\n", secret.trim()));
    let found = sandbox.run("check").expect_exit(3).expect_stdout("secret-leaked").expect_stdout(place);
    assert!(!found.stdout.contains(secret.trim()), "the finding repeats the secret");
    sandbox.run("verify").expect_exit(3).expect_stdout("stands here in clear");
    sandbox.write(place, &settings);
    // Its own file, which is then not as a command wrote it, and a key set.
    let place = "keys/shop.yaml";
    let key = sandbox.read(place);
    sandbox.write(place, &format!("# {}\n{key}", secret.trim()));
    let found = sandbox.run("check").expect_exit(3).expect_stdout("secret-leaked").expect_stdout("in line 1");
    assert!(found.stdout.contains(place) && !found.stdout.contains(secret.trim()), "{}", found.stdout);
    sandbox.write(place, &key);
    sandbox.write("keys/jwks/a.json", &format!("{{\"keys\": [], \"note\": \"{}\"}}", secret.trim()));
    sandbox.run("check").expect_exit(3).expect_stdout("secret-leaked").expect_stdout("keys/jwks/a.json");
    fs::remove_dir_all(sandbox.path().join("keys/jwks")).expect("a folder");
    // No command writes it there.
    let (text, other) = (format!("for {}", secret.trim()), outside.path().join("other").display().to_string());
    let limit: &[&str] = &["key", "limit", "shop", "5/second", "-m", &text];
    let create: &[&str] = &["key", "create", "more", "--kind", "subscription", "--description", &text, "--to", &other];
    for words in [limit, create] {
        let refused = sandbox.run_words(words).expect_exit(3);
        assert!(!refused.stderr.contains(secret.trim()), "{}", refused.stderr);
    }
    let is_in = |(_, text): &(_, Vec<u8>)| String::from_utf8_lossy(text).contains(secret.trim());
    assert!(!sandbox.files().iter().any(is_in));
    sandbox.run("check").expect_exit(0);
}
