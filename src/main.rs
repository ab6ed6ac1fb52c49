//! The command `apigw`.

use std::process::ExitCode;

/// What a gateway does with a request is a few small pieces of memory, and what it does when a version is replaced is many:
/// it takes and gives back the former in half the time, and gives the latter back to the system.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    apigw::complete();
    ExitCode::from(apigw::run(&apigw::Process::capture()))
}
