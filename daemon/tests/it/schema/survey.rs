//! What the catalog is asked, and what it answers.

use orgvault_archive::full::schema::{Identity, Made, RowSecurity, Schema, TypeKind};
use orgvault_daemon::schema::survey::{SurveyError, survey};
use orgvault_testing::postgres::Database;
use sqlx::{Connection as _, PgConnection};

use super::{RICH, named, public, surveyed, table, tables_of};

fn names(found: impl IntoIterator<Item = impl ToString>) -> Vec<String> {
    found.into_iter().map(|it| it.to_string()).collect()
}

/// The rich database, asked for two of its tables.
async fn rich() -> Schema {
    let database = Database::new();
    database.psql(RICH);
    let odd = named("Odd \"schema\".1", "Line.Items");
    surveyed(&database, &[public("events"), odd, public("audits"), public("absent")]).await.unwrap()
}

#[tokio::test]
async fn what_tables_need_is_described_with_them() {
    let schema = rich().await;
    assert_eq!(
        names(schema.tables.iter().map(|it| &it.name)),
        [
            "Odd \"schema\".1.Line.Items",
            "public.audits",
            "public.events",
            "public.events_open",
            "public.events_open_2026",
            "public.events_rest",
            "public.events_shut",
            "public.events_shut_0",
            "public.events_shut_1",
            "public.organizations",
            "public.users",
            "tools.changes",
            "tools.events_open_old",
        ],
        "a rule needs the last but one"
    );
    assert_eq!(
        names(schema.extensions.iter().map(|it| &it.name)),
        ["btree_gist", "citext", "cube", "hstore", "pg_trgm", "plpgsql"]
    );
    assert_eq!(
        names(schema.types.iter().map(|it| &it.name)),
        [
            "Odd \"schema\".1.Mood.2",
            "public.name",
            "public.Nick name",
            "public.hours",
            "public.zz_mood",
            "public.place",
            "public.words",
        ],
        "each after those that it is made of"
    );
}

#[tokio::test]
async fn what_tables_call_is_described_with_them() {
    let schema = rich().await;
    assert_eq!(
        names(schema.functions.iter().map(|it| format!("{}({})", it.name, it.arguments))),
        [
            "tools.is_short(text)",
            "tools.minutes(a time without time zone, b time without time zone)",
            "public.mine(uuid)",
            "public.note()",
            "public.touch()",
            "tools.first_word(value text)",
            "tools.next_number()",
            "tools.worth(public.events)",
        ]
    );
    assert_eq!(
        names(schema.collations.iter().map(|it| &it.name)),
        ["Odd \"schema\".1.Caseless", "public.split", "tools.numeric_order"]
    );
    assert_eq!(
        names(schema.sequences.iter().map(|it| &it.name)),
        [
            "Odd \"schema\".1.Line.Items_Order_seq",
            "public.organizations_serial_seq",
            "public.organizations_small_seq",
            "public.users_id_seq",
            "tools.Numbers",
        ]
    );
    assert!(schema.undescribed.is_empty(), "{:?}", schema.undescribed);
    let place = |made: &Made| schema.order.iter().position(|it| it == made).unwrap();
    let worth = schema.functions.iter().find(|it| it.name.name == "worth").unwrap();
    assert!(place(&Made::Table(public("events"))) < place(&worth.made()));
    assert!(place(&worth.made()) < place(&Made::Table(public("audits"))));
}

#[tokio::test]
async fn the_words_are_the_servers_own_and_names_have_their_schema() {
    let schema = rich().await;
    let users = table(&schema, "users");
    let column = |name: &str| users.columns.iter().find(|it| it.name == name).unwrap();
    assert_eq!(column("E-Mail").kind, "public.citext");
    assert_eq!(column("mood").kind, "\"Odd \"\"schema\"\".1\".\"Mood.2\"[]");
    assert_eq!(column("wait").kind, "interval day to second(2)");
    assert_eq!(column("id").identity, Some(Identity::Always));
    assert_eq!(column("first_word").generated.as_deref(), Some("tools.first_word((name)::text)"));
    assert_eq!(column("first_word").default, None);
    assert_eq!(column("name").collation, Some(named("Odd \"schema\".1", "Caseless")));
    assert_eq!(users.primary_key, ["id"]);
    assert_eq!(users.row_security, RowSecurity::Enabled);
    assert_eq!(users.policies[0].using.as_deref(), Some("public.mine(organization_id)"));
    assert_eq!(names(users.triggers.iter().map(|it| it.enabled)), ["false", "true"]);
    let unique = users.unique.iter().find(|it| it.name == "users_lower").unwrap();
    assert_eq!(unique.expressions, ["organization_id", "lower((name)::text)", "\"E-Mail\""]);
    assert_eq!(unique.predicate.as_deref(), Some("(manager_id IS NULL)"));
    let manager = users.foreign_keys.iter().find(|it| it.name == "users_manager").unwrap();
    assert_eq!(
        (manager.columns.join(","), manager.on_delete.as_str()),
        ("manager_id,organization_id".into(), "SET NULL")
    );
    assert!(manager.deferrable);
    let odd = schema.table(&named("Odd \"schema\".1", "Line.Items")).unwrap();
    assert_eq!(names(odd.unique.iter().map(|it| it.nulls_not_distinct)), ["true", "false"]);
    let domain = schema.types.iter().find(|it| it.name.name == "Nick name").unwrap();
    let TypeKind::Domain { base, not_null: true, checks, .. } = &domain.kind else { panic!("{domain:?}") };
    assert_eq!((base.as_str(), checks.len()), ("public.name", 1));
    let numbers = schema.sequences.iter().find(|it| it.name.name == "Numbers").unwrap();
    assert_eq!((numbers.start, numbers.increment, numbers.minimum, numbers.cycle), (5, -2, -100, true));
    assert_eq!(table(&schema, "organizations").rules.len(), 1);
}

#[tokio::test]
async fn a_partition_has_what_is_its_own_and_not_what_its_table_makes() {
    let schema = rich().await;
    let events = table(&schema, "events");
    assert_eq!(events.partition_key.as_deref(), Some("LIST (kind)"));
    let partition = table(&schema, "events_open_2026");
    let of = partition.partition_of.as_ref().unwrap();
    assert_eq!((of.parent.to_string().as_str(), partition.inherits.len()), ("public.events_open", 0));
    assert_eq!(of.bound, "FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')");
    assert_eq!(partition.primary_key, ["id", "kind", "at"]);
    assert_eq!(
        names(partition.constraints.iter().map(|it| &it.name)),
        ["events_open_2026_size_check", "events_size_check"]
    );
    assert!(partition.unique.is_empty() && partition.indexes.is_empty() && partition.triggers.is_empty());
    assert!(partition.foreign_keys.is_empty());
    let rest = table(&schema, "events_rest");
    assert_eq!(rest.partition_of.as_ref().unwrap().bound, "DEFAULT");
    assert_eq!(names(rest.foreign_keys.iter().map(|it| it.not_valid)), ["true"]);
    assert_eq!(names(rest.unique.iter().map(|it| &it.name)), ["events_rest_note"]);
}

#[tokio::test]
async fn the_other_tables_of_a_partition_or_of_a_parent_are_there_too() {
    let database = Database::new();
    database.psql(RICH);
    let schema = surveyed(&database, &[public("derived")]).await.unwrap();
    assert_eq!(names(schema.tables.iter().map(|it| &it.name)), ["public.base", "public.derived"]);
    assert_eq!(table(&schema, "derived").inherits, [public("base")]);
    let schema = surveyed(&database, &[public("events_shut_0")]).await.unwrap();
    assert!(schema.table(&public("events_rest")).is_some());
}

#[tokio::test]
async fn what_has_no_words_is_named() {
    let database = Database::new();
    database.psql(
        "CREATE FUNCTION same(integer, integer) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN $1 = $2;
         CREATE OPERATOR === (FUNCTION = same, LEFTARG = integer, RIGHTARG = integer);
         CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple);
         CREATE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer);
         CREATE TABLE t (a integer CHECK (a === a), b tsvector GENERATED ALWAYS AS (to_tsvector('plain'::regconfig, 'x')) STORED);
         CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT total(a) FROM t; END;
         ALTER TABLE t ADD c integer DEFAULT f();",
    );
    let schema = surveyed(&database, &[public("t")]).await.unwrap();
    assert_eq!(
        schema.undescribed,
        [
            "aggregate public.total(integer)",
            "operator public.===(integer,integer)",
            "text search configuration public.plain"
        ]
    );
}

#[tokio::test]
async fn the_search_path_stays_as_it_was() {
    let database = Database::new();
    database.psql("CREATE TABLE t (a integer DEFAULT 1)");
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::raw_sql("BEGIN; SET LOCAL search_path = pg_temp, \"Odd one\"").execute(&mut connection).await.unwrap();
    survey(&mut connection, &[public("t")]).await.unwrap();
    let path = || sqlx::query_scalar::<_, String>("SELECT current_setting('search_path')");
    assert_eq!(path().fetch_one(&mut connection).await.unwrap(), "pg_temp, \"Odd one\"");
    sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.unwrap();
    assert_eq!(path().fetch_one(&mut connection).await.unwrap(), "\"$user\", public");
    let error = survey(&mut connection, &[public("t")]).await.unwrap_err();
    assert!(matches!(error, SurveyError::NoTransaction), "{error}");
}

#[tokio::test]
async fn the_same_database_gives_the_same_words() {
    let database = Database::new();
    database.psql(RICH);
    let mut tables = tables_of(&database);
    let first = surveyed(&database, &tables).await.unwrap();
    tables.reverse();
    assert_eq!(surveyed(&database, &tables).await.unwrap(), first);
    let text = serde_json::to_string(&first).unwrap();
    assert_eq!(serde_json::from_str::<Schema>(&text).unwrap(), first);
}
