//! Manages which version of which API group is live in which environment, as plain files.
//!
//! # The map
//!
//! | part | what it is for |
//! |---|---|
//! | [`model`] | the nouns; parsed once, valid afterwards |
//! | [`definition`] | OpenAPI: read, resolve references, convert 2.0, list APIs, pick the constant result |
//! | [`check`] | rules over a workspace: all findings, each with its place |
//! | [`compare`] | two definitions: changes, each compatible or breaking |
//! | [`plan`] | a request and what is on disk become a [`plan::Plan`]; one file a verb |
//! | [`access`] | keys, grants, signatures: verify and sign; pure but for the clock it is given |
//! | [`workspace`] | the only reader and writer of files: layout, settings, edits, lock, commit, history, verify |
//! | [`snapshot`] | what is live at one moment, from files to a gateway |
//! | [`routes`] | what a gateway has to do for an environment, as plain data |
//! | [`share`] | documents and SDKs for callers, over one model of a definition's operations |
//! | [`export`] | routes as files for other gateways, and a report of all that those do otherwise |
//! | [`gateway`] | serves snapshots of what is live: the only asynchronous code; it touches no file |
//! | `spread` | work on many things, spread over the processors |
//! | `cli` | arguments, output, errors and exit codes; `cli/commands/` has one file a verb |
//!
//! # How a publish flows
//!
//! `apigw publish --env test --mock` goes in one direction: the arguments become a
//! [`plan::PublishRequest`]; [`plan::publish`] asks [`plan::Facts`] for what is on disk, lets
//! [`check`] look at what is to be published, and decides everything; the plan is shown;
//! [`workspace::Workspace::lock`] gives the value that can write, and its
//! [`commit`](workspace::LockGuard::commit) makes the plan what is live. A dry run is the same
//! way, stopped before the lock. Another verb is another request and one more file in `plan/`.
//!
//! # What always holds
//!
//! - `model` imports nothing of the project, and nothing imports `cli`.
//! - `access`, `model`, `definition`, `check`, `plan`, `routes`, `share` and `export` do no I/O and read no clock: time, user and what is
//!   on disk are handed to them.
//! - Only `workspace` touches files, and only a value that holds a lock writes.
//! - A plan is whole; committing makes no choice. Data goes to stdout, talk to stderr.
//!
//! `tests/tidy.rs` holds them.
//!
//! # Files on disk
//!
//! | file | written by |
//! |---|---|
//! | `apigw.toml`, `groups/<group>/group.yaml`, `groups/<group>/openapi.yaml` | people, and commands that change one value |
//! | `groups/<group>/versions/<x.y.z>/` | a freeze, once |
//! | `groups/<group>/versions/<x.y.z>.yaml` | a block or a deletion of that version, a line each |
//! | `deployments/<environment>.yaml` | each commit: renaming it into place is the commit |
//! | `history/<environment>/<id>.yaml` | each commit, before that rename |
//! | `keys/<name>.yaml`, `keys/owners/<owner>.yaml`, `keys/revoked/<id>.yaml` | each change of access: renaming it into place is the commit |
//! | `history/access/<id>.yaml` | each change of access, before that rename |
//! | `.apigw/` | the note of who holds the lock, temporary files and secrets of this machine; what each gateway that runs on it serves |

mod cli;
mod spread;

pub mod access;
pub mod check;
pub mod compare;
pub mod definition;
pub mod export;
pub mod gateway;
pub mod model;
pub mod plan;
pub mod routes;
pub mod share;
pub mod snapshot;
pub mod workspace;

pub use cli::{ProcessContext, complete, run};
