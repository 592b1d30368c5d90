//! `orgvault demo`: all of it on a made-up database.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use orgvault_api::{Archive, ExportRequest, Verification, client::Client, text::printable};
use serde::Serialize;
use tempfile::TempDir;

use crate::{
    console::{self, Options},
    demo::daemon::DemoDaemon,
    exit::{Exit, Failure},
    follow::{FollowedExports, follow},
    interrupt::Interrupts,
    lines::{Lines, paragraph},
    names::{self, NAME_WIDTH},
    output::{Output, remark},
    progress::Progress,
    session::Session,
    table::{Cell, Look, Table, Tone},
    units,
};

/// How many organizations the made-up database has.
const ORGANIZATIONS: usize = 3;

/// Whether to keep what was made.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Makes up a RyTask database, runs the orgvaultd beside this program on a temporary directory, exports three
organizations through its socket and verifies them. Needs no root, no network and no configuration.")]
pub(crate) struct Args {
    /// Keep the directory, and say where it is
    #[arg(long)]
    keep: bool,
}

/// The shape of `--json`.
#[derive(Debug, Serialize)]
struct DemoOutput {
    directory: PathBuf,
    kept: bool,
    exported: usize,
    verified: usize,
    archives: Vec<Archive>,
}

/// Makes, exports, verifies and cleans up.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let mut interrupts = Interrupts::listen()?;
    let folder = tempfile::Builder::new()
        .prefix("orgvault-demo-")
        .tempdir()
        .map_err(|error| Failure::caused("demo", "cannot make a temporary directory", &error))?;
    let directory = folder.path().to_owned();
    if !session.out.is_json() && console::has_terminal() {
        let left = explore(&directory, session).await;
        clean_up(folder, args.keep)?;
        return left;
    }
    let archives = show(&directory, &mut interrupts, session).await;
    clean_up(folder, args.keep)?;
    let archives = archives?;
    let verified = archives.iter().filter(|archive| is_whole(archive)).count();
    let shown = DemoOutput { directory, kept: args.keep, exported: archives.len(), verified, archives };
    session.out.show(&shown, |look| lines(&shown, look))?;
    let whole = (shown.exported, shown.verified) == (ORGANIZATIONS, ORGANIZATIONS);
    Ok(if whole { Exit::Ok } else { Exit::Failed })
}

async fn show(directory: &Path, interrupts: &mut Interrupts, session: &mut Session) -> Result<Vec<Archive>, Failure> {
    let daemon = DemoDaemon::start(directory).await?;
    let at = daemon.ready();
    session.out.lines(|_look| {
        format!(
            "a RyTask database of three organizations: {}\norgvaultd runs on it, its socket: {}\n\n",
            printable(&at.database.to_string_lossy()),
            printable(&at.socket.to_string_lossy()),
        )
    })?;
    let client = Client::new(at.socket.clone());
    // Ctrl-C ends the work and not the daemon, which then stops in good order.
    let work = async {
        tokio::select! {
            archives = export_and_verify(&client) => archives,
            () = interrupts.next() => Err(Failure::new(Exit::Canceled, "canceled", "cancelled")),
        }
    };
    daemon.during(work).await
}

/// On a terminal: the console on a daemon that is exporting.
async fn explore(directory: &Path, session: &mut Session) -> Result<Exit, Failure> {
    let daemon = DemoDaemon::start(directory).await?;
    let (client, schedule) = (Client::new(daemon.ready().socket.clone()), daemon.ready().schedule.clone());
    let (colour, clock) = (session.out.has_colour(), session.clock.clone());
    let work = async {
        client.run_schedule(&schedule).await?;
        let mut session = Session { client: client.clone(), host: None, out: Output::new(false, !colour), clock };
        console::run(&Options::default(), &mut session, !colour).await
    };
    daemon.during(work).await
}

async fn export_and_verify(client: &Client) -> Result<Vec<Archive>, Failure> {
    let request = ExportRequest { all: true, ..ExportRequest::default() };
    let mut followed = FollowedExports::new(client.start_exports(&request).await?);
    let mut progress = Progress::new(false);
    let followed_to_end = follow(client, &mut followed, Duration::from_secs(10), &mut progress).await;
    progress.finish();
    followed_to_end?;
    let mut archives = Vec::new();
    for export in followed.exports() {
        if let Some(error) = &export.error {
            remark(&format!(
                "{}: {}\n",
                printable(&names::organization(&export.organization)),
                paragraph(&error.message, 2)
            ));
            continue;
        }
        let verification = client.verify(export.gid).await?;
        archives.push(Archive { verified: Some(verification), ..client.archive(export.gid).await? });
    }
    Ok(archives)
}

fn clean_up(folder: TempDir, keep: bool) -> Result<(), Failure> {
    if keep {
        drop(folder.keep());
        return Ok(());
    }
    folder.close().map_err(|error| Failure::caused("demo", "cannot remove the temporary directory", &error))
}

fn is_whole(archive: &Archive) -> bool {
    archive.verified.as_ref().is_some_and(|verification| verification.ok)
}

fn lines(shown: &DemoOutput, look: Look) -> String {
    let mut table = Table::new(&[
        "ORGANIZATION",
        "NAME",
        ">WORK ITEMS",
        ">COMMENTS",
        ">TIME LOGS",
        ">ALL ROWS",
        ">SIZE",
        "VERIFIED",
        "PATH",
    ]);
    for archive in &shown.archives {
        table.row(row(archive));
    }
    let mut text = table.lines(look);
    for fault in shown.archives.iter().filter_map(|archive| archive.verified.as_ref()).flat_map(|found| &found.faults) {
        text.line(format_args!("  - {}", printable(fault)));
    }
    let directory = shown.directory.to_string_lossy();
    text.line("");
    if shown.kept {
        text.line(format_args!("kept: {}", printable(&directory)));
    } else {
        text.line(format_args!("removed: {} (`orgvault demo --keep` keeps it)", printable(&directory)));
    }
    text.line(format_args!("demo: {} exported, {} verified", shown.exported, shown.verified));
    text
}

fn row(archive: &Archive) -> [Cell; 9] {
    let rows = |name: &str| {
        let count = archive.counts.iter().find(|count| count.name == name);
        Cell::from(count.map(|count| units::number(count.rows)).unwrap_or_default())
    };
    [
        Cell::from(names::organization(&archive.organization)),
        Cell::cut(&archive.organization.name, NAME_WIDTH),
        rows("workItems"),
        rows("comments"),
        rows("timeLogs"),
        units::number(units::rows(&archive.counts)).into(),
        units::size(archive.bytes).into(),
        verified(archive.verified.as_ref()),
        Cell::from(&archive.path),
    ]
}

fn verified(verification: Option<&Verification>) -> Cell {
    match verification {
        Some(verification) if verification.ok => Cell::toned(Tone::Good, "ok"),
        Some(_) => Cell::toned(Tone::Bad, "failed"),
        None => Cell::from("-"),
    }
}
