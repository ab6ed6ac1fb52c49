//! nginx as a backend, and as the gateway to compare with.

use std::error::Error;
use std::fmt::Write as _;
use std::process::Command;

use crate::measure::Process;
use crate::served::BODY;

const ORIGIN_PORT: u16 = 18_081;
const GATEWAY_PORT: u16 = 18_082;

/// What the gateway tells a backend too, once for all locations.
const PROXIED: &str = "proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header X-Request-Id $request_id;\n\
    proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Host $host;\n\
    proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Prefix /g; proxy_set_header Via \"1.1 nginx\";\n\
    proxy_set_header Forwarded \"for=$remote_addr;host=$host;proto=$scheme\";";

/// What nginx speaks on a port that is not encrypted: it is one or the other.
#[derive(Clone, Copy)]
pub(crate) enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 without asking.
    Http2,
}

/// Starts the backend of the proxied loads.
pub(crate) fn origin() -> Result<Process, Box<dyn Error>> {
    let location = format!("location / {{ default_type application/json; return 200 '{BODY}'; }}");
    start(ORIGIN_PORT, "1", &location, "access_log off;", "", Protocol::Http1)
}

/// Says that a log like the gateway's is written, in pieces as large as those of its own.
pub(crate) fn access_log(folder: &std::path::Path) -> String {
    let fields = [
        ("time", "$time_iso8601"),
        ("requestId", "$request_id"),
        ("client", "$remote_addr:$remote_port"),
        ("host", "$host"),
        ("method", "$request_method"),
        ("path", "$uri"),
        ("environment", "test"),
        ("group", "g0"),
        ("version", "0.0.1"),
        ("api", "r0"),
        ("backend", "mock"),
        ("status", "$status"),
        ("error", ""),
        ("bytesIn", "$request_length"),
        ("bytesOut", "$body_bytes_sent"),
        ("seconds", "$request_time"),
    ];
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
    let format = fields.join(",");
    format!("log_format line escape=json '{{{format}}}'; access_log {}/nginx.log line;", folder.display())
}

/// Starts what is compared with, with further directives.
pub(crate) fn gateway(
    groups: usize,
    apis: usize,
    backend: &str,
    directives: &str,
    protocol: Protocol,
) -> Result<Process, Box<dyn Error>> {
    let mut locations = String::new();
    for group in 0..groups {
        for api in 0..apis {
            let answer = if backend == "mock" {
                format!("default_type application/json; return 200 '{BODY}';")
            } else {
                "proxy_pass http://origin;".to_owned()
            };
            writeln!(locations, "location = /g{group}/r{api} {{ {answer} }}")?;
        }
    }
    let upstream =
        format!("upstream origin {{ server 127.0.0.1:{ORIGIN_PORT}; keepalive 128; keepalive_requests 100000000; }}");
    start(GATEWAY_PORT, "auto", &locations, directives, &upstream, protocol)
}

fn start(
    port: u16,
    workers: &str,
    locations: &str,
    directives: &str,
    upstream: &str,
    protocol: Protocol,
) -> Result<Process, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let http2 = if matches!(protocol, Protocol::Http2) { "http2" } else { "" };
    let path = folder.path().display();
    let configuration = format!(
        "worker_processes {workers}; pid {path}/pid; error_log {path}/error.log; daemon off;\n\
         events {{ worker_connections 8192; }}\n\
         http {{ {directives} keepalive_requests 100000000; types_hash_max_size 2048; client_body_temp_path {path}/a;\n\
         proxy_temp_path {path}/b; fastcgi_temp_path {path}/c; uwsgi_temp_path {path}/d; scgi_temp_path {path}/e;\n\
         {PROXIED}\n{upstream}\n\
         server {{ listen 127.0.0.1:{port} reuseport backlog=4096 {http2};\n{locations} }} }}\n"
    );
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, configuration)?;
    let child = Command::new("nginx")
        .arg("-p")
        .arg(folder.path())
        .arg("-e")
        .arg(folder.path().join("error.log"))
        .arg("-c")
        .arg(&file)
        .spawn()?;
    let mut process = crate::listening(child, port)?;
    process.folder = Some(folder);
    Ok(process)
}
