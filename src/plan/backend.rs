//! The backend of a release, with its variables resolved.

use std::collections::BTreeMap;

use crate::model::{
    Backend, EnvironmentName, GroupName, GroupSettings, HttpUrl, WorkspaceSettings, variables_of, with_variables,
};

use super::error::{AddressOrigin, Error, StateError};

/// The backend that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum BackendChoice {
    /// The address in the settings of the version.
    #[default]
    Settings,
    /// The constant result.
    Mock,
    /// This address, which may have variables.
    Address(String),
}

/// Determines the backend of a group in an environment.
pub(super) fn resolve<E>(
    choice: &BackendChoice,
    group: &GroupName,
    settings: &GroupSettings,
    workspace: &WorkspaceSettings,
    environment: &EnvironmentName,
) -> Result<Backend, Error<E>> {
    let (address, origin) = match choice {
        BackendChoice::Mock => return Ok(Backend::Mock),
        BackendChoice::Address(address) => (address, AddressOrigin::Request),
        BackendChoice::Settings => {
            let Some(address) = &settings.backend else {
                return Err(StateError::NoBackend { group: group.clone() }.into());
            };
            (address, AddressOrigin::Settings(group.clone()))
        }
    };
    let values = workspace.environment(environment).variables;
    let url = address_of(address, origin, &values, environment)?;
    Ok(Backend::Http { url, variables: bound(settings, &values, environment)? })
}

/// Returns the backend of a release with another version: the same, with the variables that this one names.
///
/// Those that are bound already keep their values.
pub(super) fn rebound<E>(
    backend: &Backend,
    settings: &GroupSettings,
    workspace: &WorkspaceSettings,
    environment: &EnvironmentName,
) -> Result<Backend, Error<E>> {
    let Backend::Http { url, variables } = backend else { return Ok(Backend::Mock) };
    let mut values = workspace.environment(environment).variables;
    values.extend(variables.clone());
    Ok(Backend::Http { url: url.clone(), variables: bound(settings, &values, environment)? })
}

/// Binds the variables of the addresses under `forwarding`, each of which must be one with them.
fn bound<E>(
    settings: &GroupSettings,
    values: &BTreeMap<String, String>,
    environment: &EnvironmentName,
) -> Result<BTreeMap<String, String>, Error<E>> {
    let mut bound = BTreeMap::new();
    for (path, address) in settings.forwarding.addresses() {
        address_of(address, AddressOrigin::Forwarding(path.join(".")), values, environment)?;
        let names = variables_of(address).unwrap_or_default();
        bound.extend(
            names
                .into_iter()
                .filter_map(|name| values.get_key_value(name))
                .map(|(name, value)| (name.clone(), value.clone())),
        );
    }
    Ok(bound)
}

/// Puts the environment's variables into an address.
fn address_of<E>(
    address: &str,
    origin: AddressOrigin,
    values: &BTreeMap<String, String>,
    environment: &EnvironmentName,
) -> Result<HttpUrl, Error<E>> {
    let resolved = match with_variables(address, |name| values.get(name).map(String::as_str)) {
        Ok(resolved) => resolved,
        Err(error) => return Err(StateError::Variable { origin, error, environment: environment.clone() }.into()),
    };
    resolved.parse().map_err(|error| StateError::Address { origin, error }.into())
}
