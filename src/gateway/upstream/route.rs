//! The backend of a request, and the request as it is sent there.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::target::{OriginSet, OriginSettings, TargetSet, UpstreamError};
use super::tls_client::{ClientTlsError, client_config};
use crate::definition::percent::{self, one_spelling};
use crate::definition::{PathPiece, path_pieces};
use crate::model::{BackendSigning, Digest, ParameterMapping, ParameterReference};
use crate::routes::{DynamicUpstream, GroupForwarding, RequestMapping, RouteForward, Upstream};

/// Forwarding of a group's requests.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own, and none excludes another")]
pub(crate) struct GroupForward {
    pub(crate) keep_prefix: bool,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) websocket_idle_timeout: Duration,
    /// True if a request that is idempotent may be sent once more.
    pub(crate) retry: bool,
    /// True if the backend gets the client's `Host`.
    pub(crate) keep_host: bool,
    /// True if the backend gets the credentials of callers.
    pub(crate) passes_credentials: bool,
    /// The key that signs each request.
    pub(crate) sign: Option<BackendSigning>,
    backend: TargetSet,
    rules: RewriteRules,
}

/// Differences of one API.
pub(crate) struct ApiForward {
    pub(crate) response_timeout: Option<Duration>,
    /// The path at the backend, with `{name}` for parameters.
    pub(crate) path: Option<String>,
    backend: Option<TargetSet>,
    rules: RewriteRules,
}

#[derive(Default)]
struct RewriteRules {
    /// Changes of the request, in order.
    mappings: Vec<RequestMapping>,
    /// Other backends, the first whose rule matches.
    dynamic: Vec<DynamicBackend>,
}

struct DynamicBackend {
    when: ParameterReference,
    /// The values that match; empty, it only has to be there.
    equals: Vec<String>,
    backend: TargetSet,
}

/// Builds how a group's requests are forwarded.
pub(crate) struct ForwardCompiler<'a> {
    pub(crate) origins: &'a OriginSet,
    pub(crate) forward: &'a GroupForwarding,
    /// The files that `forwarding.tls` names, by name.
    pub(crate) tls_files: &'a BTreeMap<String, Arc<[u8]>>,
    pub(crate) allow_addresses: &'a [IpAddr],
}

impl ForwardCompiler<'_> {
    /// Builds the forwarding of the group.
    pub(crate) fn group(&self) -> Result<GroupForward, UpstreamError> {
        let GroupForwarding { upstream, keep_prefix, keep_host, retry, timeouts, dynamic, mappings, sign, .. } =
            self.forward;
        Ok(GroupForward {
            keep_prefix: *keep_prefix,
            connect_timeout: milliseconds(timeouts.connect_ms),
            response_timeout: milliseconds(timeouts.response_ms),
            idle_timeout: milliseconds(timeouts.idle_ms),
            websocket_idle_timeout: milliseconds(timeouts.websocket_idle_ms),
            retry: *retry,
            keep_host: *keep_host,
            passes_credentials: self.forward.passes_credentials,
            sign: sign.clone(),
            backend: self.backend(upstream)?,
            rules: self.rules(mappings, dynamic)?,
        })
    }

    /// Builds the differences of a route; `None` if it has none.
    pub(crate) fn route(&self, route: &RouteForward) -> Result<Option<Box<ApiForward>>, UpstreamError> {
        if *route == RouteForward::default() {
            return Ok(None);
        }
        let RouteForward { upstream, path, response_timeout_ms, dynamic, mappings } = route;
        Ok(Some(Box::new(ApiForward {
            response_timeout: response_timeout_ms.map(milliseconds),
            path: path.clone(),
            backend: upstream.as_ref().map(|upstream| self.backend(upstream)).transpose()?,
            rules: self.rules(mappings, dynamic)?,
        })))
    }

    fn rules(&self, mappings: &[RequestMapping], dynamic: &[DynamicUpstream]) -> Result<RewriteRules, UpstreamError> {
        let compile = |dynamic: &DynamicUpstream| {
            let DynamicUpstream { when, equals, upstream, .. } = dynamic;
            Ok(DynamicBackend { when: when.clone(), equals: equals.clone(), backend: self.backend(upstream)? })
        };
        let dynamic = dynamic.iter().map(compile).collect::<Result<_, UpstreamError>>()?;
        Ok(RewriteRules { mappings: mappings.to_vec(), dynamic })
    }

    fn backend(&self, upstream: &Upstream) -> Result<TargetSet, UpstreamError> {
        let mut settings = |https: bool| self.origin_settings(https).map(Arc::new);
        let targets = upstream.targets.iter().map(|url| self.origins.target(url, &mut settings));
        let targets = targets.collect::<Result<Vec<_>, _>>()?;
        let name = upstream.targets.first().map_or("", |url| url.as_str()).into();
        Ok(TargetSet { targets, name })
    }

    fn origin_settings(&self, https: bool) -> Result<OriginSettings, ClientTlsError> {
        let GroupForwarding { tls, allow_addresses, .. } = self.forward;
        let mut identity = Vec::new();
        for (_, name) in tls.files() {
            identity.extend_from_slice(name.as_bytes());
            let file = self.tls_files.get(name).map_or(&[][..], |file| file);
            identity.extend_from_slice(&Digest::of(file).to_string().into_bytes());
        }
        let mut allow: Vec<IpAddr> = allow_addresses.iter().chain(self.allow_addresses).copied().collect();
        allow.sort_unstable();
        allow.dedup();
        let config = if https { Some(client_config(tls, self.tls_files)?) } else { None };
        Ok(OriginSettings { tls: config, tls_identity: Digest::of(&identity), allow })
    }
}

fn milliseconds(count: u32) -> Duration {
    Duration::from_millis(u64::from(count))
}

/// A value has control characters, which no header has.
#[derive(Debug)]
pub(crate) struct NoHeaderValue;

/// A request on its way to a backend, before its address is written.
pub(crate) struct OutgoingRequest<'a> {
    /// The path below the group's prefix, as it came.
    pub(crate) path: &'a str,
    pub(crate) query: Option<Cow<'a, str>>,
    /// The API's parameters in the path, percent-encoded.
    pub(crate) path_parameters: Vec<(&'a str, Cow<'a, str>)>,
    pub(crate) headers: HeaderMap,
    /// Headers that the settings have written.
    pub(crate) written: Vec<HeaderName>,
}

impl GroupForward {
    /// Picks the backend of a request: the first rule that matches, the API's, the group's.
    pub(crate) fn backend<'f>(&'f self, api: Option<&'f ApiForward>, outgoing: &OutgoingRequest<'_>) -> &'f TargetSet {
        let mut rules = api.into_iter().flat_map(|api| &api.rules.dynamic).chain(&self.rules.dynamic);
        let matching = rules.find(|DynamicBackend { when, equals, .. }| {
            outgoing.values(when).iter().any(|value| equals.is_empty() || equals.iter().any(|equal| equal == value))
        });
        match matching {
            Some(DynamicBackend { backend, .. }) => backend,
            None => api.and_then(|api| api.backend.as_ref()).unwrap_or(&self.backend),
        }
    }

    /// Moves and adds the parameters of the settings. Fails if a value is not valid in a header.
    pub(crate) fn apply(
        &self,
        api: Option<&ApiForward>,
        outgoing: &mut OutgoingRequest<'_>,
    ) -> Result<(), NoHeaderValue> {
        for mapping in self.rules.mappings.iter().chain(api.into_iter().flat_map(|api| &api.rules.mappings)) {
            match mapping {
                RequestMapping::Move(ParameterMapping {
                    from: ParameterReference::Header(from),
                    to: ParameterReference::Header(to),
                }) => outgoing.move_header(from, to),
                RequestMapping::Move(mapping) => {
                    let values = outgoing.values(&mapping.from);
                    if !values.is_empty() {
                        outgoing.remove(&mapping.from);
                        outgoing.set(&mapping.to, &values)?;
                    }
                }
                RequestMapping::Set(constant) => outgoing.set(&constant.to, std::slice::from_ref(&constant.value))?,
            }
        }
        Ok(())
    }
}

impl OutgoingRequest<'_> {
    /// Writes the path and query at a target.
    pub(crate) fn path_and_query(&self, base_path: &str, prefix: &str, template: Option<&str>) -> String {
        let query = self.query.as_deref().filter(|query| !query.is_empty());
        let mut text =
            String::with_capacity(base_path.len() + prefix.len() + self.path.len() + 1 + query.map_or(0, str::len));
        text.push_str(base_path);
        if let Some(template) = template {
            self.fill(template, &mut text);
        } else {
            text.push_str(prefix);
            text.push_str(self.path);
        }
        if let Some(query) = query {
            text.push('?');
            text.push_str(query);
        }
        text
    }

    fn fill(&self, template: &str, text: &mut String) {
        for piece in path_pieces(template) {
            match piece {
                PathPiece::Text(written) => text.push_str(&one_spelling(written)),
                PathPiece::Parameter(name) => {
                    let value = self.path_parameters.iter().find(|(known, _)| *known == name);
                    text.extend(value.map(|(_, value)| &**value));
                }
            }
        }
    }

    /// Returns the decoded values at a place.
    fn values(&self, place: &ParameterReference) -> Vec<String> {
        match place {
            ParameterReference::Header(name) => {
                let values = self.headers.get_all(name.as_str()).iter();
                values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
            }
            ParameterReference::Query(name) => percent::pairs(self.query.as_deref().unwrap_or_default())
                .filter(|(key, _)| key == name)
                .map(|(_, value)| value)
                .collect(),
            ParameterReference::Path(name) => {
                let values = self.path_parameters.iter().filter(|(known, _)| known == name);
                values.map(|(_, value)| percent::decode(value)).collect()
            }
        }
    }

    /// Gives the values of a header to another one, byte for byte: they need not be UTF-8.
    fn move_header(&mut self, from: &str, to: &str) {
        let Ok(name) = HeaderName::try_from(to) else { return };
        let values: Vec<HeaderValue> = self.headers.get_all(from).iter().cloned().collect();
        if values.is_empty() {
            return;
        }
        self.headers.remove(from);
        self.headers.remove(&name);
        for value in values {
            self.headers.append(&name, value);
        }
        self.written.push(name);
    }

    fn remove(&mut self, place: &ParameterReference) {
        match place {
            ParameterReference::Header(name) => {
                self.headers.remove(name.as_str());
            }
            ParameterReference::Query(name) => {
                let query = self.query.take().unwrap_or_default();
                let kept: Vec<&str> = query
                    .split('&')
                    .filter(|pair| percent::decode_query(pair.split('=').next().unwrap_or_default()) != *name)
                    .collect();
                self.query = Some(Cow::Owned(kept.join("&")));
            }
            // The path keeps its shape: the backend's template decides which of its parameters are used.
            ParameterReference::Path(_) => {}
        }
    }

    /// Replaces the values at a place: of a list, each where it has a place of its own.
    fn set(&mut self, place: &ParameterReference, values: &[String]) -> Result<(), NoHeaderValue> {
        self.remove(place);
        match place {
            ParameterReference::Header(name) => {
                let Ok(name) = HeaderName::try_from(name) else { return Ok(()) };
                for value in values {
                    let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| NoHeaderValue)?;
                    self.headers.append(&name, value);
                }
                self.written.push(name);
            }
            ParameterReference::Query(name) => {
                let mut query = self.query.take().unwrap_or_default().into_owned();
                for value in values {
                    if !query.is_empty() {
                        query.push('&');
                    }
                    query.push_str(&percent::encode(name));
                    query.push('=');
                    query.push_str(&percent::encode(value));
                }
                self.query = Some(Cow::Owned(query));
            }
            ParameterReference::Path(name) => {
                let encoded: Vec<String> = values.iter().map(|value| percent::encode(value)).collect();
                if let Some((_, known)) = self.path_parameters.iter_mut().find(|(known, _)| known == name) {
                    *known = Cow::Owned(encoded.join(","));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
