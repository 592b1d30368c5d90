//! `json`: one document with every section, on one line, without blanks.

#[cfg(test)]
mod tests;

use std::{io::Write, sync::Arc};

use super::{
    ArchivePlan, Encoder, FormatError, Written,
    findings::{Findings, ValueOrigin},
    fixed::write_fixed,
    order::Order,
    sink::Sink,
    text::write_string,
    transcode::Transcoder,
    value::{Misfit, Value, write_integer},
};
use crate::{
    product::TimestampStyle,
    row::{Block, Column, ColumnType},
};

/// The encoder of `json`.
pub(super) struct JsonEncoder<W: Write> {
    plan: Arc<ArchivePlan>,
    sink: Sink<W>,
    findings: Findings,
    values: ValueWriter,
    order: Order,
    section: Option<OpenSection>,
}

/// The section whose rows come.
struct OpenSection {
    place: ValueOrigin,
    /// `{"id":` for the first column, `,"projectId":` for the others.
    keys: Vec<Vec<u8>>,
    single: bool,
    rows: u64,
}

impl<W: Write> JsonEncoder<W> {
    pub(super) fn new(plan: Arc<ArchivePlan>, out: W) -> Self {
        let mut sink = Sink::new(&plan, out);
        let encoding = plan.definition.encoding;
        let buffer = sink.buffer();
        buffer.push(b'{');
        for (key, value) in &plan.definition.json.head {
            write_key(key, buffer);
            write_fixed(value, &plan, buffer);
        }
        let values = ValueWriter { timestamp: encoding.timestamp, json: Transcoder::new(encoding.json) };
        let order = Order::new(Arc::clone(&plan));
        Self { plan, sink, findings: Findings::default(), values, order, section: None }
    }

    fn write_counts(&mut self) {
        let Some(key) = &self.plan.definition.json.counts_key else { return };
        let buffer = self.sink.buffer();
        write_key(key, buffer);
        buffer.push(b'{');
        for (section, rows) in self.order.ended().filter(|(section, _)| section.counted) {
            write_key(&section.name, buffer);
            write_integer(rows.cast_signed(), buffer);
        }
        buffer.push(b'}');
    }
}

impl<W: Write + Send> Encoder<W> for JsonEncoder<W> {
    fn tolerate(&mut self) {
        self.findings.tolerate();
    }

    fn begin(&mut self, section: usize, columns: &[Column]) -> Result<(), FormatError> {
        let definition = self.order.begin(section)?;
        let buffer = self.sink.buffer();
        write_key(&definition.name, buffer);
        if !definition.single {
            buffer.push(b'[');
        }
        self.section = Some(OpenSection {
            place: ValueOrigin::new(definition, columns, self.plan.format),
            keys: columns.iter().enumerate().map(|(index, column)| row_key(index, &column.name)).collect(),
            single: definition.single,
            rows: 0,
        });
        Ok(())
    }

    fn rows(&mut self, block: &Block) -> Result<(), FormatError> {
        let Some(section) = &mut self.section else { return Err(self.order.came("rows")) };
        section.write(block, &mut self.values, self.sink.buffer(), &mut self.findings)?;
        self.sink.relieve()
    }

    fn end(&mut self) -> Result<(), FormatError> {
        let Some(section) = self.section.take() else { return Err(self.order.came("an end")) };
        if !section.single {
            self.sink.buffer().push(b']');
        }
        self.order.end(section.rows)
    }

    fn finish(mut self: Box<Self>) -> Result<(W, Written), FormatError> {
        self.order.finish()?;
        self.write_counts();
        self.sink.buffer().push(b'}');
        let mut written = Written { counts: self.order.into_counts(), ..Written::default() };
        self.findings.report(&mut written);
        Ok((self.sink.finish()?, written))
    }

    fn bytes(&self) -> u64 {
        self.sink.bytes()
    }
}

impl OpenSection {
    fn write(
        &mut self,
        block: &Block,
        values: &mut ValueWriter,
        out: &mut Vec<u8>,
        findings: &mut Findings,
    ) -> Result<(), FormatError> {
        let mut cells = block.cells();
        let mut row = Vec::with_capacity(self.keys.len());
        while self.place.next_row(&mut cells, &mut row)? {
            self.rows += 1;
            if self.rows > 1 {
                out.push(b',');
            }
            self.write_row(&row, values, out, findings)?;
        }
        Ok(())
    }

    fn write_row(
        &self,
        row: &[Option<&[u8]>],
        values: &mut ValueWriter,
        out: &mut Vec<u8>,
        findings: &mut Findings,
    ) -> Result<(), FormatError> {
        if row.is_empty() {
            out.push(b'{');
        }
        for (index, (key, column)) in self.keys.iter().zip(self.place.columns()).enumerate() {
            out.extend_from_slice(key);
            let start = out.len();
            if let Err(misfit) = values.write_cell(column.kind, row[index], out) {
                out.truncate(start);
                out.extend_from_slice(b"null");
                findings.refuse(self.place.misfit(row, index, misfit))?;
            } else if column.kind == ColumnType::Json && row[index].is_some() {
                findings.note(values.json.remarks(), &self.place, row, index);
            }
        }
        out.push(b'}');
        Ok(())
    }
}

/// A key with its comma, where something is in front of it, and its colon.
fn write_key(key: &str, out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    write_string(key, out);
    out.push(b':');
}

fn row_key(index: usize, name: &str) -> Vec<u8> {
    let mut key = vec![if index == 0 { b'{' } else { b',' }];
    write_string(name, &mut key);
    key.push(b':');
    key
}

/// Writes values as JSON.
struct ValueWriter {
    timestamp: TimestampStyle,
    json: Transcoder,
}

impl ValueWriter {
    #[inline]
    fn write_cell(&mut self, kind: ColumnType, cell: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), Misfit> {
        let Some(cell) = cell else {
            out.extend_from_slice(b"null");
            return Ok(());
        };
        self.write(Value::read(kind, cell)?, out)
    }

    #[inline]
    fn write(&mut self, value: Value<'_>, out: &mut Vec<u8>) -> Result<(), Misfit> {
        match value {
            Value::Uuid(_) | Value::Timestamp(_) | Value::Numeric(_) | Value::Date(_) | Value::Bytes(_) => {
                self.write_quoted(value, out)?;
            }
            Value::Text(text) => write_string(text, out),
            // JSON has no such numbers: their names, as for `numeric`.
            Value::Float(number) if !number.is_finite() => self.write_quoted(value, out)?,
            Value::Single(number) if !number.is_finite() => self.write_quoted(value, out)?,
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Single(_) => {
                value.write_text(self.timestamp, out)?;
            }
            Value::Json(json) => self.json.write(json, out)?,
            Value::List(words) => write_words(words, out),
            Value::Array(array) if array.has_own_bounds() => {
                let mut text = Vec::new();
                array.write_text(&mut text, |element, out| self.write_plain(element, out))?;
                write_string(&String::from_utf8_lossy(&text), out);
            }
            Value::Array(array) => array.write_nested(*b"[]", out, |element, out| self.write_element(element, out))?,
            Value::ArrayText(array) => array.write_json(out)?,
        }
        Ok(())
    }

    /// A text that holds nothing to escape.
    #[inline]
    fn write_quoted(&self, value: Value<'_>, out: &mut Vec<u8>) -> Result<(), Misfit> {
        out.push(b'"');
        value.write_text(self.timestamp, out)?;
        out.push(b'"');
        Ok(())
    }

    fn write_element(&mut self, element: Option<Value<'_>>, out: &mut Vec<u8>) -> Result<(), Misfit> {
        if let Some(element) = element {
            return self.write(element, out);
        }
        out.extend_from_slice(b"null");
        Ok(())
    }

    /// The text of an element.
    fn write_plain(&mut self, value: Value<'_>, out: &mut Vec<u8>) -> Result<(), Misfit> {
        match value {
            Value::Json(json) => self.json.write(json, out),
            value => value.write_text(self.timestamp, out),
        }
    }
}

/// Words with one blank between them, as a list.
fn write_words(words: &str, out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, word) in words.split(' ').filter(|_| !words.is_empty()).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(word, out);
    }
    out.push(b']');
}
