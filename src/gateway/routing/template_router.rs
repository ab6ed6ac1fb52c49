//! Matching of templates in their order.
//!
//! The router knows no styles, so the template that it finds may refuse the text in a parameter's place: `/foo` is no
//! expansion of `/f{.ext}` (RFC 6570, section 3.2.5). Another template may then take the path. And it does not try all
//! templates in their order (`contested`). Templates of both kinds are rare; each has a router of its own beside the
//! one of all others.

use wayfind::{InsertError, Router, RouterBuilder};

use super::contested::contested;

/// A router of templates, some of which refuse texts or are contested.
pub(super) struct TemplateRouter {
    /// All templates.
    all: Router<RoutedTemplate>,
    /// The templates that the router tries in their order and that take every text; `None` if all do.
    plain: Option<Router<RoutedTemplate>>,
    /// The others, one each, in their order.
    others: Vec<Router<RoutedTemplate>>,
}

/// A template for a router.
pub(super) struct RouterTemplate {
    pub(super) text: String,
    pub(super) entry: usize,
    /// Its place among all templates in the order in which they are tried.
    pub(super) order: usize,
    pub(super) is_selective: bool,
}

#[derive(Clone, Copy)]
struct RoutedTemplate {
    entry: usize,
    order: usize,
}

/// A template that matches a path, with the texts of its parameters.
pub(super) struct TemplateMatch<'p> {
    order: usize,
    pub(super) entry: usize,
    pub(super) texts: Vec<&'p str>,
}

impl TemplateRouter {
    /// Builds the router; fails with the first template that is not valid.
    pub(super) fn build(mut templates: Vec<RouterTemplate>) -> Result<Self, (String, InsertError)> {
        templates.sort_by_key(|template| template.order);
        let texts: Vec<&str> = templates.iter().map(|template| template.text.as_str()).collect();
        let contested = contested(&texts);
        let (mut plain, mut others) = (Vec::new(), Vec::new());
        for (index, template) in templates.iter().enumerate() {
            let is_plain = !template.is_selective && !contested.contains(&index);
            if is_plain { plain.push(template) } else { others.push(template) }
        }
        Ok(Self {
            all: router(templates.iter())?,
            plain: if others.is_empty() { None } else { Some(router(plain.into_iter())?) },
            others: others.into_iter().map(|template| router(std::iter::once(template))).collect::<Result<_, _>>()?,
        })
    }

    /// Finds the first template that matches a path and accepts the texts of its parameters.
    pub(super) fn find<'p>(
        &self,
        path: &'p str,
        accepts: impl Fn(&TemplateMatch<'p>) -> bool,
    ) -> Option<TemplateMatch<'p>> {
        let any = search(&self.all, path)?;
        let Some(plain) = &self.plain else { return Some(any) };
        let plain = search(plain, path);
        let other = self.others.iter().filter_map(|router| search(router, path)).find(&accepts);
        match (plain, other) {
            (Some(plain), Some(other)) if other.order > plain.order => Some(plain),
            (plain, other) => other.or(plain),
        }
    }
}

fn router<'a>(
    templates: impl Iterator<Item = &'a RouterTemplate>,
) -> Result<Router<RoutedTemplate>, (String, InsertError)> {
    let mut builder = RouterBuilder::new();
    for RouterTemplate { text, entry, order, .. } in templates {
        let routed = RoutedTemplate { entry: *entry, order: *order };
        builder.insert(text, routed).map_err(|source| (text.clone(), source))?;
    }
    Ok(builder.build())
}

fn search<'p>(router: &Router<RoutedTemplate>, path: &'p str) -> Option<TemplateMatch<'p>> {
    let found = router.search(path)?;
    let texts = found.parameters().iter().map(|(_, text)| *text).collect();
    let RoutedTemplate { entry, order } = *found.data();
    Some(TemplateMatch { order, entry, texts })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::sync::Arc;

    use http::Method;

    use super::super::table::{PickedRoute, RouteTable, TableRoute};
    use super::super::values::PathValues;
    use crate::routes::PathTemplate;

    /// Finds the path that takes a request, with the texts of its parameters.
    fn found(paths: &[(&str, &str)], request: &str) -> Option<String> {
        let mut text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n".to_owned();
        for (path, parameters) in paths {
            let _ = writeln!(text, "  '{path}': {{get: {{parameters: [{parameters}], responses: {{}}}}}}");
        }
        let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
        let definition = crate::definition::read("g", &mut fetch).definition.expect("a definition");
        let templates: Vec<PathTemplate> =
            definition.apis.iter().map(|api| PathTemplate::new(&definition, api)).collect();
        let route = |path| TableRoute { method: Method::GET, path, values: Arc::new(PathValues::new(path)) };
        let table = RouteTable::build(&templates.iter().map(route).collect::<Vec<_>>()).expect("a table");
        let found = table.find(request)?;
        let PickedRoute::Route(index) = found.entry.route(&Method::GET, &found.parameters, None) else { return None };
        Some(format!("{} {}", templates[index].template, found.parameters.join(",")))
    }

    #[test]
    fn a_template_that_refuses_a_text_leaves_the_path_to_another() {
        let parameter = |name: &str, more: &str| {
            format!("{{name: {name}, in: path, required: true, schema: {{type: string}}{more}}}")
        };
        let label = |name: &str| parameter(name, ", style: label");
        let matrix = |name: &str| parameter(name, ", style: matrix");
        let any = parameter("name", "");
        let both = format!("{}, {}", parameter("n", ""), label("ext"));
        let (ext, id) = (label("ext"), matrix("id"));
        let prefix = format!("{any}], x-apigw-match: prefix, tags: [");
        let matrix_prefix = format!("{id}], x-apigw-match: prefix, tags: [");
        let adjacent = format!("{}, {}", parameter("a", ""), parameter("b", ""));
        for (paths, request, expected) in [
            (&[("/f{ext}", &*ext), ("/{name}", &*any)][..], "/foo", Some("/{name} foo")),
            (&[("/f{ext}", &ext), ("/{name}", &any)], "/f.oo", Some("/f{ext} .oo")),
            (&[("/f{ext}", &ext), ("/{name}", &any)], "/f.", Some("/f{ext} .")),
            (&[("/m{id}", &id), ("/{name}", &any)], "/mx", Some("/{name} mx")),
            (&[("/m{id}", &id), ("/{name}", &any)], "/m;id=x", Some("/m{id} ;id=x")),
            (&[("/m{id}", &id), ("/{name}", &any)], "/m;idx=x", Some("/{name} m;idx=x")),
            (&[("/r{n}{ext}", &both), ("/{name}", &any)], "/rep", Some("/{name} rep")),
            (&[("/r{n}{ext}", &both), ("/{name}", &any)], "/re.p", Some("/r{n}{ext} e.p")),
            (&[("/x/m{id}", &id), ("/x/{name}", &any)], "/x/mx", Some("/x/{name} mx")),
            // With nothing that takes the text, and with a template that lies behind two that refuse it.
            (&[("/f{ext}", &ext)], "/foo", None),
            (&[("/f{ext}", &ext), ("/fo{id}", &id), ("/{name}", &any)], "/foo", Some("/{name} foo")),
            (
                &[("/fo{id}", &id), ("/f{ext}", &ext), ("/{n}{ext}", &both), ("/{name}/x", &any)],
                "/fo.x",
                Some("/{n}{ext} fo.x"),
            ),
            (&[("/fo{id}", &id), ("/f{name}", &any), ("/{n}{ext}", &both)], "/fo.x", Some("/f{name} o.x")),
            // One character is no text for two parameters.
            (&[("/a{a}{b}", &adjacent), ("/{name}", &any)], "/ab", Some("/{name} ab")),
            (&[("/a{a}{b}", &adjacent), ("/{name}", &any)], "/abc", Some("/a{a}{b} bc")),
            // Paths below a template are the next ones.
            (&[("/f{ext}", &ext), ("/{name}", &prefix)], "/foo", Some("/{name} foo")),
            (&[("/m{id}", &matrix_prefix), ("/{name}", &prefix)], "/mx/y", Some("/{name} mx,y")),
            (&[("/m{id}", &matrix_prefix), ("/{name}", &prefix)], "/m;id=x/y", Some("/m{id} ;id=x,y")),
        ] {
            assert_eq!(found(paths, request).as_deref(), expected, "{request} among {paths:?}");
        }
    }
}
