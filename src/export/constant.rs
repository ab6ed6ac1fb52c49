//! Constants: which of them count, and those that a target may not send as they are.

use super::length::is_short_name;
use super::table::ForwardAction;
use crate::model::{ParameterReference, is_reserved_for_gateway};
use crate::routes::{FixedParameter, RequestMapping};

/// Lists the constants that count: of those for one place, the last, as in `apigw serve`.
pub(super) fn last_constants<'m>(mappings: impl Iterator<Item = &'m RequestMapping>) -> Vec<&'m FixedParameter> {
    let mut constants: Vec<&FixedParameter> = Vec::new();
    for mapping in mappings.filter(|mapping| is_written(mapping)) {
        if let RequestMapping::Set(constant) = mapping {
            constants.retain(|known| known.to != constant.to);
            constants.push(constant);
        }
    }
    constants
}

/// True if a target writes a change of a request.
pub(super) fn is_written(mapping: &RequestMapping) -> bool {
    has_short_names(mapping) && is_sent(mapping)
}

/// True if no header of a change has a name that is too long for an export.
pub(super) fn has_short_names(mapping: &RequestMapping) -> bool {
    let is_short =
        |place: &ParameterReference| !matches!(place, ParameterReference::Header(name) if !is_short_name(name));
    match mapping {
        RequestMapping::Move(mapping) => is_short(&mapping.from) && is_short(&mapping.to),
        RequestMapping::Set(constant) => is_short(&constant.to),
    }
}

/// True unless it is a constant that the gateway does not send either.
pub(super) fn is_sent(mapping: &RequestMapping) -> bool {
    match mapping {
        RequestMapping::Move(_) => true,
        RequestMapping::Set(constant) => {
            !matches!(&constant.to, ParameterReference::Header(name) if is_reserved_for_gateway(name))
        }
    }
}

/// True if the settings write a header for a backend, its name in lower case, in the place of what a target tells
/// there.
pub(super) fn writes_header(action: &ForwardAction<'_>, name: &str) -> bool {
    let is_there = |place: &ParameterReference| matches!(place, ParameterReference::Header(written) if written == name);
    action.forward.mappings.iter().chain(&action.own.mappings).any(|mapping| match mapping {
        RequestMapping::Move(mapping) => is_there(&mapping.to),
        RequestMapping::Set(constant) => is_there(&constant.to),
    })
}

/// True if Kong takes a value as it is. It takes what begins with `$(`, or a line that begins with `#`, for a template.
pub(super) fn is_template(value: &str) -> bool {
    value.contains("$(") || value.lines().any(|line| line.starts_with('#'))
}

/// True if Kong would split a constant at another colon than the one between its name and its value.
pub(super) fn has_colon_of_kong(FixedParameter { to, value, .. }: &FixedParameter) -> bool {
    value.starts_with(':') || matches!(to, ParameterReference::Query(name) if name.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_constant_for_a_place_counts() {
        let set = |place: &str, value: &str| {
            let to = place.parse().expect("a place");
            RequestMapping::Set(FixedParameter { to, value: value.to_owned(), is_secret: false })
        };
        let mappings = [
            set("header.X-A", "1"),
            set("query.x-a", "2"),
            set("header.x-b", "3"),
            set("header.x-a", "4"),
            set(&format!("header.{}", "x".repeat(257)), "5"),
            set("header.X-Request-Id", "6"),
            set("header.x_forwarded_proto", "7"),
        ];
        let values: Vec<&str> =
            last_constants(mappings.iter()).iter().map(|constant| constant.value.as_str()).collect();
        assert_eq!(values, ["2", "3", "4"]);
    }

    #[test]
    fn templates_are_those_of_kong() {
        for (value, is_one) in
            [("a", false), ("a#b", false), ("$a", false), ("a$(b", true), ("#a", true), ("a\n#", true)]
        {
            assert_eq!(is_template(value), is_one, "{value}");
        }
    }
}
