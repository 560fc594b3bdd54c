//! `nac-supplicant`: the project's own EAP-TLS client, load generator and crypto floor.

use std::process::ExitCode;

fn main() -> ExitCode {
    nac_bench::cli::run()
}
