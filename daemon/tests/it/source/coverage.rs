//! The rows of all organizations together against the rows of their tables.

mod postgres;
mod sqlite;

use orgvault_api::{CheckResult, Coverage, clock::Timestamp};
use orgvault_daemon::source::Source;

async fn coverage(source: &Source) -> Coverage {
    source.coverage(Timestamp::UNIX_EPOCH).await.unwrap()
}

/// What is said of each section: `issues: covered`.
fn said(coverage: &Coverage) -> Vec<String> {
    coverage.sections.iter().map(|section| format!("{}: {}", section.section, section.message)).collect()
}

/// The sections that are not as meant.
fn failed(coverage: &Coverage) -> Vec<&str> {
    coverage.failed().map(|section| section.section.as_str()).collect()
}

/// The messages of the only section, which ended so.
async fn only(source: &Source, result: CheckResult) -> String {
    let mut found = coverage(source).await;
    assert_eq!(found.sections.len(), 1);
    let section = found.sections.swap_remove(0);
    assert_eq!(section.result, result, "{section:?}");
    section.message
}
