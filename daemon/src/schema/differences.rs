//! What differs between the schema that rows were taken from and the one that they go into.

mod columns;
mod keys;
mod partitions;
mod types;

use std::fmt;

use orgvault_archive::full::schema::{QualifiedName, RowSecurity, Schema, Table};

/// What can differ. The name of each is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// The target does not have the table.
    TableMissing,
    /// The target does not have the column.
    ColumnMissing,
    /// The target has a column more; each row gets NULL, its default, or what the server computes.
    ColumnAdded,
    /// The target has a column more, without a default and never NULL.
    ColumnWithoutValue,
    /// The column's type is another one.
    ColumnType,
    /// Only the target refuses NULL.
    NotNull,
    /// Rows without a value of the column get another one.
    DefaultDiffers,
    /// One of both is computed by the server, or both by other expressions.
    GeneratedDiffers,
    /// The column numbers its rows in another way.
    IdentityDiffers,
    /// Text is compared in another way.
    CollationDiffers,
    /// The enum does not have the label any more.
    EnumLabelGone,
    /// The domain's type, its checks, or whether it takes NULL.
    DomainDiffers,
    /// The attributes of a composite type.
    CompositeDiffers,
    /// What a range is made of.
    RangeDiffers,
    /// The columns of the primary key.
    PrimaryKeyDiffers,
    /// Only the target has the unique key.
    UniqueKeyNew,
    /// Only the archive has the unique key.
    UniqueKeyGone,
    /// Only the target has the check or exclusion.
    CheckNew,
    /// Only the target has the foreign key.
    ForeignKeyNew,
    /// Only the archive has the foreign key.
    ForeignKeyGone,
    /// The foreign key does something else, such as `CASCADE`.
    ForeignKeyDiffers,
    /// Rows are distributed over partitions by something else.
    PartitioningDiffers,
    /// The target has no partition for these values.
    PartitionMissing,
    /// The target has a trigger that fires.
    Trigger,
    /// The target rewrites what is done to the table.
    Rule,
    /// Row security filters, but not for the table's owner.
    RowSecurityEnabled,
    /// Row security filters for the table's owner too.
    RowSecurityForced,
    /// The target does not have the sequence.
    SequenceMissing,
    /// The target does not have the extension.
    ExtensionMissing,
    /// Text of the archive may have characters that the target's encoding has not.
    EncodingDiffers,
}

/// What a difference means for a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// No row can go in, or not as it was.
    Stops,
    /// It depends on the rows whether they can go in.
    RowsDecide,
    /// It keeps no row out.
    Told,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What differs.
    pub code: Code,
    /// What it means.
    pub severity: Severity,
    /// Of which table; none for what is of the whole database.
    pub table: Option<QualifiedName>,
    /// Of which column.
    pub column: Option<String>,
    /// The type, key, trigger, .. that it is about.
    pub name: Option<String>,
    /// What the archive has.
    pub archive: Option<String>,
    /// What the target has; of a missing column, the one that may be it under another name.
    pub target: Option<String>,
}

/// Everything that differs in the tables of an archive, table by table. What only the target has is told where it
/// can keep a row of these tables out.
#[must_use]
pub fn differences(archive: &Schema, target: &Schema) -> Vec<Difference> {
    let mut found = database(archive, target);
    for table in &archive.tables {
        let Some(there) = target.table(&table.name) else {
            found.extend(missing(table, target));
            continue;
        };
        let sides = Sides { archive, target, table, there };
        found.extend(columns::differences(&sides));
        found.extend(keys::differences(&sides));
        found.extend(partitions::differences(&sides));
        found.extend(reactions(&sides));
    }
    found
}

/// One table on both sides.
struct Sides<'s> {
    archive: &'s Schema,
    target: &'s Schema,
    table: &'s Table,
    there: &'s Table,
}

impl Code {
    /// The name on the wire, and what it usually means.
    fn row(self) -> (&'static str, Severity) {
        use Severity::{RowsDecide, Stops, Told};
        match self {
            Self::TableMissing => ("table_missing", Stops),
            Self::ColumnMissing => ("column_missing", Stops),
            Self::ColumnAdded => ("column_added", Told),
            Self::ColumnWithoutValue => ("column_without_value", Stops),
            Self::ColumnType => ("column_type", RowsDecide),
            Self::NotNull => ("not_null_new", RowsDecide),
            Self::DefaultDiffers => ("default_differs", Told),
            Self::GeneratedDiffers => ("generated_differs", RowsDecide),
            Self::IdentityDiffers => ("identity_differs", Told),
            Self::CollationDiffers => ("collation_differs", Told),
            Self::EnumLabelGone => ("enum_label_gone", RowsDecide),
            Self::DomainDiffers => ("domain_differs", RowsDecide),
            Self::CompositeDiffers => ("composite_differs", RowsDecide),
            Self::RangeDiffers => ("range_differs", RowsDecide),
            Self::PrimaryKeyDiffers => ("primary_key_differs", Told),
            Self::UniqueKeyNew => ("unique_key_new", RowsDecide),
            Self::UniqueKeyGone => ("unique_key_gone", Told),
            Self::CheckNew => ("check_new", RowsDecide),
            Self::ForeignKeyNew => ("foreign_key_new", RowsDecide),
            Self::ForeignKeyGone => ("foreign_key_gone", Told),
            Self::ForeignKeyDiffers => ("foreign_key_differs", Told),
            Self::PartitioningDiffers => ("partitioning_differs", RowsDecide),
            Self::PartitionMissing => ("partition_gone", RowsDecide),
            Self::Trigger => ("trigger", Told),
            Self::Rule => ("rule", Stops),
            Self::RowSecurityEnabled => ("row_security_enabled", Told),
            Self::RowSecurityForced => ("row_security_forced", Stops),
            Self::SequenceMissing => ("sequence_missing", Told),
            Self::ExtensionMissing => ("extension_missing", Told),
            Self::EncodingDiffers => ("encoding_differs", RowsDecide),
        }
    }

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().0
    }
}

impl Difference {
    fn of(code: Code) -> Self {
        let severity = code.row().1;
        Self { code, severity, table: None, column: None, name: None, archive: None, target: None }
    }

    fn in_table(self, table: &Table) -> Self {
        Self { table: Some(table.name.clone()), ..self }
    }

    fn in_column(self, column: &str) -> Self {
        Self { column: Some(column.to_owned()), ..self }
    }

    fn about(self, name: &(impl ToString + ?Sized)) -> Self {
        Self { name: Some(name.to_string()), ..self }
    }

    fn archived(self, archive: &(impl ToString + ?Sized)) -> Self {
        Self { archive: Some(archive.to_string()), ..self }
    }

    fn there(self, target: &(impl ToString + ?Sized)) -> Self {
        Self { target: Some(target.to_string()), ..self }
    }

    fn but(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }
}

impl Difference {
    /// What differs, without its code and table: `age: public.age in the archive, integer in the target`.
    #[must_use]
    pub fn words(&self) -> String {
        let sides = match (&self.archive, &self.target) {
            (Some(archive), Some(target)) => Some(format!("{archive} in the archive, {target} in the target")),
            (Some(archive), None) => Some(format!("{archive} in the archive")),
            (None, Some(target)) => Some(format!("{target} in the target")),
            (None, None) => None,
        };
        let parts = [self.column.clone().map(|column| format!("column {column}")), self.name.clone(), sides];
        parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
    }
}

impl fmt::Display for Difference {
    /// One line: `column_type: public.users.age: public.age in the archive, integer in the target`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.name())?;
        let place = match (&self.table, &self.column) {
            (Some(table), Some(column)) => Some(format!("{table}.{column}")),
            (Some(table), None) => Some(table.to_string()),
            (None, _) => None,
        };
        for part in [place.as_ref(), self.name.as_ref()].into_iter().flatten() {
            write!(f, ": {part}")?;
        }
        match (&self.archive, &self.target) {
            (Some(archive), Some(target)) => write!(f, ": {archive} in the archive, {target} in the target"),
            (Some(archive), None) => write!(f, ": {archive} in the archive"),
            (None, Some(target)) => write!(f, ": {target} in the target"),
            (None, None) => Ok(()),
        }
    }
}

/// A table that is not there. Rows of a partition may have another place.
fn missing(table: &Table, target: &Schema) -> Option<Difference> {
    match table.partition_of {
        Some(_) => partitions::missing(table, target),
        None => Some(Difference::of(Code::TableMissing).in_table(table)),
    }
}

fn database(archive: &Schema, target: &Schema) -> Vec<Difference> {
    let mut found = Vec::new();
    if archive.encoding != target.encoding {
        found.push(Difference::of(Code::EncodingDiffers).archived(&archive.encoding).there(&target.encoding));
    }
    for extension in &archive.extensions {
        if !target.extensions.iter().any(|it| it.name == extension.name) {
            found.push(Difference::of(Code::ExtensionMissing).about(&extension.name));
        }
    }
    for sequence in &archive.sequences {
        if !target.sequences.iter().any(|it| it.name == sequence.name) {
            let missing = Difference::of(Code::SequenceMissing).about(&sequence.name);
            found.push(match &sequence.owner {
                Some(owner) => Difference { table: Some(owner.table.clone()), ..missing }.in_column(&owner.column),
                None => missing,
            });
        }
    }
    found
}

/// What the target does by itself.
fn reactions(sides: &Sides<'_>) -> Vec<Difference> {
    let there = sides.there;
    let triggers = there.triggers.iter().filter(|trigger| trigger.enabled);
    let triggers = triggers.map(|it| Difference::of(Code::Trigger).about(&it.name).there(&it.definition));
    let rules = there.rules.iter().map(|it| Difference::of(Code::Rule).about(&it.name).there(&it.definition));
    let security = match there.row_security {
        RowSecurity::Off => None,
        RowSecurity::Enabled => Some(Difference::of(Code::RowSecurityEnabled)),
        RowSecurity::Forced => Some(Difference::of(Code::RowSecurityForced)),
    };
    triggers.chain(rules).chain(security).map(|it| it.in_table(sides.table)).collect()
}

#[cfg(test)]
mod tests;
