//! PostgreSQL's binary `numeric`, printed exactly (`numeric_send`, `numeric_out`).

use super::write_integer;

/// A decimal number: base-10000 digits, the weight of the first, and how many decimals to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numeric<'a> {
    digits: &'a [u8],
    weight: i32,
    sign: Sign,
    scale: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plus,
    Minus,
    NaN,
    Infinity,
    MinusInfinity,
}

impl<'a> Numeric<'a> {
    /// Reads a cell; none where it is not one.
    pub(super) fn read(cell: &'a [u8]) -> Option<Self> {
        let (head, digits) = cell.split_first_chunk::<8>()?;
        let word = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
        let sign = match word(4) {
            0 => Sign::Plus,
            0x4000 => Sign::Minus,
            0xC000 => Sign::NaN,
            0xD000 => Sign::Infinity,
            0xF000 => Sign::MinusInfinity,
            _ => return None,
        };
        let well_formed = digits.len() == 2 * usize::from(word(0))
            && digits.as_chunks::<2>().0.iter().all(|digit| u16::from_be_bytes(*digit) < 10_000);
        let weight = i32::from(i16::from_be_bytes([head[2], head[3]]));
        well_formed.then_some(Self { digits, weight, sign, scale: usize::from(word(6)) })
    }

    /// Appends PostgreSQL's own text: `1.50`, `-0.001`, `NaN`, `-Infinity`.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self.sign {
            Sign::NaN => return out.extend_from_slice(b"NaN"),
            Sign::Infinity => return out.extend_from_slice(b"Infinity"),
            Sign::MinusInfinity => return out.extend_from_slice(b"-Infinity"),
            Sign::Minus => out.push(b'-'),
            Sign::Plus => {}
        }
        write_integer(self.digit(0.min(self.weight)).into(), out);
        for index in 1..=self.weight {
            out.extend_from_slice(&four(self.digit(index)));
        }
        if self.scale > 0 {
            self.write_decimals(out);
        }
    }

    fn write_decimals(&self, out: &mut Vec<u8>) {
        out.push(b'.');
        let end = out.len() + self.scale;
        let mut index = self.weight + 1;
        while out.len() < end {
            out.extend_from_slice(&four(self.digit(index)));
            index += 1;
        }
        out.truncate(end);
    }

    /// The base-10000 digit at this place after the first; 0 where none is stored.
    fn digit(&self, index: i32) -> u16 {
        let at = usize::try_from(index).ok().and_then(|index| self.digits.get(2 * index..2 * index + 2));
        at.map_or(0, |digit| u16::from_be_bytes([digit[0], digit[1]]))
    }
}

/// The four decimal digits of a number below 10000.
fn four(digit: u16) -> [u8; 4] {
    [digit / 1000, digit / 100 % 10, digit / 10 % 10, digit % 10].map(|digit| b'0' + digit.to_le_bytes()[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(weight: i16, sign: u16, scale: u16, digits: &[u16]) -> String {
        let mut cell = Vec::new();
        cell.extend_from_slice(&u16::try_from(digits.len()).unwrap().to_be_bytes());
        cell.extend_from_slice(&weight.to_be_bytes());
        cell.extend_from_slice(&sign.to_be_bytes());
        cell.extend_from_slice(&scale.to_be_bytes());
        cell.extend(digits.iter().flat_map(|digit| digit.to_be_bytes()));
        let mut out = Vec::new();
        Numeric::read(&cell).unwrap().write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn keeps_the_scale_and_every_digit() {
        assert_eq!(shown(0, 0, 2, &[1, 5000]), "1.50");
        assert_eq!(shown(0, 0, 1, &[]), "0.0");
        assert_eq!(shown(0, 0, 0, &[]), "0");
        assert_eq!(shown(5, 0, 0, &[10]), "1000000000000000000000");
        assert_eq!(shown(-1, 0x4000, 3, &[10]), "-0.001");
        assert_eq!(shown(-2, 0, 8, &[1]), "0.00000001");
        assert_eq!(shown(-2, 0, 5, &[1000]), "0.00001");
        assert_eq!(shown(1, 0, 3, &[12, 34, 5600]), "120034.560");
        assert_eq!(shown(0, 0xC000, 0, &[]), "NaN");
        assert_eq!(shown(0, 0xD000, 0, &[]), "Infinity");
        assert_eq!(shown(0, 0xF000, 0, &[]), "-Infinity");
    }

    #[test]
    fn refuses_what_is_no_numeric() {
        for cell in [
            &[][..],
            &[0; 7],
            &[0, 1, 0, 0, 0, 0, 0, 0],
            &[0, 0, 0, 0, 1, 0, 0, 0],
            &[0, 1, 0, 0, 0, 0, 0, 0, 0x27, 0x10],
        ] {
            assert!(Numeric::read(cell).is_none(), "{cell:?}");
        }
    }
}
