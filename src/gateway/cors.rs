//! CORS: the responses to preflights, and the headers of every other response (the Fetch standard, section 3.2).

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ALLOW, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue, ORIGIN, VARY,
};

use crate::model::Cors;

/// The cross-origin rules of a group.
pub(crate) struct CorsRules {
    any: bool,
    origins: Vec<HeaderValue>,
    credentials: bool,
    allow_headers: Option<HeaderValue>,
    expose_headers: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
}

impl CorsRules {
    /// Builds the rules from a group's settings, whose texts can stand in headers, as each group that has routes.
    pub(crate) fn build(settings: &Cors) -> Result<Self, InvalidHeaderValue> {
        let list = |names: &[String]| (!names.is_empty()).then(|| HeaderValue::try_from(names.join(", "))).transpose();
        let listed = settings.allow_origins.iter().filter(|origin| *origin != "*");
        Ok(Self {
            any: settings.allow_origins.iter().any(|origin| origin == "*"),
            origins: listed.map(HeaderValue::try_from).collect::<Result<_, _>>()?,
            credentials: settings.allow_credentials,
            allow_headers: list(&settings.allow_headers)?,
            expose_headers: list(&settings.expose_headers)?,
            max_age: settings.max_age_seconds.map(HeaderValue::from),
        })
    }

    /// Adds the headers that let the requesting page read a response. Those of a backend are replaced.
    pub(crate) fn decorate(&self, request: &HeaderMap, response: &mut HeaderMap) {
        for name in [ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_EXPOSE_HEADERS] {
            response.remove(name);
        }
        self.allow_origin(request, response);
        if response.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            set(response, ACCESS_CONTROL_EXPOSE_HEADERS, self.expose_headers.as_ref());
        }
    }

    /// Adds the headers for a preflight to the response of an `OPTIONS` request.
    pub(crate) fn preflight(&self, request: &HeaderMap, response: &mut HeaderMap) {
        self.allow_origin(request, response);
        if !response.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) || !request.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            return;
        }
        let methods = response.get(ALLOW).cloned();
        set(response, ACCESS_CONTROL_ALLOW_METHODS, methods.as_ref());
        let headers = self.allow_headers.as_ref().or_else(|| request.get(ACCESS_CONTROL_REQUEST_HEADERS));
        set(response, ACCESS_CONTROL_ALLOW_HEADERS, headers);
        set(response, ACCESS_CONTROL_MAX_AGE, self.max_age.as_ref());
    }

    fn allow_origin(&self, request: &HeaderMap, response: &mut HeaderMap) {
        if !self.any || !self.origins.is_empty() {
            response.append(VARY, HeaderValue::from_static("Origin"));
        }
        let Some(origin) = request.get(ORIGIN) else { return };
        if self.origins.contains(origin) {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            if self.credentials {
                response.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            }
        } else if self.any {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: Option<&HeaderValue>) {
    if let Some(value) = value {
        headers.insert(name, value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_origins_get_credentials() {
        let settings = Cors {
            allow_origins: vec!["https://shop.example".to_owned(), "*".to_owned()],
            allow_credentials: true,
            expose_headers: vec!["X-Total".to_owned()],
            max_age_seconds: Some(60),
            ..Cors::default()
        };
        let rules = CorsRules::build(&settings).expect("rules");
        let mut request = HeaderMap::new();
        let response = |request: &HeaderMap| {
            let mut response = HeaderMap::new();
            rules.decorate(request, &mut response);
            let get = |name| response.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
            [
                get(ACCESS_CONTROL_ALLOW_ORIGIN),
                get(ACCESS_CONTROL_ALLOW_CREDENTIALS),
                get(ACCESS_CONTROL_EXPOSE_HEADERS),
            ]
        };
        assert_eq!(response(&request), ["", "", ""]);
        request.insert(ORIGIN, HeaderValue::from_static("https://shop.example"));
        assert_eq!(response(&request), ["https://shop.example", "true", "X-Total"]);
        request.insert(ORIGIN, HeaderValue::from_static("https://evil.example"));
        assert_eq!(response(&request), ["*", "", "X-Total"]);

        request.insert(ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("PUT"));
        request.insert(ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_static("x-a"));
        let mut preflight = HeaderMap::new();
        preflight.insert(ALLOW, HeaderValue::from_static("GET, PUT"));
        rules.preflight(&request, &mut preflight);
        assert_eq!(preflight[ACCESS_CONTROL_ALLOW_METHODS], "GET, PUT");
        assert_eq!(preflight[ACCESS_CONTROL_ALLOW_HEADERS], "x-a");
        assert_eq!(preflight[ACCESS_CONTROL_MAX_AGE], "60");
    }

    fn rules(origins: &[&str], headers: &[&str]) -> CorsRules {
        let owned = |list: &[&str]| list.iter().map(|item| (*item).to_owned()).collect();
        let settings = Cors { allow_origins: owned(origins), allow_headers: owned(headers), ..Cors::default() };
        CorsRules::build(&settings).expect("rules")
    }

    fn headers(list: &[(HeaderName, &'static str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn what_a_backend_says_of_origins_is_replaced() {
        let mut response = headers(&[
            (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            (ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"),
            (ACCESS_CONTROL_EXPOSE_HEADERS, "x-secret"),
            (VARY, "Accept"),
        ]);
        rules(&["https://shop.example"], &[]).decorate(&headers(&[(ORIGIN, "https://evil.example")]), &mut response);
        assert_eq!(response.keys().collect::<Vec<_>>(), [VARY]);
        assert_eq!(response.get_all(VARY).iter().collect::<Vec<_>>(), ["Accept", "Origin"]);
    }

    #[test]
    fn a_response_varies_where_it_is_another_for_another_origin() {
        for (origins, varies) in
            [(&["*"][..], false), (&["https://shop.example"], true), (&["https://shop.example", "*"], true)]
        {
            let mut response = HeaderMap::new();
            rules(origins, &[]).decorate(&HeaderMap::new(), &mut response);
            assert_eq!(response.contains_key(VARY), varies, "{origins:?}");
        }
    }

    #[test]
    fn a_preflight_is_answered_to_origins_that_may_call_and_to_no_other_request() {
        let rules = rules(&["https://shop.example"], &["X-Allowed"]);
        let asks = |origin: &'static str, method: Option<&'static str>| {
            let mut request = headers(&[(ORIGIN, origin), (ACCESS_CONTROL_REQUEST_HEADERS, "x-asked")]);
            if let Some(method) = method {
                request.insert(ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static(method));
            }
            let mut response = headers(&[(ALLOW, "GET, PUT")]);
            rules.preflight(&request, &mut response);
            let value =
                |name| response.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
            (value(ACCESS_CONTROL_ALLOW_METHODS), value(ACCESS_CONTROL_ALLOW_HEADERS))
        };
        assert_eq!(asks("https://shop.example", Some("PUT")), (Some("GET, PUT".into()), Some("X-Allowed".into())));
        assert_eq!(asks("https://evil.example", Some("PUT")), (None, None));
        assert_eq!(asks("https://shop.example", None), (None, None));
    }
}
