//! From a path to the APIs of a group: exact paths first, then templates, then `x-apigw-match: prefix`.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use http::Method;

use super::template_router::{RouterTemplate, TemplateMatch, TemplateRouter};
use super::values::PathValues;
use crate::definition::percent::decode_query;
use crate::definition::{PathPrecedence, QueryCondition};
use crate::routes::{PathPart, PathTemplate, allow};

/// Finds the APIs of a path below a group's prefix. Its cost grows with the path, not with the number of routes.
pub(crate) struct RouteTable {
    /// Keys come from definitions alone, so that no client can provoke collisions.
    exact: HashMap<Box<str>, usize, FixedState>,
    templates: TemplateRouter,
    prefixes: TemplateRouter,
    paths: Vec<PathEntry>,
}

/// One route to be built into a table.
pub(crate) struct TableRoute<'a> {
    /// The method.
    pub(crate) method: Method,
    /// The path.
    pub(crate) path: &'a PathTemplate,
    /// The parameters of its path.
    pub(crate) values: Arc<PathValues>,
}

/// The methods of a path.
pub(crate) struct PathEntry {
    methods: Vec<(Method, Vec<RouteCandidate>)>,
    /// The methods, as an `Allow` header lists them.
    pub(crate) allow: String,
}

struct RouteCandidate {
    /// The query parameters that it asks for, decoded.
    query: Vec<QueryCondition>,
    /// The parameters of its path, where they do not take every text.
    values: Option<Arc<PathValues>>,
    route: usize,
}

/// The route that a path and a method lead to.
pub(crate) enum PickedRoute {
    /// It is the one of this place in the list.
    Route(usize),
    /// There are some, and none of them takes the values in the path or the query.
    NoMatch,
    /// There is none of the method.
    NoMethod,
}

/// The router does not take a path.
#[derive(Debug, thiserror::Error)]
#[error("the path {template:?} cannot be routed: {source}")]
pub(crate) struct RouterError {
    template: String,
    source: wayfind::InsertError,
}

/// A path that is known.
pub(crate) struct PathMatch<'t, 'p> {
    /// Its methods.
    pub(crate) entry: &'t PathEntry,
    /// The values of its parameters, in the order of the template, percent-encoded.
    pub(crate) parameters: Vec<&'p str>,
}

impl RouteTable {
    /// Builds the table; a route is known by its place in the list.
    ///
    /// Fails with a path that the router does not take, of which the definition's own routing leaves none.
    pub(crate) fn build(routes: &[TableRoute<'_>]) -> Result<Self, RouterError> {
        let mut builder = TableBuilder::default();
        for (index, route) in routes.iter().enumerate() {
            builder.add(index, route);
        }
        builder.finish()
    }

    /// Finds the entry of a canonical path in its normal spelling.
    pub(crate) fn find<'t, 'p>(&'t self, path: &'p str) -> Option<PathMatch<'t, 'p>> {
        if let Some(entry) = self.exact.get(path) {
            return self.paths.get(*entry).map(|entry| PathMatch { entry, parameters: Vec::new() });
        }
        let accepts =
            |found: &TemplateMatch<'_>| self.paths.get(found.entry).is_some_and(|entry| entry.accepts(&found.texts));
        [&self.templates, &self.prefixes].into_iter().find_map(|router| {
            let found = router.find(path, accepts)?;
            Some(PathMatch { entry: self.paths.get(found.entry)?, parameters: found.texts })
        })
    }
}

impl PathEntry {
    /// Picks the route of a method for the texts in the path and a query; `HEAD` falls back to `GET` (RFC 9110, section
    /// 9.3.2).
    pub(crate) fn route(&self, method: &Method, texts: &[&str], query: Option<&str>) -> PickedRoute {
        let of = |wanted: &Method| {
            let candidates = self.methods.iter().find(|(known, _)| known == wanted).map(|(_, candidates)| candidates);
            let Some(candidates) = candidates else { return PickedRoute::NoMethod };
            let found = candidates.iter().find(|candidate| candidate.matches(texts, query));
            found.map_or(PickedRoute::NoMatch, |candidate| PickedRoute::Route(candidate.route))
        };
        match of(method) {
            PickedRoute::NoMethod if *method == Method::HEAD => of(&Method::GET),
            picked => picked,
        }
    }

    /// True if the path of a method takes these texts in the place of its parameters.
    fn accepts(&self, texts: &[&str]) -> bool {
        let mut candidates = self.methods.iter().flat_map(|(_, candidates)| candidates);
        candidates.any(|candidate| candidate.values.as_ref().is_none_or(|values| values.named(texts, None).is_some()))
    }

    /// True if there are texts that the path of no method takes.
    fn is_selective(&self) -> bool {
        let mut candidates = self.methods.iter().flat_map(|(_, candidates)| candidates);
        candidates.all(|candidate| candidate.values.is_some())
    }

    /// Lists the routes of all methods.
    pub(crate) fn routes(&self) -> impl Iterator<Item = usize> {
        self.methods.iter().flat_map(|(_, candidates)| candidates).map(|candidate| candidate.route)
    }
}

impl RouteCandidate {
    fn matches(&self, texts: &[&str], query: Option<&str>) -> bool {
        let has = |wanted: &QueryCondition| {
            query.unwrap_or_default().split('&').any(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                let is_value = |wanted: &String| decode_query(value) == *wanted;
                !pair.is_empty() && decode_query(name) == wanted.name && wanted.value.as_ref().is_none_or(is_value)
            })
        };
        self.query.iter().all(has) && self.values.as_ref().is_none_or(|values| values.named(texts, query).is_some())
    }
}

#[derive(Default)]
struct TableBuilder {
    paths: Vec<PathEntry>,
    /// The entry of each of the router's templates, with its precedence: parameters are told apart by their order, not
    /// by their names.
    templates: HashMap<(String, bool), (usize, PathPrecedence)>,
}

impl TableBuilder {
    fn add(&mut self, index: usize, route: &TableRoute<'_>) {
        let mut template = router_template(&route.path.parts);
        if route.path.is_prefix && template.len() > 1 {
            // Paths below a folder are below it with and without its slash.
            template.truncate(template.trim_end_matches('/').len());
        }
        let next = self.paths.len();
        let known = self.templates.entry((template, route.path.is_prefix));
        let entry = known.or_insert_with(|| (next, route.path.precedence())).0;
        if entry == next {
            self.paths.push(PathEntry { methods: Vec::new(), allow: String::new() });
        }
        let Some(entry) = self.paths.get_mut(entry) else { return };
        let decoded = |condition: &QueryCondition| QueryCondition {
            name: decode_query(&condition.name),
            value: condition.value.as_deref().map(decode_query),
        };
        let candidate = RouteCandidate {
            query: route.path.query.iter().map(decoded).collect(),
            values: Some(Arc::clone(&route.values)).filter(|values| values.is_selective()),
            route: index,
        };
        match entry.methods.iter_mut().find(|(method, _)| *method == route.method) {
            Some((_, candidates)) => {
                candidates.push(candidate);
                // The one that asks for most is looked at first.
                let asked = |candidate: &RouteCandidate| {
                    (candidate.query.len(), candidate.values.as_ref().map_or(0, |values| values.marks()))
                };
                candidates.sort_by_key(|candidate| std::cmp::Reverse(asked(candidate)));
            }
            None => entry.methods.push((route.method.clone(), vec![candidate])),
        }
    }

    fn finish(mut self) -> Result<RouteTable, RouterError> {
        for entry in &mut self.paths {
            entry.allow = allow(entry.methods.iter().map(|(method, _)| method.as_str()));
        }
        let mut exact = HashMap::default();
        let (mut templates, mut prefixes) = (Vec::new(), Vec::new());
        let mut ordered: Vec<_> = self.templates.into_iter().collect();
        ordered.sort_by(|(_, (_, one)), (_, (_, other))| one.cmp(other));
        for (order, ((template, is_prefix), (entry, _))) in ordered.into_iter().enumerate() {
            let is_selective = self.paths.get(entry).is_some_and(PathEntry::is_selective);
            let routed = |text: String| RouterTemplate { text, entry, order, is_selective };
            if is_prefix {
                let folder = format!("{}/", template.trim_end_matches('/'));
                prefixes.push(routed(format!("{folder}<*rest>")));
                // A slash with nothing behind it still belongs to the prefix.
                if folder != template {
                    prefixes.push(routed(folder));
                }
                prefixes.push(routed(template));
            } else if template.contains('<') {
                templates.push(routed(template));
            } else {
                exact.insert(template.into(), entry);
            }
        }
        let router =
            |templates| TemplateRouter::build(templates).map_err(|(template, source)| RouterError { template, source });
        Ok(RouteTable { exact, templates: router(templates)?, prefixes: router(prefixes)?, paths: self.paths })
    }
}

/// Writes a template as the router takes it, with `<0>`, `<1>` … for its parameters; those with nothing between them
/// are one.
fn router_template(parts: &[PathPart]) -> String {
    let mut template = String::new();
    let mut count = 0;
    let mut is_adjacent = false;
    for part in parts {
        match part {
            PathPart::Text(text) => template.push_str(text),
            PathPart::Parameter(_) if is_adjacent => {}
            PathPart::Parameter(_) => {
                template.push('<');
                template.push_str(&count.to_string());
                template.push('>');
                count += 1;
            }
        }
        is_adjacent = matches!(part, PathPart::Parameter(_));
    }
    template
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(routes: &[&'static str]) -> (RouteTable, Vec<&'static str>) {
        let parsed: Vec<(Method, PathTemplate)> = routes
            .iter()
            .map(|route| {
                let mut words = route.split(' ');
                let method = words.next().and_then(|method| method.parse().ok()).expect("a method");
                let (path, query) =
                    words.next().map(|path| path.split_once('?').unwrap_or((path, ""))).expect("a path");
                let condition = |(name, value): (&str, &str)| QueryCondition {
                    name: name.to_owned(),
                    value: Some(value.to_owned()),
                };
                let query = query.split('&').filter_map(|pair| pair.split_once('=')).map(condition).collect();
                let template = PathTemplate { query, ..PathTemplate::of_text(path, words.next().is_some()) };
                (method, template)
            })
            .collect();
        let parsed: Vec<TableRoute<'_>> = parsed
            .iter()
            .map(|(method, path)| TableRoute { method: method.clone(), path, values: Arc::default() })
            .collect();
        (RouteTable::build(&parsed).expect("a table"), routes.to_vec())
    }

    #[test]
    fn exact_before_parameter_before_prefix() {
        let (table, routes) = table(&[
            "GET /pets",
            "POST /pets",
            "GET /pets/{id}",
            "GET /pets/mine",
            "PUT /pets/{other}",
            "GET /pets/{id}/toys/{toy}",
            "GET /pets/mine/toys/{toy}",
            "GET /compare/{base}...{head}",
            "GET /compare/{one}",
            "GET /files prefix",
            "GET /files/{name}",
            "GET /files/deep/ prefix",
            "PUT /files/ prefix",
            "GET /<x>/{y}{z}",
            "GET /größe/a%20b/{x}",
            "HEAD /head",
            "GET /head",
            "GET /v?beta=true",
            "GET /v",
            "GET /o/{x}-{y}-{z}",
            "GET /o/{x}-{y}",
            "GET /o/{x}.{y}",
            "GET /o/{x}.min.js",
            "GET /o/{x}.js",
            "GET /q/{x}/b",
            "GET /q/{x}-{y}/{z}",
            "GET /q/{x}-{y}/ prefix",
            "GET /q/{x} prefix",
            "GET /",
        ]);
        let route = |method: &str, target: &str| {
            let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
            let found = table.find(path)?;
            let picked = found.entry.route(&method.parse().expect("a method"), &found.parameters, query);
            let PickedRoute::Route(index) = picked else { return None };
            Some(format!("{} {}", routes[index], found.parameters.join(",")).trim_end().to_owned())
        };
        for (method, target, expected) in [
            ("GET", "/pets", "GET /pets"),
            ("HEAD", "/pets", "GET /pets"),
            ("HEAD", "/head", "HEAD /head"),
            ("POST", "/pets", "POST /pets"),
            ("GET", "/pets/mine", "GET /pets/mine"),
            ("GET", "/pets/miner", "GET /pets/{id} miner"),
            ("GET", "/pets/min", "GET /pets/{id} min"),
            ("PUT", "/pets/1", "PUT /pets/{other} 1"),
            ("GET", "/pets/1/toys/2", "GET /pets/{id}/toys/{toy} 1,2"),
            ("GET", "/pets/mine/toys/2", "GET /pets/mine/toys/{toy} 2"),
            ("GET", "/compare/a...b", "GET /compare/{base}...{head} a,b"),
            ("GET", "/compare/a..b", "GET /compare/{one} a..b"),
            ("GET", "/files", "GET /files prefix"),
            ("GET", "/files/a", "GET /files/{name} a"),
            ("GET", "/files/a/b", "GET /files prefix a/b"),
            ("GET", "/files/deep/a/b", "GET /files/deep/ prefix a/b"),
            ("GET", "/files/", "GET /files prefix"),
            ("GET", "/files/deep/", "GET /files/deep/ prefix"),
            ("PUT", "/files/a/b", "PUT /files/ prefix a/b"),
            ("GET", "/gr%C3%B6%C3%9Fe/a%20b/x", "GET /größe/a%20b/{x} x"),
            ("GET", "/v?a=b&beta=true", "GET /v?beta=true"),
            ("GET", "/v?beta=false", "GET /v"),
            ("GET", "/v", "GET /v"),
            ("GET", "/%3Cx%3E/yz", "GET /<x>/{y}{z} yz"),
            ("GET", "/o/1-2-3", "GET /o/{x}-{y}-{z} 1,2,3"),
            ("GET", "/o/1-2.3", "GET /o/{x}-{y} 1,2.3"),
            ("GET", "/o/1.2-3", "GET /o/{x}-{y} 1.2,3"),
            ("GET", "/o/a.min.js", "GET /o/{x}.min.js a"),
            ("GET", "/o/a.js", "GET /o/{x}.js a"),
            ("GET", "/o/a.css", "GET /o/{x}.{y} a,css"),
            ("GET", "/q/1-2/b", "GET /q/{x}-{y}/{z} 1,2,b"),
            ("GET", "/q/1/b", "GET /q/{x}/b 1"),
            ("GET", "/q/1-2/b/c", "GET /q/{x}-{y}/ prefix 1,2,b/c"),
            ("GET", "/q/1/b/c", "GET /q/{x} prefix 1,b/c"),
            ("GET", "/", "GET /"),
        ] {
            assert_eq!(route(method, target).as_deref(), Some(expected), "{method} {target}");
        }
        for (method, path) in
            [("GET", "/pet"), ("GET", "/pets/"), ("GET", "/filesystem"), ("GET", "/pets/1/toys"), ("DELETE", "/pets")]
        {
            assert_eq!(route(method, path), None, "{method} {path}");
        }
        assert_eq!(table.find("/pets").map(|found| found.entry.allow.as_str()), Some("GET, HEAD, OPTIONS, POST"));
    }
}
