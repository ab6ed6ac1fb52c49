//! Limits and IP rules as they are set, refused, shown, and kept over a restart.

use crate::harness::Sandbox;
use crate::serving::Serving;

/// A petstore with limits, live in test with a mock.
fn sandbox(limits: &str) -> Sandbox {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("groups/petstore/group.yaml");
    let settings = settings.replace("auth: none", &format!("auth: subscription\nlimits: {limits}"));
    sandbox.write("groups/petstore/group.yaml", &settings);
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox
}

#[test]
fn limits_are_set_shown_and_never_above_those_of_a_group() {
    let sandbox = sandbox("[60/minute, 1000/day]");
    let outside = tempfile::tempdir().expect("a folder");
    let to = |name: &str| format!("--to {}", outside.path().join(name).display());
    sandbox.run(&format!("key create ci --kind subscription --limit 60/min,5/s {}", to("ci"))).expect_exit(0);
    sandbox.run("access grant ci petstore --env test --limit 500/day").expect_exit(0).expect_stdout("at most 500/day");
    sandbox.run("access grant ci petstore --env test --limit 500/d").expect_exit(0).expect_stdout("already");
    sandbox.run("access grant ci petstore --env test --limit 400/day").expect_exit(0);
    sandbox
        .run("access grant ci petstore --env test")
        .expect_exit(0)
        .expect_stdout("already has each of these grants; their limits stay");
    sandbox.run("access grant ci petstore --env test --no-limit --limit 1/s").expect_exit(64);
    sandbox.run("access grant ci petstore --env test --no-limit").expect_exit(0);
    assert!(!sandbox.run("key show ci").stdout.contains("400/day"));
    sandbox
        .run("access grant ci petstore --env test --no-limit")
        .expect_exit(0)
        .expect_stdout("already has each of these grants\n");
    sandbox.run("access grant ci petstore --env test --limit 400/day").expect_exit(0);
    let shown = sandbox.run("-o json key show ci").expect_exit(0).json();
    assert_eq!(shown["limits"], serde_json::json!(["5/second", "60/minute"]));
    assert_eq!(shown["grants"].as_array().map(Vec::len), Some(1));
    sandbox.run("key show ci").expect_exit(0).expect_stdout("all APIs, at most 400/day");
    sandbox.run("access list").expect_exit(0).expect_stdout("400/day");
    sandbox.run("routes --env test").expect_exit(0).expect_stdout("at most  60/minute, 1000/day");
    sandbox.run("key limit ci 7/minute").expect_exit(0).expect_stdout("key ci: limit at most 7/minute");
    sandbox.run("key limit ci 7/min").expect_exit(0).expect_stdout("already");
    sandbox.run("undo --access").expect_exit(0);
    sandbox.run("key show ci").expect_exit(0).expect_stdout("5/second, 60/minute, in each environment");
    sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
    let files = sandbox.files();
    for (words, exit, message) in [
        ("key limit ci 61/minute".to_owned(), 3, "61/minute is above 60/minute, the limit of petstore"),
        (
            "key limit ci 1/fortnight".to_owned(),
            64,
            "\"fortnight\" is not a window of a limit: use second, minute or day",
        ),
        ("key limit ci 0/day".to_owned(), 64, "a limit of 0 admits nobody"),
        ("key limit ci 60".to_owned(), 64, "write it like 60/minute"),
        ("key limit ci 1/s 2/second".to_owned(), 64, "two limits a second"),
        ("key limit ci".to_owned(), 64, "required"),
        ("access grant ci petstore --env test --limit 1001/day".to_owned(), 3, "1001/day is above 1000/day"),
        ("access grant ci petstore --env online --limit 1001/day".to_owned(), 3, "1001/day is above 1000/day"),
        (format!("key create x --kind subscription --limit 0/s {}", to("x")), 64, "admits nobody"),
    ] {
        sandbox.run(&words).expect_exit(exit).expect_stderr(message);
        assert_eq!(sandbox.files(), files, "{words}");
    }
    // A key with a limit above a group's is not let into it.
    sandbox.run(&format!("key create large --kind subscription --limit 61/minute {}", to("large"))).expect_exit(0);
    sandbox.run("access grant large petstore --env test").expect_exit(3).expect_stderr("61/minute is above 60/minute");
    sandbox.run("key limit large --none").expect_exit(0);
    sandbox.run("access grant large petstore --env test").expect_exit(0);
}

#[test]
fn a_group_with_a_limit_or_a_range_that_cannot_be_is_named_with_its_line() {
    for (line, message) in [
        ("limits: 1/fortnight", "\"fortnight\" is not a window"),
        ("limits: [60/minute, 0/day]", "a limit of 0 admits nobody"),
        ("limits: [60/minute, 70/min]", "two limits a minute"),
        ("ip_rules: {allow: [10.1.2.3/8]}", "write 10.0.0.0/8 for the network"),
        ("ip_rules: {deny: [example.com]}", "\"example.com\" is not a range of addresses"),
        ("ip_rules: {environments: {test: {allow: [::1/64]}}}", "write ::/64 for the network"),
    ] {
        let sandbox = Sandbox::petstore();
        let settings = sandbox.read("groups/petstore/group.yaml");
        sandbox.write("groups/petstore/group.yaml", &settings.replace("auth: none", &format!("auth: none\n{line}")));
        let outcome = sandbox.run("check").expect_exit(3);
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(said.contains(message) && said.contains("groups/petstore/group.yaml:"), "{line}: {said}");
    }
}

#[test]
fn a_days_counts_survive_a_restart() {
    let sandbox = sandbox("3/day");
    let status = |serving: &Serving| {
        let answer = serving.get("/petstore/pets/1");
        answer.split(' ').nth(1).expect("a status").to_owned()
    };
    let serving = Serving::start(&sandbox);
    assert_eq!([(); 2].map(|()| status(&serving)), ["200", "200"]);
    serving.stop();
    let saved = sandbox.read(".apigw/day-counts.json");
    assert!(saved.contains("\"test/group/petstore/day\":2"), "{saved}");
    let serving = Serving::start(&sandbox);
    assert_eq!([(); 2].map(|()| status(&serving)), ["200", "429"]);
    serving.stop();
    sandbox.write(".apigw/day-counts.json", "{");
    let serving = Serving::start(&sandbox);
    serving.wait_to_hear("daily limits start over");
    assert_eq!(status(&serving), "200");
}

#[test]
fn gateways_that_share_no_account_are_named() {
    let sandbox = sandbox("1/day");
    let warned = "test: 2 gateways on this machine serve it, and `access.gateways` in apigw.toml is 1";
    let first = Serving::start(&sandbox);
    first.wait_to_hear("petstore 0.0.1 with mock");
    assert!(!sandbox.run("status").expect_exit(0).stderr.contains("gateways on this machine"));
    let second = Serving::start(&sandbox);
    second.wait_to_hear(warned);
    sandbox.run("status").expect_exit(0).expect_stderr(warned);
    let settings = sandbox.read("apigw.toml");
    sandbox.write("apigw.toml", &format!("{settings}\n[access]\ngateways = 2\n"));
    assert!(!sandbox.run("status").expect_exit(0).stderr.contains("gateways on this machine"));
    // Each admits one at the least.
    assert!([&first, &second].map(|gateway| gateway.get("/petstore/pets").contains(" 200 ")) == [true, true]);
    let group = sandbox.read("groups/petstore/group.yaml");
    sandbox.write("groups/petstore/group.yaml", &group.replace("auth: subscription", "auth: signature"));
    let told = sandbox.run("check").expect_exit(0).stdout;
    let expected = "the group petstore takes signed requests, and each of the 2 gateways accepts the same one once";
    assert!(told.contains(expected) && told.contains("signed-request-repeated"), "{told}");
}
