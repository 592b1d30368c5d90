//! What the numbers of compared rows say. Pure: the same for every kind of database.

use orgvault_api::RestoreMode;

use super::finding::Code;

/// The rows of one table, of the archive and of the target.
pub(super) struct Compared {
    /// There with other values.
    pub(super) differing: u64,
    /// Somebody else has their id.
    pub(super) held: u64,
    /// Not there.
    pub(super) new: u64,
    /// The organization's, and not in the archive.
    pub(super) only_here: u64,
    /// The organization's.
    pub(super) here: u64,
    /// Whether they may be somebody else's.
    pub(super) shared: bool,
    /// Whether they are somebody else's.
    pub(super) named: bool,
}

/// Counts compared rows: identical, differing, somebody else's, the organization's.
pub(super) fn classes(shared: bool, matches: &str) -> String {
    let known = if shared { "true" } else { "own" };
    format!(
        "SELECT count(*) FILTER (WHERE {known} AND same), count(*) FILTER (WHERE {known} AND NOT same), \
         count(*) FILTER (WHERE NOT {known}), count(*) FILTER (WHERE own) FROM {matches}"
    )
}

/// Which keys a finding names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    Differing,
    Held,
    New,
    OnlyHere,
    /// None of so many rows.
    NoneOf(u64),
}

impl Compared {
    /// The findings, and which keys each of them names.
    pub(super) fn findings(&self, mode: RestoreMode) -> Vec<(Code, Keys, String)> {
        let Self { differing, held, new, only_here, here, shared, named } = *self;
        let mut findings = Vec::new();
        if differing > 0 {
            let code = if shared { Code::SharedDiffers } else { Code::RowDiffers };
            findings.push((code, Keys::Differing, format!("{differing} rows are there with other values")));
        }
        if held > 0 {
            findings.push((
                Code::IdHeld,
                Keys::Held,
                format!("{held} rows have an id that a row of somebody else has"),
            ));
        }
        if shared && new > 0 {
            let (code, whose) = if named {
                (Code::OthersMissing, "of other organizations, which the organization's rows name,")
            } else {
                (Code::SharedMissing, "that several organizations may name")
            };
            findings.push((code, Keys::New, format!("{new} rows {whose} are not there")));
        }
        if mode == RestoreMode::Scratch && here > 0 {
            let message = format!("{here} rows of the organization are there");
            findings.push((Code::TenantPresent, Keys::NoneOf(here), message));
        } else if only_here > 0 {
            let what = if mode == RestoreMode::Replace { "are deleted" } else { "stay" };
            let message = format!("{only_here} rows of the organization are not in the archive and {what}");
            findings.push((Code::OnlyHere, Keys::OnlyHere, message));
        }
        findings
    }
}
