//! What else differs between the schema that the rows come from and the target's: told where no other finding says it.

use orgvault_api::RestoreFinding;
use orgvault_archive::full::schema::{QualifiedName, Schema};

use crate::{
    restore::{Restore, error::RestoreError, session::Session},
    schema::{
        differences::{Code, Difference, differences},
        survey::{SurveyError, survey},
    },
};

const ACT: &str = "read the target's schema";

/// Everything that differs in the tables of the archive. Rows of which no schema is known say nothing of it.
pub(super) async fn ask(session: &mut Session, restore: &Restore) -> Result<Vec<Difference>, RestoreError> {
    let archive = restore.rows.schema();
    if archive.server.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<QualifiedName> = restore.rows.tables().iter().map(|table| table.name.clone()).collect();
    let target = match survey(&mut session.connection, &names).await {
        Ok(target) => target,
        Err(SurveyError::Ask { source, .. }) => return Err(session.error(ACT, &source)),
        Err(error @ SurveyError::NoTransaction) => {
            return Err(session.error(ACT, &sqlx::Error::Protocol(error.to_string())));
        }
    };
    let held = |name: &QualifiedName| names.contains(name);
    let tables = archive.tables.iter();
    let tables =
        tables.filter(|table| held(&table.name) || table.partition_of.as_ref().is_some_and(|it| held(&it.parent)));
    let archive = Schema { tables: tables.cloned().collect(), ..archive.clone() };
    let found = differences(&archive, &target).into_iter();
    Ok(found.filter(|it| it.table.as_ref().is_none_or(held)).collect())
}

/// Those that no finding of the plan says. None of them keeps a restore from being done: where the rows are in the way
/// of one, a finding of their own does.
pub(super) fn tell(differences: &[Difference], findings: &[RestoreFinding]) -> Vec<RestoreFinding> {
    let said = |difference: &Difference, code: &str| {
        let table = difference.table.as_ref().map(ToString::to_string).unwrap_or_default();
        findings.iter().any(|finding| finding.code == code && finding.table == table)
    };
    let untold = differences.iter().filter(|it| match by_rows(it.code) {
        Told::Elsewhere => false,
        Told::Here => true,
        Told::Unless(code) => !said(it, code),
    });
    untold.map(finding).collect()
}

enum Told {
    Here,
    /// By another finding, always.
    Elsewhere,
    /// By a finding of this code, where rows are in the way.
    Unless(&'static str),
}

fn by_rows(code: Code) -> Told {
    match code {
        Code::TableMissing
        | Code::ColumnMissing
        | Code::ColumnAdded
        | Code::ColumnWithoutValue
        | Code::ColumnType
        | Code::Trigger
        | Code::Rule
        | Code::RowSecurityEnabled
        | Code::RowSecurityForced => Told::Elsewhere,
        Code::NotNull => Told::Unless("not_null"),
        Code::EnumLabelGone => Told::Unless("enum_label"),
        Code::DomainDiffers => Told::Unless("domain_check"),
        Code::UniqueKeyNew => Told::Unless("unique_held"),
        Code::CheckNew => Told::Unless("check"),
        Code::ForeignKeyNew => Told::Unless("reference_missing"),
        Code::PartitionMissing => Told::Unless("partition_missing"),
        _ => Told::Here,
    }
}

fn finding(difference: &Difference) -> RestoreFinding {
    RestoreFinding {
        code: difference.code.name().to_owned(),
        blocks: false,
        table: difference.table.as_ref().map(ToString::to_string).unwrap_or_default(),
        message: difference.words(),
        hint: String::new(),
        rows: 0,
        keys: Vec::new(),
    }
}
