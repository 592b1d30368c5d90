//! What the tests of other parts take for an archive.

use super::Stored;
use orgvault_api::{Archive, ArchiveState, Format, OrganizationKey, clock::Timestamp, gid::Gid};

/// An archive of one byte of the organization Acme, with a request of its own.
pub(crate) fn archive(gid: u64, exported_at: Timestamp) -> Archive {
    let gid = Gid::try_from(gid).unwrap();
    let [source, kind, id, name, slug] = ["tracker", "organization", "7", "Acme", "acme"].map(str::to_owned);
    Archive {
        gid,
        request: gid,
        organization: OrganizationKey { source, kind, id, name, slug },
        format: Format::Json,
        entity: None,
        gzip: false,
        importable: false,
        path: format!("tracker/acme--7/{gid}.json"),
        bytes: 1,
        sha256: "00".repeat(32),
        counts: Vec::new(),
        files: None,
        snapshot: "1:2:".to_owned(),
        received: None,
        exported_at,
        state: ArchiveState::Present,
        verified: None,
        pinned: false,
        sent: Vec::new(),
        drilled: None,
        warnings: Vec::new(),
    }
}

/// The same as the store knows it.
pub(crate) fn stored(archive: Archive) -> Stored {
    Stored::of_kept(archive).unwrap()
}
