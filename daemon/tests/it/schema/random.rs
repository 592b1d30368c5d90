//! Schemas by chance come back as they were.

use orgvault_testing::{
    postgres::Database,
    schemas::{RandomSchema, with_seeds},
};

use super::ddl::comes_back;

#[test]
fn a_schema_by_chance_comes_back() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    with_seeds(6, |seed| {
        let schema = RandomSchema::new(seed);
        let database = Database::new();
        database.psql(&schema.tables);
        database.psql(&schema.rows);
        runtime.block_on(comes_back(&database));
    });
}
