use super::*;

#[test]
fn a_file_is_no_folder_and_has_none_below_it() {
    let temporary = tempfile::tempdir().expect("a folder");
    let path = temporary.path().join("file");
    fs::write(&path, "mine").expect("a file");
    for folder in [path.clone(), path.join("below/it")] {
        let refused = OutputFolder::open(&folder, "docs").expect_err("it is refused");
        assert!(matches!(refused, Error::FileForFolder { path: found, is_link: false } if found == path));
    }
    assert_eq!(fs::read(&path).expect("it is there"), b"mine");
}

#[test]
fn a_link_to_a_folder_is_one_and_a_link_to_nothing_is_refused() {
    let temporary = tempfile::tempdir().expect("a folder");
    let link = |name: &str, target: &str| {
        let path = temporary.path().join(name);
        std::os::unix::fs::symlink(target, &path).expect("a link");
        path
    };
    for path in [link("dangling", "nowhere"), link("loop", "loop"), link("deep", "/nowhere/a/b")] {
        for folder in [path.clone(), path.join("below/it")] {
            let refused = OutputFolder::open(&folder, "docs").expect_err("it is refused");
            assert!(matches!(refused, Error::FileForFolder { path: found, is_link: true } if found == path));
        }
    }
    fs::create_dir(temporary.path().join("folder")).expect("a folder");
    assert_eq!(update(&link("link", "folder"), &[file("a", "1")]).written, ["a"]);
    assert!(temporary.path().join("folder/a").is_file() && temporary.path().join("link").is_symlink());
}

fn file<'a>(path: &'a str, text: &'a str) -> OutputFile<'a> {
    OutputFile { path, bytes: text.as_bytes(), is_private: path.contains("secret") }
}

fn update(folder: &Path, files: &[OutputFile<'_>]) -> FolderChanges {
    let folder = OutputFolder::open(folder, "docs").expect("a folder");
    folder.write(files).expect("it is written")
}

#[test]
fn files_are_written_replaced_and_removed() {
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path().join("out/deep");
    let changes = update(&folder, &[file("a", "1"), file("b/c", "2"), file("b/d", "3")]);
    assert_eq!(changes.written, ["a", "b/c", "b/d"]);
    assert!(update(&folder, &[file("a", "1"), file("b/c", "2"), file("b/d", "3")]).is_empty());
    let changes = update(&folder, &[file("a", "4"), file("secret", "5")]);
    assert_eq!(
        (changes.written, changes.removed),
        (vec!["a".to_owned(), "secret".to_owned()], vec!["b/c".to_owned(), "b/d".to_owned()])
    );
    assert!(!folder.join("b").exists() && is_private(&folder.join("secret")));
    fs::write(folder.join("a"), "other").expect("a file");
    let opened = OutputFolder::open(&folder, "docs").expect("a folder");
    assert_eq!(opened.compare(&[file("a", "4"), file("secret", "5")]).expect("changes").written, ["a"]);
}

#[test]
fn a_large_file_is_compared_to_its_end() {
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path();
    let large = "a".repeat(2 * COMPARED_BYTES);
    for length in [COMPARED_BYTES - 1, COMPARED_BYTES, COMPARED_BYTES + 1, 2 * COMPARED_BYTES] {
        let text = &large[..length];
        update(folder, &[file("a", text)]);
        assert!(update(folder, &[file("a", text)]).is_empty(), "{length}");
        for other in [format!("{}b", &text[1..]), format!("b{}", &text[1..]), format!("{text}a"), text[1..].to_owned()]
        {
            fs::write(folder.join("a"), &other).expect("a file");
            assert_eq!(update(folder, &[file("a", text)]).written, ["a"], "{length}");
        }
    }
}

#[test]
fn a_folder_that_holds_something_else_is_refused() {
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path();
    fs::write(folder.join("mine.txt"), "").expect("a file");
    assert!(matches!(OutputFolder::open(folder, "docs"), Err(Error::FolderTaken { .. })));
    fs::remove_file(folder.join("mine.txt")).expect("it is removed");
    update(folder, &[file("a", "1")]);
    fs::create_dir(folder.join("more")).expect("a folder");
    assert!(matches!(OutputFolder::open(folder, "docs"), Err(Error::FolderTaken { .. })));
    fs::remove_dir(folder.join("more")).expect("it is removed");
    for name in ["../x", "/etc/passwd", "a/../../x"] {
        fs::write(folder.join(LIST_FILE), format!("{KIND_START}docs\na\n{name}\n")).expect("a list");
        assert!(matches!(OutputFolder::open(folder, "docs"), Err(Error::FolderTaken { .. })), "{name}");
    }
    std::os::unix::fs::symlink("/etc", folder.join("link")).expect("a link");
    fs::write(folder.join(LIST_FILE), format!("{KIND_START}docs\na\nlink/passwd\n")).expect("a list");
    assert!(matches!(OutputFolder::open(folder, "docs"), Err(Error::FolderTaken { .. })));
}

#[test]
fn folders_of_tools_in_packages_are_passed_over() {
    let temporary = tempfile::tempdir().expect("a folder");
    for kind in ["sdk", "docs"] {
        let folder = temporary.path().join(kind);
        let open = || OutputFolder::open(&folder, kind);
        let files = [file("g/java/pom.xml", "1"), file("g/python/g_sdk/client.py", "2")];
        open().expect("a folder").write(&files).expect("it is written");
        for made in ["g/java/target/classes", "g/python/g_sdk/__pycache__", "g/node_modules/x"] {
            fs::create_dir_all(folder.join(made)).expect("a folder");
            fs::write(folder.join(made).join("file"), "theirs").expect("a file");
        }
        if kind == "docs" {
            assert!(matches!(open(), Err(Error::FolderTaken { .. })));
            continue;
        }
        assert!(open().expect("it is ours").compare(&files).expect("read").is_empty());
        open().expect("it is ours").write(&files[..1]).expect("it is written");
        assert!(folder.join("g/python/g_sdk/__pycache__/file").is_file());
        for other in ["g/java/targets", "target"] {
            assert!(open().is_ok());
            fs::create_dir(folder.join(other)).expect("a folder");
            fs::write(folder.join(other).join("file"), "mine").expect("a file");
            assert!(matches!(open(), Err(Error::FolderTaken { .. })), "{other}");
            fs::remove_dir_all(folder.join(other)).expect("it goes");
        }
    }
}

#[test]
fn the_next_writer_removes_leftovers_and_nothing_else() {
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path();
    let stage = folder.join(STAGE_FOLDER);
    let leave = |name: &str| {
        fs::create_dir_all(&stage).expect("a folder");
        fs::write(stage.join(name), "half").expect("a file");
    };
    // Killed before it wrote its list.
    leave("x1Yz09");
    let changes = update(folder, &[file("a", "1")]);
    assert_eq!((changes.written, changes.removed), (vec!["a".to_owned()], vec![format!("{STAGE_FOLDER}/x1Yz09")]));
    assert!(!stage.exists());
    leave("x1Yz09");
    let changes = update(folder, &[file("a", "1")]);
    assert_eq!((changes.written.len(), changes.removed.len(), stage.exists()), (0, 1, false));
    for foreign in ["notes.txt", "x1Yz0", "x1Yz0_"] {
        leave("x1Yz09");
        leave(foreign);
        let refused = OutputFolder::open(folder, "docs");
        let entry = format!("{STAGE_FOLDER}/{foreign}");
        assert!(matches!(refused, Err(Error::FolderTaken { entry: found, .. }) if found == entry), "{foreign}");
        fs::remove_file(stage.join(foreign)).expect("it is there");
    }
    fs::write(folder.join(".apigw-notes"), "mine").expect("a file");
    assert!(matches!(OutputFolder::open(folder, "docs"), Err(Error::FolderTaken { .. })));
}

#[test]
fn writers_take_turns() {
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path().join("out");
    let names: Vec<String> = (0..40).map(|number| format!("f{number}")).collect();
    std::thread::scope(|scope| {
        let write = |text: &'static str| {
            let files: Vec<OutputFile<'_>> = names.iter().map(|name| file(name, text)).collect();
            (0..10).for_each(|_| drop(update(&folder, &files)));
        };
        for text in ["1", "2", "3"] {
            scope.spawn(move || write(text));
        }
    });
    let texts: BTreeSet<Vec<u8>> = names.iter().map(|name| fs::read(folder.join(name)).expect("a file")).collect();
    assert_eq!((texts.len(), folder.join(STAGE_FOLDER).exists()), (1, false));
}

#[test]
fn a_folder_of_another_kind_is_refused() {
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path();
    update(folder, &[file("a", "1")]);
    let list = fs::read_to_string(folder.join(LIST_FILE)).expect("a list");
    let without = list.replace("# kind: docs\n", "");
    for (kind, list) in [("sdk", list.as_str()), ("export envoy", list.as_str()), ("docs", without.as_str())] {
        fs::write(folder.join(LIST_FILE), list).expect("a list");
        let refused = OutputFolder::open(folder, kind);
        assert!(matches!(refused, Err(Error::FolderOfOtherKind { .. })), "{kind}");
    }
}

#[test]
fn a_workspace_is_no_output_folder_and_its_lock_is_not_waited_for() {
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path();
    fs::write(folder.join(layout::WORKSPACE_FILE), "schema = 1\n").expect("a file");
    let lock = fs::File::open(folder).expect("a folder");
    lock.lock().expect("a lock");
    for own in [".", ".apigw/installed", "groups/shop"] {
        let refused = OutputFolder::open(&folder.join(own), "docs");
        assert!(matches!(refused, Err(Error::Invalid(_))), "{own}: {refused:?}");
    }
    assert!(OutputFolder::open(&folder.join("docs"), "docs").is_ok());
}

#[test]
fn a_file_that_another_writer_removes_at_this_moment_is_waited_for() {
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..200 {
                let name = format!("f{}/a", number % 2);
                update(folder, &[file(&name, "1")]);
            }
        });
        for _ in 0..2000 {
            OutputFolder::open(folder, "docs").expect("a folder of its kind");
        }
    });
}
