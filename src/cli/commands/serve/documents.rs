//! The documents that a gateway serves: always of what is live, made when a reader asks for them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderName, HeaderValue, LOCATION, ORIGIN, REFERER,
    SET_COOKIE, TRAILER,
};
use http::{HeaderMap, Method, Request, Response, StatusCode};

use super::page_cache::{MadePages, PageCache, PageUnit};
use crate::cli::site::{DocumentSite, ServedCheck, SiteError, SiteSelection};
use crate::gateway::call::{CallDestination, OutgoingCall, send};
use crate::gateway::{PageSource, is_own_host, strip_hop_by_hop};
use crate::model::{Deployment, DomainName, EnvironmentName, GroupHosts, GroupName, PublicOrigin};
use crate::plan::Facts as _;
use crate::share::reference::{ServedState, ServingState};
use crate::workspace::{DiskFacts, RunningGateway, Workspace};

/// The path that returns the name of the present state.
const STATE_PATH: &str = "state";
/// The path below which requests are passed on.
const THROUGH_PATH: &str = "-/try";
/// Time-out for a request that is passed on.
const TRY_TIMEOUT: Duration = Duration::from_secs(30);
/// The header by which the script of a page marks its own requests. A page of another origin cannot send it: its browser asks
/// first whether it may, and is refused.
const TRY_HEADER: &str = "x-apigw-try";
/// Headers of a request that are the page's own, or its browser's about it; those that begin with `sec-` are too.
const OF_PAGE: [HeaderName; 6] = [HOST, CONTENT_LENGTH, COOKIE, ORIGIN, REFERER, HeaderName::from_static(TRY_HEADER)];

/// Makes documents of a workspace for readers.
pub(super) struct ServedDocuments {
    folder: PathBuf,
    base_domain: DomainName,
    selection: SiteSelection,
    /// The gateway's own address, once it listens; none where it listens for encrypted connections alone.
    gateway: OnceLock<SocketAddr>,
    /// Where callers reach the gateway, once it listens.
    origin: OnceLock<PublicOrigin>,
    /// True if requests are passed on to the gateway.
    passes_on: bool,
    pages: PageCache,
}

impl ServedDocuments {
    pub(super) fn new(workspace: &Workspace, environments: &[EnvironmentName], passes_on: bool) -> Self {
        Self {
            folder: workspace.folder().to_owned(),
            base_domain: workspace.settings().base_domain.clone(),
            selection: SiteSelection {
                environments: environments.iter().cloned().collect(),
                ..SiteSelection::default()
            },
            gateway: OnceLock::new(),
            origin: OnceLock::new(),
            passes_on,
            pages: PageCache::default(),
        }
    }

    /// Has pages name this origin of the gateway from now on, where settings name none, and passes requests on to an address,
    /// where one is given.
    pub(super) fn begin(&self, origin: PublicOrigin, address: Option<SocketAddr>) {
        self.origin.get_or_init(|| origin);
        if let Some(address) = address.filter(|_| self.passes_on) {
            self.gateway.get_or_init(|| address);
        }
    }

    /// Finds what a path leads to in the present state.
    fn find(&self, path: &str) -> Result<Option<FoundDocument>, SiteError> {
        let origin = self.origin.get().copied().unwrap_or_default();
        let workspace = Workspace::open(&self.folder)?.reached_at(origin);
        // Gateways write down what they serve; a page is as good as what they wrote.
        let gateways = workspace.gateways().map(|gateways| gateways.running).unwrap_or_default();
        let served = |environment: &EnvironmentName, group: &GroupName, deployment: &Deployment| {
            served_state(&gateways, environment, group, deployment)
        };
        let mut site = DocumentSite::read(&workspace, &self.selection, None);
        let state = site.state_name(&served);
        if path == STATE_PATH {
            return Ok(Some(FoundDocument::Page(state.into())));
        }
        let through = self.gateway.get().map(|_| THROUGH_PATH.to_owned());
        let serving = ServingState { state: state.clone(), state_path: STATE_PATH.to_owned(), through };
        site.serve(serving);
        if path == "index.html" {
            return self.matrix(&site, &state, &served).map(|page| Some(FoundDocument::Page(page)));
        }
        if let Some(page) = self.page(&site, &state, path)? {
            return Ok(Some(FoundDocument::Page(page)));
        }
        let page = self.page(&site, &state, &format!("{path}/index.html"))?;
        Ok(page.map(|_| FoundDocument::Folder))
    }

    /// Makes a page, or takes it where it has been made in this state.
    fn page(&self, site: &DocumentSite<'_>, state: &str, path: &str) -> Result<Option<Bytes>, SiteError> {
        let Some(unit) = PageUnit::of(path) else { return Ok(None) };
        if !site.pages().contains(&(unit.environment.clone(), unit.group.clone())) {
            return Ok(None);
        }
        self.pages.page(state, path, &unit, || make(site, &unit))
    }

    fn matrix(&self, site: &DocumentSite<'_>, state: &str, served: &ServedCheck<'_>) -> Result<Bytes, SiteError> {
        if let Some(matrix) = self.pages.matrix(state) {
            return Ok(matrix);
        }
        let damage = site.damage();
        let matrix = Bytes::from(site.matrix(served, &damage)?.bytes);
        // A repair gives the state no other name.
        if damage.is_empty() {
            self.pages.keep_matrix(state, &matrix);
        }
        Ok(matrix)
    }

    /// Sends a request of a page to the gateway, as a caller from elsewhere would send it.
    fn pass_on(&self, request: &Request<Bytes>, below: &str) -> Response<Bytes> {
        // A page of another origin must not reach callers' APIs with the standing of this one.
        if !is_of_own_origin(request.headers()) {
            return forbidden("only the pages themselves may send requests");
        }
        let target = TryTarget::parse(below).zip(Workspace::open(&self.folder).ok());
        let target = target.filter(|(target, workspace)| workspace.settings().document_try_it(&target.environment));
        let Some((target, workspace)) = target else { return text(StatusCode::NOT_FOUND, "not found") };
        if let Some(reason) = refusal(&workspace, &target) {
            return forbidden(reason);
        }
        let Some(outgoing) = target.outgoing(request, &workspace) else {
            return text(StatusCode::NOT_FOUND, "not found");
        };
        let Some(address) = self.gateway.get() else {
            return text(StatusCode::NOT_FOUND, "requests are not passed on");
        };
        let host = if address.ip().is_unspecified() { "127.0.0.1".to_owned() } else { address.ip().to_string() };
        let to = CallDestination { host, port: address.port(), encrypted: false, authority: None };
        match send(&to, outgoing, TRY_TIMEOUT) {
            Ok(received) => {
                let mut response = Response::new(received.body);
                *response.status_mut() = received.status;
                *response.headers_mut() = response_headers(&received.headers);
                // Shown as text by a page; followed or run by nobody.
                response.headers_mut().insert("content-security-policy", HeaderValue::from_static("sandbox"));
                response
            }
            Err(error) => text(StatusCode::BAD_GATEWAY, &error.to_string()),
        }
    }
}

/// A document at a path.
enum FoundDocument {
    Page(Bytes),
    /// A folder that has a page, called without the slash at its end.
    Folder,
}

/// Target of a request from a page.
struct TryTarget<'p> {
    environment: EnvironmentName,
    group: GroupName,
    path: &'p str,
}

impl<'p> TryTarget<'p> {
    fn parse(below: &'p str) -> Option<Self> {
        let mut parts = below.trim_start_matches('/').splitn(3, '/');
        let environment = parts.next()?.parse().ok()?;
        Some(Self { environment, group: parts.next()?.parse().ok()?, path: parts.next()? })
    }

    fn outgoing(&self, request: &Request<Bytes>, workspace: &Workspace) -> Option<OutgoingCall> {
        let hosts = GroupHosts::new(&self.group, &self.environment, &workspace.settings().base_domain, &[]);
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        Some(OutgoingCall {
            method: request.method().clone(),
            target: format!("/{}{query}", self.path),
            host: HeaderValue::from_str(&hosts.secondary).ok()?,
            headers: request_headers(request.headers()),
            body: request.body().clone(),
        })
    }
}

/// Returns the reason why nothing is passed on to a group: the gateway sees the address of this machine and not the reader's, so
/// that `ip_rules` would admit everybody whom they refuse.
fn refusal(workspace: &Workspace, target: &TryTarget<'_>) -> Option<&'static str> {
    const UNKNOWN: &str =
        "the version that is live cannot be read, so nothing says from which addresses it may be called";
    let TryTarget { environment, group, .. } = target;
    let facts = DiskFacts::new(workspace);
    let Ok(live) = facts.environment(environment) else { return Some(UNKNOWN) };
    // Of what is not there, the gateway says so itself.
    let deployment = live.deployments.get(group)?;
    let gateways = workspace.gateways().map(|gateways| gateways.running).unwrap_or_default();
    if let ServedState::NotServed(_) = served_state(&gateways, environment, group, deployment) {
        return Some("the gateway serves another version than the one that is live");
    }
    match facts.released(group, &deployment.release) {
        Ok(Some(candidate)) if candidate.settings.ip_rules.of_environment(environment).is_empty() => None,
        Ok(Some(_)) => Some("the group has `ip_rules`: call it from an address of your own, and not from its pages"),
        Ok(None) | Err(_) => Some(UNKNOWN),
    }
}

/// True for a request of a page of this listener, as browsers say: by `Sec-Fetch-Site`, older ones by `Origin`, and the page
/// itself by a header of its own. Over `http` to a host that is not loopback a browser sends no `Sec-Fetch-Site`, and with
/// GET no `Origin` (Fetch Metadata, section 2; Fetch, section 3.2).
fn is_of_own_origin(headers: &HeaderMap) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if headers.contains_key("sec-fetch-site") {
        return header("sec-fetch-site") == Some("same-origin");
    }
    if !headers.contains_key("origin") {
        return headers.contains_key(TRY_HEADER);
    }
    let origin = header("origin").and_then(|origin| origin.split_once("://"));
    origin
        .zip(header("host"))
        .is_some_and(|((scheme, from), host)| matches!(scheme, "http" | "https") && from.eq_ignore_ascii_case(host))
}

impl PageSource for ServedDocuments {
    fn respond(&self, request: &Request<Bytes>) -> Response<Bytes> {
        if !is_own_host(request.headers(), &self.base_domain) {
            return text(StatusCode::MISDIRECTED_REQUEST, "this host is not served here: use an address or localhost");
        }
        let path = request.uri().path();
        if let Some(below) = path.strip_prefix('/').and_then(|path| path.strip_prefix(THROUGH_PATH)) {
            return self.pass_on(request, below);
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return text(StatusCode::METHOD_NOT_ALLOWED, "GET or HEAD");
        }
        let is_plain = |each: u8| each.is_ascii_alphanumeric() || b"-_./+".contains(&each);
        if !path.bytes().all(is_plain) || path.split('/').any(|part| part == "..") {
            return text(StatusCode::NOT_FOUND, "not found");
        }
        let mut name = path.trim_start_matches('/').to_owned();
        if name.is_empty() || name.ends_with('/') {
            name.push_str("index.html");
        }
        match self.find(&name) {
            Ok(Some(FoundDocument::Page(bytes))) => {
                let mut response = Response::new(bytes);
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type(&name)));
                response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
                response
            }
            Ok(Some(FoundDocument::Folder)) => to_folder(&name),
            Ok(None) => text(StatusCode::NOT_FOUND, "not found"),
            Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }
}

/// Leads a reader who left out the slash behind a folder to its page, relative to the place that was asked for.
fn to_folder(name: &str) -> Response<Bytes> {
    let mut response = text(StatusCode::PERMANENT_REDIRECT, "this is a folder");
    let folder = name.rsplit('/').next().and_then(|last| HeaderValue::from_str(&format!("{last}/")).ok());
    response.headers_mut().extend(folder.map(|folder| (LOCATION, folder)));
    response
}

/// Renders the pages of a unit, and notes which others its group has.
fn make(site: &DocumentSite<'_>, unit: &PageUnit) -> Result<MadePages, SiteError> {
    let units = RefCell::new(BTreeSet::new());
    let files = site.group(&unit.environment, &unit.group, &site.facts(), &|page| {
        units.borrow_mut().insert(page.to_owned());
        page == unit.name
    })?;
    Ok(MadePages { files, units: units.into_inner() })
}

/// Returns the state of this machine's gateways of an environment with regard to an entry.
fn served_state(
    gateways: &[RunningGateway],
    environment: &EnvironmentName,
    group: &GroupName,
    deployment: &Deployment,
) -> ServedState {
    if deployment.release.state == crate::model::DeploymentState::Offline {
        return ServedState::NoGateway;
    }
    let mut concerned = gateways.iter().filter(|gateway| gateway.environments.contains_key(environment)).peekable();
    if concerned.peek().is_none() {
        return ServedState::NoGateway;
    }
    match concerned.find(|gateway| gateway.serves(environment, group) != Some(&deployment.operation)) {
        None => ServedState::Served,
        Some(gateway) => {
            let reason = gateway.not_served(environment, group).map(|entry| entry.reason.clone());
            ServedState::NotServed(reason.unwrap_or_else(|| "the gateway has not read the change yet".to_owned()))
        }
    }
}

/// Returns the headers of a page's request that the gateway gets.
fn request_headers(received: &HeaderMap) -> HeaderMap {
    let mut headers = received.clone();
    strip_hop_by_hop(&mut headers);
    remove_where(&mut headers, |name| OF_PAGE.contains(name) || *name == TRAILER || name.as_str().starts_with("sec-"));
    headers
}

/// Returns the headers of the gateway's response that a page gets. A cookie of a backend would be one of this origin.
fn response_headers(received: &HeaderMap) -> HeaderMap {
    let mut headers = received.clone();
    strip_hop_by_hop(&mut headers);
    remove_where(&mut headers, |name| [CONTENT_LENGTH, SET_COOKIE, TRAILER].contains(name));
    headers
}

fn remove_where(headers: &mut HeaderMap, is_removed: impl Fn(&HeaderName) -> bool) {
    let removed: Vec<HeaderName> = headers.keys().filter(|name| is_removed(name)).cloned().collect();
    for name in removed {
        headers.remove(name);
    }
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("json") => "application/json",
        Some("yaml") => "application/yaml",
        Some("gz" | "tgz") => "application/gzip",
        Some("whl") => "application/zip",
        Some("atom") => "application/atom+xml",
        Some("md") => "text/markdown; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    }
}

fn forbidden(detail: &str) -> Response<Bytes> {
    let status = StatusCode::FORBIDDEN;
    let problem =
        serde_json::json!({"type": "about:blank", "title": "Forbidden", "status": status.as_u16(), "detail": detail});
    let mut response = text(status, &problem.to_string());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

fn text(status: StatusCode, message: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(format!("{message}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(headers: &HeaderMap) -> Vec<&str> {
        headers.keys().map(HeaderName::as_str).collect()
    }

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let field = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        fields.iter().map(field).collect()
    }

    #[test]
    fn headers_of_a_connection_and_of_a_page_stay_here() {
        let request = headers(&[
            ("connection", "X-Hop, close"),
            ("x-hop", "1"),
            ("proxy-authorization", "Basic x"),
            ("te", "trailers"),
            ("trailer", "x-sum"),
            ("host", "localhost"),
            ("cookie", "session=1"),
            ("origin", "http://localhost"),
            ("referer", "http://localhost/"),
            ("sec-fetch-site", "same-origin"),
            (TRY_HEADER, "1"),
            ("x-api-key", "key"),
        ]);
        assert_eq!(names(&request_headers(&request)), ["x-api-key"]);
        let response = headers(&[
            ("connection", "X-Hop"),
            ("x-hop", "1"),
            ("proxy-authenticate", "Basic"),
            ("content-length", "2"),
            ("set-cookie", "session=1"),
            ("content-type", "text/plain"),
        ]);
        assert_eq!(names(&response_headers(&response)), ["content-type"]);
    }
}
