//! What the tests of every format need: definitions, plans and blocks.

use std::{
    io::Cursor,
    sync::{Arc, LazyLock},
};

use chrono::DateTime;
use orgvault_api::{Format, OrganizationKey, gid::Gid};

use super::{ArchivePlan, FormatError, Written, encoder};
use crate::{
    product::{Definition, Products, Section},
    row::{Block, Column, ColumnType},
};

pub(super) type Row<'a> = Vec<Option<&'a [u8]>>;

pub(super) fn rytask() -> Definition {
    static EMBEDDED: LazyLock<Products> = LazyLock::new(|| Products::embedded().unwrap());
    Definition::clone(EMBEDDED.get("rytask").unwrap())
}

/// A definition of RyTask's encoding and nothing but these sections.
pub(super) fn definition(sections: Vec<Section>) -> Definition {
    let mut definition = rytask();
    definition.json.head.clear();
    definition.json.counts_key = None;
    definition.sections = sections;
    definition
}

/// A section of this name whose CSV has every column.
pub(super) fn section(name: &str) -> Section {
    let mut section = rytask().sections.remove(1);
    section.name = name.to_owned();
    section.entity = Some(name.to_owned());
    section.table = format!("{name}_table");
    section.types.clear();
    section.csv.clear();
    section.id = None;
    section
}

/// The plan of all sections; for `csv` of the first.
pub(super) fn plan(definition: Definition, format: Format) -> ArchivePlan {
    let entity = definition.archives_of(format)[0];
    let sections = definition.sections_of(format, entity).unwrap();
    ArchivePlan {
        gid: Gid::try_from(4711).unwrap(),
        organization: OrganizationKey {
            source: "tracker".to_owned(),
            kind: "organization".to_owned(),
            id: "acme \"1\"".to_owned(),
            name: "Acme".to_owned(),
            slug: "acme".to_owned(),
        },
        definition: Arc::new(definition),
        format,
        sections,
        gzip: false,
        importable: false,
        counted: Arc::default(),
        level: 6,
        started_at: DateTime::from_timestamp_micros(1_769_851_800_123_999).unwrap(),
        files: None,
    }
}

pub(super) fn columns(columns: &[(&str, ColumnType)]) -> Vec<Column> {
    columns.iter().map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind }).collect()
}

pub(super) fn block(rows: &[Row<'_>]) -> Block {
    let mut block = Block::default();
    for row in rows {
        let mut bytes = i16::try_from(row.len()).unwrap().to_be_bytes().to_vec();
        for cell in row {
            let length = cell.map_or(-1, |cell| i32::try_from(cell.len()).unwrap());
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(cell.unwrap_or_default());
        }
        block.push_row(&bytes);
    }
    block
}

/// What an encoder writes for these sections, in order.
pub(super) fn encode(
    plan: ArchivePlan,
    sections: &[(&[Column], &[Row<'_>])],
) -> Result<(Vec<u8>, Written), FormatError> {
    encode_with(plan, false, sections)
}

pub(super) fn encode_with(
    plan: ArchivePlan,
    tolerate: bool,
    sections: &[(&[Column], &[Row<'_>])],
) -> Result<(Vec<u8>, Written), FormatError> {
    let mut encoder = encoder(Arc::new(plan), Cursor::new(Vec::new()))?;
    if tolerate {
        encoder.tolerate();
    }
    for (index, (columns, rows)) in sections.iter().enumerate() {
        encoder.begin(index, columns)?;
        for row in *rows {
            encoder.rows(&block(std::slice::from_ref(row)))?;
        }
        encoder.end()?;
    }
    let (out, written) = encoder.finish()?;
    Ok((out.into_inner(), written))
}

/// One section of this name with these rows, in this format, as text.
pub(super) fn one(format: Format, columns: &[Column], rows: &[Row<'_>]) -> Result<String, FormatError> {
    let (out, _) = encode(plan(definition(vec![section("rows")]), format), &[(columns, rows)])?;
    Ok(String::from_utf8(out).unwrap())
}
