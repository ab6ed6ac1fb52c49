//! The releases to which a way back leads, told forwards: each operation adds to a list, or goes back to an earlier
//! one.

use serde_json::Value;

use super::reference::is_same_release;

/// The releases that count after an operation, the latest first.
type Releases = Vec<Value>;

/// Returns the releases before the present one of a group, the latest first: those that nobody took back. Its
/// operations come with what they left, the oldest first.
pub(crate) fn releases_before(chain: &[(&str, &Value)]) -> Releases {
    let Some((_, present)) = chain.last() else { return Releases::new() };
    let mut lists: Vec<Releases> = Vec::new();
    for (index, (action, release)) in chain.iter().enumerate() {
        let next = after(chain, &lists, index, (action, release));
        lists.push(next);
    }
    let mut releases = lists.pop().unwrap_or_default();
    releases.retain(|release| release["state"] == "live" && !is_same_release(release, present));
    releases
}

/// Returns the list after the operation of a number, where `lists` has those after all earlier ones.
fn after(chain: &[(&str, &Value)], lists: &[Releases], index: usize, (action, release): (&str, &Value)) -> Releases {
    let last = lists.last().cloned().unwrap_or_default();
    // The list before the operation that an undo took back.
    let before_last = index.checked_sub(2).map(|earlier| (chain[earlier].1, lists[earlier].clone()));
    let with = |mut list: Releases| {
        list.insert(0, release.clone());
        list
    };
    match (action, before_last) {
        // It keeps what it found.
        ("resolve", _) => last,
        ("undo", Some((left, list))) if is_same_release(left, release) => list,
        // It puts the other branch's release in force, beside the one that a resolve had kept.
        ("undo", Some((_, list))) => with(list),
        ("undo", None) if release["state"] == "offline" => Releases::new(),
        ("undo", None) => with(Releases::new()),
        ("rollback", _) => {
            if let Some(at) = last.iter().skip(1).position(|earlier| is_same_release(earlier, release)) {
                return last[at + 1..].to_vec();
            }
            // To a state that was named, whatever was taken back since.
            let named = chain[..index].iter().rposition(|(_, earlier)| is_same_release(earlier, release));
            named.map(|named| lists[named].clone()).unwrap_or_default()
        }
        _ => with(last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each word is an action and the number of a live release, or `-` for none.
    fn numbers(words: &str) -> String {
        let release = |number: &str| match number {
            "-" => serde_json::json!({"state": "offline", "digest": "1", "backend": 0}),
            number => serde_json::json!({"state": "live", "digest": number, "backend": 0}),
        };
        let chain: Vec<_> = words.split(' ').filter_map(|word| word.split_once(':')).collect();
        let chain: Vec<_> = chain.into_iter().map(|(action, number)| (action, release(number))).collect();
        let chain: Vec<_> = chain.iter().map(|(action, release)| (*action, release)).collect();
        let found = releases_before(&chain);
        found.iter().filter_map(|release| release["digest"].as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_way_back_leads_to_what_it_must() {
        for (words, expected) in [
            ("publish:1", ""),
            ("publish:1 publish:2 publish:3", "2 1"),
            ("publish:1 publish:2 rollback:1", ""),
            ("publish:1 publish:2 publish:3 rollback:2", "1"),
            ("publish:1 publish:2 publish:3 undo:2", "1"),
            ("publish:1 publish:2 publish:3 undo:2 undo:3", "2 1"),
            ("publish:1 publish:2 undo:1 publish:3", "1"),
            ("publish:1 undo:- publish:2", ""),
            ("publish:1 offline:-", "1"),
            ("publish:1 publish:2 resolve:2", "1"),
            ("publish:1 publish:2 resolve:2 undo:9", "2 1"),
            ("publish:1 publish:2 switch:1", "2"),
        ] {
            assert_eq!(numbers(words), expected, "{words}");
        }
    }
}
