//! `full` archives of an SQLite file: every value with its storage class.

use std::{fs, path::Path};

use orgvault_archive::full::{
    schema::{Identity, QualifiedName, Schema, ServerKind},
    sqlite::{Stored, StoredRows},
};
use orgvault_daemon::{product, source::Source};
use sqlx::{Row as _, SqliteConnection, TypeInfo as _, ValueRef as _, sqlite::SqliteRow};

use super::{
    fixture::{Made, full, team},
    is_whole, run, unpacked,
};
use crate::source::sqlite::File;

/// The tables of two companies, and their rows.
pub(crate) const LEDGER: &str = include_str!("ledger.sql");
/// What is said of them.
pub(crate) const DEFINITION: &str = include_str!("ledger.toml");
/// The tables with rows of the company, each after those that it names, but for those that name each other.
pub(crate) const TABLES: [&str; 6] = ["people", "companies", "members", "entries", "settings", "logs"];

pub(crate) async fn ledger(more: &str) -> (File, Source) {
    let file = File::new(&format!("PRAGMA foreign_keys = OFF;{LEDGER}{more}")).await;
    let source = file.source(product::parse(DEFINITION, Path::new("ledger.toml")).unwrap());
    (file, source)
}

async fn acme(more: &str) -> (File, Made) {
    let (file, source) = ledger(more).await;
    let made = full(&source, &team(7)).await.unwrap();
    is_whole(&made.path);
    (file, made)
}

async fn refused(more: &str) -> String {
    let (_file, source) = ledger(more).await;
    full(&source, &team(7)).await.err().unwrap().to_string()
}

#[tokio::test]
async fn every_value_is_written_with_its_storage_class() {
    let (_file, made) = acme("").await;
    let folder = unpacked(&made.path);
    let text = |table: &str| fs::read_to_string(folder.path().join(format!("data/main.{table}.csv"))).unwrap();
    let entries = [
        "company_id,number,amount,memo,raw,\"any \"\"value\"\"\",member_id,twice,label",
        "7,1,0.30000000000000004,\"plain\",\\x00ff,1,71,0.6000000000000001,\"plain!\"",
        // A column of reals keeps no sign of zero; one of anything does.
        "7,2,0.0,\"\",\\x,-0.0,\\N,0.0,\"!\"",
        "7,3,Inf,\"a \"\"quote\"\", a comma\nand a line\",\"text in a blob\",\"1\",72,Inf,\"a \"\"quote\"\", a comma\nand a line!\"",
        "7,4,-Inf,\"\\N\",12,\\x31,\\N,-Inf,\"\\N!\"",
        "7,5.5,\"n/a\",\\t610062,\\N,9223372036854775807,\\N,0,\\t61006221",
        "7,\"A-1\",1e300,\\tff,1.5,-2.5e-300,\\N,2e300,\\tff21",
        "",
    ];
    assert_eq!(text("entries"), entries.join("\n"));
    assert_eq!(text("people"), "handle,height,parent\n\"ada\",2.0,\"grand\"\n\"grand\",1.5,\\N\n");
    assert_eq!(text("settings"), "company_id,key,value\n7,\"a\",1\n7,\"b\",\"1\"\n7,\"c\",\\x01\n7,\"d\",1.0\n");
    // Without a key: by value, and equal ones as they were written.
    assert_eq!(text("logs"), "company_id,line\n7,\\N\n7,1\n7,1.0\n7,\"b\"\n7,\"b\"\n");
    run(folder.path(), "sha256sum", &["--check", "--strict", "--quiet", "manifest-sha256.txt"]);
}

#[tokio::test]
async fn the_schema_says_what_the_rows_need() {
    let (_file, made) = acme("").await;
    let archive = made.open();
    let schema: &Schema = archive.schema();
    assert_eq!((schema.kind, schema.encoding.as_str()), (ServerKind::Sqlite, "UTF-8"));
    let table =
        |name: &str| schema.table(&QualifiedName { schema: "main".to_owned(), name: name.to_owned() }).unwrap().clone();
    let (people, companies, entries) = (table("people"), table("companies"), table("entries"));
    assert!(people.strict && people.without_rowid && !entries.strict && !entries.without_rowid);
    assert_eq!(people.foreign_keys[0].referenced, ["handle"]);
    assert_eq!(companies.columns[0].identity, Some(Identity::ByDefault));
    assert_eq!(table("members").columns[0].identity, None);
    let generated: Vec<_> = entries.columns.iter().filter_map(|column| column.generated.as_deref()).collect();
    assert_eq!(generated, ["virtual", "stored"]);
    assert_eq!(entries.primary_key, ["company_id", "number"]);
    let key = &table("members").unique;
    let key = key.iter().find(|key| key.name == "members_email").unwrap();
    assert_eq!((key.expressions[0].as_str(), key.predicate.as_deref()), ("lower(email)", Some("email <> ''")));
    assert_eq!(entries.triggers[0].name, "entry_made");
    assert!(schema.tables.iter().any(|table| table.name.name == "audit"), "its schema is told, and no row");
    assert_eq!(archive.report().omissions[0].reason, "of the whole app");
}

/// Writes the archive's rows into a file with the archive's own tables, as any program can.
async fn written_by_hand(made: &Made) -> File {
    let archive = made.open();
    let mut file = File::new("PRAGMA foreign_keys = OFF").await;
    for table in &archive.schema().tables {
        file.run(table.definition.as_ref().unwrap()).await;
        let Some(report) = archive.report().tables.iter().find(|it| it.name == table.name) else { continue };
        let mut rows = StoredRows::new(std::io::BufReader::new(archive.member(&report.file).unwrap()));
        rows.header().unwrap();
        let columns = || table.columns.iter().enumerate().filter(|(_, column)| column.generated.is_none());
        let names: Vec<String> = columns().map(|(_, it)| format!("\"{}\"", it.name.replace('"', "\"\""))).collect();
        while let Some(row) = rows.row().unwrap() {
            let places =
                columns().map(|(at, _)| if matches!(row[at], Stored::Text(_)) { "CAST(? AS TEXT)" } else { "?" });
            let places = places.collect::<Vec<_>>().join(",");
            let sql = format!("INSERT INTO {} ({}) VALUES ({places})", table.name.name, names.join(","));
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for (at, _) in columns() {
                query = match &row[at] {
                    Stored::Null => query.bind(None::<i64>),
                    Stored::Integer(number) => query.bind(*number),
                    Stored::Real(number) => query.bind(*number),
                    Stored::Text(bytes) | Stored::Blob(bytes) => query.bind(bytes.to_vec()),
                };
            }
            query.execute(file.connection()).await.unwrap();
        }
    }
    file
}

/// Every value of the company with its storage class and its bytes.
pub(crate) async fn rows(connection: &mut SqliteConnection, table: &str) -> Vec<String> {
    let whose = match table {
        "companies" => "id = 7",
        "people" => "handle IN ('ada', 'grand')",
        _ => "company_id = 7",
    };
    let sql = format!("SELECT * FROM {table} WHERE {whose}");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(connection).await.unwrap();
    let value = |row: &SqliteRow, column: usize| {
        let raw = row.try_get_raw(column).unwrap();
        match raw.type_info().name() {
            "REAL" => format!("real {:x}", row.get_unchecked::<f64, _>(column).to_bits()),
            class => format!("{class} {:?}", row.get_unchecked::<Option<Vec<u8>>, _>(column)),
        }
    };
    let told = |row: &SqliteRow| (0..row.len()).map(|at| value(row, at)).collect::<Vec<_>>().join(" | ");
    let mut told: Vec<String> = rows.iter().map(told).collect();
    told.sort();
    told
}

#[tokio::test]
async fn its_text_gives_back_every_value_and_its_storage_class() {
    let (mut file, made) = acme("").await;
    let mut other = written_by_hand(&made).await;
    for table in TABLES {
        let (here, there) = (rows(file.connection(), table).await, rows(other.connection(), table).await);
        assert!(!here.is_empty());
        assert_eq!(here, there, "{table}");
    }
    let again = other.source(product::parse(DEFINITION, Path::new("ledger.toml")).unwrap());
    let again = full(&again, &team(7)).await.unwrap().open();
    assert_eq!(again.report(), made.open().report());
}

#[tokio::test]
async fn rows_of_others_that_are_named_are_taken_along() {
    let (_file, made) = acme("UPDATE entries SET member_id = 91 WHERE number = 1 AND company_id = 7;").await;
    let folder = unpacked(&made.path);
    let named = fs::read_to_string(folder.path().join("data/named/main.members.csv")).unwrap();
    assert_eq!(named, "id,company_id,email,person\n91,9,\"bo@example.org\",\"eve\"\n");
}

#[tokio::test]
async fn an_archive_is_refused_that_would_not_hold_everything() {
    let said = refused("CREATE TABLE invoices (id, company_id);").await;
    assert!(said.contains("does not say whose rows are in invoices"), "{said}");
    let said = refused("DROP TABLE logs; CREATE VIRTUAL TABLE logs USING fts5 (company_id, line);").await;
    assert!(said.contains("no virtual table") && said.contains("logs"), "{said}");
    let file = File::new(&format!("PRAGMA encoding = 'UTF-16le'; PRAGMA foreign_keys = OFF;{LEDGER}")).await;
    let source = file.source(product::parse(DEFINITION, Path::new("ledger.toml")).unwrap());
    let said = full(&source, &team(7)).await.err().unwrap().to_string();
    assert!(said.contains("UTF-16le"), "{said}");
}

#[test]
fn full_is_offered_where_it_is_told_on_each_database_whose_rows_they_are() {
    let offers = |count: &str| {
        let both = "count = \"SELECT count(*) FROM members WHERE company_id = $1\"";
        assert!(DEFINITION.contains(both));
        let definition = product::parse(&DEFINITION.replace(both, count), Path::new("ledger.toml")).unwrap();
        definition.formats.contains(&orgvault_api::Format::Full)
    };
    let plain = "SELECT count(*) FROM members WHERE company_id = $1";
    let joined = "SELECT count(*) FROM members m WHERE m.company_id = $1";
    assert!(offers(&format!("count.sqlite = \"{plain}\"")));
    assert!(offers(&format!("count.sqlite = \"{plain}\"\ncount.postgres = \"{plain}\"")));
    assert!(!offers(&format!("count.sqlite = \"{plain}\"\ncount.postgres = \"{joined}\"")));
    assert!(!offers(&format!("count.sqlite = \"{joined}\"\ncount.postgres = \"{plain}\"")));
}
