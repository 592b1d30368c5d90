//! Old ids and new ones. A UUID and a text come from the SHA-256 of what they were, so that they are the same whenever
//! the plan is made; a number comes from above those of the target.

use orgvault_api::{RestoreFinding, RestoreIds};

use super::{Column, Work, classes::Class, links::is_number, staged};
use crate::restore::{
    error::RestoreError,
    facts::{ColumnFacts, SequenceFacts},
    finding::Code,
    sequences,
    session::Session,
    sql::{literal, name},
    table::Table,
};

const ACT: &str = "give new ids";

/// In SQL, the digits of a UUID.
pub(super) const UUID: &str = "[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}";

/// The new form of a UUID `o` by the hash `h`: it keeps its version, and one that begins with a time that too.
const NEW_UUID: &str =
    "(CASE WHEN pg_catalog.substr(o, 15, 1) = '7' THEN left(o, 8) || substr(o, 10, 4) ELSE left(h, 12) END
  || CASE WHEN substr(o, 15, 1) ~ '[1-8]' THEN substr(o, 15, 1) ELSE '8' END || substr(h, 14, 3)
  || substr('89ab', 1 + (('x' || substr(h, 17, 1))::bit(4)::integer & 3), 1) || substr(h, 18, 15))::uuid::text";

/// The new form of any other text: a letter first, as long as it was, and long enough to be nobody else's.
const NEW_TEXT: &str =
    "translate(left(h, 1), '0123456789', 'ghijklmnop') || substr(h, 2, least(greatest(length(o), 20), 64) - 1)";

/// What gives each class its new ids.
pub(super) struct Giver<'g> {
    pub(super) work: &'g Work<'g>,
    pub(super) tables: &'g [Table],
    pub(super) reserved: bool,
}

/// Numbers that nobody has.
struct Numbers<'n> {
    first: i64,
    step: i64,
    /// The greatest that there can be.
    most: i64,
    sequence: Option<&'n SequenceFacts>,
}

impl Giver<'_> {
    /// Makes the temporary tables `orgvault_ids` and `orgvault_sought`.
    pub(super) async fn give(
        &self,
        session: &mut Session,
    ) -> Result<(Vec<RestoreIds>, Vec<RestoreFinding>), RestoreError> {
        let create = "CREATE TEMPORARY TABLE orgvault_ids (class integer NOT NULL, old text COLLATE \"C\" NOT NULL, \
                      new text NOT NULL, is_number boolean NOT NULL) ON COMMIT DROP";
        session.run(ACT, create.to_owned()).await?;
        let (mut given, mut findings) = (Vec::new(), Vec::new());
        for (at, class) in self.work.classes.iter().enumerate() {
            let columns = class.roots.iter().chain(&class.columns);
            let Some(first) = columns.clone().find_map(|column| self.work.column(self.tables, column)) else {
                continue;
            };
            if class.organization {
                let (old, new) = (literal(&self.work.renewal.from), literal(&self.work.restore.tenant.id));
                let sql = format!("INSERT INTO orgvault_ids VALUES ({at}, {old}, {new}, {})", is_number(first));
                session.run(ACT, sql).await?;
            }
            let Some(root) = class.roots.first() else { continue };
            let (ids, first) = if is_number(first) {
                match self.numbers(session, class).await? {
                    Ok(numbers) => self.give_numbers(session, at, class, &numbers).await?,
                    Err(found) => {
                        findings.push(found);
                        continue;
                    }
                }
            } else {
                (self.give_texts(session, at, class, root).await?, None)
            };
            if ids > 0 {
                given.push(RestoreIds { column: self.named(root), ids, first });
            }
        }
        session.run(ACT, finish()).await?;
        Ok((given, findings))
    }

    fn named(&self, (table, column): &Column) -> String {
        self.tables.get(*table).map_or_else(|| column.clone(), |table| format!("{}.{column}", table.name))
    }

    /// The old ids of a class, as `o`.
    fn old(&self, at: usize, class: &Class) -> String {
        let of = |(table, column): &Column| {
            Some(format!("SELECT s.{0} AS o FROM {1} s", name(column), self.tables.get(*table)?.stage()))
        };
        let all: Vec<String> = class.roots.iter().filter_map(of).collect();
        format!(
            "(SELECT DISTINCT o FROM ({}) a WHERE o IS NOT NULL AND NOT EXISTS \
             (SELECT FROM orgvault_ids i WHERE i.class = {at} AND i.old = a.o::text) ORDER BY o) r",
            all.join(" UNION ALL ")
        )
    }

    async fn give_texts(
        &self,
        session: &mut Session,
        at: usize,
        class: &Class,
        root: &Column,
    ) -> Result<u64, RestoreError> {
        let space = [&self.work.renewal.from, &self.work.restore.tenant.id, &self.named(root)].map(|it| literal(it));
        let hash = format!(
            "encode(sha256(convert_to(json_build_array('orgvault id', {}, o)::text, 'UTF8')), 'hex')",
            space.join(", ")
        );
        let upper = "CASE WHEN o = upper(o) AND o <> lower(o) THEN upper(n) ELSE n END";
        let sql = format!(
            "INSERT INTO orgvault_ids SELECT {at}, o, {upper}, false FROM (\
               SELECT o, CASE WHEN o ~* '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$' THEN {NEW_UUID} ELSE {NEW_TEXT} END AS n \
               FROM (SELECT o, {hash} AS h FROM (SELECT o::text AS o FROM {}) q) h) n",
            self.old(at, class)
        );
        session.run(ACT, sql).await
    }

    async fn give_numbers(
        &self,
        session: &mut Session,
        at: usize,
        class: &Class,
        numbers: &Numbers<'_>,
    ) -> Result<(u64, Option<i64>), RestoreError> {
        let old = self.old(at, class);
        let Numbers { first, step, sequence, .. } = numbers;
        let next = match sequence.filter(|_| self.reserved) {
            Some(sequence) => {
                // It may be behind numbers that were written without it.
                sequences::raise_to(session, ACT, sequence, first - step).await?;
                format!("nextval({}::regclass)", sequence.oid)
            }
            None => format!("{first} + {step} * (row_number() OVER (ORDER BY o) - 1)"),
        };
        let sql = format!("INSERT INTO orgvault_ids SELECT {at}, o::text, ({next})::text, true FROM {old}");
        let ids = session.run(ACT, sql).await?;
        Ok((ids, (ids > 0).then_some(*first)))
    }

    /// Numbers above all that the target has, and that its sequence gave.
    async fn numbers(
        &self,
        session: &mut Session,
        class: &Class,
    ) -> Result<Result<Numbers<'_>, RestoreFinding>, RestoreError> {
        let (mut highest, mut most) = (0, i64::MAX);
        for (number, column) in &class.roots {
            let Some(table) = self.tables.get(*number) else { continue };
            let sql = format!("SELECT max({})::text FROM {}", name(column), table.live());
            let max = session.texts(&format!("look for the highest id of {}", table.name), sql).await?.concat();
            highest = max.parse::<i64>().unwrap_or_default().max(highest);
            most = self.work.column(self.tables, &(*number, column.clone())).map_or(most, |it| most.min(limit(it)));
        }
        let sequence = match class.roots.as_slice() {
            [(number, column)] => self.sequence(*number, column),
            _ => None,
        };
        let numbers = match sequence {
            Some(sequence) => Numbers {
                first: sequence.position().max(highest).saturating_add(sequence.increment),
                step: sequence.increment,
                most: most.min(sequence.maximum),
                sequence: Some(sequence),
            },
            None => Numbers { first: highest.saturating_add(1), step: 1, most, sequence: None },
        };
        let rows: u64 = class.roots.iter().filter_map(|(number, _)| self.tables.get(*number)).map(Table::rows).sum();
        let last = i128::from(numbers.first) + i128::from(numbers.step) * i128::from(rows.saturating_sub(1));
        let Some(table) = class.roots.first().and_then(|(number, _)| self.tables.get(*number)) else {
            return Ok(Ok(numbers));
        };
        let found = |code: Code, message: String| code.found(self.work.mode(), &table.name, message);
        if let Some(sequence) = numbers.sequence.filter(|sequence| !sequence.movable) {
            let message = format!("the target's role may not take numbers from sequence {}", sequence.name);
            return Ok(Err(found(Code::SequencePrivilege, message)));
        }
        if last > i128::from(numbers.most) {
            let message = format!("the {rows} new ids would be above {}", numbers.most);
            return Ok(Err(found(Code::SequenceExhausted, message)));
        }
        Ok(Ok(numbers))
    }

    fn sequence(&self, table: usize, column: &str) -> Option<&SequenceFacts> {
        let table = self.tables.get(table)?;
        let own = |it: &&SequenceFacts| it.table == table.oid && it.column == column && it.increment > 0;
        self.work.facts.sequences.iter().find(own)
    }
}

/// The greatest number that a column takes.
fn limit(column: &ColumnFacts) -> i64 {
    match column.kind.as_str() {
        "smallint" => i64::from(i16::MAX),
        "integer" => i64::from(i32::MAX),
        _ => i64::MAX,
    }
}

/// By what ids are looked for, and what is looked for: `n` whole numbers, `u` UUIDs by their digits, `t` texts that
/// stand out in a text, `s` others.
fn finish() -> String {
    format!(
        "CREATE INDEX ON orgvault_ids (class, old); ANALYZE orgvault_ids; \
         CREATE TEMPORARY TABLE orgvault_sought ON COMMIT DROP AS SELECT DISTINCT k AS kind, \
           (CASE k WHEN 'u' THEN lower(replace(old, '-', '')) ELSE old END) COLLATE \"C\" AS sought FROM (\
           SELECT old, CASE WHEN is_number THEN 'n' WHEN old ~* '^{UUID}$' THEN 'u' \
             WHEN old ~ '^[0-9A-Za-z_-]{{8,}}$' THEN 't' ELSE 's' END AS k FROM orgvault_ids) i; \
         CREATE INDEX ON orgvault_sought (sought, kind); ANALYZE orgvault_sought"
    )
}

/// Sets a column of the staged rows `s` to its new id, where it has one.
pub(super) fn assignment(class: usize, column: &ColumnFacts) -> String {
    // An explicit cast to a text of some length would cut it off.
    let cast = if super::links::is_text(column) { String::new() } else { format!("::{}", column.kind) };
    let old = staged(&column.name);
    format!(
        "{} = coalesce((SELECT i.new FROM orgvault_ids i WHERE i.class = {class} AND i.old = {old}::text), {old}::text){cast}",
        name(&column.name)
    )
}
