//! New ids for an organization that comes back beside the one that is there: the staged rows get them before anything
//! is compared with the target, so that the plan, the load and the proof see rows like any others.
//!
//! ```text
//! links      which columns name which others, by the target, the archive and the definition
//! classes    columns that hold one kind of id, and where such an id comes from
//! ids        old id -> new id, in a temporary table
//! elsewhere  old ids in values that nobody declared
//! ```

mod classes;
mod elsewhere;
mod ids;
mod links;
mod words;

use orgvault_api::{RestoreFinding, RestoreIds, RestoreMode};

use self::{classes::Class, ids::Giver, links::Links};
use super::{
    Restore,
    error::{RestoreError, TargetFault},
    facts::{ColumnFacts, Facts},
    finding::Code,
    session::Session,
    sql::{literal, name},
    stage,
    table::Table,
};

/// Under which id an organization comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// Its id in the archive. The tenant of the restore has the new one.
    pub from: String,
}

/// A column of a table, by the table's number.
type Column = (usize, String);

/// Whether the organization can have the new id: no rows can be looked for by one that its column does not take.
pub(super) async fn check(
    session: &mut Session,
    restore: &Restore,
    facts: &Facts,
    tables: &[Table],
) -> Result<Option<RestoreFinding>, RestoreError> {
    let Some(renewal) = &restore.renewal else { return Ok(None) };
    let new = &restore.tenant.id;
    let refused = |table: &Table, message: String| Code::NewIdRefused.found(restore.mode, &table.name, message);
    let links = Links::of(restore, facts, tables);
    let Some((table, kind)) = links.organization_key(facts, tables) else {
        let message = "no table of the organization has its id as its key";
        return Ok(Some(Code::OrganizationUnknown.found(restore.mode, "", message)));
    };
    let cast = format!("SELECT ({}::{kind})::text, ({}::{kind})::text", literal(new), literal(&renewal.from));
    session.save().await?;
    let cast = session.rows("read the new id", cast).await;
    let ids = match session.end_attempt(cast).await? {
        Ok(rows) => rows.first().map(|row| (super::session::text(row, 0), super::session::text(row, 1))),
        Err(error) => return Ok(Some(refused(table, format!("the new id is refused: {error}")))),
    };
    Ok(match ids {
        Some((new, old)) if new == old => Some(refused(table, "the organization has this id already".to_owned())),
        Some((written, _)) if written != *new => {
            Some(refused(table, format!("the new id {new} is {written} in the target: write it so")))
        }
        _ => None,
    })
}

/// Gives the staged rows their new ids. With `reserved`, numbers are taken from the target's sequences, so that the app
/// takes none of them meanwhile; without, they are those that would be next.
pub(super) async fn renew(
    session: &mut Session,
    restore: &Restore,
    facts: &Facts,
    tables: &mut [Table],
    reserved: bool,
) -> Result<(Vec<RestoreIds>, Vec<RestoreFinding>), RestoreError> {
    let Some(renewal) = &restore.renewal else { return Ok((Vec::new(), Vec::new())) };
    session.run("give new ids", "SET LOCAL search_path TO pg_catalog".to_owned()).await?;
    let links = Links::of(restore, facts, tables);
    let work = Work { restore, renewal, facts, classes: links.classes(), links };
    let mut findings = work.changed(session, tables).await?;
    let mut given = Vec::new();
    if findings.is_empty() {
        let source = Giver { work: &work, tables, reserved };
        (given, findings) = source.give(session).await?;
    }
    if findings.is_empty() {
        findings = elsewhere::find(session, &work, tables).await?;
    }
    if findings.is_empty() {
        findings = work.rewrite(session, tables).await?;
    }
    session.run("give new ids", "SET LOCAL search_path TO DEFAULT".to_owned()).await?;
    Ok((given, findings))
}

/// What new ids are given by.
struct Work<'w> {
    restore: &'w Restore,
    renewal: &'w Renewal,
    facts: &'w Facts,
    links: Links,
    classes: Vec<Class>,
}

impl Work<'_> {
    fn mode(&self) -> RestoreMode {
        self.restore.mode
    }

    /// The class of a column, by its place.
    fn class_of(&self, table: usize, column: &str) -> Option<usize> {
        self.classes.iter().position(|class| class.holds(table, column))
    }

    fn column(&self, tables: &[Table], (table, column): &Column) -> Option<&ColumnFacts> {
        let table = tables.get(*table)?;
        self.facts.columns_of(table.oid).find(|it| it.name == *column)
    }

    /// The archive's own hash says nothing of rows with other ids: so the staged ones are compared with it before.
    async fn changed(&self, session: &mut Session, tables: &mut [Table]) -> Result<Vec<RestoreFinding>, RestoreError> {
        let mut findings = Vec::new();
        for table in tables.iter().filter(|table| table.is_staged()) {
            let (_, hash) = stage::hash_of(session, &format!("read {} back", table.name), &table.staged_back()).await?;
            if hash != table.hash {
                let message = "the target's types change some of its values";
                findings.push(Code::ValueChanged.found(self.mode(), &table.name, message));
            }
        }
        Ok(findings)
    }

    /// Writes the new ids into the staged rows. What the server computes is computed from them, and so it is not
    /// compared.
    async fn rewrite(&self, session: &mut Session, tables: &mut [Table]) -> Result<Vec<RestoreFinding>, RestoreError> {
        for table in tables.iter_mut().filter(|table| table.is_staged() && !table.shared) {
            let act = format!("give the rows of {} new ids", table.name);
            let columns = self.facts.columns_of(table.oid).filter(|it| table.columns.contains(&it.name));
            let set: Vec<String> = columns
                .filter_map(|column| Some((self.class_of(table.number, &column.name)?, column)))
                .map(|(class, column)| ids::assignment(class, column))
                .collect();
            if !set.is_empty() {
                let sql = format!("UPDATE {} s SET {}", table.stage(), set.join(", "));
                match session.attempt(&act, sql).await? {
                    Ok(_) => {}
                    Err(RestoreError::Target { fault: TargetFault::Value, words, .. }) => {
                        let message = format!("a column does not take the new ids: {words}");
                        return Ok(vec![Code::NewIdRefused.found(self.mode(), &table.name, message)]);
                    }
                    Err(error) => return Err(error),
                }
            }
            let generated = std::mem::take(&mut table.generated);
            table.columns.retain(|column| !generated.contains(column));
            (_, table.hash) = stage::hash_of(session, &act, &table.staged_back()).await?;
            session.run(&act, format!("ANALYZE {}", table.stage())).await?;
        }
        Ok(Vec::new())
    }
}

/// A column of the staged rows of a table, with its new id where it has one.
fn staged(column: &str) -> String {
    format!("s.{}", name(column))
}
