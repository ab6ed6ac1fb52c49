//! The environments that a command writes to a folder or a store: those to which something was published. One of which
//! nothing is known is none of them: files of before would be replaced by files about nothing.

use super::context::Context;
use super::error::CommandError;
use crate::model::EnvironmentName;

/// Returns the named environments, or all to which something was published where none is named. One to which nothing
/// was is left out beside others, with a note, unless `allow_empty`.
///
/// # Errors
///
/// Fails where nothing was published to any of them, unless `allow_empty` takes those that are named.
pub(super) fn published_environments(
    context: &Context<'_>,
    named: &[String],
    allow_empty: bool,
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
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if allow_empty {
        return Ok(names);
    }
    let (names, empty): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| published.contains(name));
    let Some(first) = empty.first().filter(|_| names.is_empty()) else {
        for name in empty {
            let note = format!("nothing was published to {name} yet, so it is left out; `--allow-empty` takes it in");
            context.output.note(&note);
        }
        return Ok(names);
    };
    let listed = empty.iter().map(EnvironmentName::as_str).collect::<Vec<_>>().join(" and ");
    Err(CommandError::invalid("state", format!("nothing was published to {listed} yet"))
        .hint(format!("publish a group: `apigw publish GROUP --env {first}`"))
        .hint("to write it empty: `--allow-empty`"))
}
