//! `orgvault prune`: what retention keeps and drops, and its deletion.

use orgvault_api::{Pruned, RetentionDecision, RetentionPlan};

use crate::{
    exit::{Exit, Failure},
    lines::{Lines, paragraph},
    names::{self, NAME_WIDTH},
    session::Session,
    table::{Cell, Look, Table, Tone},
    units,
};

/// Whether to delete.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Deletes nothing without --confirm. Before anything of a group is deleted, the archive that stays as
its last good one is read again. Ends with 3 if something could not be deleted.")]
pub(crate) struct Args {
    /// Delete what is dropped, by a plan that is made anew
    #[arg(long)]
    confirm: bool,
}

/// Shows the plan, or carries it out.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    if args.confirm {
        let pruned = session.client.apply_retention().await?;
        session.out.show(&pruned, |_look| outcome(&pruned))?;
        return Ok(if pruned.failures.is_empty() { Exit::Ok } else { Exit::Incomplete });
    }
    let plan = session.client.retention_plan().await?;
    session.out.show(&plan, |look| lines(&plan, look))?;
    Ok(Exit::Ok)
}

fn lines(plan: &RetentionPlan, look: Look) -> String {
    let mut table = Table::new(&["", "GID", "ORGANIZATION", "FORMAT", "EXPORTED", ">SIZE", "WHY"]);
    for decision in &plan.decisions {
        table.row(row(decision));
    }
    let mut text = table.lines(look);
    for warning in &plan.warnings {
        text.line(format_args!("warning: {}", paragraph(&warning.message, 2)));
    }
    let dropped: Vec<&RetentionDecision> = plan.decisions.iter().filter(|decision| !decision.keep).collect();
    let bytes = dropped.iter().map(|decision| decision.archive.bytes).sum();
    let kept = units::plural((plan.decisions.len() - dropped.len()) as u64, "archive");
    let hint = if dropped.is_empty() { "" } else { "; `orgvault prune --confirm` deletes them" };
    text.line(format_args!("keeps {kept}, drops {} ({}){hint}", dropped.len(), units::size(bytes)));
    text
}

fn row(decision: &RetentionDecision) -> [Cell; 7] {
    let archive = &decision.archive;
    [
        if decision.keep { Cell::toned(Tone::Good, "keep") } else { Cell::toned(Tone::Careful, "drop") },
        archive.gid.to_string().into(),
        Cell::cut(&names::organization(&archive.organization), NAME_WIDTH),
        names::archive_format(archive).into(),
        units::time(archive.exported_at).into(),
        units::size(archive.bytes).into(),
        decision.reasons.join(", ").into(),
    ]
}

fn outcome(pruned: &Pruned) -> String {
    let deleted = units::plural(pruned.deleted.len() as u64, "archive");
    let mut text = format!("deleted {deleted}, {}\n", units::size(pruned.bytes));
    for failure in &pruned.failures {
        text.line(format_args!("not deleted: {}", paragraph(failure, 2)));
    }
    text
}
