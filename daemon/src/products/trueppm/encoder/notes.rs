//! What a builder leaves out and what it wonders about: rows dropped by rule, and warnings.

use std::{collections::BTreeMap, fmt::Display};

use orgvault_api::{DroppedRows, Warning};

/// At most this many ids are kept for one warning.
const MAX_IDS: usize = 100;

/// What the admin ought to know of a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Doubt {
    SprintNotExported,
    RoleUnknown,
    NotJson,
    RowMissing,
    OtherProject,
    LabelLost,
    PathClash,
}

impl Doubt {
    fn code(self) -> &'static str {
        match self {
            Self::SprintNotExported => "sprint_not_exported",
            Self::RoleUnknown => "role_unknown",
            Self::NotJson => "number_not_json",
            Self::RowMissing => "row_missing",
            Self::OtherProject => "bare_foreign_reference",
            Self::LabelLost => "label_lost",
            Self::PathClash => "wbs_path_clash",
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::SprintNotExported => {
                "these tasks are in a sprint that is deleted or not in the document, and were written without it; \
                 TruePPM's own export fails on them"
            }
            Self::RoleUnknown => {
                "these users have a role that has no name, and were written without it; TruePPM's own export fails \
                 on them"
            }
            Self::NotJson => {
                "these rows hold NaN or Infinity, which were written bare as TruePPM does: no JSON reader takes the file"
            }
            Self::RowMissing => "these rows are named by others and do not exist; the references were left out",
            Self::OtherProject => {
                "these rows name something of another project, and were written without its name as TruePPM does: \
                 when read back they mean something else, or nothing"
            }
            Self::LabelLost => "these tasks have labels of a later project, which were left out as TruePPM does",
            Self::PathClash => {
                "these tasks have the WBS path of another task of their project: TruePPM refuses the file"
            }
        }
    }
}

/// Collects both.
#[derive(Debug, Default)]
pub(super) struct Notes {
    dropped: BTreeMap<(&'static str, &'static str), u64>,
    doubts: BTreeMap<Doubt, (u64, Vec<String>)>,
}

impl Notes {
    /// A row of `section` is not written, by `rule`.
    pub(super) fn drop(&mut self, section: &'static str, rule: &'static str) {
        self.drop_all(section, rule, 1);
    }

    pub(super) fn drop_all(&mut self, section: &'static str, rule: &'static str, rows: u64) {
        if rows > 0 {
            *self.dropped.entry((section, rule)).or_default() += rows;
        }
    }

    pub(super) fn doubt(&mut self, doubt: Doubt, id: impl Display) {
        let (total, ids) = self.doubts.entry(doubt).or_default();
        *total += 1;
        let id = id.to_string();
        if ids.len() < MAX_IDS && ids.last() != Some(&id) {
            ids.push(id);
        }
    }

    /// Rows dropped from a section.
    pub(super) fn dropped_from(&self, section: &str) -> u64 {
        self.dropped.iter().filter(|((name, _), _)| *name == section).map(|(_, rows)| rows).sum()
    }

    pub(super) fn into_lists(self) -> (Vec<DroppedRows>, Vec<Warning>) {
        let dropped = self.dropped.into_iter().map(|((section, rule), rows)| DroppedRows {
            section: section.to_owned(),
            rule: rule.to_owned(),
            rows,
        });
        let warnings = self.doubts.into_iter().map(|(doubt, (total, ids))| Warning {
            code: doubt.code().to_owned(),
            message: format!("{total}: {}", doubt.message()),
            ids,
        });
        (dropped.collect(), warnings.collect())
    }
}
