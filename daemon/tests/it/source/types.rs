//! Every type of PostgreSQL: as JSON and as CSV, and back again.

use std::{fmt::Write as _, io::Cursor, sync::Arc};

use chrono::DateTime;
use orgvault_api::{Format, OrganizationKey, gid::Gid};
use orgvault_daemon::{
    format::{ArchivePlan, encoder},
    product::{DeclaredType, Definition, TimestampStyle},
    source::Source,
};
use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, sqlite::SqliteConnectOptions};

use super::fixture::{ACME, definition, read, source};
use crate::encode::encode;
use orgvault_testing::postgres::Database;

const SETUP: &str = r#"
CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION ltree; CREATE EXTENSION cube; CREATE EXTENSION isn;
CREATE SCHEMA "My app"; CREATE TYPE "My app"."Mood" AS ENUM ('glad', 'so so', 'null');
CREATE TYPE pair AS (a int, b text); CREATE DOMAIN address AS inet; CREATE DOMAIN numbers AS int[];
CREATE DOMAIN pair_of AS pair; CREATE TABLE "My app"."Odd.Table" (id int); CREATE TABLE plain (id int, at timestamptz);
CREATE FUNCTION text(pair) RETURNS text LANGUAGE sql AS 'SELECT ''cast''';
CREATE CAST (pair AS text) WITH FUNCTION text(pair);
CREATE TYPE span AS RANGE (subtype = text);
CREATE TEXT SEARCH CONFIGURATION own (COPY = english);
CREATE TABLE "My app".ltree (id int, t text); CREATE TYPE "My app".citext AS RANGE (subtype = int4);
"#;

/// Type, a literal of it, the JSON that it becomes. A literal of a type is also NULL.
#[rustfmt::skip]
const VALUES: &[(&str, &str, &str)] = &[
    ("bytea", r"\x00ff10", r#""AP8Q""#), ("bytea", "", r#""""#), ("bytea", "abcd", r#""YWJjZA==""#),
    ("bytea[]", r#"{"\\x00ff",NULL,""}"#, r#"["AP8=",null,""]"#),
    ("inet", "10.0.0.1", r#""10.0.0.1""#), ("inet", "10.0.0.1/8", r#""10.0.0.1/8""#), ("inet", "::1", r#""::1""#),
    ("cidr", "10.0.0.0/8", r#""10.0.0.0/8""#), ("macaddr", "08:00:2B:01:02:03", r#""08:00:2b:01:02:03""#),
    ("macaddr8", "08:00:2b:01:02:03:04:05", r#""08:00:2b:01:02:03:04:05""#),
    ("interval", "1 year 2 mons -3 days 04:05:06.789", r#""1 year 2 mons -3 days +04:05:06.789""#),
    ("interval", "0", r#""00:00:00""#),
    ("time", "24:00:00", r#""24:00:00""#), ("time", "00:00:00.000001", r#""00:00:00.000001""#),
    ("timetz", "12:00:00.5-07:30", r#""12:00:00.5-07:30""#),
    ("tsvector", "'a b':1A 'c''d':2", r#""'a b':1A 'c''d':2""#), ("tsquery", "a & !b:*", r#""'a' & !'b':*""#),
    ("int4range", "[1,5]", r#""[1,6)""#), ("int4range", "empty", r#""empty""#), ("numrange", "(,1.50]", r#""(,1.50]""#),
    ("tstzrange", "[2026-01-31 02:00+02,infinity)", r#""[\"2026-01-31 00:00:00+00\",infinity)""#),
    ("daterange", "[2026-01-01,2026-02-01)", r#""[2026-01-01,2026-02-01)""#),
    ("span", r#"["a ""b""",c\,d]"#, r#""[\"a \"\"b\"\"\",\"c,d\"]""#),
    ("int4multirange", "{[1,3),[5,8)}", r#""{[1,3),[5,8)}""#),
    ("int4range[]", r#"{"[1,3)",NULL,empty}"#, r#"["[1,3)",null,"empty"]"#),
    ("point", "(1.5,-2)", r#""(1.5,-2)""#), ("point", "(NaN,Infinity)", r#""(NaN,Infinity)""#),
    ("line", "{1,2,3}", r#""{1,2,3}""#), ("lseg", "[(0,0),(1,1)]", r#""[(0,0),(1,1)]""#),
    ("box", "(1,1),(0,0)", r#""(1,1),(0,0)""#), ("path", "[(0,0),(1,1)]", r#""[(0,0),(1,1)]""#),
    ("path", "((0,0),(1,1))", r#""((0,0),(1,1))""#), ("polygon", "((0,0),(1,1),(2,0))", r#""((0,0),(1,1),(2,0))""#),
    ("circle", "<(0,0),0.1>", r#""<(0,0),0.1>""#), ("point[]", r#"{"(1,2)",NULL}"#, r#"["(1,2)",null]"#),
    ("box[]", "{(1,1),(0,0);(3,3),(2,2)}", r#"["(1,1),(0,0)","(3,3),(2,2)"]"#),
    ("money", "-1234.5", r#""-$1,234.50""#), ("bit(3)", "101", r#""101""#), ("varbit", "", r#""""#),
    ("varbit", "0110", r#""0110""#), ("bit(2)[]", "{10,01}", r#"["10","01"]"#),
    ("xml", r#"<a b="c">&amp; é</a>"#, r#""<a b=\"c\">&amp; é</a>""#),
    ("hstore", r#"a=>1, "b \"c"=>NULL"#, r#""\"a\"=>\"1\", \"b \\\"c\"=>NULL""#),
    ("hstore[]", r#"{"a=>1",NULL}"#, r#"["\"a\"=>\"1\"",null]"#),
    ("oid", "4294967295", r#""4294967295""#), ("oidvector", "1 2", r#""1 2""#), ("int2vector", "", r#""""#),
    ("regclass", "plain", r#""public.plain""#), ("regclass", "\"My app\".\"Odd.Table\"", r#""\"My app\".\"Odd.Table\"""#),
    ("regclass", "0", r#""-""#), ("regclass", "4000000000", r#""4000000000""#), ("regclass", "pg_class", r#""pg_catalog.pg_class""#),
    ("regtype", "int4", r#""integer""#), ("regtype", "pair[]", r#""public.pair[]""#),
    ("regproc", "now", r#""pg_catalog.now""#), ("regprocedure", "text(pair)", r#""public.text(public.pair)""#),
    ("regoper", "||/", r#""pg_catalog.||/""#), ("regoperator", "+(int4,int4)", r#""pg_catalog.+(integer,integer)""#),
    ("regconfig", "own", r#""public.own""#), ("regdictionary", "simple", r#""pg_catalog.simple""#),
    ("regcollation", "\"C\"", r#""pg_catalog.\"C\"""#), ("regnamespace", "\"My app\"", r#""\"My app\"""#),
    ("regrole", "postgres", r#""postgres""#),
    ("xid", "7", r#""7""#), ("xid8", "18446744073709551615", r#""18446744073709551615""#), ("cid", "3", r#""3""#),
    ("tid", "(0,1)", r#""(0,1)""#), ("pg_lsn", "16/B374D848", r#""16/B374D848""#),
    ("pg_snapshot", "10:20:10,14,15", r#""10:20:10,14,15""#), ("\"char\"", "x", r#""x""#), ("name", "a b", r#""a b""#),
    ("aclitem", "postgres=r/postgres", r#""postgres=r/postgres""#), ("jsonpath", "$.a", r#""$.\"a\"""#),
    ("jsonb[]", r#"{"{\"a\": [1, null]}","\"x\"","null",NULL}"#, r#"[{"a":[1,null]},"x",null,null]"#),
    ("json[]", r#"{"{\"b\": 1, \"a\": 2}"}"#, r#"[{"b":1,"a":2}]"#), ("jsonb", r#"{"a": 1.5}"#, r#"{"a":1.5}"#),
    ("pair", r#"(1,"a ""b"", c")"#, r#""(1,\"a \"\"b\"\", c\")""#), ("pair", "(,)", r#""(,)""#), ("pair_of", "(,)", r#""(,)""#),
    ("pair[]", r#"{"(1,\"a b\")","(,)",NULL}"#, r#"["(1,\"a b\")","(,)",null]"#), ("plain", r#"(1,"2026-01-31 02:00+02")"#, r#""(1,\"2026-01-31 00:00:00+00\")""#),
    // Of the names of types that extensions have.
    ("\"My app\".ltree", "(1,a)", r#""(1,a)""#), ("\"My app\".ltree[]", r#"{"(1,a)",NULL}"#, r#"["(1,a)",null]"#),
    ("\"My app\".citext", "[1,3)", r#""[1,3)""#), ("\"My app\".citext[]", r#"{"[1,3)"}"#, r#"["[1,3)"]"#),
    ("\"My app\".\"Mood\"", "so so", r#""so so""#), ("\"My app\".\"Mood\"[]", r#"{glad,"so so","null",NULL}"#, r#"["glad","so so","null",null]"#),
    ("address", "::1/64", r#""::1/64""#), ("address[]", "{10.0.0.1,NULL}", r#"["10.0.0.1",null]"#), ("numbers", "{1,NULL}", "[1,null]"),
    ("inet[]", "{{10.0.0.1,::1},{NULL,10.0.0.0/8}}", r#"[["10.0.0.1","::1"],[null,"10.0.0.0/8"]]"#), ("inet[]", "{}", "[]"),
    ("inet[]", "[0:1]={10.0.0.1,::1}", r#""[0:1]={10.0.0.1,::1}""#),
    ("uuid[]", "{01010101-0101-0101-0101-010101010101,NULL}", r#"["01010101-0101-0101-0101-010101010101",null]"#),
    ("citext", "CI", r#""CI""#), ("citext[]", "{CI,NULL}", r#"["CI",null]"#), ("ltree[]", "{a.b,c}", r#"["a.b","c"]"#), ("lquery", "a.*", r#""a.*""#),
    ("cube", "(1,2),(3,4)", r#""(1, 2),(3, 4)""#), ("cube[]", r#"{"(1,2)"}"#, r#"["(1, 2)"]"#), ("isbn13", "978-0-393-04002-9", r#""978-0-393-04002-9""#),
    ("int[]", "{{1,2},{3,NULL}}", "[[1,2],[3,null]]"), ("int[]", "[-1:0]={1,2}", r#""[-1:0]={1,2}""#), ("int[]", "{}", "[]"),
    ("text[]", r#"{a,"",NULL,"null","a b","{","\"\\",","}"#, r#"["a","",null,"null","a b","{","\"\\",","]"#),
    ("text[]", r#"{{{"x ","\t"}},{{é,NULL}}}"#, r#"[[["x ","t"]],[["é",null]]]"#), ("text[]", r#"[0:0][2:3]={{a,"b c"}}"#, r#""[0:0][2:3]={{a,\"b c\"}}""#),
    ("float8", "NaN", r#""NaN""#), ("float8", "-Infinity", r#""-Infinity""#), ("float8", "0.1", "0.1"), ("float4", "1e-40", "1e-40"), ("float4", "Infinity", r#""Infinity""#),
    ("float8[]", "{NaN,1e21,NULL}", r#"["NaN",1e+21,null]"#), ("numeric", "NaN", r#""NaN""#), ("numeric", "-Infinity", r#""-Infinity""#), ("numeric[]", "{1.50,NaN}", r#"["1.50","NaN"]"#),
    ("timestamptz", "2026-01-31 02:00:00.123456+02", r#""2026-01-31T00:00:00.123456Z""#), ("timestamptz", "infinity", r#""infinity""#),
    ("timestamptz", "0044-03-15 00:00:00.5Z BC", r#""0044-03-15 00:00:00.5+00 BC""#), ("timestamptz", "294276-12-31 23:59:59.999999Z", r#""294276-12-31 23:59:59.999999+00""#),
    ("timestamp", "-infinity", r#""-infinity""#), ("timestamp", "2026-01-31 02:00:00.5", r#""2026-01-31T02:00:00.500000Z""#),
    ("timestamptz[]", r#"{"2026-01-31 00:00:00Z",infinity,"0044-03-15 00:00:00Z BC"}"#, r#"["2026-01-31T00:00:00.000000Z","infinity","0044-03-15 00:00:00+00 BC"]"#),
    ("date", "infinity", r#""infinity""#), ("date", "0044-03-15 BC", r#""0044-03-15 BC""#), ("date[]", r#"{2026-01-31,"0044-03-15 BC"}"#, r#"["2026-01-31","0044-03-15 BC"]"#),
    ("bool[]", "{t,f,NULL}", "[true,false,null]"), ("char(3)", "c", r#""c  ""#), ("char(3)[]", "{c}", r#"["c  "]"#), ("bigint[]", "{9223372036854775807}", "[9223372036854775807]"),
    ("interval[]", r#"{"1 day",NULL}"#, r#"["1 day",null]"#), ("time[]", "{01:02:03}", r#"["01:02:03"]"#), ("tsvector[]", r#"{"'a':1 'b'"}"#, r#"["'a':1 'b'"]"#),
    ("macaddr[]", "{08:00:2b:01:02:03}", r#"["08:00:2b:01:02:03"]"#), ("oid[]", "{1,2}", r#"["1","2"]"#), ("name[]", "{a}", r#"["a"]"#), ("money[]", r#"{"$1.00"}"#, r#"["$1.00"]"#),
];

/// One table for each value: a column that states no type of its own.
fn tables(database: &Database) {
    let mut sql = SETUP.to_owned();
    for (index, (kind, literal, _)) in VALUES.iter().enumerate() {
        writeln!(
            sql,
            "CREATE TABLE k{index} (organization_id uuid, id int, v {kind});
             INSERT INTO k{index} VALUES ('{ACME}', 1, $q${literal}$q$), ('{ACME}', 2, NULL);"
        )
        .unwrap();
    }
    database.psql(&sql);
}

fn every_table() -> Definition {
    let tables: Vec<_> = (0..VALUES.len())
        .map(|index| {
            (format!("k{index}"), format!("SELECT id, v FROM k{index} WHERE organization_id = $1 ORDER BY id"))
        })
        .collect();
    let sections: Vec<_> = tables.iter().map(|(table, rows)| (table.as_str(), table.as_str(), rows.as_str())).collect();
    let mut definition = definition(&sections);
    definition.json.head.clear();
    definition.encoding.timestamp = TimestampStyle::Micros;
    for section in &mut definition.sections {
        section.entity = Some(section.name.clone());
        section.single = false;
        section.id = None;
    }
    definition
}

/// The archive of every section, or of one as CSV.
async fn export(source: &Source, format: Format, entity: Option<&str>) -> String {
    let definition = Arc::clone(source.definition());
    let organization = OrganizationKey {
        source: "tracker".to_owned(),
        kind: "organization".to_owned(),
        id: ACME.to_owned(),
        name: "A".to_owned(),
        slug: String::new(),
    };
    let plan = Arc::new(ArchivePlan {
        gid: Gid::try_from(1).unwrap(),
        organization,
        sections: definition.sections_of(format, entity).unwrap(),
        definition,
        format,
        files: None,
        counted: Arc::default(),
        gzip: false,
        importable: false,
        level: 6,
        started_at: DateTime::UNIX_EPOCH,
    });
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    let mut encoder = encoder(Arc::clone(&plan), Cursor::new(Vec::new())).unwrap();
    for &index in plan.sections.iter() {
        encode(&mut snapshot, index, &mut *encoder).await.unwrap();
    }
    snapshot.finish().await.unwrap();
    String::from_utf8(encoder.finish().unwrap().0.into_inner()).unwrap()
}

/// What PostgreSQL reads as the value again: a list is an array of its elements' texts.
fn literal(kind: &str, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if !kind.starts_with("json") || kind.ends_with("[]") => {
            let item = |item: &Value| match item {
                Value::Null => "NULL".to_owned(),
                Value::Array(_) if !kind.starts_with("json") => literal(kind, item),
                item => {
                    let text = if kind.starts_with("json") { item.to_string() } else { literal(kind, item) };
                    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
                }
            };
            let items: Vec<String> = items.iter().map(item).collect();
            format!("{{{}}}", items.join(if kind == "box[]" { ";" } else { "," }))
        }
        other => other.to_string(),
    }
}

/// A query that gives a line where a text is not the value of table `k{index}`.
fn differs(index: usize, format: &str, text: &str) -> String {
    let (kind, ..) = VALUES[index];
    let (there, back) = match kind {
        "bytea" => ("v".to_owned(), format!("decode($q${text}$q$, 'base64')")),
        // JSON's `null` among the elements is NULL to whoever reads the list.
        "jsonb[]" if format == "json" => ("array_replace(v, 'null', NULL)".to_owned(), format!("$q${text}$q$::{kind}")),
        "json" | "json[]" => (
            format!("v::text::{}", kind.replace("json", "jsonb")),
            format!("$q${text}$q$::{}", kind.replace("json", "jsonb")),
        ),
        "bytea[]" => {
            let bytes = "ARRAY(SELECT encode(e, 'base64') FROM unnest(v) WITH ORDINALITY AS u(e, n) ORDER BY n)";
            (bytes.to_owned(), format!("$q${text}$q$::text[]"))
        }
        _ => ("v".to_owned(), format!("$q${text}$q$::{kind}")),
    };
    format!(
        "SELECT 'k{index} {format}: ' || format('%s is not %s', {there}, {back}) FROM k{index}
         WHERE id = 1 AND format('%s', {there}) IS DISTINCT FROM format('%s', {back});\n"
    )
}

#[tokio::test]
async fn every_type_is_written_and_reads_back_as_the_same_value() {
    let database = Database::new();
    tables(&database);
    let source = source(&database.admin_url(), every_table());
    let document: Value = serde_json::from_str(&export(&source, Format::Json, None).await).unwrap();
    let mut differences = String::new();
    for (index, (kind, given, expected)) in VALUES.iter().enumerate() {
        let name = format!("k{index}");
        let rows = document[&name].as_array().unwrap();
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert_eq!((&rows[0]["v"], &rows[1]["v"]), (&expected, &Value::Null), "{kind} {given}");
        differences += &differs(index, "json", &literal(kind, &rows[0]["v"]));
        let csv = export(&source, Format::Csv, Some(&name)).await;
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!((records.len(), &records[1][1]), (2, ""), "{kind} {given}");
        differences += &differs(index, "csv", &records[0][1]);
    }
    assert_eq!(database.psql(&differences), "");
}

/// The two columns of SQLite whose values are bytes: by their own declaration, and by the definition's.
#[tokio::test]
async fn a_blob_of_sqlite_is_base64() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("app.sqlite");
    let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    let setup = format!(
        "CREATE TABLE files (organization_id text, id integer, content blob, digest);
         INSERT INTO files VALUES ('{ACME}', 1, x'00ff', x'616263'), ('{ACME}', 2, x'', 'abc'), ('{ACME}', 3, NULL, NULL)"
    );
    sqlx::raw_sql(AssertSqlSafe(setup)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let rows = "SELECT id, content, digest FROM files WHERE organization_id = $1 ORDER BY id";
    let mut definition = definition(&[("files", "files", rows)]);
    definition.organization.list = format!("SELECT '{ACME}' AS id, 'A' AS name, '' AS slug").into();
    definition.sections[0].types.insert("digest".to_owned(), DeclaredType::Bytes);
    definition.json.head.clear();
    definition.sections[0].single = false;
    let source = source(&format!("sqlite://{}", file.display()), definition);
    let document: Value = serde_json::from_str(&export(&source, Format::Json, None).await).unwrap();
    let expected = serde_json::json!([
        {"id": 1, "content": "AP8=", "digest": "YWJj"},
        {"id": 2, "content": "", "digest": "YWJj"},
        {"id": 3, "content": null, "digest": null},
    ]);
    assert_eq!(document["files"], expected);
}

#[tokio::test]
async fn no_setting_changes_the_text_of_a_value() {
    let database = Database::new();
    tables(&database);
    let source = || source(&database.admin_url(), every_table());
    let plain = export(&source(), Format::Json, None).await;
    for setting in [
        "TimeZone = 'Asia/Kathmandu'",
        "DateStyle = 'German, DMY'",
        "IntervalStyle = 'iso_8601'",
        "extra_float_digits = -15",
        "bytea_output = 'escape'",
        "xmlbinary = 'hex'",
        "lc_monetary = 'C.UTF-8'",
        "quote_all_identifiers = on",
        "search_path = \"My app\", public",
        "search_path = public, pg_catalog, \"My app\"",
    ] {
        database.psql(&format!("ALTER ROLE postgres IN DATABASE {} SET {setting}", database.name()));
        assert!(export(&source(), Format::Json, None).await == plain, "{setting}");
    }
}

#[tokio::test]
async fn a_value_made_text_keeps_its_row_in_order() {
    let database = Database::new();
    database.psql(&format!(
        "CREATE TABLE addresses (organization_id uuid, id int, at inet);
         INSERT INTO addresses SELECT '{ACME}', (n * 7919) % 20011, '10.0.0.0'::inet + n FROM generate_series(1, 20000) n;
         ANALYZE addresses"
    ));
    // Whatever makes several processes read a table.
    for setting in [
        "parallel_setup_cost = 0",
        "parallel_tuple_cost = 0",
        "min_parallel_table_scan_size = 0",
        "force_parallel_mode = on",
        "enable_sort = on",
        "work_mem = '64kB'",
    ] {
        database.psql(&format!("ALTER ROLE postgres IN DATABASE {} SET {setting}", database.name()));
    }
    let rows = "SELECT id::text AS id, at FROM addresses WHERE organization_id = $1 ORDER BY addresses.id";
    let source = source(&database.admin_url(), definition(&[("addresses", "addresses", rows)]));
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    let rows = read(&mut snapshot, 0).await.unwrap();
    let ids: Vec<i32> = rows.text("id").into_iter().map(|id| id.unwrap().parse().unwrap()).collect();
    assert_eq!(ids.len(), 20000);
    assert!(ids.is_sorted());
}
