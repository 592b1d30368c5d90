//! `orgvaultd`, the daemon: arguments, configuration, logging, then [`orgvault_daemon::run`].

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use clap::{Args, Parser, Subcommand, ValueEnum};
use orgvault_api::{DemoReady, clock::Clock};
use orgvault_config::{Config, SecretUrl, Tls};
use orgvault_daemon::{
    api::document,
    define, demo,
    lifecycle::{Signals, Stop, follow_hangups, follow_signals, supervisor},
    logging, reap_orphans, run,
    settings::Settings,
};
use tokio::runtime::Runtime;

/// How long what still reads or writes files may hold up the end of the process.
const LAST_CHANCE: Duration = Duration::from_secs(2);

const CHECK_CONFIG_EXAMPLES: &str = "\
Examples:
  orgvaultd check-config
  orgvaultd check-config --config ./config.toml    before it is put into its place

Ends with 2 if anything is wrong, an undecided table of a definition too.";

const DEFINE_EXAMPLES: &str = "\
Examples:
  orgvaultd define 'postgres:///wiki?host=/run/postgresql' --tenant workspaces > wiki.toml
  orgvaultd define sqlite:///srv/app.db --tenant teams --update app.toml > new.toml

The draft goes to standard output, and what became of each table to standard error. Ends with 1
if the database cannot be read or TABLE cannot be the tenant table; undecided tables alone are 0.";

/// Exports each organization of a self-hosted app's database, read-only, as a verified archive.
#[derive(Debug, Parser)]
#[command(name = "orgvaultd", version)]
struct Arguments {
    /// The configuration file, for what needs one.
    #[arg(long, global = true, value_name = "FILE", default_value = "/etc/orgvault/config.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks the configuration and the product definitions, and says all that is wrong with them.
    ///
    /// Each fault has its file, its line and what to write instead. Connects to no database: `orgvault check` does.
    #[command(after_long_help = CHECK_CONFIG_EXAMPLES, after_help = CHECK_CONFIG_EXAMPLES)]
    CheckConfig,
    /// Drafts a product definition from a database, read-only, and prints it.
    ///
    /// Every table is classified: owned by one organization each row, shared by several, excluded with a reason, or
    /// undecided, which `orgvaultd check-config` refuses until somebody decides. Needs no configuration and no daemon.
    #[command(after_long_help = DEFINE_EXAMPLES, after_help = DEFINE_EXAMPLES)]
    Define(DefineArguments),
    /// Prints the `OpenAPI` document of the API.
    Openapi,
    /// Makes up a database in an empty directory and runs on it until standard input ends: what
    /// `orgvault demo` calls.
    #[command(hide = true)]
    Demo {
        /// The empty directory.
        directory: PathBuf,
    },
}

#[derive(Debug, Args)]
struct DefineArguments {
    /// The app's database, `postgres://..` or `sqlite:///FILE`. A password is better in ~/.pgpass than here.
    url: String,
    /// The table of which each row is an organization: `workspaces`, or `schema.workspaces`.
    #[arg(long, value_name = "TABLE")]
    tenant: String,
    /// The product's name; made from the database's without it.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Lines `table.column -> table.column`: links that the database does not tell.
    #[arg(long, value_name = "FILE")]
    links: Option<PathBuf>,
    /// A definition that is brought up to date after an upgrade of the app: it is printed with what is new and without what
    /// is gone, and otherwise as it is.
    #[arg(long, value_name = "FILE")]
    update: Option<PathBuf>,
    /// What TLS has to prove beyond this machine: as `tls` of a source.
    #[arg(long, value_enum, default_value_t = TlsArgument::VerifyFull)]
    tls: TlsArgument,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TlsArgument {
    /// The server's certificate and name.
    VerifyFull,
    /// Whatever the URL says.
    AsUrl,
}

/// `StateDirectory=` of the unit: where it may write without more.
const STATE_DIRECTORY: &str = "/var/lib/orgvault";

/// What is wrong with the command line or the configuration, as exit code.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    match command() {
        Ok(code) => code,
        Err(error) => complain(&format!("orgvaultd: {error:#}"), ExitCode::FAILURE),
    }
}

fn command() -> anyhow::Result<ExitCode> {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            error.print().context("cannot say how orgvaultd is called")?;
            return Ok(if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS });
        }
    };
    match arguments.command {
        Some(Command::Openapi) => print_document(),
        Some(Command::Define(arguments)) => draft(&arguments),
        Some(Command::Demo { directory }) => run_demo(&directory),
        Some(Command::CheckConfig) => {
            with_settings(&arguments.config, |settings| say_all_is_well(&arguments.config, &settings))
        }
        None => with_settings(&arguments.config, serve),
    }
}

fn print_document() -> anyhow::Result<ExitCode> {
    writeln!(io::stdout().lock(), "{}", document().to_pretty_json()?)?;
    Ok(ExitCode::SUCCESS)
}

/// The draft goes to standard output, and what it says in short to standard error.
fn draft(arguments: &DefineArguments) -> anyhow::Result<ExitCode> {
    let url = SecretUrl::new(arguments.url.clone());
    let (links, update) = match (read(arguments.links.as_deref()), read(arguments.update.as_deref())) {
        (Ok(links), Ok(update)) => (links, update),
        (Err(error), _) | (_, Err(error)) => {
            return Ok(complain(&format!("orgvaultd: {error:#}"), ExitCode::from(USAGE)));
        }
    };
    let date = Clock::system().now().format("%Y-%m-%d").to_string();
    let request = define::Request {
        url: &url,
        tls: match arguments.tls {
            TlsArgument::VerifyFull => Tls::VerifyFull,
            TlsArgument::AsUrl => Tls::AsUrl,
        },
        tenant: &arguments.tenant,
        name: arguments.name.as_deref(),
        links: links.as_ref().map(|(file, text)| (*file, text.as_str())),
        update: update.as_ref().map(|(file, text)| (*file, text.as_str())),
        date: &date,
    };
    let runtime = Runtime::new().context("cannot start the runtime")?;
    let drafted = runtime.block_on(define::define(&request));
    runtime.shutdown_timeout(LAST_CHANCE);
    let outcome = match drafted {
        Ok(outcome) => outcome,
        Err(error) => return Ok(complain(&format!("orgvaultd: {error}"), ExitCode::FAILURE)),
    };
    let mut output = io::stdout().lock();
    output.write_all(outcome.text.as_bytes()).and_then(|()| output.flush()).context("cannot write the draft")?;
    Ok(complain(outcome.summary.trim_end(), ExitCode::SUCCESS))
}

fn read(file: Option<&Path>) -> anyhow::Result<Option<(&Path, String)>> {
    let Some(file) = file else { return Ok(None) };
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(Some((file, text)))
}

/// Its first line is read by the caller; there is no log, which would be written over the console.
fn run_demo(directory: &Path) -> anyhow::Result<ExitCode> {
    let ready = |ready: &DemoReady| {
        let mut output = io::stdout().lock();
        writeln!(output, "{}", serde_json::to_string(ready)?)?;
        output.flush()
    };
    let runtime = Runtime::new().context("cannot start the runtime")?;
    let ran = runtime.block_on(demo::run(directory, Clock::system(), ready, tokio::io::stdin()));
    runtime.shutdown_timeout(LAST_CHANCE);
    Ok(ran.map(|()| ExitCode::SUCCESS)?)
}

fn with_settings(config: &Path, work: impl FnOnce(Settings) -> anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
    match Settings::load(config) {
        Ok(settings) => work(settings),
        Err(problems) => Ok(complain(problems.to_string().trim_end(), ExitCode::from(USAGE))),
    }
}

fn complain(text: &str, code: ExitCode) -> ExitCode {
    // Where standard error is closed, the exit code has to do.
    drop(writeln!(io::stderr().lock(), "{text}"));
    code
}

fn say_all_is_well(config: &Path, settings: &Settings) -> anyhow::Result<ExitCode> {
    let sources = settings.config.sources.len();
    let plural = if sources == 1 { "" } else { "s" };
    let mut output = io::stdout().lock();
    writeln!(output, "{}: ok, {sources} source{plural}", config.display())?;
    if let Some(lines) = drop_in(&settings.config) {
        write!(output, "{lines}")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What systemd has to be told where files are written that the unit does not know of.
fn drop_in(config: &Config) -> Option<String> {
    let mut paths: Vec<&Path> = vec![&config.daemon.archive_dir, &config.daemon.state_dir];
    paths.extend(config.metrics.textfile.as_deref().and_then(Path::parent));
    paths.retain(|path| !path.starts_with(STATE_DIRECTORY));
    paths.dedup();
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string().replace('%', "%%")).collect();
    (!paths.is_empty()).then(|| {
        format!(
            "The systemd unit lets orgvaultd write to {STATE_DIRECTORY} alone. Write these lines with \
             `systemctl edit orgvaultd`:\n\n[Service]\nReadWritePaths={}\n\n",
            paths.join(" ")
        )
    })
}

fn serve(settings: Settings) -> anyhow::Result<ExitCode> {
    logging::start(&settings.config.daemon)?;
    let runtime = Runtime::new().context("cannot start the runtime")?;
    let served = runtime.block_on(serve_until_stopped(settings));
    runtime.shutdown_timeout(LAST_CHANCE);
    served.map(|()| ExitCode::SUCCESS)
}

async fn serve_until_stopped(settings: Settings) -> anyhow::Result<()> {
    let Settings { config, products } = settings;
    let signals = Signals::catch().context("cannot catch signals")?;
    let stop = Stop::default();
    let timeout = config.daemon.stop_timeout;
    tokio::select! {
        ran = run(config, products, Clock::system(), stop.clone()) => Ok(ran?),
        never = follow_signals(signals, stop.clone(), timeout) => match never {},
        never = follow_hangups(Arc::clone(&stop.reload)) => match never.context("cannot catch SIGHUP")? {},
        never = supervisor::feed_watchdog() => match never {},
        never = reap_orphans() => match never.context("cannot reap processes")? {},
    }
}
