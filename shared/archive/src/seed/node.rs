//! How the values of a seed are read and written: texts, numbers, arrays and blocks.

use std::io::{self, Write};

use super::{
    date::{Date, Day, Moment},
    fault::{ReadError, SeedFault, Step, quoted},
    model::{Always, Float, Nullable, Version},
    scan::{MAX_DEPTH, Number, Scanner},
    write::Printer,
};

/// A value of a seed.
pub(super) trait Node: Sized {
    /// Writes the value.
    fn write<W: Write>(&self, printer: &mut Printer<W>) -> io::Result<()>;

    /// Reads the value.
    fn read(scanner: &mut Scanner<'_>) -> Result<Self, ReadError>;

    /// Writes key and value; an absent value writes nothing.
    fn write_member<W: Write>(&self, key: &'static str, printer: &mut Printer<W>) -> io::Result<()> {
        printer.key(key)?;
        self.write(printer)
    }

    /// What a block has where the key is not there; none where it must be there.
    fn absent() -> Option<Self> {
        None
    }
}

/// Reads an object whose keys are `known`; `member` reads one value.
pub(super) fn read_object(
    scanner: &mut Scanner<'_>,
    known: &'static [&'static str],
    member: &mut dyn FnMut(&mut Scanner<'_>, &'static str) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    if !scanner.take(b'{') {
        return Err(scanner.wrong_type("an object"));
    }
    if scanner.take(b'}') {
        return Ok(());
    }
    let mut seen = vec![false; known.len()];
    loop {
        let (at, key) = (scanner.offset(), read_key(scanner)?);
        let found = known.iter().zip(&mut seen).find(|(name, _)| **name == key);
        let Some((key, seen)) = found else {
            let fault = SeedFault::UnknownKey { key: quoted(&key), known: known.join(", ") };
            return Err(scanner.fault_at(at, fault));
        };
        if std::mem::replace(seen, true) {
            return Err(scanner.fault_at(at, SeedFault::DuplicateKey { key: quoted(key) }));
        }
        if !scanner.take(b':') {
            return Err(scanner.unexpected("a colon"));
        }
        scanner.enter(Step::Key(key));
        member(scanner, key)?;
        scanner.leave();
        if scanner.take(b'}') {
            return Ok(());
        }
        if !scanner.take(b',') {
            return Err(scanner.unexpected("a comma or the end of the object"));
        }
    }
}

fn read_key(scanner: &mut Scanner<'_>) -> Result<String, ReadError> {
    if scanner.peek() == Some(b'"') { scanner.string() } else { Err(scanner.unexpected("a key")) }
}

/// What a slot holds at the end of its block.
pub(super) fn required<T: Node>(scanner: &mut Scanner<'_>, key: &'static str, slot: Option<T>) -> Result<T, ReadError> {
    match slot.or_else(T::absent) {
        Some(value) => Ok(value),
        None => Err(scanner.fault(SeedFault::MissingKey { key })),
    }
}

impl<T: Node> Node for Option<T> {
    fn write<W: Write>(&self, printer: &mut Printer<W>) -> io::Result<()> {
        self.as_ref().map_or(Ok(()), |value| value.write(printer))
    }

    fn read(scanner: &mut Scanner<'_>) -> Result<Self, ReadError> {
        T::read(scanner).map(Some)
    }

    fn write_member<W: Write>(&self, key: &'static str, printer: &mut Printer<W>) -> io::Result<()> {
        self.as_ref().map_or(Ok(()), |value| value.write_member(key, printer))
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

fn write_array<T: Node, W: Write>(items: &[T], printer: &mut Printer<W>) -> io::Result<()> {
    printer.open(b'[');
    for item in items {
        printer.item()?;
        item.write(printer)?;
    }
    printer.close(b']')
}

impl<T: Node> Node for Vec<T> {
    fn write<W: Write>(&self, printer: &mut Printer<W>) -> io::Result<()> {
        write_array(self, printer)
    }

    fn read(scanner: &mut Scanner<'_>) -> Result<Self, ReadError> {
        if !scanner.take(b'[') {
            return Err(scanner.wrong_type("an array"));
        }
        let mut items = Self::new();
        if scanner.take(b']') {
            return Ok(items);
        }
        loop {
            scanner.enter(Step::Index(items.len()));
            if scanner.depth() > MAX_DEPTH {
                return Err(scanner.fault(SeedFault::TooDeep { limit: MAX_DEPTH }));
            }
            items.push(T::read(scanner)?);
            scanner.leave();
            if scanner.take(b']') {
                return Ok(items);
            }
            if !scanner.take(b',') {
                return Err(scanner.unexpected("a comma or the end of the array"));
            }
        }
    }

    fn write_member<W: Write>(&self, key: &'static str, printer: &mut Printer<W>) -> io::Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        printer.key(key)?;
        self.write(printer)
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

impl<T: Node> Node for Always<T> {
    fn write<W: Write>(&self, printer: &mut Printer<W>) -> io::Result<()> {
        write_array(&self.0, printer)
    }

    fn read(scanner: &mut Scanner<'_>) -> Result<Self, ReadError> {
        Vec::read(scanner).map(Self)
    }
}

impl Node for String {
    fn write<W: Write>(&self, printer: &mut Printer<W>) -> io::Result<()> {
        printer.string(self)
    }

    fn read(scanner: &mut Scanner<'_>) -> Result<Self, ReadError> {
        scanner.string()
    }
}

impl Node for bool {
    fn write<W: Write>(&self, printer: &mut Printer<W>) -> io::Result<()> {
        printer.word(if *self { "true" } else { "false" })
    }

    fn read(scanner: &mut Scanner<'_>) -> Result<Self, ReadError> {
        if scanner.take_word("true") {
            Ok(true)
        } else if scanner.take_word("false") {
            Ok(false)
        } else {
            Err(scanner.wrong_type("true or false"))
        }
    }
}

impl Node for i64 {
    fn write<W: Write>(&self, printer: &mut Printer<W>) -> io::Result<()> {
        printer.int(*self)
    }

    fn read(scanner: &mut Scanner<'_>) -> Result<Self, ReadError> {
        let at = scanner.offset();
        match scanner.number()? {
            Number::Int(int) => Ok(int),
            Number::Float(float) => match whole(float) {
                Some(int) => Ok(int),
                None => Err(scanner.fault_at(
                    at,
                    SeedFault::BadValue { expected: "whole number", found: quoted(&super::write::float_text(float)) },
                )),
            },
        }
    }
}

/// A float that is a whole number which a float can tell from its neighbours.
fn whole(float: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
    (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i64)
}

impl Node for Float {
    fn write<W: Write>(&self, printer: &mut Printer<W>) -> io::Result<()> {
        printer.word(&super::write::float_text(self.0))
    }

    fn read(scanner: &mut Scanner<'_>) -> Result<Self, ReadError> {
        Ok(Self(match scanner.number()? {
            #[expect(clippy::cast_precision_loss, reason = "the nearest float, as Python's float() gives")]
            Number::Int(int) => int as f64,
            Number::Float(float) => float,
        }))
    }
}

impl Node for Nullable {
    fn write<W: Write>(&self, printer: &mut Printer<W>) -> io::Result<()> {
        match self.0 {
            Some(int) => printer.int(int),
            None => printer.word("null"),
        }
    }

    fn read(scanner: &mut Scanner<'_>) -> Result<Self, ReadError> {
        if scanner.take_word("null") { Ok(Self(None)) } else { i64::read(scanner).map(|int| Self(Some(int))) }
    }
}

/// Values that are written as a text.
macro_rules! text_node {
    ($($kind:ty: $what:literal;)*) => {$(
        impl Node for $kind {
            fn write<W: Write>(&self, printer: &mut Printer<W>) -> io::Result<()> {
                printer.string(&self.to_string())
            }

            fn read(scanner: &mut Scanner<'_>) -> Result<Self, ReadError> {
                let at = scanner.offset();
                let text = scanner.string()?;
                let bad = SeedFault::BadValue { expected: $what, found: quoted(&text) };
                text.parse().map_err(|_reason| scanner.fault_at(at, bad))
            }
        }
    )*};
}

text_node! {
    Date: "date";
    Day: "day (YYYY-MM-DD)";
    Moment: "moment";
}

impl Node for Version {
    fn write<W: Write>(&self, printer: &mut Printer<W>) -> io::Result<()> {
        printer.string(self.name())
    }

    fn read(scanner: &mut Scanner<'_>) -> Result<Self, ReadError> {
        let at = scanner.offset();
        let text = scanner.string()?;
        Self::from_name(&text).ok_or_else(|| scanner.fault_at(at, SeedFault::UnknownVersion { found: quoted(&text) }))
    }
}
