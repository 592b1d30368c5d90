//! What is made from a description is described in the same words.

use std::error::Error as _;

use orgvault_archive::full::schema::{Column, Constraint, Function, Schema, Table, Type, TypeKind};
use orgvault_daemon::schema::ddl::{Ddl, MakeError};
use orgvault_testing::{
    apps::APPS,
    postgres::{Database, RYTASK, SOLIDTIME, TRUEPPM},
};

use super::{RICH, made, public, surveyed, tables_of};

/// Makes all tables of a database again, and compares what is there then.
pub(super) async fn comes_back(database: &Database) -> Database {
    let tables = tables_of(database);
    let first = surveyed(database, &tables).await.unwrap();
    let ddl = Ddl::of(&first);
    assert!(ddl.missing.is_empty(), "{:?}", ddl.missing);
    let copy = made(&ddl).await.unwrap_or_else(|error| panic!("{error}: {}", error.source().unwrap()));
    let second = surveyed(&copy, &tables).await.unwrap();
    for (before, after) in first.tables.iter().zip(&second.tables) {
        assert_eq!(before, after);
    }
    assert_eq!(first, second);
    copy
}

#[tokio::test]
async fn one_of_each_thing_comes_back() {
    let database = Database::new();
    database.psql(RICH);
    let copy = comes_back(&database).await;
    let function = "SELECT prosrc FROM pg_proc WHERE proname IN ('first_word', 'touch') ORDER BY 1";
    assert_eq!(copy.psql(function), database.psql(function));
}

#[tokio::test]
async fn the_tables_of_products_come_back() {
    for tables in [RYTASK, SOLIDTIME, TRUEPPM] {
        let database = Database::new();
        database.psql(tables);
        comes_back(&database).await;
    }
}

#[tokio::test]
async fn the_tables_of_apps_come_back() {
    for app in APPS {
        let database = Database::new();
        database.psql(app.tables);
        comes_back(&database).await;
    }
}

fn with_default(default: &str) -> Schema {
    let column = Column {
        name: "a".to_owned(),
        kind: "text".to_owned(),
        nullable: true,
        default: Some(default.to_owned()),
        ..Column::default()
    };
    let tables = vec![Table { name: public("t"), columns: vec![column], ..Table::default() }];
    Schema { tables, ..Schema::default() }
}

#[tokio::test]
async fn words_with_a_second_statement_are_refused_as_a_whole() {
    let ddl = Ddl::of(&with_default("'x'; CREATE TABLE smuggled ()"));
    let error = made(&ddl).await.unwrap_err();
    let MakeError::Refused { makes, source } = error else { panic!("{error}") };
    assert_eq!(makes, "defaults of public.t");
    assert_eq!(source.as_database_error().unwrap().code().unwrap(), "42601");
}

#[tokio::test]
async fn text_that_looks_like_sql_stays_text() {
    let odd = "a\"; DROP TABLE t; --'\\";
    let mut schema = with_default("'it; is; text'");
    schema.tables[0].name.name = odd.to_owned();
    schema.tables[0].columns[0].name = odd.to_owned();
    let kind = TypeKind::Enum { labels: vec![odd.to_owned(), "\\'".to_owned()] };
    schema.types = vec![Type { name: public(&format!("{odd}2")), kind }];
    let copy = made(&Ddl::of(&schema)).await.unwrap();
    assert_eq!(
        copy.psql(
            "SELECT attname FROM pg_attribute WHERE attnum = 1 AND attrelid = (SELECT oid FROM pg_class \
                          WHERE relname LIKE '%DROP TABLE%' AND relkind = 'r')"
        ),
        odd
    );
    assert_eq!(copy.psql("SELECT enumlabel FROM pg_enum ORDER BY enumsortorder"), format!("{odd}\n\\'"));
}

#[test]
fn what_cannot_be_made_is_told() {
    let function = |name: &str, language: &str, definition: &str| Function {
        name: public(name),
        arguments: "integer".to_owned(),
        language: language.to_owned(),
        definition: definition.to_owned(),
    };
    let index = Constraint { name: "i".to_owned(), definition: "RESET ROLE".to_owned() };
    let mut schema = with_default("'\0'");
    schema.tables[0].indexes = vec![index];
    schema.functions = vec![function("f", "c", "CREATE OR REPLACE FUNCTION .."), function("g", "sql", "DROP TABLE t")];
    schema.undescribed = vec!["operator public.===(integer,integer)".to_owned()];
    assert_eq!(
        Ddl::of(&schema).missing,
        [
            "operator public.===(integer,integer)",
            "function public.f(integer): its language is c",
            "function public.g(integer): its definition is none",
            "index i of public.t: its definition is none",
            "defaults of public.t: it holds a NUL",
        ]
    );
}
