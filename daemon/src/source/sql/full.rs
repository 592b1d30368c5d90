//! Which tables a `full` archive holds, which of their rows, and the statements that read them: the same on every
//! database, but for its words.

mod contents;
mod statement;

pub(super) use self::{
    contents::{Contents, Elsewhere},
    statement::Words,
};
use super::super::error::{SourceError, SourceFault};

/// What is done meanwhile.
pub(super) const ACT: &str = "look at the tables";

/// What to do about a table that the definition does not know.
const SAY: &str = "write [table.NAME] with `tenant = \"..\"`, `shared = true` or `excluded = \"reason\"`";

/// Refuses tables of which nobody said whose their rows are.
pub(super) fn refuse_unsaid(source: &std::sync::Arc<str>, unsaid: &[String]) -> Result<(), SourceError> {
    if unsaid.is_empty() {
        return Ok(());
    }
    let words = format!("the definition does not say whose rows are in {}", unsaid.join(", "));
    Err(SourceError::fault(source, SourceFault::TablesUnknown, ACT, words).with_hint(SAY))
}
