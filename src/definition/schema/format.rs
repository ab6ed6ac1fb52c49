//! Formats of JSON Schema and the OpenAPI format registry, with sample values.

/// Returns a sample text of a format, a different one for each `variant`; `None` for an unknown format.
pub(super) fn text(format: &str, variant: usize) -> Option<String> {
    let day = variant % 28 + 1;
    let number = |empty: &str| if variant == 0 { empty.to_owned() } else { variant.to_string() };
    let name = number("");
    Some(match format {
        "date-time" => format!("2026-01-{day:02}T12:00:00Z"),
        "date" | "full-date" => format!("2026-01-{day:02}"),
        "time" => format!("12:00:{:02}Z", variant % 60),
        "duration" => format!("P{}D", variant + 1),
        "email" | "idn-email" => format!("user{name}@example.com"),
        "hostname" | "idn-hostname" | "domain" => format!("host{name}.example.com"),
        "ipv4" | "ip" | "ip-address" => format!("192.0.2.{}", variant % 254 + 1),
        "ipv6" => format!("2001:db8::{:x}", variant % 0xffff + 1),
        "uri" | "url" | "iri" => format!("https://example.com/{name}"),
        "uri-reference" | "iri-reference" | "uriref" | "json-pointer" => format!("/example{name}"),
        "uri-template" => format!("/example{name}/{{id}}"),
        "uuid" | "guid" => format!("00000000-0000-4000-8000-{:012x}", variant + 1),
        "relative-json-pointer" => format!("{variant}"),
        "regex" => format!("^example{name}$"),
        "byte" | "base64" | "base64url" => ["c3RyaW5n", "ZXhhbXBs", "YXBpZ3cx"].get(variant)?.to_string(),
        "password" => format!("password{name}"),
        "char" => char::from_digit(u32::try_from(variant % 26).ok()? + 10, 36)?.to_string(),
        "int32" | "int64" | "unixtime" | "decimal" => variant.to_string(),
        "json" => "{}".to_owned(),
        "html" => format!("<p>{}</p>", if variant == 0 { "string" } else { &name }),
        _ => return None,
    })
}

/// Returns further sample texts of a format, in other ways of writing and with other contents, for patterns and lengths
/// that the usual one does not fit.
pub(super) fn other_texts(format: &str) -> Vec<String> {
    let texts: &[&str] = match format {
        "date-time" | "time" => {
            let dates: &[&str] = if format == "time" { &[""] } else { &["2026-01-01T", "1999-12-31T", "2030-06-15T"] };
            let fractions = ["", ".000", ".000000", ".0", ".000000000"];
            let zones = ["Z", "+00:00", "+02:00", "-05:00"];
            let with_zone = |start: String| zones.iter().map(move |zone| format!("{start}{zone}"));
            let times = ["12:00:00", "09:30:00", "23:59:59"];
            let starts = dates.iter().flat_map(|date| times.iter().map(move |time| format!("{date}{time}")));
            let starts = starts.flat_map(|start| fractions.iter().map(move |fraction| format!("{start}{fraction}")));
            return starts.flat_map(with_zone).collect();
        }
        "date" | "full-date" => &["2026-12-31", "1999-12-31", "2030-06-15"],
        "duration" => &["PT1H", "P1W", "P1Y", "P1M", "PT30M", "P1DT2H", "P1DT2H3M4S", "P1Y2M3DT4H5M6S"],
        "email" | "idn-email" => &["first.last@example.com", "USER@EXAMPLE.COM", "user+tag@example.com"],
        "hostname" | "idn-hostname" | "domain" => &["example.com", "host-1.example.com", "localhost"],
        "ipv4" | "ip" | "ip-address" => &["10.0.0.1", "127.0.0.1", "172.16.0.1", "192.168.100.100"],
        "ipv6" => &["fe80::1", "::1", "2001:0db8:0000:0000:0000:0000:0000:0001", "::ffff:192.0.2.1"],
        "uri" | "url" | "iri" => &["http://example.com/", "urn:example:name", "mailto:user@example.com"],
        "uri-reference" | "iri-reference" | "uriref" => &["https://example.com/", "example", "#example"],
        "uuid" | "guid" => &["123E4567-E89B-42D3-A456-426614174000", "f47ac10b-58cc-4372-a567-0e02b2c3d479"],
        _ => &[],
    };
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Returns a particularly short sample text of a format, if any.
pub(super) fn short_text(format: &str) -> Option<&'static str> {
    Some(match format {
        "email" | "idn-email" => "a@b.co",
        "hostname" | "idn-hostname" | "domain" => "a.co",
        "uri" | "url" | "iri" => "a:b",
        "uri-reference" | "iri-reference" | "uriref" | "uri-template" | "json-pointer" => "/a",
        "ipv4" | "ip" | "ip-address" => "1.1.1.1",
        "ipv6" => "::1",
        "byte" | "base64" | "base64url" => "YQ==",
        "regex" | "password" => "a",
        _ => return None,
    })
}

/// Lengthens a text of a format, if the format allows it.
pub(super) fn lengthened(format: &str, text: &str, missing: usize) -> Option<String> {
    let letters = |count: usize| "a".repeat(count);
    Some(match format {
        "uri" | "url" | "iri" | "uri-reference" | "iri-reference" | "uriref" | "uri-template" | "json-pointer"
        | "password" => format!("{text}{}", letters(missing)),
        "email" | "idn-email" if missing <= 50 => format!("{}{text}", letters(missing)),
        "email" | "idn-email" | "hostname" | "idn-hostname" | "domain" => {
            let labels = (letters(49) + ".").repeat(missing.div_ceil(50));
            match text.split_once('@') {
                Some((user, host)) => format!("{user}@{labels}{host}"),
                None => format!("{labels}{text}"),
            }
        }
        "byte" | "base64" | "base64url" => format!("{}{text}", letters(missing.div_ceil(4) * 4)),
        "date-time" => {
            let start = text.strip_suffix('Z')?;
            format!("{start}.{}Z", "0".repeat(missing.saturating_sub(1).max(1)))
        }
        _ => return None,
    })
}
