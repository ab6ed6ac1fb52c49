//! The files of keys, owners and revocations: YAML of one shape, a line a field, with a checksum over it.
//!
//! No secret stands in them. One that somebody put there is found before anything else, and never shown.

use std::fmt::Write as _;

use super::super::error::{Error, NOT_AS_WRITTEN};
use super::super::quote::quoted;
use super::super::{own_yaml, settings};
use super::subject_place;
use crate::access::{
    AccessSubject, Grant, Key, OwnerGrants, PathForm, Revocation, Secret, SecretProof, SubjectRecord, SubjectState,
    TokenBinding, contains_clear_secret,
};
use crate::check::rules::access::{CLEAR_SECRET, KEY_FAULT};
use crate::check::rules::records::HAND_EDIT;
use crate::model::{Digest, Finding, Hint, Location, OperationId, OwnerName, RateLimits, SCHEMA, conflict_finding};

/// The last line of a file.
const END: &str = "...";
/// Names of fields into which people put a secret.
const SECRET_FIELDS: [&str; 8] =
    ["secret", "password", "private_key", "plain", "token", "hmac", "secret_key", "secret_access_key"];

/// The fewest bytes of a value that may be a secret: a shorter one is guessed.
const LONG_VALUE: usize = 16;

/// Writes the file of a subject that an operation made.
pub(super) fn render(state: &SubjectState, operation: &OperationId) -> String {
    let subject = state.subject();
    let mut text = format!("# The {subject}. Written by apigw, never by hand; no secret is in it.\nschema: {SCHEMA}\n");
    fields(&mut text, "", state);
    let _ = writeln!(text, "operation: \"{operation}\"");
    let checksum = checksum(&subject, &text);
    let _ = write!(text, "checksum: {checksum}\n{END}\n");
    text
}

fn checksum(subject: &AccessSubject, text: &str) -> Digest {
    Digest::of(format!("{}\n{text}", subject_place(subject)).as_bytes())
}

/// Writes the fields of a subject, as they stand in its file and in operations.
pub(super) fn fields(text: &mut String, indent: &str, state: &SubjectState) {
    match state {
        SubjectState::Key(key) => key_fields(text, indent, key),
        SubjectState::Owner(OwnerGrants { owner, grants }) => {
            let _ = writeln!(text, "{indent}owner: {}", quoted(owner.as_str()));
            grant_fields(text, indent, grants);
        }
        SubjectState::Revocation(Revocation { secret, key, time, by, why }) => {
            let _ = writeln!(text, "{indent}secret: \"{secret}\"\n{indent}key: {}", quoted(key.as_str()));
            let _ = writeln!(text, "{indent}time: \"{time}\"\n{indent}by: {}", quoted(by));
            let _ = writeln!(text, "{indent}why: {}", optional(why.as_deref()));
        }
    }
}

fn optional(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), quoted)
}

fn key_fields(text: &mut String, indent: &str, key: &Key) {
    let time = |time: Option<crate::model::Timestamp>| optional(time.map(|time| time.to_string()).as_deref());
    let _ = writeln!(text, "{indent}name: {}\n{indent}kind: {}", quoted(key.name.as_str()), key.kind);
    let _ = writeln!(text, "{indent}owner: {}", optional(key.owner.as_ref().map(OwnerName::as_str)));
    let _ = writeln!(text, "{indent}description: {}", optional(key.description.as_deref()));
    let _ = writeln!(text, "{indent}created: \"{}\"", key.created);
    let _ = writeln!(text, "{indent}not_before: {}\n{indent}expires: {}", time(key.not_before), time(key.expires));
    let signing = &key.signing;
    let path = if signing.path == PathForm::Sent { String::new() } else { format!(", path: {}", signing.path) };
    let (region, service) = (optional(signing.region.as_deref()), optional(signing.service.as_deref()));
    let _ = writeln!(text, "{indent}signing: {{region: {region}, service: {service}{path}}}");
    limit_field(text, indent, &key.limits);
    let _ = writeln!(text, "{indent}secrets:");
    for Secret { id, created, retires, proof } in &key.secrets {
        let _ = writeln!(text, "{indent}- id: \"{id}\"\n{indent}  created: \"{created}\"");
        if let Some(retires) = retires {
            let _ = writeln!(text, "{indent}  retires: \"{retires}\"");
        }
        let _ = match proof {
            SecretProof::Sha256(digest) => writeln!(text, "{indent}  sha256: {digest}"),
            SecretProof::Fingerprint(digest) => writeln!(text, "{indent}  fingerprint: {digest}"),
            SecretProof::PublicKey(key) => writeln!(text, "{indent}  public_key: {key}"),
            SecretProof::Token(TokenBinding { issuer, subject }) => {
                let (issuer, subject) = (quoted(issuer), quoted(subject));
                writeln!(text, "{indent}  issuer: {issuer}\n{indent}  subject: {subject}")
            }
        };
    }
    grant_fields(text, indent, &key.grants);
}

fn grant_fields(text: &mut String, indent: &str, grants: &[Grant]) {
    if grants.is_empty() {
        let _ = writeln!(text, "{indent}grants: []");
        return;
    }
    let _ = writeln!(text, "{indent}grants:");
    for Grant { id, group, environments, apis, limits, since, by } in grants {
        let environments: Vec<String> = environments.iter().map(|name| quoted(name.as_str())).collect();
        let _ = writeln!(text, "{indent}- id: \"{id}\"\n{indent}  group: {}", quoted(group.as_str()));
        let _ = writeln!(text, "{indent}  environments: [{}]", environments.join(", "));
        if !apis.is_empty() {
            let apis: Vec<String> = apis.iter().map(|api| quoted(api)).collect();
            let _ = writeln!(text, "{indent}  apis: [{}]", apis.join(", "));
        }
        limit_field(text, &format!("{indent}  "), limits);
        let _ = writeln!(text, "{indent}  since: \"{since}\"\n{indent}  by: {}", quoted(by));
    }
}

/// Writes limits, where there are some: files without any are older than limits.
fn limit_field(text: &mut String, indent: &str, limits: &RateLimits) {
    if !limits.is_empty() {
        let limits: Vec<String> = limits.iter().map(|limit| quoted(&limit.to_string())).collect();
        let _ = writeln!(text, "{indent}limits: [{}]", limits.join(", "));
    }
}

/// Reads the file of a subject.
///
/// # Errors
///
/// Fails with all that is wrong: a secret in clear, a conflict, a field that cannot be, an edit by hand.
pub(super) fn parse(place: &str, subject: &AccessSubject, text: &str) -> Result<SubjectRecord, Error> {
    let mut findings = match subject {
        AccessSubject::Secret(_) => Vec::new(),
        AccessSubject::Key(_) | AccessSubject::Owner(_) => clear_secrets(place, text),
    };
    let hint = || Hint::ResolveAccessConflict { subject: subject.typed() };
    findings.extend(conflict_finding(place, text).map(|finding| Finding { hint: hint(), ..finding }));
    if !findings.is_empty() {
        return Err(Error::Invalid(findings));
    }
    own_yaml::check_schema(place, text, SCHEMA)?;
    let lines: Vec<&str> = text.lines().collect();
    let edited = |line: usize| {
        let hint = format!("take it back, for example with `git checkout -- {place}`, and change it by command");
        Error::invalid(&HAND_EDIT, at(place, line), NOT_AS_WRITTEN.to_owned(), hint)
    };
    let count = lines.len();
    let tail = count.checked_sub(3).and_then(|from| lines.get(from..)).unwrap_or_default();
    let [operation, stated, END] = tail else {
        return Err(edited(count.max(1)));
    };
    let schema = format!("schema: {SCHEMA}");
    // Lines that are not the subject's own become comments, so that each of the others keeps its number.
    let own =
        |(index, line): (usize, &&str)| if **line == *schema || index + 3 >= count { "#" } else { *line }.to_owned();
    let body = lines.iter().enumerate().map(own).collect::<Vec<_>>().join("\n");
    let state = parse_fields(place, subject, &body).map_err(|error| match error {
        Error::Invalid(findings) => Error::Invalid(findings.into_iter().map(without_values).collect()),
        other => other,
    })?;
    if state.subject() != *subject {
        return Err(edited(1));
    }
    let faults = faults(place, text, &state);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let operation = operation.strip_prefix("operation: \"").and_then(|rest| rest.strip_suffix('"')?.parse().ok());
    let operation: OperationId = operation.ok_or_else(|| edited(count - 2))?;
    let expected = render(&state, &operation);
    if expected == text {
        return Ok(SubjectRecord { operation, state });
    }
    // The layout may be another apigw's; then the checksum says whether somebody changed it.
    let stated: Option<Digest> = stated.strip_prefix("checksum: ").and_then(|digest| digest.parse().ok());
    let before = text.split_once("\nchecksum: ").map_or(text, |(before, _)| before);
    let is_whole = stated == Some(checksum(subject, &format!("{before}\n"))) && text.ends_with(&format!("{END}\n"));
    if is_whole {
        return Ok(SubjectRecord { operation, state });
    }
    let differs = expected.lines().zip(text.lines()).take_while(|(one, other)| one == other).count();
    Err(edited(differs + 1))
}

fn parse_fields(place: &str, subject: &AccessSubject, body: &str) -> Result<SubjectState, Error> {
    // Refuses what costs a parser more than its size suggests, like each file of apigw's own.
    own_yaml::check_constructs(place, body)?;
    Ok(match subject {
        AccessSubject::Key(_) => SubjectState::Key(settings::yaml(place, body, "key")?),
        AccessSubject::Owner(_) => SubjectState::Owner(settings::yaml(place, body, "owner")?),
        AccessSubject::Secret(_) => SubjectState::Revocation(settings::yaml(place, body, "revocation")?),
    })
}

fn faults(place: &str, text: &str, state: &SubjectState) -> Vec<Finding> {
    let SubjectState::Key(key) = state else { return Vec::new() };
    let finding = |fault: crate::access::KeyFault| {
        let (id, number) = fault.place();
        let quoted_id = format!("\"{id}\"");
        let with_id = text.lines().enumerate().filter(|(_, line)| line.contains(&quoted_id) || line.ends_with(id));
        let lines: Vec<usize> = with_id.map(|(index, _)| index + 1).collect();
        let location = at(place, lines.get(number).or(lines.last()).copied().unwrap_or_default());
        let hint = format!("take it back, for example with `git checkout -- {place}`, and change the key by command");
        KEY_FAULT.finding(location, fault.to_string(), hint)
    };
    key.faults().into_iter().map(finding).collect()
}

fn clear_secrets(place: &str, text: &str) -> Vec<Finding> {
    let is_secret = |line: &str| {
        let field = line.trim_start_matches([' ', '-']).split(':').next().unwrap_or_default().trim_matches(['"', '\'']);
        SECRET_FIELDS.contains(&field) || contains_clear_secret(line)
    };
    let hint = "revoke the key and take the line out: whoever reads this file, or its past in Git, has the secret";
    let finding = |index: usize| CLEAR_SECRET.finding(at(place, index + 1), "a secret stands here in clear", hint);
    text.lines().enumerate().filter(|(_, line)| is_secret(line)).map(|(index, _)| finding(index)).collect()
}

/// Takes long values out of a finding: one that is no value of its field may be a secret that somebody put there.
fn without_values(finding: Finding) -> Finding {
    let is_of_value = |character: char| character.is_ascii_alphanumeric() || "_-+/=".contains(character);
    // In quotes, a value has other characters than these as well.
    let without_quoted = |text: String, quote: char| {
        let shown = |(number, part)| if number % 2 == 1 && str::len(part) >= LONG_VALUE { "…" } else { part };
        text.split(quote).enumerate().map(shown).collect::<Vec<_>>().join(quote.encode_utf8(&mut [0; 4]))
    };
    let unquoted = ['"', '`'].into_iter().fold(finding.message, without_quoted);
    let mut message = String::with_capacity(unquoted.len());
    for part in unquoted.split_inclusive(|character| !is_of_value(character)) {
        let word = part.trim_end_matches(|character| !is_of_value(character));
        let shown = if word.len() < LONG_VALUE { word } else { "…" };
        message.push_str(shown);
        message.push_str(&part[word.len()..]);
    }
    Finding { message, ..finding }
}

fn at(place: &str, line: usize) -> Location {
    Location { file: place.into(), line, column: usize::from(line > 0) }
}

#[cfg(test)]
mod tests;
