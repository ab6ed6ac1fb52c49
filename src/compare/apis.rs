//! Compares two definitions: finds which APIs belong together, and compares each with its partner.

use std::collections::HashMap;
use std::sync::Arc;

use super::comparer::{ApiEntry, ApiReport, Comparer, field_place};
use super::comparison::{ApiName, CallerMessage};
use super::kinds::{self, Compatibility};
use super::output::{ChangeOutput, RawChange};
use super::schema::{SchemaTable, UnfoldingLimits};
use super::taken_over::TakenPaths;
use super::{bodies, name_claims, outgoing, parameters, query_string, security};
use crate::definition::{Api, Definition, Node, is_for_callers, template_shape};

pub(super) fn compare(before: &Definition, after: &Definition, limits: UnfoldingLimits, output: &mut ChangeOutput) {
    let mut comparer = Comparer { before, after, schemas: SchemaTable::new(before, after, limits) };
    let mut reports = vec![comparer.whole()];
    let (old_apis, new_apis) = (all(before), all(after));
    let (old, new) = (by_key(&old_apis), by_key(&new_apis));
    let is_first = |apis: &HashMap<Key<'_>, ApiOperation<'_>>, operation: &ApiOperation<'_>| {
        apis.get(&operation.key()).is_some_and(|first| std::ptr::eq(first.api, operation.api))
    };
    for gone in old_apis.iter().filter(|api| is_first(&old, api) && !new.contains_key(&api.key())) {
        reports.push(removed(*gone, before.node(gone.api.node)));
    }
    let mut taken = TakenPaths::of(before, after);
    for api in new_apis.iter().filter(|api| is_first(&new, api)) {
        let mut report = match old.get(&api.key()) {
            Some(partner) => comparer.api(partner.api, *api),
            None => added(*api),
        };
        taken.report(api.api, &mut report);
        reports.push(report);
    }
    comparer.schemas.finish();
    for report in reports {
        let api = report.api;
        for entry in report.entries {
            match entry {
                ApiEntry::Found(found, path) => output.add(*found, &path, api.as_ref()),
                ApiEntry::Schema(pair, path) => comparer.schemas.write(pair, &path, api.as_ref(), output),
                ApiEntry::Folded(found, path, parts) => output.add(comparer.folded(*found, parts), &path, api.as_ref()),
            }
        }
        comparer.schemas.next_api();
    }
    if comparer.schemas.is_incomplete() {
        output.incomplete();
    }
}

/// The signs by which two APIs are one: the method, the path without the names of its parameters, and its variant.
type Key<'a> = (&'a str, String, &'a str);

/// An API and its method, which may be one without a field of its own (OpenAPI 3.2, section 4.9).
#[derive(Clone, Copy)]
struct ApiOperation<'a> {
    method: &'a str,
    api: &'a Api,
}

impl<'a> ApiOperation<'a> {
    fn key(&self) -> Key<'a> {
        (self.method, template_shape(&self.api.path), &self.api.variant)
    }

    fn name(&self) -> ApiName {
        let path = format!("{}{}", self.api.path, self.api.variant);
        ApiName { method: Arc::from(self.method), path: Arc::from(path) }
    }
}

/// Lists all APIs of a definition, those that no gateway serves last.
fn all(definition: &Definition) -> Vec<ApiOperation<'_>> {
    let served = definition.apis.iter().map(|api| ApiOperation { method: api.method.as_str(), api });
    let additional = definition.additional.iter().map(|(method, api)| ApiOperation { method, api });
    served.chain(additional).collect()
}

/// Finds APIs by their keys; of several with one key, the first is served.
fn by_key<'a>(operations: &[ApiOperation<'a>]) -> HashMap<Key<'a>, ApiOperation<'a>> {
    let mut apis = HashMap::with_capacity(operations.len());
    for operation in operations {
        apis.entry(operation.key()).or_insert(*operation);
    }
    apis
}

fn added(operation: ApiOperation<'_>) -> ApiReport {
    let api = operation.api;
    let mut report = ApiReport { api: Some(operation.name()), ..ApiReport::default() };
    report.add("", RawChange::new(kinds::API_ADDED, "the API was added").at(None, Some(api.location.clone())));
    report
}

fn removed(operation: ApiOperation<'_>, node: Node<'_>) -> ApiReport {
    let api = operation.api;
    let mut report = ApiReport { api: Some(operation.name()), ..ApiReport::default() };
    let (kind, message) = if api.deprecated {
        (kinds::DEPRECATED_API_REMOVED, "the API was removed; it was deprecated")
    } else {
        (kinds::API_REMOVED, "the API was removed; it was not deprecated before")
    };
    report.add("", RawChange::new(kind, message).at(Some(api.location.clone()), None).with_sunset(node));
    report
}

impl Comparer<'_> {
    /// Completes a change that stands for its parts: adds the first reason why it breaks callers, or makes it
    /// compatible.
    fn folded(&mut self, mut found: RawChange, parts: Vec<ApiEntry>) -> RawChange {
        let mut reasons = Vec::new();
        for part in parts {
            match part {
                ApiEntry::Found(part, path) if part.compatibility == Compatibility::Breaking => {
                    reasons.push((path, part.message));
                }
                ApiEntry::Found(..) | ApiEntry::Folded(..) => {}
                ApiEntry::Schema(pair, path) => reasons.extend(self.schemas.breaking(pair, &path)),
            }
        }
        let others = match reasons.len() {
            0 | 1 => String::new(),
            count => format!("; and {} more", count - 1),
        };
        match reasons.into_iter().next() {
            Some((path, reason)) => found.message = format!("{}: {path}: {reason}{others}", found.message),
            None => found.compatibility = Compatibility::Compatible,
        }
        found
    }

    /// Compares the parts that concern no single API.
    fn whole(&mut self) -> ApiReport {
        let mut report = ApiReport::default();
        let (Some(before), Some(after)) = (self.before.document().root(), self.after.document().root()) else {
            return report;
        };
        if let (Some(old), Some(new)) = (before.get("info"), after.get("info")) {
            let names = ["title", "summary", "description", "termsOfService", "contact", "license"];
            for found in self.describe(&names, old, new) {
                report.add("info", found);
            }
        }
        for found in self.describe(&["tags", "externalDocs"], before, after) {
            report.add("", found);
        }
        if let Some(change) = self.change("servers", before.get("servers"), after.get("servers")) {
            // They lead past the gateway: the bundled definition has those of the environment alone.
            let found = RawChange::of_field(kinds::SERVERS_CHANGED, change).told(CallerMessage::Hidden);
            report.add("servers", found.at(field_place(before, "servers"), field_place(after, "servers")));
        }
        security::schemes(self, &mut report);
        outgoing::webhooks(self, (before.get("webhooks"), after.get("webhooks")), &mut report);
        report
    }

    fn api(&mut self, before: &Api, operation: ApiOperation<'_>) -> ApiReport {
        let after = operation.api;
        let mut report = ApiReport { api: Some(operation.name()), ..ApiReport::default() };
        self.metadata(before, after, &mut report);
        parameters::compare(self, before, after, &mut report);
        name_claims::compare(self, before, after, &mut report);
        query_string::compare(self, before, after, &mut report);
        bodies::request(self, before, after, &mut report);
        bodies::responses(self, before, after, &mut report);
        security::requirements(self, before, after, &mut report);
        let (old, new) = self.nodes(before, after);
        outgoing::callbacks(self, (old.get("callbacks"), new.get("callbacks")), &mut report);
        self.extensions(before, after, &mut report);
        self.websocket(before, after, &mut report);
        report
    }

    fn metadata(&mut self, before: &Api, after: &Api, report: &mut ApiReport) {
        let (old, new) = self.nodes(before, after);
        if before.deprecated != after.deprecated {
            let (kind, message) = if after.deprecated {
                (kinds::API_DEPRECATED, "the API is deprecated")
            } else {
                (kinds::API_REACTIVATED, "the API is no longer deprecated")
            };
            let found = RawChange::new(kind, message);
            report.add("", found.at(field_place(old, "deprecated"), field_place(new, "deprecated")));
        }
        report.add_sunset((old, new), "");
        if before.operation_id != after.operation_id {
            let change = self.change("operation id", old.get("operationId"), new.get("operationId"));
            let found = change.map(|change| RawChange::of_field(kinds::OPERATION_ID_CHANGED, change));
            let found = found.unwrap_or_else(|| RawChange::new(kinds::OPERATION_ID_CHANGED, ""));
            report.add("", found.at(field_place(old, "operationId"), field_place(new, "operationId")));
        }
        if before.tags != after.tags {
            let (tags, others) = (before.tags.join(", "), after.tags.join(", "));
            let message = format!("the tags were [{tags}] and are [{others}]");
            let found = RawChange::new(kinds::TAGS_CHANGED, message);
            report.add("", found.at(field_place(old, "tags"), field_place(new, "tags")));
        }
        for found in self.describe(&["summary", "description", "externalDocs"], old, new) {
            report.add("", found);
        }
    }

    /// Compares whether a definition lets connections go on as websockets.
    fn websocket(&mut self, before: &Api, after: &Api, report: &mut ApiReport) {
        let of = |definition: &Definition, api: &Api| {
            let own = api.extension("x-apigw-websocket").and_then(|id| definition.node(id).as_bool());
            own.unwrap_or_else(|| api.declares(101))
        };
        let (kind, message) = match (of(self.before, before), of(self.after, after)) {
            (true, false) => (kinds::WEBSOCKET_REMOVED, "the API no longer goes on as a websocket"),
            (false, true) => (kinds::WEBSOCKET_ADDED, "the API can go on as a websocket"),
            _ => return,
        };
        let places = (Some(before.location.clone()), Some(after.location.clone()));
        report.add("", RawChange::new(kind, message).at(places.0, places.1));
    }

    fn extensions(&mut self, before: &Api, after: &Api, report: &mut ApiReport) {
        let gone = before.extensions.iter().filter(|(name, _)| after.extension(name).is_none());
        for (name, _) in gone.chain(&after.extensions) {
            let old = before.extension(name).map(|id| self.before.node(id));
            let new = after.extension(name).map(|id| self.after.node(id));
            let Some(mut change) = self.change(name, old, new) else { continue };
            if name == "x-apigw-mock" {
                change.for_callers = CallerMessage::Other("the mock response changed".to_owned());
            } else if !is_for_callers(name) {
                change.for_callers = CallerMessage::Hidden;
            }
            let is_prefix = |node: Option<Node<'_>>| node.and_then(Node::as_str) == Some("prefix");
            let is_true = |node: Option<Node<'_>>| node.and_then(Node::as_bool) == Some(true);
            let kind = match (name.as_str(), is_prefix(old), is_prefix(new)) {
                ("x-apigw-match", true, false) => kinds::MATCH_NARROWED,
                ("x-apigw-match", false, true) => kinds::MATCH_WIDENED,
                ("x-apigw-unsigned-body", ..) if is_true(old) => kinds::BODY_SIGNATURE_REQUIRED,
                ("x-apigw-mock", _, _) => kinds::EXAMPLE_CHANGED,
                _ => kinds::EXTENSION_CHANGED,
            };
            report.add("", RawChange::of_field(kind, change).at(old.map(Node::location), new.map(Node::location)));
        }
    }
}
