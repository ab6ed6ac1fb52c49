//! The environments that a command writes to a folder or a store: those to which something was published. One of which nothing
//! is known is none of them: files of before would be replaced by files about nothing.

use super::context::Context;
use super::error::CommandError;
use crate::model::EnvironmentName;

/// Returns the named environments, or all to which something was published where none is named.
///
/// # Errors
///
/// Fails where nothing was published to one of them, or to any.
pub(super) fn published_environments(
    context: &Context<'_>,
    named: &[String],
) -> Result<Vec<EnvironmentName>, CommandError> {
    let published = context.workspace()?.published_environments()?;
    if named.is_empty() {
        let nothing = || {
            CommandError::invalid("state", "nothing was published yet")
                .hint("publish a group: `apigw publish GROUP --env test`")
        };
        return if published.is_empty() { Err(nothing()) } else { Ok(published) };
    }
    let mut names = Vec::new();
    for text in named {
        let name = context.environment(text)?;
        if !published.contains(&name) {
            return Err(CommandError::invalid("state", format!("nothing was published to {name} yet"))
                .hint(format!("publish a group: `apigw publish GROUP --env {name}`")));
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}
