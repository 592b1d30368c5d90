//! `orgvault`, the console of `orgvaultd`.

mod args;
mod commands;
mod confirm;
mod console;
mod demo;
mod download;
mod exit;
mod follow;
mod interrupt;
mod lines;
mod names;
mod output;
mod progress;
mod session;
mod table;
mod tunnel;
mod units;

use std::process::ExitCode;

use crate::{
    args::Cli,
    exit::{Exit, Failure},
    session::Session,
    tunnel::Tunnel,
};

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let json = cli.json;
    let exit = run(cli).unwrap_or_else(|failure| {
        output::report(&failure, json);
        failure.exit
    });
    exit.into()
}

/// `--help` and `--version` are no errors; everything else is usage.
fn refuse(error: &clap::Error) -> ExitCode {
    let exit = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
    match error.print() {
        Ok(()) => exit.into(),
        Err(cause) if cause.kind() == std::io::ErrorKind::BrokenPipe => exit.into(),
        Err(_unprintable) => Exit::Failed.into(),
    }
}

fn run(cli: Cli) -> Result<Exit, Failure> {
    if cli.command.is_none() && !cli.console.plain && !console::has_terminal() {
        output::remark(&args::short_help());
        return Ok(Exit::Usage);
    }
    let tunnel = cli.host.as_deref().map(|host| Tunnel::open(host, &cli.socket)).transpose()?;
    let socket = tunnel.as_ref().map_or(cli.socket, Tunnel::socket);
    let mut session = Session::new(socket, cli.host, cli.json, cli.no_color);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::caused("runtime", "cannot start the threads of this program", &error))?;
    let result = match cli.command {
        Some(command) => runtime.block_on(commands::run(command, &mut session)),
        None => runtime.block_on(console::run(&cli.console, &mut session, cli.no_color)),
    };
    // A write to a pipe that nobody reads would otherwise keep the process here.
    runtime.shutdown_background();
    result
}
