//! The addresses that may call, as Envoy's filter for role-based access control has them.

use serde_json::{Value, json};

use super::protobuf::type_url;
use crate::model::{IpRange, IpRules};

/// The name of the filter, by which routes set it.
const FILTER: &str = "envoy.filters.http.rbac";

/// Writes the setting of a route that some addresses may call. The address is that of the connection: `X-Forwarded-For`
/// is the caller's to write.
pub(super) fn address_filter(rules: &IpRules) -> (String, Value) {
    let IpRules { allow, deny } = rules;
    let allowed = (!allow.is_empty()).then(|| any_of(allow));
    let denied = (!deny.is_empty()).then(|| json!({"not_id": any_of(deny)}));
    let ids: Vec<Value> = allowed.into_iter().chain(denied).collect();
    let policy = json!({"permissions": [{"any": true}], "principals": [{"and_ids": {"ids": ids}}]});
    let setting = json!({
        "@type": type_url("extensions.filters.http.rbac.v3.RBACPerRoute"),
        "rbac": {"rules": {"action": "ALLOW", "policies": {"addresses": policy}}},
    });
    (FILTER.to_owned(), setting)
}

fn any_of(ranges: &[IpRange]) -> Value {
    let id = |range: &IpRange| json!({"direct_remote_ip": {"address_prefix": range.address().to_string(), "prefix_len": range.prefix_length()}});
    json!({"or_ids": {"ids": ranges.iter().map(id).collect::<Vec<_>>()}})
}
