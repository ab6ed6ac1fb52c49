//! Subscription keys: maps from the SHA-256 of a key to its name, its times and its grants.
//!
//! The hashes are those of the keys' files; a key itself is nowhere. What is revoked or granted later counts after the
//! next export.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::super::files::ExportFile;
use super::super::options::CallerKeys;
use super::super::refusal::ProblemResponse;
use crate::access::{Grant, Key, SecretProof};
use crate::model::{KeyKind, SubscriptionAuth, Timestamp};
use crate::routes::{GroupRoutes, Route, RouteAccess};

/// Seconds since 1970 that no key lives to see.
const NEVER: i64 = 4_102_444_800;

/// The maps of keys, with the grants that steps ask for.
pub(super) struct KeyMaps<'r> {
    callers: &'r CallerKeys,
    grants: BTreeSet<String>,
}

impl<'r> KeyMaps<'r> {
    pub(super) const fn new(callers: &'r CallerKeys) -> Self {
        Self { callers, grants: BTreeSet::new() }
    }

    /// Writes the rules that check the key of a step that accepts only subscription keys; nothing for others.
    pub(super) fn rules(
        &mut self,
        group: &GroupRoutes,
        route: &Route,
        step: &str,
        conditions: &str,
        refusal: impl Fn(&ProblemResponse) -> String,
    ) -> String {
        let mut text = String::new();
        let Some(subscription) = subscription(route) else { return text };
        let mut line = |rule: &str, also: &str| {
            let _ = writeln!(text, "    http-request {rule} {conditions} {also}");
        };
        for header in &subscription.headers {
            // The first header that is there counts, and no key is accepted of one that is sent several times.
            line(
                "set-var(txn.hash) str(repeated)",
                &format!("{{ req.fhdr_cnt({header}) gt 1 }} !{{ var(txn.hash) -m found }}"),
            );
            line(
                &format!("set-var(txn.hash) req.fhdr({header}),sha2(256),hex,lower"),
                &format!("{{ req.fhdr({header}) -m found }} !{{ var(txn.hash) -m found }}"),
            );
        }
        line("set-var(txn.key) var(txn.hash),map_str(keys.map)", "{ var(txn.hash) -m found }");
        line(
            &format!("set-var(txn.ends) var(txn.hash),map_str_int(key-ends.map,{NEVER})"),
            "{ var(txn.key) -m found }",
        );
        line("set-var(txn.begins) var(txn.hash),map_str_int(key-begins.map,0)", "{ var(txn.key) -m found }");
        line("unset-var(txn.key)", "{ date,sub(txn.ends) ge 0 }");
        line("unset-var(txn.key)", "{ date,sub(txn.begins) lt 0 }");
        let unknown = refusal(&ProblemResponse::missing_key());
        line(&format!("return status 401 {unknown}"), "!{ var(txn.key) -m found }");
        line(&format!("set-var-fmt(txn.grant) {step}/%[var(txn.key)]"), "");
        let denied = refusal(&ProblemResponse::missing_grant());
        line(&format!("return status 403 {denied}"), "!{ var(txn.grant),map_str(grants.map) -m found }");
        self.note_grants(group, route, step);
        text
    }

    /// Writes the changes of the headers of a request that was let in.
    pub(super) fn changes(route: &Route, is_step: &str) -> String {
        let mut text = String::new();
        let Some(subscription) = subscription(route) else { return text };
        let _ = writeln!(text, "    http-request set-header x-apigw-key %[var(txn.key)] {is_step}");
        if let RouteAccess::Key { pass_credentials: false, .. } = &route.access {
            for header in &subscription.headers {
                let _ = writeln!(text, "    http-request del-header {header} {is_step}");
            }
        }
        text
    }

    fn note_grants(&mut self, group: &GroupRoutes, route: &Route, step: &str) {
        let method_and_path = format!("{} {}", route.method, route.path.template);
        let names = [route.api.as_str(), &method_and_path];
        let allows = |grant: &Grant| grant.allows(group.group.as_str(), group.environment.as_str(), &names);
        for key in self.subscription_keys() {
            if self.callers.grants(key).any(allows) {
                self.grants.insert(format!("{step}/{} 1\n", key.name));
            }
        }
    }

    fn subscription_keys(&self) -> impl Iterator<Item = &'r Key> + use<'r> {
        self.callers.keys.iter().filter(|key| key.kind == KeyKind::Subscription)
    }

    /// Returns the map files; none unless a step asks for a key.
    pub(super) fn files(&self, is_asked: bool) -> Vec<ExportFile> {
        if !is_asked {
            return Vec::new();
        }
        let (mut names, mut ends, mut begins) = (String::new(), String::new(), String::new());
        for key in self.subscription_keys() {
            for secret in key.secrets.iter().filter(|secret| !self.callers.revoked.contains(&secret.id)) {
                let SecretProof::Sha256(digest) = &secret.proof else { continue };
                let hash = digest.hexadecimal();
                let seconds = |time: Timestamp| time.milliseconds().div_euclid(1000);
                let _ = writeln!(names, "{hash} {}", key.name);
                if let Some(end) = [key.expires, secret.retires].into_iter().flatten().min() {
                    let _ = writeln!(ends, "{hash} {}", seconds(end));
                }
                if let Some(begin) = key.not_before {
                    let _ = writeln!(begins, "{hash} {}", seconds(begin));
                }
            }
        }
        let grants = self.grants.iter().map(String::as_str).collect();
        [("grants.map", grants), ("key-begins.map", begins), ("key-ends.map", ends), ("keys.map", names)]
            .map(|(path, text)| ExportFile::new(path, text, false))
            .into()
    }
}

/// Returns the settings of a route that takes subscription keys alone.
pub(super) fn subscription(route: &Route) -> Option<&SubscriptionAuth> {
    match &route.access {
        RouteAccess::Key { signature: None, subscription: Some(subscription), token: None, .. } => Some(subscription),
        _ => None,
    }
}
