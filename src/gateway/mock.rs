//! The constant results of an API, built once and served from memory.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::media_type::AcceptedRanges;
use super::preference::{PREFERENCE_APPLIED, Preference};
use super::problem::{Kind, Problem};
use crate::definition::{StatusPattern, is_bodiless, is_written_alike};
use crate::model::MediaRange;
use crate::routes::MockResponses;
use crate::routes::problem::{NO_MOCK, available_media_types};

/// The responses of an API without a backend; the constant result first.
pub(crate) struct MockResults {
    list: Box<[MockResult]>,
    /// True if the first of them is the constant result.
    has_constant: bool,
    /// True if results were left out, as those of the definition are too large together.
    is_cut: bool,
}

/// One response that is always the same.
struct MockResult {
    status: StatusCode,
    /// A list takes a tenth of the memory of a map, and a map that is filled from it has room for more.
    headers: Box<[(HeaderName, HeaderValue)]>,
    body: Bytes,
    pattern: Option<StatusPattern>,
    example: Option<String>,
    media_type: Option<String>,
    /// The range that the media type was taken from.
    media_range: Option<Box<MediaRange>>,
}

/// A response that was picked.
pub(crate) struct PickedMock<'m> {
    /// Its status: of a response that is declared for several, the one that was asked for.
    pub(crate) status: StatusCode,
    /// Names the preferences that it follows.
    applied: Option<HeaderValue>,
    chosen: AcceptedMock<'m>,
}

/// A response in a media type that the caller accepts.
#[derive(Clone)]
struct AcceptedMock<'m> {
    result: &'m MockResult,
    /// The member of the declared range that is accepted, where it is another than the usual one.
    media_type: Option<HeaderValue>,
}

impl<'m> AcceptedMock<'m> {
    fn usual(result: &'m MockResult) -> Self {
        Self { result, media_type: None }
    }
}

impl PickedMock<'_> {
    /// Writes the response's headers into an empty map.
    pub(crate) fn headers(&self, mut headers: HeaderMap) -> HeaderMap {
        let is_bodiless = is_bodiless(self.status.as_u16());
        let AcceptedMock { result, media_type } = &self.chosen;
        for (name, value) in result.headers.iter().filter(|(name, _)| !is_bodiless || name != CONTENT_TYPE) {
            headers.append(name.clone(), value.clone());
        }
        if let Some(media_type) = media_type.as_ref().filter(|_| !is_bodiless) {
            headers.insert(CONTENT_TYPE, media_type.clone());
        }
        if let Some(applied) = &self.applied {
            headers.insert(PREFERENCE_APPLIED, applied.clone());
        }
        headers
    }

    /// Returns the response's body.
    pub(crate) fn body(&self) -> Bytes {
        if is_bodiless(self.status.as_u16()) { Bytes::new() } else { self.chosen.result.body.clone() }
    }
}

impl MockResults {
    /// Compiles the mock responses of a route.
    ///
    /// One that cannot be sent is left out.
    pub(crate) fn build(responses: MockResponses) -> Self {
        let mut list = Vec::new();
        let MockResponses { mut has_constant, is_cut, responses } = responses;
        for (index, declared) in responses.into_iter().enumerate() {
            let status = StatusCode::from_u16(declared.status).ok();
            let headers = headers(&declared.headers, declared.media_type.as_deref());
            let Some((status, headers)) = status.zip(headers) else {
                has_constant &= index != 0;
                continue;
            };
            list.push(MockResult {
                status,
                headers,
                body: declared.body,
                pattern: declared.declared_for,
                example: declared.example,
                media_type: declared.media_type,
                media_range: declared.media_range.as_deref().and_then(MediaRange::parse).map(Box::new),
            });
        }
        Self { list: list.into_boxed_slice(), has_constant, is_cut }
    }

    /// Picks the response to a request with these headers.
    pub(crate) fn pick(&self, request: &HeaderMap) -> Result<PickedMock<'_>, Problem> {
        let constant = self.list.first().filter(|_| self.has_constant);
        let preference = Preference::of(request);
        let accept = request.get(ACCEPT);
        if let Some(result) = constant
            && preference == Preference::default()
            && accept.is_none_or(|accept| accept == "*/*")
        {
            return Ok(PickedMock { status: result.status, applied: None, chosen: AcceptedMock::usual(result) });
        }
        // Preferences that cannot be followed are ignored (RFC 7240, section 2), and so are those for what is not
        // accepted.
        let mut usual = Vec::new();
        for followed in preference.fallbacks() {
            let (status, candidates) = self.candidates(constant, &followed);
            if let Some(chosen) = acceptable(&candidates, request) {
                let status = status.unwrap_or(chosen.result.status);
                return Ok(PickedMock { status, applied: followed.applied(), chosen });
            }
            usual = candidates;
        }
        if usual.is_empty() {
            return Err(self.no_constant());
        }
        let mut declared: Vec<String> = Vec::new();
        for media_type in usual.iter().filter_map(|result| result.declared_type()) {
            if !declared.contains(&media_type) {
                declared.push(media_type);
            }
        }
        let declared: Vec<&str> = declared.iter().map(String::as_str).collect();
        Err(Problem::new(Kind::NotAcceptable, available_media_types(&declared)))
    }

    fn no_constant(&self) -> Problem {
        let reason = if self.is_cut {
            "The results of the definition are too large together, and this API's is not built."
        } else {
            NO_MOCK
        };
        Problem::new(Kind::NoConstantResult, reason)
    }

    /// Picks the declared response to a request that is refused with a status: that of the status, for an invalid
    /// request else that of 422 or 400, else that of all such statuses. One without a body says too little.
    pub(crate) fn refusal(&self, status: StatusCode, is_invalid: bool, request: &HeaderMap) -> Option<PickedMock<'_>> {
        let usual = [StatusCode::UNPROCESSABLE_ENTITY, StatusCode::BAD_REQUEST].into_iter().filter(|_| is_invalid);
        let exact = [status].into_iter().chain(usual).map(|status| (StatusPattern::Code(status.as_u16()), status));
        let ranges = [StatusPattern::Class(4), StatusPattern::Default].map(|pattern| (pattern, status));
        exact.chain(ranges).find_map(|(pattern, status)| {
            let of_pattern = |result: &&MockResult| result.pattern == Some(pattern) && result.media_type.is_some();
            let candidates: Vec<&MockResult> = self.list.iter().filter(of_pattern).collect();
            let usual = || candidates.first().copied().map(AcceptedMock::usual);
            let chosen = acceptable(&candidates, request).or_else(usual)?;
            Some(PickedMock { status, applied: None, chosen })
        })
    }

    /// Returns the results that follow a preference, and the status if it names one.
    fn candidates(
        &self,
        constant: Option<&MockResult>,
        preference: &Preference,
    ) -> (Option<StatusCode>, Vec<&MockResult>) {
        let of = |pattern: Option<StatusPattern>| -> Vec<&MockResult> {
            self.list.iter().filter(|result| result.pattern == pattern).collect()
        };
        let is_named = |result: &&MockResult| preference.example.is_none() || result.example == preference.example;
        let Some(code) = &preference.code else {
            // An example's name is looked for in every response, the constant one's first.
            let of_constant = constant.map(|constant| of(constant.pattern)).unwrap_or_default();
            let mut candidates: Vec<&MockResult> = of_constant.into_iter().filter(is_named).collect();
            if candidates.is_empty() && preference.example.is_some() {
                candidates = self.list.iter().filter(is_named).collect();
            }
            return (None, candidates);
        };
        let status = code.parse().ok().and_then(|code| StatusCode::from_u16(code).ok());
        let Some(status) = status.filter(|status| is_final(*status)) else { return (None, Vec::new()) };
        let class = u8::try_from(status.as_u16() / 100).unwrap_or_default();
        let patterns = [StatusPattern::Code(status.as_u16()), StatusPattern::Class(class), StatusPattern::Default];
        let found = patterns.into_iter().map(|pattern| of(Some(pattern))).find(|results| !results.is_empty());
        (Some(status), found.unwrap_or_default().into_iter().filter(is_named).collect())
    }
}

/// True if a response of a status ends its request (RFC 9110, section 15).
fn is_final(status: StatusCode) -> bool {
    (200..=599).contains(&status.as_u16())
}

impl MockResult {
    /// Returns the media type of its body as it was declared.
    fn declared_type(&self) -> Option<String> {
        self.media_range.as_ref().map(|range| range.essence()).or_else(|| self.media_type.clone())
    }

    /// Returns how much the caller accepts it, and in which media type. A caller that accepts another member of the
    /// declared range gets that where the body is one, else the usual one if nothing else is declared (RFC 9110,
    /// section 12.5.1).
    fn acceptance(&self, accepted: Option<&AcceptedRanges>) -> (Acceptance, AcceptedMock<'_>) {
        let usual = AcceptedMock::usual(self);
        let name = self.media_type.as_deref();
        let media_type = name.and_then(|name| Some((name, MediaRange::parse(name)?)));
        let Some((accepted, (name, media_type))) = accepted.zip(media_type) else {
            return (Acceptance { is_exact: true, quality: 1000 }, usual);
        };
        let exact = Acceptance { is_exact: true, quality: accepted.quality(&media_type) };
        let Some(range) = &self.media_range else { return (exact, usual) };
        let is_written = |member: &MediaRange| {
            let essence = member.essence();
            let is_bare = || MediaRange::of_name(&essence).is_some_and(|bare| member.includes(&bare));
            is_written_alike(name, &essence) && is_bare()
        };
        let member = accepted.beside(range, &media_type, is_written);
        let member = member.filter(|(quality, _)| *quality > exact.quality);
        if let Some((quality, value)) =
            member.and_then(|(quality, member)| Some((quality, HeaderValue::try_from(member.essence()).ok()?)))
        {
            return (Acceptance { is_exact: true, quality }, AcceptedMock { result: self, media_type: Some(value) });
        }
        if exact.quality > 0 {
            return (exact, usual);
        }
        let other = accepted.beside(range, &media_type, |_| true);
        (Acceptance { is_exact: false, quality: other.map_or(0, |(quality, _)| quality) }, usual)
    }
}

/// Acceptance of a response by a caller; more of it is greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Acceptance {
    /// True if it is sent in a media type that is accepted; else another member of its declared range is.
    is_exact: bool,
    /// The weight, from 0 to 1000.
    quality: u16,
}

/// Picks the result that the caller accepts most, the first declared among equals (RFC 9110, section 12.5.1).
fn acceptable<'m>(candidates: &[&'m MockResult], request: &HeaderMap) -> Option<AcceptedMock<'m>> {
    let accepted = AcceptedRanges::parse(request.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()));
    let mut best: Option<(Acceptance, AcceptedMock)> = None;
    for &candidate in candidates {
        let (acceptance, accepted) = candidate.acceptance(accepted.as_ref());
        let is_better = best.as_ref().is_none_or(|(best, _)| acceptance > *best);
        if acceptance.quality > 0 && is_better {
            best = Some((acceptance, accepted));
        }
    }
    best.map(|(_, accepted)| accepted)
}

/// Builds the headers of a mock response; `None` if one cannot be sent.
fn headers(declared: &[(String, String)], media_type: Option<&str>) -> Option<Box<[(HeaderName, HeaderValue)]>> {
    let mut headers = Vec::with_capacity(declared.len() + 1);
    if let Some(media_type) = media_type {
        headers.push((CONTENT_TYPE, media_type_value(media_type)?));
    }
    for (name, value) in declared {
        let parsed = HeaderName::try_from(name.as_str()).ok().filter(|name| !crate::model::is_hop_by_hop(name));
        match parsed.zip(HeaderValue::try_from(value.as_str()).ok()) {
            // The length is that of the body, whatever a definition says.
            Some((name, _)) if name == CONTENT_LENGTH => {}
            Some(header) => headers.push(header),
            None => return None,
        }
    }
    Some(headers.into_boxed_slice())
}

/// Makes a header's value of a media type; the usual one needs no memory of its own.
fn media_type_value(media_type: &str) -> Option<HeaderValue> {
    if media_type == "application/json" {
        return Some(HeaderValue::from_static("application/json"));
    }
    HeaderValue::try_from(media_type).ok()
}

#[cfg(test)]
mod tests;
