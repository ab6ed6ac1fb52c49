//! The addresses that may call: a list of those that are allowed, another of those that are denied, and a map of both.
//!
//! nginx takes the longest network of a `geo` that an address lies in. A denied network wins over an allowed one inside
//! it, so that each list is a `geo` of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::{IpRange, IpRules};

/// The lists that steps name, with the numbers of their variables.
pub(super) struct AddressLists {
    lists: BTreeMap<String, usize>,
}

impl AddressLists {
    pub(super) const fn new() -> Self {
        Self { lists: BTreeMap::new() }
    }

    /// Writes the map of the condition that rules refuse the address, without the name of its variable.
    pub(super) fn refusal_map(&mut self, IpRules { allow, deny }: &IpRules) -> String {
        let allowed = self.number(allow, allow.is_empty());
        let denied = self.number(deny, false);
        format!(
            "map \"$apigw_addresses_{allowed}$apigw_addresses_{denied}\" $HERE {{\n        default 1;\n        10 0;\n    }}"
        )
    }

    fn number(&mut self, ranges: &[IpRange], has_all: bool) -> usize {
        let mut list = format!("        default {};\n", u8::from(has_all));
        for range in ranges {
            let _ = writeln!(list, "        {range} 1;");
        }
        let next = self.lists.len();
        *self.lists.entry(list).or_insert(next)
    }

    /// Writes the lists.
    pub(super) fn write(&self, text: &mut String) {
        for (list, number) in &self.lists {
            let _ = write!(text, "    geo $apigw_addresses_{number} {{\n{list}    }}\n");
        }
    }
}
