//! `orgvault diagnose`: one tar file for somebody who helps.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use orgvault_api::{Diagnosis, clock::Timestamp};
use serde::Serialize;
use tar::{Builder, Header};

use crate::{
    exit::{Exit, Failure},
    session::Session,
};

/// The directory inside the tar file.
const FOLDER: &str = "orgvault-diagnose";

/// Where to.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Holds versions, the configuration in force without secrets, the status, the last 50 failed exports,
how the organizations stand, and how many archives there are. Names of organizations are in it, so
only its owner can read the file. A file that is there is never overwritten.")]
pub(crate) struct Args {
    /// The tar file, which must not be there yet, or `-` for standard output
    #[arg(long, value_name = "FILE|-")]
    out: Option<PathBuf>,
}

/// The shape of `--json`.
#[derive(Debug, Serialize)]
struct DiagnoseOutput {
    out: String,
    files: Vec<String>,
}

/// Asks the daemon and writes the file.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let now = session.clock.now();
    let Diagnosis { mut versions, configuration, status, errors, archives } = session.client.diagnosis().await?;
    versions.insert("orgvault".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    let organizations = session.client.organizations(None).await?;
    let files = [
        ("versions.json", json(&versions)?),
        ("configuration.txt", configuration.into_bytes()),
        ("status.json", json(&status)?),
        ("errors.json", json(&errors)?),
        ("archives.json", json(&archives)?),
        ("organizations.json", json(&organizations)?),
    ];
    let failed = |place: &Path, cause: &io::Error| {
        Failure::caused("file", format_args!("cannot write {}", place.display()), cause)
    };
    let place = if let Some(out) = args.out.as_deref().filter(|out| *out == Path::new("-")) {
        session.out.divert();
        pack(io::stdout().lock(), &files, now).map_err(|cause| failed(out, &cause))?;
        out.to_owned()
    } else {
        let (place, file) = created(args.out.as_deref(), now).map_err(|(place, cause)| failed(&place, &cause))?;
        pack(file, &files, now).map_err(|cause| failed(&place, &cause))?;
        place
    };
    let place = place.display().to_string();
    let names = files.iter().map(|(name, _)| (*name).to_owned()).collect();
    let written = DiagnoseOutput { out: place, files: names };
    session.out.show(&written, |_look| format!("wrote {}\n", written.out))?;
    Ok(Exit::Ok)
}

/// A new file that only its owner can read: the one that is asked for, or one by the time.
fn created(asked: Option<&Path>, now: Timestamp) -> Result<(PathBuf, File), (PathBuf, io::Error)> {
    let create = |place: &Path| OpenOptions::new().write(true).create_new(true).mode(0o600).open(place);
    let by_the_time = now.format("orgvault-diagnose-%Y%m%dT%H%M%SZ");
    let mut number = 1;
    loop {
        let place = match (asked, number) {
            (Some(asked), _) => asked.to_owned(),
            (None, 1) => format!("{by_the_time}.tar").into(),
            (None, number) => format!("{by_the_time}-{number}.tar").into(),
        };
        match create(&place) {
            Ok(file) => return Ok((place, file)),
            Err(error) if asked.is_none() && error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err((place, error)),
        }
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec_pretty(value).map_err(|cause| Failure::caused("output", "cannot write JSON", &cause))
}

fn pack(output: impl Write, files: &[(&str, Vec<u8>)], now: Timestamp) -> io::Result<()> {
    let mut tar = Builder::new(output);
    for (name, bytes) in files {
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(now.timestamp().unsigned_abs());
        tar.append_data(&mut header, format!("{FOLDER}/{name}"), bytes.as_slice())?;
    }
    tar.into_inner()?.flush()
}
