//! `orgvault audit`: who was handed data, deleted, sent, or was refused.

use std::time::Duration;

use orgvault_api::{Actor, AuditBreak, AuditChain, AuditEntry, text::printable};

use crate::{
    exit::{Exit, Failure},
    lines::{Lines, each},
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
#[command(after_help = "\
Newest last. With --follow and --json: one line of JSON for each entry.

Each line carries the SHA-256 of the line before it. --verify reads all of them, and names the file and
the line where one was changed, taken out or put in; that is exit code 3. A head that was noted
elsewhere, in an evidence for example, holds the last lines too: --head looks for it.")]
pub(crate) struct Args {
    /// At most so many, the newest ones
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u64,
    /// Go on with what comes next, until interrupted
    #[arg(long)]
    follow: bool,
    /// Say whether the trail is what was written
    #[arg(long, conflicts_with_all = ["follow", "limit"])]
    verify: bool,
    /// The SHA-256 of a line that has to be in it
    #[arg(long, value_name = "SHA256", requires = "verify")]
    head: Option<String>,
}

/// Prints the newest entries, and with `--follow` those that come.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    if args.verify {
        return verify(args.head.as_deref(), session).await;
    }
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

async fn verify(head: Option<&str>, session: &mut Session) -> Result<Exit, Failure> {
    let chain = session.client.verify_audit(head).await?;
    session.out.show(&chain, |look| chain_lines(&chain, head.is_some(), look))?;
    let good = chain.whole && (head.is_none() || chain.noted.is_some());
    Ok(if good { Exit::Ok } else { Exit::Incomplete })
}

fn chain_lines(chain: &AuditChain, asked: bool, look: Look) -> String {
    let AuditChain { whole, lines, unchained, first, number, head, torn, noted, breaks } = chain;
    let (tone, word) = if *whole { (Tone::Good, "whole") } else { (Tone::Bad, "broken") };
    let mut text = format!("{}  {}", look.paint(tone, word), units::plural(*lines, "line"));
    if let Some(first) = first {
        text.part(format_args!(", numbers {} to {}", units::number(*first), units::number(*number)));
    }
    text.push('\n');
    if !head.is_empty() {
        text.line(format_args!("head   {}", printable(head)));
    }
    if *unchained > 0 {
        let older = units::plural(*unchained, "line");
        text.line(format_args!("{older} at its beginning are older than the chain: it holds the last of them"));
    }
    if *torn > 0 {
        text.line(format_args!("{} cut short by a crash: never acknowledged", units::plural(*torn, "line")));
    }
    match (asked, noted) {
        (true, Some(number)) => {
            text.line(format_args!("the head that was asked for is line number {}", units::number(*number)));
        }
        (true, None) => {
            text.line(format_args!("{}  no line has the head that was asked for", look.paint(Tone::Bad, "missing")));
        }
        (false, _) => {}
    }
    for AuditBreak { file, line, code, message } in breaks {
        let (file, code, message) = (printable(file), printable(code), printable(message));
        text.line(format_args!("{file}:{line}  {}: {message}", look.paint(Tone::Bad, &code)));
    }
    text
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
