//! Reads hand-written files: `apigw.toml`, `group.yaml` and release plans.

mod plain_words;
mod readable;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::error::{Error, restore_hint};
use super::layout::WORKSPACE_FILE;
use crate::check::places::SettingsPlaces;
use crate::check::rules::files::{DOMAIN_COUNT, ENVIRONMENT_ALIAS, PROMOTION_SOURCE, UNKNOWN_CHANGE};
use crate::check::rules::files::{SCHEMA_NEWER, SCHEMA_NUMBER, TOML, YAML};
use crate::compare::KINDS;
use crate::model::{
    EnvironmentName, Finding, GroupSettings, Hint, Location, MOST_DOMAINS, SCHEMA, WorkspaceSettings, conflict_finding,
    nearest,
};

pub use readable::UnreadSettings;
pub(super) use readable::readable;

/// Parses `apigw.toml`.
pub(super) fn workspace(text: &str) -> Result<WorkspaceSettings, Error> {
    let value: toml::Table = toml::from_str(text).map_err(|error| toml_error(text, &error))?;
    check_schema(WORKSPACE_FILE, value.get("schema").and_then(toml::Value::as_integer), || {
        position_of(text, "schema")
    })?;
    let mut settings: WorkspaceSettings = toml::from_str(text).map_err(|error| toml_error(text, &error))?;
    let mut problems = resolve_aliases(text, &mut settings);
    let known = settings.environments();
    for (name, environment) in &settings.environments {
        let Some(source) =
            environment.promote_from.as_ref().filter(|source| !known.contains(source) || *source == name)
        else {
            continue;
        };
        let names: Vec<&str> = known.iter().map(EnvironmentName::as_str).collect();
        problems.push(PROMOTION_SOURCE.finding(
            SettingsPlaces::toml(WORKSPACE_FILE, text).value(&["environments", name.as_str(), "promote_from"]),
            format!("`promote_from` of {name} names {:?}, which is not another environment", source.as_str()),
            format!("there are {}", names.join(", ")),
        ));
    }
    problems.extend(unknown_changes(text, &settings));
    if problems.is_empty() { Ok(settings) } else { Err(Error::Invalid(problems)) }
}

/// Finds names in `[changes]` that no kind of change has.
fn unknown_changes(text: &str, settings: &WorkspaceSettings) -> Vec<Finding> {
    let unknown = settings.changes.keys().filter(|name| !KINDS.iter().any(|kind| kind.name == name.as_str()));
    let finding = |name: &String| {
        let hint = match nearest(name, KINDS.iter().map(|kind| kind.name)) {
            Some(near) => Hint::Text(format!("did you mean {near:?}?")),
            None => Hint::ListChangeKinds,
        };
        let place = SettingsPlaces::toml(WORKSPACE_FILE, text).key(&["changes", name]);
        UNKNOWN_CHANGE.finding(place, format!("there is no kind of change {name:?}"), hint)
    };
    unknown.map(finding).collect()
}

/// Gives each environment its own name, where a table or `promote_from` has an alias; two tables for one environment
/// are a problem.
fn resolve_aliases(text: &str, settings: &mut WorkspaceSettings) -> Vec<Finding> {
    let resolved = |name: &EnvironmentName| EnvironmentName::from_input(name.as_str()).unwrap_or_else(|_| name.clone());
    let mut problems = Vec::new();
    let mut tables: BTreeMap<EnvironmentName, EnvironmentName> = BTreeMap::new();
    for (typed, mut table) in std::mem::take(&mut settings.environments) {
        let name = resolved(&typed);
        if let Some(other) = tables.insert(name.clone(), typed.clone()) {
            let (alias, own) = if typed == name { (&other, &typed) } else { (&typed, &other) };
            problems.push(ENVIRONMENT_ALIAS.finding(
                SettingsPlaces::toml(WORKSPACE_FILE, text).key(&["environments", alias.as_str()]),
                format!("`[environments.{alias}]` and `[environments.{own}]` both configure {name}"),
                format!("put its settings into one table, `[environments.{name}]`"),
            ));
        }
        if name != typed {
            settings.aliases.insert(name.clone(), typed);
        }
        table.promote_from = table.promote_from.as_ref().map(resolved);
        settings.environments.insert(name, table);
    }
    problems
}

/// Parses a group's settings.
pub(super) fn group(place: &str, text: &str) -> Result<GroupSettings, Error> {
    #[derive(serde::Deserialize)]
    struct Schema {
        schema: Option<i64>,
    }
    let only_schema: Result<Schema, Error> = yaml(place, text, GROUP_SHAPE);
    if let Ok(Schema { schema }) = only_schema {
        check_schema(place, schema, || Location { file: place.into(), ..position_of(text, "schema") })?;
    }
    let settings: GroupSettings = yaml(place, text, GROUP_SHAPE)?;
    if settings.domains.len() > MOST_DOMAINS {
        return Err(Error::Invalid(vec![DOMAIN_COUNT.finding(
            SettingsPlaces::yaml("", place, text.as_bytes()).value(&["domains", &MOST_DOMAINS.to_string()]),
            format!("{} custom domains are given, and a group has {MOST_DOMAINS} at most", settings.domains.len()),
            "remove some, or split the group",
        )]));
    }
    Ok(settings)
}

/// Parses YAML that somebody wrote by hand, with duplicate keys, unknown keys and bombs refused.
pub(super) fn yaml<T: DeserializeOwned>(place: &str, text: &str, shape: &str) -> Result<T, Error> {
    if text.trim().is_empty() {
        let is_plan = shape == PLAN_SHAPE;
        let hint = if is_plan { Hint::CorrectFile { schema: shape.to_owned() } } else { restore_hint(place) };
        return Err(Error::invalid(&YAML, Location::file(place), "the file is empty".to_owned(), hint));
    }
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        if let Some(finding) = conflict_finding(place, text) {
            return Error::Invalid(vec![finding]);
        }
        let number = |number: u64| usize::try_from(number).unwrap_or_default();
        let (line, column) =
            error.location().map_or((0, 0), |location| (number(location.line()), number(location.column())));
        let hint = Hint::CorrectFile { schema: shape.to_owned() };
        Error::invalid(
            &YAML,
            Location { file: place.into(), line, column },
            plain_words::of_yaml(error.without_snippet()),
            hint,
        )
    })
}

/// The schema of `group.yaml`, by its name.
const GROUP_SHAPE: &str = "group";
/// The schema that a release plan follows.
pub(super) const PLAN_SHAPE: &str = "plan";

fn check_schema(place: &str, schema: Option<i64>, position: impl Fn() -> Location) -> Result<(), Error> {
    match schema {
        Some(number) if number > i64::from(SCHEMA) => Err(Error::invalid(
            &SCHEMA_NEWER,
            position(),
            format!("the file has schema {number}, and this apigw knows schema {SCHEMA}"),
            "a newer apigw wrote it: use that one",
        )),
        Some(number) if number < i64::from(SCHEMA) => Err(Error::invalid(
            &SCHEMA_NUMBER,
            position(),
            format!("{place} has schema {number}, which never existed"),
            format!("write `schema` as {SCHEMA}"),
        )),
        _ => Ok(()),
    }
}

fn toml_error(text: &str, error: &toml::de::Error) -> Error {
    if let Some(finding) = conflict_finding(WORKSPACE_FILE, text) {
        return Error::Invalid(vec![finding]);
    }
    let location = error.span().map_or_else(
        || Location::file(WORKSPACE_FILE),
        |span| {
            let before = text.get(..span.start).unwrap_or(text);
            let start = before.rfind('\n').map_or(0, |newline| newline + 1);
            Location {
                file: WORKSPACE_FILE.into(),
                line: before.matches('\n').count() + 1,
                column: before[start..].chars().count() + 1,
            }
        },
    );
    let message = plain_words::of_toml(error.message().lines().next().unwrap_or("the file cannot be read"));
    Error::invalid(&TOML, location, message, Hint::CorrectFile { schema: "workspace".to_owned() })
}

/// Finds the first line with this key at its start, indented or not.
fn position_of(text: &str, key: &str) -> Location {
    let found = text.lines().enumerate().find_map(|(index, line)| {
        let rest = line.trim_start();
        rest.starts_with(key).then_some((index + 1, line.len() - rest.len() + 1))
    });
    let (line, column) = found.unwrap_or((0, 0));
    Location { file: WORKSPACE_FILE.into(), line, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(result: Result<impl Sized, Error>) -> String {
        result.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn the_smallest_files_are_enough() {
        let settings = workspace("schema = 1\n").unwrap();
        assert_eq!(settings.base_domain.as_str(), "apigw.localhost");
        assert_eq!(settings.environments().len(), 3);
        let group = group("g", "schema: 1\nversion: \"0.0.1\"\nprefix: /pets\n").unwrap();
        assert_eq!(group.version.to_string(), "0.0.1");
    }

    #[test]
    fn a_table_named_by_an_alias_configures_its_environment() {
        let text = "schema = 1\n[environments.prod]\npromote_from = \"staging\"\n[environments.qa]\n";
        let settings = workspace(text).unwrap();
        let names: Vec<String> = settings.environments().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["test", "pre-release", "online", "qa"]);
        let online = settings.environment(&"online".parse().unwrap());
        assert_eq!(online.promote_from.map(String::from).as_deref(), Some("pre-release"));
    }

    #[test]
    fn problems_have_their_place() {
        for (text, expected) in [
            ("schema = 2\n", "apigw.toml:1:1: the file has schema 2"),
            ("schema = 1\nbase_domain = \"X\"\n", "apigw.toml:2:15: \"X\" is not a domain name"),
            ("schema = 1\nbase = 1\n", "apigw.toml:2:1: unknown field `base`: did you mean `base_domain`?"),
            ("schema = 1\nfoo = 1\n", "apigw.toml:2:1: unknown field `foo`: the fields here are schema,"),
            (
                "schema = 1\ndefault_grup = \"g\"\n",
                "apigw.toml:2:1: unknown field `default_grup`: did you mean `default_group`?",
            ),
            ("base_domain = \"a.b\"\n", "apigw.toml:1:1: the field `schema` is missing"),
            (
                "schema = 1\n[environments.test]\nprotected = \"yes\"\n",
                "apigw.toml:3:13: `true` or `false` is expected here",
            ),
            (
                "schema = 1\n[environments.test]\nmock = \"denny\"\n",
                "apigw.toml:3:8: `denny` is unknown: did you mean `deny`?",
            ),
            (
                "schema = 1\n[environments.test]\nmock = \"no\"\n",
                "apigw.toml:3:8: `no` is unknown: it is one of allow, warn, deny",
            ),
            ("schema = 1\nchanges = [\"a\"]\n", "apigw.toml:2:11: fields are expected here, like `name = value`"),
            ("schema = 1\n[access]\nsecrets_command = \"x\"\n", "apigw.toml:3:19: a list is expected here"),
            (
                "schema = 1\n<<<<<<< HEAD\nbase_domain = \"a.b\"\n=======\nbase_domain = \"c.d\"\n>>>>>>> x\n",
                "apigw.toml:2:1: Git left a merge conflict here",
            ),
            ("schema = 1\nschema = 1\n", "apigw.toml:2:1: a key is repeated"),
            ("schema = 1\n[environments.Q]\n", "apigw.toml:2:"),
            ("schema = 1\n[environments.online]\npromote_from = \"qa\"\n", "apigw.toml:3:16: `promote_from` of online"),
            (
                "schema = 1\n[changes]\napi-added = \"breaking\"\napi-aded = \"breaking\"\n",
                "apigw.toml:4:1: there is no kind of change \"api-aded\"",
            ),
            (
                "schema = 1\n[environments.prod]\npromote_from = \"release\"\n",
                "apigw.toml:3:16: `promote_from` of online",
            ),
            (
                "schema = 1\n[environments.online]\n[environments.prod]\n",
                "apigw.toml:3:15: `[environments.prod]` and `[environments.online]` both configure online",
            ),
            (
                "schema = 1\n[environments.release]\n[environments.prod]\n",
                "apigw.toml:2:15: `[environments.release]` and `[environments.prod]` both configure online",
            ),
        ] {
            let message = message(workspace(text));
            assert!(message.starts_with(expected), "{text}: {message}");
        }
        for (text, expected) in [
            ("", "g: the file is empty"),
            ("schema: 9\nnew: 1\n", "g:1:1: the file has schema 9"),
            ("schema: 1\nversion: 1.10\nprefix: /a\n", "g:2:10: "),
            ("schema: 1\nversion: \"0.0.1\"\nprefix: a\n", "g:3:9: "),
            ("schema: 1\nversion: \"0.0.1\"\nprefix: /a\nprefix: /b\n", "g:4:1: the key `prefix` is repeated"),
            ("schema: 1\nversion: \"0.0.1\"\nprefix: /a\npath: /b\n", "g:4:1: "),
            ("schema: 1\nprefx: /a\n", "g:2:1: unknown field `prefx`: did you mean `prefix`?"),
            (
                "schema: 1\nversion: \"0.0.1\"\n<<<<<<< HEAD\nprefix: /a\n=======\nprefix: /b\n>>>>>>> x\n",
                "g:3:1: Git left a merge conflict here",
            ),
            ("schema: 1\nauth: non\n", "g:2:1: `non` is unknown: did you mean `none`?"),
            ("schema: 1\nversion: \"0.0.1\"\nprefix: /a\ndomains: a.example\n", "g:4:10: a list is expected here"),
            ("schema: 1\nversion: \"0.0.1\"\nprefix: [a]\n", "g:3:9: a single value is expected here"),
            ("schema: 1\nversion: \"0.0.1\"\nprefix: /a\nforwarding: yes\n", "g:4:13: fields are expected here"),
            ("schema: 1\nversion: \"0.0.1\"\nprefix: /a\nvalidate_requests: 7\n", "g:4:20: `true` or `false` is"),
            ("schema: 1\nversion: \"0.0.1\"\nprefix: /a\nmax_body_kib: much\n", "g:4:15: a whole number is expected"),
            ("schema: 1\nversion: \"0.0.1\"\n", "g:2:1: the field `prefix` is missing"),
            (
                "schema: 1\nversion: \"0.0.1\"\nprefix: /a\ndomains: [a.b, b.b, c.b, d.b, e.b, f.b]\n",
                "g:4:36: 6 custom domains",
            ),
        ] {
            let message = message(group("g", text));
            assert!(message.starts_with(expected), "{text}: {message}");
            assert!(!message.contains(" at line "), "the place is said once: {message}");
        }
    }
}
