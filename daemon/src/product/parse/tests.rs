mod api_faults;
mod api_pages;
mod apis;
mod documented;
mod keys;
mod tables;
mod wrong;

use std::path::Path;

use serde_json::json;

use super::*;
use crate::product::{DeclaredType, Files, Fixed};

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
    assert_eq!((definition.default_format, &definition.formats[..]), (Format::Json, &[Format::Json, Format::Full][..]));
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
