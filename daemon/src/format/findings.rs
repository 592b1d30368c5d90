//! What an encoder noticed about the rows beside writing them.

use orgvault_api::{Format, Warning};

use super::{
    FormatError, Unrepresentable, Written,
    transcode::{Named, Remarks},
    value::{Misfit, Value},
};
use crate::{
    product::Section,
    row::{Cells, Column, TornRow},
};

/// At most this many values are named.
const NAMED: usize = 100;
/// How many levels jq 1.6 reads (`MAX_PARSING_DEPTH`, measured): an array is one, an object two.
const READABLE_DEPTH: usize = 256;

/// Values that the format cannot hold and numbers that lost digits, over a whole archive.
#[derive(Debug, Default)]
pub struct Findings {
    tolerant: bool,
    unrepresentable: Vec<Unrepresentable>,
    unrepresentable_total: u64,
    imprecise: Named,
    halves: Named,
    deep: Named,
}

impl Findings {
    /// From now on values that the format cannot hold are collected instead of failing.
    pub fn tolerate(&mut self) {
        self.tolerant = true;
    }

    /// Moves what was found into an encoder's result.
    pub fn report(self, written: &mut Written) {
        written.warnings.extend(self.warnings().into_iter().flatten());
        written.unrepresentable = self.unrepresentable;
        written.unrepresentable_total = self.unrepresentable_total;
    }

    fn warnings(&self) -> [Option<Warning>; 3] {
        let warning = |found: &Named, code: &str, message: &dyn Fn(u64) -> String| {
            (found.total() > 0).then(|| Warning {
                code: code.to_owned(),
                message: message(found.total()),
                ids: found.names().to_vec(),
            })
        };
        [
            warning(&self.imprecise, "number_imprecise", &|total| {
                format!(
                    "{} in JSON columns have more digits than the format's numbers hold: they are written as the app's own export writes them, rounded",
                    plural(total, "number")
                )
            }),
            warning(&self.halves, "json_half_character", &|total| {
                format!(
                    "{} in JSON columns hold half of a character (\\ud800 to \\udfff alone), as the app's own export writes them: jq and other readers refuse or change them",
                    plural(total, "text")
                )
            }),
            warning(&self.deep, "json_deep", &|total| {
                format!(
                    "{} of JSON columns are nested deeper than the {READABLE_DEPTH} levels that jq 1.6 reads (an object is two), as the app's own export writes them: jq and other readers refuse the whole document",
                    plural(total, "value")
                )
            }),
        ]
    }

    /// Collects the error of one value, or gives it back where it has to fail.
    pub(super) fn refuse(&mut self, error: FormatError) -> Result<(), FormatError> {
        match error {
            FormatError::Unrepresentable(value) if self.tolerant => {
                self.unrepresentable_total += 1;
                if self.unrepresentable.len() < NAMED {
                    self.unrepresentable.push(value);
                }
                Ok(())
            }
            error => Err(error),
        }
    }

    /// Notes what was noticed about the JSON text that was printed last.
    #[inline]
    pub(super) fn note(&mut self, remarks: &Remarks, place: &ValueOrigin, row: &[Option<&[u8]>], column: usize) {
        if remarks.imprecise.total() > 0 {
            self.imprecise.extend(&remarks.imprecise, |path| place.path(row, column, path));
        }
        if remarks.halves.total() > 0 {
            self.halves.extend(&remarks.halves, |path| place.path(row, column, path));
        }
        if remarks.depth() + place.depth > READABLE_DEPTH {
            let name = self.deep.is_named().then(|| place.path(row, column, ""));
            self.deep.add(name);
        }
    }
}

fn plural(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Where the values of a section come from: what an error needs to name one.
#[derive(Debug)]
pub(super) struct ValueOrigin {
    section: String,
    table: String,
    format: Format,
    columns: Vec<Column>,
    id: usize,
    /// How many levels of jq the document has around a value.
    depth: usize,
}

impl ValueOrigin {
    pub(super) fn new(section: &Section, columns: &[Column], format: Format) -> Self {
        let is_id = |column: &Column| section.id.as_ref() == Some(&column.name);
        Self {
            section: section.name.clone(),
            table: section.table.clone(),
            format,
            columns: columns.to_vec(),
            id: columns.iter().position(is_id).unwrap_or(0),
            // In CSV a value is a text of its own.
            depth: match (format, section.single) {
                (Format::Json, true) => 4,
                (Format::Json, false) => 5,
                _ => 0,
            },
        }
    }

    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Reads the next row's cells; false at the end of the block.
    pub(super) fn next_row<'a>(
        &self,
        cells: &mut Cells<'a>,
        row: &mut Vec<Option<&'a [u8]>>,
    ) -> Result<bool, FormatError> {
        let Some(count) = cells.next_row().map_err(|cause| self.torn(cause))? else { return Ok(false) };
        if count != self.columns.len() {
            return Err(self.torn(TornRow));
        }
        row.clear();
        for _ in 0..count {
            row.push(cells.next_cell().map_err(|cause| self.torn(cause))?);
        }
        Ok(true)
    }

    /// The error for a value of this row.
    pub(super) fn misfit(&self, row: &[Option<&[u8]>], column: usize, misfit: Misfit) -> FormatError {
        match misfit {
            Misfit::Torn => self.torn(TornRow),
            misfit => Unrepresentable {
                table: self.table.clone(),
                id: self.row_id(row),
                column: self.columns[column].name.clone(),
                value: misfit.to_string(),
                format: self.format,
            }
            .into(),
        }
    }

    /// `organizations 0b…: settings.limits[0]`.
    pub(super) fn path(&self, row: &[Option<&[u8]>], column: usize, inner: &str) -> String {
        format!("{} {}: {}{inner}", self.table, self.row_id(row), self.columns[column].name)
    }

    /// What names a row.
    pub(super) fn row_id(&self, row: &[Option<&[u8]>]) -> String {
        match (self.columns.get(self.id), row.get(self.id)) {
            (Some(column), Some(Some(cell))) => Value::shown(column.kind, cell),
            _ => "without an id".to_owned(),
        }
    }

    fn torn(&self, cause: TornRow) -> FormatError {
        FormatError::Torn { section: self.section.clone(), cause }
    }
}
