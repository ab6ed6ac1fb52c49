//! The private key with which pushes are signed: a file of its own that nobody else can read, and Git does not see.

use std::path::Path;

use super::super::error::Error;
use super::super::git::is_hidden_from_git;
use super::super::own_places::require_foreign;
use super::secrets::{create_private, read_secret};
use crate::access::PrivateKey;
use crate::check::rules::access::SECRET_PLACE;
use crate::check::rules::settings::SIGNING_KEY;
use crate::model::Location;

/// Reads the key from its file.
///
/// # Errors
///
/// Refuses a file that others can read, or that Git would see.
pub fn read_signing_key(path: &Path) -> Result<PrivateKey, Error> {
    let place = || Location::file(path.display().to_string());
    let secret = read_secret(path, true)?;
    let Some(secret) = secret else {
        let message = "there is no such file".to_owned();
        return Err(Error::invalid(&SIGNING_KEY, place(), message, "name the file of a private key"));
    };
    check_place(path)?;
    secret.private_key().ok_or_else(|| {
        let message = "this is not an Ed25519 private key (PEM, `BEGIN PRIVATE KEY`)".to_owned();
        Error::invalid(&SIGNING_KEY, place(), message, "`openssl genpkey -algorithm ed25519` makes one too")
    })
}

/// Writes a new key into a file of its own; durable when this returns.
///
/// # Errors
///
/// Refuses a file that is there already, and a place that Git would see.
pub fn create_signing_key(path: &Path, key: &PrivateKey) -> Result<(), Error> {
    require_foreign(path)?;
    check_place(path)?;
    create_private(path, &format!("{}\n", key.reveal()))
}

fn check_place(path: &Path) -> Result<(), Error> {
    if is_hidden_from_git(path) {
        return Ok(());
    }
    let message = "Git would see a private key in this place".to_owned();
    let location = Location::file(path.display().to_string());
    Err(Error::invalid(&SECRET_PLACE, location, message, "name a file outside of the repository and the workspace"))
}
