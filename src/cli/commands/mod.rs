//! The commands: one file a verb, its arguments and its handler together.

mod access;
mod api;
mod apply;
mod call;
mod check;
mod completions;
mod diff;
mod docs;
mod export;
mod group;
mod help;
mod history;
mod init;
mod key;
mod man;
mod merge_driver;
mod node;
mod offline;
mod plan;
mod promote;
mod prune;
mod publish;
mod push;
mod resolve;
mod rollback;
mod routes;
mod schema;
mod sdk;
mod serve;
mod show;
mod sign;
mod status;
mod switch;
mod undo;
mod verify;
mod version;

use clap::Subcommand;

use super::command_kind::CommandKind;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::output::OutputFormat;

/// Every command, in the order in which a workspace comes to use them.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Init(init::InitArguments),
    #[command(subcommand)]
    Group(group::GroupCommand),
    #[command(subcommand)]
    Api(api::ApiCommand),
    #[command(subcommand)]
    Version(version::VersionCommand),
    Check(check::CheckArguments),
    Publish(publish::PublishArguments),
    Switch(switch::SwitchArguments),
    Offline(offline::OfflineArguments),
    Promote(promote::PromoteArguments),
    Rollback(rollback::RollbackArguments),
    Undo(undo::UndoArguments),
    Resolve(resolve::ResolveArguments),
    Plan(plan::PlanArguments),
    Apply(apply::ApplyArguments),
    Status(status::StatusArguments),
    History(history::HistoryArguments),
    Show(show::ShowArguments),
    Diff(diff::DiffArguments),
    Docs(docs::DocsArguments),
    MergeDriver(merge_driver::MergeDriverArguments),
    #[command(subcommand)]
    Key(key::KeyCommand),
    #[command(subcommand)]
    Access(access::AccessCommand),
    Sign(sign::SignArguments),
    Verify(verify::VerifyArguments),
    Prune(prune::PruneArguments),
    Serve(Box<serve::ServeArguments>),
    Routes(routes::RoutesArguments),
    Export(export::ExportArguments),
    Push(push::PushArguments),
    #[command(subcommand)]
    Node(node::NodeCommand),
    Call(call::CallArguments),
    Sdk(sdk::SdkArguments),
    Schema(schema::SchemaArguments),
    Completions(completions::CompletionsArguments),
    Man(man::ManArguments),
    Help(help::HelpArguments),
}

impl Command {
    /// Returns the properties that decide about its output and its options.
    pub(super) const fn kind(&self) -> CommandKind {
        let formats: &[OutputFormat] = match self {
            Self::Check(_) => &[
                OutputFormat::Table,
                OutputFormat::Json,
                OutputFormat::Yaml,
                OutputFormat::Github,
                OutputFormat::Sarif,
            ],
            Self::Diff(_) => &[
                OutputFormat::Table,
                OutputFormat::Json,
                OutputFormat::Yaml,
                OutputFormat::Github,
                OutputFormat::Markdown,
            ],
            _ => &[OutputFormat::Table, OutputFormat::Json, OutputFormat::Yaml],
        };
        CommandKind {
            formats,
            runs_on: matches!(self, Self::Serve(_)),
            writes_committed_files: self.writes_committed_files(),
        }
    }

    const fn writes_committed_files(&self) -> bool {
        match self {
            Self::Init(_)
            | Self::Group(_)
            | Self::Api(_)
            | Self::Version(_)
            | Self::Publish(_)
            | Self::Switch(_)
            | Self::Offline(_)
            | Self::Promote(_)
            | Self::Rollback(_)
            | Self::Undo(_)
            | Self::Resolve(_)
            | Self::MergeDriver(_)
            | Self::Apply(_)
            | Self::Key(_)
            | Self::Access(_)
            | Self::Verify(_)
            | Self::Prune(_) => true,
            Self::Check(_)
            | Self::Plan(_)
            | Self::Status(_)
            | Self::History(_)
            | Self::Show(_)
            | Self::Diff(_)
            | Self::Docs(_)
            | Self::Serve(_)
            | Self::Routes(_)
            | Self::Export(_)
            | Self::Push(_)
            | Self::Node(_)
            | Self::Call(_)
            | Self::Sign(_)
            | Self::Sdk(_)
            | Self::Schema(_)
            | Self::Completions(_)
            | Self::Man(_)
            | Self::Help(_) => false,
        }
    }

    /// Runs the command.
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Exit, CommandError> {
        match self {
            Self::Init(arguments) => init::run(context, arguments),
            Self::Group(command) => group::run(context, command),
            Self::Api(command) => api::run(context, command),
            Self::Version(command) => version::run(context, command),
            Self::Check(arguments) => check::run(context, arguments),
            Self::Publish(arguments) => publish::run(context, arguments),
            Self::Switch(arguments) => switch::run(context, arguments),
            Self::Offline(arguments) => offline::run(context, arguments),
            Self::Promote(arguments) => promote::run(context, arguments),
            Self::Rollback(arguments) => rollback::run(context, arguments),
            Self::Undo(arguments) => undo::run(context, arguments),
            Self::Resolve(arguments) => resolve::run(context, arguments),
            Self::Plan(arguments) => plan::run(context, arguments),
            Self::Apply(arguments) => apply::run(context, arguments),
            Self::Status(arguments) => status::run(context, arguments),
            Self::History(arguments) => history::run(context, arguments),
            Self::Show(arguments) => show::run(context, arguments),
            Self::Diff(arguments) => diff::run(context, arguments),
            Self::Docs(arguments) => docs::run(context, arguments),
            Self::MergeDriver(arguments) => merge_driver::run(context, arguments),
            Self::Key(command) => key::run(context, command),
            Self::Access(command) => access::run(context, command),
            Self::Sign(arguments) => sign::run(context, arguments),
            Self::Verify(arguments) => verify::run(context, arguments),
            Self::Prune(arguments) => prune::run(context, arguments),
            Self::Serve(arguments) => serve::run(context, arguments),
            Self::Routes(arguments) => routes::run(context, arguments),
            Self::Export(arguments) => export::run(context, arguments),
            Self::Push(arguments) => push::run(context, arguments),
            Self::Node(command) => node::run(context, command),
            Self::Call(arguments) => call::run(context, arguments),
            Self::Sdk(arguments) => sdk::run(context, arguments),
            Self::Schema(arguments) => schema::run(context, arguments),
            Self::Completions(arguments) => completions::run(context, arguments),
            Self::Man(arguments) => man::run(context, arguments),
            Self::Help(arguments) => help::run(context, arguments),
        }
    }
}
