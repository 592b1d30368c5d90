//! Measures the encoders alone: `cargo run --release --example encode [ROWS]` encodes time logs,
//! shaped as RyTask's, in one thread and prints the time and the bytes of each format.

use std::{
    io::{self, Seek, SeekFrom, Write},
    sync::Arc,
    time::Instant,
};

use anyhow::{Context, Result};
use chrono::DateTime;
use orgvault_api::{Format, OrganizationKey, gid::Gid};
use orgvault_daemon::{
    format::{ArchivePlan, encoder},
    product::{Definition, Products},
    row::{Block, Column, ColumnType},
};

const COLUMNS: [(&str, ColumnType); 14] = [
    ("id", ColumnType::Uuid),
    ("projectId", ColumnType::Uuid),
    ("workItemId", ColumnType::Uuid),
    ("userId", ColumnType::Uuid),
    ("startedAt", ColumnType::Timestamp),
    ("endedAt", ColumnType::Timestamp),
    ("durationSeconds", ColumnType::Int),
    ("note", ColumnType::Text),
    ("billable", ColumnType::Bool),
    ("source", ColumnType::Text),
    ("classification", ColumnType::Text),
    ("classificationOverridden", ColumnType::Bool),
    ("createdAt", ColumnType::Timestamp),
    ("deletedAt", ColumnType::Timestamp),
];

fn main() -> Result<()> {
    let rows = std::env::args().nth(1).map_or(Ok(1_000_000), |rows| rows.parse()).context("ROWS must be a number")?;
    let blocks = blocks(rows);
    let columns = COLUMNS.map(|(name, kind)| Column { name: name.to_owned(), kind });
    for (format, gzip) in [(Format::Json, false), (Format::Csv, false), (Format::Json, true), (Format::Csv, true)] {
        let started = Instant::now();
        let mut encoder = encoder(Arc::new(plan(format, gzip)?), Discard::default())?;
        encoder.begin(0, &columns)?;
        for block in &blocks {
            encoder.rows(block)?;
        }
        encoder.end()?;
        let bytes = encoder.bytes();
        let (out, _) = encoder.finish()?;
        let seconds = started.elapsed().as_secs_f64();
        let name = if gzip { format!("{format}.gz") } else { format.to_string() };
        writeln!(io::stdout(), "{name:8} {rows} rows, {bytes} bytes, {} written, {seconds:.3} s", out.written)?;
    }
    Ok(())
}

fn plan(format: Format, gzip: bool) -> Result<ArchivePlan> {
    let organization = OrganizationKey {
        source: "bench".to_owned(),
        kind: "organization".to_owned(),
        id: "1".to_owned(),
        name: String::new(),
        slug: String::new(),
    };
    Ok(ArchivePlan {
        gid: Gid::try_from(1)?,
        organization,
        definition: Arc::new(definition()?),
        format,
        sections: [0].into(),
        counted: Arc::default(),
        gzip,
        importable: false,
        level: 6,
        started_at: DateTime::UNIX_EPOCH,
        files: None,
    })
}

/// RyTask's time logs, and nothing around them.
fn definition() -> Result<Definition> {
    let products = Products::embedded()?;
    let mut definition = Definition::clone(products.get("rytask").context("RyTask's definition is not embedded")?);
    definition.sections.retain(|section| section.name == "timeLogs");
    Ok(definition)
}

fn blocks(rows: u64) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut block = Block::with_capacity();
    let mut row = Vec::new();
    for number in 0..rows {
        row.clear();
        time_log(number, &mut row);
        block.push_row(&row);
        if block.is_full() {
            blocks.push(std::mem::replace(&mut block, Block::with_capacity()));
        }
    }
    blocks.push(block);
    blocks
}

fn time_log(number: u64, row: &mut Vec<u8>) {
    let uuid = |salt: u64| {
        let high = (number + salt).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (u128::from(high) << 64 | u128::from(high.rotate_left(29))).to_be_bytes()
    };
    let started = 820_000_000_000_000 + number.cast_signed() * 61_000_123;
    let note = format!("Fixed the \"import\" of invoice {number}, then reviewed the merge request and wrote it down");
    row.extend_from_slice(&14_i16.to_be_bytes());
    for salt in [1, 2, 3, 4] {
        cell(row, &uuid(salt));
    }
    cell(row, &started.to_be_bytes());
    cell(row, &(started + 3_600_000_000).to_be_bytes());
    cell(row, &3600_i32.to_be_bytes());
    cell(row, note.as_bytes());
    cell(row, &[u8::from(number.is_multiple_of(2))]);
    cell(row, b"MANUAL");
    cell(row, b"PLANNED");
    cell(row, &[0]);
    cell(row, &started.to_be_bytes());
    row.extend_from_slice(&(-1_i32).to_be_bytes());
}

fn cell(row: &mut Vec<u8>, bytes: &[u8]) {
    row.extend_from_slice(&i32::try_from(bytes.len()).unwrap_or(0).to_be_bytes());
    row.extend_from_slice(bytes);
}

/// Counts what is written and keeps nothing.
#[derive(Default)]
struct Discard {
    written: u64,
}

impl Write for Discard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Discard {
    fn seek(&mut self, _to: SeekFrom) -> io::Result<u64> {
        Ok(self.written)
    }
}
