//! Blocks in, bytes out.

use std::{io::Cursor, path::Path};

use chrono::DateTime;
use orgvault_api::{OrganizationKey, gid::Gid};

use super::*;
use crate::{
    format::encoder,
    product::{Definition, parse},
    row::ColumnType,
};

fn plan(format: Format, gzip: bool) -> Arc<ArchivePlan> {
    let definition = orgvault_products::product("trueppm").unwrap().definition;
    let definition = parse(definition, Path::new("trueppm.toml")).unwrap();
    Arc::new(ArchivePlan {
        gid: Gid::try_from(3_141_592_653).unwrap(),
        organization: OrganizationKey {
            source: "plans".to_owned(),
            kind: "program".to_owned(),
            id: PROGRAM.to_string(),
            name: String::new(),
            slug: String::new(),
        },
        sections: definition.sections_of(format, None).unwrap(),
        definition: Arc::new(definition),
        format,
        counted: Arc::default(),
        gzip,
        importable: false,
        level: 6,
        started_at: DateTime::from_timestamp(1_767_323_045, 0).unwrap(),
        files: None,
    })
}

/// Name, type, and the cell of one row.
type Cells<'c> = &'c [(&'c str, ColumnType, Option<Vec<u8>>)];

fn index(definition: &Definition, section: &str) -> usize {
    definition.sections.iter().position(|known| known.name == section).unwrap()
}

fn send(
    encoder: &mut dyn Encoder<Cursor<Vec<u8>>>,
    section: usize,
    cells: Cells<'_>,
    rows: usize,
) -> Result<(), FormatError> {
    let columns: Vec<_> =
        cells.iter().map(|(name, kind, _)| Column { name: (*name).to_owned(), kind: *kind }).collect();
    encoder.begin(section, &columns)?;
    let mut row = i16::try_from(cells.len()).unwrap().to_be_bytes().to_vec();
    for (_, _, cell) in cells {
        match cell {
            Some(cell) => {
                row.extend_from_slice(&i32::try_from(cell.len()).unwrap().to_be_bytes());
                row.extend_from_slice(cell);
            }
            None => row.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
    }
    let mut block = Block::with_capacity();
    for _ in 0..rows {
        block.push_row(&row);
    }
    encoder.rows(&block)?;
    encoder.end()
}

#[expect(clippy::unnecessary_wraps, reason = "its neighbours may give NULL")]
fn text(text: &str) -> Option<Vec<u8>> {
    Some(text.as_bytes().to_vec())
}

fn program_cells() -> Vec<(&'static str, ColumnType, Option<Vec<u8>>)> {
    vec![
        ("lead_id", ColumnType::Int, None),
        ("id", ColumnType::Uuid, Some(PROGRAM.0.to_be_bytes().to_vec())),
        ("code", ColumnType::Text, text("prog")),
        ("name", ColumnType::Text, text("Program")),
        ("methodology", ColumnType::Text, text("HYBRID")),
        ("description", ColumnType::Text, text("")),
        ("color", ColumnType::Text, None),
        ("more", ColumnType::Text, None),
    ]
}

fn project_cells(start: i32) -> Vec<(&'static str, ColumnType, Option<Vec<u8>>)> {
    vec![
        ("id", ColumnType::Uuid, Some(A.0.to_be_bytes().to_vec())),
        ("is_deleted", ColumnType::Bool, Some(vec![0])),
        ("code", ColumnType::Text, text("A")),
        ("name", ColumnType::Text, text("Project A")),
        ("methodology", ColumnType::Text, text("AGILE")),
        ("start_date", ColumnType::Date, Some(start.to_be_bytes().to_vec())),
        ("description", ColumnType::Text, text("")),
        ("calendar_id", ColumnType::Uuid, None),
        ("default_view", ColumnType::Text, text("SCHEDULE")),
        ("estimation_mode", ColumnType::Text, text("open")),
    ]
}

/// Every section; all but two are empty.
fn encode(format: Format, gzip: bool, start: i32, tolerate: bool) -> Result<(Vec<u8>, Written), FormatError> {
    let plan = plan(format, gzip);
    let mut encoder = encoder(Arc::clone(&plan), Cursor::new(Vec::new()))?;
    if tolerate {
        encoder.tolerate();
    }
    for &section in plan.sections.iter() {
        match plan.definition.sections[section].name.as_str() {
            "program" => send(&mut *encoder, section, &program_cells(), 1)?,
            "projects" => send(&mut *encoder, section, &project_cells(start), 1)?,
            name => {
                let layout = super::super::read::columns_for_test(name);
                let cells: Vec<_> = layout.iter().map(|column| (*column, ColumnType::Text, None)).collect();
                send(&mut *encoder, section, &cells, 0)?;
            }
        }
    }
    let (out, written) = encoder.finish()?;
    Ok((out.into_inner(), written))
}

#[test]
fn columns_are_found_by_their_names() {
    let (bytes, written) = encode(Format::Seed, false, 9501, false).unwrap();
    let mut rows = two();
    rows.projects.truncate(1);
    assert_eq!(String::from_utf8(bytes).unwrap(), seed::to_string(&built(rows)));
    let names: Vec<_> = written.counts.iter().map(|count| count.name.as_str()).collect();
    assert_eq!((names[..3].join(" "), names.len()), ("program memberships projects".to_owned(), 18));
}

#[test]
fn gzip_holds_the_same_document() {
    use std::io::Read;
    let (packed, _) = encode(Format::SeedEvents, true, 9501, false).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*packed).read_to_string(&mut text).unwrap();
    let (plain, written) = encode(Format::SeedEvents, false, 9501, false).unwrap();
    assert_eq!(text.as_bytes(), plain);
    assert_eq!(written.counts.len(), 22);
}

#[test]
fn a_date_that_no_seed_can_hold_names_table_row_and_column() {
    let error = encode(Format::Seed, false, i32::MAX, false).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("projects_project.start_date of row {A} holds infinity, which seed cannot hold")
    );
    let (_, written) = encode(Format::Seed, false, i32::MAX, true).unwrap();
    assert_eq!((written.unrepresentable_total, written.unrepresentable[0].column.as_str()), (1, "start_date"));
}

#[test]
fn a_missing_column_or_section_is_an_error() {
    let plan = plan(Format::Seed, false);
    let mut encoder = encoder(Arc::clone(&plan), Cursor::new(Vec::new())).unwrap();
    let lacking = send(&mut *encoder, index(&plan.definition, "users"), &program_cells(), 0).unwrap_err();
    assert!(lacking.to_string().contains("column username of section users"), "{lacking}");
    send(&mut *encoder, index(&plan.definition, "program"), &program_cells(), 1).unwrap();
    let twice = send(&mut *encoder, index(&plan.definition, "program"), &program_cells(), 1).unwrap_err();
    assert!(matches!(twice, FormatError::Sequence { .. }), "{twice}");
    let missing = encoder.finish().unwrap_err();
    assert!(missing.to_string().contains("section memberships had to come next"), "{missing}");
}
