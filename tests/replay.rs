//! Goes through the corpus of the fuzz targets without a fuzzer, so that what was found stays settled.

use std::io::Write as _;
use std::path::Path;

#[path = "fuzz/checks.rs"]
mod checks;

#[test]
fn every_input_of_the_corpus_keeps_what_its_target_asks_for() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let mut bytes = 0;
    for (name, check) in checks::TARGETS {
        let mut inputs: Vec<_> = std::fs::read_dir(corpus.join(name))
            .expect("the corpus has a folder for each target")
            .map(|entry| entry.expect("an input").path())
            .collect();
        inputs.sort();
        assert!(!inputs.is_empty(), "{name} has no input");
        for input in inputs {
            let data = std::fs::read(&input).expect("an input is read");
            bytes += data.len();
            // Where a check fails, its panic says what; this says for which input.
            let shown = input.display();
            let kept = std::panic::catch_unwind(|| check(&data)).is_ok();
            assert!(kept, "{shown} does not keep what the target {name} asks for");
        }
    }
    assert!(bytes < 500_000, "the corpus has {bytes} bytes; minimise it");
    writeln!(std::io::stderr(), "{bytes} bytes of corpus").expect("written");
}
