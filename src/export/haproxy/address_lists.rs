//! The addresses that may call, as lists in files.
//!
//! HAProxy finds an IPv4 address in networks of IPv6 and takes some addresses of IPv6 (6to4) for those of IPv4 that are
//! in them, so that an address is held against the networks of its own family alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::files::ExportFile;
use crate::model::{Digest, IpRange, IpRules};

/// The condition that an address is one of IPv4, maybe written as IPv6.
const IS_IPV4: &str = "{ src -m reg '^(::ffff:)?[0-9.]+$' }";

/// The rules that steps name, with the files of their lists.
pub(super) struct AddressLists {
    /// The lines that decide on an address, with the number of their variable.
    rules: BTreeMap<String, usize>,
    lists: BTreeMap<String, String>,
}

impl AddressLists {
    pub(super) const fn new() -> Self {
        Self { rules: BTreeMap::new(), lists: BTreeMap::new() }
    }

    /// Returns the condition that rules refuse the address.
    pub(super) fn refusal_condition(&mut self, IpRules { allow, deny }: &IpRules) -> String {
        let mut lines = String::new();
        if allow.is_empty() {
            lines.push_str("    http-request set-var(txn.HERE) bool(true)\n");
        }
        for (ranges, rule) in [(allow, "set-var(txn.HERE) bool(true)"), (deny, "unset-var(txn.HERE)")] {
            for is_ipv4 in [true, false] {
                if let Some(list) = self.list(ranges, is_ipv4) {
                    let not = if is_ipv4 { "" } else { "!" };
                    let _ = writeln!(lines, "    http-request {rule} if {not}{IS_IPV4} {{ src -m ip -f {list} }}");
                }
            }
        }
        let next = self.rules.len();
        let number = self.rules.entry(lines).or_insert(next);
        format!("!{{ var(txn.admitted_{number}) -m found }}")
    }

    /// Notes the file of those of some networks that are of one family; `None` if there are none.
    fn list(&mut self, ranges: &[IpRange], is_ipv4: bool) -> Option<String> {
        let of_family = ranges.iter().filter(|range| range.address().is_ipv4() == is_ipv4);
        let lines: Vec<String> = of_family.map(ToString::to_string).collect();
        if lines.is_empty() {
            return None;
        }
        let text = lines.join("\n") + "\n";
        let name = format!("addresses/{}.lst", Digest::of(text.as_bytes()).short());
        self.lists.insert(name.clone(), text);
        Some(name)
    }

    /// Writes the rules that decide on addresses.
    pub(super) fn write(&self, text: &mut String) {
        for (lines, number) in &self.rules {
            text.push_str(&lines.replace("txn.HERE", &format!("txn.admitted_{number}")));
        }
    }

    /// Returns the files of the lists.
    pub(super) fn files(&self) -> Vec<ExportFile> {
        self.lists.iter().map(|(name, text)| ExportFile::new(name, text.clone(), false)).collect()
    }
}
