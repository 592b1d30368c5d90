//! Partitioned tables on both sides. Partitions are compared by the values that they take: their names may differ.

use orgvault_archive::full::schema::{Schema, Table};

use super::{Code, Difference, Sides};

pub(super) fn differences(sides: &Sides<'_>) -> Option<Difference> {
    let words = |table: &Table| table.partition_key.clone().unwrap_or_else(|| "not partitioned".to_owned());
    let (own, there) = (words(sides.table), words(sides.there));
    // A table that is one whole takes every row.
    if own == there || sides.there.partition_key.is_none() {
        return None;
    }
    let differs = Difference::of(Code::PartitioningDiffers).in_table(sides.table);
    Some(differs.archived(&own).there(&there))
}

/// A partition whose table the target has, and no partition of it that takes the same values or all others.
pub(super) fn missing(partition: &Table, target: &Schema) -> Option<Difference> {
    let of = partition.partition_of.as_ref()?;
    let parent = target.table(&of.parent)?;
    parent.partition_key.as_ref()?;
    let theirs = target.tables.iter().filter_map(|table| table.partition_of.as_ref());
    let mut theirs = theirs.filter(|it| it.parent == of.parent);
    if theirs.any(|it| it.bound == of.bound || it.bound == "DEFAULT") {
        return None;
    }
    let missing = Difference::of(Code::PartitionMissing).in_table(parent);
    Some(missing.about(&partition.name).archived(&of.bound))
}
