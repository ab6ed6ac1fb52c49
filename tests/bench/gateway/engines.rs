//! Engines that check subscription keys too: HAProxy, as `apigw export` sets it up, and Envoy.

use std::error::Error;
use std::process::{Command, Stdio};

use crate::callers::{Callers, path, run};
use crate::measure::{Process, find};
use crate::served;

const HAPROXY_PORT: u16 = 18_084;
const ENVOY_PORT: u16 = 18_085;

/// Starts HAProxy with the exported groups: it compares the hash of a key.
pub(crate) fn haproxy(callers: &Callers) -> Result<Process, Box<dyn Error>> {
    find("haproxy", "haproxy")?;
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("haproxy");
    let listen = format!("127.0.0.1:{HAPROXY_PORT}");
    let mut export = served::apigw(&callers.workspace);
    export.args(["export", "haproxy", "open", "key", "--env", "test", "--listen", &listen, "--out"]).arg(&out);
    run(&mut export)?;
    // Without its log, as the others.
    let file = out.join("haproxy.cfg");
    let config = std::fs::read_to_string(&file)?;
    let lines: Vec<&str> = config.lines().filter(|line| !line.trim_start().starts_with("log ")).collect();
    std::fs::write(&file, lines.join("\n") + "\n")?;
    let mut haproxy = Command::new("haproxy");
    haproxy.current_dir(&out).args(["-f", "haproxy.cfg"]);
    start(haproxy, HAPROXY_PORT, folder)
}

/// Starts Envoy with its filter `api_key_auth`, which knows the key itself.
pub(crate) fn envoy(callers: &Callers, origin: u16) -> Result<Process, Box<dyn Error>> {
    if find("envoy", "envoy").is_err() {
        return Err("envoy is missing: install it, for example with `pip install envoy`, and put it on PATH".into());
    }
    let filter = |name: &str, fields: serde_json::Value| {
        let mut config = fields;
        config["@type"] = format!("type.googleapis.com/envoy.extensions.filters.http.{name}").into();
        config
    };
    let key_auth = filter(
        "api_key_auth.v3.ApiKeyAuth",
        serde_json::json!({
            "credentials": [{"key": callers.key(), "client": "app"}],
            "key_sources": [{"header": "x-api-key"}],
        }),
    );
    let off = serde_json::json!({"envoy.filters.http.api_key_auth":
        {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": true, "config": {}}});
    let route = |group: &str| serde_json::json!({"match": {"path": path(group)}, "route": {"cluster": "origin"}});
    let mut open = route("open");
    open["typed_per_filter_config"] = off;
    let manager = serde_json::json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "callers",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [open, route("key")]}]},
        "http_filters": [
            {"name": "envoy.filters.http.api_key_auth", "typed_config": key_auth},
            {"name": "envoy.filters.http.router", "typed_config": filter("router.v3.Router", serde_json::json!({}))},
        ],
    });
    let address = |port: u16| serde_json::json!({"socket_address": {"address": "127.0.0.1", "port_value": port}});
    let endpoints = serde_json::json!([{"lb_endpoints": [{"endpoint": {"address": address(origin)}}]}]);
    let config = serde_json::json!({"static_resources": {
        "listeners": [{"address": address(ENVOY_PORT), "filter_chains": [{"filters":
            [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}],
        "clusters": [{"name": "origin", "load_assignment": {"cluster_name": "origin", "endpoints": endpoints}}],
    }});
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("envoy.json");
    std::fs::write(&file, config.to_string())?;
    let workers = std::thread::available_parallelism()?.to_string();
    let mut envoy = Command::new("envoy");
    envoy.arg("-c").arg(&file).args(["--concurrency", &workers, "--log-level", "error", "--use-dynamic-base-id"]);
    start(envoy, ENVOY_PORT, folder)
}

fn start(mut command: Command, port: u16, folder: tempfile::TempDir) -> Result<Process, Box<dyn Error>> {
    let log = std::fs::File::create(folder.path().join("log"))?;
    let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
    let log = folder.path().join("log");
    let mut process = crate::listening(child, port)
        .map_err(|error| format!("{error}: {}", std::fs::read_to_string(log).unwrap_or_default()))?;
    process.folder = Some(folder);
    Ok(process)
}
