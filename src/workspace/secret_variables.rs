//! The variables that hold secrets of keys, which no program that is started gets to see.

use std::ffi::OsString;
use std::process::Command;

/// The beginning of their names, before the id of the secret.
pub(super) const SECRET_VARIABLE: &str = "APIGW_SECRET_";

/// Keeps the secrets in variables from a program that is about to be started.
pub(super) fn withhold_secrets(command: &mut Command) {
    let is_secret = |name: &OsString| name.as_encoded_bytes().starts_with(SECRET_VARIABLE.as_bytes());
    for name in std::env::vars_os().map(|(name, _)| name).filter(is_secret) {
        command.env_remove(name);
    }
}
