//! A bootstrap that a running Envoy does not know.

use serde_json::Value;

use crate::cli::error::CommandError;
use crate::cli::generated_folder::GeneratedFolder;
use crate::export::{EngineExport, ExportTarget};

/// The file that Envoy reads at its start alone.
const BOOTSTRAP: &str = "envoy.json";

pub(super) const WARNING: &str = "envoy.json has other settings than before: restart Envoy. One that runs keeps its old ones, and \
                                  forwards nothing where the new routes rely on other filters";

/// Tells if the folder has a bootstrap with other settings than the new one.
pub(super) fn needed_for(
    target: ExportTarget,
    folder: &GeneratedFolder,
    exported: &EngineExport,
) -> Result<bool, CommandError> {
    if target != ExportTarget::Envoy {
        return Ok(false);
    }
    let Some(before) = folder.read_file(BOOTSTRAP)? else { return Ok(false) };
    let after = exported.files.iter().find(|file| file.path == BOOTSTRAP);
    Ok(after.is_some_and(|after| settings(&before) != settings(&after.bytes)))
}

/// Reads a bootstrap without its node, which names the operations that made the files; `None` for one that is none.
fn settings(bytes: &[u8]) -> Option<Value> {
    let mut bootstrap: Value = serde_json::from_slice(bytes).ok()?;
    bootstrap.as_object_mut()?.remove("node");
    Some(bootstrap)
}
