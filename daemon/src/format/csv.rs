//! `csv`: one section as comma-separated values; and its rows alone, for `zip`.

#[cfg(test)]
mod tests;

use std::{io::Write, sync::Arc};

use orgvault_api::Format;

use super::{
    ArchivePlan, Encoder, FormatError, Written,
    findings::{Findings, ValueOrigin},
    order::Order,
    sink::Sink,
    transcode::Transcoder,
    value::{Misfit, Value},
};
use crate::{
    product::{CsvQuote, Encoding, JsonStyle, Section},
    row::{Block, Column, ColumnType},
};

/// One column of a CSV file.
#[derive(Debug)]
struct Field {
    header: String,
    source: usize,
    kind: ColumnType,
}

/// Writes a section's header and rows as CSV.
#[derive(Debug)]
pub struct CsvRows {
    fields: Vec<Field>,
    place: ValueOrigin,
    cells: FieldWriter,
}

impl CsvRows {
    /// A writer of this section, whose rows query gives `columns`.
    ///
    /// # Errors
    /// When the definition names a column that the query does not give.
    pub fn new(section: &Section, columns: &[Column], encoding: Encoding, format: Format) -> Result<Self, FormatError> {
        let by_name = |(header, name): &(String, String)| {
            let source = columns
                .iter()
                .position(|column| &column.name == name)
                .ok_or_else(|| FormatError::MissingColumn { section: section.name.clone(), column: name.clone() })?;
            Ok(Field { header: header.clone(), source, kind: columns[source].kind })
        };
        let in_order =
            |(source, column): (usize, &Column)| Field { header: column.name.clone(), source, kind: column.kind };
        let fields = if section.csv.is_empty() {
            columns.iter().enumerate().map(in_order).collect()
        } else {
            section.csv.iter().map(by_name).collect::<Result<_, FormatError>>()?
        };
        Ok(Self { fields, place: ValueOrigin::new(section, columns, format), cells: FieldWriter::new(encoding) })
    }

    /// Appends the header line.
    pub fn header(&self, out: &mut Vec<u8>) {
        for field in &self.fields {
            self.cells.quote(field.header.as_bytes(), out);
            out.push(b',');
        }
        end_line(out);
    }

    /// Appends a line for each row of the block; gives their number.
    ///
    /// # Errors
    /// When a value cannot be held (without [`Findings::tolerate`]), or the block is torn.
    pub fn block(&mut self, block: &Block, out: &mut Vec<u8>, findings: &mut Findings) -> Result<u64, FormatError> {
        let mut cells = block.cells();
        let mut row = Vec::with_capacity(self.place.columns().len());
        let mut rows = 0;
        while self.place.next_row(&mut cells, &mut row)? {
            self.row(&row, out, findings)?;
            rows += 1;
        }
        Ok(rows)
    }

    fn row(&mut self, row: &[Option<&[u8]>], out: &mut Vec<u8>, findings: &mut Findings) -> Result<(), FormatError> {
        let line = out.len();
        for field in &self.fields {
            let start = out.len();
            if let Err(misfit) = self.cells.write(field.kind, row[field.source], out) {
                out.truncate(start);
                findings.refuse(self.place.misfit(row, field.source, misfit))?;
            } else if field.kind == ColumnType::Json && row[field.source].is_some() {
                findings.note(self.cells.json.remarks(), &self.place, row, field.source);
            }
            out.push(b',');
        }
        if self.fields.len() == 1 && out.len() == line + 1 {
            // Readers pass over a blank line, and count a row less.
            out.truncate(line);
            out.extend_from_slice(b"\"\",");
        }
        end_line(out);
        Ok(())
    }
}

/// The comma after the last field becomes the end of the line.
fn end_line(out: &mut [u8]) {
    if let Some(last @ b',') = out.last_mut() {
        *last = b'\n';
    }
}

#[derive(Debug)]
struct FieldWriter {
    encoding: Encoding,
    json: Transcoder,
    /// A value's text before it is known whether it has to be quoted.
    text: Vec<u8>,
}

impl FieldWriter {
    fn new(encoding: Encoding) -> Self {
        Self { encoding, json: Transcoder::new(encoding.json), text: Vec::new() }
    }

    #[inline]
    fn write(&mut self, kind: ColumnType, cell: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), Misfit> {
        let Some(cell) = cell else {
            // `json_encode(null)`; all other columns have nothing for NULL.
            if kind == ColumnType::Json && self.encoding.json == JsonStyle::Php {
                out.extend_from_slice(b"null");
            }
            return Ok(());
        };
        let value = Value::read(kind, cell)?;
        match value {
            Value::Text(text) | Value::List(text) => self.quote(text.as_bytes(), out),
            // Their text never holds what is quoted.
            Value::Uuid(_) | Value::Bool(_) | Value::Int(_) | Value::Numeric(_) | Value::Bytes(_) => {
                value.write_text(self.encoding.timestamp, out)?;
            }
            value => {
                let mut text = std::mem::take(&mut self.text);
                text.clear();
                let done = match value {
                    Value::Array(array) => array.write_text(&mut text, |element, out| self.plain(element, out)),
                    value => self.plain(value, &mut text),
                };
                self.quote(&text, out);
                self.text = text;
                done?;
            }
        }
        Ok(())
    }

    /// A value's text before it is quoted.
    fn plain(&mut self, value: Value<'_>, out: &mut Vec<u8>) -> Result<(), Misfit> {
        match value {
            Value::Json(json) => self.json.write(json, out),
            value => value.write_text(self.encoding.timestamp, out),
        }
    }

    #[inline]
    fn quote(&self, field: &[u8], out: &mut Vec<u8>) {
        quote(self.encoding.csv_quote, field, out);
    }
}

/// Appends a field, quoted where it has to be.
#[inline]
pub(super) fn quote(style: CsvQuote, field: &[u8], out: &mut Vec<u8>) {
    let quoted = match style {
        CsvQuote::Minimal => any(field, |byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')),
        CsvQuote::Fputcsv => any(field, |byte| matches!(byte, b',' | b'"' | b'\n' | b'\r' | b'\t' | b' ')),
    };
    if quoted { write_quoted(field, out) } else { out.extend_from_slice(field) }
}

/// Whether a byte is found, in steps of 16 without a branch: the compiler makes vector code of it.
#[inline]
fn any(field: &[u8], found: impl Fn(u8) -> bool) -> bool {
    let (chunks, rest) = field.as_chunks::<16>();
    chunks.iter().any(|chunk| chunk.iter().fold(false, |hit, byte| hit | found(*byte)))
        || rest.iter().any(|byte| found(*byte))
}

/// In double quotes, inner ones doubled (RFC 4180).
fn write_quoted(field: &[u8], out: &mut Vec<u8>) {
    out.reserve(field.len() + 2);
    out.push(b'"');
    let mut rest = field;
    while let Some(quote) = memchr::memchr(b'"', rest) {
        out.extend_from_slice(&rest[..=quote]);
        out.push(b'"');
        rest = &rest[quote + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// The encoder of `csv`: the rows of the plan's one section.
pub(super) struct CsvEncoder<W: Write> {
    plan: Arc<ArchivePlan>,
    order: Order,
    sink: Sink<W>,
    findings: Findings,
    section: Option<CsvRows>,
    rows: u64,
}

impl<W: Write> CsvEncoder<W> {
    pub(super) fn new(plan: Arc<ArchivePlan>, out: W) -> Result<Self, FormatError> {
        if plan.sections.len() != 1 {
            let entities = plan.definition.archives_of(Format::Csv).into_iter().flatten().map(str::to_owned).collect();
            return Err(FormatError::NoEntity { product: plan.definition.name.clone(), entities });
        }
        let sink = Sink::new(&plan, out);
        let order = Order::new(Arc::clone(&plan));
        Ok(Self { plan, order, sink, findings: Findings::default(), section: None, rows: 0 })
    }
}

impl<W: Write + Send> Encoder<W> for CsvEncoder<W> {
    fn tolerate(&mut self) {
        self.findings.tolerate();
    }

    fn begin(&mut self, section: usize, columns: &[Column]) -> Result<(), FormatError> {
        let section = self.order.begin(section)?;
        let rows = CsvRows::new(section, columns, self.plan.definition.encoding, self.plan.format)?;
        rows.header(self.sink.buffer());
        self.section = Some(rows);
        Ok(())
    }

    fn rows(&mut self, block: &Block) -> Result<(), FormatError> {
        let Some(section) = &mut self.section else { return Err(self.order.came("rows")) };
        self.rows += section.block(block, self.sink.buffer(), &mut self.findings)?;
        self.sink.relieve()
    }

    fn end(&mut self) -> Result<(), FormatError> {
        self.section = None;
        self.order.end(self.rows)
    }

    fn finish(self: Box<Self>) -> Result<(W, Written), FormatError> {
        self.order.finish()?;
        let mut written = Written { counts: self.order.into_counts(), ..Written::default() };
        self.findings.report(&mut written);
        Ok((self.sink.finish()?, written))
    }

    fn bytes(&self) -> u64 {
        self.sink.bytes()
    }
}
