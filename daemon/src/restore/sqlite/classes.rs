//! The organization's id as a value: an archive and a request have it as text, and `1` is not `'1'` where a condition
//! compares it with an expression.

use orgvault_archive::full::sqlite::Stored;

use super::{session::Session, table::Table};
use crate::restore::error::RestoreError;

/// What may be meant by the text of an id, the usual first.
fn candidates(id: &str) -> Vec<Stored<'static>> {
    let mut candidates = Vec::new();
    candidates.extend(id.parse().ok().filter(|number: &i64| number.to_string() == id).map(Stored::Integer));
    candidates.push(Stored::Text(id.as_bytes().to_vec().into()));
    let (pairs, rest) = id.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
    candidates
        .extend(bytes.filter(|bytes| rest.is_empty() && !bytes.is_empty()).map(|bytes| Stored::Blob(bytes.into())));
    candidates.push(Stored::Blob(id.as_bytes().to_vec().into()));
    candidates
}

/// The one by which most rows are found. Where none are, it does not matter which; and a wrong one would be found out
/// by the proof, which reads all rows back by it.
pub(super) async fn id(session: &mut Session, tables: &[Table], id: &str) -> Result<Stored<'static>, RestoreError> {
    let mut best = (0, None);
    for candidate in candidates(id) {
        let mut rows = 0;
        for table in tables.iter().filter(|table| !table.shared) {
            let Some(condition) = &table.condition else { continue };
            let sql = format!("SELECT count(*) FROM {} WHERE ({condition}\n)", table.live());
            rows += session
                .number_of(&format!("look for the organization's rows in {}", table.name), sql, &candidate)
                .await?;
        }
        if best.1.is_none() || rows > best.0 {
            best = (rows, Some(candidate));
        }
    }
    Ok(best.1.unwrap_or(Stored::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_one_only_as_sqlite_writes_it() {
        assert_eq!(candidates("7")[0], Stored::Integer(7));
        assert_eq!(candidates("07")[0], Stored::Text(b"07".into()));
        assert!(candidates("01ff").contains(&Stored::Blob(b"\x01\xff".into())));
    }
}
