//! One file for each command: its arguments, what it asks the daemon, and a pure function that
//! makes lines of the answer.

pub(crate) mod archives;
pub(crate) mod audit;
pub(crate) mod cancel;
pub(crate) mod catalog;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod counts;
pub(crate) mod delete;
pub(crate) mod demo;
pub(crate) mod diagnose;
pub(crate) mod dial_stdio;
pub(crate) mod drill;
pub(crate) mod drills;
pub(crate) mod evidence;
pub(crate) mod export;
pub(crate) mod exports;
pub(crate) mod health;
pub(crate) mod jobs;
pub(crate) mod orgs;
pub(crate) mod pin;
pub(crate) mod preflight;
pub(crate) mod prune;
pub(crate) mod reload;
pub(crate) mod restore;
pub(crate) mod rows;
pub(crate) mod run_due;
pub(crate) mod schedule;
pub(crate) mod schedules;
pub(crate) mod seed;
pub(crate) mod send;
pub(crate) mod show;
pub(crate) mod sources;
pub(crate) mod status;
pub(crate) mod token;
pub(crate) mod verify;

use crate::{
    args::Command,
    exit::{Exit, Failure},
    session::Session,
};

/// Does what the command says.
pub(crate) async fn run(command: Command, session: &mut Session) -> Result<Exit, Failure> {
    match command {
        Command::Status(args) => status::run(&args, session).await,
        Command::Health(args) => health::run(&args, session).await,
        Command::Reload(args) => reload::run(&args, session).await,
        Command::Sources(args) => sources::run(&args, session).await,
        Command::Check(args) => check::run(&args, session).await,
        Command::Orgs(args) => orgs::run(&args, session).await,
        Command::Export(args) => export::run(&args, session).await,
        Command::Exports(args) => exports::run(&args, session).await,
        Command::Jobs(args) => jobs::run(&args, session).await,
        Command::Cancel(args) => cancel::run(&args, session).await,
        Command::Archives(args) => archives::run(&args, session).await,
        Command::Show(args) => show::run(&args, session).await,
        Command::Compare(args) => compare::run(&args, session).await,
        Command::Counts(args) => counts::run(&args, session).await,
        Command::Rows(args) => rows::run(&args, session).await,
        Command::Delete(args) => delete::run(&args, session).await,
        Command::Pin(args) => pin::run(&args, true, session).await,
        Command::Unpin(args) => pin::run(&args, false, session).await,
        Command::Prune(args) => prune::run(&args, session).await,
        Command::Verify(args) => verify::run(&args, session).await,
        Command::Preflight(args) => preflight::run(&args, session).await,
        Command::Restore(args) => restore::run(&args, session).await,
        Command::Send(args) => send::run(&args, session).await,
        Command::Seed(args) => seed::run(&args, session),
        Command::Audit(args) => audit::run(&args, session).await,
        Command::Drill(args) => drill::run(&args, session).await,
        Command::Drills(args) => drills::run(&args, session).await,
        Command::Evidence(args) => evidence::run(&args, session).await,
        Command::Schedules(args) => schedules::run(&args, session).await,
        Command::Schedule(args) => schedule::run(&args, session).await,
        Command::RunDue(args) => run_due::run(&args, session).await,
        Command::Token(args) => token::run(&args, session).await,
        Command::Catalog(args) => catalog::run(&args, session).await,
        Command::Diagnose(args) => diagnose::run(&args, session).await,
        Command::Completions(args) => completions::run(&args, session),
        Command::DialStdio(_) => dial_stdio::run(session).await,
        Command::Demo(args) => demo::run(&args, session).await,
    }
}
