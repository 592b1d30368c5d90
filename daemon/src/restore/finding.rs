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
    IdElsewhere,
    NewIdRefused,
    OrganizationUnknown,
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
    /// On the wire.
    fn name(self) -> &'static str {
        match self {
            Self::TableUnknown => "table_unknown",
            Self::TableMissing => "table_missing",
            Self::NotATable => "not_a_table",
            Self::ColumnMissing => "column_missing",
            Self::ColumnWithoutValue => "column_without_value",
            Self::ColumnAdded => "column_added",
            Self::ColumnType => "column_type",
            Self::RowSecurity => "row_security",
            Self::Privilege => "privilege",
            Self::ReplicationRole => "replication_role",
            Self::TrackCounts => "track_counts",
            Self::Rule => "rule",
            Self::Trigger => "trigger",
            Self::ConditionRefused => "condition_refused",
            Self::EnumLabel => "enum_label",
            Self::DomainCheck => "domain_check",
            Self::ValueRefused => "value_refused",
            Self::ValueChanged => "value_changed",
            Self::NotNull => "not_null",
            Self::Check => "check",
            Self::PartitionMissing => "partition_missing",
            Self::TenantPresent => "tenant_present",
            Self::RowDiffers => "row_differs",
            Self::IdHeld => "id_held",
            Self::IdElsewhere => "id_elsewhere",
            Self::NewIdRefused => "new_id_refused",
            Self::OrganizationUnknown => "organization_unknown",
            Self::UniqueHeld => "unique_held",
            Self::OnlyHere => "only_here",
            Self::SharedDiffers => "shared_differs",
            Self::SharedMissing => "shared_missing",
            Self::OthersMissing => "others_missing",
            Self::ReferenceMissing => "reference_missing",
            Self::CascadeReach => "cascade_reach",
            Self::StillReferenced => "still_referenced",
            Self::SequencePrivilege => "sequence_privilege",
            Self::SequenceExhausted => "sequence_exhausted",
            Self::SequenceNotMoved => "sequence_not_moved",
        }
    }

    /// What to do.
    fn hint(self) -> &'static str {
        match self {
            Self::TableUnknown => "say in the product's definition which of its rows are whose",
            Self::TableMissing
            | Self::NotATable
            | Self::ColumnMissing
            | Self::ColumnWithoutValue
            | Self::ConditionRefused
            | Self::EnumLabel
            | Self::DomainCheck
            | Self::ValueRefused
            | Self::ValueChanged
            | Self::NotNull
            | Self::Check => "restore into the release of the app that the archive is of",
            Self::ColumnAdded | Self::ColumnType | Self::OnlyHere => "",
            Self::RowSecurity => "restore as a role with BYPASSRLS, or as the owner where it is not forced",
            Self::Privilege => "restore as the role that owns the app's tables, or grant what is missing",
            Self::ReplicationRole => "let the target's role keep session_replication_role at origin",
            Self::TrackCounts => "let the target's role keep track_counts on",
            Self::Rule => "drop the rule for as long as the restore takes",
            Self::Trigger => {
                "if it changes rows, switch it off for as long as the restore takes (ALTER TABLE .. DISABLE TRIGGER ..)"
            }
            Self::PartitionMissing => "make a partition for these rows",
            Self::TenantPresent => "use the mode insert-only for what is missing, or replace for everything",
            Self::RowDiffers => "use the mode replace if the archive's values are the right ones",
            Self::IdHeld => "restore into the database that the archive is of, or into an empty one",
            Self::IdElsewhere => {
                "say in the product's definition what the column names (`references` of its table); an id within JSON or a text cannot be given anew: restore into a database of its own, under the old id"
            }
            Self::NewIdRefused => "name another id",
            Self::OrganizationUnknown => {
                "give the table of organizations a `tenant` such as \"id = $1\" in the product's definition"
            }
            Self::UniqueHeld => {
                "change the value in the app, where the other row has it; under a new id, that is mostly the organization that is there"
            }
            Self::SharedDiffers => "such rows stay as they are",
            Self::SharedMissing => "such rows are inserted",
            Self::OthersMissing => "restore the organizations that they belong to first; the mode scratch inserts them",
            Self::ReferenceMissing => "the row that is named is in neither: restore it first, or take an older archive",
            Self::CascadeReach => "use the mode insert-only, or move these rows away in the app first",
            Self::StillReferenced => "use the mode insert-only, or remove these rows in the app first",
            Self::SequencePrivilege => "grant SELECT and UPDATE on the sequence",
            Self::SequenceExhausted => "give the sequence a greater maximum",
            Self::SequenceNotMoved => "restore once more in the mode insert-only: it only moves sequences then",
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
        RestoreFinding {
            code: self.name().to_owned(),
            blocks: self.blocks(mode),
            table: table.to_string(),
            message: message.into(),
            hint: if self.blocks(mode) || self != Self::RowDiffers { self.hint().to_owned() } else { String::new() },
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
