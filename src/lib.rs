//! Manages which version of which API group is live in which environment, as plain files.
//!
//! # The map
//!
//! | part | purpose |
//! |---|---|
//! | [`model`] | the nouns; parsed once, valid afterwards |
//! | [`definition`] | OpenAPI: read, resolve references, convert 2.0, list APIs, build mock responses |
//! | [`check`] | rules over a workspace: all findings, each with its location |
//! | [`compare`] | two definitions: changes, each compatible or breaking |
//! | [`plan`] | turns a request and the state on disk into a [`plan::Plan`]; one file for each verb |
//! | [`access`] | keys, grants, signatures: verify and sign; pure but for the clock it is given |
//! | [`workspace`] | the only reader and writer of files: layout, settings, edits, lock, commit, history, verify |
//! | [`snapshot`] | the live state at one moment, from files to a gateway |
//! | [`routes`] | the work of a gateway for an environment, as plain data |
//! | [`share`] | documents and SDKs for callers, over one model of a definition's operations |
//! | [`export`] | routes as files for other gateways, and a report of the differences |
//! | [`fleet`] | the nodes that follow an environment, and the response to each of their polls; pure, like `export` |
//! | [`gateway`] | serves snapshots of the live state: asynchronous, as is `store`, and nothing else; it touches no file |
//! | [`store`] | carries the live state to other machines, through an S3-compatible store, a folder or a web server |
//! | `spread` | parallel work over many items |
//! | `cli` | arguments, output, errors and exit codes; `cli/commands/` has a file or a folder for each verb |
//!
//! # Flow of a publish
//!
//! `apigw publish --env test --mock` goes in one direction: the arguments become a
//! [`plan::PublishRequest`]; [`plan::publish`] asks [`plan::Facts`] for the state on disk, lets
//! [`check`] validate the group, and decides everything; the plan is shown;
//! [`workspace::Workspace::lock`] gives the value that can write, and its
//! [`commit`](workspace::LockGuard::commit) puts the plan in force. A dry run takes the same
//! path and stops before the lock.
//!
//! # Flow of a proxied request
//!
//! `gateway::server`: `Worker::run` accepts a connection and `connection::serve` reads it with hyper.
//! `gateway::service`: `handle` takes a request; `Exchange::decide` checks its head (`request_head::check_head`), finds
//! its group (`find_path`) and calls `take_steps` (`match_api_of`, `check_address`, `check_access`,
//! `check_limits_of_head`, `check_body_size`). A request that needs its body or a backend goes on in `Exchange::wait`:
//! `admit` verifies a signed body, `receive_body` validates, and `forward_request` calls the backend.
//! `gateway::upstream`: `forward::forward` picks a target (`UpstreamCall::prepare`), leases a connection
//! (`pool::lease`) and exchanges messages in `http1`. `check_response` validates the response, `relay` streams its
//! body, and `Exchange::finish` adds headers and has it logged.
//!
//! # Where to begin
//!
//! | change | place |
//! |---|---|
//! | a new verb | `cli/commands/mod.rs` lists them; `cli/documents.rs` has the schema of its output; a file in `plan` if it commits |
//! | the target of a rollback | `plan/rollback.rs`, `release_before`; with `--to` `plan/past_state.rs` |
//! | the limit of a request's body | `gateway/service.rs`, `check_body_size`; of one without a length `gateway/request_body.rs` |
//! | the nonces of signed requests | `access/nonces.rs`, held by `gateway/access.rs` |
//! | the freeze of a version | `workspace/commit.rs`, `freeze_version` |
//! | the caller's side of `apigw call` | `gateway/call` |
//! | the served state | `gateway::compiled::CompiledSnapshot`, held by `SharedContext` in `gateway/service/context.rs` |
//! | a new export target | `export::target`: see [`export`] |
//! | a new rule of `check` | `check::rules`, and the file of `check` that reports it |
//! | a new setting of a group | `model::settings`, then `routes` for what a gateway does with it |
//! | a new kind of change | `compare::kinds` |
//! | the search of a page | `share/reference/templates/script.js`: it looks through the page, there is no index |
//!
//! # Invariants
//!
//! - `model` imports nothing of the project, and nothing imports `cli`.
//! - `access`, `model`, `definition`, `compare`, `check`, `plan`, `snapshot`, `routes`, `share`, `export` and `fleet`
//!   do no I/O and read no clock: time, user and the files are passed to them.
//! - Only `workspace` touches files.
//!
//! `tests/tidy.rs` holds these. Two more are held by types and by the tests of each verb: only a `LockGuard` writes
//! what a workspace has, and a plan is whole, so that committing makes no choice. Data goes to stdout, notes to stderr.
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
//! | `store/`, `workspace/` in a cache | `serve --from`: the objects of the last good state, and a workspace made of them |

mod cli;
mod spread;

pub mod access;
pub mod check;
pub mod compare;
pub mod definition;
pub mod export;
pub mod fleet;
pub mod gateway;
pub mod model;
pub mod plan;
pub mod routes;
pub mod share;
pub mod snapshot;
pub mod store;
pub mod workspace;

pub use cli::{ProcessContext, complete, run};
