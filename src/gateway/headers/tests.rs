use super::*;

fn headers(list: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        (HeaderName::try_from(*name).expect("a name"), HeaderValue::from_str(value).expect("a value"))
    };
    let mut headers = HeaderMap::new();
    for (name, value) in list.iter().map(pair) {
        headers.append(name, value);
    }
    headers
}

#[test]
fn blanks_are_spaces_and_tabs() {
    for (text, trimmed) in [(" \ta b\t ", "a b"), ("\u{c}a\u{b}", "\u{c}a\u{b}"), ("\r\na\u{a0}", "\r\na\u{a0}")] {
        assert_eq!(trim_blanks(text), trimmed, "{text:?}");
    }
}

#[test]
fn what_belongs_to_the_connection_is_removed() {
    let mut found = headers(&[
        ("connection", "close, X-Secret"),
        ("connection", "x-other"),
        // No client decides what a backend learns of it, not even where a proxy passes this on.
        ("connection", "x-apigw-key, X-Forwarded-For, forwarded,via"),
        ("x-apigw-key", "ci"),
        ("x-forwarded-for", "192.0.2.1"),
        ("forwarded", "for=192.0.2.1"),
        ("via", "1.1 edge"),
        ("x-secret", "1"),
        ("x-other", "2"),
        ("keep-alive", "timeout=5"),
        ("proxy-authorization", "Basic x"),
        ("te", "trailers"),
        ("upgrade", "h2c"),
        ("trailer", "x-sum"),
        ("x-kept", "3"),
    ]);
    strip_hop_by_hop(&mut found);
    let mut names: Vec<&str> = found.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["forwarded", "trailer", "via", "x-apigw-key", "x-forwarded-for", "x-kept"]);
}

#[test]
fn earlier_hops_are_believed_only_where_they_are_trusted() {
    let id = HeaderValue::from_static("7");
    let via = HeaderValue::from_static("1.1 apigw");
    let prefix = HeaderValue::from_static("/p");
    let hop = HopHeaders::new(([192, 0, 2, 1], 9).into(), true, "a.example");
    let forwarded = |trusted| ForwardedHeaders { prefix: &prefix, request_id: &id, trusted, written: &[], via: &via };
    let claimed = [
        ("x-forwarded-for", "198.51.100.1"),
        ("x_forwarded-for", "198.51.100.1"),
        ("x_apigw_key", "admin"),
        ("x-apigw_key", "admin"),
        ("content_length", "7"),
        ("x_mine", "kept"),
        ("x-forwarded-proto", "ftp"),
        ("x-request-id", "evil"),
        ("x-real-ip", "198.51.100.1"),
        ("x-forwarded-port", "9"),
        ("x-forwarded-ssl", "on"),
        ("x-forwarded-prefix", "/a/, /b"),
        ("x-forwarded-prefix", "/c"),
        ("expect", "100-continue"),
        ("content-length", "3"),
        ("cookie", "a=b"),
        ("cookie", "c=d"),
        ("host", "a.example"),
    ];
    let written = |trusted: bool| {
        let (mut head, mut sent) = (Vec::new(), headers(&claimed));
        if !trusted {
            strip_claims(&mut sent);
        }
        write_fields(&mut head, &sent, &hop, &forwarded(trusted));
        let text = String::from_utf8(head).expect("text");
        let lines: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(": ")).collect();
        assert_eq!(lines.len(), text.matches("\r\n").count(), "{text:?}");
        headers(&lines)
    };
    let found = written(false);
    assert_eq!(found["x-forwarded-for"], "192.0.2.1");
    assert_eq!(found["x-forwarded-proto"], "https");
    assert_eq!(found["x-forwarded-host"], "a.example");
    assert_eq!(found["x-forwarded-prefix"], "/p");
    assert_eq!(found["forwarded"], "for=192.0.2.1;host=\"a.example\";proto=https");
    assert_eq!((&found["via"], &found["x-request-id"]), (&via, &id));
    let not_believed = [
        "x_apigw_key",
        "x-apigw_key",
        "x_forwarded-for",
        "content_length",
        "x-real-ip",
        "x-forwarded-port",
        "x-forwarded-ssl",
    ];
    for name in not_believed.into_iter().chain(["host", "expect", "content-length"]) {
        assert!(!found.contains_key(name), "{name}");
    }
    assert!(found.iter().all(|(name, _)| found.get_all(name).iter().count() == 1), "{found:?}");
    assert_eq!(found["x_mine"], "kept");
    assert_eq!(found["cookie"], "a=b; c=d");
    let found = written(true);
    assert_eq!(found["x-forwarded-for"], "198.51.100.1, 192.0.2.1");
    assert_eq!(found["x-forwarded-proto"], "ftp");
    assert_eq!(found.get_all("x-forwarded-prefix").iter().collect::<Vec<_>>(), ["/a/b/c/p"]);
    assert_eq!(found["x-forwarded-host"], "a.example");
    assert_eq!(found["x-real-ip"], "198.51.100.1");
    assert_eq!(found["x-forwarded-ssl"], "on");
    assert!(!found.contains_key("x_forwarded-for"));
}

#[test]
fn no_trailer_frames_routes_or_says_whose_a_message_is() {
    for name in [
        "content-length",
        "host",
        "authorization",
        "cookie",
        "set-cookie",
        "forwarded",
        "via",
        "x-request-id",
        "x-apigw-key",
        "x_apigw_key",
        "x-forwarded-for",
        "x-real-ip",
        "transfer-encoding",
        "content-type",
        "content-encoding",
        "content-range",
        "range",
        "cache-control",
        "if-match",
        "max-forwards",
        "location",
        "access-control-allow-origin",
        "x_forwarded_for",
    ] {
        assert!(!is_trailer(&HeaderName::from_static(name)), "{name}");
    }
    for name in ["x-sum", "grpc-status", "content-digest", "repr-digest", "server-timing", "etag", "x_sum"] {
        assert!(is_trailer(&HeaderName::from_static(name)), "{name}");
    }
}

#[test]
fn a_caller_is_named_by_the_address_that_it_has() {
    for (peer, forwarded, client) in [
        ("[2001:db8::1]:9", "for=\"[2001:db8::1]\";host=\"a\";proto=http", "2001:db8::1"),
        ("[::ffff:192.0.2.1]:9", "for=192.0.2.1;host=\"a\";proto=http", "192.0.2.1"),
    ] {
        let hop = HopHeaders::new(peer.parse().expect("an address"), false, "a");
        assert_eq!((&*hop.forwarded, &*hop.client), (forwarded, client));
    }
}

#[test]
fn headers_with_underscores_are_dropped() {
    let value = HeaderValue::from_static("v");
    let hop = HopHeaders::new(([192, 0, 2, 1], 9).into(), false, "a");
    let forwarded = ForwardedHeaders { prefix: &value, request_id: &value, trusted: false, written: &[], via: &value };
    let mut head = Vec::new();
    let sent = headers(&[("transfer_encoding", "chunked"), ("x_request_id", "1"), ("x-note", "one")]);
    write_fields(&mut head, &sent, &hop, &forwarded);
    let text = String::from_utf8(head).expect("text");
    assert!(text.contains("x-note: one\r\n") && text.contains("x-request-id: v\r\n"), "{text}");
    assert!(!text.contains("cookie") && !text.contains('_'), "{text}");
}
