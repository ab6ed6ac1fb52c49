//! Which backend a release gets, with its variables resolved.

use crate::model::{Backend, EnvironmentName, GroupName, GroupSettings, WorkspaceSettings};

use super::Error;

/// What a request says about the backend.
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
pub(super) fn resolve(
    choice: &BackendChoice,
    group: &GroupName,
    settings: &GroupSettings,
    workspace: &WorkspaceSettings,
    environment: &EnvironmentName,
) -> Result<Backend, Error> {
    let (address, origin) = match choice {
        BackendChoice::Mock => return Ok(Backend::Mock),
        BackendChoice::Address(address) => (address, "--backend".to_owned()),
        BackendChoice::Settings => match &settings.backend {
            Some(address) => (address, format!("`backend` in the settings of {group}")),
            None => {
                return Err(Error::state(
                    format!("{group} has no backend address"),
                    [
                        format!("set one with `apigw group set {group} backend=https://…`, or give `--backend URL`"),
                        "or answer with the definition's constant results: `--mock`".to_owned(),
                    ],
                ));
            }
        },
    };
    let resolved = substitute(address, workspace, environment)?;
    let url = resolved.parse().map_err(|error| {
        Error::state(format!("{origin}: {error}"), ["write it like \"https://host:port/path\"".to_owned()])
    })?;
    Ok(Backend::Http { url })
}

/// Replaces each `${NAME}` by the environment's variable of that name.
fn substitute(text: &str, workspace: &WorkspaceSettings, environment: &EnvironmentName) -> Result<String, Error> {
    let variables = workspace.environment(environment).variables;
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else {
            return Err(Error::state(
                format!("{text:?} has a `${{` without its `}}`"),
                ["write a variable like ${NAME}".to_owned()],
            ));
        };
        let Some(value) = variables.get(name) else {
            return Err(Error::state(
                format!("the variable {name:?} is not set in {environment}"),
                [format!("set it in apigw.toml: `[environments.{environment}.variables]`, then `{name} = \"…\"`")],
            ));
        };
        result.push_str(before);
        result.push_str(value);
        rest = after;
    }
    result.push_str(rest);
    Ok(result)
}
