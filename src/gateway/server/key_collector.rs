//! Writes how many requests each key has made, and why access has refused others.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder};
use prometheus_client::metrics::MetricType;

use crate::gateway::service::context::SharedContext;

/// The counts of keys and refusals.
pub(super) struct KeyCollector(pub(super) Arc<SharedContext>);

impl fmt::Debug for KeyCollector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyCollector")
    }
}

impl Collector for KeyCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "Requests by key and status class";
        let mut family = encoder.encode_descriptor("apigw_key_requests", help, None, MetricType::Counter)?;
        let mut written = Ok(());
        self.0.key_meters.for_each_key(|key, class, count| {
            if written.is_ok() {
                let labels = [("key", key.to_owned()), ("status", format!("{class}xx"))];
                written = family.encode_family(&labels).and_then(|metric| counter(metric, count));
            }
        });
        written?;
        let help = "Requests refused by access control, by reason";
        let mut family = encoder.encode_descriptor("apigw_access_refusals", help, None, MetricType::Counter)?;
        let mut written = Ok(());
        self.0.key_meters.for_each_refusal(|reason, count| {
            if written.is_ok() {
                written = family.encode_family(&[("reason", reason)]).and_then(|metric| counter(metric, count));
            }
        });
        written
    }
}

fn counter(mut metric: MetricEncoder<'_>, count: u64) -> Result<(), fmt::Error> {
    metric.encode_counter::<[(&str, &str); 0], u64, u64>(&count, None)
}
