//! The files that commands write: links, permissions, pipes, names.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::process::Command;

use crate::harness::{Sandbox, isolate};

const PLAN: &str = "schema: 1\nsteps:\n- publish: {environment: test, groups: [petstore], mock: true}\n";

#[test]
fn a_link_inside_the_workspace_is_written_through() {
    let sandbox = Sandbox::petstore();
    let own = sandbox.path().join("groups/petstore/openapi.yaml");
    fs::create_dir(sandbox.path().join("shared")).expect("a folder");
    fs::rename(&own, sandbox.path().join("shared/openapi.yaml")).expect("moved");
    symlink("../../shared/openapi.yaml", &own).expect("a link");
    sandbox.run("api add petstore GET /owners").expect_exit(0);
    assert!(fs::symlink_metadata(&own).expect("the link").is_symlink(), "the link was replaced");
    assert!(sandbox.read("shared/openapi.yaml").contains("/owners"));
}

#[test]
fn permissions_and_the_group_that_a_folder_hands_on_are_kept() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.path().join("groups/petstore/group.yaml");
    fs::set_permissions(&settings, fs::Permissions::from_mode(0o640)).expect("permissions");
    let group = sandbox.path().join("groups/petstore");
    fs::set_permissions(&group, fs::Permissions::from_mode(0o2775)).expect("permissions");
    sandbox.run("group set petstore description=other").expect_exit(0);
    sandbox.run("version create petstore").expect_exit(0);
    assert_eq!(fs::metadata(&settings).expect("settings").mode() & 0o7777, 0o640);
    let version = fs::metadata(group.join("versions/0.0.1")).expect("the version");
    assert_eq!(version.mode() & 0o2000, 0o2000, "the folder of a version lost its set-group-id bit");
    assert_eq!(version.gid(), fs::metadata(&group).expect("the group").gid());
}

#[test]
fn a_bound_plan_goes_to_pipes_and_through_links_and_keeps_to_the_umask() {
    let sandbox = Sandbox::petstore();
    sandbox.write("release.yaml", PLAN);
    let shown = sandbox.run("-q plan release.yaml --out /dev/stdout").expect_exit(0).stdout;
    assert!(shown.contains("bound:"), "{shown}");
    let out = |name: &str| sandbox.run(&format!("plan release.yaml --out {name}")).expect_exit(0);
    out("bound.yaml");
    fs::set_permissions(sandbox.path().join("bound.yaml"), fs::Permissions::from_mode(0o640)).expect("permissions");
    symlink("bound.yaml", sandbox.path().join("link.yaml")).expect("a link");
    out("link.yaml");
    assert!(fs::symlink_metadata(sandbox.path().join("link.yaml")).expect("the link").is_symlink());
    assert_eq!(fs::metadata(sandbox.path().join("bound.yaml")).expect("the plan").mode() & 0o777, 0o640);
    let pipe = sandbox.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || {
            let mut text = String::new();
            fs::File::open(pipe).and_then(|mut file| file.read_to_string(&mut text)).expect("read");
            text
        }
    });
    out("pipe");
    assert!(reader.join().expect("the reader").contains("bound:"));
    let mut shell = Command::new("sh");
    let apigw = env!("CARGO_BIN_EXE_apigw");
    shell.args(["-c", &format!("umask 027; {apigw} plan release.yaml --out new.yaml")]).current_dir(sandbox.path());
    isolate(&mut shell, sandbox.path());
    assert!(shell.output().expect("a shell").status.success());
    assert_eq!(fs::metadata(sandbox.path().join("new.yaml")).expect("the plan").mode() & 0o777, 0o640);
}

#[test]
fn a_link_that_leads_nowhere_yet_stays_a_link() {
    let sandbox = Sandbox::petstore();
    sandbox.write("release.yaml", PLAN);
    let link = |target: &str, name: &str| symlink(target, sandbox.path().join(name)).expect("a link");
    fs::create_dir(sandbox.path().join("plans")).expect("a folder");
    link("plans/second", "first");
    link("../bound.yaml", "plans/second");
    sandbox.run("plan release.yaml --out first").expect_exit(0);
    assert!(sandbox.read("bound.yaml").contains("bound:"));
    for name in ["first", "plans/second"] {
        assert!(fs::symlink_metadata(sandbox.path().join(name)).expect("a link").is_symlink(), "{name}");
    }
    link("elsewhere/bound.yaml", "nowhere");
    sandbox.run("plan release.yaml --out nowhere").expect_exit(3).expect_stderr("there is no folder for this file");
    link("circle", "circle");
    sandbox.run("plan release.yaml --out circle").expect_exit(1);
    link("deployments/pre-release.yaml", "own");
    sandbox.run("plan release.yaml --out own").expect_exit(3).expect_stderr("the workspace's own files");
    for name in ["nowhere", "circle", "own"] {
        assert!(fs::symlink_metadata(sandbox.path().join(name)).expect("a link").is_symlink(), "{name}");
    }
}

#[test]
fn versions_that_differ_by_case_alone_are_refused() {
    let sandbox = Sandbox::petstore();
    sandbox.run("version bump petstore 1.0.0-rc1").expect_exit(0);
    sandbox.run("version create petstore").expect_exit(0);
    sandbox.run("version bump petstore 1.0.0-RC1").expect_exit(0);
    for words in ["version create petstore", "publish --env test --mock", "publish --env test --mock --dry-run"] {
        sandbox.run(words).expect_exit(4).expect_stderr("case of letters");
    }
    assert!(!sandbox.path().join("groups/petstore/versions/1.0.0-RC1").exists());
    sandbox.run("status").expect_exit(0);
}

#[test]
fn git_changes_no_line_ends_of_what_is_frozen() {
    let sandbox = Sandbox::petstore();
    assert!(sandbox.read(".gitattributes").lines().any(|line| line == "groups/** -text"));
}
