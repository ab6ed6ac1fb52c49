//! Rules over `forwarding` and `cors` in `group.yaml`.

use super::places::SettingsPlaces;
use super::rules::settings as rules;
use super::subject::{CheckedGroup, SigningKeyFault};
use crate::definition::{Definition, has_one_reading, parameter_names};
use crate::model::{
    ApiForwarding, ConstantParameter, Cors, Finding, Forwarding, ParameterMapping, ParameterReference, is_file_name,
    is_header_name, is_header_value,
};

pub(super) fn findings(subject: &CheckedGroup<'_>, places: &SettingsPlaces) -> Vec<Finding> {
    let Some(settings) = subject.settings else { return Vec::new() };
    let mut findings = constants(&settings.forwarding, places);
    findings.extend(caller_names(&settings.forwarding, places));
    findings.extend(tls(&settings.forwarding, places));
    findings.extend(missing_files(&settings.forwarding, subject.missing_secrets, places));
    findings.extend(signing_key(&settings.forwarding, subject.signing_fault, places));
    for (name, api) in &settings.forwarding.apis {
        findings.extend(path(name, api, subject.definition, settings.forwarding.encoded_slashes, places));
        findings.extend(nowhere(&["forwarding", "apis", name], &api.parameters, &api.constants, &[api], places));
    }
    let Forwarding { parameters, constants, apis, .. } = &settings.forwarding;
    let apis: Vec<&ApiForwarding> = apis.values().collect();
    findings.extend(nowhere(&["forwarding"], parameters, constants, &apis, places));
    if let Some(cors) = &settings.cors {
        findings.extend(origins(cors, places));
        findings.extend(cors_headers(cors, places));
    }
    findings
}

/// Finds constants that are not valid header values.
fn constants(forwarding: &Forwarding, places: &SettingsPlaces) -> Vec<Finding> {
    let own = forwarding.constants.iter().enumerate().map(|(index, constant)| (Vec::new(), index, constant));
    let of_apis = forwarding.apis.iter().flat_map(|(name, api)| {
        let constants = api.constants.iter().enumerate();
        constants.map(move |(index, constant)| (vec!["apis", name.as_str()], index, constant))
    });
    let unusable = own.chain(of_apis).filter(|(.., constant)| {
        matches!(constant.to, ParameterReference::Header(_)) && !is_header_value(&constant.value)
    });
    let finding = |(path, index, constant): (Vec<&str>, usize, &ConstantParameter)| {
        let index = index.to_string();
        let path = [&["forwarding"], path.as_slice(), &["constants", &index, "value"]].concat();
        let message = format!("the constant {} has control characters, which no header has", constant.to);
        rules::FORWARDING.finding(places.value(&path), message, "write it in one line")
    };
    unusable.map(finding).collect()
}

/// Finds parameters that would take the place of the name of the caller's key.
fn caller_names(forwarding: &Forwarding, places: &SettingsPlaces) -> Vec<Finding> {
    let mut lists: Vec<(Vec<&str>, &[ParameterMapping], &[ConstantParameter])> =
        vec![(vec!["forwarding"], &forwarding.parameters, &forwarding.constants)];
    let of_apis = forwarding.apis.iter();
    lists.extend(of_apis.map(|(name, api)| (vec!["forwarding", "apis", name], &*api.parameters, &*api.constants)));
    let mut findings = Vec::new();
    for (path, mappings, constants) in lists {
        let mapped = mappings.iter().enumerate().map(|(index, mapping)| ("parameters", index, &mapping.to));
        let constant = constants.iter().enumerate().map(|(index, constant)| ("constants", index, &constant.to));
        for (list, index, to) in mapped.chain(constant).filter(|(.., to)| to.names_caller()) {
            let place = places.value(&[path.as_slice(), &[list, &index.to_string(), "to"]].concat());
            let message = format!("{to} names the caller to backends, and only the gateway writes it");
            findings.push(rules::FORWARDING.finding(place, message, "take another name"));
        }
    }
    findings
}

/// Finds invalid file names of TLS settings, and a certificate or key without its counterpart.
fn tls(forwarding: &Forwarding, places: &SettingsPlaces) -> Vec<Finding> {
    let tls = &forwarding.tls;
    let mut findings = Vec::new();
    for (field, name) in tls.files().filter(|(_, name)| !is_file_name(name)) {
        let message = format!("{name:?} is not the name of a file");
        let hint = "put the file into .apigw/secrets on the machine of the gateway, and give its name alone";
        findings.push(rules::FORWARDING.finding(places.value(&["forwarding", "tls", field]), message, hint));
    }
    let (there, missing) = match (&tls.certificate, &tls.key) {
        (Some(_), None) => ("certificate", "key"),
        (None, Some(_)) => ("key", "certificate"),
        _ => return findings,
    };
    let message = format!("the client's {there} needs its {missing}");
    let hint = format!("add forwarding.tls.{missing}, or remove {there}");
    findings.push(rules::FORWARDING.finding(places.key(&["forwarding", "tls", there]), message, hint));
    findings
}

/// Finds files of TLS settings that are missing on this machine.
fn missing_files(forwarding: &Forwarding, missing: &[String], places: &SettingsPlaces) -> Vec<Finding> {
    let named = forwarding.tls.files().filter(|(_, name)| missing.iter().any(|missing| missing == name));
    let finding = |(field, name): (&str, &str)| {
        let message = format!("there is no file .apigw/secrets/{name} on this machine");
        let hint = format!("copy it to .apigw/secrets/{name} in the workspace on each machine that serves it");
        rules::TLS_FILE_MISSING.finding(places.value(&["forwarding", "tls", field]), message, hint)
    };
    named.map(finding).collect()
}

/// Finds a key that cannot sign requests to backends.
fn signing_key(forwarding: &Forwarding, fault: Option<SigningKeyFault>, places: &SettingsPlaces) -> Option<Finding> {
    let (signing, fault) = forwarding.sign.as_ref().zip(fault)?;
    let key = &signing.key;
    let (message, hint) = match fault {
        SigningKeyFault::Missing => {
            (format!("there is no key {key}"), "name a key of kind signature, or create this one")
        }
        SigningKeyFault::Unreadable => {
            (format!("the file of key {key} cannot be read"), "mend keys/NAME.yaml, or bring it back from Git")
        }
        SigningKeyFault::Kind(kind) => {
            (format!("key {key} is of kind {kind}, which signs nothing"), "name a key of kind signature")
        }
        SigningKeyFault::NoSharedSecret => (
            format!("key {key} has public keys alone, and {} signs with a shared secret", signing.scheme.as_str()),
            "name a key of kind signature that has a shared secret",
        ),
        SigningKeyFault::Revoked => {
            (format!("each secret of key {key} was revoked"), "rotate it, or name another key of kind signature")
        }
    };
    Some(rules::SIGNING_KEY.finding(places.value(&["forwarding", "sign", "key"]), message, hint))
}

/// Checks the path that an API has at its backend.
fn path(
    name: &str,
    api: &ApiForwarding,
    definition: Option<&Definition>,
    encoded_slashes: bool,
    places: &SettingsPlaces,
) -> Vec<Finding> {
    let Some(path) = &api.path else { return Vec::new() };
    let finding = |message: String, hint: String| {
        rules::FORWARDING.finding(places.value(&["forwarding", "apis", name, "path"]), message, hint)
    };
    if !path.starts_with('/') {
        return vec![finding(format!("the path {path:?} does not begin with a slash"), format!("write \"/{path}\""))];
    }
    if path.contains(char::is_control) {
        let message = format!("the path {path:?} has a control character, which backends refuse");
        return vec![finding(message, "write the path as the backend has it".to_owned())];
    }
    if !has_one_reading(path, encoded_slashes) {
        let message = format!("the path {path:?} has more than one reading, so that the gateway refuses each request");
        let hint = "write it without backslashes, empty segments, \".\" and \"..\", and other slashes as forwarding.encoded_slashes says";
        return vec![finding(message, hint.to_owned())];
    }
    let declared = definition.and_then(|definition| definition.apis.iter().find(|known| known.name() == name));
    let Some(declared) = declared else { return Vec::new() };
    let known: Vec<&str> = parameter_names(&declared.path)
        .into_iter()
        .map(|written| declared.path_parameter(written).map_or(written, |parameter| &parameter.name))
        .collect();
    let unknown = parameter_names(path).into_iter().filter(|name| !known.contains(name));
    let unknown = unknown.map(|unknown| {
        let message = format!("the path of {name} has no parameter {unknown:?}");
        let hint = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
        finding(message, hint)
    });
    unknown.collect()
}

/// Finds mappings and constants for a path parameter that no path at the backend has, so that they are dropped.
fn nowhere(
    at: &[&str],
    mappings: &[ParameterMapping],
    constants: &[ConstantParameter],
    apis: &[&ApiForwarding],
    places: &SettingsPlaces,
) -> Vec<Finding> {
    let mapped = mappings.iter().enumerate().map(|(index, mapping)| ("parameters", index, &mapping.to));
    let constant = constants.iter().enumerate().map(|(index, constant)| ("constants", index, &constant.to));
    let finding = |(list, index, to): (&str, usize, &ParameterReference)| {
        let ParameterReference::Path(name) = to else { return None };
        let mut paths = apis.iter().filter_map(|api| api.path.as_deref());
        if paths.any(|path| parameter_names(path).contains(&name.as_str())) {
            return None;
        }
        let place = places.value(&[at, &[list, &index.to_string(), "to"]].concat());
        let message = format!("no path at the backend has a parameter {name:?}");
        let hint = format!("set `path` in forwarding.apis to one with {{{name}}}");
        Some(rules::FORWARDING.finding(place, message, hint))
    };
    mapped.chain(constant).filter_map(finding).collect()
}

/// Finds origins that no browser sends (RFC 6454, section 6.1).
fn origins(cors: &Cors, places: &SettingsPlaces) -> Vec<Finding> {
    let is_origin = |text: &str| {
        let Some((scheme, host)) = text.split_once("://") else { return text == "*" || text == "null" };
        let plain = |part: &str| !part.is_empty() && !part.contains(|letter: char| letter.is_ascii_uppercase());
        plain(scheme) && plain(host) && host.is_ascii() && !host.contains(['/', '?', '#', '@', '*', ' '])
    };
    let unknown = cors.allow_origins.iter().enumerate().filter(|(_, origin)| !is_origin(origin));
    let finding = |(index, origin): (usize, &String)| {
        let message = format!("no browser sends the origin {origin:?}");
        let hint =
            "write it like \"https://shop.example\" or \"http://localhost:3000\", in lower case and without a path";
        rules::CORS_ORIGIN.finding(places.value(&["cors", "allow_origins", &index.to_string()]), message, hint)
    };
    unknown.map(finding).collect()
}

/// Finds names that no header has, and origins that can stand in none.
fn cors_headers(cors: &Cors, places: &SettingsPlaces) -> Vec<Finding> {
    let of_list = |field: &'static str, texts: &[String], is_valid: fn(&str) -> bool| {
        let invalid = texts.iter().enumerate().filter(|(_, text)| !is_valid(text));
        let finding = |(index, text): (usize, &String)| {
            let place = places.value(&["cors", field, &index.to_string()]);
            let message = format!("{text:?} cannot stand in a header");
            rules::CORS_HEADER.finding(place, message, "write one name in each entry, like \"X-Total\"")
        };
        invalid.map(finding).collect::<Vec<_>>()
    };
    [
        of_list("allow_origins", &cors.allow_origins, is_header_value),
        of_list("allow_headers", &cors.allow_headers, is_header_name),
        of_list("expose_headers", &cors.expose_headers, is_header_name),
    ]
    .concat()
}
