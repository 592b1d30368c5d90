//! What can be wrong with an archive, each in a sentence of its own.

use crate::content::Broken;

/// The machine does not give it.
const UNREADABLE: &str = "unreadable";
/// Its first bytes are those of something else.
const NOT_AN_EXPORT: &str = "not_an_export";
/// It ends too early.
const TRUNCATED: &str = "truncated";
/// It is not the tenant's whose it must be.
const WRONG_ORGANIZATION: &str = "wrong_organization";
/// Anything else.
const EXPORT_DAMAGED: &str = "export_damaged";
/// What comes first explains what comes behind it.
const CODES: [&str; 5] = [UNREADABLE, NOT_AN_EXPORT, TRUNCATED, WRONG_ORGANIZATION, EXPORT_DAMAGED];

/// The code that tells most of several faults.
pub(super) fn code_of(faults: &[ArchiveFault]) -> Option<&'static str> {
    CODES.into_iter().find(|code| faults.iter().any(|fault| fault.code() == *code))
}

/// One thing that is wrong with a file. Positions count bytes of its content (without gzip) from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveFault {
    /// The manifest is there and the file is not.
    #[error("the file is missing")]
    Missing,
    /// Something else has its name.
    #[error("replaced: it is {what} and not a file")]
    NotAFile {
        /// What it is instead.
        what: &'static str,
    },
    /// The file ends too early.
    #[error("truncated: it has {found} bytes and the manifest says {expected}")]
    Truncated {
        /// Its size.
        found: u64,
        /// What the manifest says.
        expected: u64,
    },
    /// The file goes on after what was published.
    #[error("trailing bytes: {extra} bytes follow the {expected} bytes that the manifest says")]
    Trailing {
        /// Bytes too many.
        extra: u64,
        /// What the manifest says.
        expected: u64,
    },
    /// Another whole file has its name.
    #[error("replaced: it is a whole file of {found} bytes and the manifest says {expected} bytes")]
    Replaced {
        /// Its size.
        found: u64,
        /// What the manifest says.
        expected: u64,
    },
    /// Its bytes are not those that were published.
    #[error("hash differs: its SHA-256 is {found} and the manifest says {expected}")]
    Hash {
        /// Its SHA-256.
        found: String,
        /// What the manifest says.
        expected: String,
    },
    /// Its content stops in the middle.
    #[error("the content ends in the middle, at byte {at}")]
    Ends {
        /// Where.
        at: u64,
    },
    /// Its content is not what its format allows.
    #[error("not {format} at byte {at}: {what}")]
    Syntax {
        /// The format.
        format: &'static str,
        /// Where.
        at: u64,
        /// What is wrong there.
        what: String,
    },
    /// It is no seed.
    #[error("not a seed: {what}")]
    Seed {
        /// Where and why.
        what: String,
    },
    /// One thing is larger than what is held in memory.
    #[error("what begins at byte {at} is larger than {limit} bytes, and no more is held in memory")]
    TooLarge {
        /// Where.
        at: u64,
        /// The most that is held.
        limit: usize,
    },
    /// There are more of one kind than any archive has.
    #[error("there are more than {limit} {what}, and no archive has so many")]
    TooMany {
        /// Keys, columns or members.
        what: &'static str,
        /// The most that is looked at.
        limit: usize,
    },
    /// Further faults, which are not told one by one.
    #[error("and {more} more faults")]
    More {
        /// How many.
        more: usize,
    },
    /// Its compression is broken.
    #[error("the gzip stream is broken after {at} bytes of content: {cause}")]
    Gzip {
        /// Where.
        at: u64,
        /// Why.
        cause: String,
    },
    /// The disk does not give it.
    #[error("unreadable after {at} bytes: {cause}")]
    Unreadable {
        /// Where.
        at: u64,
        /// The machine's words.
        cause: String,
    },
    /// A section has another number of rows.
    #[error("section {section} has {found} rows and the manifest says {expected}")]
    Rows {
        /// The section.
        section: String,
        /// Its rows.
        found: u64,
        /// What the manifest says.
        expected: u64,
    },
    /// A section is not there.
    #[error("section {section} is missing and the manifest says {expected} rows")]
    NoSection {
        /// The section.
        section: String,
        /// What the manifest says.
        expected: u64,
    },
    /// A section is neither rows nor one object.
    #[error("section {section} holds neither rows nor one object")]
    NoRows {
        /// The section.
        section: String,
    },
    /// A key comes twice.
    #[error("section {section} comes twice")]
    Twice {
        /// The section.
        section: String,
    },
    /// The document's own counts say something else.
    #[error("section {section} has {found} rows and the document's own counts say {stated}")]
    OwnCounts {
        /// The section.
        section: String,
        /// Its rows.
        found: u64,
        /// What the document says.
        stated: u64,
    },
    /// A CSV header has other columns.
    #[error("the header of section {section} is `{found}` and the manifest says `{expected}`")]
    Header {
        /// The section.
        section: String,
        /// Its columns, with commas.
        found: String,
        /// What the manifest says.
        expected: String,
    },
    /// A ZIP whose directory cannot be read.
    #[error("not a whole ZIP: {cause}")]
    Container {
        /// Why.
        cause: String,
    },
    /// Something is wrong within one member of a ZIP.
    #[error("member {member}: {fault}")]
    Member {
        /// The member's name.
        member: String,
        /// What is wrong with it.
        fault: Box<ArchiveFault>,
    },
    /// A member's data does not fit its checksum, or is no compressed data.
    #[error("the data is broken after {at} bytes of content: {cause}")]
    Packed {
        /// Where.
        at: u64,
        /// Why.
        cause: String,
    },
    /// A member has another size than the ZIP says.
    #[error("it has {found} bytes and the ZIP says {stated}")]
    MemberSize {
        /// Its size.
        found: u64,
        /// What the ZIP says.
        stated: u64,
    },
    /// Something of a `full` archive is not as its own lists say.
    #[error("{what} {why}")]
    Bag {
        /// What.
        what: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A member of a `full` archive is not the one that its manifest lists.
    #[error("its SHA-256 is {found} and {manifest} says {expected}")]
    BagHash {
        /// The manifest.
        manifest: String,
        /// Its SHA-256.
        found: String,
        /// What the manifest says.
        expected: String,
    },
    /// The rows of a table are not those that the report tells of.
    #[error("table {table}: the hash of its rows is {found} and report.json says {expected}")]
    RowHash {
        /// The table.
        table: String,
        /// The hash of its rows.
        found: String,
        /// What the report says.
        expected: String,
    },
    /// A member is not there.
    #[error("member {member} is missing")]
    NoMember {
        /// The member's name.
        member: String,
    },
    /// A file of the app is not the one that the list of files tells of.
    #[error(
        "it has {bytes} bytes with the SHA-256 {sha256} and the list of files says {listed_bytes} with {listed_sha256}"
    )]
    File {
        /// Its size.
        bytes: u64,
        /// Its SHA-256.
        sha256: String,
        /// What the list says.
        listed_bytes: String,
        /// What the list says.
        listed_sha256: String,
    },
    /// A file of the app is there and not in the list, or not in this place of it.
    #[error("it is not the one that comes next in the list of files")]
    Unlisted,
    /// There are other files of the app than there should be.
    #[error("there are {found} files of {bytes} bytes and the manifest says {expected} of {expected_bytes} bytes")]
    Files {
        /// How many there are.
        found: u64,
        /// Their bytes.
        bytes: u64,
        /// What the manifest says.
        expected: u64,
        /// What the manifest says.
        expected_bytes: u64,
    },
    /// It is something else than an archive.
    #[error("not an export: it is {found} and should be {expected}")]
    NotAnExport {
        /// What it is.
        found: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// It is another tenant's.
    #[error("it is another organization's: {place} is {found} and should be {expected}")]
    WrongTenant {
        /// Where it stands.
        place: String,
        /// What stands there.
        found: String,
        /// What should.
        expected: String,
    },
    /// It does not say whose it is.
    #[error("it does not say whose it is: there is no {place}")]
    NoTenant {
        /// Where it should stand.
        place: String,
    },
    /// It is the archive of more than one tenant, or says so twice.
    #[error("it is not one organization's: {place} is more than one, {found}, and should be {expected} alone")]
    SeveralTenants {
        /// Where they stand.
        place: String,
        /// Some of them.
        found: String,
        /// The one that it should be.
        expected: String,
    },
    /// Two rows have one id.
    #[error("a row of section {section} has an id that another row has: {id}")]
    DuplicateId {
        /// The section of one of them.
        section: String,
        /// The id.
        id: String,
    },
    /// The ids of its rows do not fit into the memory, and could not be put down.
    #[error("its ids cannot be compared: {cause}")]
    Scratch {
        /// The machine's words.
        cause: String,
    },
    /// A member is there and the manifest does not know it.
    #[error("member {member} is not one that the manifest says")]
    UnknownMember {
        /// The member's name.
        member: String,
    },
}

impl ArchiveFault {
    /// Whether it is only that a section has other rows than it should: the file itself is whole.
    #[must_use]
    pub fn is_count(&self) -> bool {
        matches!(self, Self::Rows { .. } | Self::NoSection { .. })
    }

    /// What kind of fault it is, in one stable word.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Member { fault, .. } => fault.code(),
            Self::Truncated { .. } | Self::Ends { .. } => TRUNCATED,
            Self::WrongTenant { .. } | Self::NoTenant { .. } | Self::SeveralTenants { .. } => WRONG_ORGANIZATION,
            Self::NotAnExport { .. } => NOT_AN_EXPORT,
            Self::Missing | Self::Unreadable { .. } | Self::Scratch { .. } => UNREADABLE,
            _ => EXPORT_DAMAGED,
        }
    }

    /// The same, of one member of a ZIP.
    pub(crate) fn of_member(self, member: &str) -> Self {
        Self::Member { member: member.to_owned(), fault: Box::new(self) }
    }

    /// The same for compressed data of a ZIP, which is no gzip stream.
    pub(crate) fn packed(self) -> Self {
        match self {
            Self::Gzip { at, cause } => Self::Packed { at, cause },
            other => other,
        }
    }

    pub(crate) fn of(broken: Broken, format: &'static str) -> Self {
        match broken {
            Broken::Ends { at } => Self::Ends { at },
            Broken::Syntax { at, what } => Self::Syntax { format, at, what },
            Broken::TooLarge { at, limit } => Self::TooLarge { at, limit },
            Broken::TooMany { what, limit } => Self::TooMany { what, limit },
            Broken::Gzip { at, cause } => Self::Gzip { at, cause: cause.to_string() },
            Broken::Read { at, cause } => Self::Unreadable { at, cause: cause.to_string() },
        }
    }
}
