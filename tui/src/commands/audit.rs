//! `orgvault audit`: who was handed data, deleted, sent, or was refused.

use std::time::Duration;

use orgvault_api::{Actor, AuditEntry, text::printable};

use crate::{
    exit::{Exit, Failure},
    lines::each,
    names,
    output::remark,
    session::Session,
    table::{Look, Tone},
    units,
};

/// How often the daemon is asked for what is new.
const PAUSE: Duration = Duration::from_secs(1);

/// Entries of one answer.
const PAGE: u64 = 1000;

/// Which entries.
#[derive(Debug, clap::Args)]
#[command(after_help = "Newest last. With --follow and --json: one line of JSON for each entry.")]
pub(crate) struct Args {
    /// At most so many, the newest ones
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u64,
    /// Go on with what comes next, until interrupted
    #[arg(long)]
    follow: bool,
}

/// Prints the newest entries, and with `--follow` those that come.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let mut trail = session.client.audit(None, Some(args.limit)).await?;
    if !args.follow {
        warn(trail.unreadable);
        session.out.show(&trail, |look| lines(&trail.entries, look))?;
        return Ok(Exit::Ok);
    }
    loop {
        warn(trail.unreadable);
        for entry in &trail.entries {
            session.out.stream(entry, |look| format!("{}\n", line(entry, look)))?;
        }
        if trail.entries.is_empty() {
            tokio::time::sleep(PAUSE).await;
        }
        let after = Some(trail.next).filter(|next| !next.is_empty());
        trail = session.client.audit(after.as_deref(), Some(PAGE)).await?;
    }
}

fn warn(unreadable: u64) {
    if unreadable > 0 {
        remark(&format!("orgvault: {unreadable} lines of the audit trail cannot be read: see the log of orgvaultd\n"));
    }
}

fn lines(entries: &[AuditEntry], look: Look) -> String {
    if entries.is_empty() {
        return "nothing yet\n".to_owned();
    }
    each(entries.iter().map(|entry| line(entry, look)))
}

fn line(entry: &AuditEntry, look: Look) -> String {
    let tone = if entry.result == "ok" { Tone::Good } else { Tone::Bad };
    let mut words = vec![units::time(entry.at), actor(&entry.actor), printable(&entry.from).into_owned()];
    words.push(printable(&entry.act).into_owned());
    words.push(look.paint(tone, &printable(&entry.result)));
    words.extend(entry.organization.as_ref().map(|key| printable(&names::organization(key)).into_owned()));
    words.extend(entry.gid.map(|gid| gid.to_string()));
    if !entry.on.is_empty() {
        words.push(printable(&entry.on).into_owned());
    }
    if entry.times > 1 {
        words.push(format!("({} times)", units::number(entry.times)));
    }
    words.join("  ")
}

fn actor(actor: &Actor) -> String {
    match actor {
        Actor::User { uid, user, pid } => {
            let pid = pid.map_or_else(String::new, |pid| format!(", pid {pid}"));
            format!("{} (uid {uid}{pid})", printable(user))
        }
        Actor::Token { name } => format!("token {}", printable(name)),
        Actor::Daemon { part } => format!("orgvaultd ({})", printable(part)),
        Actor::Nobody => "nobody".to_owned(),
    }
}
