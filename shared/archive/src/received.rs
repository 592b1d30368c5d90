//! Archives that the app itself made and that were kept as they were received: what such a file is, and how it is
//! read. Nothing but the file says what it must contain, so its end, its tenant and its counts are proven from within.

pub(crate) mod large;
pub(crate) mod lines;
pub(crate) mod members;
pub(crate) mod pick;

use std::path::Path;

use serde::{Deserialize, Serialize};

use orgvault_api::{OrganizationKey, Received};

/// A received archive, as its manifest tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedFile {
    /// Where it comes from.
    #[serde(flatten)]
    pub received: Received,
    /// How its content is read.
    pub content: Content,
}

/// What a received file is read by.
#[derive(Debug, Clone, Copy)]
pub struct ReadAs<'a> {
    /// How.
    pub content: &'a Content,
    /// Whose it must be.
    pub organization: &'a OrganizationKey,
    /// Where ids that are too many for the memory are put down, in files that have no name; the machine's own
    /// directory for such files without it.
    pub scratch: Option<&'a Path>,
}

/// How the content of a received file is read. Its container follows from the archive's format: `json`, `csv` and
/// `seed` stand by themselves or in gzip, `zip` and `tar` hold members.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Content {
    /// What the file holds, or, in a container of members, those that no rule of `members` names.
    pub inner: Inner,
    /// For rows: the key whose value names the section of its object (`__type`); all are in one section without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// For rows: the key whose value no two objects of the file share (`__object_id`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// For rows: the keys whose values are ids, or lists of ids, of other objects of the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// Where the tenant stands; each of them must agree. Empty where the file does not say whose it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identity: Vec<Identity>,
    /// In a container of members: how those of these names are read, the first rule that fits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberRule>,
}

/// What a file, or a member of one, holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Inner {
    /// Rows: one JSON object a line.
    Ndjson,
    /// Rows: one JSON array of objects, or one object, which is one row.
    Json,
    /// Rows: as lines or as an array, whichever its first bytes are.
    Rows,
    /// One JSON object whose arrays of objects are sections, as orgvault's own `json`.
    Document,
    /// Rows: a CSV with a header.
    Csv,
    /// `TruePPM`'s canonical seed.
    Seed,
    /// Bytes of which nothing is known.
    #[default]
    Opaque,
}

/// Where a file says whose it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// In a container of members: the pattern of the one member that it stands in; `{organization}` in it is the
    /// tenant's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// Of rows: the section whose one row it is; every row of the file, or of the member, without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// The JSON pointer of the value, in the row or in the document (`/__object_id`); of a CSV `/` and the column.
    pub pointer: String,
    /// Other places beside `pointer`, one of which is enough.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub or: Vec<String>,
    /// What the value must be.
    pub equals: TenantText,
    /// Which rows say it.
    #[serde(skip_serializing_if = "Saying::is_usual")]
    pub rows: Saying,
}

/// Which rows say whose a file is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Saying {
    /// The section's one row, or without a section every one.
    #[default]
    Usual,
    /// Those that have the value; there may be none.
    Given,
    /// One of them, whatever the others say.
    Some,
}

impl Saying {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
    fn is_usual(&self) -> bool {
        *self == Self::Usual
    }
}

/// A text of a tenant that a file may hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TenantText {
    /// Its id, as a string or a number.
    #[default]
    Id,
    /// Its slug.
    Slug,
    /// Its name.
    Name,
}

impl TenantText {
    /// What that is of `organization`.
    #[must_use]
    pub fn of(self, organization: &OrganizationKey) -> &str {
        match self {
            Self::Id => &organization.id,
            Self::Slug => &organization.slug,
            Self::Name => &organization.name,
        }
    }
}

/// How the members of some names are read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemberRule {
    /// The pattern of their names (`issues_*.json`, `tree/**/*.ndjson`).
    pub member: String,
    /// What they hold.
    pub inner: Inner,
    /// The section of their rows; the member's own name without its number and its ending by default. Members of one
    /// section are counted together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// The key whose value no two rows of the section share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}
