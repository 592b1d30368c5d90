//! Organizations of schemas by chance go from one database into another one, and are the same there.

use std::{fmt::Write as _, path::Path, sync::Arc};

use orgvault_api::RestoreMode;
use orgvault_daemon::{
    product::{self, Definition},
    restore::{ArchivedFull, Restore, Target, Tenant},
};
use orgvault_testing::{
    postgres::Database,
    schemas::{RandomSchema, TENANTS, with_seeds},
};

use crate::{
    full::fixture::{Made, full, team},
    source::fixture::{config, source_with},
};

/// What is said of the tables: each row is its organization's.
pub(crate) fn definition(schema: &RandomSchema) -> Definition {
    let first = &schema.names[0];
    let mut words = format!(
        "[product]\nname = \"random\"\nmeasured_on = \"1\"\n\n[organization]\n\
         list = '''SELECT DISTINCT organization_id, organization_id::text, organization_id::text FROM {first}'''\n\n\
         [[section]]\nname = \"first\"\ntable = '{first}'\n\
         rows = '''SELECT id FROM {first} WHERE organization_id = $1 ORDER BY id'''\n\
         count = '''SELECT count(*) FROM {first} WHERE organization_id = $1'''\n"
    );
    for name in &schema.names {
        let reads = if name == first { "reads = [\"id\", \"organization_id\"]" } else { "excluded = \"nobody asked\"" };
        let key = if name.starts_with('"') { format!("'public.{name}'") } else { name.clone() };
        writeln!(words, "\n[table.{key}]\n{reads}\ntenant = \"organization_id = $1\"").unwrap();
    }
    product::parse(&words, Path::new("random.toml")).unwrap()
}

/// A database of the schema that its plain role owns, without rows.
pub(crate) fn empty(schema: &RandomSchema) -> Database {
    let database = Database::new();
    let (name, role) = (database.name(), database.role());
    database.psql(&format!("ALTER DATABASE {name} OWNER TO {role}; GRANT ALL ON SCHEMA public TO {role}"));
    database.psql(&format!("SET ROLE {role}; {}", schema.tables));
    database
}

/// An organization's archive.
pub(crate) async fn archived(database: &Database, definition: &Definition, tenant: u64) -> Made {
    let source = source_with(config(&database.url()), definition.clone());
    let made = full(&source, &team(u32::try_from(tenant).unwrap())).await.unwrap();
    source.close().await;
    made
}

async fn put_back(target: &Database, definition: &Definition, archive: &Made, tenant: u64) {
    let rows = Arc::new(ArchivedFull::new(archive.open(), "0".repeat(64)));
    let tenant = Tenant::of(definition, rows.as_ref(), &tenant.to_string());
    let target = Target::new("random", target.url().parse().unwrap());
    let restore = Restore { target, rows, tenant, mode: RestoreMode::Scratch, renewal: None };
    let plan = restore.plan().await.unwrap();
    assert!(plan.possible, "{plan:#?}");
    restore.apply(Some(&plan.id)).await.unwrap();
}

/// A hash of the rows of an organization in each table.
fn rows(database: &Database, schema: &RandomSchema, tenant: u64) -> String {
    let of = |name: &String| {
        format!(
            "SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM {name} t WHERE organization_id = {tenant}"
        )
    };
    database.psql(&schema.names.iter().map(of).collect::<Vec<_>>().join(" UNION ALL "))
}

/// Ids that a sequence would give next, and that a row has.
fn taken(database: &Database, schema: &RandomSchema) -> String {
    let of = |name: &String| {
        let sequence = format!("pg_get_serial_sequence('{name}', 'id')");
        format!("SELECT id::text FROM {name} WHERE id::text = (SELECT nextval({sequence})::text)")
    };
    database.psql(&schema.names.iter().map(of).collect::<Vec<_>>().join(" UNION ALL "))
}

#[test]
fn an_organization_by_chance_goes_back_byte_for_byte() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    with_seeds(6, |seed| {
        let schema = RandomSchema::new(seed);
        let (from, target) = (empty(&schema), empty(&schema));
        from.psql(&schema.rows);
        runtime.block_on(goes_back(&schema, &from, &target));
    });
}

async fn goes_back(schema: &RandomSchema, from: &Database, target: &Database) {
    let definition = definition(schema);
    for (place, tenant) in TENANTS.into_iter().enumerate() {
        let archive = archived(from, &definition, tenant).await;
        put_back(target, &definition, &archive, tenant).await;
        let again = archived(target, &definition, tenant).await;
        assert_eq!(again.open().report(), archive.open().report());
        assert!(again.bytes() == archive.bytes());
        for (other, tenant) in TENANTS.into_iter().enumerate() {
            let expected = if other <= place { rows(from, schema, tenant) } else { String::new() };
            assert_eq!(rows(target, schema, tenant), expected, "organization {tenant}");
        }
    }
    assert_eq!(taken(target, schema), "");
}
