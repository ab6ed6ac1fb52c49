//! The two definitions while their APIs are compared, and the report on one API that each area adds to.

use super::comparison::{ApiName, Sunset};
use super::output::{FieldChange, RawChange};
use super::schema::{PairId, SchemaTable};
use super::{documentation, kinds};
use crate::definition::{Api, Definition, Node};
use crate::model::Location;

/// The two definitions, and the comparison of their schemas.
pub(super) struct Comparer<'d> {
    pub(super) before: &'d Definition,
    pub(super) after: &'d Definition,
    pub(super) schemas: SchemaTable<'d>,
}

/// The changes of one API, in output order.
#[derive(Default)]
pub(super) struct ApiReport {
    pub(super) api: Option<ApiName>,
    pub(super) entries: Vec<ApiEntry>,
}

/// A part of an API's report.
pub(super) enum ApiEntry {
    Found(Box<RawChange>, String),
    Schema(PairId, String),
    /// A change that others are part of: it breaks callers where one of them does.
    Folded(Box<RawChange>, String, Vec<ApiEntry>),
}

impl ApiReport {
    pub(super) fn add(&mut self, path: &str, found: RawChange) {
        self.entries.push(ApiEntry::Found(Box::new(found), path.to_owned()));
    }

    /// Adds a change that those of a report are part of.
    pub(super) fn add_folded(&mut self, path: &str, found: RawChange, parts: ApiReport) {
        self.entries.push(ApiEntry::Folded(Box::new(found), path.to_owned(), parts.entries));
    }

    /// Adds a date after which a deprecated part may go, where it came forward.
    pub(super) fn add_sunset(&mut self, (before, after): (Node<'_>, Node<'_>), path: &str) {
        let (Some(old), Some(new)) = (Sunset::of(before), Sunset::of(after)) else { return };
        if new.end < old.end {
            let message = format!("the sunset date was {} and is {}", old.date, new.date);
            let found = RawChange::new(kinds::SUNSET_BROUGHT_FORWARD, message);
            self.add(path, found.at(field_place(before, "x-sunset"), field_place(after, "x-sunset")));
        }
    }

    /// Adds the changes of two schemas, which are known once all pairs are compared.
    pub(super) fn add_schema(&mut self, path: &str, pair: Option<PairId>) {
        self.entries.extend(pair.map(|pair| ApiEntry::Schema(pair, path.to_owned())));
    }
}

impl<'d> Comparer<'d> {
    pub(super) fn nodes(&self, before: &Api, after: &Api) -> (Node<'d>, Node<'d>) {
        (self.before.node(before.node), self.after.node(after.node))
    }

    /// Compares the fields that only describe.
    pub(super) fn describe(&mut self, names: &[&str], before: Node<'_>, after: Node<'_>) -> Vec<RawChange> {
        documentation::fields(names, before, after, self.schemas.fingerprints())
    }

    pub(super) fn change(
        &mut self,
        name: &str,
        before: Option<Node<'_>>,
        after: Option<Node<'_>>,
    ) -> Option<FieldChange> {
        documentation::change(name, before, after, self.schemas.fingerprints())
    }
}

/// Returns the location of the name of a field; `None` if there is no such field.
pub(super) fn field_place(node: Node<'_>, name: &str) -> Option<Location> {
    node.get(name).map(|_| node.key_location(name))
}
