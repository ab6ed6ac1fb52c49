//! `apigw key limit`.

use super::{LimitArguments, confirm_use};
use crate::access::{AccessSubject, change};
use crate::cli::commands::access::commit;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::limits::{check_granted_limits, typed_limits};
use crate::cli::reason::ChangeReason;
use crate::cli::views::AccessChangeView;

pub(super) fn limit(context: &Context<'_>, arguments: &LimitArguments) -> Result<Exit, CommandError> {
    let author = context.author(&ChangeReason { message: arguments.message.clone(), allow_breaking: false })?;
    let limits = typed_limits(&arguments.limits)?;
    let guard = context.workspace()?.lock(&context.lock_request())?;
    let workspace = guard.workspace();
    let (key, before) = workspace.key(&arguments.name)?;
    check_granted_limits(workspace, &limits, &key.grants)?;
    if let Some(owner) = &key.owner {
        check_granted_limits(workspace, &limits, &workspace.owner_grants(owner)?.0.grants)?;
    }
    if let Some(operation) = change::limit((&key, &before), &limits, &author) {
        confirm_use(context, workspace, &key)?;
        return commit(context, &guard, operation);
    }
    let subject = AccessSubject::Key(arguments.name.clone()).to_string();
    let text = format!("{subject} already has these limits\n");
    let document = AccessChangeView::unchanged(subject, key.grants.clone());
    context.output.data(&document, || text)?;
    Ok(Exit::Done)
}
