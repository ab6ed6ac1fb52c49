//! The documents of a version by itself, which may be live nowhere.

use super::{SiteError, add};
use crate::cli::chosen_version::ChosenVersion;
use crate::cli::clients::client_archives;
use crate::cli::error::CommandError;
use crate::share::GeneratedFile;
use crate::share::model::EnvironmentServers;
use crate::share::reference::{ReferenceSource, reference};
use crate::workspace::Workspace;

/// Renders the reference of a version with its clients, in a folder of the group's name. It shows the addresses of all
/// environments that have documents, whatever is live there: the same version has the same documents.
pub(in crate::cli) fn version_documents(
    workspace: &Workspace,
    chosen: &ChosenVersion,
) -> Result<Vec<GeneratedFile>, CommandError> {
    let ChosenVersion { group, version, candidate } = chosen;
    let definition = chosen.definition()?;
    let servers: Vec<EnvironmentServers> = workspace
        .settings()
        .documented_environments()
        .into_iter()
        .map(|environment| EnvironmentServers {
            urls: workspace.addresses(&environment, group, &candidate.settings),
            environment,
        })
        .collect();
    let pages = reference(ReferenceSource {
        group,
        version,
        digest: candidate.digest,
        settings: &candidate.settings,
        definition,
        servers: &servers,
        released: None,
        has_clients: true,
    });
    let mut files = Vec::new();
    add(&mut files, group.as_str(), pages.map_err(SiteError::from)?);
    let archives = client_archives(workspace, group, version, candidate.digest, &candidate.settings, definition);
    add(&mut files, &format!("{group}/sdk"), archives);
    Ok(files)
}
