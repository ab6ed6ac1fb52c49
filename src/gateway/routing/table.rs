//! From a path to the APIs of a group: exact paths first, then templates, then `x-apigw-match: prefix`.

use std::collections::HashMap;

use http::Method;

use super::hash::FastHash;
use crate::definition::percent::one_spelling;

/// Finds the APIs of a path below a group's prefix. Its cost grows with the path, not with the number of routes.
pub(crate) struct RouteTable {
    exact: HashMap<Box<str>, usize, FastHash>,
    templates: wayfind::Router<usize>,
    prefixes: wayfind::Router<usize>,
    paths: Vec<PathEntry>,
}

/// One route to be built into a table.
pub(crate) struct Route<'a> {
    /// The method.
    pub(crate) method: Method,
    /// The path template, as the definition writes it.
    pub(crate) path: &'a str,
    /// Query parameters that a request must have, like `?beta=true`; empty for none.
    pub(crate) variant: &'a str,
    /// Whether it matches everything below its path, too.
    pub(crate) prefix: bool,
}

/// What a path knows.
pub(crate) struct PathEntry {
    methods: Vec<(Method, Vec<Candidate>)>,
    /// The methods, as an `Allow` header lists them.
    pub(crate) allow: String,
}

struct Candidate {
    /// The query parameters that it asks for, each `name` or `name=value`.
    query: Vec<String>,
    route: usize,
}

/// A path that is known.
pub(crate) struct Found<'t, 'p> {
    /// What it knows.
    pub(crate) entry: &'t PathEntry,
    /// The values of its parameters, in the order of the template, percent-encoded.
    pub(crate) parameters: Vec<&'p str>,
}

impl RouteTable {
    /// Builds the table; a route is known by its place in the list.
    ///
    /// Fails with the path that cannot be built in, and why.
    pub(crate) fn build(routes: &[Route<'_>]) -> Result<Self, String> {
        let mut builder = TableBuilder::default();
        for (index, route) in routes.iter().enumerate() {
            builder.add(index, route)?;
        }
        builder.finish()
    }

    /// Finds what a canonical path in its one spelling knows.
    pub(crate) fn find<'t, 'p>(&'t self, path: &'p str) -> Option<Found<'t, 'p>> {
        if let Some(entry) = self.exact.get(path) {
            return self.paths.get(*entry).map(|entry| Found { entry, parameters: Vec::new() });
        }
        [&self.templates, &self.prefixes].into_iter().find_map(|router| {
            let found = router.search(path)?;
            let entry = self.paths.get(*found.data())?;
            Some(Found { entry, parameters: found.parameters().iter().map(|(_, value)| *value).collect() })
        })
    }
}

impl PathEntry {
    /// Picks the route of a method; `HEAD` falls back to `GET` (RFC 9110, section 9.3.2).
    pub(crate) fn route(&self, method: &Method, query: Option<&str>) -> Option<usize> {
        let of = |wanted: &Method| {
            let (_, candidates) = self.methods.iter().find(|(known, _)| known == wanted)?;
            candidates.iter().find(|candidate| candidate.matches(query)).map(|candidate| candidate.route)
        };
        of(method).or_else(|| if *method == Method::HEAD { of(&Method::GET) } else { None })
    }
}

impl Candidate {
    fn matches(&self, query: Option<&str>) -> bool {
        self.query.iter().all(|wanted| query.is_some_and(|query| query.split('&').any(|pair| pair == wanted)))
    }
}

#[derive(Default)]
struct TableBuilder {
    paths: Vec<PathEntry>,
    /// The entry of each shape of template: parameters are told apart by their order, not by their names.
    shapes: HashMap<(String, bool), usize>,
}

impl TableBuilder {
    fn add(&mut self, index: usize, route: &Route<'_>) -> Result<(), String> {
        let shape = shape(route.path)?;
        let next = self.paths.len();
        let entry = *self.shapes.entry((shape, route.prefix)).or_insert(next);
        if entry == next {
            self.paths.push(PathEntry { methods: Vec::new(), allow: String::new() });
        }
        let Some(entry) = self.paths.get_mut(entry) else { return Ok(()) };
        let query = route.variant.strip_prefix('?').and_then(|variant| variant.split('#').next()).unwrap_or_default();
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
        let candidate = Candidate { query, route: index };
        match entry.methods.iter_mut().find(|(method, _)| *method == route.method) {
            Some((_, candidates)) => {
                candidates.push(candidate);
                // The one that asks for most is looked at first.
                candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.query.len()));
            }
            None => entry.methods.push((route.method.clone(), vec![candidate])),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<RouteTable, String> {
        for entry in &mut self.paths {
            let mut names: Vec<&str> = entry.methods.iter().map(|(method, _)| method.as_str()).collect();
            if names.contains(&"GET") && !names.contains(&"HEAD") {
                names.push("HEAD");
            }
            if !names.contains(&"OPTIONS") {
                names.push("OPTIONS");
            }
            names.sort_unstable();
            entry.allow = names.join(", ");
        }
        let mut exact = HashMap::default();
        let mut templates = wayfind::RouterBuilder::new();
        let mut prefixes = wayfind::RouterBuilder::new();
        for ((shape, prefix), &entry) in &self.shapes {
            let failed = |error: wayfind::InsertError| format!("the path {shape:?} cannot be routed: {error}");
            if *prefix {
                let folder = format!("{}/", shape.trim_end_matches('/'));
                prefixes.insert(&format!("{folder}<*rest>"), entry).map_err(failed)?;
                prefixes.insert(shape, entry).map_err(failed)?;
                // With a slash and nothing behind it, it is still what the prefix stands for.
                if folder != *shape && !self.shapes.contains_key(&(folder.clone(), true)) {
                    prefixes.insert(&folder, entry).map_err(failed)?;
                }
            } else if shape.contains('<') {
                templates.insert(shape, entry).map_err(failed)?;
            } else {
                exact.insert(shape.as_str().into(), entry);
            }
        }
        Ok(RouteTable { exact, templates: templates.build(), prefixes: prefixes.build(), paths: self.paths })
    }
}

/// Returns the names of the parameters of a path template, in order.
pub(crate) fn parameter_names(template: &str) -> Vec<String> {
    template.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.to_owned()).collect()
}

/// Writes a template as the router takes it, with `<0>`, `<1>` … for its parameters.
fn shape(template: &str) -> Result<String, String> {
    let refuse = |why: &str| format!("the path {template:?} cannot be routed: {why}");
    if !template.starts_with('/') {
        return Err(refuse("it does not begin with a slash"));
    }
    if template.contains(['<', '>']) {
        return Err(refuse("it has \"<\" or \">\""));
    }
    let mut shape = String::with_capacity(template.len());
    let mut rest = template;
    let mut count = 0;
    while let Some((before, after)) = rest.split_once('{') {
        let (_, behind) = after.split_once('}').ok_or_else(|| refuse("a brace is not closed"))?;
        shape.push_str(&one_spelling(before));
        shape.push('<');
        shape.push_str(&count.to_string());
        shape.push('>');
        count += 1;
        rest = behind;
    }
    shape.push_str(&one_spelling(rest));
    Ok(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(routes: &[&'static str]) -> (RouteTable, Vec<&'static str>) {
        let parsed: Vec<Route<'_>> = routes
            .iter()
            .map(|route| {
                let mut words = route.split(' ');
                let method = words.next().and_then(|method| method.parse().ok()).expect("a method");
                let (path, variant) =
                    words.next().map(|path| path.split_at(path.find('?').unwrap_or(path.len()))).expect("a path");
                Route { method, path, variant, prefix: words.next().is_some() }
            })
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
            "GET /größe/a%20b/{x}",
            "HEAD /head",
            "GET /head",
            "GET /v?beta=true",
            "GET /v",
            "GET /",
        ]);
        let route = |method: &str, target: &str| {
            let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
            let found = table.find(path)?;
            let index = found.entry.route(&method.parse().expect("a method"), query)?;
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
            ("GET", "/gr%C3%B6%C3%9Fe/a%20b/x", "GET /größe/a%20b/{x} x"),
            ("GET", "/v?a=b&beta=true", "GET /v?beta=true"),
            ("GET", "/v?beta=false", "GET /v"),
            ("GET", "/v", "GET /v"),
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

    #[test]
    fn paths_that_cannot_be_routed_are_named() {
        for path in ["/a/{b", "/a/{b}{c}", "/a<b>", "a"] {
            let route = Route { method: Method::GET, path, variant: "", prefix: false };
            let error = RouteTable::build(&[route]).err();
            assert!(error.is_some_and(|error| error.contains("cannot be routed")), "{path}");
        }
    }
}
