//! The responses to `OPTIONS`, with and without a preflight (the Fetch standard, section 3.2).

use super::length::{MOST_ORIGIN_BYTES, is_short_list};
use super::table::{DecisionStep, FixedResponse, HeaderText, RequestCondition, StepOutcome, TextTest};
use crate::model::Cors;
use crate::routes::GroupRoutes;

/// Lists the steps of `OPTIONS` for a path: of preflights alone, or of every such request.
pub(super) fn preflight_steps<'r>(group: &'r GroupRoutes, allow: &str, preflights_only: bool) -> Vec<DecisionStep<'r>> {
    let asks_method = RequestCondition::header("access-control-request-method", TextTest::Present);
    let mut steps = Vec::new();
    let mut add = |conditions: Vec<RequestCondition>, headers: Vec<(&str, HeaderText)>| {
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let action = StepOutcome::Respond(FixedResponse { status: 204, headers, media_type: None, body: &[] });
        let conditions = std::iter::once(RequestCondition::method("OPTIONS")).chain(conditions).collect();
        steps.push(DecisionStep { conditions, refused_by: None, action, route: None });
    };
    let literal = |text: &str| HeaderText::Literal(text.to_owned());
    let plain = vec![("allow", literal(allow))];
    match &group.cors {
        None if preflights_only => {}
        None => add(Vec::new(), plain),
        Some(cors) => {
            let vary = varies(cors).then(|| ("vary", literal("Origin")));
            let plain: Vec<_> = plain.into_iter().chain(vary).collect();
            for (origin, allowed) in allowed_origins(cors) {
                let mut headers = plain.clone();
                headers.extend(allowed);
                let mut conditions = vec![origin];
                if preflights_only {
                    conditions.push(asks_method.clone());
                    headers.extend(preflight_headers(cors, allow));
                }
                add(conditions, headers);
            }
            add(preflights_only.then_some(asks_method).into_iter().collect(), plain);
        }
    }
    steps
}

/// Lists the origins that are not too long for an export.
pub(super) fn short_origins(cors: &Cors) -> impl Iterator<Item = &String> {
    cors.allow_origins.iter().filter(|origin| origin.len() <= MOST_ORIGIN_BYTES)
}

/// Writes a list of headers; one that is too long for an export is empty.
pub(super) fn header_list(names: &[String]) -> String {
    Some(names.join(", ")).filter(|list| is_short_list(list)).unwrap_or_default()
}

/// True if responses differ from one origin to another.
pub(super) fn varies(cors: &Cors) -> bool {
    let is_any = |origin: &String| origin == "*";
    !cors.allow_origins.iter().any(is_any) || !cors.allow_origins.iter().all(is_any)
}

/// Lists the allowed origins, each with the headers that allow it.
pub(super) fn allowed_origins(cors: &Cors) -> Vec<(RequestCondition, Vec<(&'static str, HeaderText)>)> {
    let allow_origin = |value: &str| ("access-control-allow-origin", HeaderText::Literal(value.to_owned()));
    let listed = short_origins(cors).filter(|origin| *origin != "*").map(|origin| {
        let credentials = cors
            .allow_credentials
            .then(|| ("access-control-allow-credentials", HeaderText::Literal("true".to_owned())));
        let condition = RequestCondition::header("origin", TextTest::Equals(origin.clone()));
        (condition, std::iter::once(allow_origin(origin)).chain(credentials).collect())
    });
    let any = cors.allow_origins.iter().any(|origin| origin == "*");
    let any = any.then(|| (RequestCondition::header("origin", TextTest::Present), vec![allow_origin("*")]));
    listed.chain(any).collect()
}

fn preflight_headers(cors: &Cors, allow: &str) -> Vec<(&'static str, HeaderText)> {
    let headers = match header_list(&cors.allow_headers) {
        // None of a list that is too long is allowed.
        list if list.is_empty() && !cors.allow_headers.is_empty() => None,
        list if list.is_empty() => Some(HeaderText::OfRequest("access-control-request-headers")),
        list => Some(HeaderText::Literal(list)),
    };
    let age = cors.max_age_seconds.map(|age| ("access-control-max-age", HeaderText::Literal(age.to_string())));
    let methods = ("access-control-allow-methods", HeaderText::Literal(allow.to_owned()));
    let headers = headers.map(|headers| ("access-control-allow-headers", headers));
    std::iter::once(methods).chain(headers).chain(age).collect()
}
