//! Names in the archive directory: `<source>/<slug>--<id>/<time>-<gid>.<format>[.gz]`.
//!
//! The id decides, the slug is for people. What a database calls an organization never becomes a
//! path: the slug is cleaned, and an id that is not plain is replaced by a digest of itself.

use std::{fmt::Write as _, path::PathBuf, str::FromStr};

use chrono::NaiveDateTime;
use sha2::{Digest, Sha256};

use orgvault_api::{Format, OrganizationKey, clock::Timestamp, gid::Gid};

/// What an archive's file name is followed by to name its manifest.
pub const MANIFEST_SUFFIX: &str = ".manifest.json";
/// What an archive's file name is followed by to name its state.
pub const STATE_SUFFIX: &str = ".state.json";
/// What the names of unfinished files begin with.
pub const PARTIAL_PREFIX: &str = ".partial-";
/// What `sha256sum -c` reads in each organization's directory.
pub const SUMS_NAME: &str = "SHA256SUMS";

const SLUG_LENGTH: usize = 60;
const ID_LENGTH: usize = 64;
/// A dot is in no plain id, so a digest never equals one that was chosen to look like it.
const DIGEST_PREFIX: &str = "sha256.";
const DIGEST_BYTES: usize = 20;
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// The part of a directory's name that people read: `slug` in lower case, every run of anything
/// but `[a-z0-9]` as one `-`, none at either end, at most 60 characters; may be empty.
#[must_use]
pub fn clean_slug(slug: &str) -> String {
    let mut clean = String::new();
    for character in slug.chars().map(|character| character.to_ascii_lowercase()) {
        if clean.len() >= SLUG_LENGTH {
            break;
        }
        if character.is_ascii_lowercase() || character.is_ascii_digit() {
            clean.push(character);
        } else if !clean.is_empty() && !clean.ends_with('-') {
            clean.push('-');
        }
    }
    clean.truncate(clean.trim_end_matches('-').len());
    clean
}

/// The part of a directory's name that decides: the id itself where it is 1 to 64 characters of
/// `[A-Za-z0-9_-]`, else `sha256.` and the first 40 hex digits of its SHA-256.
#[must_use]
pub fn id_part(id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if (1..=ID_LENGTH).contains(&id.len()) && id.bytes().all(plain) {
        return id.to_owned();
    }
    let digest = Sha256::digest(id.as_bytes());
    format!("{DIGEST_PREFIX}{}", hex(digest.get(..DIGEST_BYTES).unwrap_or_default()))
}

/// The directory of an organization that has none yet: `<slug>--<id>`. Where nothing is left of the
/// slug, the name takes its place, and then the kind: a name that began with `-` would be an option
/// to `tar czf x.tgz *`.
#[must_use]
pub fn organization_directory(organization: &OrganizationKey) -> String {
    let OrganizationKey { slug, name, kind, .. } = organization;
    let texts = [slug, name, kind].map(|text| clean_slug(text));
    let spoken = texts.iter().find(|text| !text.is_empty()).map_or("organization", String::as_str);
    format!("{spoken}--{}", id_part(&organization.id))
}

/// The id part of an organization directory's name. A cleaned slug holds no `--`, so the first
/// one is where the id begins.
#[must_use]
pub fn directory_id(directory: &str) -> Option<&str> {
    let (slug, id) = directory.split_once("--")?;
    (clean_slug(slug) == slug && !id.is_empty()).then_some(id)
}

/// Whether `directory` is where this organization's archives are, also after a new slug.
#[must_use]
pub fn is_directory_of(directory: &str, organization: &OrganizationKey) -> bool {
    directory_id(directory).is_some_and(|id| id == id_part(&organization.id))
}

/// The directory of a source's archives: its name, treated as an id.
#[must_use]
pub fn source_directory(source: &str) -> String {
    id_part(source)
}

/// Whether a directory of this name can be a source's.
#[must_use]
pub fn is_source_directory(directory: &str) -> bool {
    directory.starts_with(DIGEST_PREFIX) || id_part(directory) == directory
}

/// The name of an archive's file: `20260131T093000Z-<gid>.<format>[.gz]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveName {
    /// When the export started, to the second.
    pub exported_at: Timestamp,
    /// The export's id.
    pub gid: Gid,
    /// How the archive is written.
    pub format: Format,
    /// Whether it is compressed with gzip.
    pub gzip: bool,
}

/// The text is not the name of an archive.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no archive's name: expected one like 20260131T093000Z-1234567.json or ….json.gz")]
pub struct InvalidName(String);

impl ArchiveName {
    /// The name of its manifest.
    #[must_use]
    pub fn manifest(self) -> String {
        format!("{self}{MANIFEST_SUFFIX}")
    }

    /// The name of its state.
    #[must_use]
    pub fn state(self) -> String {
        format!("{self}{STATE_SUFFIX}")
    }
}

impl std::fmt::Display for ArchiveName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let gz = if self.gzip { ".gz" } else { "" };
        write!(f, "{}-{}.{}{gz}", self.exported_at.format(TIME), self.gid, self.format)
    }
}

impl FromStr for ArchiveName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let invalid = || InvalidName(text.chars().take(100).collect());
        let (name, gzip) = text.strip_suffix(".gz").map_or((text, false), |name| (name, true));
        let (stem, format) = name.rsplit_once('.').ok_or_else(invalid)?;
        let (time, gid) = stem.split_once('-').ok_or_else(invalid)?;
        let parsed = (NaiveDateTime::parse_from_str(time, TIME), gid.parse(), format.parse());
        let (Ok(time), Ok(gid), Ok(format)) = parsed else { return Err(invalid()) };
        let name = Self { exported_at: time.and_utc(), gid, format, gzip };
        // One spelling for each name: what prints otherwise (`+2026…`) was not written by us.
        if name.to_string() == text { Ok(name) } else { Err(invalid()) }
    }
}

/// Where the archive of one export goes, below the archive directory, when the organization has
/// no directory yet.
#[must_use]
pub fn relative_path(organization: &OrganizationKey, name: ArchiveName) -> PathBuf {
    [source_directory(&organization.source), organization_directory(organization), name.to_string()].iter().collect()
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(digits, "{byte:02x}").unwrap_or_default();
    }
    digits
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn organization(slug: &str, id: &str) -> OrganizationKey {
        let text = str::to_owned;
        let (source, kind, name) = (text("tracker"), text("organization"), text("Acme"));
        OrganizationKey { source, kind, id: text(id), name, slug: text(slug) }
    }

    #[test]
    fn cleans_slugs_that_are_no_path() {
        let cases = [
            ("acme", "acme"),
            ("../x", "x"),
            ("", ""),
            ("🚀", ""),
            ("Ünïcode Ltd.", "n-code-ltd"),
            ("a\0b", "a-b"),
            ("a--b", "a-b"),
            ("-a-", "a"),
            ("a...", "a"),
            ("SHA256SUMS", "sha256sums"),
        ];
        for (slug, clean) in cases {
            assert_eq!(clean_slug(slug), clean, "{slug:?}");
        }
        assert_eq!(clean_slug(&"x".repeat(300)), "x".repeat(60));
        assert_eq!(clean_slug(&format!("{}-y", "x".repeat(59))), "x".repeat(59));
    }

    #[test]
    fn keeps_plain_ids_and_digests_others() {
        assert_eq!(id_part("018f3c1e-0000-7000-8000-00000000000b"), "018f3c1e-0000-7000-8000-00000000000b");
        assert_eq!(id_part(&"a".repeat(64)), "a".repeat(64));
        // printf %s '../x' | sha256sum
        assert_eq!(id_part("../x"), "sha256.d6b96a97d147daaae49eb87a5ca7bfbc280e7955");
        for id in ["", "..", ".", "a/b", "ü", "a\0", &"a".repeat(65)] {
            assert!(id_part(id).starts_with(DIGEST_PREFIX), "{id:?}");
        }
    }

    #[test]
    fn a_directory_without_a_slug_is_called_by_the_name_or_the_kind() {
        assert_eq!(organization_directory(&organization("", "7")), "acme--7");
        let nameless = OrganizationKey { name: "日本".to_owned(), ..organization("🚀", "7") };
        assert_eq!(organization_directory(&nameless), "organization--7");
        assert_eq!(organization_directory(&OrganizationKey { kind: String::new(), ..nameless }), "organization--7");
        assert!(is_directory_of("--7", &organization("", "7")), "what an earlier version made is used on");
    }

    #[test]
    fn finds_the_id_in_a_directory_name() {
        for (directory, id) in [
            ("acme--1", Some("1")),
            ("--1", Some("1")),
            ("a-b--c--d", Some("c--d")),
            ("a---b", Some("-b")),
            ("acme-1", None),
            ("acme--", None),
            ("Acme--1", None),
            ("a/b--1", None),
        ] {
            assert_eq!(directory_id(directory), id, "{directory:?}");
        }
        assert!(is_directory_of("old-name--7", &organization("new-name", "7")));
        assert!(!is_directory_of("name--77", &organization("name", "7")));
    }

    #[test]
    fn names_an_archive_and_reads_the_name_back() {
        let name = ArchiveName {
            exported_at: DateTime::from_timestamp(1_769_851_800, 0).unwrap(),
            gid: "1234567".parse().unwrap(),
            format: Format::SeedEvents,
            gzip: true,
        };
        assert_eq!(name.to_string(), "20260131T093000Z-1234567.seed-events.gz");
        assert_eq!(name.to_string().parse::<ArchiveName>().unwrap(), name);
        for text in [
            "",
            "20260131T093000Z-1234567.json/../x",
            "20260131T093000Z-01.json",
            "+20260131T093000Z-1.json",
            "20260131T093000Z-1.json.manifest.json",
            "20261331T093000Z-1.json",
            "20260131T093000Z-1.pdf",
        ] {
            assert!(text.parse::<ArchiveName>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_directory_is_one_safe_component(slug in any::<String>(), id in any::<String>()) {
            let directory = organization_directory(&organization(&slug, &id));
            prop_assert!(directory.len() <= 60 + 2 + 64);
            prop_assert!(directory.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
            prop_assert!(!directory.starts_with(['.', '-']) && !directory.ends_with('.'));
            let mut components = std::path::Path::new(&directory).components();
            prop_assert!(matches!(components.next(), Some(std::path::Component::Normal(_))));
            prop_assert!(components.next().is_none());
            prop_assert!(is_directory_of(&directory, &organization("renamed since", &id)));
        }

        #[test]
        fn a_source_is_one_safe_component(source in any::<String>()) {
            let directory = source_directory(&source);
            prop_assert!(!directory.is_empty() && !directory.starts_with('.'));
            prop_assert!(directory.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
        }

        #[test]
        fn two_ids_never_share_a_directory(
            one in "[-_a-z.ü]{0,5}", other in "[-_a-z.ü]{0,5}", slug in "[-a-z]{0,4}", other_slug in "[-a-z]{0,4}",
        ) {
            prop_assume!(one != other);
            let directory = organization_directory(&organization(&slug, &one));
            prop_assert!(!is_directory_of(&directory, &organization(&other_slug, &other)));
        }

        #[test]
        fn a_digest_cannot_be_claimed_by_a_plain_id(id in any::<String>()) {
            let digest = id_part(&id);
            prop_assume!(digest != id);
            prop_assert_ne!(id_part(&digest), digest);
        }
    }
}
