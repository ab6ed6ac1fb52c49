//! `apigw publish`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::change::{self, ChangeArguments, IfCurrent};
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::selection::GroupsArguments;
use crate::model::Version;
use crate::plan::{self, BackendChoice, BumpRequest, PublishRequest};
use crate::workspace::EntryEdits;

/// Publish groups to an environment: set version, backend and address
///
/// Without --version it publishes the version that the group's settings name. If it is not frozen yet, it is
/// frozen; if it is frozen and equals the working copy, it is used; if it differs, it is refused.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw publish petstore --env test --mock\n  apigw publish --all --env online --bump auto -m 'July release'"
)]
pub(in crate::cli) struct PublishArguments {
    #[command(flatten)]
    groups: GroupsArguments,
    /// The environment
    #[arg(long, value_name = "ENV", required = true, add = ArgValueCandidates::new(complete::environments))]
    env: String,
    /// The version to publish
    #[arg(long, value_name = "V", add = ArgValueCandidates::new(complete::versions))]
    version: Option<Version>,
    /// Bump the version first, if the working copy differs from every frozen one
    #[arg(long, value_name = "LEVEL", value_enum, conflicts_with = "version")]
    bump: Option<BumpName>,
    /// Publish as a mock: constant results of the definition, without authentication
    #[arg(long)]
    mock: bool,
    /// Backend address, instead of the one in the settings
    #[arg(long, value_name = "URL", conflicts_with = "mock")]
    backend: Option<String>,
    #[command(flatten)]
    if_current: IfCurrent,
    #[command(flatten)]
    change: ChangeArguments,
}

/// The part of a version to bump.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(in crate::cli) enum BumpName {
    /// The third number
    Patch,
    /// The second number
    Minor,
    /// The first number
    Major,
    /// By the difference from the newest frozen version, as `apigw diff` advises
    Auto,
}

impl From<BumpName> for BumpRequest {
    fn from(name: BumpName) -> Self {
        match name {
            BumpName::Patch => Self::Patch,
            BumpName::Minor => Self::Minor,
            BumpName::Major => Self::Major,
            BumpName::Auto => Self::Auto,
        }
    }
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &PublishArguments) -> Result<Exit, CommandError> {
    let environment = context.environment(&arguments.env)?;
    let request = PublishRequest {
        groups: arguments.groups.resolve(context)?,
        version: arguments.version.clone(),
        bump: arguments.bump.map(BumpRequest::from),
        backend: match (arguments.mock, &arguments.backend) {
            (true, _) => BackendChoice::Mock,
            (false, Some(address)) => BackendChoice::Address(address.clone()),
            (false, None) => BackendChoice::Settings,
        },
        if_current: arguments.if_current.resolve(context, &environment)?,
        environment,
    };
    change::run(
        context,
        &arguments.change,
        arguments.if_current.replan(),
        (&request.groups, EntryEdits::Refuse),
        |facts, author| plan::publish(&request, facts, author),
    )
}
