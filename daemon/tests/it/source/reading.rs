//! What is read from PostgreSQL, and as whom.

use super::fixture::{ACME, BUECHER, granted, read};
use crate::postgres::Database;

#[tokio::test]
async fn every_section_of_rytask_is_read_with_exactly_the_grants() {
    let database = Database::rytask();
    let source = granted(&database);
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    let counts = snapshot.counts().await.unwrap();
    assert_eq!(snapshot.warnings().await.unwrap(), []);
    for (index, section) in source.definition().sections.iter().enumerate() {
        let rows = read(&mut snapshot, index).await.unwrap();
        assert_eq!(rows.cells.len() as u64, counts[index], "{}", section.name);
        assert!(rows.cells.iter().all(|row| row.len() == rows.columns.len()));
    }
    assert_eq!(counts.iter().sum::<u64>(), 1 + 1 + 2 + 1 + 1 + 2 + 12 + 2 + 15);
    snapshot.finish().await.unwrap();
    let mut other = source.snapshot(BUECHER).await.unwrap();
    assert_eq!(other.counts().await.unwrap().iter().sum::<u64>(), 1 + 1 + 1 + 1 + 1 + 5);
    other.finish().await.unwrap();
    source.close().await;
}
