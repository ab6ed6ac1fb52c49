//! HTTP/2, TLS, websockets, and what operators ask.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use apigw::gateway::tls::{Certificate, server_config};
use apigw::gateway::{BindAddress, Config};
use apigw::model;
use apigw::snapshot::{NotServed, Snapshot};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::access_logs::Records;
use super::backend::Backend;
use super::client::{Client, get};
use super::snapshot::{PETS, config, environment, group, http, pets, settings, snapshot, start};

/// A certificate for `localhost` and `api.example.com` that ends in a hundred years; it protects nothing.
const CERTIFICATE: &str = include_str!("../certificates/localhost.crt");

/// Its key.
const KEY: &str = include_str!("../certificates/localhost.key");

type Answers = Vec<(StatusCode, Bytes)>;

fn block_on<T>(task: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(task)
}

async fn read(response: Response<hyper::body::Incoming>) -> (StatusCode, Bytes) {
    let status = response.status();
    (status, response.into_body().collect().await.expect("a body").to_bytes())
}

/// Sends requests at the same time on one HTTP/2 connection.
async fn over_http2<S>(stream: S, requests: Vec<Request<Full<Bytes>>>) -> Answers
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("a handshake");
    tokio::spawn(connection);
    let mut waiting = tokio::task::JoinSet::new();
    for (number, request) in requests.into_iter().enumerate() {
        let mut sender = sender.clone();
        waiting.spawn(async move { (number, read(sender.send_request(request).await.expect("an answer")).await) });
    }
    let mut answers = waiting.join_all().await;
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

fn request(method: &str, uri: &str, body: &'static str) -> Request<Full<Bytes>> {
    Request::builder().method(method).uri(uri).body(Full::new(Bytes::from(body))).expect("a request")
}

async fn connect_tls(
    address: SocketAddr,
    name: &'static str,
    protocol: &str,
) -> tokio_rustls::client::TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).expect("a certificate")).expect("a root");
    let mut config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let stream = TcpStream::connect(address).await.expect("a connection");
    let name = ServerName::try_from(name).expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("a handshake")
}

fn tls(domains: &[&str]) -> Certificate {
    Certificate {
        domains: domains.iter().map(|domain| domain.parse().expect("a domain")).collect(),
        chain: Arc::from(CERTIFICATE.as_bytes()),
        key: Arc::from(KEY.as_bytes()),
    }
}

#[test]
fn http2_without_asking() {
    let backend = Backend::saying("real");
    let gateway = start(config(), &pets(http(backend.address), ""));
    let answers = block_on(async {
        let stream = TcpStream::connect(gateway.addresses()[0]).await.expect("a connection");
        let requests = vec![
            request("GET", "http://localhost/petstore/pets", ""),
            request("POST", "http://localhost/petstore/files", "abc"),
            request("HEAD", "http://localhost/petstore/pets", ""),
            request("GET", "http://localhost/petstore/nothing", ""),
            request("GET", "http://evil.example/petstore/pets", ""),
            request("GET", "http://localhost/petstore/files/%2e%2e/a", ""),
        ];
        over_http2(stream, requests).await
    });
    let statuses: Vec<u16> = answers.iter().map(|(status, _)| status.as_u16()).collect();
    assert_eq!(statuses, [200, 200, 200, 404, 404, 400]);
    assert_eq!((&answers[0].1[..], &answers[2].1[..]), (&b"real"[..], &b""[..]));
    let received = backend.received();
    let post = received.iter().find(|request| request.line().starts_with("POST")).expect("the POST");
    assert_eq!((&post.body[..], post.header("via")[0].starts_with("2.0 ")), (&b"abc"[..], true));
    assert!(received.iter().all(|request| request.header("host") == [backend.address.to_string()]));
}

#[test]
fn tls_with_both_protocols_and_a_certificate_a_domain() {
    let mut config = config();
    config.listen = vec![BindAddress { address: ([127, 0, 0, 1], 0).into(), tls: true }];
    config.tls = Some(server_config(&[tls(&[])]).expect("certificates"));
    let gateway = start(config, &pets(model::Backend::Mock, ""));
    let address = gateway.addresses()[0];
    block_on(async {
        let stream = connect_tls(address, "localhost", "h2").await;
        let answers = over_http2(stream, vec![request("GET", "https://localhost/petstore/pets", "")]).await;
        assert_eq!(answers[0].0, StatusCode::OK);
        let stream = connect_tls(address, "localhost", "http/1.1").await;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("a handshake");
        tokio::spawn(connection);
        let request =
            Request::builder().uri("/petstore/pets").header("host", "localhost").body(Full::<Bytes>::default());
        let answer = read(sender.send_request(request.expect("a request")).await.expect("an answer")).await;
        assert_eq!(answer.0, StatusCode::OK);
        // Only one domain has a certificate now; the connection that is open goes on with the old one.
        gateway.replace_tls(server_config(&[tls(&["api.example.com"])]).expect("certificates"));
        connect_tls(address, "api.example.com", "h2").await;
        let stream = TcpStream::connect(address).await.expect("a connection");
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).expect("a certificate")).expect("a root");
        let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").expect("a name");
        assert!(TlsConnector::from(Arc::new(config)).connect(name, stream).await.is_err());
    });
}

#[test]
fn backends_are_called_over_tls_where_they_are_trusted() {
    let mut inner = config();
    inner.listen = vec![BindAddress { address: ([127, 0, 0, 1], 0).into(), tls: true }];
    inner.tls = Some(server_config(&[tls(&[])]).expect("certificates"));
    let inner = start(inner, &pets(model::Backend::Mock, ""));
    let url = format!("https://localhost:{}/petstore", inner.addresses()[0].port());
    let backend = || model::Backend::Http { url: url.parse().expect("an address"), variables: BTreeMap::new() };
    let mut trusting = group("pets", "0.0.1", PETS, &settings("forwarding: {tls: {ca: ca.pem}}\n"), backend());
    if let Some(content) = trusting.content.as_mut().map(Arc::make_mut) {
        let file: (String, Arc<[u8]>) = ("ca.pem".to_owned(), Arc::from(CERTIFICATE.as_bytes()));
        content.tls_files = Arc::new([file].into_iter().collect());
    }
    let gateway = start(config(), &snapshot(vec![trusting]));
    assert_eq!(get(gateway.addresses()[0], "/petstore/pets/mine", "").status, 200);
    let gateway = start(config(), &pets(backend(), ""));
    let answer = get(gateway.addresses()[0], "/petstore/pets/mine", "");
    assert_eq!((answer.status, answer.code().as_str()), (503, "SOURCE_UNAVAILABLE"), "nobody vouches for it");
}

#[test]
fn a_backend_that_switches_to_something_else_is_not_passed_off_as_a_websocket() {
    for head in ["Connection: Upgrade\r\nUpgrade: h2c\r\n", "", "Upgrade: websocket\r\n", "Connection: Upgrade\r\n"] {
        let backend = Backend::start(move |_, stream| {
            stream.write_all(format!("HTTP/1.1 101 Switching Protocols\r\n{head}\r\nhello").as_bytes()).ok();
            false
        });
        let gateway = start(config(), &pets(http(backend.address), ""));
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
        let answer = get(gateway.addresses()[0], "/petstore/live", upgrade);
        assert_eq!((answer.status, answer.code().as_str()), (502, "BAD_GATEWAY"), "{head:?}");
    }
}

#[test]
fn a_connection_becomes_a_websocket_only_where_the_api_says_so() {
    let backend = Backend::start(|request, stream| {
        if request.header("upgrade") != ["websocket"] {
            return super::backend::reply(stream, "no upgrade");
        }
        let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n";
        stream.write_all(format!("{head}hello").as_bytes()).ok();
        let mut space = [0; 64];
        while let Ok(count @ 1..) = stream.read(&mut space) {
            stream.write_all(&space[..count]).ok();
        }
        false
    });
    let config = Config { admin: Some(([127, 0, 0, 1], 0).into()), ..config() };
    let gateway = start(config, &pets(http(backend.address), ""));
    let ask = |path: &str| {
        let mut client = Client::connect(gateway.addresses()[0]);
        client.send(format!(
            "GET /petstore{path} HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Key: y\r\n\r\n"
        ));
        let answer = client.answer().expect("an answer");
        (client, answer)
    };
    let admin = gateway.admin_address().expect("an address");
    let to_backends = |count: usize| {
        let line = format!("apigw_backend_connections {count}\n");
        let until = Instant::now() + Duration::from_secs(20);
        while !get(admin, "/-/metrics", "").body.contains(&line) {
            assert!(Instant::now() < until, "{count} connections to backends");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let (mut client, answer) = ask("/live");
    assert_eq!((answer.status, answer.header("sec-websocket-accept")), (101, Some("x")));
    assert_eq!(client.take(5).as_deref(), Some(&b"hello"[..]));
    for text in ["GET / HTTP/1.1\n", "\0\u{1}\u{2}"] {
        client.send(text);
        assert_eq!(client.take(text.len()).as_deref(), Some(text.as_bytes()), "bytes pass as they are");
    }
    to_backends(1);
    drop(client);
    to_backends(0);
    assert_eq!(backend.received()[0].header("sec-websocket-key"), ["y"]);
    let (_, answer) = ask("/pets");
    assert_eq!((answer.status, answer.body.as_str()), (200, "no upgrade"));
    // With a body in front it would not be plain which bytes are the websocket's.
    let mut client = Client::connect(gateway.addresses()[0]);
    client.send(
        "GET /petstore/live HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Content-Length: 3\r\n\r\nabc",
    );
    assert_eq!(client.answer().map(|answer| (answer.status, answer.body)), Some((200, "no upgrade".to_owned())));
    assert_eq!(backend.received().last().map(|request| request.body.clone()), Some(b"abc".to_vec()));
}

#[test]
fn what_did_not_reach_its_caller_whole_is_written_down_with_the_reason() {
    let records = Arc::new(Records::default());
    let backend = Backend::start(|request, stream| {
        let line = request.line();
        if !line.contains("silent") {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").ok();
        }
        !line.contains("short") && stream.read(&mut [0]).is_ok_and(|count| count > 0)
    });
    let config = Config { access_log: Some(Arc::<Records>::clone(&records)), ..config() };
    let gateway = start(config, &pets(http(backend.address), "forwarding: {idle_timeout_ms: 300}\n"));
    let address = gateway.addresses()[0];
    let ask = |path: &str| {
        let mut client = Client::connect(address);
        client.send(format!("GET /petstore/pets/{path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        if path != "silent" {
            client.read_until("\r\n\r\nabc");
        }
        client
    };
    let told = |count: usize| {
        let record = records.wait_for(count);
        format!("{} {} {}", record["status"], record["bytesOut"], record["error"].as_str().expect("a text"))
    };
    assert!(ask("short").is_closed());
    assert_eq!(
        told(1),
        "200 3 the backend's response ended early: the connection was closed before the response was complete"
    );
    assert!(ask("idle").is_closed());
    assert_eq!(told(2), "200 3 the backend sent nothing for too long");
    ask("left").reset();
    assert_eq!(told(3), "200 3 the client left, or was too slow, before the end of the response");
    let waiting = ask("silent");
    while backend.received().len() < 4 {
        std::thread::yield_now();
    }
    assert!(!gateway.shutdown(std::time::Duration::ZERO, || false));
    assert_eq!(told(4), "503 0 the gateway was stopped before the end of the response");
    drop(waiting);
}

#[test]
fn operators_see_what_is_served_and_what_was_asked() {
    let records = Arc::new(Records::default());
    let backend = Backend::start(|request, stream| {
        if request.line().contains("slow") {
            return stream.read(&mut [0]).is_ok_and(|count| count > 0);
        }
        super::backend::reply(stream, "real")
    });
    let mut config = config();
    config.admin = Some(([127, 0, 0, 1], 0).into());
    config.access_log = Some(Arc::<Records>::clone(&records));
    let real = group("pets", "0.0.1", PETS, &settings(""), http(backend.address));
    let gone = super::snapshot::offline(group("gone", "0.0.2", PETS, &settings(""), model::Backend::Mock));
    let operation = real.deployment.operation.to_string();
    let gateway = start(config, &Snapshot { environments: vec![environment("test", vec![real, gone])] });
    gateway.note_not_served(vec![NotServed {
        environment: "test".parse().expect("a name"),
        group: None,
        operation: None,
        reason: "deployments/test.yaml:1:1: it is cut short".to_owned(),
    }]);
    let admin = gateway.admin_address().expect("an address");
    let address = gateway.addresses()[0];
    let id = get(address, "/petstore/pets/7?secret=hush", "Authorization: hush\r\n")
        .header("x-request-id")
        .map(str::to_owned);
    assert_eq!(get(address, "/petstore/nothing", "").status, 404);
    assert_eq!(get(address, "/petstore/doors/hush", "").status, 200);
    let mut impatient = Client::connect(address);
    impatient.send("GET /petstore/pets/slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
    while !backend.received().iter().any(|request| request.line().contains("slow")) {
        std::thread::yield_now();
    }
    impatient.reset();
    while records.0.lock().expect("the records").len() < 4 {
        std::thread::yield_now();
    }

    assert_eq!(get(admin, "/-/healthz", "").body, "ok\n");
    assert_eq!(get(admin, "/-/readyz", "").status, 200);
    assert_eq!(get(admin, "/other", "").status, 404);
    let status: serde_json::Value = serde_json::from_str(&get(admin, "/-/status", "").body).expect("JSON");
    let groups = &status["environments"][0]["groups"];
    assert_eq!(status["unserved"][0]["reason"], "deployments/test.yaml:1:1: it is cut short");
    assert_eq!(
        (&groups[1]["group"], &groups[1]["serving"], &groups[1]["state"]),
        (&"pets".into(), &operation.into(), &"live".into())
    );
    assert_eq!((&groups[0]["group"], &groups[0]["state"]), (&"gone".into(), &"offline".into()));
    let metrics = get(admin, "/-/metrics", "").body;
    let labels = "{environment=\"test\",group=\"pets\",version=\"0.0.1\",api=\"getPet\",status=\"200\"}";
    assert!(metrics.contains(&format!("apigw_request_duration_seconds_count{labels} 1")), "{metrics}");
    // Without a last bucket of this name, whoever asks for a quantile is told that there is none.
    let last = labels.replacen('{', "{le=\"+Inf\",", 1);
    assert!(metrics.contains(&format!("apigw_request_duration_seconds_bucket{last} 1")), "{metrics}");
    assert!(metrics.contains("apigw_connections"), "{metrics}");
    assert!(metrics.contains("apigw_access_log_dropped_lines_total 7"), "{metrics}");

    let records = records.0.lock().expect("the records").clone();
    let [forwarded, missing, door, left] = &records[..] else { panic!("four records: {records:?}") };
    assert_eq!(forwarded["requestId"].as_str(), id.as_deref());
    for (field, value) in [
        ("group", "pets"),
        ("environment", "test"),
        ("version", "0.0.1"),
        ("api", "getPet"),
        ("method", "GET"),
        ("path", "/petstore/pets/7"),
        ("host", "localhost"),
        ("backend", &format!("http://{}", backend.address)),
        ("error", ""),
    ] {
        assert_eq!(forwarded[field], value, "{field}");
    }
    assert_eq!((&forwarded["status"], &forwarded["bytesOut"]), (&200.into(), &4.into()));
    assert!(forwarded["time"].as_str().is_some_and(|time| time.parse::<model::Timestamp>().is_ok()), "{forwarded}");
    assert!(forwarded["seconds"].is_number() && forwarded["backendSeconds"].is_number(), "{forwarded}");
    assert_eq!((&missing["status"], &missing["group"]), (&404.into(), &"".into()));
    assert_eq!((&door["api"], &door["path"]), (&"door".into(), &"/petstore/doors/{token}".into()));
    assert_eq!(
        (&left["status"], &left["api"], &left["backend"]),
        (&499.into(), &"getPet".into(), &forwarded["backend"])
    );
    assert!(!format!("{records:?}").contains("hush"), "a secret is written down");
}
