//! One request, and its answer.

use std::path::{Path, PathBuf};

use orgvault_api::{
    ArchiveState, Export, LogLine, Organization, Organizations, Row, RowsPage,
    client::{ArchiveFilter, Client, ClientError, ExportFilter, RowsQuery},
    clock::{Clock, Timestamp},
    gid::Gid,
    health::{ArchiveFacts, Facts, Health},
    text::chain,
};

use crate::{
    console::{
        message::{Ask, Page, Reply, RequestFault, RowsAsk},
        screens::rows::PAGE,
        words::fit,
    },
    download::{Destination, Out},
    exit::Failure,
    names,
};

/// Nights that the strip shows.
const NIGHTS: u16 = 14;
/// Runs that a schedule announces.
const NEXT_RUNS: u64 = 5;
/// Lines of the audit trail.
const AUDIT: u64 = 500;
/// Columns of the terminal that a table shows of a cell.
const CELL: usize = 60;

/// Asks the daemon.
///
/// # Errors
/// Why there is no answer.
pub(super) async fn answer(client: &Client, clock: &Clock, ask: &Ask) -> Result<Reply, RequestFault> {
    Ok(match ask {
        Ask::Status => Reply::Status(Box::new(client.status().await?)),
        Ask::Organizations => organizations(client, clock).await?,
        Ask::Sources => Reply::Sources(client.sources().await?.sources),
        Ask::Exports => {
            let listed = client.exports(&ExportFilter::default()).await?;
            Reply::Exports(listed.exports, listed.failures)
        }
        Ask::Ended(gids) => Reply::Exports(ended(client, gids).await?, Vec::new()),
        Ask::Archives(key) => {
            let filter = ArchiveFilter { source: Some(key.source.clone()), organization: Some(names::exact(key)) };
            Reply::Archives(client.archives(&filter).await?.archives)
        }
        Ask::Archive(gid) => Reply::Archive(Box::new(client.archive(*gid).await?)),
        Ask::Rows(rows) => Reply::Rows(page(client, rows).await?),
        Ask::Counts(key) => Reply::Counts(client.counts(&names::exact(key)).await?),
        Ask::Compare(left, right) => Reply::Comparison(Box::new(client.compare(*left, *right).await?)),
        Ask::Log(gid) => Reply::Log(client.export_log(*gid).await?.lines.iter().map(line).collect()),
        Ask::Schedules => Reply::Schedules(client.schedules(NEXT_RUNS).await?.schedules),
        Ask::Retention => Reply::Retention(client.retention_plan().await?),
        Ask::Drills => Reply::Drills(client.drills(None, None).await?.drills),
        Ask::Audit => Reply::Audit(client.audit(None, Some(AUDIT)).await?.entries),
        Ask::Export(request) => {
            let asked = client.start_exports(request).await?;
            Reply::Exports(asked.exports, asked.failures)
        }
        Ask::Cancel(gid) => Reply::Exports(vec![client.cancel(*gid).await?], Vec::new()),
        Ask::Verify(gid) => Reply::Verified(Box::new(client.verify(*gid).await?)),
        Ask::Preflight(gid) => Reply::Preflight(Box::new(client.preflight(*gid, None).await?)),
        Ask::Delete(gid) => Reply::Archive(Box::new(client.delete_archive(*gid).await?)),
        Ask::Pin(gid, pinned) => Reply::Archive(Box::new(client.pin(*gid, *pinned).await?)),
        Ask::Download(gid, path) => download(client, *gid, path).await?,
        Ask::Run(name) => done(client.run_schedule(name).await?),
        Ask::Pause(name, true) => done(client.pause_schedule(name).await?),
        Ask::Pause(name, false) => done(client.resume_schedule(name).await?),
    })
}

/// What was done shows in what is asked for next.
fn done<T>(_: T) -> Reply {
    Reply::Done
}

/// Those of the exports that the daemon knows.
async fn ended(client: &Client, gids: &[Gid]) -> Result<Vec<Export>, ClientError> {
    let mut exports = Vec::with_capacity(gids.len());
    for gid in gids {
        match client.export(*gid).await {
            Ok(export) => exports.push(export),
            Err(ClientError::Problem(problem)) if problem.status == 404 => {}
            Err(error) => return Err(error),
        }
    }
    Ok(exports)
}

/// With the last nights; of a daemon that does not tell them, without, and judged here.
async fn organizations(client: &Client, clock: &Clock) -> Result<Reply, ClientError> {
    let Organizations { organizations, failures } = match client.organizations_with_history(None, NIGHTS).await {
        Err(ClientError::Problem(problem)) if problem.code == "invalid_query" => {
            let mut listed = client.organizations(None).await?;
            let now = clock.now();
            listed.organizations.iter_mut().for_each(|one| one.health = judged(one, now));
            listed
        }
        listed => listed?,
    };
    Ok(Reply::Organizations(organizations, failures))
}

/// A daemon that does not judge organizations leaves their health out.
fn judged(one: &Organization, now: Timestamp) -> Health {
    let archive = one.last_archive.as_ref();
    let archive = archive.map(|last| ArchiveFacts {
        gid: last.gid,
        exported_at: last.exported_at,
        state: ArchiveState::Present,
        refused: false,
    });
    Health::of(&Facts { last_state: one.last_state, archive, ..Facts::default() }, now)
}

async fn page(client: &Client, ask: &RowsAsk) -> Result<Page, ClientError> {
    let query = RowsQuery {
        after: (ask.after > 0).then_some(ask.after),
        limit: Some(PAGE),
        search: (!ask.search.is_empty()).then(|| ask.search.clone()),
    };
    Ok(cut(client.rows(ask.gid, &ask.section, &query).await?))
}

/// What a table shows of the cells is made here, and not with each frame.
fn cut(page: RowsPage) -> Page {
    let RowsPage { columns, rows, next } = page;
    let cells = rows.iter().map(|row| row_cells(row, &columns)).collect();
    Page { columns, cells, rows, next }
}

fn row_cells(row: &Row, columns: &[String]) -> Vec<String> {
    let cells = row.cells();
    let shown = |column: &String| {
        let cell = cells.iter().find(|(name, _)| name == column);
        cell.map(|(_, value)| fit(&Row::shown(value), CELL)).unwrap_or_default()
    };
    columns.iter().map(shown).collect()
}

fn line(line: &LogLine) -> String {
    format!("{} {} {}", line.at.format("%H:%M:%S%.3f"), line.level, line.message)
}

async fn download(client: &Client, gid: Gid, path: &Path) -> Result<Reply, RequestFault> {
    let archive = client.archive(gid).await?;
    let destination = Destination::open(&Out::File(at_home(path)))?;
    Ok(Reply::Written(destination.receive(client, &archive).await?.unwrap_or_default()))
}

/// `~/x` as a shell means it.
fn at_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => path.to_owned(),
    }
}

impl From<Failure> for RequestFault {
    fn from(Failure { code, message, hint, .. }: Failure) -> Self {
        Self { code, message, hint }
    }
}

impl From<ClientError> for RequestFault {
    fn from(error: ClientError) -> Self {
        Self { code: error.code().to_owned(), message: chain(&error), hint: error.hint().to_owned() }
    }
}
