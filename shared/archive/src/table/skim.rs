//! Passes over one record of CSV piece by piece, for records that are too large to be held.

use memchr::{memchr, memchr3};

/// What is not CSV, and how far into the piece.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) at: usize,
    pub(super) what: &'static str,
}

/// How far into one record the pieces have come.
#[derive(Debug)]
pub(super) struct Skim {
    place: FieldState,
    /// Fields so far, with the one that is read.
    pub(super) fields: usize,
}

#[derive(Debug, Clone, Copy)]
enum FieldState {
    Start,
    Bare,
    Quoted,
    /// Behind a quote, which closes the field unless it is doubled.
    Quote,
    /// Behind a closing quote and a CR.
    Return,
}

impl Skim {
    /// Before the first byte of a record.
    pub(super) fn new() -> Self {
        Self { place: FieldState::Start, fields: 1 }
    }

    /// Reads one piece; gives how many of its bytes belong to the record, once that has ended.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Result<Option<usize>, Wrong> {
        let mut at = 0;
        while let Some(byte) = piece.get(at) {
            let rest = piece.get(at..).unwrap_or_default();
            let wrong = |at, what| Err(Wrong { at, what });
            match (self.place, byte) {
                (FieldState::Bare, _) => {
                    let Some(stop) = memchr3(b',', b'"', b'\n', rest) else { return Ok(None) };
                    at += stop;
                    match piece.get(at) {
                        Some(b'\n') => return Ok(Some(at + 1)),
                        Some(b',') => self.next_field(),
                        _ => return wrong(at, "a field that is not quoted holds a quote"),
                    }
                }
                (FieldState::Quoted, _) => {
                    let Some(stop) = memchr(b'"', rest) else { return Ok(None) };
                    at += stop;
                    self.place = FieldState::Quote;
                }
                (FieldState::Start | FieldState::Quote, b'"') => self.place = FieldState::Quoted,
                (FieldState::Start | FieldState::Quote, b',') => self.next_field(),
                (FieldState::Start | FieldState::Quote | FieldState::Return, b'\n') => return Ok(Some(at + 1)),
                (FieldState::Start, _) => self.place = FieldState::Bare,
                (FieldState::Quote, b'\r') => self.place = FieldState::Return,
                (FieldState::Quote | FieldState::Return, _) => {
                    return wrong(at, "a closing quote is followed by more text");
                }
            }
            at += 1;
        }
        Ok(None)
    }

    fn next_field(&mut self) {
        self.fields += 1;
        self.place = FieldState::Start;
    }
}
