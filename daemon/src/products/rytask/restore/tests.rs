use std::io::Read as _;

use super::*;

/// With an item of another organization's project, a comment on it, and a user that is no member.
const EXAMPLE: &str = include_str!("tests.json");

fn rows(text: &str) -> Result<RytaskRows, RytaskFault> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.json");
    std::fs::write(&path, text).unwrap();
    RytaskRows::read(ArchiveReader::in_place(&path).unwrap(), false, "00".to_owned())
}

fn csv(rows: &RytaskRows, table: &str) -> String {
    let mut text = String::new();
    rows.csv(&ArchivedTable { name: tables::named(table), named: false, rows: 0 })
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}

#[test]
fn rows_of_each_table_are_written_as_the_server_would() {
    let rows = rows(EXAMPLE).unwrap();
    let organization = "eeeeeeee-0000-7000-8000-00000000000e";
    assert_eq!(
        csv(&rows, "organizations"),
        format!(
            "id,name,slug,created_at,settings\n{organization},\"E, \"\"x\"\"\",e,2026-03-01 00:00:00.5+00,\
             \"{{\"\"b\"\": 1, \"\"aa\"\": []}}\"\n"
        )
    );
    assert_eq!(
        csv(&rows, "users"),
        format!(
            "id,organization_id,email,name\nd8afc7d1-d9be-aa4a-b75f-9d110960fc1c,{organization},m@x.test,\n\
             b2703886-735c-0d5d-b2f7-23cb288230e8,{organization},o@x.test,O\n\
             3e2926e3-5ced-e1dc-fa9e-24c3c76557cb,{organization},\
             3e2926e3-5ced-e1dc-fa9e-24c3c76557cb@made-up.invalid,\n"
        )
    );
    assert_eq!(
        csv(&rows, "work_items").lines().nth(1).unwrap(),
        format!(
            "d69346bd-3651-d5c8-51f8-0fad31d9a352,{organization},51e2f3fb-65c5-8be5-8605-1eedea431d35,\
             d22a0998-03fd-9839-ea60-b3fb65eaa8f9,9,normal,\"\\N\",4a1f3468-9c0c-7412-da23-3e6eef7072d6,NONE,\
             3e2926e3-5ced-e1dc-fa9e-24c3c76557cb,\\N,\\N,1.50,0044-03-15 BC,\\N,\\N,\\N,2026-02-09 00:00:00+00,\
             10000-02-09 00:00:00+00,\\N,WEB"
        )
    );
    assert_eq!(csv(&rows, "work_item_labels").lines().count(), 3);
    assert_eq!(
        csv(&rows, "project_counters").lines().nth(1).unwrap(),
        format!("d22a0998-03fd-9839-ea60-b3fb65eaa8f9,{organization},9")
    );
    let counted = rows.tables().iter().map(|table| (table.name.name.as_str(), table.rows)).collect::<Vec<_>>();
    for (table, rows_of) in &counted {
        assert_eq!(csv(&rows, table).lines().count() as u64, rows_of + 1, "{table}");
    }
    assert!(counted.contains(&("comments", 0)), "a table without a row is there too: {counted:?}");
}

#[test]
fn memberships_get_ids_in_the_order_of_the_archive() {
    let rows = rows(EXAMPLE).unwrap();
    let text = csv(&rows, "memberships");
    let ids: Vec<&str> = text.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert!(ids.len() == 2 && ids.is_sorted(), "{ids:?}");
    assert_eq!(text, csv(&rows, "memberships"), "the same archive gives the same ids");
    assert_eq!(uuid::Uuid::parse_str(ids[0]).unwrap().get_version_num(), 8);
}

#[test]
fn what_does_not_come_back_is_told() {
    let rows = rows(EXAMPLE).unwrap();
    let found = rows.findings();
    let told: Vec<(&str, &str, u64, usize)> =
        found.iter().map(|it| (it.code.as_str(), it.table.as_str(), it.rows, it.keys.len())).collect();
    assert_eq!(
        told,
        [
            ("membership_ids", "public.memberships", 2, 0),
            ("passwords", "public.users", 2, 0),
            ("counters", "public.project_counters", 1, 0),
            ("users_made_up", "public.users", 1, 1),
            ("rows_left_out", "public.comments", 1, 1),
            ("rows_left_out", "public.work_items", 1, 1),
            ("not_in_the_format", "", 0, 0),
        ]
    );
}

#[test]
fn what_is_not_known_is_refused() {
    let refused = |from: &str, to: &str| rows(&EXAMPLE.replacen(from, to, 1)).err().unwrap().to_string();
    assert_eq!(
        refused("\"version\": 1", "\"version\": 2"),
        "the archive is no RyTask workspace export of version 1: its version is 2"
    );
    assert_eq!(
        refused("\"slug\": \"w\"", "\"slug\": \"w\", \"icon\": 1"),
        "row 1 of workspaces has the key icon, which is not known: it would be lost"
    );
    assert_eq!(
        refused("\"version\": 1", "\"version\": 1, \"fields\": {}"),
        "the archive has the section fields, which is not known: it would be lost"
    );
    assert_eq!(refused("\"statuses\": [],", ""), "the archive has no statuses");
    assert_eq!(refused("\"number\": 9", "\"number\": \"9\""), "number of row 2 of workItems is not a number");
    assert_eq!(
        refused("\"projects\":", "\"other\":"),
        "row 1 of other has the key id, which is not known: it would be lost"
    );
}
