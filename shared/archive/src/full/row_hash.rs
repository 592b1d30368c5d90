//! The hash of a table's rows that does not know their order.

use sha2::{Digest, Sha256};

/// The sum, modulo 2^256, of the SHA-256 of every row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowHash {
    /// Four words, the lowest first.
    words: [u64; 4],
}

impl RowHash {
    /// Adds a row: the bytes of its CSV line, without the line break that ends it.
    pub fn add(&mut self, row: &[u8]) {
        let digest = Sha256::digest(row);
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

/// Takes CSV apart into rows, however its bytes are cut, and hashes them. A line break within quotes ends no row.
#[derive(Debug, Clone, Default)]
pub struct RowHasher {
    hash: RowHash,
    /// Rows passed.
    rows: u64,
    /// Rows to pass over: one where the bytes begin with a header.
    headers: u64,
    /// What is there of a row that goes on.
    carried: Vec<u8>,
    /// Whether that ends within quotes.
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
                self.row(bytes.get(begin..at).unwrap_or_default());
                begin = at + 1;
            }
        }
        self.carried.extend_from_slice(bytes.get(begin..).unwrap_or_default());
    }

    fn row(&mut self, end: &[u8]) {
        if let Some(left) = self.headers.checked_sub(1) {
            self.headers = left;
        } else {
            self.rows += 1;
            if self.carried.is_empty() {
                self.hash.add(end);
            } else {
                self.carried.extend_from_slice(end);
                self.hash.add(&self.carried);
            }
        }
        self.carried.clear();
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
            hash.add(row.as_bytes());
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
}
