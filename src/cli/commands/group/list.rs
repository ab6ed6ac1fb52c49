//! `apigw group list`.

use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::table::{self, CellColor, TableCell, TableLayout};
use crate::cli::views::{GroupListEntryView, GroupListView};
use crate::model::{EnvironmentName, GroupName, GroupSettings};
use crate::workspace;

pub(super) fn list(context: &Context<'_>) -> Result<Exit, CommandError> {
    let workspace = context.readable_workspace()?;
    let names = workspace.groups()?;
    let groups: Vec<_> = names.iter().map(|group| (group, workspace.group_settings(group))).collect();
    let entry = |(group, settings): &(&GroupName, Result<GroupSettings, workspace::Error>)| match settings {
        Ok(settings) => GroupListEntryView::Readable {
            group: (*group).clone(),
            version: settings.version.clone(),
            prefix: settings.prefix.clone(),
            auth: settings.auth.clone(),
            description: settings.description.clone(),
        },
        Err(error) => GroupListEntryView::Unreadable { group: (*group).clone(), problem: error.one_line() },
    };
    let gone = workspace.live_without_folder(&names);
    let missing = gone.iter().map(|(group, environments)| GroupListEntryView::Unreadable {
        group: group.clone(),
        problem: gone_text(environments),
    });
    let entries = groups.iter().map(entry).chain(missing).collect();
    let layout = TableLayout { width: context.output.width, color: context.output.color, unbroken: 1 };
    context.output.painted(&GroupListView::new(entries), || {
        if groups.is_empty() && gone.is_empty() {
            return context
                .output
                .located("no groups yet: create one with `apigw group import NAME FILE`\n")
                .into_owned();
        }
        let rows = groups.iter().map(|(group, settings)| match settings {
            Ok(settings) => {
                let description = settings.description.as_deref().unwrap_or_default();
                let (version, prefix) = (settings.version.to_string(), settings.prefix.to_string());
                vec![group.as_str().into(), version.into(), prefix.into(), description.into()]
            }
            Err(_) => vec![group.as_str().into(), TableCell::default().painted(CellColor::Red, "unreadable")],
        });
        let rows = rows.chain(
            gone.keys()
                .map(|group| vec![group.as_str().into(), TableCell::default().painted(CellColor::Red, "missing")]),
        );
        table::render(&["GROUP", "VERSION", "PREFIX", "DESCRIPTION"], rows, layout)
    })?;
    let unreadable: Vec<_> =
        groups.iter().filter_map(|(group, settings)| Some((group, settings.as_ref().err()?))).collect();
    for (group, error) in &unreadable {
        context.output.warning(&format!("{group}: {}", error.one_line()));
    }
    for (group, environments) in &gone {
        context.output.warning(&format!("{group}: {}", gone_text(environments)));
    }
    Ok(if unreadable.is_empty() { Exit::Done } else { Exit::Invalid })
}

fn gone_text(environments: &[EnvironmentName]) -> String {
    let names: Vec<&str> = environments.iter().map(EnvironmentName::as_str).collect();
    format!(
        "the folder of the group is gone, and it is live in {}; `apigw verify` says how to restore it",
        names.join(", ")
    )
}
