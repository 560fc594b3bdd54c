//! The command line of `nac-supplicant`.
//!
//! Exit codes: 0 accepted (or the load ran), 1 rejected (or something was wrong in a swarm), 2 no acceptable reply, 3 the server broke the protocol or a
//! file is wrong, 64 wrong usage.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod auth;
mod floor;
mod load;
mod server;
mod swarm;

/// RADIUS client with a real EAP-TLS peer inside.
#[derive(Debug, Parser)]
#[command(name = "nac-supplicant", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Authenticate one device and show what the server answered.
    Auth(Box<auth::AuthArguments>),
    /// Generate load and measure it; prints one JSON object.
    Load(Box<load::LoadArguments>),
    /// Run the days of many devices on many switches, and verify every answer; prints one JSON object.
    Swarm(Box<swarm::SwarmArguments>),
    /// Measure the bare cryptography of a handshake with the library in use; prints one JSON object.
    Floor(floor::FloorArguments),
}

/// Parses the arguments and runs the subcommand.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(message) => {
            let wrong_usage = message.use_stderr();
            // Nothing is left to do when the terminal is gone.
            let _ = message.print();
            return if wrong_usage { ExitCode::from(64) } else { ExitCode::SUCCESS };
        }
    };
    let outcome = match cli.command {
        Command::Auth(arguments) => auth::run(&arguments),
        Command::Load(arguments) => load::run(&arguments),
        Command::Swarm(arguments) => swarm::run(&arguments),
        Command::Floor(arguments) => floor::run(&arguments),
    };
    outcome.unwrap_or_else(|failure| {
        let _ = writeln!(io::stderr(), "nac-supplicant: {failure}");
        ExitCode::from(3)
    })
}

/// What a subcommand fails with: a sentence for the person at the keyboard.
type CliResult<T> = Result<T, Box<dyn std::error::Error>>;

fn print(text: &str) -> CliResult<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.write_all(b"\n")?;
    Ok(())
}
