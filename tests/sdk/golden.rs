//! Generated code of the test's own definitions, kept as files; `APIGW_UPDATE_CASES=1` writes them anew.

use std::path::Path;

use apigw::share::sdk::SdkLanguage;

use crate::served::{Served, packages};

/// The files that are kept, and folders of which all are; runtimes are files of their own already.
const KEPT: [(SdkLanguage, &[&str]); 3] = [
    (SdkLanguage::Python, &["g_sdk/client.py", "g_sdk/types.py"]),
    (SdkLanguage::TypeScript, &["README.md", "index.js", "index.d.ts"]),
    (
        SdkLanguage::Java,
        &[
            "README.md",
            "pom.xml",
            "src/main/java/g_sdk/Client.java",
            "src/main/java/g_sdk/calls/",
            "src/main/java/g_sdk/types/",
        ],
    ),
];

#[test]
fn generated_code_is_as_it_was() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/golden");
    let is_update = std::env::var_os("APIGW_UPDATE_CASES").is_some();
    let served = Served::of_own();
    let mut differences = Vec::new();
    for (language, kept) in KEPT {
        for group in &served.groups {
            let module = format!("{}_sdk/", group.name);
            for (path, made) in packages(group, language) {
                let name = path.replace(&module, "g_sdk/");
                if !kept.iter().any(|kept| name == *kept || kept.ends_with('/') && name.starts_with(kept)) {
                    continue;
                }
                let name = name.replace("src/main/java/", "").replace("g_sdk/", "");
                let file = folder.join(&group.origin).join(language.as_str()).join(name);
                if is_update {
                    std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
                    std::fs::write(&file, made).expect("a file");
                } else if std::fs::read_to_string(&file).ok().as_deref() != Some(&made) {
                    differences.push(file.display().to_string());
                }
            }
        }
    }
    assert!(differences.is_empty(), "other than kept, see APIGW_UPDATE_CASES: {differences:#?}");
}
