//! What the target says of its tables. Everything is asked with nothing but `pg_catalog` in the search path, so that
//! each name in an expression has its schema and means the same whatever the path is.

mod statements;

use orgvault_archive::{full::schema::QualifiedName, naming::hex};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;

use self::statements as sql;
use super::{error::RestoreError, session::Session};

const ACT: &str = "read the target's schema";

/// What the target says of the tables of a restore.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) tables: Vec<TableFacts>,
    pub(super) columns: Vec<ColumnFacts>,
    pub(super) unique: Vec<UniqueFacts>,
    pub(super) references: Vec<ReferenceFacts>,
    pub(super) checks: Vec<CheckFacts>,
    pub(super) triggers: Vec<TriggerFacts>,
    pub(super) partitions: Vec<PartitionFacts>,
    pub(super) sequences: Vec<SequenceFacts>,
    /// The SHA-256 of all of it.
    pub(super) hash: String,
}

/// One relation of a name that was asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of the catalog")]
pub(super) struct TableFacts {
    /// The place of the name among those that were asked for.
    pub(super) asked: usize,
    pub(super) oid: u32,
    /// `r` and `p` are tables.
    pub(super) kind: String,
    pub(super) row_security: bool,
    pub(super) can_select: bool,
    pub(super) can_insert: bool,
    pub(super) can_delete: bool,
    pub(super) has_rules: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct ColumnFacts {
    pub(super) table: u32,
    pub(super) name: String,
    /// As `format_type` has it.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// `e` for an enum or an array of one, `d` for a domain.
    pub(super) class: String,
    pub(super) not_null: bool,
    pub(super) generated: bool,
    pub(super) has_default: bool,
}

/// One unique index.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct UniqueFacts {
    pub(super) table: u32,
    pub(super) name: String,
    pub(super) primary: bool,
    /// Each is an expression over the table's columns.
    pub(super) expressions: Vec<String>,
    /// The columns that are one; NULL for an expression.
    pub(super) columns: Vec<Option<String>>,
    /// What compares each: `OPERATOR(pg_catalog.=)`.
    pub(super) operators: Vec<String>,
    pub(super) predicate: Option<String>,
    /// Whether NULL equals NULL.
    pub(super) nulls_equal: bool,
    /// Whether each is a column that is never NULL.
    pub(super) not_null: bool,
}

/// One foreign key to or from a table of the restore.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct ReferenceFacts {
    pub(super) name: String,
    pub(super) child: u32,
    pub(super) child_name: QualifiedName,
    pub(super) parent: u32,
    pub(super) parent_name: QualifiedName,
    pub(super) columns: Vec<String>,
    pub(super) referenced: Vec<String>,
    /// The parent's column is on their left.
    pub(super) operators: Vec<String>,
    /// `a` no action, `r` restrict, `c` cascade, `n` set null, `d` set default.
    pub(super) on_delete: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct CheckFacts {
    pub(super) table: u32,
    pub(super) name: String,
    pub(super) expression: String,
}

/// One trigger of the app that fires in this session.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct TriggerFacts {
    pub(super) table: u32,
    pub(super) name: String,
    pub(super) on_insert: bool,
    pub(super) on_delete: bool,
}

/// One partition without partitions of its own.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct PartitionFacts {
    pub(super) table: u32,
    /// True for the rows that it takes; none where it takes all.
    pub(super) condition: Option<String>,
}

/// One sequence that a column takes its numbers from.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct SequenceFacts {
    pub(super) table: u32,
    pub(super) column: String,
    pub(super) oid: u32,
    pub(super) name: QualifiedName,
    pub(super) start: i64,
    pub(super) increment: i64,
    pub(super) minimum: i64,
    pub(super) maximum: i64,
    /// The last number that it gave.
    pub(super) last: Option<i64>,
    /// Whether the role may move it.
    pub(super) movable: bool,
}

impl Facts {
    /// Asks for the tables of these names.
    pub(super) async fn ask(session: &mut Session, names: &[QualifiedName]) -> Result<Self, RestoreError> {
        session.run(ACT, "SET LOCAL search_path TO pg_catalog".to_owned()).await?;
        let (schemas, relations): (Vec<String>, Vec<String>) =
            names.iter().map(|name| (name.schema.clone(), name.name.clone())).unzip();
        let query = sqlx::query(sql::TABLES).bind(schemas).bind(relations).persistent(false);
        let row = query.fetch_one(&mut session.connection).await;
        let mut all = row.and_then(|row| row.try_get::<String, _>(0)).map_err(|error| session.error(ACT, &error))?;
        let tables: Vec<TableFacts> = session.parse(ACT, &all)?;
        let oids: Vec<u32> = tables.iter().map(|table| table.oid).collect();
        let mut facts = Self { tables, ..Self::default() };
        let (columns, json) = session.facts(ACT, sql::COLUMNS, &oids).await?;
        (facts.columns, all) = (columns, all + &json);
        let (unique, json) = session.facts(ACT, sql::UNIQUE, &oids).await?;
        (facts.unique, all) = (unique, all + &json);
        let (references, json) = session.facts(ACT, sql::REFERENCES, &oids).await?;
        (facts.references, all) = (references, all + &json);
        let (checks, json) = session.facts(ACT, sql::CHECKS, &oids).await?;
        (facts.checks, all) = (checks, all + &json);
        let (triggers, json) = session.facts(ACT, sql::TRIGGERS, &oids).await?;
        (facts.triggers, all) = (triggers, all + &json);
        let (partitions, json) = session.facts(ACT, sql::PARTITIONS, &oids).await?;
        (facts.partitions, all) = (partitions, all + &json);
        // They move all the time.
        (facts.sequences, _) = session.facts(ACT, sql::SEQUENCES, &oids).await?;
        facts.hash = hex(&Sha256::digest(all.as_bytes()));
        session.run(ACT, "SET LOCAL search_path TO DEFAULT".to_owned()).await?;
        Ok(facts)
    }

    /// The relation of the name at this place.
    pub(super) fn asked(&self, asked: usize) -> Option<&TableFacts> {
        self.tables.iter().find(|table| table.asked == asked)
    }

    pub(super) fn columns_of(&self, table: u32) -> impl Iterator<Item = &ColumnFacts> {
        self.columns.iter().filter(move |column| column.table == table)
    }

    /// What names one row: the primary key, else a unique index over columns that are never NULL.
    pub(super) fn key_of(&self, table: u32) -> Option<&UniqueFacts> {
        let usable = |unique: &&UniqueFacts| unique.table == table && unique.not_null && unique.predicate.is_none();
        self.unique.iter().filter(usable).min_by_key(|unique| (!unique.primary, unique.columns.len()))
    }
}
