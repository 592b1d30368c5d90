//! What a definition says once for its queries, of its tables, of files and of releases.

use super::*;

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
