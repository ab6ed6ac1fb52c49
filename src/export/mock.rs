//! The responses of a mock as steps: `Prefer` and `Accept` choose one of them.

use http::HeaderName;
use http::header::CONTENT_LENGTH;

use super::length::is_short_name;
use super::refusal::ProblemResponse;
use super::table::{FixedResponse, HeaderText, RequestCondition, StepOutcome, TextTest};
use crate::definition::{StatusPattern, is_bodiless};
use crate::model::{is_header_value, token_or_quoted};
use crate::routes::{MockResponse, MockResponses};

/// An outcome with its conditions.
pub(super) type ConditionalOutcome<'r> = (Vec<RequestCondition>, StepOutcome<'r>);

/// Lists the steps of a mock, in order. A preference that cannot be followed, or only by what the client does not
/// accept, is ignored (RFC 7240, section 2): of a code and an example the code counts more, and the last step asks for
/// none.
pub(super) fn mock_steps(mock: &MockResponses) -> Vec<ConditionalOutcome<'_>> {
    let responses: Vec<&MockResponse> = mock.responses.iter().filter(|response| is_written(response)).collect();
    let constant = mock.constant().filter(|constant| is_written(constant));
    let of_constant =
        |response: &&&MockResponse| constant.is_some_and(|constant| constant.declared_for == response.declared_for);
    let usual: Vec<&MockResponse> = responses.iter().filter(of_constant).copied().collect();
    let mut steps = Vec::new();
    let mut codes: Vec<u16> = responses.iter().filter_map(|response| code_of(response)).collect();
    codes.sort_unstable();
    codes.dedup();
    for code in codes {
        let of_code: Vec<&MockResponse> =
            responses.iter().copied().filter(|response| code_of(response) == Some(code)).collect();
        let is_code = RequestCondition::header("prefer", TextTest::Matches(preference("code", &code.to_string())));
        for name in example_names(&of_code) {
            let applied = format!("code={code}, example={}", token_or_quoted(name));
            steps.extend(accept_steps(&named(&of_code, name), &[is_code.clone(), is_example(name)], Some(applied)));
        }
        steps.extend(accept_steps(&of_code, &[is_code], Some(format!("code={code}"))));
    }
    for name in example_names(&responses) {
        let of_usual = named(&usual, name);
        let all = if of_usual.is_empty() { named(&responses, name) } else { of_usual };
        steps.extend(accept_steps(&all, &[is_example(name)], Some(format!("example={}", token_or_quoted(name)))));
    }
    if usual.is_empty() {
        steps.push((Vec::new(), StepOutcome::Refuse(ProblemResponse::no_result())));
    }
    steps.extend(accept_steps(&usual, &[], None));
    if let Some(refusal) = not_acceptable(&usual) {
        steps.push((Vec::new(), refusal));
    }
    steps
}

/// Returns the responses that are the example of a name.
fn named<'r>(responses: &[&'r MockResponse], name: &str) -> Vec<&'r MockResponse> {
    responses.iter().copied().filter(|response| response.example.as_deref() == Some(name)).collect()
}

/// True if the media type of a response is short enough for an export.
fn is_written(response: &MockResponse) -> bool {
    response.media_type.as_deref().is_none_or(is_short_name)
}

fn code_of(response: &MockResponse) -> Option<u16> {
    match response.declared_for {
        Some(StatusPattern::Code(code)) => Some(code),
        _ => None,
    }
}

fn example_names<'r>(responses: &[&'r MockResponse]) -> Vec<&'r str> {
    let mut names: Vec<&str> = responses.iter().filter_map(|response| response.example.as_deref()).collect();
    // Nobody can ask for another, and no response can say that it is one.
    names.retain(|name| is_header_value(name) && is_short_name(name));
    names.sort_unstable();
    names.dedup();
    names
}

fn is_example(name: &str) -> RequestCondition {
    RequestCondition::header("prefer", TextTest::Matches(preference("example", name)))
}

/// Writes the expression of a `Prefer` header with a preference of this value (RFC 7240, section 2).
fn preference(name: &str, value: &str) -> String {
    let [plain, quoted] = [value, &token_or_quoted(value)].map(super::pattern::quote);
    // A token may be quoted as well; of another value, clients forget the quotes.
    let value = if plain == quoted { format!("\"?{plain}\"?") } else { format!("(?:{quoted}|{plain})") };
    format!("(?:.*[,;])?[ \\t]*(?i:{name})[ \\t]*=[ \\t]*{value}[ \\t]*(?:[,;].*)?")
}

/// Lists the steps that choose by `Accept`, the first declared among those that are accepted.
fn accept_steps<'r>(
    candidates: &[&'r MockResponse],
    conditions: &[RequestCondition],
    applied: Option<String>,
) -> Vec<ConditionalOutcome<'r>> {
    let mut steps = Vec::new();
    let mut known: Vec<&str> = Vec::new();
    for candidate in candidates {
        let Some(media_type) = candidate.media_type.as_deref() else {
            // Without a body there is nothing to accept.
            steps.push((conditions.to_vec(), respond(candidate, applied)));
            return steps;
        };
        if !known.contains(&media_type) {
            known.push(media_type);
            let accepts = RequestCondition::header("accept", TextTest::Matches(accepts(media_type)));
            let all = conditions.iter().cloned().chain([accepts]).collect();
            steps.push((all, respond(candidate, applied.clone())));
        }
    }
    // Another member of a declared range is accepted only where nothing else is.
    for candidate in candidates {
        let Some(range) = candidate.media_range.as_deref().filter(|range| !known.contains(range)) else { continue };
        known.push(range);
        let accepts = RequestCondition::header("accept", TextTest::Matches(accepts(range)));
        let all = conditions.iter().cloned().chain([accepts]).collect();
        steps.push((all, respond(candidate, applied.clone())));
    }
    steps
}

/// Returns the refusal of a request that accepts none of these responses; `None` where one of them needs no acceptance.
fn not_acceptable<'r>(candidates: &[&'r MockResponse]) -> Option<StepOutcome<'r>> {
    let mut declared: Vec<&str> = Vec::new();
    for candidate in candidates {
        let media_type = candidate.media_range.as_deref().or(candidate.media_type.as_deref())?;
        if !declared.contains(&media_type) {
            declared.push(media_type);
        }
    }
    (!declared.is_empty()).then(|| StepOutcome::Refuse(ProblemResponse::not_acceptable(&declared)))
}

/// Writes the expression of an `Accept` header with a range that a media type is in, or that a declared range meets,
/// with a weight that is not zero; a missing one accepts all (RFC 9110, section 12.5.1).
fn accepts(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let kind = essence.split('/').next().unwrap_or_default();
    let [essence, kind] = match essence.strip_suffix("/*") {
        Some("*") => ["[^,; \\t]+".to_owned(), "[^,; \\t/]+".to_owned()],
        Some(kind) => [format!("{}/[^,; \\t]+", super::pattern::quote(kind)), super::pattern::quote(kind)],
        None => [essence, kind].map(super::pattern::quote),
    };
    let weight = "(?:[ \\t]*;[ \\t]*(?:[^qQ,;][^,;]*|[qQ]=(?:1|0?\\.0*[1-9]|0\\.0*[1-9])[^,;]*))*";
    format!("[ \\t]*|(?:.*,)?[ \\t]*(?i:\\*/\\*|{kind}/\\*|{essence}){weight}[ \\t]*(?:,.*)?")
}

/// Returns the response as it is sent, with the preference that it follows.
fn respond(response: &MockResponse, applied: Option<String>) -> StepOutcome<'_> {
    // The length is that of the body, whatever a definition says.
    let is_sent = |name: &str| {
        is_short_name(name)
            && HeaderName::try_from(name)
                .is_ok_and(|name| name != CONTENT_LENGTH && !crate::model::is_hop_by_hop(&name))
    };
    let headers = response.headers.iter().filter(|(name, _)| is_sent(name)).cloned();
    let headers = headers.chain(applied.map(|applied| ("preference-applied".to_owned(), applied)));
    let bodiless = is_bodiless(response.status);
    StepOutcome::Respond(FixedResponse {
        status: response.status,
        headers: headers.map(|(name, value)| (name, HeaderText::Literal(value))).collect(),
        media_type: response.media_type.as_deref(),
        body: if bodiless { &[] } else { &response.body },
    })
}
