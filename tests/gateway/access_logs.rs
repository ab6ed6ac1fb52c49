//! The access log: the client that a proxy tells, and why one is refused by its address.

use std::sync::{Arc, Mutex};

use apigw::gateway::{AccessLog, AccessRecord, Config};
use apigw::model;

use super::client::get;
use super::snapshot::{config, pets, start};

/// Keeps the access records as JSON.
#[derive(Default)]
pub(crate) struct Records(pub(crate) Mutex<Vec<serde_json::Value>>);

impl Records {
    /// Waits for so many records, and returns the last of them.
    pub(crate) fn wait_for(&self, count: usize) -> serde_json::Value {
        loop {
            if let Some(record) = self.0.lock().expect("the records").get(count - 1) {
                return record.clone();
            }
            std::thread::yield_now();
        }
    }
}

impl AccessLog for Records {
    fn record(&self, record: &AccessRecord<'_>) {
        let record = serde_json::to_value(record).expect("a record");
        self.0.lock().expect("the records").push(record);
    }

    fn dropped(&self) -> u64 {
        7
    }
}

#[test]
fn the_log_has_the_caller_that_a_trusted_proxy_tells() {
    for (trusted, lines, client, is_proxied) in [
        ("127.0.0.0/8", "X-Forwarded-For: 203.0.113.9, 192.0.2.1\r\n", "192.0.2.1", true),
        ("127.0.0.0/8", "", "127.0.0.1:", false),
        ("127.0.0.0/8", "X-Forwarded-For: nobody\r\n", "127.0.0.1:", false),
        ("10.0.0.0/8", "X-Forwarded-For: 192.0.2.1\r\n", "127.0.0.1:", false),
    ] {
        let records = Arc::new(Records::default());
        let mut config = Config { access_log: Some(Arc::<Records>::clone(&records)), ..config() };
        config.trusted_proxies = vec![trusted.parse().expect("a range")];
        let gateway = start(config, &pets(model::Backend::Mock, ""));
        assert_eq!(get(gateway.addresses()[0], "/petstore/pets", lines).status, 200, "{lines}");
        let record = records.wait_for(1);
        let logged = record["client"].as_str().expect("a text");
        let is_client = if client.ends_with(':') { logged.starts_with(client) } else { logged == client };
        assert!(is_client, "{lines}: {record}");
        let proxy = record["proxy"].as_str().unwrap_or_default();
        assert_eq!(proxy.starts_with("127.0.0.1:"), is_proxied, "{lines}: {record}");
    }
}

#[test]
fn a_refusal_by_address_says_which_one_or_why_there_is_none() {
    let records = Arc::new(Records::default());
    let mut config = Config { access_log: Some(Arc::<Records>::clone(&records)), ..config() };
    config.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a range")];
    config.authorize = Some(([127, 0, 0, 1], 0).into());
    let gateway = start(config, &pets(model::Backend::Mock, "ip_rules: {allow: [192.0.2.0/24]}\n"));
    let (address, authorizer) = (gateway.addresses()[0], gateway.authorize_address().expect("a listener"));
    let cases = [
        (address, "", "the address 127.0.0.1 is not admitted by `ip_rules`"),
        (address, "X-Forwarded-For: 198.51.100.1\r\n", "the address 198.51.100.1 is not admitted by `ip_rules`"),
        (
            address,
            "X-Forwarded-For: 192.0.2.1, gar\"bage\r\n",
            "the client's address is not known, which `ip_rules` need: \"gar\\\"bage\" in X-Forwarded-For is not an address",
        ),
        (
            address,
            "X-Forwarded-For: \u{9b}ü\r\n",
            "the client's address is not known, which `ip_rules` need: \"\\u{9b}ü\" in X-Forwarded-For is not an address",
        ),
        (authorizer, "", "the client's address is not known, which `ip_rules` need: there is no X-Forwarded-For"),
    ];
    for (number, (address, lines, expected)) in cases.into_iter().enumerate() {
        let path = if address == authorizer { "/-/authorize/petstore/pets" } else { "/petstore/pets" };
        assert_eq!(get(address, path, lines).status, 403, "{lines}");
        assert_eq!(records.wait_for(number + 1)["error"], expected, "{lines}");
    }
}
