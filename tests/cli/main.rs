//! The command as a user meets it: whole commands in a folder of their own, with their exit codes.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so and fails")]

mod absence;
mod access;
mod access_branches;
mod access_load;
mod access_merges;
mod access_mistakes;
mod access_refusals;
mod access_unread;
mod authorizer;
mod back;
mod bad_input;
mod blocks;
mod call;
mod cases;
mod check;
mod clients;
mod compare;
mod complete;
mod conflict;
mod damage;
mod deleted;
mod docs;
mod docs_callers;
mod docs_followed;
mod documents;
mod elsewhere;
mod engines;
mod escapes;
mod examples;
mod export;
mod export_losses;
mod files;
mod first_release;
mod fleet;
mod hand_edits;
mod harness;
mod hostile;
mod ignored_state;
mod issuer;
mod issuer_keys;
mod json;
mod layout;
mod leftovers;
mod limits;
#[cfg(target_os = "linux")]
mod many_files;
#[cfg(target_os = "linux")]
mod missing_operations;
mod mistyped;
mod moved_base;
mod origins;
mod outputs;
mod page_samples;
mod plans;
mod prune;
mod push;
mod refused_diffs;
mod release;
mod renumbered;
mod repairs;
mod replays;
mod routes;
mod sdk;
mod sdk_calls;
mod secrets;
mod serve;
mod serving;
mod set_back;
#[cfg(target_os = "linux")]
mod signers;
mod terminal;
mod tls;
#[path = "../tools/mod.rs"]
mod tools;
mod tried;
mod views;
mod wait;
