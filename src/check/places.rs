//! Locations of values and keys in a settings file, down to the exact token.

use toml_edit::{Item, Table, Value};

use crate::definition::{self, Document, Node};
use crate::model::{EnvironmentName, Location};

/// A parsed settings file, for looking up locations.
#[derive(Debug)]
pub(crate) struct SettingsPlaces {
    file: String,
    text: SettingsText,
}

#[derive(Debug)]
enum SettingsText {
    Yaml(Box<Document>),
    Toml(String, Option<Box<toml_edit::Document<String>>>),
}

impl SettingsPlaces {
    /// Parses `group.yaml`, or another YAML file, in a folder.
    pub(crate) fn yaml(folder: &str, file: &str, text: &[u8]) -> Self {
        let path = if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
        Self { file: path, text: SettingsText::Yaml(Box::new(definition::tree(folder, file, text))) }
    }

    /// Parses `apigw.toml`.
    pub(crate) fn toml(file: &str, text: &str) -> Self {
        let document = toml_edit::Document::parse(text.to_owned()).ok().map(Box::new);
        Self { file: file.to_owned(), text: SettingsText::Toml(text.to_owned(), document) }
    }

    /// Returns the start of the value at a path of keys and indexes, or of the longest prefix of the path that exists.
    pub(crate) fn value(&self, path: &[&str]) -> Location {
        self.find(path, false)
    }

    /// Returns the position of the last key of a path, or the start of a list's item.
    pub(crate) fn key(&self, path: &[&str]) -> Location {
        self.find(path, true)
    }

    /// True if the file has a value at a path.
    pub(crate) fn has(&self, path: &[&str]) -> bool {
        self.find_whole(path, false).is_some()
    }

    fn find(&self, path: &[&str], key: bool) -> Location {
        self.find_whole(path, key).unwrap_or_else(|| match path {
            [] => Location::file(&self.file),
            [before @ .., _] => self.find(before, true),
        })
    }

    fn find_whole(&self, path: &[&str], key: bool) -> Option<Location> {
        match &self.text {
            SettingsText::Yaml(document) => document.root().and_then(|root| in_yaml(root, path, key)),
            SettingsText::Toml(text, document) => document
                .as_ref()
                .and_then(|document| in_toml(document.as_table(), &as_typed(document.as_table(), path), key))
                .map(|offset| location(&self.file, text, offset)),
        }
    }
}

/// Replaces the name of an environment in a path by the alias that the file uses for it, if any.
fn as_typed<'p>(root: &'p Table, path: &[&'p str]) -> Vec<&'p str> {
    let mut path = path.to_vec();
    let tables = root.get("environments").and_then(Item::as_table_like);
    if let (["environments", name, ..], Some(tables)) = (path.as_mut_slice(), tables)
        && !tables.contains_key(name)
    {
        let alias = tables.iter().map(|(key, _)| key);
        let alias = alias.filter(|key| EnvironmentName::from_input(key).is_ok_and(|known| known.as_str() == *name));
        *name = alias.last().unwrap_or(name);
    }
    path
}

fn in_yaml(root: Node<'_>, path: &[&str], key: bool) -> Option<Location> {
    let (last, before) = path.split_last()?;
    let mut at = root;
    let mut is_of_environments = false;
    for name in before {
        at = child(at, if is_of_environments { typed_key(at, name) } else { name })?;
        is_of_environments = *name == "environments";
    }
    let last = if is_of_environments { typed_key(at, last) } else { last };
    let value = child(at, last)?;
    Some(if key && at.is_object() { at.key_location(last) } else { value.location() })
}

/// Returns the key of an environment as a map has it: its name, or an alias.
fn typed_key<'k>(map: Node<'k>, name: &'k str) -> &'k str {
    let is_alias = |key: &str| EnvironmentName::from_input(key).is_ok_and(|known| known.as_str() == name);
    let alias = || map.entries().map(|(key, _)| key).find(|key| is_alias(key));
    if map.get(name).is_some() { name } else { alias().unwrap_or(name) }
}

fn child<'d>(node: Node<'d>, name: &str) -> Option<Node<'d>> {
    if node.is_array() { node.items().nth(name.parse().ok()?) } else { node.get(name) }
}

/// Returns the byte offset of a key or value.
fn in_toml(root: &Table, path: &[&str], key: bool) -> Option<usize> {
    let (last, before) = path.split_last()?;
    let mut at = TomlValue::Table(root);
    for name in before {
        at = at.child(name)?;
    }
    let span = if key { at.key_span(last).or_else(|| at.child(last)?.span()) } else { at.child(last)?.span() };
    span.map(|span| span.start)
}

/// A value of a TOML file in any of its notations.
#[derive(Clone, Copy)]
enum TomlValue<'t> {
    Table(&'t Table),
    Item(&'t Item),
    Value(&'t Value),
}

impl TomlValue<'_> {
    fn child(self, name: &str) -> Option<Self> {
        let index = || name.parse::<usize>().ok();
        match self {
            Self::Table(table) | Self::Item(Item::Table(table)) => table.get(name).map(TomlValue::Item),
            Self::Item(Item::ArrayOfTables(tables)) => tables.get(index()?).map(TomlValue::Table),
            Self::Item(Item::Value(value)) | Self::Value(value) => match value {
                Value::InlineTable(table) => table.get(name).map(TomlValue::Value),
                Value::Array(list) => list.get(index()?).map(TomlValue::Value),
                _ => None,
            },
            Self::Item(Item::None) => None,
        }
    }

    fn key_span(self, name: &str) -> Option<std::ops::Range<usize>> {
        match self {
            Self::Table(table) | Self::Item(Item::Table(table)) => table.key(name)?.span(),
            Self::Item(Item::Value(Value::InlineTable(table))) | Self::Value(Value::InlineTable(table)) => {
                table.key(name)?.span()
            }
            _ => None,
        }
    }

    fn span(self) -> Option<std::ops::Range<usize>> {
        match self {
            Self::Table(table) => table.span(),
            Self::Item(item) => item.span(),
            Self::Value(value) => value.span(),
        }
    }
}

/// Converts a byte offset to a line and column.
fn location(file: &str, text: &str, offset: usize) -> Location {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(start..).unwrap_or_default().chars().count() + 1;
    Location { file: file.into(), line: before.matches('\n').count() + 1, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(location: &Location) -> String {
        location.to_string()
    }

    #[test]
    fn yaml_has_keys_values_and_items() {
        let text = "schema: 1\ndomains: [a.example, \"b.example\"]\nforwarding:\n  apis:\n    listPets:\n      backend:  http://a\n";
        let places = SettingsPlaces::yaml("groups/g", "group.yaml", text.as_bytes());
        for (path, key, value) in [
            (&["domains"][..], "2:1", "2:10"),
            (&["domains", "1"], "2:22", "2:22"),
            (&["forwarding", "apis", "listPets"], "5:5", "6:7"),
            (&["forwarding", "apis", "listPets", "backend"], "6:7", "6:17"),
            // A missing value has the location of its parent.
            (&["domains", "7"], "2:1", "2:1"),
            (&["forwarding", "routes", "0", "backend"], "3:1", "3:1"),
        ] {
            assert_eq!(shown(&places.key(path)), format!("groups/g/group.yaml:{key}"), "{path:?}");
            assert_eq!(shown(&places.value(path)), format!("groups/g/group.yaml:{value}"), "{path:?}");
        }
        assert_eq!(shown(&places.value(&["backend"])), "groups/g/group.yaml");
    }

    #[test]
    fn yaml_has_environments_by_their_aliases() {
        let text = "ip_rules:\n  environments:\n    prod: {allow: []}\n    test: {deny: []}\n";
        let places = SettingsPlaces::yaml("", "group.yaml", text.as_bytes());
        let of = |environment, list| ["ip_rules", "environments", environment, list];
        assert_eq!(shown(&places.value(&of("online", "allow"))), "group.yaml:3:19");
        assert_eq!(shown(&places.key(&["ip_rules", "environments", "online"])), "group.yaml:3:5");
        assert!(places.has(&of("online", "allow")) && places.has(&of("test", "deny")));
        assert!(!places.has(&of("online", "deny")) && !places.has(&of("pre-release", "allow")));
    }

    #[test]
    fn toml_has_them_however_it_is_written() {
        let text = "schema = 1\n\"ä\" = \"ü\"\n[environments.online]\npromote_from = \"test\"\n\n  [environments.test.variables]\n  HOST = \"a\"\n\
                    [rules]\nno-api = \"off\"\n[other]\ninline = { x = [1, 22] }\n";
        let places = SettingsPlaces::toml("apigw.toml", text);
        for (path, key, value) in [
            (&["ä"][..], "2:1", "2:7"),
            (&["environments", "online"], "3:15", "3:1"),
            (&["environments", "online", "promote_from"], "4:1", "4:16"),
            (&["environments", "test", "variables", "HOST"], "7:3", "7:10"),
            (&["rules", "no-api"], "9:1", "9:10"),
            (&["other", "inline", "x", "1"], "11:20", "11:20"),
            (&["rules", "nothing"], "8:2", "8:2"),
        ] {
            assert_eq!(shown(&places.key(path)), format!("apigw.toml:{key}"), "{path:?}");
            assert_eq!(shown(&places.value(path)), format!("apigw.toml:{value}"), "{path:?}");
        }
        assert_eq!(shown(&SettingsPlaces::toml("apigw.toml", "a = [").value(&["a"])), "apigw.toml");
    }
}
