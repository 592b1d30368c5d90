//! What is wrong with a definition is said with its line.

use super::*;

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
    tracker.toml:4: product.measured: is no known key (known keys: default_format, format_tables, formats, kind, measured_on, name)
    --
    tracker.toml:5: product.formats: is empty (write at least one format)
    --
    tracker.toml:6: product.formats: is "cvs" (did you mean "csv"? one of "json", "csv", "zip", "seed", "seed-events", "full")
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
        [Format::Csv, Format::Full]
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
