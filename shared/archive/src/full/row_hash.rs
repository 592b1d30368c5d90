//! The hash of a table's rows that does not know their order.

use sha2::{Digest, Sha256};

/// The sum, modulo 2^256, of the SHA-256 of every row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowHash {
    /// Four words, the lowest first.
    words: [u64; 4],
}

impl RowHash {
    /// Adds a row by the SHA-256 of its CSV line, without the line break that ends it.
    fn add(&mut self, digest: &[u8]) {
        let mut carry = false;
        for (word, bytes) in self.words.iter_mut().zip(digest.rchunks_exact(8)) {
            let bytes = bytes.first_chunk().copied().unwrap_or_default();
            (*word, carry) = word.carrying_add(u64::from_be_bytes(bytes), carry);
        }
    }
}

impl std::fmt::Display for RowHash {
    /// 64 hex digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.words.iter().rev().try_for_each(|word| write!(f, "{word:016x}"))
    }
}

/// Takes CSV apart into rows, however its bytes are cut, and hashes them; no row is held. A line break within quotes
/// ends no row.
#[derive(Debug, Clone, Default)]
pub struct RowHasher {
    hash: RowHash,
    /// Rows passed.
    rows: u64,
    /// Rows to pass over: one where the bytes begin with a header.
    headers: u64,
    /// What is there of a row that goes on.
    row: Sha256,
    /// Whether that is anything.
    is_open: bool,
    /// Whether it ends within quotes.
    is_quoted: bool,
}

impl RowHasher {
    /// One for bytes that begin with a header.
    #[must_use]
    pub fn behind_header() -> Self {
        Self { headers: 1, ..Self::default() }
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut begin = 0;
        for at in memchr::memchr2_iter(b'"', b'\n', bytes) {
            if bytes.get(at) == Some(&b'"') {
                self.is_quoted = !self.is_quoted;
            } else if !self.is_quoted {
                self.row.update(bytes.get(begin..at).unwrap_or_default());
                self.end_row();
                begin = at + 1;
            }
        }
        let rest = bytes.get(begin..).unwrap_or_default();
        self.row.update(rest);
        self.is_open |= !rest.is_empty();
    }

    /// Takes what follows the last line break for a row, where there is anything.
    pub fn end_open_row(&mut self) {
        if self.is_open {
            self.end_row();
        }
    }

    fn end_row(&mut self) {
        let digest = std::mem::take(&mut self.row).finalize();
        self.is_open = false;
        if let Some(left) = self.headers.checked_sub(1) {
            self.headers = left;
        } else {
            self.rows += 1;
            self.hash.add(&digest);
        }
    }

    /// The rows so far, and their hash. What follows the last line break counts as none.
    #[must_use]
    pub fn finish(&self) -> (u64, RowHash) {
        (self.rows, self.hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[&str]) -> String {
        let mut hash = RowHash::default();
        for row in rows {
            hash.add(&Sha256::digest(row.as_bytes()));
        }
        hash.to_string()
    }

    #[test]
    fn the_order_of_rows_is_nothing_and_their_number_is_not() {
        assert_eq!(of(&[]), "0".repeat(64));
        // `printf 1,a | sha256sum`
        assert_eq!(of(&["1,a"]), "66f3a21bcc1b0c8de577d2ac42654115c1d0733c12163443db849ff091e8e54c");
        assert_eq!(of(&["1,a", "2,b", "3,c"]), of(&["3,c", "1,a", "2,b"]));
        assert_ne!(of(&["1,a"]), of(&["1,a", "1,a"]));
    }

    #[test]
    fn bytes_may_be_cut_anywhere() {
        let csv = b"id,\"a\nb\"\n1,\"a\nb\"\n2,\"\"\"\n\"\n";
        let expected = of(&["1,\"a\nb\"", "2,\"\"\"\n\""]);
        for cut in 1..=csv.len() {
            let mut hasher = RowHasher::behind_header();
            csv.chunks(cut).for_each(|bytes| hasher.feed(bytes));
            let (rows, hash) = hasher.finish();
            assert_eq!((rows, hash.to_string()), (2, expected.clone()), "{cut}");
        }
    }

    #[test]
    fn a_last_row_may_lack_its_line_break_where_somebody_says_so() {
        let mut hasher = RowHasher::default();
        hasher.feed(b"1,a\n2,b");
        let (rows, hash) = hasher.finish();
        assert_eq!((rows, hash.to_string()), (1, of(&["1,a"])));
        hasher.end_open_row();
        hasher.end_open_row();
        let (rows, hash) = hasher.finish();
        assert_eq!((rows, hash.to_string()), (2, of(&["1,a", "2,b"])));
    }

    fn hashed(text: &str, cut: usize) -> (u64, RowHash) {
        let mut hasher = RowHasher::default();
        text.as_bytes().chunks(cut).for_each(|chunk| hasher.feed(chunk));
        hasher.end_open_row();
        hasher.finish()
    }

    #[test]
    fn rows_are_counted_wherever_the_blocks_end() {
        let text = "1,\"a\nb\"\n2,\"x\"\"\n\"\n\n3,";
        let (rows, hash) = hashed(text, 100);
        assert_eq!(rows, 4);
        for cut in 1..10 {
            assert_eq!(hashed(text, cut), (rows, hash), "{cut}");
        }
        assert_eq!(hashed("3,\n\n2,\"x\"\"\n\"\n1,\"a\nb\"\n", 5).1, hash);
        assert_ne!(hashed("3,\n\n2,\"x\"\"\n\"\n1,\"a\nB\"\n", 5).1, hash);
    }

    #[test]
    fn a_hash_is_a_sum_with_carry() {
        let mut hash = RowHash::default();
        hash.add(&[0xff; 32]);
        assert_eq!(hash.to_string(), "f".repeat(64));
        let mut two = [0; 32];
        two[31] = 2;
        hash.add(&two);
        assert_eq!(hash.to_string(), format!("{}1", "0".repeat(63)));
        let one = hashed("a\n", 9).1.to_string();
        assert_eq!(one, "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
    }
}
