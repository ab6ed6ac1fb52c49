//! Every refusal and every way to have nothing to do, as tables: commands upon a workspace in memory.

mod back;
mod blocks;
mod memory;
mod policies;
mod releases;
mod resolve;

use memory::Memory;

/// Lines that run one after the other, and the outcome of the last one.
#[rustfmt::skip]
const LINES: &[(&str, &str)] = &[
    // Publish
    ("publish test mock", "publish 0.0.1 live mock"),
    ("publish test mock|publish test mock", "nothing to do"),
    ("publish test mock|publish test http://b", "publish 0.0.1 live http://b"),
    ("publish test settings", "state: g has no backend address"),
    ("work 0.0.1 a http://s|publish test settings", "publish 0.0.1 live http://s"),
    ("publish test http://${HOST}", "state: the requested backend: the variable \"HOST\" is not set in test"),
    ("publish test ${HOST", "state: the requested backend: \"${HOST\" has a `${` without its `}`"),
    ("publish test nowhere", "state: the requested backend: \"nowhere\" is not a backend's address: write it like \"https://host:port/path\""),
    ("publish test mock at 0.0.1", "publish 0.0.1 live mock"),
    ("publish test mock at 0.0.9", "state: g has no version 0.0.9"),
    ("publish test mock|work 0.0.1 ab|publish test mock", "differs: version 0.0.1 of g is frozen, and the working copy differs from it"),
    ("publish test mock|work 0.0.1 ab|publish test mock at 0.0.1", "nothing to do"),
    ("publish test mock|work 0.0.1 ab|publish test mock bump minor", "publish 0.1.0 live mock"),
    ("publish test mock|publish test mock bump minor", "nothing to do"),
    ("publish test mock bump auto", "publish 0.0.1 live mock"),
    ("publish test mock|work 0.0.1 ab|publish test mock bump auto", "publish 0.0.2 live mock"),
    ("work 0.0.1 ab|publish test mock|work 0.0.1 a|publish test mock bump auto", "publish 0.1.0 live mock"),
    ("publish test mock|publish test mock bump auto", "nothing to do"),
    ("publish test mock|spoil 0.0.1|work 0.0.1 ab|publish test mock bump auto", "state: version 0.0.1 of g cannot be read, so changes since then are unknown"),
    ("work 0.0.1 |publish test mock", "invalid: g cannot be published: 1 problem was found"),
    ("publish test mock|publish online mock|work 0.0.2 ab|publish test mock if 1", "not current: g in test is not as operation 19700101T000000.000Z-6b86b273ff34 left it: the latest is 19700101T000000.000Z-5feceb66ffc8"),
    ("publish test mock|work 0.0.2 ab|publish test mock if 0", "publish 0.0.2 live mock"),
    // The refusal is about the unreadable definition; another version would not mend it.
    ("publish test mock|break|publish test mock", "invalid: g cannot be published: 1 problem was found"),
    // A missing key is warned of, for `http` backends only.
    ("keys 0.0.1 a|publish test http://b", "publish 0.0.1 live http://b; warns: groups/g/group.yaml: `auth: signature` asks callers to sign each request, and the definition does not say so of 1 API, like a; warns: g in test: `auth: signature` requires a key, but no key has a grant: every request gets 401 or 403"),
    ("keys 0.0.1 a|publish test mock", "publish 0.0.1 live mock"),
    ("keys 0.0.1 a|publish test http://b|publish test http://b", "nothing to do"),
    // Switch
    ("switch test 0.0.1", "state: g is not live in test, so there is no version to switch"),
    ("publish test mock|offline test|switch test 0.0.1", "state: g is not live in test, so there is no version to switch"),
    ("publish test mock|switch test 0.0.1", "nothing to do"),
    ("publish test mock|switch test 0.0.2", "state: g has no frozen version 0.0.2"),
    ("publish test mock|switch test previous", "state: no earlier version of g is left to switch to in test"),
    ("publish test mock|work 0.0.2 ab|publish test http://b|switch test 0.0.1", "switch 0.0.1 live http://b"),
    ("publish test mock|work 0.0.2 ab|publish test http://b|switch test previous", "switch 0.0.1 live http://b"),
    // Offline
    ("offline test", "state: g was never published to test"),
    ("offline test all", "nothing to do"),
    ("publish test mock|offline test", "offline 0.0.1 offline mock"),
    ("publish test mock|offline test|offline test", "nothing to do"),
    ("publish test mock|offline test|publish test mock", "publish 0.0.1 live mock"),
    // Promote
    ("promote test test", "state: test cannot be promoted to itself"),
    ("promote test online", "state: g is not live in test"),
    ("publish test mock|promote test online", "promote 0.0.1 live mock"),
    ("publish test mock|promote test online|promote test online", "nothing to do"),
    ("publish online http://b|publish test mock|promote test online", "promote 0.0.1 live mock; warns: g in online changes from http://b to a mock, as it is in test"),
    ("work 0.0.1 a http://s|publish test http://b|promote test online", "promote 0.0.1 live http://s"),
    ("publish test http://b|promote test online", "state: version 0.0.1 of g has no backend address"),
    ("work 0.0.1 a http://s|publish test settings|lose 0.0.1|promote test online", "state: the folder of version 0.0.1 of g is missing"),
    // Rollback
    ("rollback test", "state: g was never published to test"),
    ("publish test mock|rollback test", "state: nothing else was live for g in test before"),
    ("publish test mock|publish test http://b|rollback test", "rollback 0.0.1 live mock"),
    ("publish test mock|publish test http://b|publish test http://c|rollback test|rollback test", "rollback 0.0.1 live mock"),
    ("publish test mock|publish test http://b|rollback test 1", "nothing to do"),
    ("publish test mock|publish online mock|rollback test 1", "state: test has no operation 19700101T000000.000Z-6b86b273ff34"),
    ("publish test mock|publish test http://b|publish test http://c|rollback test 0", "rollback 0.0.1 live mock"),
    ("publish test mock|publish test http://b|publish test http://c|rollback test @1", "rollback 0.0.1 live http://b"),
    ("publish test mock|offline test|publish test http://b|rollback test 1", "rollback 0.0.1 offline mock"),
    // Each goes back from where the one before it led, whichever release was live twice.
    ("publish test mock|publish test http://b|publish test mock|rollback test|rollback test", "rollback 0.0.1 live mock"),
    ("publish test mock|publish test http://b|publish test mock|rollback test|rollback test|rollback test", "state: nothing else was live for g in test before"),
    // What an undo took back was never there: a rollback neither restores it nor goes forward to it again.
    ("publish test mock|publish test http://b|undo test 1|rollback test", "state: nothing else was live for g in test before"),
    ("publish test mock|publish test http://b|publish test http://c|undo test 2|rollback test", "rollback 0.0.1 live mock"),
    ("publish test mock|publish test http://b|undo test 1|undo test 2|rollback test", "rollback 0.0.1 live mock"),
    ("publish test mock|publish test http://b|undo test 1|undo test 2|rollback test|rollback test", "state: nothing else was live for g in test before"),
    ("publish test mock|publish test http://b|rollback test|offline test|undo test 3|rollback test", "state: nothing else was live for g in test before"),
    ("publish test mock|offline test|publish test http://b|undo test 2|rollback test", "rollback 0.0.1 live mock"),
    ("publish test mock|publish test http://b|undo test 1|offline test|publish test mock|rollback test", "state: nothing else was live for g in test before"),
    ("publish test mock|publish test http://b|undo test 1|publish test http://c|rollback test", "rollback 0.0.1 live mock"),
    ("publish test mock|publish test http://b|undo test 1|undo test 2|undo test 3|publish test http://c|rollback test", "rollback 0.0.1 live mock"),
    ("publish test mock|publish test http://b|undo test 1|publish test http://c|rollback test 1|rollback test", "rollback 0.0.1 live mock"),
    ("publish test mock|undo test 0|rollback test", "state: nothing else was live for g in test before"),
    ("publish test mock|undo test 0|rollback test 0", "rollback 0.0.1 live mock"),
    ("publish test mock|undo test 0|undo test 1", "undo 0.0.1 live mock"),
    ("publish test mock|undo test 0|publish test http://b|rollback test", "state: nothing else was live for g in test before"),
    ("publish test mock|publish test http://b|rollback test all", "state: all groups go back to one state, and none is named"),
    ("publish test mock|publish test http://b|rollback test all 0", "rollback 0.0.1 live mock"),
    ("publish test mock|publish test http://b|rollback test @-1", "state: g had not been published to test yet"),
    ("publish test mock|publish test http://b|rollback test all @-1", "state: nothing was live in test then"),
    // Undo
    ("undo test 0", "state: test has no operation 19700101T000000.000Z-8a8de823d5ed"),
    ("publish test mock|undo online 0", "state: online has no operation 19700101T000000.000Z-5feceb66ffc8"),
    ("publish test mock|undo test 0", "undo 0.0.1 offline mock"),
    ("publish test mock|publish test http://b|undo test 1", "undo 0.0.1 live mock"),
    ("publish test mock|publish test http://b|undo test 0", "overtaken: 19700101T000000.000Z-5feceb66ffc8 cannot be undone: g was changed by 19700101T000000.001Z-6b86b273ff34 since"),
    ("publish test mock|publish test http://b|undo test 0 skip", "nothing to do; warns: g is skipped: 19700101T000000.001Z-6b86b273ff34 changed it since"),
    ("publish test mock|publish test http://b|undo test 1 skip", "undo 0.0.1 live mock"),
    // Earlier releases of the source count, not only the live one.
    ("publish test mock|work 0.0.2 ab|publish test mock|promote test online version 0.0.1", "promote 0.0.1 live mock"),
    ("publish test mock|work 0.0.2 ab|publish test mock|promote test online version 0.0.2", "promote 0.0.2 live mock"),
    ("publish test mock|work 0.0.2 ab|publish test mock|promote test online version 0.0.3", "state: version 0.0.3 of g was never live in test"),
    ("publish test mock|work 0.0.2 ab|publish test mock|promote test online at 0", "promote 0.0.1 live mock"),
    ("publish test mock|offline test|promote test online version 0.0.1", "promote 0.0.1 live mock"),
    ("publish test mock|offline test|promote test online at 1", "state: g was not live in test then"),
    // Policies: mock, promote_from
    ("policy test mock=\"deny\"|publish test mock", "refused: test refuses the change: a mock backend, which skips authentication and signature checks, for g"),
    ("policy test mock=\"warn\"|publish test mock", "publish 0.0.1 live mock; warns: test gets a mock backend, which skips authentication and signature checks, for g"),
    ("publish test mock|policy test mock=\"deny\"|offline test", "offline 0.0.1 offline mock"),
    ("policy test mock=\"deny\"|publish test http://b", "publish 0.0.1 live http://b"),
    ("publish test mock|policy test mock=\"deny\"|undo test 0", "undo 0.0.1 offline mock"),
    ("policy online promote_from=\"test\"|publish online mock", "refused: online refuses the change: g 0.0.1 must be live in test before it can go to online"),
    ("policy online promote_from=\"test\"|publish test mock|publish online mock", "publish 0.0.1 live mock"),
    ("publish online mock|publish online http://b|policy online promote_from=\"test\"|rollback online", "rollback 0.0.1 live mock"),
    ("publish online mock|policy online promote_from=\"test\"|offline online", "offline 0.0.1 offline mock"),
    ("policy online promote_from=\"test\"|publish test mock|work 0.0.2 ab|publish test mock|publish online mock at 0.0.1", "publish 0.0.1 live mock"),
    ("policy online promote_from=\"test\"|publish test mock|offline test|publish online mock", "publish 0.0.1 live mock"),
    ("policy online promote_from=\"test\"|publish test mock|publish online http://b", "refused: online refuses the change: g 0.0.1 was live in test with a mock only, and must have been with a real backend before it can go to online"),
    ("policy online promote_from=\"test\"|publish test http://b|publish online mock", "refused: online refuses the change: g 0.0.1 was live in test with a real backend only, and must have been with a mock before it can go to online"),
    ("policy online promote_from=\"test\"|publish test http://b|publish test mock|publish online http://c", "publish 0.0.1 live http://c"),
    ("publish test mock|publish test http://b|policy test mock=\"deny\"|rollback test", "rollback 0.0.1 live mock; warns: test gets a mock backend, which skips authentication and signature checks, for g"),
    ("policy online mock=\"deny\"\npromote_from=\"test\"|publish online mock", "refused: online refuses the change: a mock backend, which skips authentication and signature checks, for g; and g 0.0.1 must be live in test before it can go to online"),
];

#[test]
fn each_command_comes_to_what_it_must() {
    for (lines, expected) in LINES {
        let mut memory = Memory::new();
        let outcomes: Vec<String> = lines.split('|').filter_map(|line| memory.run(line)).collect();
        assert_eq!(outcomes.last().map(String::as_str), Some(*expected), "{lines}: {outcomes:?}");
    }
}
