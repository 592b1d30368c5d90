//! Arrays of PostgreSQL: in binary form where their elements are read one by one, else in text form.
//! <https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO>

use std::io::Write;

use super::{Misfit, Value};
use crate::{
    format::text::write_string,
    row::{ColumnType, Element},
};

/// `MAXDIM`.
const MAX_DIMENSIONS: usize = 6;

/// An array in PostgreSQL's binary form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Array<'a> {
    element: Element,
    /// Of each dimension its length and its lower bound, four bytes each.
    dimensions: &'a [[u8; 8]],
    cells: &'a [u8],
}

impl<'a> Array<'a> {
    /// `array_send`: dimensions, flags, element type, for each dimension length and lower bound,
    /// then for each element its length (-1 is NULL) and bytes.
    pub(super) fn read(element: Element, cell: &'a [u8]) -> Result<Self, Misfit> {
        let (count, rest) = cell.split_first_chunk().ok_or(Misfit::Torn)?;
        let count = usize::try_from(i32::from_be_bytes(*count)).map_err(|_negative| Misfit::Torn)?;
        let rest = rest.get(8..).ok_or(Misfit::Torn)?;
        let (dimensions, cells) = rest.split_at_checked(count.min(MAX_DIMENSIONS + 1) * 8).ok_or(Misfit::Torn)?;
        let (dimensions, _) = dimensions.as_chunks();
        if count > MAX_DIMENSIONS {
            return Err(Misfit::Torn);
        }
        Ok(Self { element, dimensions, cells })
    }

    /// Whether a dimension begins at another number than 1, which no list can say.
    #[must_use]
    pub fn has_own_bounds(self) -> bool {
        self.dimensions.iter().any(|dimension| bound(*dimension) != 1)
    }

    /// Appends PostgreSQL's text of the array: `{a,"b c",NULL}`, with its bounds where they are not 1.
    ///
    /// # Errors
    /// When an element does not fit, or the array is torn.
    pub fn write_text(
        self,
        out: &mut Vec<u8>,
        mut element: impl FnMut(Value<'a>, &mut Vec<u8>) -> Result<(), Misfit>,
    ) -> Result<(), Misfit> {
        if self.has_own_bounds() {
            for dimension in self.dimensions {
                let (first, length) = (i64::from(bound(*dimension)), i64::from(length(*dimension)));
                // A Vec takes every byte: there is no error to pass on.
                out.write_fmt(format_args!("[{first}:{}]", first + length - 1)).unwrap_or_default();
            }
            out.push(b'=');
        }
        let mut text = Vec::new();
        self.write_nested(*b"{}", out, |value, out| {
            let Some(value) = value else {
                out.extend_from_slice(b"NULL");
                return Ok(());
            };
            text.clear();
            element(value, &mut text)?;
            write_element(&text, out);
            Ok(())
        })
    }

    /// Appends the elements (none for NULL) with commas between them, in a pair of brackets for each dimension.
    ///
    /// # Errors
    /// When an element does not fit, or the array is torn.
    pub fn write_nested(
        self,
        [open, close]: [u8; 2],
        out: &mut Vec<u8>,
        mut element: impl FnMut(Option<Value<'a>>, &mut Vec<u8>) -> Result<(), Misfit>,
    ) -> Result<(), Misfit> {
        let spans = self.spans()?;
        let spans = &spans[..self.dimensions.len()];
        let all = spans.first().copied().unwrap_or_default();
        if all == 0 {
            out.extend_from_slice(&[open, close]);
            return if self.cells.is_empty() { Ok(()) } else { Err(Misfit::Torn) };
        }
        let kind = self.element.column_type();
        let mut cells = self.cells;
        for index in 0..all {
            let begins = spans.iter().filter(|span| index % **span == 0).count();
            if index > 0 {
                out.push(b',');
            }
            out.resize(out.len() + begins, open);
            element(next_element(self.element, kind, &mut cells)?, out)?;
            let ends = spans.iter().filter(|span| (index + 1) % **span == 0).count();
            out.resize(out.len() + ends, close);
        }
        if cells.is_empty() { Ok(()) } else { Err(Misfit::Torn) }
    }

    /// How many elements each dimension's brackets hold, the outermost first.
    fn spans(self) -> Result<[usize; MAX_DIMENSIONS], Misfit> {
        let mut spans = [0; MAX_DIMENSIONS];
        let mut span = 1_usize;
        for (index, dimension) in self.dimensions.iter().enumerate().rev() {
            let length = usize::try_from(length(*dimension)).map_err(|_negative| Misfit::Torn)?;
            span = span.checked_mul(length).ok_or(Misfit::Torn)?;
            spans[index] = span;
        }
        // Each element has a length of four bytes at least.
        if span > self.cells.len() / 4 && !self.dimensions.is_empty() {
            return Err(Misfit::Torn);
        }
        Ok(spans)
    }
}

fn length(dimension: [u8; 8]) -> i32 {
    let [a, b, c, d, ..] = dimension;
    i32::from_be_bytes([a, b, c, d])
}

fn bound(dimension: [u8; 8]) -> i32 {
    let [.., a, b, c, d] = dimension;
    i32::from_be_bytes([a, b, c, d])
}

fn next_element<'a>(element: Element, kind: ColumnType, cells: &mut &'a [u8]) -> Result<Option<Value<'a>>, Misfit> {
    let (length, rest) = cells.split_first_chunk().ok_or(Misfit::Torn)?;
    let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
        *cells = rest;
        return Ok(None);
    };
    let (cell, rest) = rest.split_at_checked(length).ok_or(Misfit::Torn)?;
    *cells = rest;
    match (element, cell) {
        (Element::Jsonb, [1, text @ ..]) => Value::read(kind, text).map(Some),
        (Element::Jsonb, _) => Err(Misfit::Torn),
        _ => Value::read(kind, cell).map(Some),
    }
}

/// As `array_out` writes an element.
fn write_element(text: &[u8], out: &mut Vec<u8>) {
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | b'{' | b'}' | b',' | b' ' | 0x09..=0x0D);
    if !text.is_empty() && !text.eq_ignore_ascii_case(b"NULL") && !text.iter().any(is_special) {
        return out.extend_from_slice(text);
    }
    out.push(b'"');
    for byte in text {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

impl Element {
    /// The type of a column that holds one such element.
    #[must_use]
    pub fn column_type(self) -> ColumnType {
        match self {
            Self::Bool => ColumnType::Bool,
            Self::Int => ColumnType::Int,
            Self::Float => ColumnType::Float,
            Self::Numeric => ColumnType::Numeric,
            Self::Text => ColumnType::Text,
            Self::Uuid => ColumnType::Uuid,
            Self::Timestamp => ColumnType::Timestamp,
            Self::Date => ColumnType::Date,
            Self::Json | Self::Jsonb => ColumnType::Json,
            Self::Bytes => ColumnType::Bytes,
        }
    }
}

/// An array as PostgreSQL prints it, of elements of any type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArrayText<'a> {
    delimiter: char,
    text: &'a str,
}

impl<'a> ArrayText<'a> {
    pub(super) fn read(cell: &'a [u8]) -> Result<Self, Misfit> {
        let mut characters = super::text(cell)?.chars();
        let delimiter = characters.next().ok_or(Misfit::Torn)?;
        Ok(Self { delimiter, text: characters.as_str() })
    }

    /// PostgreSQL's own text.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.text
    }

    /// Appends a list of the elements' texts; where a dimension begins at another number than 1, which no list can
    /// say, PostgreSQL's text as a string.
    ///
    /// # Errors
    /// When it is no text of an array.
    pub fn write_json(self, out: &mut Vec<u8>) -> Result<(), Misfit> {
        if self.text.starts_with('[') {
            write_string(self.text, out);
            return Ok(());
        }
        let mut rest = self.text;
        let mut depth = 0_u32;
        while let Some((first, after)) = split_first(rest) {
            match first {
                '{' => {
                    depth += 1;
                    out.push(b'[');
                }
                '}' => {
                    depth = depth.checked_sub(1).ok_or(Misfit::Torn)?;
                    out.push(b']');
                }
                '"' => {
                    rest = write_quoted(after, out)?;
                    continue;
                }
                _ if first == self.delimiter => out.push(b','),
                _ => {
                    rest = self.write_bare(rest, out)?;
                    continue;
                }
            }
            rest = after;
            if depth == 0 {
                return if rest.is_empty() { Ok(()) } else { Err(Misfit::Torn) };
            }
        }
        Err(Misfit::Torn)
    }

    fn write_bare<'t>(self, text: &'t str, out: &mut Vec<u8>) -> Result<&'t str, Misfit> {
        let end = text.find([self.delimiter, '}']).ok_or(Misfit::Torn)?;
        let (bare, rest) = text.split_at_checked(end).ok_or(Misfit::Torn)?;
        if bare == "NULL" {
            out.extend_from_slice(b"null");
        } else {
            write_string(bare, out);
        }
        Ok(rest)
    }
}

/// What follows an opening quote: writes the string up to its end, gives what is behind it.
fn write_quoted<'t>(text: &'t str, out: &mut Vec<u8>) -> Result<&'t str, Misfit> {
    let mut plain = String::new();
    let mut characters = text.chars();
    loop {
        match characters.next().ok_or(Misfit::Torn)? {
            '"' => break,
            '\\' => plain.push(characters.next().ok_or(Misfit::Torn)?),
            character => plain.push(character),
        }
    }
    write_string(&plain, out);
    Ok(characters.as_str())
}

fn split_first(text: &str) -> Option<(char, &str)> {
    let mut characters = text.chars();
    Some((characters.next()?, characters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::TimestampStyle;

    /// `array_send`'s bytes: of each dimension length and lower bound, then the elements.
    fn sent(dimensions: &[(i32, i32)], elements: &[Option<&[u8]>]) -> Vec<u8> {
        let mut cell = [i32::try_from(dimensions.len()).unwrap(), 1, 25].map(i32::to_be_bytes).concat();
        cell.extend(dimensions.iter().flat_map(|(length, bound)| [*length, *bound]).flat_map(i32::to_be_bytes));
        for element in elements {
            cell.extend(element.map_or(-1, |element| i32::try_from(element.len()).unwrap()).to_be_bytes());
            cell.extend_from_slice(element.unwrap_or_default());
        }
        cell
    }

    fn text(element: Element, cell: &[u8]) -> Result<String, Misfit> {
        let mut out = Vec::new();
        Value::read(ColumnType::Array(element), cell)?.write_text(TimestampStyle::Millis, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn json(text: &str) -> Result<String, Misfit> {
        let mut out = Vec::new();
        ArrayText::read(text.as_bytes())?.write_json(&mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn an_array_is_written_as_postgresql_writes_it() {
        for (dimensions, elements, expected) in [
            (&[][..], &[][..], "{}"),
            (&[(3, 1)], &[Some(&b"a"[..]), None, Some(b"b c")], r#"{a,NULL,"b c"}"#),
            (&[(4, 1)], &[Some(b""), Some(b"null"), Some(b"\"\\"), Some(b"{,}")], r#"{"","null","\"\\","{,}"}"#),
            (&[(2, 1), (2, 1)], &[Some(b"1"), Some(b"2"), Some(b"3"), None], "{{1,2},{3,NULL}}"),
            (&[(2, -1)], &[Some(b"1"), Some(b"2")], "[-1:0]={1,2}"),
            (&[(1, 1), (2, 0)], &[Some(b"1"), Some(b"2")], "[1:1][0:1]={{1,2}}"),
            (&[(1, 1), (2, 1), (1, 1)], &[Some(b"x"), Some(b"y\t")], "{{{x},{\"y\t\"}}}"),
        ] {
            assert_eq!(text(Element::Text, &sent(dimensions, elements)).unwrap(), expected);
        }
        assert_eq!(text(Element::Bytes, &sent(&[(2, 1)], &[Some(&[0, 255]), Some(&[])])).unwrap(), r#"{AP8=,""}"#);
        assert_eq!(text(Element::Jsonb, &sent(&[(1, 1)], &[Some(b"\x01{\"a\": 1}")])).unwrap(), r#"{"{\"a\": 1}"}"#);
    }

    #[test]
    fn what_is_no_array_is_refused() {
        let one = sent(&[(1, 1)], &[Some(b"a")]);
        for cell in [
            &one[..one.len() - 1],
            &[one.clone(), vec![0]].concat(),
            &sent(&[(2, 1)], &[Some(b"a")]),
            &sent(&[(-1, 1)], &[]),
            &sent(&[(i32::MAX, 1), (i32::MAX, 1), (i32::MAX, 1)], &[]),
            &sent(&[(1, 1); 7], &[Some(b"a")]),
            &[0xff; 12],
            &[],
        ] {
            assert_eq!(text(Element::Text, cell), Err(Misfit::Torn), "{cell:?}");
        }
        assert_eq!(text(Element::Jsonb, &sent(&[(1, 1)], &[Some(b"\x02{}")])), Err(Misfit::Torn));
    }

    #[test]
    fn the_text_of_an_array_is_a_list_of_texts() {
        for (text, expected) in [
            (",{}", "[]"),
            (",{10.0.0.1,NULL,\"null\",\"\"}", r#"["10.0.0.1",null,"null",""]"#),
            (",{{\"a b\",\"c\\\\\\\"d\"},{e,f}}", r#"[["a b","c\\\"d"],["e","f"]]"#),
            (";{(2,2),(1,1);(4,4),(3,3)}", r#"["(2,2),(1,1)","(4,4),(3,3)"]"#),
            (",[0:1]={a,b}", r#""[0:1]={a,b}""#),
            (",{\u{fc},\"\u{1f680},\"}", "[\"\u{fc}\",\"\u{1f680},\"]"),
        ] {
            assert_eq!(json(text).unwrap(), expected);
        }
        for text in ["", ",", ",a", ",{", ",{a", ",{\"a", ",{\"a\\", ",{}x", ",}", ",{a}}"] {
            assert_eq!(json(text), Err(Misfit::Torn), "{text}");
        }
    }
}
