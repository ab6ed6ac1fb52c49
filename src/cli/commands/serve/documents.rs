//! The documents that a gateway serves: always of what is live, made when a reader asks for them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};

use super::page_cache::{MadePages, PageCache, PageUnit};
use super::page_response::{page, text, to_folder};
use super::served_state::served_state;
use super::try_it;
use crate::cli::site::{DocumentSite, LastEntries, ServedCheck, SiteError, SiteSelection};
use crate::gateway::{PageSource, is_own_host};
use crate::model::{Deployment, DomainName, EnvironmentName, GroupName, PublicOrigin};
use crate::share::reference::ServingState;
use crate::workspace::Workspace;

/// The path that returns the name of the present state.
const STATE_PATH: &str = "state";
/// The path below which the name of the present state of a group is returned.
const GROUP_STATE_PATH: &str = "-/state/";
/// The path below which requests are passed on.
const THROUGH_PATH: &str = "-/try";

/// Makes documents of a workspace for readers.
pub(super) struct ServedDocuments {
    /// The workspace with the settings that could be read last.
    workspace: Mutex<Workspace>,
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
    /// The entries that stand in for those that cannot be read.
    last: LastEntries,
}

impl ServedDocuments {
    pub(super) fn new(workspace: &Workspace, environments: &[EnvironmentName], passes_on: bool) -> Self {
        Self {
            workspace: Mutex::new(workspace.clone()),
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
            // The first reader may come after a file was broken.
            last: LastEntries::read(workspace),
        }
    }

    /// Has pages name this origin of the gateway from now on, where settings name none, and passes requests on to an
    /// address, where one is given.
    pub(super) fn begin(&self, origin: PublicOrigin, address: Option<SocketAddr>) {
        self.origin.get_or_init(|| origin);
        if let Some(address) = address.filter(|_| self.passes_on) {
            self.gateway.get_or_init(|| address);
        }
    }

    /// Opens the workspace; where its settings cannot be read, with those of before and the reason.
    fn workspace(&self) -> (Workspace, Option<String>) {
        let opened = Workspace::open(&self.folder);
        let mut last = self.workspace.lock().unwrap_or_else(PoisonError::into_inner);
        match opened {
            Ok(workspace) => {
                last.clone_from(&workspace);
                (workspace, None)
            }
            Err(error) => (last.clone(), Some(error.one_line())),
        }
    }

    /// Finds what a path leads to in the present state.
    fn find(&self, path: &str) -> Result<Option<FoundDocument>, SiteError> {
        let origin = self.origin.get().copied().unwrap_or_default();
        let (workspace, problem) = self.workspace();
        let workspace = workspace.reached_at(origin);
        // Gateways write down what they serve; a page is as good as what they wrote.
        let gateways = workspace.gateways().map(|gateways| gateways.running).unwrap_or_default();
        let served = |environment: &EnvironmentName, group: &GroupName, deployment: &Deployment| {
            served_state(&gateways, environment, group, deployment)
        };
        let mut site = DocumentSite::read(&workspace, &self.selection, Some(&self.last));
        site.add_problem(problem);
        if let Some(group) = path.strip_prefix(GROUP_STATE_PATH).and_then(|group| group.parse::<GroupName>().ok()) {
            return Ok(Some(FoundDocument::Page(site.state_name(&served, Some(&group)).into())));
        }
        let state = site.state_name(&served, None);
        if path == STATE_PATH {
            return Ok(Some(FoundDocument::Page(state.into())));
        }
        let through = self.gateway.get().map(|_| THROUGH_PATH.to_owned());
        // The pages of a group stay as they are while others change.
        let serving = match path.split('/').nth(1).and_then(|group| group.parse::<GroupName>().ok()) {
            Some(group) => ServingState {
                state: site.state_name(&served, Some(&group)),
                state_path: format!("{GROUP_STATE_PATH}{group}"),
                through,
            },
            None => ServingState { state: state.clone(), state_path: STATE_PATH.to_owned(), through },
        };
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
}

/// A document at a path.
enum FoundDocument {
    Page(Bytes),
    /// A folder that has a page, called without the slash at its end.
    Folder,
}

impl PageSource for ServedDocuments {
    fn respond(&self, request: &Request<Bytes>) -> Response<Bytes> {
        if !is_own_host(request.headers(), &self.base_domain) {
            return text(StatusCode::MISDIRECTED_REQUEST, "this host is not served here: use an address or localhost");
        }
        let path = request.uri().path();
        if let Some(below) = path.strip_prefix('/').and_then(|path| path.strip_prefix(THROUGH_PATH)) {
            return try_it::pass_on(request, below, &self.folder, self.gateway.get().copied());
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
            Ok(Some(FoundDocument::Page(bytes))) => page(request, media_type(&name), bytes),
            Ok(Some(FoundDocument::Folder)) => to_folder(&name),
            Ok(None) => text(StatusCode::NOT_FOUND, "not found"),
            Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }
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
