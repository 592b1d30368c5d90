//! A value that the target's types do not take, found while it is staged.

use orgvault_api::RestoreFinding;

use super::Draft;
use crate::restore::{error::RestoreError, finding::Code, table::Table};

impl Draft<'_> {
    /// What the server's refusal of a staged row says of the archive.
    ///
    /// # Errors
    /// When it says nothing of it.
    pub(super) fn refused(&self, table: &Table, error: RestoreError) -> Result<RestoreFinding, RestoreError> {
        let RestoreError::Refused { words, place, is_check, .. } = &error else { return Err(error) };
        let column = column_of(place, &table.columns);
        let class =
            self.facts.columns_of(table.oid).find(|it| Some(&it.name) == column.as_ref()).map(|it| it.class.as_str());
        let code = match class {
            Some("e") => Code::EnumLabel,
            _ if *is_check => Code::DomainCheck,
            _ => Code::ValueRefused,
        };
        let at = place.split_once(", ").map_or(place.as_str(), |(_, at)| at);
        let message = format!("{words} ({at})");
        Ok(code.found(self.mode, &table.name, message))
    }
}

/// The column that the server names in `COPY orgvault_stage_1, line 3, column status: "archived"`.
fn column_of(place: &str, columns: &[String]) -> Option<String> {
    let (_, rest) = place.split_once(", column ")?;
    let named = columns.iter().filter(|column| rest.starts_with(&format!("{column}:")) || rest == **column);
    named.max_by_key(|column| column.len()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_column_is_read_from_the_servers_words() {
        let columns = ["a", "a: b"].map(str::to_owned);
        let column = |place| column_of(place, &columns);
        assert_eq!(column("COPY s, line 3, column a: \"x\"").as_deref(), Some("a"));
        assert_eq!(column("COPY s, line 3, column a: b: \"x\"").as_deref(), Some("a: b"));
        assert_eq!(column("COPY s, line 3"), None);
    }
}
