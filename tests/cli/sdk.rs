//! `apigw sdk`: the folder that it writes, and packages that are installed and called.

use std::path::Path;
use std::process::Command;

use crate::harness::Sandbox;
use crate::serving::Serving;
use crate::tools::{has_tool, named_by};

fn published() -> Sandbox {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        for entry in std::fs::read_dir(&path).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below it").display().to_string();
                files.push((name, std::fs::read(&path).expect("a file")));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn the_same_version_gives_the_same_bytes() {
    let sandbox = published();
    sandbox.run("sdk --env test --language python,typescript,java --out one").expect_exit(0);
    let first = files(&sandbox.path().join("one"));
    // Another environment, and another state of the first, change nothing.
    sandbox.run("promote --from test --to pre-release").expect_exit(0);
    sandbox.run("sdk petstore --env pre-release --language java,typescript,python --out two").expect_exit(0);
    sandbox.run("sdk --version 0.0.1 --language python,typescript,java --out three").expect_exit(0);
    assert_eq!(files(&sandbox.path().join("two")), first);
    assert_eq!(files(&sandbox.path().join("three")), first);
    let sums = sandbox.read("one/petstore/SHA256SUMS");
    let mut check = Command::new("sha256sum");
    check.args(["-c", "SHA256SUMS"]).current_dir(sandbox.path().join("one/petstore"));
    assert!(check.output().expect("sha256sum").status.success(), "{sums}");
}

#[test]
fn clients_have_the_addresses_of_environments_with_documents_alone() {
    let sandbox = published();
    let table = "[environments.pre-release]\n";
    let settings = sandbox.read("apigw.toml").replace(table, &format!("{table}docs = \"off\"\n"));
    assert!(settings.contains("off"), "{settings}");
    sandbox.write("apigw.toml", &settings);
    sandbox.run("sdk --env test --language python,typescript,java --out sdk").expect_exit(0);
    sandbox.run("docs --env test --out public").expect_exit(0);
    let all: Vec<_> = ["sdk", "public"].iter().flat_map(|name| files(&sandbox.path().join(name))).collect();
    let has = |name: &str, text: &str| {
        let is_named =
            |(path, bytes): &&(String, Vec<u8>)| path.ends_with(name) && String::from_utf8_lossy(bytes).contains(text);
        all.iter().filter(is_named).map(|(path, _)| path.clone()).collect::<Vec<_>>()
    };
    for readme in ["python/README.md", "typescript/README.md", "java/README.md"] {
        assert_eq!(has(readme, "petstore.test.apigw.localhost").len(), 1, "{readme}");
    }
    assert_eq!(has("", "petstore.pre-release."), Vec::<String>::new());
}

#[test]
fn a_stale_folder_and_one_of_somebody_else_are_told_apart() {
    let sandbox = published();
    let check = "sdk --env test --language python --out sdk --check";
    let missing = sandbox.run(check).expect_exit(2);
    assert!(missing.stdout.contains("sdk is out of date"), "{}", missing.stdout);
    assert!(!sandbox.path().join("sdk").exists());
    sandbox.run("sdk --env test --language python --out sdk").expect_exit(0);
    sandbox.run(check).expect_exit(0);
    sandbox.write("sdk/petstore/python/README.md", "changed");
    sandbox.run(check).expect_exit(2);
    sandbox.run("sdk --env test --language typescript --out sdk").expect_exit(0);
    assert!(!sandbox.path().join("sdk/petstore/python").exists());
    sandbox.write("sdk/petstore/notes.txt", "mine");
    let refused = sandbox.run("sdk --env test --language python --out sdk").expect_exit(5);
    assert!(refused.stderr.contains("notes.txt"), "{}", refused.stderr);
    assert_eq!(sandbox.read("sdk/petstore/notes.txt"), "mine");
    sandbox.run("sdk --env online --language python --out other").expect_exit(3);
    sandbox.run("sdk nobody --env test --language python --out other").expect_exit(3);
    sandbox.run("sdk --env test --language cobol --out other").expect_exit(64);
}

/// Returns the first call of a README, at another address.
fn first_call(readme: &str, language: &str, client: &str, address: &str) -> String {
    let block = readme.split(&format!("```{language}\n")).nth(1).and_then(|rest| rest.split("```").next());
    let call = block.expect("a block");
    assert!(call.contains(client), "{call}");
    call.replace(client, address)
}

#[test]
fn the_wheel_is_installed_and_makes_the_first_call() {
    if !has_tool("python3", "the installation of a generated wheel") {
        return;
    }
    let sandbox = published();
    sandbox.run("sdk --env test --language python --out sdk").expect_exit(0);
    let serving = Serving::start(&sandbox);
    let python = sandbox.path().join("sdk/petstore/python");
    let readme = sandbox.read("sdk/petstore/python/README.md");
    let address = format!("base_url=\"http://{}/petstore\"", serving.address);
    let call = first_call(&readme, "python", "\"online\"", &address);
    for archive in ["petstore_sdk-0.0.1-py3-none-any.whl", "petstore_sdk-0.0.1.tar.gz"] {
        let target = tempfile::tempdir().expect("a folder");
        let install = "-m pip install --quiet --no-index --no-build-isolation --no-cache-dir --disable-pip-version-check --root-user-action ignore --target";
        let installed = Command::new("python3")
            .args(install.split(' '))
            .arg(target.path())
            .arg(python.join("dist").join(archive))
            .output()
            .expect("pip runs");
        assert!(installed.status.success(), "{archive}: {}", String::from_utf8_lossy(&installed.stderr));
        let called = Command::new("python3").args(["-c", &call]).env("PYTHONPATH", target.path()).output();
        let called = called.expect("python runs");
        let said = String::from_utf8_lossy(&called.stdout);
        assert!(
            called.status.success() && said.starts_with("200 "),
            "{archive}: {said}{}",
            String::from_utf8_lossy(&called.stderr)
        );
    }
}

#[test]
fn the_archive_of_npm_is_installed_and_makes_the_first_call() {
    if !has_tool("npm", "the installation of a generated package") {
        return;
    }
    let sandbox = published();
    sandbox.run("sdk --env test --language typescript --out sdk").expect_exit(0);
    let serving = Serving::start(&sandbox);
    let readme = sandbox.read("sdk/petstore/typescript/README.md");
    let address = format!("baseUrl: \"http://{}/petstore\"", serving.address);
    let call = first_call(&readme, "js", "environment: \"online\"", &address);
    let target = tempfile::tempdir().expect("a folder");
    let archive = sandbox.path().join("sdk/petstore/typescript/dist/petstore-sdk-0.0.1.tgz");
    let installed = Command::new("npm")
        .args(["install", "--offline", "--no-audit", "--no-fund", "--prefix"])
        .arg(target.path())
        .arg(&archive)
        .output()
        .expect("npm runs");
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    std::fs::write(target.path().join("call.mjs"), call).expect("a file");
    let called = Command::new("node").arg("call.mjs").current_dir(target.path()).output().expect("node runs");
    let said = String::from_utf8_lossy(&called.stdout);
    assert!(called.status.success() && said.starts_with("200 "), "{said}{}", String::from_utf8_lossy(&called.stderr));
}

#[test]
fn the_java_archive_is_made_a_jar_and_makes_the_first_call() {
    if !has_tool("javac", "the first call of a generated jar") {
        return;
    }
    let sandbox = published();
    sandbox.run("sdk --env test --language java --out sdk").expect_exit(0);
    let serving = Serving::start(&sandbox);
    let readme = sandbox.read("sdk/petstore/java/README.md");
    let address = format!("Client.at(\"http://{}/petstore\")", serving.address);
    let call = first_call(&readme, "java", "Client.of(\"online\")", &address);
    let target = tempfile::tempdir().expect("a folder");
    let archive = sandbox.path().join("sdk/petstore/java/dist/petstore-sdk-0.0.1-java.tar.gz");
    std::fs::copy(archive, target.path().join("petstore-sdk-0.0.1-java.tar.gz")).expect("the archive");
    let unpack = "tar -xzf petstore-sdk-0.0.1-java.tar.gz";
    let build = "javac @javac.args\njar --create --file petstore-sdk-0.0.1.jar -C target/classes .\n";
    let start = "java -cp petstore-sdk-0.0.1.jar FirstCall.java";
    assert!(
        readme.contains(&format!("{unpack}\ncd petstore-sdk-0.0.1\n{build}")) && readme.contains(start),
        "{readme}"
    );
    let folder = target.path().join("petstore-sdk-0.0.1");
    let run = |line: &str, folder: &Path| {
        let mut words = line.split(' ');
        let output = Command::new(words.next().expect("a program")).args(words).current_dir(folder).output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    run(unpack, target.path());
    build.lines().for_each(|line| drop(run(line, &folder)));
    std::fs::write(folder.join("FirstCall.java"), call).expect("a file");
    let said = run(start, &folder);
    assert!(said.starts_with("200 "), "{said}");
}

/// Builds the sources with Maven, without a network: its plugins come from a repository of the machine, which a
/// variable names; `.ci/run` has one of Debian's packages.
#[test]
fn maven_makes_a_jar_of_the_sources() {
    const REPOSITORY: &str = "APIGW_MAVEN_REPOSITORY";
    if !has_tool("mvn", "a jar of generated sources by Maven") {
        return;
    }
    let Some(repository) = named_by(REPOSITORY, "a jar of generated sources by Maven") else { return };
    let repository = repository.into_string().expect("UTF-8");
    let sandbox = published();
    sandbox.run("sdk --env test --language java --out sdk").expect_exit(0);
    let folder = sandbox.path().join("sdk/petstore/java");
    let home = tempfile::tempdir().expect("a folder");
    let settings = format!(
        "<settings><localRepository>{}</localRepository><mirrors><mirror><id>machine</id><mirrorOf>*</mirrorOf>\
         <url>file://{repository}</url></mirror></mirrors></settings>",
        home.path().join("repository").display()
    );
    std::fs::write(home.path().join("settings.xml"), settings).expect("a file");
    let built = Command::new("mvn")
        .args(["--quiet", "--batch-mode", "-DskipTests", "--settings"])
        .arg(home.path().join("settings.xml"))
        .arg("package")
        .current_dir(&folder)
        .output()
        .expect("mvn runs");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stdout));
    let jar = folder.join("target/petstore-sdk-0.0.1.jar");
    let listed = Command::new("jar").arg("--list").arg("--file").arg(jar).output().expect("jar runs");
    let classes = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(classes.contains("petstore_sdk/Client.class") && classes.contains("META-INF/maven/apigw.sdk"), "{classes}");
}
