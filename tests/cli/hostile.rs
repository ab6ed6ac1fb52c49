//! Definitions that mean harm, given to the commands: each is answered with a message, and none ends in a panic.

use crate::harness::Sandbox;

#[path = "../bench/definition/hostile.rs"]
mod definitions;

/// The full numbers are for the benchmark, which runs an optimised build; what is done about them is the same.
const FEWER: usize = 20;

#[test]
fn commands_answer_definitions_that_mean_harm() {
    for definitions::Hostile { name, bytes, says } in definitions::definitions(FEWER) {
        let sandbox = Sandbox::petstore();
        std::fs::write(sandbox.path().join("given.yaml"), &bytes).expect("a file");
        let refused = !says.is_empty();
        let import = sandbox.run("group import given given.yaml");
        assert_eq!(import.exit, if refused { 3 } else { 0 }, "{name}: {}", import.stderr);
        assert!(import.stderr.contains(says), "{name}: {}", import.stderr);
        // What somebody puts in place by hand meets the same answer.
        std::fs::write(sandbox.path().join("groups/petstore/openapi.yaml"), &bytes).expect("a file");
        for words in ["check", "diff petstore petstore", "publish petstore --env test --mock --dry-run"] {
            let outcome = sandbox.run(words);
            assert!(matches!(outcome.exit, 0 | 1 | 3), "{name}: {words}: {} {}", outcome.exit, outcome.stderr);
            assert!(!outcome.stderr.contains("panicked"), "{name}: {words}: {}", outcome.stderr);
            let told = outcome.stdout.contains(says) || outcome.stderr.contains(says);
            assert!(
                !refused || told || words.starts_with("diff"),
                "{name}: {words}: {} {}",
                outcome.stdout,
                outcome.stderr
            );
        }
    }
}
