//! The key pair with which pushes are signed.

use std::path::Path;

use ring::rand::SystemRandom;

use crate::access::PrivateKey;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::views::{PushDocument, PushKeyView};
use crate::model::SCHEMA;
use crate::workspace::create_signing_key;

/// Makes a private key in a file of its own, and prints the public one.
pub(super) fn make_key(context: &Context<'_>, file: &Path) -> Result<Exit, CommandError> {
    let no_randomness = |_| CommandError::new("random", Exit::Failed, "the system has no randomness");
    let key = PrivateKey::generate(&SystemRandom::new()).map_err(no_randomness)?;
    create_signing_key(&context.folder().join(file), &key)?;
    let public_key = key.public().to_string();
    let view = PushKeyView { schema: SCHEMA, file: file.display().to_string(), public_key: public_key.clone() };
    context.output.data(&PushDocument::Key(view), || format!("{public_key}\n"))?;
    context.output.note(&format!(
        "{} has the private key: keep it secret, and give gateways the public one with `--public-key`",
        file.display()
    ));
    Ok(Exit::Done)
}
