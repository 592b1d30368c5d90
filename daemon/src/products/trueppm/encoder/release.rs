//! What TruePPM's own export was like before 0.4.

use orgvault_archive::seed::Slugs;

use super::{notes::Notes, rows::Rows};
use crate::product::Definition;

/// Which release's export a seed is to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Release {
    /// 0.3: no labels and no links; slugs of any length; tasks without a path are written, and exceptions of
    /// calendars are not.
    Before04,
    /// 0.4 and later.
    #[default]
    Since04,
}

impl Release {
    /// The release that a definition is for: labels came with 0.4.
    pub(super) fn of(definition: &Definition) -> Self {
        let has_labels = definition.sections.iter().any(|section| section.name == "labels");
        if has_labels { Self::Since04 } else { Self::Before04 }
    }

    /// Hands out the slugs of one block.
    pub(super) fn slugs(self) -> Slugs {
        match self {
            Self::Before04 => Slugs::of_any_length(),
            Self::Since04 => Slugs::default(),
        }
    }

    /// The number of the role VIEWER.
    pub(super) fn viewer(self) -> i64 {
        match self {
            Self::Before04 => 0,
            Self::Since04 => 1,
        }
    }

    /// Takes the rows as its export does.
    pub(super) fn adapt(self, rows: &mut Rows, notes: &mut Notes) {
        if self == Self::Since04 {
            return;
        }
        for task in &mut rows.tasks {
            // Python's text of no path.
            task.wbs_path.get_or_insert_with(|| "None".to_owned());
        }
        let exceptions = std::mem::take(&mut rows.calendar_exceptions);
        notes.drop_all("calendar_exceptions", "not_in_release", exceptions.len() as u64);
    }
}
