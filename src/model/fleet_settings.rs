//! The settings of an environment's nodes.

use std::num::NonZeroU32;

use serde::Deserialize as _;

use super::lifetime::Lifetime;
use super::name::NodeName;

/// The nodes of an environment that follow a control plane.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FleetSettings {
    /// The names of the nodes that have to serve a change, beside those that have joined.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub nodes: Vec<NodeName>,
    /// The number of nodes that have to serve a change at least.
    #[serde(default, deserialize_with = "least_nodes")]
    #[schemars(range(min = 1, max = 300))]
    pub min: Option<NonZeroU32>,
    /// The time without a poll after which a node is forgotten that is not named, like `30m`; default: `1h`.
    #[serde(default, deserialize_with = "forget_after")]
    #[schemars(with = "Option<String>")]
    pub forget_after: Option<Lifetime>,
}

fn least_nodes<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<NonZeroU32>, D::Error> {
    let least = Option::<NonZeroU32>::deserialize(deserializer)?;
    let most = FleetSettings::MOST_NODES;
    if least.is_some_and(|least| least.get() as usize > most) {
        return Err(serde::de::Error::custom(format!("an environment has {most} nodes at most")));
    }
    Ok(least)
}

fn forget_after<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Lifetime>, D::Error> {
    let after = Option::<Lifetime>::deserialize(deserializer)?;
    if after.is_some_and(|after| after.milliseconds() == 0) {
        return Err(serde::de::Error::custom("nodes would be forgotten at once: give a time like 1h"));
    }
    Ok(after)
}

impl FleetSettings {
    /// The most nodes of an environment.
    pub const MOST_NODES: usize = 300;

    /// True if nodes are expected.
    #[must_use]
    pub const fn expects_nodes(&self) -> bool {
        !self.nodes.is_empty() || self.min.is_some()
    }

    /// Returns the time without a poll after which a node is forgotten, in milliseconds.
    #[must_use]
    pub fn forget_after_ms(&self) -> i64 {
        const HOUR: i64 = 3_600_000;
        self.forget_after.map_or(HOUR, Lifetime::milliseconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleet_can_have_as_many_nodes_and_be_remembered() {
        for (text, is_good) in [
            ("min = 300", true),
            ("min = 301", false),
            ("min = 0", false),
            ("forget_after = \"1s\"", true),
            ("forget_after = \"0s\"", false),
            ("forget_after = \"soon\"", false),
        ] {
            assert_eq!(toml::from_str::<FleetSettings>(text).is_ok(), is_good, "{text}");
        }
    }
}
