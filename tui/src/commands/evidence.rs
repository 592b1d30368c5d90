//! `orgvault evidence`: what an auditor checks with stock tools.

use std::io::{self, IsTerminal};

use orgvault_api::{EvidencePublicKey, gid::Gid, text::printable};
use serde::Serialize;

use crate::{
    download::{Destination, Out},
    exit::{Exit, Failure},
    session::Session,
};

/// Of which archive, or the key.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  orgvault evidence 1234567890 > evidence.tar
  orgvault evidence --key          whom to believe: give it to the auditor by another way

Holds the archive's manifest and SHA-256, its last drill, its lines of the audit trail and the trail's
head, signed. README.txt in it says how tar, sha256sum and ssh-keygen check it.")]
pub(crate) struct Args {
    /// The archive
    #[arg(required_unless_present = "key")]
    gid: Option<Gid>,
    /// The tar file, or `-` for standard output
    #[arg(long, value_name = "FILE|-", default_value = "-", conflicts_with = "key")]
    out: Out,
    /// Print the public key, and its line for ssh-keygen
    #[arg(long, conflicts_with = "gid")]
    key: bool,
}

/// The shape of `--json`.
#[derive(Debug, Serialize)]
struct EvidenceOutput {
    gid: Gid,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<String>,
    bytes: u64,
}

/// Prints the key, or writes the tar file.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let Some(gid) = args.gid else {
        let key = session.client.evidence_key().await?;
        session.out.show(&key, |_look| key_lines(&key))?;
        return Ok(Exit::Ok);
    };
    if args.out == Out::Stdout {
        if io::stdout().is_terminal() {
            return Err(Failure::usage("will not write a tar file to a terminal: use `> evidence.tar`, or --out FILE"));
        }
        session.out.divert();
    }
    let destination = Destination::open(&args.out)?;
    let mut tar = Vec::new();
    session.client.evidence(gid).await?.copy_to(&mut tar).await?;
    let out = destination.write(&tar)?.map(|place| place.display().to_string());
    let written = EvidenceOutput { gid, out, bytes: tar.len() as u64 };
    match &written.out {
        None if !session.out.is_json() => {}
        out => session.out.show(&written, |_look| format!("wrote {}\n", printable(out.as_deref().unwrap_or("-"))))?,
    }
    Ok(Exit::Ok)
}

fn key_lines(key: &EvidencePublicKey) -> String {
    let EvidencePublicKey { public_key, fingerprint, allowed_signers, .. } = key;
    let [public_key, fingerprint, signers] = [public_key, fingerprint, allowed_signers].map(|text| printable(text));
    format!("public key       {public_key}\nfingerprint      {fingerprint}\nallowed_signers  {signers}\n")
}
