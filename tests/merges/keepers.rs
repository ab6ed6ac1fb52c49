//! Versions that keep their number where several branches gave it out: the same whoever resolves, and in whatever
//! order.

use std::path::Path;
use std::process::Command;

use super::cases::clones;
use super::clones::{WorkspaceClone, has_git};
use super::numbers::{freeze, numbers};

/// Returns the number of a version in a copy of a clone, once environments are resolved in this order.
fn number_after(clone: &WorkspaceClone, copy: &Path, environments: [&str; 2], digest: &str) -> String {
    let copied = Command::new("cp").arg("-r").arg(&clone.folder).arg(copy).status().expect("cp runs");
    assert!(copied.success(), "a copy");
    let mut clone = WorkspaceClone::at(copy, "Ada");
    for environment in environments {
        clone.done(&format!("-y resolve --env {environment} --ours"));
    }
    for environment in environments {
        clone.done(&format!("-y resolve --env {environment}"));
    }
    let rows = numbers(&mut clone);
    let row = rows.iter().find(|(_, found, _)| found == digest);
    row.unwrap_or_else(|| panic!("{digest} is lost: {rows:?}")).0.clone()
}

#[test]
fn a_number_does_not_depend_on_the_environment_that_is_resolved_first() {
    if !has_git() {
        return;
    }
    // Of two versions one has the lesser digest, whosever it is; one is live in the protected environment, or both are.
    for (of_ada, of_bob) in [("online", "test"), ("test", "online"), ("online", "online")] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mut ada, mut bob) = clones(folder.path());
        let mut digests = Vec::new();
        for (clone, path, environment, port) in [(&mut ada, "/ada", of_ada, 1), (&mut bob, "/bob", of_bob, 2)] {
            clone.done("-y publish a --env test --mock");
            digests.push(freeze(clone, path, environment));
            clone.done(&format!("-y publish b --env online --backend http://127.0.0.1:{port}"));
            clone.commit("online");
        }
        ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
        ada.git("merge -q --no-edit FETCH_HEAD");
        let after = |name: &str, environments| number_after(&ada, &folder.path().join(name), environments, &digests[0]);
        let found = [after("one", ["test", "online"]), after("two", ["online", "test"])];
        assert_eq!(found[0], found[1], "{of_ada} {of_bob}");
        if of_ada != of_bob {
            assert_eq!(found[0], if of_ada == "online" { "0.0.2" } else { "0.0.3" });
        }
    }
}

#[test]
fn a_rebase_renumbers_its_own_versions_and_none_of_those_upstream() {
    if !has_git() {
        return;
    }
    for (of_ada, of_bob) in [("/one", "/two"), ("/two", "/one")] {
        for choice in ["ours", "theirs"] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let (mut ada, mut bob) = clones(folder.path());
            ada.done("publish a --env test --mock");
            ada.commit("first");
            bob.git_done("pull -q --ff-only origin main");
            let upstream = freeze(&mut bob, of_bob, "test");
            let own = [freeze(&mut ada, of_ada, "test"), freeze(&mut ada, "/more", "test")];
            ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
            let mut rebased = ada.git("rebase FETCH_HEAD");
            while rebased.code != 0 {
                ada.done(&format!("resolve --env test --{choice}"));
                for file in ["openapi.yaml", "group.yaml"] {
                    ada.git(&format!("checkout -q --theirs -- groups/a/{file}"));
                }
                ada.git_done("add -A");
                rebased = ada.git("rebase --continue");
            }
            ada.done("verify");
            let found: Vec<_> = numbers(&mut ada).into_iter().map(|(number, digest, _)| (number, digest)).collect();
            let wanted = [("0.0.2", &upstream), ("0.0.3", &own[0]), ("0.0.4", &own[1])];
            let wanted = wanted.map(|(number, digest)| (number.to_owned(), digest.clone()));
            assert_eq!(found[1..], wanted, "{of_ada} {choice}");
        }
    }
}

#[test]
fn a_number_that_one_branch_deleted_stands_for_its_bytes_alone() {
    if !has_git() {
        return;
    }
    for deletes_first in [false, true] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mut ada, mut bob) = clones(folder.path());
        ada.done("publish a --env test --mock");
        ada.commit("first");
        bob.git_done("pull -q --ff-only origin main");
        let [deleting, other] = if deletes_first { [&mut ada, &mut bob] } else { [&mut bob, &mut ada] };
        let deleted = freeze(deleting, "/deleted", "test");
        deleting.done("switch a --env test --previous");
        deleting.done("version delete a 0.0.2 --force -m bad");
        deleting.commit("deleted");
        let kept = freeze(other, "/kept", "test");
        ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
        ada.git("merge -q --no-edit FETCH_HEAD");
        let (choice, parent) = if deletes_first { ("theirs", 1) } else { ("ours", 2) };
        let verified = ada.apigw("verify");
        assert!(verified.code == 3 && verified.stdout.contains("a merge brought other bytes under it"), "{verified:?}");
        let resolved = ada.done(&format!("resolve --env test --{choice}"));
        assert!(resolved.stdout.contains("frozen as 0.0.2, is version 0.0.3 from now on"), "{resolved:?}");
        for file in ["openapi.yaml", "group.yaml"] {
            ada.git(&format!("checkout -q --ours -- groups/a/{file}"));
        }
        ada.commit("merge");
        ada.done("verify");
        let found: Vec<_> = numbers(&mut ada).into_iter().map(|(number, digest, _)| (number, digest)).collect();
        assert_eq!(found[1..], [("0.0.3".to_owned(), kept.clone())], "{deleted}");
        let live = ada.done("-o json status a --env test").json()["deployments"][0].clone();
        assert_eq!((&live["digest"], &live["number"]), (&kept.into(), &"0.0.3".into()));
        assert_eq!(ada.apigw("resolve --env test --dry-run --detailed-exitcode").code, 0);
        // The deleted one comes back under its own number.
        ada.git_done(&format!("checkout HEAD^{parent}~1 -- groups/a/versions/0.0.2"));
        ada.done("verify");
        assert!(numbers(&mut ada).contains(&("0.0.2".to_owned(), deleted, None)));
    }
}

#[test]
fn versions_of_which_a_rebase_committed_both_sides_are_told_apart_in_every_clone() {
    if !has_git() {
        return;
    }
    for paths in [["/one", "/two"], ["/two", "/one"]] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mut ada, mut bob) = clones(folder.path());
        ada.done("publish a --env test --mock");
        ada.commit("first");
        bob.git_done("pull -q --ff-only origin main");
        let upstream = freeze(&mut bob, paths[0], "test");
        let own = freeze(&mut ada, paths[1], "pre-release");
        ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
        assert_ne!(ada.git("rebase FETCH_HEAD").code, 0, "a conflict");
        ada.git("checkout -q --ours -- groups/a/openapi.yaml groups/a/group.yaml");
        ada.git_done("add -A");
        ada.git_done("rebase --continue");
        let mut other = WorkspaceClone::of(&ada.folder, &folder.path().join("other"), "Cyd");
        for clone in [&mut ada, &mut other] {
            clone.done("resolve --env pre-release");
            clone.commit("resolved");
            clone.done("verify");
            let found: Vec<_> = numbers(clone).into_iter().map(|(number, digest, _)| (number, digest)).collect();
            let wanted = [("0.0.2", &upstream), ("0.0.3", &own)];
            assert_eq!(found[1..], wanted.map(|(number, digest)| (number.to_owned(), digest.clone())));
        }
    }
}
