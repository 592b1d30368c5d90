//! The stream of `COPY .. TO STDOUT (FORMAT csv)`, cut into blocks of whole rows.

use super::copy::CopyError;
use crate::row::Block;

/// Takes the stream apart. A line break within quotes ends no row. PostgreSQL sends one row in each message, but
/// promises nothing.
#[derive(Default)]
pub(super) struct Lines {
    /// What is left of a message that ended in the middle of a row.
    carried: Vec<u8>,
    /// Whether that is within quotes.
    is_quoted: bool,
}

impl Lines {
    /// Appends the whole rows of a message to `block`.
    pub(super) fn feed(&mut self, message: &[u8], block: &mut Block) {
        let mut begin = 0;
        for at in memchr::memchr2_iter(b'"', b'\n', message) {
            if message.get(at) == Some(&b'"') {
                self.is_quoted = !self.is_quoted;
            } else if !self.is_quoted {
                let line = message.get(begin..=at).unwrap_or_default();
                if self.carried.is_empty() {
                    block.push_row(line);
                } else {
                    self.carried.extend_from_slice(line);
                    block.push_row(&self.carried);
                    self.carried.clear();
                }
                begin = at + 1;
            }
        }
        self.carried.extend_from_slice(message.get(begin..).unwrap_or_default());
    }

    /// The stream is over.
    pub(super) fn finish(&self) -> Result<(), CopyError> {
        if self.carried.is_empty() { Ok(()) } else { Err(CopyError::Short) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(messages: &[&[u8]]) -> (Vec<u8>, u64, Result<(), CopyError>) {
        let (mut lines, mut block) = (Lines::default(), Block::default());
        for message in messages {
            lines.feed(message, &mut block);
        }
        (block.bytes().to_vec(), block.rows(), lines.finish())
    }

    #[test]
    fn a_line_break_in_quotes_ends_no_row() {
        let stream = b"1,\"a\nb\"\n2,\"\"\"\n\"\n\\N,\n";
        for cut in 1..=stream.len() {
            let messages: Vec<&[u8]> = stream.chunks(cut).collect();
            assert_eq!(rows(&messages), (stream.to_vec(), 3, Ok(())), "{cut}");
        }
        assert_eq!(rows(&[b"1,\"a\n"]).2, Err(CopyError::Short));
        assert_eq!(rows(&[b"1,a\n2"]), (b"1,a\n".to_vec(), 1, Err(CopyError::Short)));
        assert_eq!(rows(&[]), (Vec::new(), 0, Ok(())));
    }
}
