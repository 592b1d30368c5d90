use super::*;

fn text(text: &str) -> Cell {
    Cell::Text(text.as_bytes().to_vec())
}

/// A row of these cells, and NULL for all others.
fn row(cells: &[(&str, Cell)]) -> Row {
    let found =
        |column: &str| cells.iter().find(|(name, _)| *name == column).map_or(Cell::Null, |(_, cell)| cell.clone());
    Row::read(|column| Ok::<_, ()>(found(column))).unwrap()
}

fn company(id: &str, name: &str) -> Row {
    row(&[("id", text(id)), ("name", text(name)), ("slug", text(name))])
}

fn of_kind(kind: &str, id: &str) -> Row {
    Row { kind: text(kind), ..company(id, "Acme") }
}

fn read(rows: &[Row]) -> Vec<Listed> {
    let query = OrganizationQuery { kind: "company".to_owned(), ..OrganizationQuery::default() };
    organizations("tracker", &query, rows)
}

/// Id and code of each; the code is empty where it is not refused.
fn codes(listed: &[Listed]) -> Vec<(&str, &str)> {
    listed.iter().map(|one| (one.key.id.as_str(), one.refusal.as_ref().map_or("", ListingFault::code))).collect()
}

#[test]
fn an_organization_that_is_listed_twice_is_refused_and_the_others_are_not() {
    let listed = read(&[company("1", "Acme"), company("2", "Globex"), company("1", "Acme"), company("1", "Acme")]);
    assert_eq!(codes(&listed), [("1", "duplicate_id"), ("2", "")]);
    assert_eq!(listed[0].refusal.as_ref().unwrap().to_string(), "organization 1 (Acme) is listed 3 times");
}

#[test]
fn an_id_of_two_kinds_names_two_organizations() {
    let listed = read(&[of_kind("program", "1"), of_kind("project", "1"), of_kind("project", "2")]);
    assert_eq!(codes(&listed), [("1", ""), ("1", ""), ("2", "")]);
    let rows = ["program", "project", "project", "program"].map(|kind| of_kind(kind, "1"));
    let listed = read(&[&rows[..3], &[of_kind("program", "2"), of_kind("program", "")]].concat());
    assert_eq!(codes(&listed), [("1", ""), ("1", "duplicate_id"), ("2", ""), ("", "organization_id")]);
    let said = listed[1].refusal.as_ref().unwrap().to_string();
    assert_eq!(said, "organization 1 (Acme) is listed 2 times as project");
}

#[test]
fn of_rows_that_repeat_an_organization_one_that_is_taken_is_enough() {
    let with =
        |in_all: &str, deleted: &str| Row { in_all: text(in_all), deleted_at: text(deleted), ..company("1", "Acme") };
    let listed = read(&[with("0", "2026-01-31"), with("1", "")]);
    assert_eq!((listed.len(), listed[0].in_all, listed[0].deleted_at), (1, true, None));
}

#[test]
fn a_name_that_is_no_utf_8_is_shown_and_told() {
    let name = Cell::Text(b"M\xfcller".to_vec());
    let listed = read(&[Row { name, ..company("2", "x") }, Row { slug: Cell::Blob(vec![0xff]), ..company("3", "x") }]);
    assert_eq!(codes(&listed), [("2", ""), ("3", "")]);
    assert_eq!((listed[0].key.name.as_str(), listed[1].key.slug.as_str()), ("M�ller", "�"));
    assert_eq!(
        (listed[0].warnings[0].code.as_str(), &listed[0].warnings[0].ids[..]),
        ("unreadable_text", &["2".to_owned()][..])
    );
    assert!(listed[0].warnings[0].message.starts_with("the name of organization 2 is no UTF-8"));
    let blob = read(&[Row { name: Cell::Blob(b"Acme".to_vec()), ..company("1", "x") }]);
    assert_eq!((blob[0].key.name.as_str(), blob[0].warnings.len()), ("Acme", 0));
}

#[test]
fn ids_are_their_text_and_binary_ones_hexadecimal() {
    let id = |cell: Cell| read(&[Row { id: cell, ..company("1", "Acme") }]);
    for (cell, expected, code) in [
        (Cell::Blob(b"a1".to_vec()), "a1", ""),
        (Cell::Blob(vec![1, 0xab]), "01ab", ""),
        (Cell::Blob(vec![0xff, 0xfe]), "fffe", ""),
        (Cell::Text(vec![b'a', 0xff]), "61ff", "organization_id"),
        (Cell::Null, "", "organization_id"),
        (text(""), "", "organization_id"),
    ] {
        assert_eq!(codes(&id(cell.clone())), [(expected, code)], "{cell:?}");
    }
    let nameless = read(&[company("1", "Acme"), row(&[]), row(&[("name", text("Globex"))])]);
    assert_eq!(
        nameless[2].refusal.as_ref().unwrap().to_string(),
        "row 3 of the list of organizations (Globex) has no id"
    );
}

#[test]
fn flags_and_times_are_read_by_their_meaning_and_others_are_refused() {
    for (in_all, taken) in [("t", true), ("1", true), ("true", true), ("f", false), ("0", false)] {
        let listed = read(&[Row { in_all: text(in_all), ..company("1", "Acme") }]);
        assert_eq!((listed[0].in_all, &listed[0].refusal), (taken, &None), "{in_all}");
    }
    assert!(read(&[company("1", "Acme")])[0].in_all);
    let listed = read(&[Row { deleted_at: text("0"), ..company("1", "Acme") }]);
    assert_eq!((listed[0].deleted_at, &listed[0].refusal), (None, &None));
    for (wrong, said) in [
        (
            Row { in_all: text("maybe"), ..company("1", "Acme") },
            "in_all of organization 1 (Acme) holds `maybe`, which is no boolean",
        ),
        (
            Row { deleted_at: text("gone"), ..company("1", "Acme") },
            "deleted_at of organization 1 (Acme) holds `gone`, which is no time",
        ),
        (
            Row { in_all: Cell::Blob(vec![1]), ..company("1", "Acme") },
            "in_all of organization 1 (Acme) holds a BLOB of 1 bytes, which is no boolean",
        ),
        (
            Row { kind: Cell::Text(vec![0xff]), ..company("1", "Acme") },
            "kind of organization 1 (Acme) holds a text that is no UTF-8, which is no text in UTF-8",
        ),
    ] {
        let listed = read(&[wrong]);
        assert_eq!(listed[0].refusal.as_ref().unwrap().to_string(), said);
        assert!(listed[0].in_all && listed[0].deleted_at.is_none(), "a schedule has to be told of it");
        assert_eq!(listed[0].refusal.as_ref().unwrap().code(), "list_value");
    }
}

#[test]
fn what_is_far_too_long_is_refused_as_an_id_and_cut_as_a_name() {
    let listed =
        read(&[company(&"7".repeat(MAX_ID + 1), "Acme"), company(&"7".repeat(MAX_ID), &"n".repeat(MAX_NAME + 1))]);
    assert_eq!(
        listed[0].refusal.as_ref().unwrap().to_string(),
        "the id of row 1 of the list of organizations (Acme) has 1025 bytes, and may have 1024"
    );
    assert_eq!(listed[0].refusal.as_ref().unwrap().code(), "organization_id");
    assert!(listed[0].key.id.len() <= SHOWN);
    assert_eq!((&listed[1].refusal, listed[1].key.name.chars().count()), (&None, MAX_NAME + 1));
    assert_eq!(listed[1].warnings[0].code, "long_text");
}

#[test]
fn only_the_default_kinds_are_in_all() {
    let taken = |default_kinds: &[&str]| {
        let default_kinds = default_kinds.iter().map(ToString::to_string).collect();
        let query = OrganizationQuery { kind: "team".to_owned(), default_kinds, ..OrganizationQuery::default() };
        let guild = Row { kind: text("guild"), ..company("2", "Globex") };
        let left_out = Row { in_all: text("f"), ..company("3", "Initech") };
        let listed = organizations("tracker", &query, &[company("1", "Acme"), guild, left_out]);
        listed.iter().map(|one| one.in_all).collect::<Vec<_>>()
    };
    assert_eq!(taken(&[]), [true, true, false], "where the definition names none, all are");
    assert_eq!(taken(&["team"]), [true, false, false]);
    assert_eq!(taken(&["guild", "other"]), [false, true, false]);
}
