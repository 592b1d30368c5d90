//! When the rows of the screen's lists are put in order anew: not with each key.

use orgvault_api::gid::Gid;

use crate::console::{filter::Filter, model::Model, screens::Kind};

/// What decides how the rows of the screen are arranged, besides the data.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arrangement {
    kind: Kind,
    way: (usize, usize),
    list: Option<(Filter, bool, usize, bool)>,
    /// The counts are those of the archive with the cursor.
    archive: Option<Gid>,
}

impl Arrangement {
    /// How they are arranged now.
    pub(crate) fn of(model: &Model) -> Self {
        let list = model.screen.list();
        let list = list.map(|list| (list.filter.clone(), list.faults, list.sort, list.reverse));
        let archive = model.focus().archive.map(|archive| archive.gid);
        Self { kind: model.screen.kind(), way: (model.past.len(), model.future.len()), list, archive }
    }
}

/// Arranges the lists of the screen that is shown.
pub(crate) fn arrange(model: &mut Model) {
    model.screen.arrange(&model.data);
}
