//! The tag files of a bag (RFC 8493).

use std::fmt::Write as _;

/// The member that makes a bag of it.
pub const DECLARATION: &str = "bagit.txt";
/// What it says.
pub const DECLARATION_TEXT: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
/// The member with facts about the bag.
pub const INFO: &str = "bag-info.txt";
/// The member with the SHA-256 of everything below `data/`.
pub const MANIFEST: &str = "manifest-sha256.txt";
/// The member with the SHA-256 of everything else.
pub const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";

/// A member, its size in bytes and its SHA-256 in lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashed {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256, in lower-case hex.
    pub sha256: String,
}

/// The lines that `sha256sum -c` reads. Names of members hold nothing that a manifest would write in another way.
#[must_use]
pub fn manifest<'h>(members: impl IntoIterator<Item = &'h Hashed>) -> String {
    let mut lines = String::new();
    for Hashed { name, sha256, .. } in members {
        // Writing to a string cannot fail.
        writeln!(lines, "{sha256}  {name}").unwrap_or_default();
    }
    lines
}

/// The bag of an organization with this id: how much is below `data/`.
#[must_use]
pub fn info<'h>(id: &str, payload: impl IntoIterator<Item = &'h Hashed>) -> String {
    let (bytes, count) = payload.into_iter().fold((0, 0_u64), |(bytes, count), it| (bytes + it.bytes, count + 1));
    let id: String = id.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
    format!("External-Identifier: {id}\nPayload-Oxum: {bytes}.{count}\n")
}
