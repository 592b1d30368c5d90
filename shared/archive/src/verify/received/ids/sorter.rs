//! Entries in the order of their keys, in bounded memory: what does not fit is put down sorted, in a file that has no
//! name, and merged at the end.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, binary_heap::PeekMut},
    fs::File,
    io::{self, BufRead, BufReader, Read},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
    vec,
};

use super::key::{Key, read_number, write_number};

/// What all runs together are read through.
const READ_AHEAD: usize = 4 * 1024 * 1024;
/// Each run has at least so much of it.
const LEAST_READ_AHEAD: usize = 4 * 1024;
/// Bytes of a run that are handed to the file at once.
const BLOCK: usize = 256 * 1024;

/// A key, where it stands, and how often it stands there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry<K> {
    pub(super) key: K,
    pub(super) label: u32,
    pub(super) times: u32,
}

/// Takes entries in any order.
#[derive(Debug)]
pub(super) struct Sorter<K> {
    entries: Vec<Entry<K>>,
    /// Bytes of their keys that are not in the entries themselves.
    beside: usize,
    limit: usize,
    scratch: PathBuf,
    runs: Option<Runs>,
}

/// What was put down.
#[derive(Debug)]
struct Runs {
    file: File,
    ends: Vec<u64>,
}

impl<K: Key> Sorter<K> {
    /// One that holds about `limit` bytes and puts the rest down below `scratch`.
    pub(super) fn new(scratch: &Path, limit: usize) -> Self {
        Self { entries: Vec::new(), beside: 0, limit, scratch: scratch.to_owned(), runs: None }
    }

    /// Takes one more.
    pub(super) fn push(&mut self, key: K, label: u32) -> io::Result<()> {
        if (self.entries.len() + 1) * size_of::<Entry<K>>() + self.beside > self.limit {
            self.put_down()?;
        }
        self.beside += key.beside();
        self.entries.push(Entry { key, label, times: 1 });
        Ok(())
    }

    /// All of them in order; those of one key and one label are one.
    pub(super) fn sorted(mut self) -> io::Result<Sorted<K>> {
        if self.runs.is_some() {
            self.put_down()?;
        }
        self.sort();
        let mut source = match self.runs {
            None => Source::Held(self.entries.into_iter()),
            Some(runs) => Source::Merged(merge(runs)?),
        };
        let next = source.next().transpose()?;
        Ok(Sorted { source, next })
    }

    fn sort(&mut self) {
        self.entries.sort_unstable();
        self.entries.dedup_by(|later, first| {
            let same = later.label == first.label && later.key == first.key;
            first.times = first.times.saturating_add(if same { later.times } else { 0 });
            same
        });
    }

    /// Writes what is held as one run.
    fn put_down(&mut self) -> io::Result<()> {
        self.sort();
        let runs = match &mut self.runs {
            Some(runs) => runs,
            none => none.insert(Runs { file: tempfile::tempfile_in(&self.scratch)?, ends: Vec::new() }),
        };
        let mut at = runs.ends.last().copied().unwrap_or(0);
        let (mut block, mut before) = (Vec::with_capacity(BLOCK + 1024), None);
        for entry in self.entries.drain(..) {
            entry.write(before.as_ref(), &mut block);
            before = Some(entry.key);
            if block.len() >= BLOCK {
                runs.file.write_all_at(&block, at)?;
                at += block.len() as u64;
                block.clear();
            }
        }
        runs.file.write_all_at(&block, at)?;
        runs.ends.push(at + block.len() as u64);
        self.beside = 0;
        Ok(())
    }
}

impl<K: Key> Entry<K> {
    fn write(&self, before: Option<&K>, to: &mut Vec<u8>) {
        self.key.write(before, to);
        write_number(self.label.into(), to);
        write_number(self.times.into(), to);
    }

    fn read(before: Option<&K>, from: &mut impl BufRead) -> io::Result<Self> {
        let small = |from: &mut _| u32::try_from(read_number(from)?).map_err(io::Error::other);
        Ok(Self { key: K::read(before, from)?, label: small(from)?, times: small(from)? })
    }
}

/// Entries in order, each key and label once.
pub(super) struct Sorted<K> {
    source: Source<K>,
    next: Option<Entry<K>>,
}

enum Source<K> {
    Held(vec::IntoIter<Entry<K>>),
    Merged(BinaryHeap<Reverse<Head<K>>>),
}

/// The next entry of a run, and what follows it.
struct Head<K> {
    entry: Entry<K>,
    rest: BufReader<Part>,
}

impl<K: Key> Iterator for Sorted<K> {
    type Item = io::Result<Entry<K>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut entry = self.next.take()?;
        loop {
            match self.source.next() {
                None => return Some(Ok(entry)),
                Some(Err(error)) => return Some(Err(error)),
                Some(Ok(same)) if same.label == entry.label && same.key == entry.key => {
                    entry.times = entry.times.saturating_add(same.times);
                }
                Some(Ok(other)) => {
                    self.next = Some(other);
                    return Some(Ok(entry));
                }
            }
        }
    }
}

impl<K: Key> Iterator for Source<K> {
    type Item = io::Result<Entry<K>>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Held(entries) => entries.next().map(Ok),
            Self::Merged(heads) => {
                let mut head = heads.peek_mut()?;
                let Reverse(Head { entry, rest }) = &mut *head;
                match next_of(Some(&entry.key), rest) {
                    Ok(Some(next)) => Some(Ok(std::mem::replace(entry, next))),
                    Ok(None) => Some(Ok(PeekMut::pop(head).0.entry)),
                    Err(error) => Some(Err(error)),
                }
            }
        }
    }
}

fn merge<K: Key>(Runs { file, ends }: Runs) -> io::Result<BinaryHeap<Reverse<Head<K>>>> {
    let ahead = (READ_AHEAD / ends.len().max(1)).max(LEAST_READ_AHEAD);
    let file = Arc::new(file);
    let mut heads = BinaryHeap::with_capacity(ends.len());
    let mut start = 0;
    for end in ends {
        let part = Part { file: Arc::clone(&file), at: start, end };
        start = end;
        let mut rest = BufReader::with_capacity(ahead, part);
        if let Some(entry) = next_of(None, &mut rest)? {
            heads.push(Reverse(Head { entry, rest }));
        }
    }
    Ok(heads)
}

fn next_of<K: Key>(before: Option<&K>, rest: &mut impl BufRead) -> io::Result<Option<Entry<K>>> {
    if rest.fill_buf()?.is_empty() { Ok(None) } else { Entry::read(before, rest).map(Some) }
}

impl<K: Key> Ord for Head<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.entry.cmp(&other.entry)
    }
}

impl<K: Key> PartialOrd for Head<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Key> PartialEq for Head<K> {
    fn eq(&self, other: &Self) -> bool {
        self.entry == other.entry
    }
}

impl<K: Key> Eq for Head<K> {}

/// A part of the file.
struct Part {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.file.read_at(buffer.get_mut(..left).unwrap_or_default(), self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn sorted<K: Key>(pairs: &[(K, u32)], limit: usize) -> Vec<(K, u32, u32)> {
        let mut sorter = Sorter::new(&std::env::temp_dir(), limit);
        for (key, label) in pairs {
            sorter.push(key.clone(), *label).unwrap();
        }
        let entries = sorter.sorted().unwrap().map(Result::unwrap);
        entries.map(|entry| (entry.key, entry.label, entry.times)).collect()
    }

    fn naive<K: Key>(pairs: &[(K, u32)]) -> Vec<(K, u32, u32)> {
        let mut all = BTreeMap::new();
        for (key, label) in pairs {
            *all.entry((key.clone(), *label)).or_insert(0) += 1;
        }
        all.into_iter().map(|((key, label), times)| (key, label, times)).collect()
    }

    #[test]
    fn a_directory_that_is_not_there_is_told_when_it_is_needed() {
        let mut sorter = Sorter::new(Path::new("/nowhere/at/all"), 2 * size_of::<Entry<u64>>());
        sorter.push(1, 0).unwrap();
        sorter.push(2, 0).unwrap();
        assert_eq!(sorter.push(3, 0).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    proptest! {
        #[test]
        fn numbers_are_in_order_each_once(
            pairs in proptest::collection::vec((prop_oneof![0u64..9, any::<u64>()], 0u32..3), 0..200), limit in 0usize..4000,
        ) {
            prop_assert_eq!(sorted(&pairs, limit), naive(&pairs));
        }

        #[test]
        fn texts_are_in_order_each_once(
            pairs in proptest::collection::vec(("[ab]{0,3}|.{0,9}", 0u32..3), 0..200), limit in 0usize..4000,
        ) {
            let pairs: Vec<(Box<str>, u32)> = pairs.into_iter().map(|(text, label)| (text.into(), label)).collect();
            prop_assert_eq!(sorted(&pairs, limit), naive(&pairs));
        }
    }
}
