//! `orgvault cancel`: ends one export that is not final, or many.

use orgvault_api::{
    Export, State,
    client::{Client, ClientError, ExportFilter},
    gid::Gid,
    text::{chain, printable},
};
use orgvault_config::patterns::Patterns;
use serde::Serialize;

use crate::{
    exit::{Exit, Failure},
    lines::{Lines, paragraph},
    names::{self, NAME_WIDTH},
    session::Session,
    table::{Cell, Look, Table},
    units,
};

/// Which exports.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  orgvault cancel 1234567890                this one
  orgvault cancel --all --confirm           every export that is not final
  orgvault cancel --state pending           what waits: shows it, and cancels nothing without --confirm
  orgvault cancel 'tracker/*' --confirm     every one of these organizations

Organizations are named by slug, id, source/slug, source/id or source/kind/slug, with * and ?; what begins
with a digit and has no source before it is a GID. The newest are cancelled first, so that none begins
meanwhile. Ends with 3 if some of several could not be cancelled.")]
pub(crate) struct Args {
    /// The exports, as `orgvault exports` lists them, or the organizations whose exports it is about
    #[arg(value_name = "GID|ORG", required_unless_present_any = ["all", "state"], conflicts_with = "all")]
    which: Vec<String>,
    /// Every export that is not final
    #[arg(long)]
    all: bool,
    /// Only those in this state: pending or started
    #[arg(long, value_parser = open_state)]
    state: Option<State>,
    /// Cancel them: of more than those that are named by their GIDs, only a list is shown without it
    #[arg(long)]
    confirm: bool,
}

fn open_state(text: &str) -> Result<State, String> {
    match text.parse() {
        Ok(state @ (State::Pending | State::Started)) => Ok(state),
        Ok(state) => Err(format!("an export that is {} cannot be canceled: expected pending or started", state.name())),
        Err(_no_state) => Err("expected pending or started".to_owned()),
    }
}

/// The shape of `--json` for many.
#[derive(Debug, Default, Serialize)]
struct CancelOutput {
    /// What would be canceled, where that was not confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<Vec<Export>>,
    canceled: Vec<Export>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<CancelFailure>,
}

#[derive(Debug, Serialize)]
struct CancelFailure {
    gid: Gid,
    code: String,
    message: String,
}

/// Asks the daemon to cancel them.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let (gids, names) = args.wanted()?;
    match gids.as_slice() {
        [gid] if names.is_empty() && args.state.is_none() => return one(*gid, session).await,
        _ => {}
    }
    let named_each = names.is_empty() && args.state.is_none() && !args.all;
    let open = if named_each { Vec::new() } else { open(args, &gids, names, &session.client).await? };
    if !named_each && !args.confirm {
        let plan = CancelOutput { open: Some(open), ..CancelOutput::default() };
        session.out.show(&plan, |look| plan_lines(plan.open.as_deref().unwrap_or_default(), look))?;
        return Ok(Exit::Ok);
    }
    let gids = if named_each { gids } else { open.iter().map(|export| export.gid).collect() };
    let canceled = all(&session.client, gids).await?;
    session.out.show(&canceled, |_look| lines(&canceled))?;
    Ok(match (canceled.failures.is_empty(), canceled.canceled.is_empty()) {
        (true, _) => Exit::Ok,
        (false, true) => Exit::Failed,
        (false, false) => Exit::Incomplete,
    })
}

impl Args {
    /// What is named by a gid, and the names of organizations. A gid with a slip in it is not taken
    /// for a name.
    fn wanted(&self) -> Result<(Vec<Gid>, Vec<String>), Failure> {
        let (mut gids, mut names) = (Vec::new(), Vec::new());
        for text in &self.which {
            match text.parse::<Gid>() {
                Ok(gid) => gids.push(gid),
                Err(error) if text.starts_with(|first: char| first.is_ascii_digit()) && !text.contains(['/', '*']) => {
                    let hint =
                        format_args!("an organization that is called so has its source before it: SOURCE/{text}")
                            .to_string();
                    return Err(Failure::usage(error).hint(hint));
                }
                Err(_no_gid) => names.push(text.clone()),
            }
        }
        Ok((gids, names))
    }
}

async fn one(gid: Gid, session: &mut Session) -> Result<Exit, Failure> {
    let export = session.client.cancel(gid).await?;
    session.out.show(&export, |_look| line(&export))?;
    Ok(if export.state == State::Finished { Exit::Failed } else { Exit::Ok })
}

/// What is not final of what is asked for, oldest first.
async fn open(args: &Args, gids: &[Gid], names: Vec<String>, client: &Client) -> Result<Vec<Export>, Failure> {
    let everything = args.which.is_empty();
    let patterns = Patterns::new(names).map_err(|error| Failure::usage(chain(&error)))?;
    let mut open = Vec::new();
    let states = args.state.map_or(vec![State::Started, State::Pending], |state| vec![state]);
    for state in states {
        let filter = ExportFilter { state: Some(state), ..ExportFilter::default() };
        open.extend(client.all_exports(&filter).await?.exports);
    }
    open.retain(|export| everything || gids.contains(&export.gid) || patterns.name(&export.organization));
    open.sort_by_key(|export| export.gid);
    // One that starts between the two questions is in both answers.
    open.dedup_by_key(|export| export.gid);
    Ok(open)
}

/// Cancels the newest first. One that ended meanwhile needs no cancelling.
async fn all(client: &Client, mut gids: Vec<Gid>) -> Result<CancelOutput, Failure> {
    gids.sort_unstable();
    let mut canceled = CancelOutput::default();
    for gid in gids.into_iter().rev() {
        match client.cancel(gid).await {
            Ok(export) => canceled.canceled.push(export),
            Err(ClientError::Problem(problem)) if matches!(problem.status, 404 | 409) => {
                canceled.failures.push(CancelFailure { gid, code: problem.code, message: problem.detail });
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(canceled)
}

fn line(export: &Export) -> String {
    let name = names::organization(&export.organization);
    let what = match export.state {
        State::Pending | State::Started => "is being cancelled",
        State::Finished => "had finished before",
        State::Error => "is cancelled",
    };
    format!("export {} of {} {what}\n", export.gid, printable(&name))
}

fn plan_lines(open: &[Export], look: Look) -> String {
    if open.is_empty() {
        return "nothing to cancel\n".to_owned();
    }
    let mut table = Table::new(&["GID", "ORGANIZATION", "FORMAT", "STATE", "ASKED FOR", "BY"]);
    for export in open {
        table.row([
            export.gid.to_string().into(),
            Cell::cut(&names::organization(&export.organization), NAME_WIDTH),
            names::format_of(export).into(),
            names::state(export.state),
            units::time(export.created_at).into(),
            Cell::cut(&export.requested_by, NAME_WIDTH),
        ]);
    }
    let exports = units::plural(open.len() as u64, "export");
    format!("{}{exports} would be cancelled: the same with `--confirm` cancels them\n", table.lines(look))
}

fn lines(canceled: &CancelOutput) -> String {
    let mut text = String::new();
    for CancelFailure { gid, message, .. } in &canceled.failures {
        text.line(format_args!("{gid} was not cancelled: {}", paragraph(message, 2)));
    }
    text.line(format_args!("cancelled {}", units::plural(canceled.canceled.len() as u64, "export")));
    text
}
