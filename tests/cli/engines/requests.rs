//! The requests that a gateway and an engine both answer.

use serde_json::Value;

/// A request.
pub(super) struct TestRequest {
    pub(super) head: String,
}

impl TestRequest {
    pub(super) fn new(method: &str, target: &str, host: &str, headers: &[(&str, &str)]) -> Self {
        let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let headers = lines.concat();
        let length = if method == "POST" || method == "PUT" { "content-length: 0\r\n" } else { "" };
        let head = format!("{method} {target} HTTP/1.1\r\nhost: {host}\r\n{headers}{length}connection: close\r\n\r\n");
        Self { head }
    }

    /// Writes a `POST` with a body of some bytes.
    pub(super) fn with_body(target: &str, host: &str, headers: &[(&str, &str)], bytes: usize) -> Self {
        let empty = Self::new("POST", target, host, headers).head;
        let head = empty.replace("content-length: 0", &format!("content-length: {bytes}"));
        Self { head: head + &"x".repeat(bytes) }
    }
}

/// Lists requests about each route of a mock: as it is, HEAD, `Accept`, `Prefer`, other methods, `OPTIONS`, unknown
/// paths.
pub(super) fn mock_requests(group: &Value, host: &str) -> Vec<TestRequest> {
    let mut requests = Vec::new();
    let prefix = group["prefix"].as_str().unwrap_or_default().trim_end_matches('/');
    for route in group["routes"].as_array().into_iter().flatten() {
        let target = format!("{prefix}{}", path_of(&route["path"]));
        let method = route["method"].as_str().expect("a method");
        let mut add = |method: &str, headers: &[(&str, &str)]| {
            requests.push(TestRequest::new(method, &target, host, headers));
        };
        add(method, &[]);
        if method == "GET" {
            add("HEAD", &[]);
        }
        add(method, &[("accept", "text/x-unknown")]);
        add(method, &[("accept", "application/*, text/html")]);
        for response in route["responder"]["mock"]["responses"].as_array().into_iter().flatten() {
            if let Some(prefer) = response["prefer"].as_str() {
                add(method, &[("prefer", prefer)]);
            }
            if let Some(media_type) = response["media_type"].as_str() {
                add(method, &[("accept", media_type)]);
            }
        }
        add(method, &[("prefer", "example=there-is-none")]);
        add("OPTIONS", &[]);
        add("PROPFIND", &[]);
        requests.push(TestRequest::new(method, &format!("{target}/there/is/nothing"), host, &[]));
    }
    requests
}

/// Fills a path with values that its parameters take.
fn path_of(path: &Value) -> String {
    let mut text = String::new();
    for part in path["parts"].as_array().into_iter().flatten() {
        if let Some(fixed) = part["text"].as_str() {
            text.push_str(fixed);
            continue;
        }
        let parameter = &part["parameter"];
        let one_of = parameter["texts"]["one_of"][0].as_str();
        match &parameter["lead"] {
            lead if lead["dot"].is_object() => text.push('.'),
            lead if lead["semicolon"].is_object() => {
                text.extend([";", parameter["name"].as_str().unwrap_or_default(), "="]);
            }
            _ => {}
        }
        let plain = one_of.filter(|value| value.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        text.push_str(plain.unwrap_or("1"));
    }
    let conditions = path["query"].as_array().into_iter().flatten().map(|condition| {
        format!("{}={}", condition["name"].as_str().unwrap_or_default(), condition["value"].as_str().unwrap_or("1"))
    });
    let query: Vec<String> = conditions.collect();
    if query.is_empty() { text } else { format!("{text}?{}", query.join("&")) }
}

/// Lists targets that two parties may read in two ways; a gateway refuses them before it looks at anything.
pub(super) fn hostile_requests(host: &str, prefix: &str) -> Vec<TestRequest> {
    let prefix = prefix.trim_end_matches('/');
    let targets = [
        "/../a",
        "/a/..",
        "/./a",
        "//a",
        "/a//b",
        "/%2e%2e/a",
        "/.%2E/a",
        "/a%2fb",
        "/a%2Fb",
        "/a%5cb",
        "/a\\b",
        "/a%00",
        "/a%0a",
        "/a%7f",
        "/..;/a",
        "/;/a",
        "/..%3b/a",
        "/a%c0%afb",
        "/%e0%80%af",
    ];
    targets.iter().map(|target| TestRequest::new("GET", &format!("{prefix}{target}"), host, &[])).collect()
}
