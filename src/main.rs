//! The command `apigw`.

use std::process::ExitCode;

fn main() -> ExitCode {
    apigw::complete();
    ExitCode::from(apigw::run(&apigw::Process::capture()))
}
