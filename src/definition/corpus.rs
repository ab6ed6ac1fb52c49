//! Reads a folder of real definitions that the environment names; nothing of it is kept here.

use std::path::Path;
use std::sync::Arc;

use super::{Imported, import, read};
use crate::model::{DEFINITION_FILE, Finding};

/// The variable that names the folder; each file in it, or in folders one below it, is a definition.
const VARIABLE: &str = "APIGW_CORPUS";

fn definitions() -> Vec<(std::path::PathBuf, String)> {
    let Some(folder) = std::env::var_os(VARIABLE) else { return Vec::new() };
    let entries = |folder: &Path| -> Vec<std::path::PathBuf> {
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .expect("the folder can be listed")
            .map(|entry| entry.expect("listed").path())
            .collect();
        paths.sort();
        paths
    };
    let mut found = Vec::new();
    for path in entries(Path::new(&folder)) {
        let files = if path.is_dir() { entries(&path) } else { vec![path] };
        for file in files {
            if file.extension().is_some_and(|extension| extension == "yaml" || extension == "json") {
                let name = file.file_name().expect("a file has a name").to_string_lossy().into_owned();
                found.push((file.parent().expect("a file has a folder").to_owned(), name));
            }
        }
    }
    found
}

fn import_file(folder: &Path, name: &str) -> Result<Imported, Vec<Finding>> {
    import(name, &mut |path| match std::fs::read(folder.join(path)) {
        Ok(bytes) => Ok(Some(Arc::from(bytes))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    })
}

#[test]
fn every_definition_of_the_corpus_is_read() {
    let definitions = definitions();
    let mut report = String::new();
    for (folder, name) in &definitions {
        use std::fmt::Write;
        let started = std::time::Instant::now();
        let shown = folder.join(name);
        let imported = match import_file(folder, name) {
            Ok(imported) => imported,
            Err(findings) => {
                writeln!(report, "REFUSED {}", shown.display()).expect("written");
                for finding in findings.iter().take(10) {
                    writeln!(
                        report,
                        "    {}: {} {} ({})",
                        finding.location, finding.rule, finding.message, finding.hint
                    )
                    .expect("written");
                }
                continue;
            }
        };
        let mut fetch = |path: &str| Ok(imported.files.get(path).cloned());
        assert!(imported.files.get(DEFINITION_FILE).is_some());
        let reading = read("groups/corpus", &mut fetch);
        let definition = reading.definition.expect("what is imported is read");
        writeln!(
            report,
            "{} {} apis, {} findings, prefix {:?}, backend {:?}, {:?}",
            shown.display(),
            definition.apis.len(),
            reading.findings.len(),
            imported.prefix.map(|prefix| prefix.to_string()),
            imported.backend,
            started.elapsed(),
        )
        .expect("written");
        for finding in reading.findings.iter().take(5) {
            writeln!(report, "    {}: {} {} ({})", finding.location, finding.rule, finding.message, finding.hint)
                .expect("written");
        }
    }
    if let Some(path) = std::env::var_os("APIGW_CORPUS_REPORT") {
        std::fs::write(path, report).expect("the report is written");
    }
}
