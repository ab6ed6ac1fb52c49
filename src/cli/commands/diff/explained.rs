//! The kinds of changes, explained.

use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::table;
use crate::cli::views::{DiffDocument, KindView};
use crate::compare::{ChangeEffect, KINDS, Kind};
use crate::definition::ValueDirection;
use crate::model::{SCHEMA, nearest};

/// Explains a kind of change, or lists all of them.
pub(super) fn explain(context: &Context<'_>, name: &str) -> Result<Exit, CommandError> {
    match name {
        "list" => {
            let view = DiffDocument::Kinds { schema: SCHEMA, kinds: KINDS.iter().map(kind_view).collect() };
            let row = |kind: &Kind| {
                let breaks = |direction| if kind.effect.breaks(direction) { "break" } else { "keep working" };
                let (request, response) = (breaks(ValueDirection::Request), breaks(ValueDirection::Response));
                vec![kind.name.to_owned(), request.to_owned(), response.to_owned(), kind.explanation.to_owned()]
            };
            context.output.data(&view, || {
                table::render(&["KIND", "SENDERS", "READERS", "MEANING"], KINDS.iter().map(row), context.output.width)
            })?;
        }
        name => {
            let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else {
                let error = CommandError::invalid("unknown-kind", format!("there is no kind of change {name:?}"));
                return Err(match nearest(name, KINDS.iter().map(|kind| kind.name)) {
                    Some(near) => error.hint(format!("did you mean {near:?}?")),
                    None => error.hint("`apigw diff --explain list` lists them"),
                });
            };
            context.output.data(&DiffDocument::Kind { schema: SCHEMA, kind: kind_view(kind) }, || {
                let (name, meaning, effect) = (kind.name, kind.explanation, effect(kind.effect));
                let setting = format!(
                    "in apigw.toml, \"breaking\", \"warning\" or \"compatible\":\n  [changes]\n  {name} = \"warning\"\n"
                );
                format!("{name}\n\n{meaning}\n{effect}\n\n{setting}")
            })?;
        }
    }
    Ok(Exit::Done)
}

fn kind_view(kind: &Kind) -> KindView {
    KindView {
        kind: kind.name,
        explanation: kind.explanation,
        breaks_requests: kind.effect.breaks(ValueDirection::Request),
        breaks_responses: kind.effect.breaks(ValueDirection::Response),
    }
}

const fn effect(effect: ChangeEffect) -> &'static str {
    match effect {
        ChangeEffect::Breaks => "It breaks callers.",
        ChangeEffect::Warns => "No request is refused, but its meaning may change: bump the minor version.",
        ChangeEffect::Keeps => "Callers keep working: bump the minor version.",
        ChangeEffect::Describes => "Callers are not affected: bump the patch version.",
        ChangeEffect::Narrows => "Callers that send such a value break; callers that read one keep working.",
        ChangeEffect::Widens => "Callers that read such a value break; callers that send one keep working.",
        ChangeEffect::Replaces => "Callers that send or read such a value break.",
    }
}
