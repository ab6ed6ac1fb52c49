//! The dates of signed requests that are ahead of the clock, kept over a restart.

use std::sync::Arc;

use crate::access::{EarlierDates, SignedDates};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::process::wall_clock;
use crate::workspace::Workspace;

/// Reads the dates of gateways before, and begins the journal of this one.
pub(super) fn begin_signed_dates(context: &Context<'_>, workspace: &Workspace) -> Result<SignedDates, CommandError> {
    let journal = workspace.signed_dates()?;
    let (earlier, error) = journal.begin(wall_clock());
    if let Some(error) = error {
        let refused = match earlier {
            EarlierDates::Unreadable => {
                "signed requests are refused until their dates are after the start by the tolerance"
            }
            _ => "signed requests that are dated ahead of the clock are refused",
        };
        context.output.warning(&format!("{refused}: {}", error.one_line()));
    }
    Ok(SignedDates { earlier, journal: Arc::new(journal) })
}
