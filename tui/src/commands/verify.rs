//! `orgvault verify`: reads archives again and compares them with their manifests.

use std::path::Path;

use orgvault_api::{
    Archive, Verification,
    client::{ArchiveFilter, ClientError},
    clock::Clock,
    text::{chain, printable},
};
use orgvault_archive::{manifest::Manifest, verify::VerifyError};
use serde::Serialize;

use crate::{
    exit::{Exit, Failure},
    lines::{Lines, paragraph},
    names::{self, GidOrFile, behind_links},
    output::remark,
    session::Session,
    table::{Look, Tone},
    units,
};

/// Which archives.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  orgvault verify 1234567890
  orgvault verify /mnt/copy/20260131T093000Z-1234567890.json   without a daemon
  orgvault verify --all

A file is compared with the manifest beside it (FILE.manifest.json), where there is one. Ends with
3 if anything is damaged or missing. Digits alone are a GID; a file named so is written as ./123.")]
pub(crate) struct Args {
    /// The archive, or a file (needs no daemon)
    #[arg(value_name = "GID|FILE", required_unless_present = "all", conflicts_with = "all")]
    archive: Option<GidOrFile>,
    /// Every archive of the daemon, one after the other
    #[arg(long)]
    all: bool,
}

/// The shape of `--json`.
#[derive(Debug, Serialize)]
struct Verifications {
    verifications: Vec<Verification>,
}

/// Verifies, printing each result as it comes; one fault makes it exit code 3.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let verifications = match &args.archive {
        None => all(session).await?,
        Some(GidOrFile::Gid(gid)) => vec![one(session.client.verify(*gid).await?, session)?],
        Some(GidOrFile::File(path)) => vec![one(file(&behind_links(path), &session.clock)?, session)?],
    };
    let faulty = verifications.iter().filter(|verification| !verification.ok).count();
    let verified = Verifications { verifications };
    session.out.show(&verified, |_look| summary(verified.verifications.len(), faulty))?;
    Ok(if faulty == 0 { Exit::Ok } else { Exit::Incomplete })
}

async fn all(session: &mut Session) -> Result<Vec<Verification>, Failure> {
    let mut verifications = Vec::new();
    for archive in session.client.archives(&ArchiveFilter::default()).await?.archives {
        let verification = in_turn(&archive, session).await?;
        verifications.push(one(verification, session)?);
    }
    Ok(verifications)
}

/// A daemon that cannot verify one archive says why, and the next one's turn comes.
async fn in_turn(archive: &Archive, session: &Session) -> Result<Verification, Failure> {
    match session.client.verify(archive.gid).await {
        Ok(verification) => Ok(verification),
        Err(ClientError::Problem(problem)) if problem.status != 403 => {
            Ok(Verification::unread(Some(archive.gid), archive.path.clone(), session.clock.now(), problem.detail))
        }
        Err(error) => Err(error.into()),
    }
}

fn one(verification: Verification, session: &mut Session) -> Result<Verification, Failure> {
    session.out.lines(|look| lines(&verification, look))?;
    Ok(verification)
}

/// Verifies without a daemon. A manifest that cannot be read is a fault of the archive.
fn file(path: &Path, clock: &Clock) -> Result<Verification, Failure> {
    let manifest = match Manifest::beside(path) {
        Ok(manifest) => manifest,
        Err(error) => {
            return Ok(Verification::unread(None, path.to_string_lossy().into_owned(), clock.now(), chain(&error)));
        }
    };
    if manifest.is_none() {
        remark(&format!(
            "no manifest beside {}: only its structure is looked at\n",
            printable(&path.to_string_lossy())
        ));
    }
    let report = orgvault_archive::verify(path, manifest.as_ref()).map_err(|error| failed(&error))?;
    Ok(report.to_verification(manifest.map(|manifest| manifest.gid), &path.to_string_lossy(), clock.now()))
}

fn failed(error: &VerifyError) -> Failure {
    Failure::new(Exit::Failed, "file", chain(error))
}

/// `ok     1234567890  41,203 rows  12.3 MiB  /path`, with the files of the app behind the rows, and each fault on its
/// own line.
pub(crate) fn lines(verification: &Verification, look: Look) -> String {
    let Verification { gid, path, ok, faults, counts, files, bytes, .. } = verification;
    let word = if *ok { look.paint(Tone::Good, "ok") } else { look.paint(Tone::Bad, "FAULT") };
    let gap = if *ok { "     " } else { "  " };
    let gid = gid.map(|gid| format!("{gid}  ")).unwrap_or_default();
    let rows = units::plural(units::rows(counts), "row");
    let files = files.map(|files| format!("  {}", names::files(&files))).unwrap_or_default();
    let mut text = format!("{word}{gap}{gid}{rows}{files}  {}  {}\n", units::size(*bytes), printable(path));
    for fault in faults {
        text.line(format_args!("       - {}", paragraph(fault, 9)));
    }
    text
}

fn summary(verified: usize, faulty: usize) -> String {
    let verified = units::plural(verified as u64, "archive");
    if faulty == 0 {
        format!("{verified} verified\n")
    } else {
        format!("{verified} read, {faulty} damaged or missing\n")
    }
}

#[cfg(test)]
mod tests {
    use orgvault_api::{ArchiveFiles, SectionCount, clock::Timestamp};

    use super::*;

    #[test]
    fn the_files_of_the_app_stand_beside_the_rows() {
        let counts = vec![SectionCount { name: "attachments".to_owned(), rows: 3 }];
        let found = Verification {
            ok: true,
            faults: Vec::new(),
            counts,
            bytes: 2048,
            ..Verification::unread(None, "/copy/a.zip".to_owned(), Timestamp::UNIX_EPOCH, String::new())
        };
        let said = |files| lines(&Verification { files, ..found.clone() }, Look { colour: false });
        assert_eq!(said(None), "ok     3 rows  2.0 KiB  /copy/a.zip\n");
        let files = ArchiveFiles { count: 2, bytes: 1024, missing: 1, ..ArchiveFiles::default() };
        assert_eq!(said(Some(files)), "ok     3 rows  2 files, 1.0 KiB; 1 missing  2.0 KiB  /copy/a.zip\n");
    }
}
