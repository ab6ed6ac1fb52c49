//! Mistakes about access: a place for a secret that is not there, kinds of keys that are
//! written in another way.

use crate::harness::Sandbox;

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
