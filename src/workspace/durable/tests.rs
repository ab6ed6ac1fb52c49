//! Writes that fail, and folders that lose files while they are staged.

use super::*;

#[test]
fn a_write_that_fails_leaves_no_folder_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("apigw.toml"), "schema = 1\n").unwrap();
    let root = WorkspaceRoot::new(folder.path()).unwrap();
    fs::create_dir(folder.path().join("keys")).unwrap();
    // A file in the place of the folder for temporary files lets nobody write, whoever runs this.
    let temporary = folder.path().join("temporary");
    fs::write(&temporary, "").unwrap();
    assert!(FileStage::new(&root, &temporary).write("keys/a/b/c.yaml", b"x").is_err());
    assert!(folder.path().join("keys").exists() && !folder.path().join("keys/a").exists());
    fs::remove_file(&temporary).unwrap();
    FileStage::new(&root, &temporary).write("keys/a/b/c.yaml", b"x").unwrap();
    assert_eq!(fs::read(folder.path().join("keys/a/b/c.yaml")).unwrap(), b"x");
}

#[test]
fn a_folder_that_lost_a_file_while_it_was_staged_replaces_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (staged, target) = (folder.path().join("staged"), folder.path().join("petstore"));
    let mut files = FileSet::default();
    files.insert("a.yaml", b"old".to_vec());
    fill_folder(&target, &files, false, &target).unwrap();
    files.insert("a.yaml", b"new".to_vec());
    files.insert("b/c.yaml", b"c".to_vec());
    fill_folder(&staged, &files, false, &target).unwrap();
    folders::remove_all(&staged.join("b")).unwrap();
    exchange_folder_in(&staged, &target, &files).unwrap_err();
    assert_eq!(fs::read(target.join("a.yaml")).unwrap(), b"old");
    folders::remove_all(&staged).unwrap();
    fill_folder(&staged, &files, false, &target).unwrap();
    exchange_folder_in(&staged, &target, &files).unwrap();
    assert_eq!(fs::read(target.join("a.yaml")).unwrap(), b"new");
}

#[test]
fn a_folder_that_lost_a_file_while_it_was_staged_is_not_put_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (staged, target) = (folder.path().join("staged"), folder.path().join("0.0.1"));
    let mut files = FileSet::default();
    files.insert("a.yaml", b"a".to_vec());
    files.insert("b/c.yaml", b"c".to_vec());
    for lost in ["a.yaml", "b"] {
        fill_folder(&staged, &files, true, &target).unwrap();
        folders::remove_all(&staged.join(lost)).unwrap();
        let error = move_folder_in(&staged, &target, "0.0.1", &files).unwrap_err();
        assert!(matches!(error, Error::Io(_)), "{error:?}");
        assert!(!target.exists() && !staged.exists(), "{lost}");
    }
    fill_folder(&staged, &files, true, &target).unwrap();
    move_folder_in(&staged, &target, "0.0.1", &files).unwrap();
    assert_eq!(fs::read(target.join("b/c.yaml")).unwrap(), b"c");
}
