//! What a plan may find: each with a stable code, whether it keeps the restore from being done, and what to do.

use orgvault_api::{RestoreFinding, RestoreMode};

/// So many keys are named.
pub(super) const MAX_KEYS: usize = 100;

/// What a plan may find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    TableUnknown,
    TableMissing,
    NotATable,
    ColumnMissing,
    ColumnWithoutValue,
    ColumnAdded,
    ColumnType,
    RowSecurity,
    Privilege,
    ReplicationRole,
    TrackCounts,
    Rule,
    Trigger,
    ConditionRefused,
    EnumLabel,
    DomainCheck,
    ValueRefused,
    ValueChanged,
    NotNull,
    Check,
    PartitionMissing,
    TenantPresent,
    RowDiffers,
    IdHeld,
    UniqueHeld,
    OnlyHere,
    SharedDiffers,
    SharedMissing,
    OthersMissing,
    ReferenceMissing,
    CascadeReach,
    StillReferenced,
    SequencePrivilege,
    SequenceExhausted,
    SequenceNotMoved,
}

impl Code {
    /// On the wire, and what to do.
    fn row(self) -> (&'static str, &'static str) {
        const RELEASE: &str = "restore into the release of the app that the archive is of";
        match self {
            Self::TableUnknown => ("table_unknown", "say in the product's definition which of its rows are whose"),
            Self::TableMissing => ("table_missing", RELEASE),
            Self::NotATable => ("not_a_table", RELEASE),
            Self::ColumnMissing => ("column_missing", RELEASE),
            Self::ColumnWithoutValue => ("column_without_value", RELEASE),
            Self::ColumnAdded => ("column_added", ""),
            Self::ColumnType => ("column_type", ""),
            Self::RowSecurity => {
                ("row_security", "restore as a role with BYPASSRLS, or as the owner where it is not forced")
            }
            Self::Privilege => {
                ("privilege", "restore as the role that owns the app's tables, or grant what is missing")
            }
            Self::ReplicationRole => {
                ("replication_role", "let the target's role keep session_replication_role at origin")
            }
            Self::TrackCounts => ("track_counts", "let the target's role keep track_counts on"),
            Self::Rule => ("rule", "drop the rule for as long as the restore takes"),
            Self::Trigger => (
                "trigger",
                "if it changes rows, switch it off for as long as the restore takes (ALTER TABLE .. DISABLE TRIGGER ..)",
            ),
            Self::ConditionRefused => ("condition_refused", RELEASE),
            Self::EnumLabel => ("enum_label", RELEASE),
            Self::DomainCheck => ("domain_check", RELEASE),
            Self::ValueRefused => ("value_refused", RELEASE),
            Self::ValueChanged => ("value_changed", RELEASE),
            Self::NotNull => ("not_null", RELEASE),
            Self::Check => ("check", RELEASE),
            Self::PartitionMissing => ("partition_missing", "make a partition for these rows"),
            Self::TenantPresent => {
                ("tenant_present", "use the mode insert-only for what is missing, or replace for everything")
            }
            Self::RowDiffers => ("row_differs", "use the mode replace if the archive's values are the right ones"),
            Self::IdHeld => ("id_held", "restore into the database that the archive is of, or into an empty one"),
            Self::UniqueHeld => ("unique_held", "change the value in the app, where the other row has it"),
            Self::OnlyHere => ("only_here", ""),
            Self::SharedDiffers => ("shared_differs", "such rows stay as they are"),
            Self::SharedMissing => ("shared_missing", "such rows are inserted"),
            Self::OthersMissing => {
                ("others_missing", "restore the organizations that they belong to first; the mode scratch inserts them")
            }
            Self::ReferenceMissing => {
                ("reference_missing", "the row that is named is in neither: restore it first, or take an older archive")
            }
            Self::CascadeReach => {
                ("cascade_reach", "use the mode insert-only, or move these rows away in the app first")
            }
            Self::StillReferenced => {
                ("still_referenced", "use the mode insert-only, or remove these rows in the app first")
            }
            Self::SequencePrivilege => ("sequence_privilege", "grant SELECT and UPDATE on the sequence"),
            Self::SequenceExhausted => ("sequence_exhausted", "give the sequence a greater maximum"),
            Self::SequenceNotMoved => {
                ("sequence_not_moved", "restore once more in the mode insert-only: it only moves sequences then")
            }
        }
    }

    fn blocks(self, mode: RestoreMode) -> bool {
        match self {
            Self::RowDiffers => mode != RestoreMode::Replace,
            Self::OthersMissing => mode != RestoreMode::Scratch,
            Self::ColumnAdded
            | Self::ColumnType
            | Self::Trigger
            | Self::OnlyHere
            | Self::SharedDiffers
            | Self::SharedMissing
            | Self::SequenceNotMoved => false,
            _ => true,
        }
    }

    /// A finding that is about no rows.
    pub(super) fn found(
        self,
        mode: RestoreMode,
        table: &(impl ToString + ?Sized),
        message: impl Into<String>,
    ) -> RestoreFinding {
        let (code, hint) = self.row();
        RestoreFinding {
            code: code.to_owned(),
            blocks: self.blocks(mode),
            table: table.to_string(),
            message: message.into(),
            hint: hint.to_owned(),
            rows: 0,
            keys: Vec::new(),
        }
    }

    /// One about rows, with the keys of some; none where there are no such rows.
    pub(super) fn of_rows(
        self,
        mode: RestoreMode,
        table: &(impl ToString + ?Sized),
        (rows, keys): (u64, Vec<String>),
        message: impl Into<String>,
    ) -> Option<RestoreFinding> {
        (rows > 0).then(|| RestoreFinding { rows, keys, ..self.found(mode, table, message) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_replace_goes_on_where_a_row_differs() {
        let found = |mode| Code::RowDiffers.found(mode, "public.a", "x").blocks;
        assert_eq!([RestoreMode::InsertOnly, RestoreMode::Replace].map(found), [true, false]);
        assert_eq!(Code::RowDiffers.of_rows(RestoreMode::Replace, "public.a", (0, Vec::new()), "x"), None);
    }
}
