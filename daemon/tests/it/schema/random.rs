//! Schemas by chance come back as they were.

use orgvault_testing::{postgres::Database, schemas::RandomSchema};
use proptest::{prelude::*, test_runner::TestRunner};

use super::ddl::comes_back;

#[test]
fn a_schema_by_chance_comes_back() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 6,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    });
    let tested = runner.run(&(1..u64::MAX), |seed| {
        let schema = RandomSchema::new(seed);
        let database = Database::new();
        database.psql(&schema.tables);
        database.psql(&schema.rows);
        runtime.block_on(comes_back(&database));
        Ok(())
    });
    tested.unwrap();
}
