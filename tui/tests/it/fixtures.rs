//! Made-up answers of the daemon.

use orgvault_api::{
    Archive, ArchiveState, Event, Export, ExportError, Exports, Format, OrganizationKey, Progress, SectionCount, State,
    Verification, Warning, clock::Timestamp, gid::Gid,
};
use orgvault_archive::naming::hex;
use sha2::{Digest, Sha256};

/// The bytes of every archive here.
pub(crate) const BYTES: &[u8] = b"{\"format\":\"made up\"}";

pub(crate) fn gid(number: u64) -> Gid {
    Gid::try_from(number).unwrap()
}

/// A second of 2026-01-31, at half past nine.
pub(crate) fn at(second: u32) -> Timestamp {
    format!("2026-01-31T09:30:{second:02}.250Z").parse().unwrap()
}

pub(crate) fn key(slug: &str) -> OrganizationKey {
    let name = if slug == "odd" { "Ödd\u{1b}[31m 🚀\nInc." } else { "Acme" };
    let [source, kind, id, name, slug] =
        ["tracker", "organization", "0a4cf7a1-5a0f-4f7e-9a57-6d2b5d9a0001", name, slug].map(str::to_owned);
    OrganizationKey { source, kind, id, name, slug }
}

pub(crate) fn counts() -> Vec<SectionCount> {
    [("workItems", 41_203), ("comments", 7)].map(|(name, rows)| SectionCount { name: name.to_owned(), rows }).into()
}

pub(crate) fn warning() -> Warning {
    Warning {
        code: "schema_newer".to_owned(),
        message: "table work_items has columns that this version does not know".to_owned(),
        ids: vec!["work_items.colour".to_owned(), "evil\u{1b}]0;title".to_owned()],
    }
}

pub(crate) fn pending(number: u64, slug: &str) -> Export {
    Export {
        gid: gid(number),
        request: gid(1000),
        organization: key(slug),
        format: Format::Json,
        entity: None,
        gzip: false,
        importable: false,
        state: State::Pending,
        created_at: at(0),
        started_at: None,
        finished_at: None,
        progress: None,
        error: None,
        warnings: Vec::new(),
        counts: Vec::new(),
        bytes: None,
        requested_by: "ada".to_owned(),
        schedule: None,
    }
}

pub(crate) fn started(number: u64, slug: &str) -> Export {
    let progress = Progress {
        section: "workItems".to_owned(),
        rows: 1200,
        rows_expected: 41_210,
        bytes: 99_000,
        sections: Vec::new(),
        job: None,
    };
    Export { state: State::Started, started_at: Some(at(1)), progress: Some(progress), ..pending(number, slug) }
}

pub(crate) fn finished(number: u64, slug: &str) -> Export {
    Export {
        state: State::Finished,
        progress: None,
        finished_at: Some(at(3)),
        counts: counts(),
        bytes: Some(BYTES.len() as u64),
        ..started(number, slug)
    }
}

pub(crate) fn failed(number: u64, slug: &str, code: &str) -> Export {
    let error = ExportError {
        code: code.to_owned(),
        message: "the connection to tracker broke in section workItems: unexpected \u{1b}[2J end".to_owned(),
        hint: "look at the database's log".to_owned(),
    };
    Export {
        state: State::Error,
        progress: None,
        finished_at: Some(at(2)),
        error: Some(error),
        ..started(number, slug)
    }
}

pub(crate) fn archive(number: u64, slug: &str) -> Archive {
    Archive {
        gid: gid(number),
        request: gid(1000),
        organization: key(slug),
        format: Format::Json,
        entity: None,
        gzip: false,
        importable: false,
        path: format!("/var/lib/orgvault/archives/tracker/{slug}--1/20260131T093001Z-{number}.json"),
        bytes: BYTES.len() as u64,
        sha256: hex(&Sha256::digest(BYTES)),
        counts: counts(),
        files: None,
        snapshot: "00000003-0000001B-1".to_owned(),
        received: None,
        exported_at: at(1),
        state: ArchiveState::Present,
        verified: None,
        pinned: false,
        sent: Vec::new(),
        drilled: None,
        warnings: Vec::new(),
    }
}

pub(crate) fn verification(number: u64, faults: &[&str]) -> Verification {
    Verification {
        gid: Some(gid(number)),
        path: archive(number, "acme").path,
        at: at(9),
        ok: faults.is_empty(),
        faults: faults.iter().map(ToString::to_string).collect(),
        counts: counts(),
        files: None,
        bytes: BYTES.len() as u64,
    }
}

pub(crate) fn exports<const N: usize>(exports: [Export; N]) -> Exports {
    Exports { exports: exports.into(), ..Exports::default() }
}

pub(crate) fn snapshot<const N: usize>(exports: [Export; N]) -> Event {
    Event::Snapshot { exports: exports.into() }
}

pub(crate) fn change(export: Export) -> Event {
    Event::Export { export: Box::new(export) }
}
