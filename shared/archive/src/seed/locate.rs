//! Finds the place of a path in a document's text, for a fault that is only known once the whole
//! document was read.

use super::{
    fault::{ReadError, SeedFault, Step, path_text, position},
    scan::{MAX_DEPTH, Scanner},
};

/// The error for a fault at `path` of `text`. The text is one that could be read.
pub(super) fn fault_at(text: &str, path: &[Step], fault: SeedFault) -> ReadError {
    let mut scanner = Scanner::new(text);
    let at = find(&mut scanner, path).ok().flatten().unwrap_or_default();
    let (line, column) = position(text.as_bytes(), at);
    ReadError { path: path_text(path), line, column, fault }
}

/// The byte offset of the value at `path`.
pub(super) fn find(scanner: &mut Scanner<'_>, path: &[Step]) -> Result<Option<usize>, ReadError> {
    let Some((step, rest)) = path.split_first() else { return Ok(Some(scanner.offset())) };
    match step {
        Step::Key(wanted) => find_member(scanner, wanted, rest),
        Step::Index(wanted) => find_item(scanner, *wanted, rest),
    }
}

fn find_member(scanner: &mut Scanner<'_>, wanted: &str, rest: &[Step]) -> Result<Option<usize>, ReadError> {
    if !scanner.take(b'{') {
        return Err(scanner.wrong_type("an object"));
    }
    while scanner.peek() == Some(b'"') {
        let key = scanner.string()?;
        if !scanner.take(b':') {
            return Err(scanner.unexpected("a colon"));
        }
        if key == wanted {
            return find(scanner, rest);
        }
        skip(scanner)?;
        scanner.take(b',');
    }
    Ok(None)
}

fn find_item(scanner: &mut Scanner<'_>, wanted: usize, rest: &[Step]) -> Result<Option<usize>, ReadError> {
    if !scanner.take(b'[') {
        return Err(scanner.wrong_type("an array"));
    }
    for _ in 0..wanted {
        skip(scanner)?;
        scanner.take(b',');
    }
    find(scanner, rest)
}

/// Passes over one value without looking at its shape closely; the depth is bounded.
fn skip(scanner: &mut Scanner<'_>) -> Result<(), ReadError> {
    let mut depth = 0_usize;
    loop {
        match scanner.peek() {
            Some(b'{' | b'[') => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(scanner.fault(SeedFault::TooDeep { limit: MAX_DEPTH }));
                }
                scanner.step();
                continue;
            }
            Some(b'}' | b']') if depth > 0 => {
                depth -= 1;
                scanner.step();
            }
            Some(b',' | b':') if depth > 0 => {
                scanner.step();
                continue;
            }
            Some(b'"') => drop(scanner.string()?),
            Some(b't') if scanner.take_word("true") => {}
            Some(b'f') if scanner.take_word("false") => {}
            Some(b'n') if scanner.take_word("null") => {}
            _ => drop(scanner.number()?),
        }
        if depth == 0 {
            return Ok(());
        }
    }
}
