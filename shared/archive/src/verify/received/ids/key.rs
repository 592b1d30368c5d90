//! What names a row: a whole number, or any text.

use std::{
    fmt,
    io::{self, BufRead, Read},
};

/// A larger key is not written, so that reading one is bounded.
const LARGEST: u64 = 16 * 1024 * 1024;

/// A key that is compared, put down and read again.
pub(super) trait Key: Ord + Clone + fmt::Display {
    /// Bytes that it takes outside of itself.
    fn beside(&self) -> usize;

    /// Writes it behind `before`, which comes before it in the order.
    fn write(&self, before: Option<&Self>, to: &mut Vec<u8>);

    /// Reads what was written behind `before`.
    fn read(before: Option<&Self>, from: &mut impl BufRead) -> io::Result<Self>;
}

impl Key for u64 {
    fn beside(&self) -> usize {
        0
    }

    /// The distance is shorter than the number.
    fn write(&self, before: Option<&Self>, to: &mut Vec<u8>) {
        write_number(self.wrapping_sub(before.copied().unwrap_or(0)), to);
    }

    fn read(before: Option<&Self>, from: &mut impl BufRead) -> io::Result<Self> {
        Ok(before.copied().unwrap_or(0).wrapping_add(read_number(from)?))
    }
}

impl Key for Box<str> {
    fn beside(&self) -> usize {
        // As much again does the allocator take for a short one.
        self.len() + 16
    }

    fn write(&self, _before: Option<&Self>, to: &mut Vec<u8>) {
        write_number(self.len() as u64, to);
        to.extend_from_slice(self.as_bytes());
    }

    fn read(_before: Option<&Self>, from: &mut impl BufRead) -> io::Result<Self> {
        let length = read_number(from)?;
        let mut text = String::new();
        from.take(length.min(LARGEST)).read_to_string(&mut text)?;
        Ok(text.into())
    }
}

/// Seven bits a byte, the lowest first; all but the last byte have the eighth.
pub(super) fn write_number(mut number: u64, to: &mut Vec<u8>) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return to.push(low & 0x7f);
        }
        to.push(low | 0x80);
    }
}

/// Reads what [`write_number`] wrote.
pub(super) fn read_number(from: &mut impl BufRead) -> io::Result<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let byte = *from.fill_buf()?.first().ok_or(io::ErrorKind::UnexpectedEof)?;
        from.consume(1);
        number |= u64::from(byte & 0x7f).checked_shl(shift).ok_or(io::ErrorKind::InvalidData)?;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
        shift += 7;
    }
}
