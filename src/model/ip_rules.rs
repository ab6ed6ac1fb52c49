//! Rules for the addresses from which a group may be called (`ip_rules` in `group.yaml`).

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};
use serde::Deserializer;
use serde::de::{Error as _, MapAccess, Visitor};

use super::name::EnvironmentName;

/// A range of addresses: one, or a network in CIDR notation (RFC 4632).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpRange(IpNet);

/// Reason why a text is not a range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IpRangeError {
    /// It has another form.
    #[error("{0:?} is not a range of addresses: write it like 10.0.0.0/8, 2001:db8::/32 or 192.0.2.7")]
    Malformed(String),
    /// It names an address in the network, not the network.
    #[error("{text} has bits of a host: write {network} for the network, or {host} for the one address")]
    HostBits {
        /// The text as it was written.
        text: String,
        /// The network in which the address lies.
        network: IpNet,
        /// The address alone.
        host: IpAddr,
    },
}

impl IpRange {
    /// Returns the first address.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.0.addr()
    }

    /// Returns the number of bits that all its addresses share.
    #[must_use]
    pub fn prefix_length(&self) -> u8 {
        self.0.prefix_len()
    }

    /// True if an address lies in the range. An IPv4 address that is written as IPv6 is the same address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// Returns a range of IPv4 that is written as IPv6 (`::ffff:10.0.0.0/104`) as IPv4.
fn canonical(net: IpNet) -> IpNet {
    let IpNet::V6(six) = net else { return net };
    let four = six.addr().to_ipv4_mapped().zip(six.prefix_len().checked_sub(96));
    four.and_then(|(address, length)| Ipv4Net::new(address, length).ok()).map_or(net, IpNet::V4)
}

impl FromStr for IpRange {
    type Err = IpRangeError;

    fn from_str(text: &str) -> Result<Self, IpRangeError> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self(address.to_canonical().into()));
        }
        let malformed = |_| IpRangeError::Malformed(text.chars().take(100).collect());
        let net: IpNet = text.parse().map_err(malformed)?;
        if net.addr() != net.network() {
            return Err(IpRangeError::HostBits { text: text.to_owned(), network: net.trunc(), host: net.addr() });
        }
        Ok(Self(canonical(net)))
    }
}

impl From<IpAddr> for IpRange {
    fn from(address: IpAddr) -> Self {
        Self(address.to_canonical().into())
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl serde::Serialize for IpRange {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for IpRange {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The addresses that may call: none of `deny`, and of `allow` where that has any.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IpRules {
    /// The ranges that may call; empty, all that `deny` does not name.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub allow: Vec<IpRange>,
    /// The ranges that may not call, even where `allow` has them.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub deny: Vec<IpRange>,
}

impl IpRules {
    /// True if every address may call.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty()
    }

    /// True if an address may call.
    #[must_use]
    pub fn admits(&self, address: IpAddr) -> bool {
        let is_in = |ranges: &[IpRange]| ranges.iter().any(|range| range.contains(address));
        !is_in(&self.deny) && (self.allow.is_empty() || is_in(&self.allow))
    }
}

/// The rules of a group: for all environments, and in their place those of some.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupIpRules {
    /// The ranges that may call; empty, all that `deny` does not name.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub allow: Vec<IpRange>,
    /// The ranges that may not call, even where `allow` has them.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub deny: Vec<IpRange>,
    /// The rules of single environments, which replace the two lists above there.
    #[serde(default, deserialize_with = "by_environment")]
    #[schemars(with = "BTreeMap<String, IpRules>")]
    pub environments: BTreeMap<EnvironmentName, IpRules>,
}

/// Reads rules by the names of environments or their aliases; two names for one environment are refused.
fn by_environment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<EnvironmentName, IpRules>, D::Error> {
    struct EnvironmentMap;

    impl<'de> Visitor<'de> for EnvironmentMap {
        type Value = BTreeMap<EnvironmentName, IpRules>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a map of environments")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut rules = BTreeMap::new();
            while let Some(typed) = map.next_key::<String>()? {
                let name = EnvironmentName::from_input(&typed).map_err(A::Error::custom)?;
                if rules.contains_key(&name) {
                    return Err(A::Error::custom(format_args!(
                        "the rules of {name} are given twice, also as `{typed}`"
                    )));
                }
                rules.insert(name, map.next_value()?);
            }
            Ok(rules)
        }
    }

    deserializer.deserialize_map(EnvironmentMap)
}

impl GroupIpRules {
    /// Returns the rules in an environment.
    #[must_use]
    pub fn of_environment(&self, environment: &EnvironmentName) -> IpRules {
        let own = self.environments.get(environment).cloned();
        own.unwrap_or_else(|| IpRules { allow: self.allow.clone(), deny: self.deny.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_networks_or_one_address() {
        for (text, written) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("::1", "::1/128"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:10.0.0.1", "10.0.0.1/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(text.parse::<IpRange>().unwrap().to_string(), written);
        }
        for refused in ["", "10.0.0/8", "10.0.0.0/33", "::/129", "example.com", "10.0.0.0/", "10.0.0.0 /8", "10.0.0.01"]
        {
            assert!(matches!(refused.parse::<IpRange>(), Err(IpRangeError::Malformed(_))), "{refused}");
        }
        let error = "10.1.2.3/8".parse::<IpRange>().unwrap_err().to_string();
        assert_eq!(
            error,
            "10.1.2.3/8 has bits of a host: write 10.0.0.0/8 for the network, or 10.1.2.3 for the one address"
        );
    }

    #[test]
    fn denied_ranges_win_and_a_list_of_allowed_ones_is_whole() {
        let rules = |allow: &[&str], deny: &[&str]| IpRules {
            allow: allow.iter().map(|text| text.parse().unwrap()).collect(),
            deny: deny.iter().map(|text| text.parse().unwrap()).collect(),
        };
        for (allow, deny, address, expected) in [
            (&[][..], &[][..], "192.0.2.1", true),
            (&["10.0.0.0/8"], &[], "10.9.9.9", true),
            (&["10.0.0.0/8"], &[], "11.0.0.0", false),
            (&["10.0.0.0/8"], &["10.1.0.0/16"], "10.1.2.3", false),
            (&[], &["10.1.0.0/16"], "10.2.0.0", true),
            (&["10.0.0.0/8"], &[], "::ffff:10.0.0.1", true),
            (&["0.0.0.0/0"], &[], "::1", false),
            (&["::1"], &[], "::1", true),
        ] {
            assert_eq!(rules(allow, deny).admits(address.parse().unwrap()), expected, "{allow:?} {deny:?} {address}");
        }
    }

    #[test]
    fn an_environment_has_rules_in_the_place_of_the_groups() {
        let text = "{allow: [10.0.0.0/8], environments: {online: {deny: [192.0.2.7]}}}";
        let rules: GroupIpRules = serde_saphyr::from_str(text).unwrap();
        let of = |name: &str| rules.of_environment(&name.parse().unwrap());
        assert!(of("test").admits("10.0.0.1".parse().unwrap()) && !of("test").admits("192.0.2.8".parse().unwrap()));
        assert!(
            of("online").admits("192.0.2.8".parse().unwrap()) && !of("online").admits("192.0.2.7".parse().unwrap())
        );
    }

    #[test]
    fn an_alias_means_its_environment() {
        for (alias, name) in [("prod", "online"), ("release", "online"), ("staging", "pre-release"), ("qa", "qa")] {
            let text = format!("{{environments: {{{alias}: {{deny: [192.0.2.7]}}}}}}");
            let rules: GroupIpRules = serde_saphyr::from_str(&text).unwrap();
            assert!(!rules.of_environment(&name.parse().unwrap()).admits("192.0.2.7".parse().unwrap()), "{alias}");
        }
        let twice = "{environments: {prod: {deny: [192.0.2.7]}, online: {deny: []}}}";
        let error = serde_saphyr::from_str::<GroupIpRules>(twice).unwrap_err().to_string();
        assert!(error.contains("the rules of online are given twice"), "{error}");
    }
}
