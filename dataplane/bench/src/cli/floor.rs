//! `nac-supplicant floor`.

use std::process::ExitCode;

use clap::Args;

use crate::floor::{FloorPlan, measure};

use super::{CliResult, print};

/// Arguments of `floor`.
#[derive(Debug, Args)]
pub(super) struct FloorArguments {
    /// Runs per set of operations; minimum and median are over runs.
    #[arg(long, default_value_t = 15)]
    runs: u32,
    /// Sets per run.
    #[arg(long, default_value_t = 200)]
    sets: u32,
}

/// Runs `floor`.
pub(super) fn run(arguments: &FloorArguments) -> CliResult<ExitCode> {
    let plan = FloorPlan { runs: arguments.runs, sets: arguments.sets };
    let sets = measure(plan).map_err(|_| "the cryptographic library refused an operation")?;
    print(&serde_json::to_string(&serde_json::json!({ "floor": sets }))?)?;
    Ok(ExitCode::SUCCESS)
}
