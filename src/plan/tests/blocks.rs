//! Blocked and deleted versions: no verb brings one in, and the way back goes past them.

use super::memory::Memory;

const BLOCKED: &str = "refused: test refuses the change: g 0.0.1 was blocked by me at 1970-01-01T00:00:00.000Z: bad";
const DELETED: &str = "deleted: version 0.0.2 of g was deleted by me at 1970-01-01T00:00:00.000Z, and its number cannot be reused for other content";

/// Lines that follow upon 0.0.1 and 0.0.2 having been live in `test`, the last line, and its outcome.
#[rustfmt::skip]
const OUTCOMES: &[(&str, &str, &str)] = &[
    ("block 0.0.1", "switch test 0.0.1", BLOCKED),
    ("block 0.0.1", "switch test previous", BLOCKED),
    ("block 0.0.1", "publish test mock at 0.0.1", BLOCKED),
    ("block 0.0.1", "publish test mock at 0.0.1 anyway", BLOCKED),
    ("block 0.0.1", "rollback test", BLOCKED),
    ("block 0.0.1", "rollback test 0", BLOCKED),
    ("block 0.0.1", "rollback test all 0", BLOCKED),
    ("block 0.0.1", "undo test 1", BLOCKED),
    ("publish online mock at 0.0.1|block 0.0.1", "promote online test", BLOCKED),
    ("publish online mock at 0.0.1|block 0.0.1", "promote online test version 0.0.1", BLOCKED),
    // A live version stays live, can go offline, and can be replaced.
    ("switch test 0.0.1|block 0.0.1", "publish test mock at 0.0.1", "nothing to do; warns: g 0.0.1 was blocked by me at 1970-01-01T00:00:00.000Z: bad; it stays live"),
    ("switch test 0.0.1|block 0.0.1", "publish test http://b at 0.0.1", BLOCKED),
    ("switch test 0.0.1|block 0.0.1", "offline test", "offline 0.0.1 offline mock"),
    ("switch test 0.0.1|block 0.0.1", "switch test 0.0.2", "switch 0.0.2 live mock"),
    ("offline test|block 0.0.2", "rollback test", "rollback 0.0.1 live mock"),
    // The way back goes past it.
    ("block 0.0.2|work 0.0.3 abc|publish test mock", "rollback test", "rollback 0.0.1 live mock"),
    ("block 0.0.1|work 0.0.3 abc|publish test mock", "rollback test", "rollback 0.0.2 live mock"),
    ("block 0.0.2|work 0.0.3 abc|publish test mock", "switch test previous", "switch 0.0.1 live mock"),
    // Policies come on top of it.
    ("block 0.0.1|policy test mock=\"deny\"", "switch test 0.0.1", "refused: test refuses the change: g 0.0.1 was blocked by me at 1970-01-01T00:00:00.000Z: bad; and a mock backend, which skips authentication and signature checks, for g"),
    // A deleted number stands for its own bytes alone, and a bump goes past it.
    ("switch test 0.0.1|delete 0.0.2", "publish test mock", "publish 0.0.2 live mock"),
    ("switch test 0.0.1|delete 0.0.2|work 0.0.2 x", "publish test mock", DELETED),
    ("switch test 0.0.1|delete 0.0.2|work 0.0.2 x", "publish test mock at 0.0.2", DELETED),
    ("switch test 0.0.1|delete 0.0.2|work 0.0.2 x", "publish test mock bump minor", "publish 0.1.0 live mock"),
    ("switch test 0.0.1|delete 0.0.2|work 0.0.1 ax", "publish test mock bump auto", "publish 0.0.3 live mock"),
];

#[test]
fn blocked_versions_come_in_nowhere_and_deleted_numbers_stay_theirs() {
    for (lines, last, expected) in OUTCOMES {
        let mut memory = Memory::new();
        for line in ["publish test mock", "work 0.0.2 ab", "publish test mock"].into_iter().chain(lines.split('|')) {
            memory.run(line);
        }
        assert_eq!(memory.run(last).as_deref(), Some(*expected), "{lines}|{last}");
    }
}
