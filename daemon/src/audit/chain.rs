//! The chain: each line carries its number and the SHA-256 of the line before it, so that whoever reads
//! on finds a line that was changed, taken out or put in. Hashes are of a line's bytes with its end, which
//! is what `sha256sum` says of `tail -n 1`.

use orgvault_api::{AuditBreak, AuditChain, AuditEntry};
use orgvault_archive::naming::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What the first line of all is written after.
const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Breaks that are told; each has its own cause, and the first ones say where to look.
const MOST_BREAKS: usize = 100;

/// The line that the next one is written after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    number: u64,
    sha256: String,
}

impl Default for Head {
    fn default() -> Self {
        Self { number: 0, sha256: NOTHING.to_owned() }
    }
}

/// An entry in the chain, as it is written.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    entry: &'a AuditEntry,
    number: u64,
    previous: &'a str,
}

/// What a line says of its place. Those of a daemon that knew no chain say nothing.
#[derive(Deserialize)]
struct Link {
    number: Option<u64>,
    previous: Option<String>,
}

impl Head {
    /// The next line, with its end.
    pub(super) fn line(&self, entry: &AuditEntry) -> serde_json::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(&Line { entry, number: self.number + 1, previous: &self.sha256 })?;
        line.push(b'\n');
        Ok(line)
    }

    /// The head when this line is written. One without a number is counted where others before it were.
    pub(super) fn after(&self, line: &[u8]) -> Self {
        let number = serde_json::from_slice::<Link>(line).ok().and_then(|link| link.number);
        let counted = if self.number > 0 { self.number + 1 } else { 0 };
        Self { number: number.unwrap_or(counted), sha256: sha256(line) }
    }
}

fn sha256(line: &[u8]) -> String {
    hex(&Sha256::digest(line))
}

/// A line that was read, until the next one has said whether it is as it was.
struct Before {
    file: String,
    line: u64,
    number: u64,
    sha256: String,
    /// What is wrong with it is told already.
    told: bool,
}

/// Reads a trail line by line and says whether it is whole.
#[derive(Default)]
pub(super) struct Walk {
    chain: AuditChain,
    before: Option<Before>,
    /// The SHA-256 of a line that somebody has noted.
    noted: Option<String>,
}

impl Walk {
    /// A walk that also looks for the line of this SHA-256.
    pub(super) fn looking_for(noted: Option<&str>) -> Self {
        Self { noted: noted.map(str::to_ascii_lowercase), ..Self::default() }
    }

    /// The next line, with its end.
    pub(super) fn line(&mut self, file: &str, line: u64, bytes: &[u8]) {
        self.chain.lines += 1;
        let sha256 = sha256(bytes);
        let (number, told) = match serde_json::from_slice::<Link>(bytes) {
            Ok(Link { number: Some(number), previous: Some(previous) }) => {
                self.linked(file, line, number, &previous);
                (number, false)
            }
            Ok(_) => self.unlinked(file, line, "unlinked", "it has no link to the line before"),
            Err(_) => self.unlinked(file, line, "unreadable", "it is no line of the trail"),
        };
        if self.noted.as_ref() == Some(&sha256) {
            self.chain.noted = Some(number);
        }
        self.chain.number = number;
        self.chain.head.clone_from(&sha256);
        self.before = Some(Before { file: file.to_owned(), line, number, sha256, told });
    }

    /// A file ended with a line that has no end: a crash, whose entry was never acknowledged.
    pub(super) fn torn(&mut self) {
        self.chain.torn += 1;
    }

    pub(super) fn end(mut self) -> AuditChain {
        self.chain.whole = self.chain.breaks.is_empty();
        self.chain
    }

    fn linked(&mut self, file: &str, line: u64, number: u64, previous: &str) {
        let begins = self.chain.first.is_none();
        if begins {
            self.chain.first = Some(number);
        }
        // Files before the oldest that is there may be gone by retention: nothing says what their last line was.
        let Some(before) = self.before.take() else { return };
        if before.told {
            return;
        }
        let follows = if begins { 1 } else { before.number + 1 };
        if number > follows {
            let missing = number - follows;
            self.break_at(file, line, "missing", format!("{missing} lines before it are missing"));
        } else if number < follows {
            let message = format!("it is number {number}, and stands after number {}", before.number);
            self.break_at(file, line, "order", message);
        } else if previous != before.sha256 {
            let message = "it is not the line that the next one was written after".to_owned();
            self.break_at(&before.file, before.line, "changed", message);
        }
    }

    /// A line that cannot say its place; gives its number, and whether it is told of.
    fn unlinked(&mut self, file: &str, line: u64, code: &str, message: &str) -> (u64, bool) {
        if self.chain.first.is_none() && code == "unlinked" {
            self.chain.unchained += 1;
            return (0, false);
        }
        let before = self.before.take();
        if !before.as_ref().is_some_and(|before| before.told) {
            self.break_at(file, line, code, message.to_owned());
        }
        (before.map_or(0, |before| before.number + 1), true)
    }

    fn break_at(&mut self, file: &str, line: u64, code: &str, message: String) {
        if self.chain.breaks.len() < MOST_BREAKS {
            let (file, code) = (file.to_owned(), code.to_owned());
            self.chain.breaks.push(AuditBreak { file, line, code, message });
        }
    }
}

#[cfg(test)]
mod tests {
    use orgvault_api::{Actor, clock::Timestamp};

    use super::*;

    fn entry(act: &str) -> AuditEntry {
        AuditEntry::new(Timestamp::UNIX_EPOCH, Actor::Nobody, act)
    }

    fn lines(number: usize) -> Vec<Vec<u8>> {
        let mut head = Head::default();
        let mut lines = Vec::new();
        for place in 0..number {
            let line = head.line(&entry(&format!("act-{place}"))).unwrap();
            head = head.after(&line);
            lines.push(line);
        }
        lines
    }

    fn walked(lines: &[Vec<u8>]) -> AuditChain {
        let mut walk = Walk::default();
        for (place, line) in lines.iter().enumerate() {
            walk.line("one.jsonl", place as u64 + 1, line);
        }
        walk.end()
    }

    fn breaks(chain: &AuditChain) -> Vec<(&str, u64)> {
        chain.breaks.iter().map(|at| (at.code.as_str(), at.line)).collect()
    }

    #[test]
    fn a_line_is_an_entry_with_its_place_and_hashes_as_sha256sum_says() {
        let lines = lines(2);
        let read: AuditEntry = serde_json::from_slice(&lines[1]).unwrap();
        assert_eq!(read.act, "act-1");
        let link: Link = serde_json::from_slice(&lines[1]).unwrap();
        assert_eq!((link.number, link.previous), (Some(2), Some(sha256(&lines[0]))));
        let first: Link = serde_json::from_slice(&lines[0]).unwrap();
        assert_eq!((first.number, first.previous.as_deref()), (Some(1), Some(NOTHING)));
    }

    #[test]
    fn a_whole_trail_has_its_number_and_its_head() {
        let lines = lines(7);
        let chain = walked(&lines);
        assert_eq!((chain.whole, chain.lines, chain.first, chain.number), (true, 7, Some(1), 7));
        assert_eq!(chain.head, sha256(&lines[6]));
        let later = walked(&lines[3..]);
        assert_eq!((later.whole, later.lines, later.first, later.number), (true, 4, Some(4), 7));
        let none = walked(&[]);
        assert_eq!((none.whole, none.lines, none.first), (true, 0, None));
    }

    #[test]
    fn any_byte_of_any_line_but_the_last_is_missed() {
        let whole = lines(3);
        for place in 0..2 {
            for byte in 0..whole[place].len() - 1 {
                let mut lines = whole.clone();
                lines[place][byte] ^= 1;
                let chain = walked(&lines);
                assert!(!chain.whole, "{}", String::from_utf8_lossy(&lines[place]));
                assert!(chain.breaks.iter().all(|at| at.line <= place as u64 + 2), "{:?}", chain.breaks);
            }
        }
    }

    #[test]
    fn what_is_wrong_is_told_once_and_where() {
        let whole = lines(6);
        let mut changed = whole.clone();
        changed[2] = String::from_utf8(changed[2].clone()).unwrap().replace("act-2", "act-x").into_bytes();
        assert_eq!(breaks(&walked(&changed)), [("changed", 3)]);
        let without = [&whole[..2], &whole[4..]].concat();
        assert_eq!(breaks(&walked(&without)), [("missing", 3)]);
        let twice = [&whole[..3], &whole[2..]].concat();
        assert_eq!(breaks(&walked(&twice)), [("order", 4)]);
        let garbage = [&whole[..2], &[b"garbage\n".to_vec()], &whole[3..]].concat();
        assert_eq!(breaks(&walked(&garbage)), [("unreadable", 3)]);
        let older: Vec<Vec<u8>> = (0..2).map(|_| serde_json::to_vec(&entry("older")).unwrap()).collect();
        assert_eq!(breaks(&walked(&[&whole[..2], &older[..]].concat())), [("unlinked", 3)]);
        let many = std::iter::repeat_n(whole[0].clone(), 500).collect::<Vec<_>>();
        assert_eq!(walked(&many).breaks.len(), MOST_BREAKS);
    }

    #[test]
    fn lines_from_before_the_chain_are_counted_and_the_last_of_them_is_held() {
        let older: Vec<Vec<u8>> =
            ["a", "b"].map(|act| [serde_json::to_vec(&entry(act)).unwrap(), b"\n".to_vec()].concat()).into();
        let head = older.iter().fold(Head::default(), |head, line| head.after(line));
        let mut lines = older;
        let first = head.line(&entry("c")).unwrap();
        lines.push(first.clone());
        lines.push(head.after(&first).line(&entry("d")).unwrap());
        let chain = walked(&lines);
        assert_eq!((chain.whole, chain.lines, chain.unchained, chain.first, chain.number), (true, 4, 2, Some(1), 2));
        lines[1] = [serde_json::to_vec(&entry("x")).unwrap(), b"\n".to_vec()].concat();
        assert_eq!(breaks(&walked(&lines)), [("changed", 2)]);
    }

    #[test]
    fn a_head_that_was_noted_is_found_by_its_number() {
        let lines = lines(5);
        let mut walk = Walk::looking_for(Some(&sha256(&lines[3]).to_uppercase()));
        for line in &lines {
            walk.line("one.jsonl", 1, line);
        }
        assert_eq!(walk.end().noted, Some(4));
        let mut walk = Walk::looking_for(Some(NOTHING));
        for line in &lines {
            walk.line("one.jsonl", 1, line);
        }
        assert_eq!(walk.end().noted, None);
    }
}
