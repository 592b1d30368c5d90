use std::{collections::BTreeSet, ops::Bound, path::Path};

use proptest::prelude::*;
use serde_json::json;
use sqlx::{AssertSqlSafe, Column, Connection, Row};

use super::*;
use crate::product::{DeclaredType, Files, Fixed};

const DOCUMENTATION: &str = include_str!("../../../../docs/products.md");
const AFTERNOON: &str = include_str!("../../../../docs/your-own-app.md");
const TRACKER: &str = include_str!("../../../tests/it/fixtures/tracker.toml");

fn read(text: &str) -> Result<Definition, Problems> {
    parse(text, Path::new("tracker.toml"))
}

fn problems(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

/// The sample with one piece of it replaced.
fn with(from: &str, to: &str) -> String {
    assert_eq!(TRACKER.matches(from).count(), 1, "{from:?} is not there once");
    TRACKER.replace(from, to)
}

#[test]
fn every_key_arrives_in_the_definition() {
    let tracker = read(TRACKER).unwrap();
    assert_eq!((tracker.name.as_str(), tracker.measured_on.as_str()), ("tracker", "tracker 1.2"));
    assert_eq!(
        (tracker.default_format, &tracker.formats[..]),
        (Format::Csv, &[Format::Json, Format::Csv, Format::Zip][..])
    );
    assert_eq!(
        (tracker.organization.kind.as_str(), &tracker.organization.default_kinds[..]),
        ("team", &["team".into(), "guild".into()][..])
    );
    let sqlite = tracker.queries(Dialect::SQLITE).unwrap();
    assert!(sqlite.list.contains("-- all; archived ones too"));
    assert_eq!(tracker.queries(Dialect::POSTGRES).unwrap(), sqlite);
    let encoding = Encoding { timestamp: TimestampStyle::Seconds, csv_quote: CsvQuote::Fputcsv, json: JsonStyle::Php };
    assert_eq!(tracker.encoding, encoding);
    let head = [
        ("format", Fixed::Literal(json!("tracker-export"))),
        ("version", Fixed::Literal(json!(1))),
        ("exportedAt", Fixed::StartedAt),
        ("export", Fixed::ExportUuid),
        ("teamId", Fixed::OrganizationId),
        ("teamIds", Fixed::OrganizationIds),
        ("options", Fixed::Literal(json!({"z": [1, 2.5, true], "a": "b"}))),
    ];
    assert_eq!(tracker.json.head, head.map(|(key, value)| (key.to_owned(), value)));
    assert_eq!(
        format!("{:?}", tracker.json.head[6].1),
        r#"Literal(Object {"z": Array [Number(1), Number(2.5), Bool(true)], "a": String("b")})"#
    );
    assert_eq!(tracker.json.counts_key.as_deref(), Some("counts"));
    assert_eq!(tracker.zip.meta_member.as_deref(), Some("meta.json"));
    assert_eq!(tracker.zip.meta, [("exportedAt".to_owned(), Fixed::StartedAt)]);
    assert_eq!(tracker.warnings[0].code, "foreign_users");
    assert_eq!(tracker.tables["users"].reads, ["id", "team_id", "name"]);
    assert_eq!(tracker.tables["users"].known.as_deref(), Some(&["email".to_owned(), "password_hash".to_owned()][..]));
    assert_eq!(tracker.tables["teams"].known, None);
}

#[test]
fn every_key_of_a_section_arrives() {
    let tracker = read(TRACKER).unwrap();
    let [team, entries, users] = &tracker.sections[..] else { panic!("not three sections") };
    assert_eq!((team.single, team.counted, team.entity.as_ref(), team.member.as_ref()), (true, false, None, None));
    assert_eq!((users.single, users.counted), (false, false));
    assert_eq!((entries.single, entries.counted), (false, true));
    assert_eq!((entries.name.as_str(), entries.table.as_str()), ("timeEntries", "time_entries"));
    assert_eq!(
        (entries.entity.as_deref(), entries.member.as_deref()),
        (Some("time-entries"), Some("time_entries.csv"))
    );
    let queries = tracker.queries(Dialect::POSTGRES).unwrap();
    assert!(queries.sections[1].rows.starts_with("SELECT t.id, t.user_id AS \"userId\""));
    assert_eq!(queries.sections[1].count, "SELECT count(*) FROM time_entries WHERE team_id = $1");
    assert_eq!(entries.id.as_deref(), Some("id"));
    assert_eq!(
        entries.types.iter().map(|(name, kind)| (name.as_str(), *kind)).collect::<Vec<_>>(),
        [("billable", DeclaredType::Bool), ("labels", DeclaredType::List)]
    );
    assert_eq!(
        entries.csv,
        [("id", "id"), ("user_id", "userId"), ("labels", "labels")]
            .map(|(header, column)| (header.to_owned(), column.to_owned()))
    );
}

#[test]
fn what_is_left_out_has_its_default() {
    let definition = read(
        "[product]\nname = \"small\"\nmeasured_on = \"1\"\n[organization]\nlist = \"select id, name, slug from t\"\n\
         [[section]]\nname = \"t\"\ntable = \"t\"\nrows = \"with x as (select 1) select * from t where id = $1\"\n\
         count = \"select count(*) from t where id=$1\"\n[table.t]\nreads = [\"id\"]\n",
    )
    .unwrap();
    assert_eq!((definition.default_format, &definition.formats[..]), (Format::Json, &[Format::Json][..]));
    assert_eq!(
        (definition.organization.kind.as_str(), &definition.organization.default_kinds[..]),
        ("organization", &[][..])
    );
    assert_eq!(definition.encoding, Encoding::USUAL);
    assert!(definition.json.head.is_empty() && definition.json.counts_key.is_none());
    assert!(definition.zip.meta.is_empty() && definition.zip.meta_member.is_none());
    assert!(definition.sections[0].counted && !definition.sections[0].single && definition.sections[0].csv.is_empty());
}

#[test]
fn a_kind_may_have_some_of_the_products_formats() {
    let kinds = |formats: &str| with(r#"kind = "team""#, &format!("kind = \"team\"\nformats = {formats}"));
    let definition = read(&kinds(r#"{ guild = ["zip"] }"#)).unwrap();
    assert!(definition.offers("team", Format::Json) && definition.offers("guild", Format::Zip));
    assert!(!definition.offers("guild", Format::Json) && !definition.offers("guild", Format::Seed));
    assert_eq!((definition.default_of("team"), definition.default_of("guild")), (Format::Csv, Format::Zip));
    for (formats, reason) in [
        (r#"{ guild = ["seed"] }"#, "organization.formats.guild: \"seed\" is not among the product's formats"),
        ("{ guild = [] }", "organization.formats.guild: is empty"),
        (r#"["zip"]"#, "organization.formats: is an array, expected"),
    ] {
        let said = problems(&kinds(formats));
        assert!(said.contains(reason), "{said}");
    }
}

#[test]
fn a_query_may_have_words_for_each_database() {
    let rows = r#"rows = "SELECT id, name FROM users WHERE team_id = $1 ORDER BY id""#;
    let count = r#"count = "SELECT count(*) FROM users WHERE team_id = $1""#;
    let own = |other: &str| with(rows, other);
    let both = own("rows.postgres = \"SELECT id::text FROM users WHERE team_id = $1\"\n\
         rows.sqlite = \"SELECT CAST(id AS text) FROM users WHERE team_id = $1\"");
    let tracker = read(&both).unwrap();
    let text = |dialect| tracker.queries(dialect).unwrap().sections[2].rows.clone();
    assert!(text(Dialect::POSTGRES).contains("id::text") && text(Dialect::SQLITE).contains("CAST("));
    let one = read(&own("rows.postgres = \"SELECT id::text FROM users WHERE team_id = $1\"")).unwrap();
    assert!(one.queries(Dialect::POSTGRES).is_ok());
    let unspoken = one.queries(Dialect::SQLITE).unwrap_err();
    assert_eq!(
        unspoken.to_string(),
        "product tracker says `section.rows of users` only for other databases than SQLite"
    );
    let mute = own("rows.postgres = \"SELECT id::text FROM users WHERE team_id = $1\"")
        .replace(count, "count.sqlite = \"SELECT count(*) FROM users WHERE team_id = $1\"");
    let own_rows = own("rows.sqlite = \"SELECT id FROM users WHERE team_id = $1\"")
        .replace(count, "count.sqlite = \"SELECT count(*) FROM (SELECT id FROM users WHERE team_id = $1) x\"");
    let said = [
        problems(&own("rows.postgress = \"SELECT 1\"")),
        problems(&own("rows = {}")),
        problems(&own("rows.postgres = \"SELECT id FROM users\"\nrows.sqlite = 5")),
        problems(&mute),
        problems(&own_rows),
    ];
    insta::assert_snapshot!(said.join("\n--\n"), @r#"
    tracker.toml:65: section.rows.postgres: is missing (add `postgres = ..`)
    tracker.toml:65: section.rows.postgress: is no known key (did you mean `postgres`?)
    --
    tracker.toml:65: section.rows.postgres: is missing (add `postgres = ..`)
    --
    tracker.toml:65: section.rows.postgres: is not bound to one organization (compare a column with $1, the organization's id)
    tracker.toml:66: section.rows.sqlite: is an integer, expected a string (write it in double quotes)
    --
    tracker.toml:37: section: has not every query for postgres or sqlite (write each query for one of them)
    --
    tracker.toml:66: section.count.sqlite: contains the rows query (count the base table by its organization column alone, so that a join that drops rows is noticed)
    "#);
}

/// What is said about the sample with one thing changed, for each change.
fn said<const N: usize>(changes: [(&str, &str); N]) -> String {
    changes.map(|(from, to)| problems(&with(from, to))).join("\n--\n")
}

#[test]
fn what_is_wrong_with_the_product_is_said_with_its_line() {
    let said = said([
        (r#"name = "tracker""#, ""),
        (r#"name = "tracker""#, r#"name = "My Tracker""#),
        (r#"measured_on = "tracker 1.2""#, r#"measured = "1""#),
        (r#"formats = ["json", "csv", "zip"]"#, "formats = []"),
        (r#"formats = ["json", "csv", "zip"]"#, "formats = [\"json\",\n\"cvs\", \"json\"]"),
        (r#"default_format = "csv""#, r#"default_format = "seed""#),
        (r#"kind = "team""#, "kind = 5"),
        (r#"default_kinds = ["team", "guild"]"#, r#"default_kinds = "team""#),
        ("FROM teams ORDER BY id\n", "FROM teams WHERE id = $1\n"),
        (r#"timestamp = "seconds""#, r#"timestamp = "secs""#),
    ]);
    insta::assert_snapshot!(said, @r#"
    tracker.toml:2: product.name: is missing (add `name = ..`)
    --
    tracker.toml:3: product.name: "My Tracker" is no name (write 1 to 63 of a-z, 0-9 and -, no - or . first)
    --
    tracker.toml:2: product.measured_on: is missing (add `measured_on = ..`)
    tracker.toml:4: product.measured: is no known key (known keys: default_format, format_tables, formats, measured_on, name)
    --
    tracker.toml:5: product.formats: is empty (write at least one format)
    --
    tracker.toml:6: product.formats: is "cvs" (did you mean "csv"? one of "json", "csv", "zip", "seed", "seed-events")
    tracker.toml:6: product.formats: "json" is the format in line 5 already (choose another one)
    --
    tracker.toml:6: product.default_format: "seed" is not among the formats (add it to `formats`, or choose one of them)
    --
    tracker.toml:9: organization.kind: is an integer, expected a string (write it in double quotes)
    --
    tracker.toml:10: organization.default_kinds: is a string, expected an array (write [..] around it)
    --
    tracker.toml:11: organization.list: has the parameter $1 (list every organization)
    --
    tracker.toml:17: encoding.timestamp: is "secs" (one of "millis", "seconds", "micros")
    "#);
}

#[test]
fn what_is_wrong_around_the_sections_is_said_with_its_line() {
    let said = said([
        (r#"{ key = "version", value = 1 }"#, r#"{ key = "version" }"#),
        (r#"{ key = "version", value = 1 }"#, r#"{ key = "version", value = 1, from = "started_at" }"#),
        (r#"{ key = "version", value = 1 }"#, r#"{ key = "format", value = 1979-05-27 }"#),
        (r#"{ key = "version", value = 1 }"#, r#"{ key = "users", value = inf }"#),
        (r#"from = "export_uuid""#, r#"from = "uuid""#),
        (r#"counts = "counts""#, r#"counts = "format""#),
        (r#"counts = "counts""#, r#"counts = "timeEntries""#),
        (r#"meta_member = "meta.json""#, ""),
        (r#"meta_member = "meta.json""#, r#"meta_member = "users.csv""#),
        (r#"code = "foreign_users""#, r#"code = "Foreign users""#),
        ("[[warning]]", "[warning]"),
        (r#"known = ["updated_at"]"#, r#"known = ["updated_at", "id"]"#),
        (r#"reads = ["id", "team_id", "name"]"#, "reads = []"),
        (r#"reads = ["id", "team_id", "name"]"#, ""),
    ]);
    insta::assert_snapshot!(said, @r#"
    tracker.toml:24: json.head.value: is missing (add `value = ..` or `from = ..`)
    --
    tracker.toml:24: json.head.from: stands beside `value` (keep one of them)
    --
    tracker.toml:24: json.head.key: "format" is the key in line 23 already (choose another one)
    tracker.toml:24: json.head.value: holds what JSON has not (write dates as strings; numbers must be finite and fit 64 bits)
    --
    tracker.toml:24: json.head.key: "users" is a section's name too (choose another one)
    tracker.toml:24: json.head.value: holds what JSON has not (write dates as strings; numbers must be finite and fit 64 bits)
    --
    tracker.toml:26: json.head.from: is "uuid" (one of "started_at", "export_uuid", "organization_id", "organization_ids")
    --
    tracker.toml:31: json.counts: "format" is the key in line 23 already (choose another one)
    --
    tracker.toml:31: json.counts: "timeEntries" is a section's name too (choose another one)
    --
    tracker.toml:35: zip.meta: has no member to stand in (add `meta_member = "meta.json"`)
    --
    tracker.toml:34: zip.meta_member: "users.csv" is a section's member too (choose another one)
    --
    tracker.toml:70: warning.code: "Foreign users" is no name (write 1 to 63 of a-z, 0-9 and _, no - or . first)
    --
    tracker.toml:69: warning: is a table, expected an array (write [[warning]])
    --
    tracker.toml:79: table.time_entries.known: "id" is the column in line 78 already (choose another one)
    --
    tracker.toml:82: table.users.reads: is empty (name the columns that the queries read)
    --
    tracker.toml:81: table.users.reads: is missing (add `reads = ..`)
    "#);
}

#[test]
fn what_is_wrong_with_a_section_is_said_with_its_line() {
    let said = said([
        (r#"member = "users.csv""#, r#"member = "../users.csv""#),
        (r#"member = "users.csv""#, r#"member = "time_entries.csv""#),
        (r#"name = "users""#, r#"name = "timeEntries""#),
        (r#"name = "users""#, r#"name = "a b""#),
        (r#"entity = "users""#, r#"entity = "time-entries""#),
        (r#"table = "users""#, r#"table = "user""#),
        ("[table.users]", "[table.people]"),
        (r#"labels = "list""#, r#"labels = "array""#),
        (r#"csv = ["id", "user_id = userId""#, r#"csv = ["id", "id = userId", " = x", """#),
        ("single = true", r#"single = "yes""#),
        ("counted = false", "couted = false"),
    ]);
    insta::assert_snapshot!(said, @r#"
    tracker.toml:63: section.member: "../users.csv" is no name (write 1 to 100 of A-Z, a-z, 0-9, _, - and ., no - or . first)
    --
    tracker.toml:63: section.member: "time_entries.csv" is the member of the section in line 47 already (choose another one)
    --
    tracker.toml:61: section.name: "timeEntries" is the name of the section in line 45 already (choose another one)
    --
    tracker.toml:61: section.name: "a b" is no name (write 1 to 63 of A-Z, a-z, 0-9, _ and -, no - or . first)
    --
    tracker.toml:62: section.entity: "time-entries" is the entity of the section in line 46 already (choose another one)
    --
    tracker.toml:64: section.table: there is no [table.user] (did you mean "users"?)
    --
    tracker.toml:64: section.table: there is no [table.users] (add it, with the columns that the queries read)
    --
    tracker.toml:57: section.types.labels: is "array" (one of "bool", "int", "float", "numeric", "text", "uuid", "timestamp", "date", "json", "list", "bytes")
    --
    tracker.toml:58: section.csv: "id" is the header in line 58 already (choose another one)
    tracker.toml:58: section.csv: " = x" is no column (write "column" or "header = column")
    tracker.toml:58: section.csv: is empty (write something here)
    --
    tracker.toml:42: section.single: is a string, expected a boolean (write true or false, without quotes)
    --
    tracker.toml:67: section.couted: is no known key (did you mean `counted`?)
    "#);
}

#[test]
fn what_is_wrong_with_a_query_is_said_with_its_line() {
    let rows = r#"rows = "SELECT id, name FROM users WHERE team_id = $1 ORDER BY id""#;
    let count = r#"count = "SELECT count(*) FROM users WHERE team_id = $1""#;
    let said = said([
        (rows, r#"rows = "SELECT id FROM users WHERE team_id = '$1'""#),
        (rows, r#"rows = "SELECT id FROM users WHERE team_id = $1 -- AND id = $2\n AND id = $2""#),
        (rows, r#"rows = "SELECT id FROM users WHERE team_id = $1; DROP TABLE users""#),
        (rows, r#"rows = "DELETE FROM users WHERE team_id = $1""#),
        (rows, r#"rows = """#),
        (rows, ""),
        (count, r#"count = "SELECT count(*) FROM (select id, name FROM users\nWHERE team_id=$1 ORDER BY id) x""#),
        (count, r#"count = "SELECT count(*) FROM users""#),
        ("\"\"\"\ncount", "\ncount"),
    ]);
    insta::assert_snapshot!(said, @r#"
    tracker.toml:65: section.rows: is not bound to one organization (compare a column with $1, the organization's id)
    --
    tracker.toml:65: section.rows: has the parameter $2 (the organization's id is $1; there is no other)
    --
    tracker.toml:65: section.rows: has a semicolon (write one statement, without a semicolon)
    --
    tracker.toml:65: section.rows: is no query (begin it with SELECT or WITH)
    --
    tracker.toml:65: section.rows: is empty (write something here)
    --
    tracker.toml:60: section.rows: is missing (add `rows = ..`)
    --
    tracker.toml:66: section.count: contains the rows query (count the base table by its organization column alone, so that a join that drops rows is noticed)
    --
    tracker.toml:66: section.count: is not bound to one organization (compare a column with $1, the organization's id)
    --
    tracker.toml:84: column 1: not TOML: invalid multi-line basic string, expected `"`
    "#);
}

#[test]
fn a_format_needs_sections_that_it_can_write() {
    let without = |key: &str| {
        let lines = TRACKER.lines().filter(|line| !line.starts_with(&format!("{key} = ")));
        problems(&lines.collect::<Vec<_>>().join("\n"))
    };
    let own = |formats: &str| {
        let section = format!("[[section]]\nformats = {formats}");
        problems(&TRACKER.replace("[[section]]", &section).replace("formats = [\"json\", \"csv\", \"zip\"]\n", ""))
    };
    let alone = TRACKER.replace("[[section]]", "[[section]]\nformats = [\"csv\"]");
    assert_eq!(read(&alone.replace("[\"json\", \"csv\", \"zip\"]", "[\"csv\"]")).unwrap().formats, [Format::Csv]);
    assert_eq!(
        read(&alone.replacen("formats = [\"json\", \"csv\", \"zip\"]\n", "", 1)).unwrap().formats,
        [Format::Csv]
    );
    let said = [
        problems(&alone),
        own("[\"seed\"]"),
        without("entity"),
        without("member"),
        problems(""),
        problems(&TRACKER.replace("[[section]]", "[[sections]]")),
    ];
    insta::assert_snapshot!(said.join("\n--\n"), @r#"
    tracker.toml:5: product.formats: no section is in json: each that could be has other `formats` (add "json" to the `formats` of a [[section]], or leave it out here)
    tracker.toml:5: product.formats: no section is in zip: each that could be has other `formats` (add "zip" to the `formats` of a [[section]], or leave it out here)
    --
    tracker.toml:2: product.formats: is missing, and no section is in json, csv or zip (write the product's formats)
    tracker.toml:5: product.default_format: "csv" is not among the formats (add it to `formats`, or choose one of them)
    --
    tracker.toml:5: product.formats: no section has `entity`, which csv needs (add `entity = ..` to a [[section]])
    --
    tracker.toml:5: product.formats: no section has `member`, which zip needs (add `member = ..` to a [[section]])
    --
    tracker.toml:1: section: is missing (add a [[section]] for each stream of rows)
    tracker.toml:1: product.name: is missing (add `name = ..`)
    tracker.toml:1: product.measured_on: is missing (add `measured_on = ..`)
    tracker.toml:1: organization.list: is missing (add `list = ..`)
    --
    tracker.toml:1: section: is missing (add a [[section]] for each stream of rows)
    tracker.toml:37: sections: is no known key (did you mean `section`?)
    "#);
}

#[test]
fn all_problems_are_said_at_once() {
    let text = TRACKER.replace("table = ", "tabel = ").replace("$1", "$2").replace("reads", "read");
    let said = problems(&text);
    assert_eq!(said.lines().filter(|line| line.contains("section.table: is missing")).count(), 3, "{said}");
    assert_eq!(said.lines().filter(|line| line.contains("has the parameter $2")).count(), 7, "{said}");
    assert_eq!(said.lines().filter(|line| line.contains("did you mean `reads`?")).count(), 3, "{said}");
}

/// Every `key = value` of the sample that is one line, by its line and name.
fn keys() -> Vec<(usize, &'static str)> {
    let key = |line: &'static str| {
        let (key, _) = line.split_once(" = ")?;
        let is_key = key.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
        (is_key && !line.ends_with('[') && !line.ends_with("\"\"\"")).then_some(key)
    };
    TRACKER.lines().enumerate().filter_map(|(index, line)| Some((index, key(line)?))).collect()
}

fn change_line(changed: usize, change: impl Fn(&str) -> String) -> String {
    let lines = TRACKER.lines().enumerate();
    lines.map(|(index, line)| if index == changed { change(line) } else { line.to_owned() } + "\n").collect()
}

#[test]
fn a_key_with_another_name_is_refused_in_its_line() {
    for (index, key) in keys() {
        let problems = read(&change_line(index, |line| line.replacen(key, &format!("{key}x"), 1))).unwrap_err();
        let found = problems.iter().find(|problem| problem.key.ends_with(&format!("{key}x"))).unwrap();
        assert_eq!((found.line, found.reason.as_str()), (Some(index + 1), "is no known key"), "{problems}");
        assert_eq!(found.fix, format!("did you mean `{key}`?"));
    }
}

#[test]
fn a_value_of_another_type_is_refused_in_its_line() {
    for (index, key) in keys() {
        let problems = read(&change_line(index, |_| format!("{key} = 1979-05-27"))).unwrap_err();
        let found = problems.iter().find(|problem| problem.line == Some(index + 1)).unwrap();
        assert!(found.key.ends_with(key) && found.reason.starts_with("is a date or time, expected "), "{found}");
    }
}

#[test]
fn a_key_that_is_left_out_is_missed_or_has_a_default() {
    let has_default = [
        "formats",
        "default_format",
        "kind",
        "default_kinds",
        "timestamp",
        "csv_quote",
        "json",
        "counts",
        "entity",
        "member",
        "id",
        "types",
        "csv",
        "single",
        "counted",
        "known",
        "meta",
    ];
    for (index, key) in keys() {
        let answer = read(&change_line(index, |_| String::new()));
        if has_default.contains(&key) {
            assert!(answer.is_ok(), "{key}: {answer:?}");
        } else {
            let said = answer.unwrap_err().to_string();
            assert!(said.contains(&format!(".{key}: is missing")) || key == "meta_member", "{key}: {said}");
        }
    }
}

/// The first block of this language in the documentation.
fn documented(language: &str) -> &'static str {
    let (_, example) = DOCUMENTATION.split_once("## A complete example").unwrap();
    let (_, block) = example.split_once(&format!("```{language}\n")).unwrap();
    block.split_once("```").unwrap().0
}

#[test]
fn the_documentation_has_every_key_that_is_read_and_no_other() {
    let more =
        "[scope.NAME]\nids = \"SELECT id FROM teams WHERE id = $1\"\n[[files]]\nsection = \"users\"\npath = \"name\"\n";
    let text = TRACKER.to_owned() + more;
    let document = Document::parse(&text, Path::new("tracker.toml")).unwrap();
    let (_, _, asked) = document.read_and_list(definition);
    let is_container = |key: &&String| {
        asked
            .range::<str, _>((Bound::Excluded(key.as_str()), Bound::Unbounded))
            .next()
            .is_some_and(|next| next.starts_with(&format!("{key}.")))
    };
    let known: BTreeSet<String> = asked
        .iter()
        .filter(|key| !is_container(key) || ["json.head", "zip.meta"].contains(&key.as_str()))
        .map(|key| {
            key.replace("table.teams.", "table.NAME.")
                .replace("table.time_entries.", "table.NAME.")
                .replace("table.users.", "table.NAME.")
        })
        .map(|key| key.split_once("section.types.").map_or(key.clone(), |_| "section.types".into()))
        .collect();
    let (_, table) = DOCUMENTATION.split_once("## Every key").unwrap();
    let rows = table.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.split('|').nth(1).unwrap());
    let shown: BTreeSet<String> =
        cells.flat_map(|cell| cell.split(',')).map(|key| key.trim().trim_matches('`').to_owned()).collect();
    assert_eq!(shown, known);
}

/// The documented definition on a database of the documented tables: what a query names is there.
#[tokio::test]
async fn the_documented_example_runs() {
    let example = read(documented("toml")).unwrap();
    assert_eq!(example.formats, [Format::Json, Format::Csv, Format::Zip]);
    let mut database = sqlx::SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let rows = "INSERT INTO companies VALUES (1, 'Acme', 'acme', '2025-11-03 08:00:00', NULL);
        INSERT INTO employees VALUES (7, 1, 'Ada', 'x');
        INSERT INTO shifts VALUES (40, 1, 7, '2026-01-30 06:00:00', 1, NULL);";
    sqlx::raw_sql(AssertSqlSafe(format!("{}{rows}", documented("sql")))).execute(&mut database).await.unwrap();
    let queries = example.queries(Dialect::SQLITE).unwrap();
    let listed = sqlx::raw_sql(AssertSqlSafe(queries.list)).fetch_all(&mut database).await.unwrap();
    assert_eq!(listed.len(), 1);
    for (section, asked) in example.sections.iter().zip(queries.sections) {
        let rows = sqlx::query(AssertSqlSafe(asked.rows)).bind(1).fetch_all(&mut database).await.unwrap();
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(asked.count)).bind(1).fetch_one(&mut database).await.unwrap();
        assert_eq!((rows.len(), count), (1, 1), "{}", section.name);
        let columns: Vec<&str> = rows[0].columns().iter().map(Column::name).collect();
        let named = section.csv.iter().map(|(_, column)| column).chain(section.types.keys()).chain(&section.id);
        assert_eq!(named.filter(|name| !columns.contains(&name.as_str())).count(), 0, "{columns:?}");
    }
    let warned =
        sqlx::query(AssertSqlSafe(queries.warnings[0].clone())).bind(1).fetch_all(&mut database).await.unwrap();
    assert!(warned.is_empty());
    for (name, table) in &example.tables {
        let sql = format!("SELECT name FROM pragma_table_info('{name}') ORDER BY name");
        let live: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut database).await.unwrap();
        let mut stated: Vec<&String> = table.reads.iter().chain(table.known.iter().flatten()).collect();
        stated.sort();
        assert_eq!(stated, live.iter().collect::<Vec<_>>(), "{name}");
    }
}

proptest! {
    #[test]
    fn any_change_of_the_sample_is_answered(at in 0..TRACKER.len(), length in 0_usize..40, text in "[a-z =\"\\[\\]\n$1;]{0,4}") {
        let mut changed = TRACKER.to_owned();
        changed.replace_range(at..(at + length).min(TRACKER.len()), &text);
        if let Err(problems) = read(&changed) {
            let lines = changed.lines().count() + 1;
            prop_assert!(problems.iter().all(|problem| problem.line.is_some_and(|line| (1..=lines).contains(&line))), "{problems}");
        }
    }
}

#[test]
fn a_scope_is_written_once_and_stands_for_its_text() {
    let count = r#"count = "SELECT count(*) FROM users WHERE team_id = $1""#;
    let with_scopes = |scopes: &str, condition: &str| {
        with(count, &format!("count = \"SELECT count(*) FROM users WHERE {condition}\"")) + scopes
    };
    let teams = "[scope.teams]\nids = \"SELECT id FROM teams WHERE id = $1 -- '$1'\"\n";
    let entries = "[scope.entries]\nids = \"SELECT id FROM time_entries WHERE team_id IN ($teams\\n)\"\n";
    let scopes = format!("{entries}{teams}");
    let tracker = read(&with_scopes(&scopes, "entry IN ($entries) AND name <> '$entries'")).unwrap();
    assert_eq!(
        tracker.queries(Dialect::POSTGRES).unwrap().sections[2].count,
        "SELECT count(*) FROM users WHERE entry IN (SELECT id FROM time_entries WHERE team_id IN \
         (SELECT id FROM teams WHERE id = $1 -- '$1'\n)) AND name <> '$entries'"
    );
    let spoken = "[scope.teams]\nids.sqlite = \"SELECT id FROM teams WHERE id = $1\"\n";
    let tracker = read(&with_scopes(spoken, "team_id IN ($teams)")).unwrap();
    assert!(tracker.queries(Dialect::SQLITE).is_ok() && tracker.queries(Dialect::POSTGRES).is_err());
    let said = [
        problems(&with_scopes(teams, "team_id IN ($team)")),
        problems(&with_scopes(teams, "team_id IN ($members)")),
        problems(&with_scopes("[scope.a]\nids = \"SELECT $b\"\n[scope.b]\nids = \"SELECT $a\"\n", "team_id = $1")),
        problems(&with_scopes("[scope.a]\nids = \"SELECT 1\"\n[scope.1b]\nids = \"SELECT $1\"\n", "team_id = $1")),
        problems(&with_scopes("[scope.a]\nids = 5\n[scope.b]\n", "team_id IN ($a)")),
        problems(&with("FROM teams ORDER BY id\n", "FROM teams WHERE id IN ($teams)\n")),
    ];
    insta::assert_snapshot!(said.join("\n--\n"), @r#"
    tracker.toml:66: section.count: names $team, and there is no [scope.team] (did you mean $teams?)
    --
    tracker.toml:66: section.count: names $members, and there is no [scope.members] (the organization's id is $1; add the scope, or correct the name)
    --
    tracker.toml:85: scope.a.ids: scopes name each other: $b -> $a -> $b (let one of them name none)
    tracker.toml:87: scope.b.ids: scopes name each other: $a -> $b -> $a (let one of them name none)
    --
    tracker.toml:85: scope.a.ids: is not bound to one organization (compare a column with $1, the organization's id)
    tracker.toml:86: scope.1b: "1b" is no name (write letters, digits and _, no digit first)
    --
    tracker.toml:66: section.count: names $a, and there is no [scope.a] (the organization's id is $1; add the scope, or correct the name)
    tracker.toml:85: scope.a.ids: is an integer, expected a string (write it in double quotes)
    tracker.toml:86: scope.b.ids: is missing (add `ids = ..`)
    --
    tracker.toml:11: organization.list: has the parameter $teams (list every organization)
    "#);
}

#[test]
fn a_table_is_in_a_section_or_the_definition_says_why_not() {
    let users = "[table.users]\nreads = [\"id\", \"team_id\", \"name\"]\nknown = [\"email\", \"password_hash\"]";
    let more = "[table.sessions]\nexcluded = \"logins\"\n[table.badges]\nshared = true\norphans = \"not given yet\"\n\
                [table.labels]\nexcluded = \"read by joins\"\nreads = [\"name\"]\n";
    let own = with(users, "[table.users]\nreads = [\"id\", \"team_id\", \"name\"]\noptional = [\"name\"]") + more;
    let tracker = read(&own).unwrap();
    assert_eq!(tracker.tables["sessions"].excluded.as_deref(), Some("logins"));
    assert!(tracker.tables["badges"].is_shared && tracker.tables["badges"].reads.is_empty());
    assert_eq!(tracker.tables["badges"].orphans.as_deref(), Some("not given yet"));
    assert_eq!(
        (&tracker.tables["users"].optional_columns[..], tracker.tables["users"].is_optional),
        (&["name".to_owned()][..], false)
    );
    let table = |text: &str| problems(&format!("{TRACKER}[table.extra]\n{text}\n"));
    let said = [
        table("undecided = \"it may belong to teams by team_ref\""),
        table(""),
        table("shared = true\nexcluded = \"why\""),
        table("excluded = \"\""),
        table("reads = [\"id\"]\noptional = [\"name\"]"),
        problems(&with(users, "[table.users]\nexcluded = \"no\"\nreads = [\"id\"]")),
        problems(&with(users, "[table.users]\nshared = true")),
    ];
    insta::assert_snapshot!(said.join("\n--\n"), @r#"
    tracker.toml:85: table.extra.undecided: "extra" is undecided: it may belong to teams by team_ref (write a [[section]] for it, or `shared = true`, or `excluded = "reason"`)
    --
    tracker.toml:84: table.extra.reads: is missing (add `reads = ..`)
    --
    tracker.toml:86: table.extra.excluded: is there beside `shared` (keep one of the two)
    --
    tracker.toml:85: table.extra.excluded: is empty (write something here)
    --
    tracker.toml:86: table.extra.optional: "name" is not among `reads` (add it there, or leave it out here)
    --
    tracker.toml:64: section.table: [table.users] is excluded (remove `excluded` from [table.users], or this section)
    --
    tracker.toml:64: section.table: [table.users] reads no column (add `reads` to [table.users], with the columns that the queries read)
    "#);
}

#[test]
fn files_are_named_by_rows_of_a_section_in_a_zip() {
    let files = "[[files]]\nsection = \"users\"\npath = \"avatar\"\n";
    let own = TRACKER.to_owned() + files + "size = \"bytes\"\nsha256 = \"hash\"\n";
    let said = |text: &str| Some(text.to_owned());
    let expected =
        Files { section: "users".to_owned(), path: "avatar".to_owned(), size: said("bytes"), sha256: said("hash") };
    assert_eq!(read(&own).unwrap().files, [expected]);
    assert_eq!(read(TRACKER).unwrap().files, []);
    let with_files = |text: String| problems(&(text + files));
    let said = [
        problems(&format!("{TRACKER}[[files]]\nsection = \"user\"\n")),
        problems(&format!("{TRACKER}[[files]]\nsection = \"team\"\npath = \"name\"\nsize = 1\nkind = \"x\"")),
        with_files(with("member = \"users.csv\"", "member = \"File_List.csv\"")),
        with_files(with("meta_member = \"meta.json\"", "meta_member = \"files\"")),
    ];
    insta::assert_snapshot!(said.join("\n--\n"), @r#"
    tracker.toml:84: files.path: is missing (add `path = ..`)
    tracker.toml:85: files.section: there is no section "user" (did you mean "users"?)
    --
    tracker.toml:85: files.section: section "team" is in no ZIP, and other archives hold no files (give the section a `member`, and leave "zip" in its `formats`)
    tracker.toml:87: files.size: is an integer, expected a string (write it in double quotes)
    tracker.toml:88: files.kind: is no known key (known keys: path, section, sha256, size)
    --
    tracker.toml:84: files: need the names "file_list.csv" and "files/" in a ZIP, and a member is called "File_List.csv" (give that member another name)
    --
    tracker.toml:84: files: need the names "file_list.csv" and "files/" in a ZIP, and a member is called "files" (give that member another name)
    "#);
}

#[test]
fn what_only_some_releases_have_is_an_item_of_rows_and_nothing_else() {
    let users = "[table.users]\nreads = [\"id\", \"team_id\", \"name\"]";
    let some = |optional: &str| with(users, &format!("{users}\noptional = {optional}"));
    let query = |own: &str, old: &str, new: &str| own.replacen(old, new, 1);
    let rows = "SELECT id, name FROM users WHERE team_id = $1 ORDER BY id";
    let count = "SELECT count(*) FROM users WHERE team_id = $1";
    assert_eq!(
        read(&some("[\"name\"]").replace("u.name AS \"userName\", ", "")).unwrap().tables["users"].optional_columns,
        ["name"]
    );
    let said = [
        problems(
            &some("[\"name\"]")
                .replace("FROM time_entries t JOIN users u ON u.id", "FROM time_entries t JOIN users u ON u.name"),
        ),
        problems(&query(&some("[\"name\"]"), rows, "SELECT id, name FROM users WHERE team_id = $1 ORDER BY name")),
        problems(&query(&some("[\"name\"]"), rows, "SELECT name FROM users WHERE team_id = $1")),
        problems(&query(&some("[\"name\"]"), count, "SELECT count(name) FROM users WHERE team_id = $1")),
        problems(&some("true")),
        problems(&with("[product]\n", "[product]\nformat_tables = { zip = \"users\", tar = \"users\" }\n")),
    ];
    insta::assert_snapshot!(said.join("\n--\n"), @r#"
    tracker.toml:49: section.rows: needs users.name, which only some releases have (write it only as an item of its own in the select list of a rows query, and write its table's name before it where two tables have such a column)
    tracker.toml:72: warning.rows: needs users.name, which only some releases have (write it only as an item of its own in the select list of a rows query, and write its table's name before it where two tables have such a column)
    --
    tracker.toml:65: section.rows: needs users.name, which only some releases have (write it only as an item of its own in the select list of a rows query, and write its table's name before it where two tables have such a column)
    --
    tracker.toml:65: section.rows: gives only columns that some releases do not have (add one that all have)
    --
    tracker.toml:66: section.count: needs users.name, which only some releases have (write it only as an item of its own in the select list of a rows query, and write its table's name before it where two tables have such a column)
    --
    tracker.toml:49: section.rows: needs users, which only some releases have (read it only in sections whose own `table` is optional, which are left out where it is not there)
    --
    tracker.toml:3: product.format_tables.zip: "users" is no optional table (write `optional = true` into [table.users])
    tracker.toml:3: product.format_tables.tar: "tar" is no format (write one of `formats`)
    "#);
}

/// The examples of what a draft cannot know, on a database of their tables: each row is in the archive of
/// the club that it belongs to, and in no other.
#[tokio::test]
async fn the_examples_of_difficulties_run() {
    let block = |language: &str| {
        let (_, rest) = AFTERNOON.split_once("## 3. ").unwrap();
        let (_, block) = rest.split_once(&format!("```{language}\n")).unwrap();
        block.split_once("```").unwrap().0
    };
    let clubs = read(block("toml")).unwrap();
    let mut database = sqlx::SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let rows = "INSERT INTO clubs VALUES (1, 'Oar'), (2, 'Sail'); INSERT INTO people VALUES (1, 'Ada', 'x'), (2, 'Bo', 'x');
        INSERT INTO members VALUES (1, 1), (2, 1), (2, 2); INSERT INTO boats VALUES (10, 1, 'Eight', x'00'), (20, 2, 'Dinghy', NULL);
        INSERT INTO tags VALUES (10, 1, 'old'), (20, 2, 'new'); INSERT INTO boat_tags VALUES (10, 10), (20, 20);
        INSERT INTO crews VALUES (10, 10, NULL, 'first'), (11, NULL, 10, 'bow'), (12, NULL, 11, 'cox'), (20, 20, NULL, 'helm');
        INSERT INTO notes VALUES (1, 'boat', 10, 'a'), (2, 'crew', 12, 'b'), (3, 'crew', 20, 'c'), (4, 'boat', 20, 'd');";
    sqlx::raw_sql(AssertSqlSafe(format!("{}{rows}", block("sql")))).execute(&mut database).await.unwrap();
    let mut found = Vec::new();
    for (section, asked) in clubs.sections.iter().zip(clubs.queries(Dialect::SQLITE).unwrap().sections) {
        let mut numbers = Vec::new();
        for club in [1, 2] {
            let rows =
                sqlx::query(AssertSqlSafe(asked.rows.clone())).bind(club).fetch_all(&mut database).await.unwrap();
            let count = sqlx::query_scalar(AssertSqlSafe(asked.count.clone())).bind(club).fetch_one(&mut database);
            assert_eq!(rows.len(), usize::try_from(count.await.unwrap_or(-1_i64)).unwrap(), "{}", section.name);
            numbers.push(rows.len());
        }
        found.push((section.name.as_str(), numbers[0], numbers[1]));
    }
    let expected = [
        ("club", 1, 1),
        ("people", 1, 2),
        ("members", 1, 2),
        ("boats", 1, 1),
        ("tags", 1, 1),
        ("boatTags", 1, 1),
        ("notes", 2, 2),
        ("crews", 3, 1),
    ];
    assert_eq!(found, expected);
    let live =
        sqlx::query("SELECT name FROM sqlite_schema WHERE type = 'table'").fetch_all(&mut database).await.unwrap();
    let named: BTreeSet<String> = live.iter().map(|row| row.get(0)).collect();
    assert_eq!(named, clubs.tables.keys().cloned().collect());
}
