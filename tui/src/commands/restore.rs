//! `orgvault restore`: puts an organization back into a database.

use std::{io, path::PathBuf};

use orgvault_api::{
    OrganizationKey, RestoreAnswer, RestoreFinding, RestoreMode, RestorePlan, RestoreRequest, gid::Gid, text::printable,
};

use crate::{
    confirm,
    exit::{Exit, Failure},
    lines::{Lines, paragraph},
    output::remark,
    session::Session,
    table::{Look, Tone},
    units,
};

/// What is put back, and where.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  orgvault restore 1234567890 --into tracker-new                   print the plan; nothing is written
  orgvault restore 1234567890 --into tracker-new --apply 3f9a..    do it
  orgvault restore acme.full --into tracker --mode replace         a file of this machine
  orgvault restore 1234567890 --into tracker --as 77               beside the one that is there, with new ids

Targets are [[target]] blocks of kind \"postgres\" or \"sqlite\" in the daemon's configuration; restoring is for owners.
The plan says what would happen, row class by row class, and has an id. --apply names that id, and is
refused when the database has changed since. --mode replace archives what is there first.")]
pub(crate) struct Args {
    /// The archive's id, or the path of an archive
    archive: String,
    /// The target
    #[arg(long, value_name = "TARGET")]
    into: String,
    /// What is done with what is there
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,
    /// Let the organization come back under this id, with new ids throughout
    #[arg(long = "as", value_name = "NEW_ID", conflicts_with = "mode")]
    new_id: Option<String>,
    /// Do the plan with this id
    #[arg(long, value_name = "ID")]
    apply: Option<String>,
    /// Confirm without being asked: the organization's slug, or its id where it has none
    #[arg(long, value_name = "SLUG", requires = "apply")]
    yes: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Mode {
    /// The organization must not be there
    #[default]
    Scratch,
    /// Any conflict, and nothing happens
    InsertOnly,
    /// Archive what is there, delete it, insert
    Replace,
}

impl From<Mode> for RestoreMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Scratch => Self::Scratch,
            Mode::InsertOnly => Self::InsertOnly,
            Mode::Replace => Self::Replace,
        }
    }
}

/// Prints the plan, or does it and prints what was done. A plan that cannot be done is a failure.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let mut request = request(args)?;
    if let Some(apply) = &args.apply {
        agreed(args, &whose(&request, session).await?)?;
        request.apply = Some(apply.clone());
    }
    let answer = session.client.restore(&request).await?;
    session.out.show(&answer, |look| lines(&answer, look))?;
    Ok(if answer.restored.is_none() && !answer.plan.possible { Exit::Failed } else { Exit::Ok })
}

fn request(args: &Args) -> Result<RestoreRequest, Failure> {
    let mut request = RestoreRequest {
        into: args.into.clone(),
        mode: args.mode.into(),
        new_id: args.new_id.clone(),
        ..RestoreRequest::default()
    };
    match args.archive.parse::<Gid>() {
        Ok(gid) => request.archive = Some(gid),
        Err(_no_gid) => {
            let path = std::path::absolute(PathBuf::from(&args.archive));
            let path =
                path.map_err(|error| Failure::caused("archive_unreadable", "cannot tell where the file is", &error))?;
            request.file = Some(path.to_string_lossy().into_owned());
        }
    }
    Ok(request)
}

/// Whose rows the archive holds; of a file the daemon says it, with the plan.
async fn whose(request: &RestoreRequest, session: &mut Session) -> Result<OrganizationKey, Failure> {
    Ok(match request.archive {
        Some(gid) => session.client.archive(gid).await?.organization,
        None => session.client.restore(request).await?.organization,
    })
}

/// Whoever does a plan types whose rows they are.
fn agreed(args: &Args, organization: &OrganizationKey) -> Result<(), Failure> {
    let word = if organization.slug.is_empty() { &organization.id } else { &organization.slug };
    if let Some(yes) = &args.yes {
        return confirm::same(word, yes, confirm::NOTHING_RESTORED);
    }
    let under = args.new_id.as_ref().map(|id| format!(" under the id {}", printable(id)));
    remark(&format!(
        "This restores {} into {}{}, in the mode {}{}.\nType `{}` to go on: ",
        printable(&organization.name),
        printable(&args.into),
        under.unwrap_or_default(),
        RestoreMode::from(args.mode).name(),
        if args.mode == Mode::Replace { ": what is there of it is deleted" } else { "" },
        printable(word)
    ));
    confirm::typed_again(word, &mut io::stdin().lock(), confirm::NOTHING_RESTORED)
}

fn lines(answer: &RestoreAnswer, look: Look) -> String {
    let RestoreAnswer { organization, target, plan, .. } = answer;
    let mut text = format!(
        "restore  {} ({})\ninto     {}, database {} ({})\nmode     {}\nplan     {}\n",
        printable(&organization.name),
        printable(&organization.id),
        printable(target),
        printable(&plan.database.name),
        printable(&plan.database.server),
        plan.mode.name(),
        plan.id,
    );
    if let Some(id) = &plan.new_id {
        text.line(format_args!("as       {}", printable(id)));
    }
    text.push('\n');
    text.push_str(&tables(plan));
    for ids in &plan.ids {
        let first = ids.first.map_or_else(String::new, |first| format!(", from {first}"));
        text.line(format_args!("  {}  {} new ids{first}", printable(&ids.column), units::number(ids.ids)));
    }
    for finding in &plan.findings {
        text.push_str(&found(finding, look));
    }
    text.push_str(&verdict(answer, look));
    text
}

/// One line for each table that has rows anywhere.
fn tables(plan: &RestorePlan) -> String {
    let mut text = String::new();
    for table in plan.tables.iter().filter(|table| table.rows + table.here > 0) {
        let classes = [
            ("new", table.new),
            ("identical", table.identical),
            ("differing", table.differing),
            ("held by others", table.held),
            ("only here", table.only_here),
        ];
        let classes: Vec<String> = classes
            .into_iter()
            .filter(|(_, rows)| *rows > 0)
            .map(|(class, rows)| format!("{} {class}", units::number(rows)))
            .collect();
        let shared = if table.shared { " (shared)" } else { "" };
        text.line(format_args!("  {}{shared}  {}", printable(&table.table), classes.join(", ")));
    }
    text
}

fn found(finding: &RestoreFinding, look: Look) -> String {
    let (tone, word) = if finding.blocks { (Tone::Bad, "stops") } else { (Tone::Careful, "note ") };
    let mut text = look.paint(tone, word);
    let table = if finding.table.is_empty() { String::new() } else { format!(" {}", printable(&finding.table)) };
    text.part(format_args!("  {}{table}: {}\n", finding.code, paragraph(&finding.message, 2)));
    for key in &finding.keys {
        text.line(format_args!("         {}", printable(key)));
    }
    if !finding.hint.is_empty() {
        text.line(format_args!("  hint: {}", printable(&finding.hint)));
    }
    text
}

fn verdict(answer: &RestoreAnswer, look: Look) -> String {
    let plan = &answer.plan;
    let (tone, words) = match &answer.restored {
        Some(restored) if restored.identical => (Tone::Good, "identical: nothing was written".to_owned()),
        Some(restored) => {
            let (inserted, deleted) = (units::number(restored.inserted), units::number(restored.deleted));
            (Tone::Good, format!("restored: {inserted} rows inserted, {deleted} deleted, all of them proven"))
        }
        None if plan.identical => (Tone::Good, "identical: there is nothing to do".to_owned()),
        None if plan.possible => (Tone::Careful, format!("nothing was written; to do it: --apply {}", plan.id)),
        None => (Tone::Bad, "this cannot be done; nothing was written".to_owned()),
    };
    let mut text = format!("\n{}\n", look.paint(tone, &words));
    if let Some(before) = answer.before {
        text.line(format_args!("what was there is archive {before}, which is pinned"));
    }
    for sequence in answer.restored.iter().flat_map(|restored| &restored.sequences) {
        text.line(format_args!("sequence {} moved to {}", printable(&sequence.sequence), sequence.to));
    }
    text
}
