//! Generated code of the test's own definitions, kept as files; `APIGW_UPDATE_CASES=1` writes them anew.

use std::path::Path;

use apigw::share::sdk::SdkLanguage;

use crate::served::{Served, write_packages};

/// The files that are kept; runtimes are files of their own already.
const KEPT: [(SdkLanguage, &[&str]); 2] = [
    (SdkLanguage::Python, &["README.md", "g_sdk/client.py", "g_sdk/types.py"]),
    (SdkLanguage::TypeScript, &["README.md", "index.js", "index.d.ts"]),
];

#[test]
fn generated_code_is_as_it_was() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/golden");
    let is_update = std::env::var_os("APIGW_UPDATE_CASES").is_some();
    let served = Served::of_own();
    let mut differences = Vec::new();
    for (language, kept) in KEPT {
        let generated = tempfile::tempdir().expect("a folder");
        write_packages(&served, language, generated.path());
        for group in &served.groups {
            let base = match language {
                SdkLanguage::Python => generated.path().to_owned(),
                SdkLanguage::TypeScript => generated.path().join(&group.name),
            };
            for name in kept.iter().filter(|name| **name != "README.md" || language == SdkLanguage::TypeScript) {
                let made = base.join(name.replace("g_sdk", &format!("{}_sdk", group.name)));
                let made = std::fs::read_to_string(&made).expect("a file");
                let file = folder.join(&group.origin).join(language.as_str()).join(name.replace("g_sdk/", ""));
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
