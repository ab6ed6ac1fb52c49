//! Definitions: two of the test's own, and those of the folder that the environment names.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use apigw::definition::{Definition, FetchError, ImportRules, import, read_root};

/// The variable that names the folder; each file in it, or in folders one below it, is a definition.
const VARIABLE: &str = "APIGW_CORPUS";

const OWN: [(&str, &str); 2] = [("features", include_str!("features.yaml")), ("names", include_str!("names.yaml"))];

/// A definition, and where it came from.
pub(crate) struct CorpusDefinition {
    pub(crate) origin: String,
    pub(crate) definition: Definition,
}

/// Reads the test's own definitions.
pub(crate) fn own_definitions() -> Vec<CorpusDefinition> {
    let list: Vec<CorpusDefinition> = OWN.iter().filter_map(|(name, text)| own(name, text)).collect();
    assert_eq!(list.len(), OWN.len(), "the test's own definitions are valid");
    list
}

/// Reads all definitions; those that cannot be imported are not there.
pub(crate) fn definitions() -> Vec<CorpusDefinition> {
    let mut list = own_definitions();
    list.extend(files().iter().filter_map(|file| of_file(file)));
    list
}

fn own(name: &str, text: &str) -> Option<CorpusDefinition> {
    let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
    let reading = apigw::definition::read("g", &mut fetch);
    Some(CorpusDefinition { origin: name.to_owned(), definition: reading.definition? })
}

fn files() -> Vec<PathBuf> {
    let Some(folder) = std::env::var_os(VARIABLE) else { return Vec::new() };
    let entries = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).expect("the folder can be listed");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("listed").path()).collect();
        paths.sort();
        paths
    };
    let all = entries(Path::new(&folder))
        .into_iter()
        .flat_map(|path| if path.is_dir() { entries(&path) } else { vec![path] });
    all.filter(|file| file.extension().is_some_and(|extension| extension == "yaml" || extension == "json")).collect()
}

fn of_file(file: &Path) -> Option<CorpusDefinition> {
    let name = file.file_name()?.to_string_lossy().into_owned();
    let folder = file.parent()?;
    let fetch = |path: &str| match std::fs::read(folder.join(path)) {
        Ok(bytes) => Ok(Some(Arc::from(bytes))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FetchError::Refused(error.to_string())),
    };
    let imported = import(&name, &[], &ImportRules::default(), &mut { fetch }).ok()?;
    let files: HashMap<String, Arc<[u8]>> =
        imported.files.iter().map(|(path, bytes)| (path.to_owned(), Arc::clone(bytes))).collect();
    let reading = read_root("g", &imported.definition, &mut |path| Ok(files.get(path).cloned()));
    Some(CorpusDefinition { origin: file.display().to_string(), definition: reading.definition? })
}
