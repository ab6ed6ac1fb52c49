//! A copy of the program in which each rule can be broken: a few lines are replaced, each of which must be there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file of the program, a part of it, and the part that takes its place.
const PATCHES: &[(&str, &str, &str)] = &[
    (
        "src/lib.rs",
        "mod cli;\n",
        "mod cli;\n\npub(crate) fn is_broken(rule: &str) -> bool {\n    \
         std::env::var(\"APIGW_BROKEN\").is_ok_and(|broken| broken == rule)\n}\n",
    ),
    (
        "src/workspace/lock.rs",
        "    match file.try_lock() {\n",
        "    if crate::is_broken(\"NoLock\") {\n        return Ok(Some(file));\n    }\n    match file.try_lock() {\n",
    ),
    (
        "src/workspace/lock.rs",
        "match acquire(folder, deadline) {",
        "match if crate::is_broken(\"LockInLocalFolder\") { \
         Err(io::Error::from_raw_os_error(Errno::OPNOTSUPP.raw_os_error())) } else { acquire(folder, deadline) } {",
    ),
    (
        "src/workspace/commit.rs",
        "            stage.write(&layout::operation(name, &id), text.as_bytes())\n",
        "            if crate::is_broken(\"OperationAfterRename\") {\n                return Ok(());\n            }\n            \
         stage.write(&layout::operation(name, &id), text.as_bytes())\n",
    ),
    (
        "src/workspace/commit.rs",
        "        let committed = Committed::new(id, name.to_string(), stage.sync());\n",
        "        let committed = Committed::new(id, name.to_string(), stage.sync());\n        \
         if crate::is_broken(\"OperationAfterRename\") {\n            \
         self.stage().write(&layout::operation(name, &committed.id), text.as_bytes())?;\n        }\n",
    ),
    (
        "src/workspace/commit.rs",
        "        let mut stage = self.stage();\n        if let Err(error) = prepared",
        "        if crate::is_broken(\"ForgetBeforeRename\") {\n            let _ = self.forget_intent();\n        }\n        \
         let mut stage = self.stage();\n        if let Err(error) = prepared",
    ),
    (
        "src/workspace/commit.rs",
        "            return Err(self.abandon(&intent, &aside, error));\n",
        "            if crate::is_broken(\"NoTakeBack\") {\n                return Err(error);\n            }\n            \
         return Err(self.abandon(&intent, &aside, error));\n",
    ),
    (
        "src/workspace/commit.rs",
        "map_err(|error| self.thaw(&frozen, error))",
        "map_err(|error| if crate::is_broken(\"NoTakeBack\") { error } else { self.thaw(&frozen, error) })",
    ),
    (
        "src/workspace/intent.rs",
        "                self.take_back(&intent, &AsideFiles::new())?;\n",
        "                if !crate::is_broken(\"NoRecovery\") {\n                    \
         self.take_back(&intent, &AsideFiles::new())?;\n                }\n",
    ),
    (
        "src/workspace/intent.rs",
        "        Ok(self.file_identity(&layout::environment(&intent.environment))? == intent.file)\n",
        "        if crate::is_broken(\"CompareEntries\") {\n            \
         let environment = self.environment(&intent.environment)?;\n            \
         return Ok(environment.deployments.values().all(|entry| entry.operation != intent.operation));\n        }\n        \
         Ok(self.file_identity(&layout::environment(&intent.environment))? == intent.file)\n",
    ),
    (
        "src/workspace/intent.rs",
        "        GitCheckout::find(self.root.path()).is_some_and(|checkout| checkout.is_tracked(&place))\n",
        "        let is_asked = !crate::is_broken(\"RemovePushed\") && !crate::is_broken(\"CompareEntries\");\n        \
         is_asked && GitCheckout::find(self.root.path()).is_some_and(|checkout| checkout.is_tracked(&place))\n",
    ),
    (
        "src/workspace/groups/change.rs",
        "        if !environments.is_empty() {\n            return Err(Error::VersionLive",
        "        if !environments.is_empty() && !crate::is_broken(\"DeleteNeeded\") {\n            return Err(Error::VersionLive",
    ),
    (
        "src/workspace/groups/change.rs",
        "        if !recent.is_empty() && !force {\n",
        "        if !recent.is_empty() && !force && !crate::is_broken(\"DeleteNeeded\") {\n",
    ),
    (
        "src/workspace/groups/change.rs",
        "        let deletion = digest.map(|digest| author.remark(digest));\n",
        "        let digest = digest.filter(|_| !crate::is_broken(\"NoNote\"));\n        \
         let deletion = digest.map(|digest| author.remark(digest));\n",
    ),
    (
        "src/plan/resolve.rs",
        "filter(|entry| !is_kept(entry)).collect();\n",
        "filter(|entry| !is_kept(entry) && !crate::is_broken(\"ForgetOtherSide\")).collect();\n",
    ),
];

#[test]
fn every_patch_applies() {
    for (file, part, _) in PATCHES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = fs::read_to_string(path).expect("a file of the program");
        assert_eq!(text.matches(part).count(), 1, "{file} does not have {part:?} once");
    }
}

/// Builds the copy, and returns its program. It is a package of another name, so that it shares what is built of others
/// with this one and never takes its place.
pub(crate) fn build() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("broken");
    if copy.exists() {
        fs::remove_dir_all(&copy).expect("removed");
    }
    for name in ["src", "examples"] {
        copy_folder(&source.join(name), &copy.join(name));
    }
    for name in ["README.md", "LICENSE"] {
        fs::copy(source.join(name), copy.join(name)).expect("copied");
    }
    let manifest = fs::read_to_string(source.join("Cargo.toml")).expect("the manifest");
    let (package, _) = manifest.split_once("[[bench]]").expect("the benchmarks");
    let lints = manifest.split_once("[profile.dev]").expect("the profiles").1;
    let profile = lints.split_once("\n[profile.release]").expect("the profiles").0;
    let manifest = package.replacen("name = \"apigw\"", "name = \"apigw-broken\"", 1)
        + &format!(
            "[lib]\nname = \"apigw\"\n\n[[bin]]\nname = \"apigw-broken\"\npath = \"src/main.rs\"\n\n[profile.dev]{profile}\n"
        );
    fs::write(copy.join("Cargo.toml"), manifest).expect("written");
    let lock = fs::read_to_string(source.join("Cargo.lock")).expect("the lock file");
    fs::write(copy.join("Cargo.lock"), lock.replacen("name = \"apigw\"", "name = \"apigw-broken\"", 1))
        .expect("written");
    every_patch_applies();
    for (file, part, other) in PATCHES {
        let path = copy.join(file);
        let text = fs::read_to_string(&path).expect("a file of the program");
        fs::write(&path, text.replacen(part, other, 1)).expect("written");
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the folder of what is built");
    let mut cargo = Command::new(env!("CARGO"));
    // Cargo tells this test of its package, and build scripts would take that for a change.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_") && text != "CARGO_HOME" {
            cargo.env_remove(&name);
        }
    }
    cargo.args(["build", "--quiet", "--offline", "--bin", "apigw-broken"]).current_dir(&copy);
    let output = cargo.env("CARGO_TARGET_DIR", target).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    target.join("debug/apigw-broken")
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).expect("copied");
        }
    }
}
