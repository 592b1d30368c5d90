//! The text of JSON columns, printed again as another language's parser and printer would.

mod arrange;
mod remarks;
mod string;
#[cfg(test)]
mod tests;

use super::{
    number,
    value::{Misfit, write_integer},
};
use crate::product::JsonStyle;
use arrange::{Fix, Member};
pub use remarks::{Named, Remarks};

/// PHP's `json_decode` gives null for what is nested deeper (measured: solidtime facts).
const PHP_DEPTH: usize = 511;
/// A path to a value is cut here.
const PATH_BYTES: usize = 200;

/// Prints JSON texts again in one style. Keeps its buffers from one text to the next.
///
/// One pass without recursion: what is nested 100,000 deep only grows a list. Objects whose keys
/// have to move are noted and put in order at the end, so that the cost is linear.
#[derive(Debug)]
pub struct Transcoder {
    style: JsonStyle,
    frames: Vec<Frame>,
    /// How many levels of jq the frames are.
    levels: usize,
    /// The members of the objects that are open.
    members: Vec<Member>,
    fixes: Vec<Fix>,
    /// Where the texts of the members of all fixes are, in their new order.
    pieces: Vec<(usize, usize)>,
    spare: Vec<u8>,
    remarks: Remarks,
}

/// An array or object that is open.
#[derive(Debug, Clone, Copy)]
struct Frame {
    /// Where its bracket is in the output.
    start: usize,
    holds: Holds,
}

impl Frame {
    /// jq keeps an object and its open key apart.
    fn levels(self) -> usize {
        match self.holds {
            Holds::Elements(_) => 1,
            Holds::Members(_) => 2,
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Holds {
    /// The place of the element that is being read.
    Elements(u64),
    /// Where its members start in the list.
    Members(usize),
}

/// Why a text cannot be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextFault {
    /// It is no JSON; from this byte on.
    Syntax(usize),
    /// It is nested deeper than PHP takes.
    Deep,
    /// A number is beyond a double's range, which PHP cannot print.
    Infinite,
}

impl Transcoder {
    /// One that prints in this style.
    #[must_use]
    pub fn new(style: JsonStyle) -> Self {
        Self {
            style,
            frames: Vec::new(),
            levels: 0,
            members: Vec::new(),
            fixes: Vec::new(),
            pieces: Vec::new(),
            spare: Vec::new(),
            remarks: Remarks::default(),
        }
    }

    /// Appends the text in the style.
    ///
    /// # Errors
    /// When it is not JSON (PHP prints null then), or PHP cannot print one of its numbers.
    pub fn write(&mut self, json: &str, out: &mut Vec<u8>) -> Result<(), Misfit> {
        self.remarks.clear();
        let start = out.len();
        match (self.style, self.print(json.as_bytes(), out)) {
            (JsonStyle::Javascript, Ok(())) => {
                self.parse_again(start, out);
                Ok(())
            }
            (JsonStyle::Php, Ok(())) => Ok(()),
            (JsonStyle::Javascript, Err(TextFault::Syntax(byte))) => Err(Misfit::Json(byte)),
            (_, Err(TextFault::Infinite)) => Err(Misfit::JsonInfinity),
            (_, Err(TextFault::Syntax(_) | TextFault::Deep)) => {
                out.truncate(start);
                out.extend_from_slice(b"null");
                Ok(())
            }
        }
    }

    /// What was noticed about the last text.
    #[must_use]
    pub fn remarks(&self) -> &Remarks {
        &self.remarks
    }

    /// A text that is one string is parsed a second time, and stays where that fails (measured:
    /// RyTask facts, `settings`).
    fn parse_again(&mut self, start: usize, out: &mut Vec<u8>) {
        let end = out.len();
        if out.get(start) != Some(&b'"') {
            return;
        }
        let inner = string::decode(&out[start + 1..end - 1]);
        let outer = std::mem::take(&mut self.remarks);
        if self.print(&inner, out).is_ok() {
            out.drain(start..end);
        } else {
            out.truncate(end);
            self.remarks = outer;
        }
    }

    fn print(&mut self, json: &[u8], out: &mut Vec<u8>) -> Result<(), TextFault> {
        self.frames.clear();
        self.levels = 0;
        self.members.clear();
        self.fixes.clear();
        self.pieces.clear();
        let start = out.len();
        let mut at = 0;
        loop {
            at = self.value(json, at, out)?;
            // A value is complete: what follows belongs to what is around it.
            loop {
                at = blanks(json, at);
                let Some(frame) = self.frames.last_mut() else {
                    return self.settle(json, at, start, out);
                };
                match (frame.holds, json.get(at)) {
                    (Holds::Elements(index), Some(b',')) => {
                        frame.holds = Holds::Elements(index + 1);
                        out.push(b',');
                        at += 1;
                        break;
                    }
                    (Holds::Members(_), Some(b',')) => {
                        self.end_member(out);
                        out.push(b',');
                        at = self.key(json, at + 1, out)?;
                        break;
                    }
                    (Holds::Elements(_), Some(b']')) => out.push(b']'),
                    (Holds::Members(first), Some(b'}')) => {
                        let object = frame.start;
                        self.end_member(out);
                        out.push(b'}');
                        self.end_object(object, first, out);
                    }
                    _ => return Err(TextFault::Syntax(at)),
                }
                self.close();
                at += 1;
            }
        }
    }

    /// Prints a scalar, an empty array or object, or all up to the first scalar inside.
    fn value(&mut self, json: &[u8], mut at: usize, out: &mut Vec<u8>) -> Result<usize, TextFault> {
        loop {
            at = blanks(json, at);
            let (bracket, holds) = match json.get(at) {
                Some(b'[') => (b'[', Holds::Elements(0)),
                Some(b'{') => (b'{', Holds::Members(self.members.len())),
                Some(b'"') => return self.string(json, at, out),
                Some(b'-' | b'0'..=b'9') => return self.number(json, at, out),
                _ => return literal(json, at, out),
            };
            self.open(Frame { start: out.len(), holds })?;
            out.push(bracket);
            at = blanks(json, at + 1);
            match (bracket, json.get(at)) {
                (b'[', Some(b']')) => return Ok(self.close_empty(at, b"]", out)),
                (b'{', Some(b'}')) if self.style == JsonStyle::Php => {
                    out.pop();
                    return Ok(self.close_empty(at, b"[]", out));
                }
                (b'{', Some(b'}')) => return Ok(self.close_empty(at, b"}", out)),
                (b'{', _) => at = self.key(json, at, out)?,
                _ => {}
            }
        }
    }

    fn open(&mut self, frame: Frame) -> Result<(), TextFault> {
        self.frames.push(frame);
        self.remarks.reach(self.levels + 1);
        self.levels += frame.levels();
        if self.style == JsonStyle::Php && self.frames.len() > PHP_DEPTH { Err(TextFault::Deep) } else { Ok(()) }
    }

    fn close(&mut self) {
        self.levels -= self.frames.pop().map_or(0, Frame::levels);
    }

    fn close_empty(&mut self, at: usize, bracket: &[u8], out: &mut Vec<u8>) -> usize {
        self.close();
        out.extend_from_slice(bracket);
        at + 1
    }

    /// Prints a key and its colon.
    fn key(&mut self, json: &[u8], at: usize, out: &mut Vec<u8>) -> Result<usize, TextFault> {
        let at = blanks(json, at);
        if json.get(at) != Some(&b'"') {
            return Err(TextFault::Syntax(at));
        }
        let start = out.len();
        let (end, half) = string::write(json, at, self.style, out)?;
        let at = blanks(json, end);
        if json.get(at) != Some(&b':') {
            return Err(TextFault::Syntax(at));
        }
        out.push(b':');
        self.members.push(Member { start, value: out.len(), end: 0 });
        if half {
            self.note_half(out);
        }
        Ok(at + 1)
    }

    fn string(&mut self, json: &[u8], at: usize, out: &mut Vec<u8>) -> Result<usize, TextFault> {
        let (end, half) = string::write(json, at, self.style, out)?;
        if half {
            self.note_half(out);
        }
        Ok(end)
    }

    /// A string with half of a surrogate pair was printed.
    fn note_half(&mut self, out: &[u8]) {
        let path = self.remarks.halves.is_named().then(|| self.path(out));
        self.remarks.halves.add(path);
    }

    fn end_member(&mut self, out: &[u8]) {
        if let Some(member) = self.members.last_mut() {
            member.end = out.len();
        }
    }

    /// Forgets the members of an object that is complete, and notes their order if it must change.
    fn end_object(&mut self, start: usize, first: usize, out: &[u8]) {
        let members = &self.members[first..];
        if let Some(list) = arrange::arrange(members, out, self.style, &mut self.pieces) {
            let from = self.fixes.last().map_or(0, |fix| fix.pieces.1);
            self.fixes.push(Fix { start, end: out.len(), pieces: (from, self.pieces.len()), list });
        }
        self.members.truncate(first);
    }

    /// Ends a text: nothing may follow, and objects are put in order.
    fn settle(&mut self, json: &[u8], at: usize, start: usize, out: &mut Vec<u8>) -> Result<(), TextFault> {
        if at < json.len() {
            return Err(TextFault::Syntax(at));
        }
        if !self.fixes.is_empty() {
            self.spare.clear();
            arrange::rewrite(&mut self.fixes, &self.pieces, (start, out.len()), out, &mut self.spare);
            out.truncate(start);
            out.extend_from_slice(&self.spare);
        }
        Ok(())
    }

    fn number(&mut self, json: &[u8], at: usize, out: &mut Vec<u8>) -> Result<usize, TextFault> {
        let (end, integral) = number_end(json, at)?;
        let text = &json[at..end];
        // Up to 15 digits a double holds every integer, and its text is the same.
        if integral && text.len() <= 15 && text != b"-0" {
            out.extend_from_slice(text);
            return Ok(end);
        }
        let spelled = std::str::from_utf8(text).unwrap_or_default();
        if let (true, JsonStyle::Php, Ok(integer)) = (integral, self.style, spelled.parse::<i64>()) {
            write_integer(integer, out);
            return Ok(end);
        }
        // The grammar was checked: every text is a double or an infinity.
        let double = spelled.parse::<f64>().unwrap_or(f64::INFINITY);
        if double.is_finite() {
            let shortest = number::Shortest::of(double);
            match self.style {
                JsonStyle::Javascript => number::write_javascript(&shortest, out),
                JsonStyle::Php => number::write_php(&shortest, out),
            }
            if !shortest.spells(text) {
                self.note_imprecise(out);
            }
            return Ok(end);
        }
        if self.style == JsonStyle::Php {
            return Err(TextFault::Infinite);
        }
        out.extend_from_slice(b"null");
        self.note_imprecise(out);
        Ok(end)
    }

    fn note_imprecise(&mut self, out: &[u8]) {
        let path = self.remarks.imprecise.is_named().then(|| self.path(out));
        self.remarks.imprecise.add(path);
    }

    /// Where the value is that is being read: `.limits[0]`.
    fn path(&self, out: &[u8]) -> String {
        let mut path = String::new();
        for (depth, frame) in self.frames.iter().enumerate() {
            match frame.holds {
                Holds::Elements(index) => path.extend(["[", &index.to_string(), "]"]),
                Holds::Members(first) => {
                    let next = self.frames[depth + 1..].iter().find_map(|inner| match inner.holds {
                        Holds::Members(first) => Some(first),
                        Holds::Elements(_) => None,
                    });
                    let current = next.unwrap_or(self.members.len()) - 1;
                    let member = self.members[current.max(first)];
                    path.push('.');
                    path.push_str(&String::from_utf8_lossy(member.key(out)));
                }
            }
            if path.len() > PATH_BYTES {
                return path.chars().take(PATH_BYTES).chain(['…']).collect();
            }
        }
        path
    }
}

/// The next byte that is no white space of JSON.
#[inline]
fn blanks(json: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = json.get(at) {
        at += 1;
    }
    at
}

fn literal(json: &[u8], at: usize, out: &mut Vec<u8>) -> Result<usize, TextFault> {
    let rest = json.get(at..).unwrap_or_default();
    let known = [&b"null"[..], b"true", b"false"].into_iter().find(|known| rest.starts_with(known));
    let known = known.ok_or(TextFault::Syntax(at))?;
    out.extend_from_slice(known);
    Ok(at + known.len())
}

/// Where a number ends, and whether it has neither fraction nor exponent (RFC 8259, section 6).
fn number_end(json: &[u8], start: usize) -> Result<(usize, bool), TextFault> {
    let digits = |at: usize| json[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let some_digits = |at: usize| match digits(at.min(json.len())) {
        0 => Err(TextFault::Syntax(at)),
        count => Ok(at + count),
    };
    let first = start + usize::from(json[start] == b'-');
    let mut at = if json.get(first) == Some(&b'0') { first + 1 } else { some_digits(first)? };
    let whole = at;
    if json.get(at) == Some(&b'.') {
        at = some_digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = json.get(at) {
        let signed = matches!(json.get(at + 1), Some(b'+' | b'-'));
        at = some_digits(at + 1 + usize::from(signed))?;
    }
    Ok((at, at == whole))
}
