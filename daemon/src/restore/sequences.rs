//! Sequences: so that the app's next row has a number of its own. What moves a sequence is not rolled back, so it is
//! done after the commit; a restore that is done twice moves those that the first one left.

use orgvault_api::{RestoreFinding, RestoreMode, RestoreSequence};

use super::{
    error::RestoreError,
    facts::{Facts, SequenceFacts},
    finding::Code,
    session::Session,
    sql::name,
    table::Table,
};

/// So many numbers are taken one by one, which can never go back over what the app takes meanwhile.
const STEPS: i64 = 1_000;

/// One sequence that has to move.
#[derive(Debug, Clone)]
pub(super) struct Move {
    pub(super) wire: RestoreSequence,
    sequence: SequenceFacts,
}

/// Which sequences are behind the archive's rows.
pub(super) async fn plan(
    session: &mut Session,
    facts: &Facts,
    tables: &[Table],
    mode: RestoreMode,
) -> Result<(Vec<Move>, Vec<RestoreFinding>), RestoreError> {
    let (mut moves, mut findings) = (Vec::new(), Vec::new());
    for sequence in &facts.sequences {
        let staged = tables.iter().filter(|table| table.oid == sequence.table && table.is_staged());
        let staged: Vec<&Table> = staged.filter(|table| table.columns.contains(&sequence.column)).collect();
        let Some(table) = staged.first() else { continue };
        let furthest = if sequence.increment > 0 { "max" } else { "min" };
        let column = name(&sequence.column);
        let all = staged.iter().map(|table| format!("SELECT {column} AS number FROM {}", table.stage()));
        let all = all.collect::<Vec<_>>().join(" UNION ALL ");
        let sql = format!("SELECT pg_catalog.{furthest}(number)::text FROM ({all}) a");
        let to = session.texts(&format!("look how far {} has to be", sequence.name), sql).await?.concat();
        let Ok(to) = to.parse::<i64>() else { continue };
        if !is_behind(sequence, to) {
            continue;
        }
        let wire = RestoreSequence {
            sequence: sequence.name.to_string(),
            column: format!("{}.{}", table.name, sequence.column),
            from: sequence.last,
            to,
        };
        if !sequence.movable {
            let message = format!("the target's role may not move sequence {}", sequence.name);
            findings.push(Code::SequencePrivilege.found(mode, &table.name, message));
        } else if !(sequence.minimum..=sequence.maximum).contains(&to) {
            let message = format!("sequence {} cannot be at {to}", sequence.name);
            findings.push(Code::SequenceExhausted.found(mode, &table.name, message));
        }
        moves.push(Move { wire, sequence: sequence.clone() });
    }
    Ok((moves, findings))
}

/// Moves them, each for itself: what is committed stays whatever happens to one of them.
pub(super) async fn raise(session: &mut Session, moves: &[Move]) -> (Vec<RestoreSequence>, Vec<RestoreFinding>) {
    let (mut done, mut warnings) = (Vec::new(), Vec::new());
    for it in moves {
        match raise_one(session, it).await {
            Ok(()) => done.push(it.wire.clone()),
            Err(error) => {
                tracing::warn!(sequence = %it.wire.sequence, %error, "a sequence is behind the rows that were restored");
                let found = Code::SequenceNotMoved.found(RestoreMode::InsertOnly, &it.wire.column, error.to_string());
                warnings.push(found);
            }
        }
    }
    (done, warnings)
}

async fn raise_one(session: &mut Session, it: &Move) -> Result<(), RestoreError> {
    raise_to(session, &format!("move sequence {}", it.wire.sequence), &it.sequence, it.wire.to).await
}

/// Moves a sequence on to `to`, where it is not there yet.
pub(super) async fn raise_to(
    session: &mut Session,
    act: &str,
    sequence: &SequenceFacts,
    to: i64,
) -> Result<(), RestoreError> {
    let oid = sequence.oid;
    let now = format!("SELECT pg_catalog.pg_sequence_last_value({oid})::text");
    let last = session.texts(act, now).await?.concat().parse().ok();
    let now = SequenceFacts { last, ..sequence.clone() };
    if !is_behind(&now, to) {
        return Ok(());
    }
    let steps = steps(&now, to);
    let sql = if steps <= STEPS {
        format!("SELECT pg_catalog.nextval({oid}::pg_catalog.regclass) FROM pg_catalog.generate_series(1, {steps})")
    } else {
        let compare = if now.increment > 0 { "<" } else { ">" };
        let before = now.position();
        format!(
            "SELECT pg_catalog.setval({oid}::pg_catalog.regclass, {to}) \
             WHERE coalesce(pg_catalog.pg_sequence_last_value({oid}), {before}) {compare} {to}"
        )
    };
    session.rows(act, sql).await.map(drop)
}

impl SequenceFacts {
    /// The last number that it gave, or the one before its first.
    pub(super) fn position(&self) -> i64 {
        self.last.unwrap_or_else(|| self.start.saturating_sub(self.increment))
    }
}

/// Whether a sequence could still give the number `to`, or one on the way to it.
fn is_behind(sequence: &SequenceFacts, to: i64) -> bool {
    if sequence.increment > 0 { sequence.position() < to } else { sequence.position() > to }
}

/// How many numbers it takes to be at `to` or beyond.
fn steps(sequence: &SequenceFacts, to: i64) -> i64 {
    let distance = i128::from(to) - i128::from(sequence.position());
    let increment = i128::from(sequence.increment);
    let steps = (distance + increment - increment.signum()) / increment;
    i64::try_from(steps).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(increment: i64, start: i64, last: Option<i64>) -> SequenceFacts {
        SequenceFacts { start, increment, last, ..SequenceFacts::default() }
    }

    #[test]
    fn a_sequence_moves_only_onward() {
        assert!(is_behind(&sequence(1, 1, None), 1));
        assert!(!is_behind(&sequence(1, 100, None), 7));
        assert!(!is_behind(&sequence(1, 1, Some(7)), 7));
        assert!(is_behind(&sequence(-1, -1, Some(-7)), -8));
        assert!(!is_behind(&sequence(-1, -1, Some(-7)), 3));
    }

    #[test]
    fn so_many_numbers_lead_there() {
        assert_eq!(steps(&sequence(1, 1, None), 3), 3);
        assert_eq!(steps(&sequence(10, 1, Some(1)), 12), 2);
        assert_eq!(steps(&sequence(10, 1, Some(1)), 11), 1);
        assert_eq!(steps(&sequence(-2, -1, Some(-1)), -4), 2);
        assert_eq!(steps(&sequence(1, i64::MIN, None), i64::MAX), i64::MAX);
    }
}
