//! Versions as clients are generated of them.

use crate::definition::Definition;
use crate::model::{Digest, GroupName, GroupSettings, Version};
use crate::share::GeneratedFile;
use crate::share::model::{DefinitionModel, EnvironmentServers, ModelSource};
use crate::share::sdk::{SdkSource, archives};
use crate::workspace::Workspace;

/// Builds the model of a version with the addresses of all environments that have documents, whatever is live there:
/// the same version has the same packages.
pub(super) fn client_model(
    workspace: &Workspace,
    group: &GroupName,
    settings: &GroupSettings,
    definition: &Definition,
) -> DefinitionModel {
    let servers = workspace.settings().documented_environments().into_iter().map(|environment| EnvironmentServers {
        urls: workspace.stated_addresses(&environment, group, settings),
        environment,
    });
    let servers: Vec<EnvironmentServers> = servers.collect();
    DefinitionModel::build(ModelSource { definition, settings, environments: &servers })
}

/// Packs the clients of a version, as they lie beside its documents.
pub(super) fn client_archives(
    workspace: &Workspace,
    group: &GroupName,
    version: &Version,
    digest: Digest,
    settings: &GroupSettings,
    definition: &Definition,
) -> Vec<GeneratedFile> {
    let model = client_model(workspace, group, settings, definition);
    archives(SdkSource { group, version, digest, model: &model })
}
