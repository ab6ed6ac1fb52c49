//! Which backend a request goes to, and what it looks like there.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::target::{Backend, OriginSettings, Origins, resolve};
use super::tls_client::client_config;
use crate::definition::percent::{self, one_spelling};
use crate::definition::{PathPiece, path_pieces};
use crate::model::{ConstantParameter, Digest, DynamicRoute, HttpUrl, ParameterMapping, ParameterPlace};
use crate::snapshot::GroupContent;

/// How the requests of a group are forwarded.
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
    backend: Backend,
    rules: Rules,
}

/// What differs for one API.
pub(crate) struct ApiForward {
    pub(crate) response_timeout: Option<Duration>,
    /// The path at the backend, with `{name}` for parameters.
    pub(crate) path: Option<String>,
    backend: Option<Backend>,
    rules: Rules,
}

#[derive(Default)]
struct Rules {
    parameters: Vec<ParameterMapping>,
    constants: Vec<ConstantParameter>,
    routes: Vec<(ParameterPlace, Vec<String>, Backend)>,
}

impl Rules {
    fn is_empty(&self) -> bool {
        self.parameters.is_empty() && self.constants.is_empty() && self.routes.is_empty()
    }
}

const CONNECT_TIMEOUT_MS: u32 = 5_000;
const RESPONSE_TIMEOUT_MS: u32 = 30_000;
const IDLE_TIMEOUT_MS: u32 = 60_000;
const WEBSOCKET_IDLE_TIMEOUT_MS: u32 = 600_000;

/// Builds how a group's requests are forwarded.
pub(crate) struct ForwardCompiler<'a> {
    pub(crate) origins: &'a Origins,
    pub(crate) variables: Option<&'a BTreeMap<String, String>>,
    pub(crate) content: &'a GroupContent,
    pub(crate) allow_addresses: &'a [IpAddr],
}

impl ForwardCompiler<'_> {
    /// Builds what the group says, with the backend that its deployment names.
    pub(crate) fn group(&self, url: &HttpUrl) -> Result<GroupForward, String> {
        let forwarding = &self.content.settings.forwarding;
        let mut backend = self.backend(url)?;
        for address in &forwarding.more_addresses {
            backend.targets.extend(self.backend(&resolve(address, self.variables)?)?.targets);
        }
        let milliseconds = |value: Option<u32>, usual: u32| Duration::from_millis(u64::from(value.unwrap_or(usual)));
        Ok(GroupForward {
            keep_prefix: forwarding.keep_prefix,
            connect_timeout: milliseconds(forwarding.connect_timeout_ms, CONNECT_TIMEOUT_MS),
            response_timeout: milliseconds(forwarding.response_timeout_ms, RESPONSE_TIMEOUT_MS),
            idle_timeout: milliseconds(forwarding.idle_timeout_ms, IDLE_TIMEOUT_MS),
            websocket_idle_timeout: milliseconds(forwarding.websocket_idle_timeout_ms, WEBSOCKET_IDLE_TIMEOUT_MS),
            retry: forwarding.retry.unwrap_or(true),
            keep_host: forwarding.keep_host,
            backend,
            rules: self.rules(&forwarding.parameters, &forwarding.constants, &forwarding.routes)?,
        })
    }

    /// Builds what differs for an API, if anything does.
    pub(crate) fn api(&self, name: &str) -> Result<Option<ApiForward>, String> {
        let Some(settings) = self.content.settings.forwarding.apis.get(name) else { return Ok(None) };
        if settings.path.as_ref().is_some_and(|path| !path.starts_with('/')) {
            return Err(format!("forwarding.apis.{name}.path must begin with a slash"));
        }
        Ok(Some(ApiForward {
            response_timeout: settings.response_timeout_ms.map(|value| Duration::from_millis(u64::from(value))),
            path: settings.path.clone(),
            backend: settings
                .backend
                .as_ref()
                .map(|address| self.backend(&resolve(address, self.variables)?))
                .transpose()?,
            rules: self.rules(&settings.parameters, &settings.constants, &settings.routes)?,
        }))
    }

    fn rules(
        &self,
        parameters: &[ParameterMapping],
        constants: &[ConstantParameter],
        routes: &[DynamicRoute],
    ) -> Result<Rules, String> {
        let route = |route: &DynamicRoute| {
            let backend = self.backend(&resolve(&route.backend, self.variables)?)?;
            Ok((route.when.clone(), route.equals.clone(), backend))
        };
        let unusable = |constant: &&ConstantParameter| {
            matches!(constant.to, ParameterPlace::Header(_))
                && HeaderValue::from_bytes(constant.value.as_bytes()).is_err()
        };
        if let Some(constant) = constants.iter().find(unusable) {
            return Err(format!("the constant {} has a value that cannot stand in a header", constant.to));
        }
        Ok(Rules {
            parameters: parameters.to_vec(),
            constants: constants.to_vec(),
            routes: routes.iter().map(route).collect::<Result<_, String>>()?,
        })
    }

    fn backend(&self, url: &HttpUrl) -> Result<Backend, String> {
        let target = self.origins.target(url, &mut |https| self.origin_settings(https).map(Arc::new))?;
        Ok(Backend { targets: vec![target], name: url.as_str().into() })
    }

    fn origin_settings(&self, https: bool) -> Result<OriginSettings, String> {
        let forwarding = &self.content.settings.forwarding;
        let files = &self.content.tls_files;
        let mut identity = Vec::new();
        for name in [&forwarding.tls.ca, &forwarding.tls.certificate, &forwarding.tls.key].into_iter().flatten() {
            identity.extend_from_slice(name.as_bytes());
            identity
                .extend_from_slice(&Digest::of(files.get(name).map_or(&[][..], |file| file)).to_string().into_bytes());
        }
        let mut allow: Vec<IpAddr> = forwarding.allow_addresses.iter().chain(self.allow_addresses).copied().collect();
        allow.sort_unstable();
        allow.dedup();
        let tls = if https { Some(client_config(&forwarding.tls, files)?) } else { None };
        Ok(OriginSettings { tls, tls_identity: Digest::of(&identity), allow })
    }
}

/// A value has control characters, which no header has.
#[derive(Debug)]
pub(crate) struct NoHeaderValue;

/// A request on its way to a backend, before its address is written.
pub(crate) struct Outgoing<'a> {
    /// The path below the group's prefix, as it came.
    pub(crate) path: &'a str,
    pub(crate) query: Option<Cow<'a, str>>,
    /// The API's parameters in the path, percent-encoded.
    pub(crate) path_parameters: Vec<(&'a str, Cow<'a, str>)>,
    pub(crate) headers: HeaderMap,
}

impl GroupForward {
    /// Picks the backend of a request: the first rule that matches, the API's, the group's.
    pub(crate) fn backend<'f>(&'f self, api: Option<&'f ApiForward>, outgoing: &Outgoing<'_>) -> &'f Backend {
        let routes = api.into_iter().flat_map(|api| &api.rules.routes).chain(&self.rules.routes);
        let matching = routes.into_iter().find(|(place, equals, _)| {
            outgoing.values(place).iter().any(|value| equals.is_empty() || equals.iter().any(|equal| equal == value))
        });
        match matching {
            Some((_, _, backend)) => backend,
            None => api.and_then(|api| api.backend.as_ref()).unwrap_or(&self.backend),
        }
    }

    /// Moves and adds the parameters that the settings name. Fails where a value cannot stand where it belongs.
    pub(crate) fn apply(&self, api: Option<&ApiForward>, outgoing: &mut Outgoing<'_>) -> Result<(), NoHeaderValue> {
        let rules = [Some(&self.rules), api.map(|api| &api.rules)];
        for rules in rules.into_iter().flatten().filter(|rules| !rules.is_empty()) {
            for mapping in &rules.parameters {
                let values = outgoing.values(&mapping.from);
                if !values.is_empty() {
                    outgoing.remove(&mapping.from);
                    outgoing.set(&mapping.to, &values)?;
                }
            }
            for constant in &rules.constants {
                outgoing.set(&constant.to, std::slice::from_ref(&constant.value))?;
            }
        }
        Ok(())
    }
}

impl Outgoing<'_> {
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
    fn values(&self, place: &ParameterPlace) -> Vec<String> {
        match place {
            ParameterPlace::Header(name) => {
                let values = self.headers.get_all(name.as_str()).iter();
                values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
            }
            ParameterPlace::Query(name) => percent::pairs(self.query.as_deref().unwrap_or_default())
                .filter(|(key, _)| key == name)
                .map(|(_, value)| value)
                .collect(),
            ParameterPlace::Path(name) => {
                let values = self.path_parameters.iter().filter(|(known, _)| known == name);
                values.map(|(_, value)| percent::decode(value)).collect()
            }
        }
    }

    fn remove(&mut self, place: &ParameterPlace) {
        match place {
            ParameterPlace::Header(name) => {
                self.headers.remove(name.as_str());
            }
            ParameterPlace::Query(name) => {
                let query = self.query.take().unwrap_or_default();
                let kept: Vec<&str> = query
                    .split('&')
                    .filter(|pair| percent::decode_query(pair.split('=').next().unwrap_or_default()) != *name)
                    .collect();
                self.query = Some(Cow::Owned(kept.join("&")));
            }
            // The path keeps its shape: the backend's template decides which of its parameters are used.
            ParameterPlace::Path(_) => {}
        }
    }

    /// Puts values at a place, instead of what is there: of a list, each where it has a place of its own.
    fn set(&mut self, place: &ParameterPlace, values: &[String]) -> Result<(), NoHeaderValue> {
        self.remove(place);
        match place {
            ParameterPlace::Header(name) => {
                for value in values {
                    let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| NoHeaderValue)?;
                    if let Ok(name) = HeaderName::try_from(name) {
                        self.headers.append(name, value);
                    }
                }
            }
            ParameterPlace::Query(name) => {
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
            ParameterPlace::Path(name) => {
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
