//! The sections of a JSON archive from first to last, row by row, in constant memory: for whoever makes something of
//! the rows.

use std::io::{self, Read};

use flate2::bufread::MultiGzDecoder;

use super::{
    content::Broken,
    document::{Document, LARGEST_ROW, Shape},
    reader::ArchiveReader,
    verify::ArchiveFault,
};

/// Bytes that are read at once.
const BLOCK: usize = 256 * 1024;

/// One pass over a JSON archive.
pub struct Sections {
    document: Document<Box<dyn Read + Send>>,
    /// Whether the section that was entered has rows that nobody took.
    has_rows: bool,
}

/// What a section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Rows, which [`Sections::next_row`] gives.
    Rows,
    /// One value, which [`Sections::value`] gives.
    Value,
}

impl Sections {
    /// Begins at the archive's first byte.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn open(archive: &ArchiveReader, gzip: bool) -> Result<Self, ArchiveFault> {
        let blocks = io::BufReader::with_capacity(BLOCK, archive.again());
        let content: Box<dyn Read + Send> = if gzip { Box::new(MultiGzDecoder::new(blocks)) } else { Box::new(blocks) };
        Ok(Self { document: Document::open(content).map_err(fault)?, has_rows: false })
    }

    /// Enters the next section; none at the archive's end. Rows that nobody took are passed over.
    ///
    /// # Errors
    /// Where the archive is broken.
    pub fn next_section(&mut self) -> Result<Option<(String, Held)>, ArchiveFault> {
        if std::mem::take(&mut self.has_rows) {
            while self.document.pass_row().map_err(fault)? {}
        }
        let Some(name) = self.document.next_key().map_err(fault)? else { return Ok(None) };
        let held = match self.document.shape().map_err(fault)? {
            Shape::Rows => Held::Rows,
            Shape::Object | Shape::Scalar => Held::Value,
        };
        self.has_rows = held == Held::Rows;
        Ok(Some((name, held)))
    }

    /// The next row of the section; none at its end.
    ///
    /// # Errors
    /// Where the archive is broken, or the row larger than 8 MiB.
    pub fn next_row(&mut self) -> Result<Option<&[u8]>, ArchiveFault> {
        if !self.has_rows {
            return Ok(None);
        }
        let row = self.document.next_row().map_err(fault)?;
        self.has_rows = row.is_some();
        Ok(row)
    }

    /// The value of a section that holds one: it has to be taken before the next section.
    ///
    /// # Errors
    /// As [`Sections::next_row`].
    pub fn value(&mut self) -> Result<&[u8], ArchiveFault> {
        self.document.value(LARGEST_ROW).map_err(fault)
    }
}

fn fault(broken: Broken) -> ArchiveFault {
    ArchiveFault::of(broken, "JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_takes_is_passed_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.json");
        std::fs::write(&path, r#"{"a":[1,{"b":2}],"c":3,"d":["x"]}"#).unwrap();
        let archive = ArchiveReader::in_place(&path).unwrap();
        for _ in 0..2 {
            let mut sections = Sections::open(&archive, false).unwrap();
            assert_eq!(sections.next_section().unwrap().unwrap(), ("a".to_owned(), Held::Rows));
            assert_eq!(sections.next_row().unwrap().unwrap(), b"1");
            assert_eq!(sections.next_section().unwrap().unwrap(), ("c".to_owned(), Held::Value));
            assert_eq!(sections.value().unwrap(), b"3");
            assert_eq!(sections.next_section().unwrap().unwrap(), ("d".to_owned(), Held::Rows));
            assert_eq!(sections.next_row().unwrap().unwrap(), b"\"x\"");
            assert_eq!(sections.next_row().unwrap(), None);
            assert_eq!(sections.next_row().unwrap(), None);
            assert_eq!(sections.next_section().unwrap(), None);
        }
    }
}
