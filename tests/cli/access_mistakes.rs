//! Mistakes about access: a key that cannot sign for a backend, a place for a secret that is not there, kinds of keys
//! that are written in another way.

use std::fs;

use crate::conflict::git;
use crate::harness::Sandbox;
use crate::tools::has_tool;

#[test]
fn a_key_that_cannot_sign_is_named_and_keeps_a_version_from_being_published() {
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let to = |name: &str| format!("--to {}", outside.path().join(name).display());
    let settings = sandbox.read("groups/petstore/group.yaml");
    let sign = |key: &str| {
        let forwarding = format!("auth: none\nforwarding: {{sign: {{key: {key}}}}}");
        sandbox.write("groups/petstore/group.yaml", &settings.replace("auth: none", &forwarding));
    };
    sandbox.run(&format!("key create plain --kind subscription {}", to("plain"))).expect_exit(0);
    sandbox.run(&format!("key create pair --kind signature --ed25519 {}", to("pair"))).expect_exit(0);
    sandbox.run(&format!("key create gone --kind signature {}", to("gone"))).expect_exit(0);
    sandbox.run("key revoke gone").expect_exit(0);
    sandbox.run(&format!("key create front --kind signature {}", to("front"))).expect_exit(0);
    let good = sandbox.read("keys/front.yaml");
    let publish = "publish --env test --backend http://127.0.0.1:1";
    let expect = |said: &str| {
        sandbox.run("check").expect_exit(3).expect_stdout("signing-key").expect_stdout(said);
        sandbox.run(publish).expect_exit(3).expect_stderr(said);
        assert!(!sandbox.path().join("deployments/test.yaml").exists(), "{said}");
    };
    for (key, said) in [
        ("nobody", "there is no key nobody"),
        ("plain", "key plain is of kind subscription, which signs nothing"),
        ("pair", "key pair has public keys alone, and JDCLOUD2 signs with a shared secret"),
        ("gone", "each secret of key gone was revoked"),
    ] {
        sign(key);
        expect(said);
    }
    sign("front");
    sandbox.write("keys/front.yaml", "kind: [");
    expect("the file of key front cannot be read");
    // A mock signs nothing.
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.write("keys/front.yaml", &good);
    sandbox.run(publish).expect_exit(0);
    // The secret may be on the gateway's machine alone.
    let secrets = fs::read_dir(sandbox.path().join(".apigw/secrets")).expect("secrets");
    secrets.for_each(|secret| fs::remove_file(secret.expect("a secret").path()).expect("removed"));
    sandbox.run("check").expect_exit(0).expect_stdout("secret-missing");
}

#[test]
fn a_secret_is_handed_out_into_a_folder_that_is_there() {
    let sandbox = Sandbox::petstore();
    let files = sandbox.files();
    let outcome = sandbox.run("key create ci --kind subscription --to ../no/such/folder/ci.key").expect_exit(3);
    outcome.expect_stderr("there is no folder for this file");
    assert_eq!(sandbox.files(), files);
}

#[test]
fn kinds_of_keys_are_set_as_a_list_or_a_map_as_people_write_them() {
    let sandbox = Sandbox::petstore();
    for (value, line) in [
        ("auth=[signature,subscription]", "auth:\n  - signature\n  - subscription\n"),
        ("auth={token: {issuer: i, audience: a, jwks: a.json}}", "issuer: i"),
        ("auth=signature", "auth: signature"),
    ] {
        sandbox.run_words(&["group", "set", "petstore", value]).expect_exit(0);
        let settings = sandbox.read("groups/petstore/group.yaml");
        assert!(settings.contains(line), "{value}: {settings}");
    }
    sandbox.run("group set petstore auth=[signature,magic]").expect_exit(3).expect_stderr("magic");
    let refused = sandbox.run("group set petstore auth=signature,subscription").expect_exit(3);
    refused.expect_stderr("written as a list, like `[signature, subscription]`");
    sandbox.run("group set petstore description=[beta]").expect_exit(0);
    assert!(sandbox.read("groups/petstore/group.yaml").contains("description: \"[beta]\""));
}

/// The id of the one secret of a key.
fn secret_id(sandbox: &Sandbox, key: &str) -> String {
    let shown = sandbox.run(&format!("-o json key show {key}")).expect_exit(0).json();
    shown["secrets"][0]["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_header_with_a_meaning_of_its_own_holds_no_key() {
    let sandbox = Sandbox::petstore();
    for header in ["Host", "content-length", "te", "x-forwarded-for", "x-request-id", "cookie", "x-apigw-key"] {
        let auth = format!("auth={{subscription: {{headers: [{header}]}}}}");
        sandbox.run_words(&["group", "set", "petstore", &auth]).expect_exit(0);
        let checked = sandbox.run("check").expect_exit(3).expect_stdout("key-header").expect_stdout("x-api-key");
        checked.expect_stdout("groups/petstore/group.yaml:");
        let publish = sandbox.run("publish --env test --backend http://127.0.0.1:1").expect_exit(3);
        publish.expect_stderr("cannot hold a subscription key");
    }
    sandbox.run_words(&["group", "set", "petstore", "auth={subscription: {headers: [x-shop-key]}}"]).expect_exit(0);
    sandbox.run("check").expect_exit(0);
}

#[test]
fn a_header_that_the_signature_sets_is_not_given() {
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let to = outside.path().join("shop").display().to_string();
    sandbox.run(&format!("key create shop --kind signature --to {to}")).expect_exit(0);
    for (scheme, header) in [
        ("jdcloud2", "x-jdcloud-nonce: abc"),
        ("jdcloud3", "X-Jdcloud-Date: 20260101T000000Z"),
        ("aws4", "x-amz-date: 20260101T000000Z"),
        ("rfc9421", "signature: foo"),
        ("rfc9421", "signature-input: foo"),
    ] {
        let sign = ["sign", "GET", "http://127.0.0.1/petstore/pets", "--key", "shop", "--scheme", scheme, "-H", header];
        sandbox.run_words(&sign).expect_exit(64).expect_stderr("comes from the signature");
    }
    let sign = ["sign", "GET", "http://127.0.0.1/petstore/pets", "--key", "shop", "-H", "x-trace: 7"];
    sandbox.run_words(&sign).expect_exit(0);
}

#[test]
fn a_test_names_the_least_that_lets_a_call_through() {
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let to = outside.path().join("ci").display().to_string();
    sandbox.run("group set petstore auth=subscription").expect_exit(0);
    sandbox.run("publish --env test --backend http://127.0.0.1:1").expect_exit(0);
    sandbox.run(&format!("key create ci --kind subscription --expires 1d --to {to}")).expect_exit(0);
    sandbox.run("access grant ci petstore --env test --api listPets").expect_exit(0);
    let refused = sandbox.run("access test ci petstore getPet --env test").expect_exit(5);
    refused.expect_stdout("apigw access grant ci petstore --env test --api getPet");
    sandbox.run("access test ci petstore listPets --env test").expect_exit(0);
}

#[test]
fn a_text_that_is_not_the_secret_of_a_key_is_named() {
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let to = outside.path().join("shop").display().to_string();
    sandbox.run(&format!("key create shop --kind signature --to {to}")).expect_exit(0);
    let place = format!(".apigw/secrets/{}", secret_id(&sandbox, "shop"));
    let sign = "sign GET http://127.0.0.1/petstore/pets --key shop";
    let path = sandbox.path().join(&place);
    fs::write(&path, "junk").expect("written");
    sandbox.run(sign).expect_exit(3).expect_stderr("is not the one of key shop").expect_stderr(&place);
    fs::remove_file(&path).expect("removed");
    sandbox.run(sign).expect_exit(3).expect_stderr("no secret of key shop is on this machine");
}

/// Grants of one API, made in this order: neither their ids nor an owner's grants decide which limit holds.
#[test]
fn of_several_grants_for_a_call_the_stricter_holds_whatever_their_ids() {
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let create = |name: &str, more: &str| {
        let to = outside.path().join(name).display().to_string();
        sandbox.run(&format!("key create {name} --kind subscription --to {to}{more}")).expect_exit(0);
    };
    let settings = sandbox.read("groups/petstore/group.yaml");
    sandbox.write("groups/petstore/group.yaml", &settings.replace("auth: none", "auth: subscription"));
    sandbox.run("publish --env test --backend http://127.0.0.1:1").expect_exit(0);
    let grant = |holder: &str, more: &str| {
        sandbox.run(&format!("access grant {holder} petstore --env test{more}")).expect_exit(0);
    };
    let is_limited = |key: &str| {
        let tested = sandbox.run(&format!("access test {key} petstore listPets --env test")).expect_exit(0);
        tested.stdout.contains(", at most 2/day")
    };
    for key in ["one", "two", "three", "four", "five"] {
        create(key, "");
        grant(key, " --api listPets --limit 2/day");
        grant(key, " --api listPets --api addPet");
        assert!(is_limited(key), "{key}");
    }
    create("shop", " --owner web");
    grant("shop", " --limit 2/day");
    grant("owner:web", " --api listPets");
    assert!(is_limited("shop"), "the owner's grant lifts no limit of the key");
    grant("shop", " --api listPets --no-limit");
    assert!(!is_limited("shop"), "the key's own for one API does");
}

#[test]
fn grants_in_a_protected_environment_are_confirmed() {
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let to = outside.path().join("ci").display().to_string();
    sandbox.run(&format!("key create ci --kind subscription --to {to}")).expect_exit(0);
    let (grant, revoke) = ("access grant ci petstore --env test,online", "access revoke ci petstore --env online");
    sandbox.run(grant).expect_exit(5).expect_stderr("online is protected").expect_stderr("add `--yes`");
    sandbox.run(&format!("{grant} --yes")).expect_exit(0);
    // There is nothing to confirm where nothing changes.
    sandbox.run(grant).expect_exit(0).expect_stdout("already has");
    let key = sandbox.read("keys/ci.yaml");
    let id = sandbox.run("-o json access list").expect_exit(0).json()["grants"][0]["grant"].as_str().map(str::to_owned);
    let by_id = format!("access revoke ci --grant {}", id.expect("an id"));
    for command in [revoke, &by_id, "undo --access"] {
        sandbox.run(command).expect_exit(5).expect_stderr("online is protected");
    }
    assert_eq!(sandbox.read("keys/ci.yaml"), key);
    sandbox.run("access revoke ci petstore --env test").expect_exit(0);
    sandbox.run(&format!("{revoke} -y")).expect_exit(0);
    sandbox.run("access grant ci petstore --env test").expect_exit(0);
}

/// Somebody pasted a secret in place of its fingerprint: findings are copied into logs of pipelines.
#[test]
fn a_secret_in_a_key_file_is_not_repeated() {
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let to = outside.path().join("ci");
    sandbox.run(&format!("key create ci --kind signature --to {}", to.display())).expect_exit(0);
    let secret = fs::read_to_string(to).expect("a secret").trim().to_owned();
    let good = sandbox.read("keys/ci.yaml");
    let pasted = |field: &str| {
        let line = |line: &str| match line.split_once(&format!("{field}: ")) {
            Some((before, _)) => format!("{before}{field}: \"{secret}\""),
            None => line.to_owned(),
        };
        good.lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
    };
    for field in ["fingerprint", "name", "kind", "id", "created"] {
        sandbox.write("keys/ci.yaml", &pasted(field));
        for command in ["check", "-o json check", "-o github check", "-o sarif check", "verify", "key show ci"] {
            let told = sandbox.run(command).expect_exit(3);
            let is_repeated = told.stdout.contains(&secret) || told.stderr.contains(&secret);
            assert!(!is_repeated, "{command}, {field}: {}{}", told.stdout, told.stderr);
            assert!(format!("{}{}", told.stdout, told.stderr).contains("keys/ci.yaml"), "{command}, {field}");
        }
    }
    sandbox.write("keys/ci.yaml", &good);
}

/// A file of a version is there for good, and a subscription key is a secret as one that signs is.
#[test]
fn a_secret_in_clear_is_found_in_every_file_and_never_frozen() {
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let path = |name: &str| outside.path().join(name);
    for (name, kind) in [("shows", "subscription"), ("signs", "signature")] {
        let to = path(name).display().to_string();
        sandbox.run(&format!("key create {name} --kind {kind} --to {to}")).expect_exit(0);
    }
    sandbox.run("publish --env test --mock").expect_exit(0);
    let own = |name: &str| fs::read_to_string(path(name)).expect("a secret").trim().to_owned();
    let (definition, settings) = ("groups/petstore/openapi.yaml", "groups/petstore/group.yaml");
    // What Git ignores nobody else reads.
    if has_tool("git", "files that Git ignores are not searched") {
        assert!(git(&sandbox, "init -q"));
        sandbox.write(".gitignore", ".apigw/\n.env\n");
        sandbox.write(".env", &format!("A={} B={}\n", own("shows"), own("signs")));
        sandbox.run("check").expect_exit(0);
        fs::remove_file(sandbox.path().join(".env")).expect("the file is removed");
    }
    let schema = "groups/petstore/schemas/pet.yaml";
    sandbox.write(schema, "type: object\n");
    let root = sandbox.read(definition);
    let own_file = root.replacen("{$ref: \"#/components/schemas/Pet\"}", "{$ref: schemas/pet.yaml}", 1);
    sandbox.write(definition, &own_file);
    for secret in [own("shows"), own("signs")] {
        for place in [definition, settings, "apigw.toml", "README.md", "keys/note.txt", schema] {
            let before = fs::read_to_string(sandbox.path().join(place)).ok();
            sandbox.write(place, &format!("{}# try {secret}\n", before.as_deref().unwrap_or_default()));
            let checked = sandbox.run("check").expect_exit(3).expect_stdout("error[secret-leaked]");
            assert!(checked.stdout.contains(place) && !checked.stdout.contains(&secret), "{}", checked.stdout);
            if place.starts_with("groups") {
                let publish = "publish --env test --mock --bump patch";
                let refused = sandbox.run(publish).expect_exit(3).expect_stderr("stands here in clear");
                refused.expect_stderr(place);
                sandbox.run("version bump petstore patch").expect_exit(0);
                sandbox.run("version create petstore").expect_exit(3).expect_stderr(place);
                assert_eq!(sandbox.read_folder("groups/petstore/versions").len(), 1);
            }
            match before {
                Some(text) => sandbox.write(place, &text),
                None => fs::remove_file(sandbox.path().join(place)).expect("removed"),
            }
        }
        let version = sandbox.read_folder("groups/petstore/versions").remove(0);
        let frozen = format!("groups/petstore/versions/{version}/note.yaml");
        sandbox.write(&frozen, &secret);
        sandbox.run("verify").expect_exit(3).expect_stdout("error[secret-leaked]").expect_stdout(&frozen);
        fs::remove_file(sandbox.path().join(&frozen)).expect("removed");
        sandbox.run("check").expect_exit(0);
    }
    // One that was revoked is of no use to anybody.
    sandbox.run("key revoke shows -m leaked").expect_exit(0);
    sandbox.write("README.md", &own("shows"));
    sandbox.run("check").expect_exit(0);
    fs::remove_file(sandbox.path().join("README.md")).expect("removed");
}
