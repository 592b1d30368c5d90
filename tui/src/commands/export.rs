//! `orgvault export`: asks for exports, and with `--wait` follows them to their end.

mod result;

use std::time::Duration;

use orgvault_api::{
    Archive, Export, ExportRequest, Exports, Format, SourceFailure, State,
    client::{Client, ClientError},
};
use serde::Serialize;

use crate::{
    commands::orgs::failure_lines,
    download::{self, Destination, Out},
    exit::{Exit, Failure},
    follow::{FollowedExports, follow},
    interrupt::Interrupts,
    output::remark,
    progress::Progress,
    session::Session,
};

/// What to export, how, and whether to wait for it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  orgvault export acme                                  prints the gid and returns
  orgvault export acme globex --format json --wait      follows both and prints their results
  orgvault export --all --gzip --wait                   every organization of every source
  orgvault export acme --out acme.json                  waits, and copies the archive to a file
  orgvault export acme --format csv --entity time-logs --out - | head

ORG is a slug, an id, `source/slug` or `source/kind/slug`. Every archive also stays in the daemon's
archive directory. Ctrl-C cancels what this command asked for and ends with 130. Ends with 1 if the
export failed, and with 3 if some of several did.")]
#[expect(clippy::struct_excessive_bools, reason = "each is one option of the command line")]
pub(crate) struct Args {
    /// The organizations
    #[arg(value_name = "ORG", required_unless_present = "all", conflicts_with = "all")]
    organizations: Vec<String>,
    /// Every organization
    #[arg(long)]
    all: bool,
    /// With --all: only those of this source
    #[arg(long, requires = "all", conflicts_with = "organizations")]
    source: Option<String>,
    /// With --all: the soft-deleted ones too
    #[arg(long, requires = "all", conflicts_with = "organizations")]
    deleted: bool,
    /// How it is written: json, csv, zip, seed or seed-events; may be repeated (the product's default without it)
    #[arg(long = "format", value_name = "FORMAT", value_delimiter = ',')]
    formats: Vec<Format>,
    /// For csv: only this entity (without it, one archive for each)
    #[arg(long)]
    entity: Option<String>,
    /// Compress with gzip
    #[arg(long)]
    gzip: bool,
    /// For seed, seed-events and solidtime's zip: leave out or mend what the app's own importer refuses, with warnings
    #[arg(long)]
    importable: bool,
    /// Follow the exports until they are finished
    #[arg(long)]
    wait: bool,
    /// With --wait: how long a daemon that does not answer is waited for
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,
    /// Wait, and copy the one archive to FILE, or to standard output with `-`
    #[arg(long, value_name = "FILE|-")]
    out: Option<Out>,
}

/// The shape of `--json` with `--wait`.
#[derive(Debug, Serialize)]
struct ExportOutput {
    exports: Vec<Export>,
    archives: Vec<Archive>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<SourceFailure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<String>,
}

/// Asks for the exports, and does what `--wait` and `--out` say.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    if args.out == Some(Out::Stdout) {
        session.out.divert();
    }
    match &args.out {
        Some(out) => copy_out(args, out, session).await,
        None if args.wait => wait(args, session).await,
        None => {
            let exports = session.client.start_exports(&request(args)).await?;
            session.out.show(&exports, |_look| result::gids(&exports.exports))?;
            remark(&failure_lines(&exports.failures));
            Ok(if exports.failures.is_empty() { Exit::Ok } else { Exit::Incomplete })
        }
    }
}

async fn wait(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let mut interrupts = Interrupts::listen()?;
    let mut followed = FollowedExports::new(start(args, session, &mut interrupts).await?);
    finish(args, &mut followed, session, &mut interrupts).await?;
    let archives = archives(&session.client, followed.exports()).await?;
    show(&followed, archives, None, session)?;
    Ok(result::exit(&followed))
}

async fn copy_out(args: &Args, out: &Out, session: &mut Session) -> Result<Exit, Failure> {
    one_archive(args)?;
    download::refuse_terminal(out, args.formats.first().copied(), args.gzip)?;
    let destination = Destination::open(out)?;
    let mut interrupts = Interrupts::listen()?;
    let mut followed = FollowedExports::new(start(args, session, &mut interrupts).await?);
    if let Err(refused) = fits(followed.exports(), out) {
        cancel(&session.client, followed.exports()).await;
        return Err(refused);
    }
    finish(args, &mut followed, session, &mut interrupts).await?;
    let archives = archives(&session.client, followed.exports()).await?;
    let mut copied = None;
    if let Some(archive) = archives.first() {
        copied = tokio::select! {
            copied = destination.receive(&session.client, archive) => copied?,
            () = interrupts.next() => return Err(canceled("the archive was not copied, and stays where the daemon keeps it")),
        };
    }
    show(&followed, archives, copied.map(|path| path.display().to_string()), session)?;
    Ok(result::exit(&followed))
}

fn show(
    followed: &FollowedExports,
    archives: Vec<Archive>,
    out: Option<String>,
    session: &mut Session,
) -> Result<(), Failure> {
    let exported =
        ExportOutput { exports: followed.exports().to_vec(), archives, failures: followed.failures().to_vec(), out };
    session.out.show(&exported, |look| result::lines(followed, &exported.archives, exported.out.as_deref(), look))
}

fn request(args: &Args) -> ExportRequest {
    ExportRequest {
        organizations: args.organizations.clone(),
        all: args.all,
        source: args.source.clone(),
        deleted: args.deleted,
        formats: args.formats.clone(),
        entity: args.entity.clone(),
        gzip: args.gzip,
        importable: args.importable,
    }
}

/// What the arguments alone tell: whether one archive comes out.
fn one_archive(args: &Args) -> Result<(), Failure> {
    let fault = if args.all || args.organizations.len() != 1 {
        "exactly one organization"
    } else if args.formats.len() > 1 {
        "exactly one format"
    } else if args.formats == [Format::Csv] && args.entity.is_none() {
        "the --entity of csv, which makes one archive for each"
    } else {
        return Ok(());
    };
    Err(Failure::usage(format_args!("--out takes one archive: name {fault}")))
}

/// What only the daemon's answer tells: the product's default format, and how many archives.
fn fits(exports: &[Export], out: &Out) -> Result<(), Failure> {
    match exports {
        [export] => download::refuse_terminal(out, Some(export.format), export.gzip),
        _ => Err(Failure::usage(format_args!(
            "--out takes one archive, and this makes {}: name --format and --entity",
            exports.len()
        ))),
    }
}

/// Asks for the exports. The first ctrl-c waits for the answer, so that nothing is left behind
/// unknown; the second does not.
async fn start(args: &Args, session: &Session, interrupts: &mut Interrupts) -> Result<Exports, Failure> {
    let request = request(args);
    let mut answer = std::pin::pin!(session.client.start_exports(&request));
    tokio::select! {
        exports = &mut answer => return Ok(exports?),
        () = interrupts.next() => remark("cancelling: waiting for orgvaultd's answer\n"),
    }
    tokio::select! {
        exports = &mut answer => {
            cancel(&session.client, &exports?.exports).await;
            Err(canceled("cancelled"))
        }
        () = interrupts.next() => Err(canceled("orgvaultd has not answered: whether exports were started is unknown")),
    }
}

/// Follows to the end; ctrl-c cancels what is not final.
async fn finish(
    args: &Args,
    followed: &mut FollowedExports,
    session: &Session,
    interrupts: &mut Interrupts,
) -> Result<(), Failure> {
    let mut progress = Progress::new(!session.out.is_json());
    let patience = Duration::from_secs(args.patience);
    let outcome = tokio::select! {
        outcome = follow(&session.client, followed, patience, &mut progress) => Some(outcome),
        () = interrupts.next() => None,
    };
    progress.finish();
    if let Some(outcome) = outcome {
        return outcome;
    }
    tokio::select! {
        () = cancel(&session.client, followed.exports()) => {}
        () = interrupts.next() => remark("not waiting for orgvaultd's answer\n"),
    }
    Err(canceled("cancelled"))
}

fn canceled(message: &str) -> Failure {
    Failure::new(Exit::Canceled, "canceled", message)
}

/// Cancels each export that is not final, newest first, so that none starts meanwhile.
async fn cancel(client: &Client, exports: &[Export]) {
    for export in exports.iter().rev().filter(|export| !export.state.is_final()) {
        match client.cancel(export.gid).await {
            Ok(_export) => remark(&format!("cancelled {}\n", export.gid)),
            Err(error) => remark(&format!("cannot cancel {}: {}\n", export.gid, Failure::from(error).message)),
        }
    }
}

/// The archives of what finished. One that is gone again already is left out.
async fn archives(client: &Client, exports: &[Export]) -> Result<Vec<Archive>, Failure> {
    let mut archives = Vec::new();
    for export in exports.iter().filter(|export| export.state == State::Finished) {
        match client.archive(export.gid).await {
            Ok(archive) => archives.push(archive),
            Err(ClientError::Problem(problem)) if problem.status == 404 => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(archives)
}
