//! An archive of a native format against what was exported again: which rows differ.

use std::io;

use orgvault_api::{Row, RowsPage};
use orgvault_archive::{reader::ArchiveReader, rows::rows_of};

use crate::store::{Store, Stored};

/// Rows that are read at once.
const PAGE: usize = 1000;

/// What differs, by section and id, at most so many. The rows of both are in the same order.
pub(super) fn differences(
    store: &dyn Store,
    archive: &Stored,
    again: &dyn Fn() -> io::Result<ArchiveReader>,
    most: usize,
) -> Vec<String> {
    let mut differences = Vec::new();
    let manifest = store.manifest(&archive.reference()).ok().flatten();
    for section in &archive.counts {
        let mut after = 0;
        loop {
            let of = |opened| rows_of("", opened, manifest.as_ref(), &section.name, after, PAGE, None);
            let pages = (of(store.open(&archive.reference())), of(again()));
            let (Ok(one), Ok(other)) = pages else { break };
            differences.extend(page(&section.name, &one, &other));
            match one.next.or(other.next) {
                Some(next) if differences.len() < most => after = next,
                _ => break,
            }
        }
        if differences.len() >= most {
            break;
        }
    }
    differences.truncate(most);
    differences
}

fn page(section: &str, one: &RowsPage, other: &RowsPage) -> Vec<String> {
    let most = one.rows.len().max(other.rows.len());
    let pair = |at: usize| match (one.rows.get(at), other.rows.get(at)) {
        (Some(left), Some(right)) if left.text() == right.text() => None,
        (Some(left), Some(_)) => Some(format!("{section} {}: its values differ", name(left))),
        (Some(left), None) => Some(format!("{section} {}: it is in the archive alone", name(left))),
        (None, Some(right)) => Some(format!("{section} {}: it is not in the archive", name(right))),
        (None, None) => None,
    };
    (0..most).filter_map(pair).collect()
}

/// Its id, or else its first column.
fn name(row: &Row) -> String {
    let cells = row.cells();
    let cell = cells.iter().find(|(column, _)| column == "id").or_else(|| cells.first());
    cell.map_or_else(
        || "a row".to_owned(),
        |(column, value)| {
            let value: String = Row::shown(value).chars().take(80).collect();
            format!("{column}={value}")
        },
    )
}
