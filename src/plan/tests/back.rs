//! The way back from every short history: rollbacks in a row go further back and come to an end, and what was undone
//! leaves no trace in them.

use super::memory::Memory;

/// The commands of which histories are made.
const COMMANDS: [&str; 6] = [
    "publish test mock",
    "publish test http://b",
    "publish test http://c",
    "offline test",
    "rollback test",
    "undo test",
];
const LENGTH: u32 = 4;

/// Runs commands, each `undo` upon the last operation, and returns the state with the number of its operations.
fn run(commands: &[&str]) -> (Memory, usize) {
    let (mut memory, mut operations) = (Memory::new(), 0);
    for command in commands {
        let undo = format!("undo test {}", operations.max(1) - 1);
        let outcome = memory.run(if *command == "undo test" { &undo } else { command }).expect("an outcome");
        operations += usize::from(is_committed(&outcome));
    }
    (memory, operations)
}

fn is_committed(outcome: &str) -> bool {
    !outcome.starts_with("state: ") && !outcome.starts_with("nothing to do")
}

/// Rolls back until nothing is left, and returns the outcomes.
fn roll_back(memory: &mut Memory, most: usize, history: &[&str]) -> Vec<String> {
    let mut outcomes = Vec::new();
    loop {
        let outcome = memory.run("rollback test").expect("an outcome");
        if !is_committed(&outcome) {
            return outcomes;
        }
        outcomes.push(outcome);
        assert!(outcomes.len() <= most, "{history:?} goes to and fro: {outcomes:?}");
    }
}

/// Returns every history of a length.
fn histories(length: u32) -> impl Iterator<Item = Vec<&'static str>> {
    (0..COMMANDS.len().pow(length)).map(move |mut number| {
        let command = |_| {
            let command = COMMANDS[number % COMMANDS.len()];
            number /= COMMANDS.len();
            command
        };
        (0..length).map(command).collect()
    })
}

#[test]
fn rollbacks_in_a_row_come_to_an_end() {
    for history in histories(LENGTH) {
        let (mut memory, operations) = run(&history);
        roll_back(&mut memory, operations, &history);
    }
}

/// Takes back a command after each history of a length, and compares the rollbacks after so many further commands.
fn compare_with_undone(length: u32, further: u32) {
    for history in histories(length) {
        let operations = run(&history).1;
        for tail in histories(further) {
            if tail.contains(&"undo test") {
                // It would take back the undo.
                continue;
            }
            let plain = [history.as_slice(), &tail].concat();
            let (mut memory, most) = run(&plain);
            let expected = roll_back(&mut memory, most, &plain);
            for command in COMMANDS {
                let longer = [&history, [command].as_slice()].concat();
                if command == "undo test" || run(&longer).1 == operations {
                    continue;
                }
                let undone = [&longer, ["undo test"].as_slice(), &tail].concat();
                let (mut memory, most) = run(&undone);
                assert_eq!(roll_back(&mut memory, most, &undone), expected, "{undone:?}");
            }
        }
    }
}

#[test]
fn what_was_undone_leaves_no_trace_in_rollbacks() {
    for further in 0..LENGTH {
        compare_with_undone(LENGTH - 1 - further, further);
    }
}

#[test]
fn a_switch_to_the_previous_version_passes_by_what_was_taken_back() {
    const PUBLISHED: &str = "publish test mock|work 0.0.2 ab|publish test mock|work 0.0.3 abc|publish test mock";
    for (lines, expected) in [
        ("", "switch 0.0.2 live mock"),
        ("undo test 2", "switch 0.0.1 live mock"),
        ("rollback test", "switch 0.0.1 live mock"),
        ("undo test 2|undo test 3", "switch 0.0.2 live mock"),
        // A switch takes nothing back.
        ("switch test previous", "switch 0.0.3 live mock"),
        ("rollback test|rollback test", "state: no earlier version of g is left to switch to in test"),
    ] {
        let mut memory = Memory::new();
        for line in PUBLISHED.split('|').chain(lines.split('|').filter(|line| !line.is_empty())) {
            memory.run(line);
        }
        assert_eq!(memory.run("switch test previous").as_deref(), Some(expected), "{lines}");
    }
}
