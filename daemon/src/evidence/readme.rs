//! What an auditor reads first: what is in it, how to check it, and what that proves.

use std::time::Duration;

use orgvault_api::{
    AuditChain, Drill, EvidencePublicKey, Verdict, clock::Timestamp, text::printable, units::format_duration,
};
use orgvault_archive::Manifest;

use super::{
    Facts,
    package::{ARCHIVE_SUM, CHAIN, DRILL, LINES, MANIFEST, PUBLIC_KEY, SIGNATURE, SIGNERS, SUMS, folder},
};

pub(super) fn text(facts: &Facts, key: &EvidencePublicKey) -> String {
    let Facts { manifest, drill, chain, .. } = facts;
    format!("{}\n{}\n{}", subject(manifest, drill.as_ref(), chain), checks(manifest, key), meanings(drill.is_some()))
}

/// What it is about, for people; all of it stands in the documents too.
fn subject(manifest: &Manifest, drill: Option<&Drill>, chain: &AuditChain) -> String {
    let organization = &manifest.organization;
    let rows: u64 = manifest.sections.iter().map(|section| section.rows).sum();
    let drilled =
        drill.map_or_else(|| "none has ended: that the archive can be put back is not proven".to_owned(), drilled);
    let trail = if chain.whole { "whole" } else { "NOT WHOLE: see audit-chain.json" };
    format!(
        "Evidence of a backup of one organization\n\
         \n\
         organization  {} ({}, id {})\n\
         archive       {} ({}, {} bytes)\n\
         SHA-256       {}\n\
         data as of    {}\n\
         rows          {rows}\n\
         last drill    {drilled}\n\
         audit trail   {trail}, {} lines written\n",
        printable(&organization.name),
        printable(&organization.slug),
        printable(&organization.id),
        manifest.file,
        manifest.format.name(),
        manifest.bytes,
        manifest.sha256,
        time(manifest.exported_at),
        chain.number,
    )
}

fn drilled(drill: &Drill) -> String {
    let verdict = drill.verdict.map_or("unfinished", Verdict::name);
    let recovery = drill.recovery_ms.map(Duration::from_millis).map(format_duration);
    let recovery = recovery.map_or_else(String::new, |time| format!(", everything back within {time}"));
    format!("{verdict}, begun {}{recovery}", time(drill.started_at))
}

fn time(at: Timestamp) -> impl std::fmt::Display {
    at.format("%Y-%m-%dT%H:%M:%SZ")
}

fn checks(manifest: &Manifest, key: &EvidencePublicKey) -> String {
    let (folder, EvidencePublicKey { fingerprint, identity, namespace, .. }) = (folder(manifest), key);
    format!(
        "How to check it: with tar, sha256sum (coreutils) and ssh-keygen (OpenSSH 8.1 or later)\n\
         \n\
         1. Unpack it.\n\
         \n\
         \x20  tar -xf evidence.tar\n\
         \x20  cd {folder}\n\
         \n\
         2. Ask the operator for the key by another way than this file: a forged evidence brings a key of its own.\n\
         \x20  The operator's command is `orgvault evidence --key`. These two have to be the same:\n\
         \n\
         \x20  ssh-keygen -l -f {PUBLIC_KEY}\n\
         \x20  {fingerprint}\n\
         \n\
         \x20  Whoever keeps the {SIGNERS} file of an earlier day uses that one in the next step instead.\n\
         \n\
         3. Check the signature. It has to say: Good \"{namespace}\" signature for {identity}.\n\
         \n\
         \x20  ssh-keygen -Y verify -f {SIGNERS} -I {identity} -n {namespace} -s {SIGNATURE} < {SUMS}\n\
         \n\
         4. Check every file. What {SUMS} does not name is no part of the evidence.\n\
         \n\
         \x20  sha256sum --check --strict {SUMS}\n\
         \n\
         5. Check the archive itself, in the directory where it is ({}).\n\
         \n\
         \x20  sha256sum --check --strict PATH/TO/{folder}/{ARCHIVE_SUM}\n",
        manifest.file,
    )
}

fn meanings(drilled: bool) -> String {
    let drill = if drilled {
        format!("{DRILL:<22} the last restore of the archive into a scratch database, and each comparison after it\n")
    } else {
        String::new()
    };
    format!(
        "What the files say\n\
         \n\
         {MANIFEST:<22} what the archive holds: rows of each section, read and counted independently\n\
         {ARCHIVE_SUM:<22} the archive's SHA-256\n\
         {drill}\
         {LINES:<22} each line of the audit trail that names the archive, as it stands there\n\
         {CHAIN:<22} the head of the audit trail at that moment, and whether the trail was whole\n\
         {PUBLIC_KEY:<22} the key that signed\n\
         {SIGNERS:<22} the same for ssh-keygen\n\
         \n\
         Each line of the audit trail carries the SHA-256 of the line before it (`previous`) and its `number`.\n\
         `head` in {CHAIN} is the SHA-256 of the last line with its line end. The operator shows that\n\
         nothing of the trail was changed since with `orgvault audit --verify --head HEAD`.\n\
         \n\
         The signature proves that this orgvault said so, and that nothing was changed since. It does not prove\n\
         when: keep the file, or its SHA-256, where the operator cannot reach it.\n"
    )
}
