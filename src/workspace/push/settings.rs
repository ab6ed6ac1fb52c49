//! The settings of a workspace that other machines get: no policy of publishing, no program, no folder, no variable.

use toml_edit::{DocumentMut, Item, Table, value};

use crate::model::{DocumentPolicy, EnvironmentName, SCHEMA, WorkspaceSettings};

const HEAD: &str = "# Settings that serving needs, as they were pushed.\n";

/// Writes the settings that serving some environments needs.
pub(super) fn render(settings: &WorkspaceSettings, names: &[EnvironmentName]) -> String {
    let mut document = DocumentMut::new();
    document["schema"] = value(i64::from(SCHEMA));
    document["base_domain"] = value(settings.base_domain.as_str());
    let mut access = Table::new();
    access["gateways"] = value(i64::from(settings.access.gateways.get()));
    document["access"] = Item::Table(access);
    let mut environments = Table::new();
    environments.set_implicit(true);
    for name in names {
        let mut table = Table::new();
        table["docs"] = value(settings.document_policy(name).as_str());
        if settings.document_policy(name) != DocumentPolicy::Off {
            table["docs_try_it"] = value(settings.document_try_it(name));
        }
        environments[name.as_str()] = Item::Table(table);
    }
    document["environments"] = Item::Table(environments);
    format!("{HEAD}{document}")
}

/// True if settings that came from elsewhere start no program and name no folder of this machine.
pub(in crate::workspace) fn is_served_settings(settings: &WorkspaceSettings) -> bool {
    settings.access.secrets_command.is_empty() && settings.access.secrets_dir.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::settings::workspace;

    #[test]
    fn serving_gets_what_it_needs_and_nothing_of_this_machine() {
        let text = "schema = 1\nbase_domain = \"apis.example.com\"\ndefault_group = \"petstore\"\n[access]\n\
                    gateways = 3\nsecrets_dir = \"/run/secrets\"\nsecrets_command = [\"sops\"]\n\
                    [environments.qa]\nprotected = true\ndocs = \"off\"\nvariables = {TOKEN = \"x\"}\n";
        let full = workspace(text).unwrap();
        assert!(!is_served_settings(&full));
        let names = ["online", "qa"].map(|name| name.parse().unwrap());
        let pushed = render(&full, &names);
        let read = workspace(&pushed).unwrap();
        assert!(is_served_settings(&read));
        assert_eq!((read.base_domain, read.access.gateways.get()), (full.base_domain.clone(), 3));
        assert_eq!(read.environments.keys().collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
        let read = workspace(&pushed).unwrap();
        assert_eq!(
            names.clone().map(|name| read.document_policy(&name)),
            names.map(|name| full.document_policy(&name))
        );
        for own in ["sops", "/run", "TOKEN", "protected", "petstore"] {
            assert!(!pushed.contains(own), "{pushed}");
        }
    }
}
