//! Blocks -> rows, by the columns' names.

use super::{
    cell::Unfit,
    rows::{Row, Rows, sections},
};
use crate::{
    format::{FormatError, value::Value},
    row::{Block, Column, ColumnType, TornRow},
};

/// The columns that only some releases have.
const MAY_LACK: [(&str, &str); 1] = [("projects", "agile_features")];

/// How a section's blocks are read: where each column of its row type stands.
#[derive(Debug)]
pub(super) struct Layout {
    section: &'static str,
    wanted: &'static [&'static str],
    /// By column of the row type: its place in the block and its type; none where the release has no such column.
    columns: Vec<Option<(usize, ColumnType)>>,
    width: usize,
}

/// A value that does not fit its row type.
#[derive(Debug)]
pub(super) struct RowMisfit {
    pub(super) id: String,
    pub(super) column: &'static str,
    pub(super) value: String,
}

impl Layout {
    /// The layout of the section with this name.
    pub(super) fn new(section: &str, columns: &[Column]) -> Result<Self, FormatError> {
        let (section, wanted) =
            section_columns(section).ok_or_else(|| FormatError::UnknownSection { section: section.to_owned() })?;
        let place = |name: &&str| {
            let column = columns.iter().enumerate().find(|(_, column)| column.name == **name);
            match column {
                Some((place, column)) => Ok(Some((place, column.kind))),
                None if MAY_LACK.contains(&(section, *name)) => Ok(None),
                None => Err(FormatError::LackingColumn { section: section.to_owned(), column: (*name).to_owned() }),
            }
        };
        let places = wanted.iter().map(place).collect::<Result<_, _>>()?;
        Ok(Self { section, wanted, columns: places, width: columns.len() })
    }

    pub(super) fn section(&self) -> &'static str {
        self.section
    }

    /// Reads every row of the block; those with a value that does not fit are left out and
    /// given back.
    pub(super) fn read(&self, block: &Block, rows: &mut Rows) -> Result<Vec<RowMisfit>, FormatError> {
        self.read_block(block, rows).map_err(|cause| FormatError::Torn { section: self.section.to_owned(), cause })
    }

    fn read_rows<T: Row>(&self, block: &Block, rows: &mut Vec<T>) -> Result<Vec<RowMisfit>, TornRow> {
        let mut misfits = Vec::new();
        let mut cells = block.cells();
        let mut row: Vec<Option<&[u8]>> = Vec::with_capacity(self.width);
        while let Some(width) = cells.next_row()? {
            if width != self.width {
                return Err(TornRow);
            }
            row.clear();
            for _ in 0..width {
                row.push(cells.next_cell()?);
            }
            let mut cell = |column: usize| self.value(&row, column);
            match T::read(&mut cell) {
                Ok(read) => rows.push(read),
                Err((column, Unfit(value))) => {
                    let column = self.wanted.get(column).copied().unwrap_or_default();
                    misfits.push(RowMisfit { id: self.shown_id(&row), column, value });
                }
            }
        }
        Ok(misfits)
    }

    fn value<'a>(&self, row: &[Option<&'a [u8]>], column: usize) -> Result<Option<Value<'a>>, Unfit> {
        let Some(Some((place, kind))) = self.columns.get(column) else { return Ok(None) };
        let cell = row.get(*place).copied().flatten();
        cell.map(|cell| Value::read(*kind, cell)).transpose().map_err(Unfit::from)
    }

    /// The first column, for messages.
    fn shown_id(&self, row: &[Option<&[u8]>]) -> String {
        let first = self.columns.first().copied().flatten();
        let first = first.and_then(|(place, kind)| Some((kind, row.get(place).copied().flatten()?)));
        first.map_or_else(|| "NULL".to_owned(), |(kind, cell)| Value::shown(kind, cell))
    }
}

macro_rules! dispatch {
    ($($name:ident: $row:ty, $events:literal;)*) => {
        fn section_columns(section: &str) -> Option<(&'static str, &'static [&'static str])> {
            match section {
                $(stringify!($name) => Some((stringify!($name), <$row>::COLUMNS)),)*
                _ => None,
            }
        }

        impl Layout {
            fn read_block(&self, block: &Block, rows: &mut Rows) -> Result<Vec<RowMisfit>, TornRow> {
                match self.section {
                    $(stringify!($name) => self.read_rows::<$row>(block, &mut rows.$name),)*
                    _ => Ok(Vec::new()),
                }
            }
        }
    };
}

sections!(dispatch);

/// The columns of a section's row type.
#[cfg(test)]
pub(super) fn columns_for_test(section: &str) -> &'static [&'static str] {
    section_columns(section).unwrap().1
}
