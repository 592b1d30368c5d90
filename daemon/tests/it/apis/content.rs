//! The files that such APIs hand out.

use std::io::{Cursor, Write};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

/// gzip in one member.
pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// gzip in so many members of about the same size, whose borders are no ends of lines.
pub(crate) fn gzip_members(text: &[u8], members: usize) -> Vec<u8> {
    text.chunks(text.len().div_ceil(members)).flat_map(gzip).collect()
}

/// A ZIP of these files.
pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A tar of these files.
pub(crate) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *content).unwrap();
    }
    tar.into_inner().unwrap()
}

/// A tar of these files in gzip.
pub(crate) fn tar_gz(files: &[(&str, &[u8])]) -> Vec<u8> {
    gzip(&tar(files))
}

/// One object a line.
pub(crate) fn ndjson(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect::<Vec<_>>().concat()
}

/// The objects of an organization's export from Asana, with so many tasks.
pub(crate) fn asana_rows(organization: u64, tasks: u64) -> Vec<Value> {
    let row = |id: u64, kind: &str, more: Value| {
        let mut row = json!({"__object_id": id, "__type": kind, "__creation_time": "2014-11-14 05:49:01"});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    let mut rows = vec![
        row(11, "User", json!({"name": "Ann"})),
        row(
            organization,
            "Domain",
            json!({"name": "Acme", "description": "", "creator": 11, "domain_users": [12], "billing_owner": null}),
        ),
        row(
            12,
            "DomainUser",
            json!({"domain": organization, "user": 11, "email": "ann@example.org", "active": true, "is_admin": true}),
        ),
        row(13, "Team", json!({"name": "Engineering", "team_type": "PUBLIC"})),
        row(14, "TeamMembership", json!({"team": 13, "member": 12, "limited_access": false})),
        row(
            15,
            "ItemList",
            json!({"name": "Plan", "is_project": true, "is_archived": false, "domain": organization, "team": 13}),
        ),
        row(16, "ProjectMembership", json!({"project": 15, "member": 12})),
    ];
    for number in 0..tasks {
        let (task, story) = (1_000_000 + 2 * number, 1_000_001 + 2 * number);
        rows.push(row(
            task,
            "Task",
            json!({"name": format!("Task {number} – „ä“"), "assignee": 12, "completed": false, "items": [15], "stories": [story]}),
        ));
        rows.push(row(story, "Comment", json!({"text": "well\n\"said\"", "creator_du": 12})));
    }
    rows
}

/// The text of such an export.
pub(crate) fn asana(organization: u64, tasks: u64) -> String {
    ndjson(&asana_rows(organization, tasks))
}
