//! The tar file: every member by name, `SHA256SUMS` over all of them, and its signature.

use std::io;

use orgvault_archive::{Manifest, naming::hex};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use super::{EvidenceError, EvidenceKey, Facts, readme};

pub(super) const README: &str = "README.txt";
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const ARCHIVE_SUM: &str = "archive.sha256";
pub(super) const DRILL: &str = "drill.json";
pub(super) const LINES: &str = "audit.jsonl";
pub(super) const CHAIN: &str = "audit-chain.json";
pub(super) const PUBLIC_KEY: &str = "orgvault-evidence.pub";
pub(super) const SIGNERS: &str = "allowed_signers";
pub(super) const SUMS: &str = "SHA256SUMS";
pub(super) const SIGNATURE: &str = "SHA256SUMS.sig";

/// The directory inside the tar file.
pub(super) fn folder(manifest: &Manifest) -> String {
    format!("orgvault-evidence-{}", manifest.gid)
}

/// The tar file of these facts.
pub(super) fn pack(facts: &Facts, key: &EvidenceKey) -> Result<Vec<u8>, EvidenceError> {
    let mut members = members(facts, key)?;
    let sums: String = members.iter().map(|(name, bytes)| sum(name, &hex(&Sha256::digest(bytes)))).collect();
    members.push((SIGNATURE, key.sign(sums.as_bytes())?.into_bytes()));
    members.push((SUMS, sums.into_bytes()));
    // Whoever unpacks it finds what to read first at its beginning.
    members.sort_by_key(|(name, _)| (*name != README, *name));
    tar(&facts.manifest, &members).map_err(|cause| EvidenceError::Pack { cause })
}

/// All that is signed.
fn members(facts: &Facts, key: &EvidenceKey) -> Result<Vec<(&'static str, Vec<u8>)>, EvidenceError> {
    let Facts { manifest, drill, lines, chain } = facts;
    let public = key.public();
    let text = manifest.to_text().map_err(|cause| EvidenceError::Document { member: MANIFEST, cause })?;
    let mut members = vec![
        (README, readme::text(facts, public).into_bytes()),
        (MANIFEST, text),
        (ARCHIVE_SUM, sum(&manifest.file, &manifest.sha256).into_bytes()),
        (LINES, lines.clone()),
        (CHAIN, document(CHAIN, chain)?),
        (PUBLIC_KEY, format!("{}\n", public.public_key).into_bytes()),
        (SIGNERS, format!("{}\n", public.allowed_signers).into_bytes()),
    ];
    if let Some(drill) = drill {
        members.push((DRILL, document(DRILL, drill)?));
    }
    members.sort_by_key(|(name, _)| *name);
    Ok(members)
}

/// A line for `sha256sum --check`.
fn sum(name: &str, sha256: &str) -> String {
    format!("{sha256}  {name}\n")
}

fn document(member: &'static str, value: &impl Serialize) -> Result<Vec<u8>, EvidenceError> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|cause| EvidenceError::Document { member, cause })?;
    text.push(b'\n');
    Ok(text)
}

fn tar(manifest: &Manifest, members: &[(&str, Vec<u8>)]) -> io::Result<Vec<u8>> {
    let mut tar = Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(manifest.finished_at.timestamp().unsigned_abs());
        tar.append_data(&mut header, format!("{}/{name}", folder(manifest)), bytes.as_slice())?;
    }
    tar.into_inner()
}
