//! Certificates of `apigw serve`: one a name, and read again when they are others.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, crypto};

use crate::harness::Sandbox;
use crate::serving::Serving;

/// A certificate for `localhost` and `api.example.com` that ends in a hundred years; it protects nothing.
pub(crate) const CERTIFICATE: &str = include_str!("../certificates/localhost.crt");

/// Its key.
pub(crate) const KEY: &str = include_str!("../certificates/localhost.key");

/// A certificate for `shop.example.com` and `*.test.apigw.localhost`.
pub(crate) const SHOP_CERTIFICATE: &str = include_str!("../certificates/shop.crt");

/// Its key.
pub(crate) const SHOP_KEY: &str = include_str!("../certificates/shop.key");

/// Shakes hands, asking for a name, and returns the certificate that is shown; nothing where it is not for the name.
fn shown(address: &str, name: &str) -> Option<CertificateDer<'static>> {
    let mut roots = RootCertStore::empty();
    for certificate in [CERTIFICATE, SHOP_CERTIFICATE] {
        roots.add(CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate")).expect("a root");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let mut connection = ClientConnection::new(Arc::new(config), name).expect("a connection");
    let mut stream = TcpStream::connect(address).expect("a connection");
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).ok()?;
    }
    connection.peer_certificates()?.first().cloned().map(CertificateDer::into_owned)
}

fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")
}

/// Waits until a name is shown a certificate.
fn wait_for(address: &str, name: &str, certificate: &str) {
    let start = Instant::now();
    while shown(address, name) != Some(der(certificate)) {
        assert!(start.elapsed() < Duration::from_secs(10), "{name} is not shown its certificate");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn each_name_is_shown_the_certificate_that_was_issued_for_it() {
    let sandbox = Sandbox::petstore();
    for (place, text) in [("a.crt", CERTIFICATE), ("a.key", KEY), ("b.crt", SHOP_CERTIFICATE), ("b.key", SHOP_KEY)] {
        sandbox.write(place, text);
    }
    let pairs = "--tls-cert a.crt --tls-key a.key --tls-cert b.crt --tls-key b.key";
    let serving = Serving::start_with(
        &sandbox,
        &format!("serve --env test --listen https://127.0.0.1:0 --listen http://127.0.0.1:0 {pairs}"),
    );
    for (name, certificate) in [
        ("localhost", Some(CERTIFICATE)),
        ("api.example.com", Some(CERTIFICATE)),
        ("shop.example.com", Some(SHOP_CERTIFICATE)),
        ("petstore.test.apigw.localhost", Some(SHOP_CERTIFICATE)),
        // The first is shown, and this client does not take it.
        ("other.example.com", None),
    ] {
        assert_eq!(shown(&serving.address, name), certificate.map(der), "{name}");
    }
    let plain = serving.wait_to_hear("listening on http://");
    let plain = plain.split_once("://").expect("an address").1;
    assert!(TcpStream::connect(plain).is_ok());
    sandbox.run(&format!("serve --tls-cert a.crt --tls-key b.key --listen {plain}")).expect_exit(3);
    sandbox.run("serve --tls-cert a.crt --tls-cert b.crt --tls-key a.key").expect_exit(64);
}

#[test]
fn certificates_are_read_again_and_a_half_written_pair_is_not_shown() {
    let sandbox = Sandbox::petstore();
    sandbox.write("a.crt", CERTIFICATE);
    sandbox.write("a.key", KEY);
    let serving =
        Serving::start_with(&sandbox, "serve --env test --listen 127.0.0.1:0 --tls-cert a.crt --tls-key a.key");
    assert_eq!(shown(&serving.address, "localhost"), Some(der(CERTIFICATE)));
    sandbox.write("a.crt", SHOP_CERTIFICATE);
    serving.wait_to_hear("cannot be used");
    assert_eq!(shown(&serving.address, "localhost"), Some(der(CERTIFICATE)), "the previous one stays in use");
    sandbox.write("a.key", SHOP_KEY);
    wait_for(&serving.address, "shop.example.com", SHOP_CERTIFICATE);
    serving.wait_to_hear("certificates reloaded");
}
