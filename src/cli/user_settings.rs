//! The user's own settings, from the system's configuration folder.

use std::path::Path;

use super::error::CommandError;
use super::output::{ColorChoice, OutputFormat};
use crate::workspace::{self, read_outside};

/// The most bytes of the file that are read.
const LARGEST: u64 = 1 << 16;

/// A user's preferences in every workspace. Variables and flags win over them.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserSettings {
    pub(super) actor: Option<String>,
    pub(super) output: Option<OutputFormat>,
    pub(super) color: Option<ColorChoice>,
    pub(super) lock_timeout: Option<String>,
}

impl UserSettings {
    /// Reads `apigw/config.toml` below the configuration folder, where there is one.
    pub(super) fn read(folder: Option<&Path>) -> Result<Self, CommandError> {
        let Some(path) = folder.map(|folder| folder.join("apigw").join("config.toml")) else {
            return Ok(Self::default());
        };
        if !path.exists() {
            return Ok(Self::default());
        }
        let bytes = read_outside(&path, LARGEST).map_err(|error: workspace::Error| CommandError::from(error))?;
        let text = String::from_utf8_lossy(&bytes);
        toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
            CommandError::invalid("user-settings", format!("{}:{line}: {}", path.display(), error.message()))
                .hint("it can set actor, output, color and lock_timeout")
        })
    }
}
