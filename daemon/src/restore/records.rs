//! CSV as PostgreSQL writes it, taken apart into records without holding any.

use std::{fmt, mem};

use sha2::{Digest as _, Sha256};

/// The sum, modulo 2^256, of the SHA-256 of every record's bytes without the line break that ends it. It is the same
/// whatever order the rows are in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowHash([u64; 4]);

impl RowHash {
    fn add(&mut self, digest: &[u8]) {
        let mut carry = false;
        // The last eight bytes count least.
        for (sum, bytes) in self.0.iter_mut().rev().zip(digest.rchunks_exact(8)) {
            let part = bytes.try_into().map_or(0, u64::from_be_bytes);
            let (with_carry, one) = sum.overflowing_add(u64::from(carry));
            let (with_part, two) = with_carry.overflowing_add(part);
            *sum = with_part;
            carry = one || two;
        }
    }
}

impl fmt::Display for RowHash {
    /// 64 hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| write!(f, "{part:016x}"))
    }
}

/// Counts and hashes records.
#[derive(Default)]
pub(super) struct Records {
    hash: RowHash,
    rows: u64,
    record: Sha256,
    /// Bytes of the record that is not over yet.
    pending: bool,
    quoted: bool,
}

impl Records {
    /// Takes the next bytes; they may end anywhere.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let mut begin = 0;
        for at in memchr::memchr2_iter(b'"', b'\n', bytes) {
            if bytes.get(at) == Some(&b'"') {
                self.quoted = !self.quoted;
            } else if !self.quoted {
                self.record.update(bytes.get(begin..at).unwrap_or_default());
                self.end();
                begin = at + 1;
            }
        }
        let rest = bytes.get(begin..).unwrap_or_default();
        self.record.update(rest);
        self.pending |= !rest.is_empty();
    }

    /// Gives the number of records and their hash. The last one may lack its line break.
    pub(super) fn finish(mut self) -> (u64, RowHash) {
        if self.pending {
            self.end();
        }
        (self.rows, self.hash)
    }

    fn end(&mut self) {
        let digest = mem::take(&mut self.record).finalize();
        self.hash.add(&digest);
        self.rows += 1;
        self.pending = false;
    }
}

/// Where the first record ends: the byte after its line break.
pub(super) fn first_record(bytes: &[u8]) -> Option<usize> {
    let mut quoted = false;
    for at in memchr::memchr2_iter(b'"', b'\n', bytes) {
        match bytes.get(at) {
            Some(b'"') => quoted = !quoted,
            _ if !quoted => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The fields of one record.
pub(super) fn fields(record: &[u8]) -> Vec<String> {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    let record = record.strip_suffix(b"\r").unwrap_or(record);
    let (mut fields, mut field, mut quoted) = (Vec::new(), Vec::new(), false);
    let mut bytes = record.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.peek() == Some(&b'"') => {
                bytes.next();
                field.push(b'"');
            }
            b'"' => quoted = !quoted,
            b',' if !quoted => fields.push(mem::take(&mut field)),
            byte => field.push(byte),
        }
    }
    fields.push(field);
    fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashed(text: &str, cut: usize) -> (u64, RowHash) {
        let mut records = Records::default();
        text.as_bytes().chunks(cut).for_each(|chunk| records.feed(chunk));
        records.finish()
    }

    #[test]
    fn records_are_counted_wherever_the_blocks_end() {
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

    #[test]
    fn a_header_may_hold_anything() {
        let header = b"id,\"a,b\",\"c\"\"\nd\"\n1,2,3\n";
        assert_eq!(first_record(header), Some(17));
        assert_eq!(fields(&header[..17]), ["id", "a,b", "c\"\nd"]);
        assert_eq!(first_record(b"id,\"a\n"), None);
    }
}
