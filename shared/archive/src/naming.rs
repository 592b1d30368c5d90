//! Names in the archive directory: `<source>/<slug>[.<kind>]--<id>/<time>-<gid>.<format>[.gz]`.
//!
//! The id decides, the slug is for people. What a database calls an organization never becomes a
//! path: the slug is cleaned, and an id that is not plain is replaced by a digest of itself.

use std::{fmt::Write as _, str::FromStr};

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
    digest(id)
}

fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    format!("{DIGEST_PREFIX}{}", hex(digest.get(..DIGEST_BYTES).unwrap_or_default()))
}

/// How many kinds of organizations a source has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kinds {
    /// One: an id names one organization.
    #[default]
    One,
    /// Several, each of which may have any id.
    Several,
}

/// The directory of an organization that has none yet: `<slug>--<id>`, and where its source has
/// several kinds `<slug>.<kind>--<id>`. Where nothing is left of the slug, the name takes its place,
/// and then the kind: a name that began with `-` would be an option to `tar czf x.tgz *`.
#[must_use]
pub fn organization_directory(organization: &OrganizationKey, kinds: Kinds) -> String {
    let OrganizationKey { slug, name, kind, id, .. } = organization;
    let texts = [slug, name, kind].map(|text| clean_slug(text));
    let spoken = texts.iter().find(|text| !text.is_empty()).map_or("organization", String::as_str);
    match kinds {
        Kinds::One => format!("{spoken}--{}", id_part(id)),
        Kinds::Several => format!("{spoken}.{}--{}", kind_part(kind), id_part(id)),
    }
}

/// The part of a directory's name that says the kind: it ends where the id begins, so it holds no
/// `--` and does not end in `-`.
fn kind_part(kind: &str) -> String {
    if kind.contains("--") || kind.ends_with('-') { digest(kind) } else { id_part(kind) }
}

/// What the name of an organization's directory says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DirectoryName<'a> {
    /// The part of the kind, where it is there: else the manifests in it say which it is.
    pub kind: Option<&'a str>,
    /// The part of the id.
    pub id: &'a str,
}

impl<'a> DirectoryName<'a> {
    /// Reads the name of a directory; none where it is no organization's. A cleaned slug holds
    /// neither `.` nor `--`, and a kind's part no `--`, so that each is found whatever an id holds.
    #[must_use]
    pub fn of(directory: &'a str) -> Option<Self> {
        let (spoken, id) = directory.split_once("--")?;
        let (slug, kind) = spoken.split_once('.').map_or((spoken, None), |(slug, kind)| (slug, Some(kind)));
        (clean_slug(slug) == slug && kind != Some("") && !id.is_empty()).then_some(Self { kind, id })
    }

    /// Whether archives of this organization may be in it, also after a new slug.
    #[must_use]
    pub fn may_be_of(self, organization: &OrganizationKey) -> bool {
        self.id == id_part(&organization.id) && self.kind.is_none_or(|kind| kind == kind_part(&organization.kind))
    }
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

    fn of_kind(kind: &str, slug: &str, id: &str) -> OrganizationKey {
        OrganizationKey { kind: kind.to_owned(), ..organization(slug, id) }
    }

    fn may_be_of(directory: &str, organization: &OrganizationKey) -> bool {
        DirectoryName::of(directory).is_some_and(|name| name.may_be_of(organization))
    }

    #[test]
    fn a_directory_without_a_slug_is_called_by_the_name_or_the_kind() {
        let named = |organization: &OrganizationKey| organization_directory(organization, Kinds::One);
        assert_eq!(named(&organization("", "7")), "acme--7");
        let nameless = OrganizationKey { name: "日本".to_owned(), ..organization("🚀", "7") };
        assert_eq!(named(&nameless), "organization--7");
        assert_eq!(named(&OrganizationKey { kind: String::new(), ..nameless }), "organization--7");
        assert!(may_be_of("--7", &organization("", "7")), "what an earlier version made is used on");
    }

    #[test]
    fn where_a_source_has_several_kinds_they_are_in_the_names() {
        for (kind, id, directory) in [
            ("team", "7", "acme.team--7"),
            ("team", "squad--7", "acme.team--squad--7"),
            ("my-team", "-7", "acme.my-team---7"),
            ("", "7", "acme.sha256.e3b0c44298fc1c149afbf4c8996fb92427ae41e4--7"),
            ("a--b", "7", &format!("acme.{}--7", digest("a--b"))),
            ("a-", "7", &format!("acme.{}--7", digest("a-"))),
            ("日本", "7", &format!("acme.{}--7", digest("日本"))),
        ] {
            let organization = of_kind(kind, "acme", id);
            assert_eq!(organization_directory(&organization, Kinds::Several), directory);
            assert!(may_be_of(directory, &organization), "{directory}");
            assert!(!may_be_of(directory, &of_kind("other", "acme", id)), "{directory}");
            assert!(may_be_of(&organization_directory(&organization, Kinds::One), &organization), "{directory}");
        }
    }

    #[test]
    fn finds_kind_and_id_in_a_directory_name() {
        for (directory, found) in [
            ("acme--1", Some((None, "1"))),
            ("--1", Some((None, "1"))),
            ("a-b--c--d", Some((None, "c--d"))),
            ("a---b", Some((None, "-b"))),
            ("acme.team--1", Some((Some("team"), "1"))),
            ("acme.sha256.ab--sha256.cd", Some((Some("sha256.ab"), "sha256.cd"))),
            ("acme-1", None),
            ("acme--", None),
            ("acme.--1", None),
            ("Acme--1", None),
            ("a/b--1", None),
        ] {
            let name = DirectoryName::of(directory).map(|name| (name.kind, name.id));
            assert_eq!(name, found, "{directory:?}");
        }
        assert!(may_be_of("old-name--7", &organization("new-name", "7")));
        assert!(!may_be_of("name--77", &organization("name", "7")));
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
        fn a_directory_is_one_safe_component(slug in any::<String>(), kind in any::<String>(), id in any::<String>()) {
            let (organization, renamed) = (of_kind(&kind, &slug, &id), of_kind(&kind, "renamed since", &id));
            for kinds in [Kinds::One, Kinds::Several] {
                let directory = organization_directory(&organization, kinds);
                prop_assert!(directory.len() <= 60 + 1 + 64 + 2 + 64);
                prop_assert!(directory.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
                prop_assert!(!directory.starts_with(['.', '-']) && !directory.ends_with('.'));
                let mut components = std::path::Path::new(&directory).components();
                prop_assert!(matches!(components.next(), Some(std::path::Component::Normal(_))));
                prop_assert!(components.next().is_none());
                prop_assert!(may_be_of(&directory, &renamed));
            }
        }

        #[test]
        fn a_source_is_one_safe_component(source in any::<String>()) {
            let directory = source_directory(&source);
            prop_assert!(!directory.is_empty() && !directory.starts_with('.'));
            prop_assert!(directory.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
        }

        #[test]
        fn two_tenants_of_several_kinds_never_share_a_directory(
            kinds in ["[-_a-z.ü]{0,5}", "[-_a-z.ü]{0,5}"], ids in ["[-_a-z.ü]{0,5}", "[-_a-z.ü]{0,5}"],
            slugs in ["[-a-z]{0,4}", "[-a-z]{0,4}"],
        ) {
            let [one, other] = [0, 1].map(|index| of_kind(&kinds[index], &slugs[index], &ids[index]));
            prop_assume!(one.tenant() != other.tenant());
            let directory = organization_directory(&one, Kinds::Several);
            prop_assert!(!may_be_of(&directory, &other));
            let plain = organization_directory(&one, Kinds::One);
            prop_assert!(one.id == other.id || !may_be_of(&plain, &other));
        }

        #[test]
        fn a_digest_cannot_be_claimed_by_a_plain_id(id in any::<String>()) {
            let digest = id_part(&id);
            prop_assume!(digest != id);
            prop_assert_ne!(id_part(&digest), digest);
        }
    }
}
