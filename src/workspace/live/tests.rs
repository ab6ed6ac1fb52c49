use std::fs;

use super::*;
use crate::definition::Definition;
use crate::model::Backend;
use crate::model::FileSet;

/// Content of a version that is not on disk, with files of about so many bytes.
fn content(workspace: &Arc<Workspace>, group: &GroupName, release: &Release, bytes: usize) -> LiveContent {
    let text =
        "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {responses: {'200': {description: d}}}}}\n";
    let mut files = FileSet::default();
    files.insert("openapi.yaml", text.as_bytes().to_vec());
    files.insert("more.txt", vec![b' '; bytes]);
    let definition = Arc::new(LiveDefinition::new(Arc::clone(workspace), group, release, files));
    let settings = Arc::new(serde_yaml::from_str("schema: 1\nversion: \"0.0.1\"\nprefix: /g\n").expect("settings"));
    let content = Arc::new(GroupContent { settings, definition: definition.source(), tls_files: Arc::default() });
    LiveContent { content, definition }
}

#[test]
fn definitions_are_let_go_where_there_are_many_and_read_again_where_nobody_holds_them() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("apigw.toml"), "schema = 1\n").expect("a workspace");
    let workspace = Arc::new(Workspace::open(folder.path()).expect("a workspace"));
    let version = "0.0.1".parse().expect("a version");
    let release = Release { version, digest: Digest::of(b""), backend: Backend::Mock, state: DeploymentState::Live };
    let mut reader = LiveReader::new(Vec::new());
    let contents: Vec<LiveContent> = ["a", "b", "c", "d"]
        .iter()
        .map(|name| {
            let group: GroupName = name.parse().expect("a name");
            let content = content(&workspace, &group, &release, 400 << 10);
            reader.contents.insert(&group, &release, content.clone());
            content
        })
        .collect();
    reader.contents.choose_kept();
    let read = contents.iter().take(3).map(|content| content.definition.get().expect("a definition"));
    let held: Vec<Arc<Definition>> = read.collect();
    let kept: Vec<usize> = held.iter().map(Arc::strong_count).collect();
    assert_eq!(kept, [2, 2, 1], "those of one MiB of files are kept");
    let again = contents[2].definition.get().expect("somebody holds it");
    assert!(Arc::ptr_eq(&again, &held[2]));
    drop((again, held));
    reader.release_definitions();
    assert!(contents[0].definition.get().is_ok());
    for (content, version) in contents[2..].iter().zip(["c@0.0.1", "d@0.0.1"]) {
        let missing = content.definition.get().expect_err("it is read again, from a version that is not there");
        assert!(missing.to_string().contains(version), "{missing}");
    }
    // One that there was room for is let go when there is none any more.
    contents[1].definition.keep(false);
    reader.release_definitions();
    assert!(contents[1].definition.get().is_err());
}
