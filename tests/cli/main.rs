//! The command as a user meets it: whole commands in a folder of their own, with their exit codes.

mod bad_input;
mod harness;
mod json;
mod plans;
mod readme;
mod release;
