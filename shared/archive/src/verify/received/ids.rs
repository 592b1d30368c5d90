//! The ids of a file's rows, and what refers to them: whether one comes twice, and whether each that is referred to is
//! there. Exact, whatever the number of rows, in bounded memory.

mod key;
mod sorter;

use std::{cmp::Ordering, io, path::Path};

use key::Key;
use sorter::{Entry, Sorted, Sorter};

/// Bytes of numbers, or of texts, that are held of one kind.
const HELD: usize = 6 * 1024 * 1024;
/// So many are told one by one.
const MOST_TOLD: usize = 20;

/// The ids and the references of one file.
#[derive(Debug)]
pub(super) struct Ids {
    numbers: Both<u64>,
    texts: Both<Box<str>>,
}

/// Ids and references of one kind of key. What they are labelled with tells where they stand.
#[derive(Debug)]
struct Both<K> {
    ids: Sorter<K>,
    references: Sorter<K>,
}

/// Where an id may come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unique {
    /// Nowhere in the file.
    InFile,
    /// In other sections.
    InSection,
}

/// What is wrong with ids, and what with references.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// Section and id of those that come twice.
    pub(super) twice: Told,
    /// Place and id of those that lead nowhere.
    pub(super) dangling: Told,
}

/// Some of several.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// How many there are.
    pub(super) count: u64,
    /// The first of them, with their labels.
    pub(super) first: Vec<(u32, String)>,
}

impl Told {
    fn note(&mut self, label: u32, id: &impl ToString, times: u32) {
        self.count += u64::from(times);
        if self.first.len() < MOST_TOLD {
            self.first.push((label, id.to_string()));
        }
    }
}

impl Ids {
    /// None yet; those that are too many go to files below `scratch`.
    pub(super) fn new(scratch: &Path) -> Self {
        Self::holding(scratch, HELD)
    }

    fn holding(scratch: &Path, limit: usize) -> Self {
        Self { numbers: Both::new(scratch, limit), texts: Both::new(scratch, limit) }
    }

    /// Notes the id of a row of `section`.
    pub(super) fn note(&mut self, id: &str, section: u32, unique: Unique) -> io::Result<()> {
        let label = section << 1 | u32::from(unique == Unique::InSection);
        match number(id) {
            Some(number) => self.numbers.ids.push(number, label),
            None => self.texts.ids.push(id.into(), label),
        }
    }

    /// Notes that `place` refers to an id.
    pub(super) fn refer(&mut self, id: &str, place: u32) -> io::Result<()> {
        match number(id) {
            Some(number) => self.numbers.references.push(number, place),
            None => self.texts.references.push(id.into(), place),
        }
    }

    /// Compares all of them.
    pub(super) fn compare(self) -> io::Result<Findings> {
        let mut found = Findings::default();
        self.numbers.compare(&mut found)?;
        self.texts.compare(&mut found)?;
        Ok(found)
    }
}

/// A number as JSON writes it is the same id as a text of the same digits.
fn number(id: &str) -> Option<u64> {
    let plain = id.bytes().all(|byte| byte.is_ascii_digit()) && (id == "0" || !id.starts_with('0'));
    if plain { id.parse().ok() } else { None }
}

impl<K: Key> Both<K> {
    fn new(scratch: &Path, limit: usize) -> Self {
        Self { ids: Sorter::new(scratch, limit), references: Sorter::new(scratch, limit) }
    }

    fn compare(self, found: &mut Findings) -> io::Result<()> {
        let mut ids = Unrepeated { ids: self.ids.sorted()?, last: None, twice: &mut found.twice };
        let mut id = ids.next()?;
        for reference in self.references.sorted()? {
            let Entry { key, label, times } = reference?;
            while id.as_ref().is_some_and(|id| id.cmp(&key) == Ordering::Less) {
                id = ids.next()?;
            }
            if id.as_ref() != Some(&key) {
                found.dangling.note(label, &key, times);
            }
        }
        while id.is_some() {
            id = ids.next()?;
        }
        Ok(())
    }
}

/// The ids in their order; those that come twice are noted on the way.
struct Unrepeated<'f, K> {
    ids: Sorted<K>,
    last: Option<Entry<K>>,
    twice: &'f mut Told,
}

impl<K: Key> Unrepeated<'_, K> {
    fn next(&mut self) -> io::Result<Option<K>> {
        let Some(entry) = self.ids.next().transpose()? else { return Ok(None) };
        let in_file = |label: u32| label & 1 == 0;
        let again = self
            .last
            .as_ref()
            .is_some_and(|last| last.key == entry.key && (in_file(last.label) || in_file(entry.label)));
        let times = entry.times - u32::from(!again);
        if times > 0 {
            self.twice.note(entry.label >> 1, &entry.key, times);
        }
        let key = entry.key.clone();
        self.last = Some(entry);
        Ok(Some(key))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn all(limit: usize, ids: &[(String, u32, Unique)], references: &[(String, u32)]) -> Findings {
        let mut all = Ids::holding(&std::env::temp_dir(), limit);
        for (id, section, unique) in ids {
            all.note(id, *section, *unique).unwrap();
        }
        for (id, place) in references {
            all.refer(id, *place).unwrap();
        }
        all.compare().unwrap()
    }

    #[test]
    fn a_number_and_a_text_of_its_digits_are_one_id() {
        let id = |id: &str, section| (id.to_owned(), section, Unique::InFile);
        let ids = [id("7", 0), id("9007199254740993", 1), id("9007199254740992", 1), id("007", 0), id("-7", 0)];
        assert_eq!(all(0, &ids, &[("9007199254740993".to_owned(), 5)]), Findings::default());
        let beyond = "123456789012345678901";
        let found = all(0, &[id(beyond, 3), id("7", 1), id(beyond, 4)], &[("07".to_owned(), 9)]);
        assert_eq!(found.twice, Told { count: 1, first: vec![(4, beyond.to_owned())] });
        assert_eq!(found.dangling, Told { count: 1, first: vec![(9, "07".to_owned())] });
    }

    #[test]
    fn an_id_of_a_section_may_come_again_in_another() {
        let id = |section| ("1".to_owned(), section, Unique::InSection);
        assert_eq!(all(0, &[id(0), id(1)], &[]).twice.count, 0);
        assert_eq!(all(0, &[id(0), id(1), id(0)], &[]).twice, Told { count: 1, first: vec![(0, "1".to_owned())] });
        assert_eq!(all(0, &[id(0), ("1".to_owned(), 1, Unique::InFile)], &[]).twice.count, 1);
    }

    #[test]
    fn a_few_are_told_and_all_are_counted() {
        let references: Vec<(String, u32)> = (0..50).map(|id| (id.to_string(), id % 3)).collect();
        let found = all(100, &[], &references);
        assert_eq!((found.dangling.count, found.dangling.first.len()), (50, 20));
    }

    proptest! {
        #[test]
        fn agrees_with_sets_whatever_is_put_down(
            ids in proptest::collection::vec(("[0-9]{1,2}|[ab]{1,3}", 0u32..3), 0..120),
            references in proptest::collection::vec(("[0-9]{1,2}|[ab]{1,3}", 0u32..5), 0..120),
            limit in 0usize..2000,
        ) {
            let ids: Vec<_> = ids.into_iter().map(|(id, section)| (id, section, Unique::InFile)).collect();
            let found = all(limit, &ids, &references);
            let set: HashSet<&str> = ids.iter().map(|(id, ..)| id.as_str()).collect();
            let dangling = references.iter().filter(|(id, _)| !set.contains(id.as_str()));
            prop_assert_eq!(found.twice.count, (ids.len() - set.len()) as u64);
            prop_assert_eq!(found.dangling.count, dangling.clone().count() as u64);
            let places: HashSet<(u32, &str)> = dangling.map(|(id, place)| (*place, id.as_str())).collect();
            prop_assert!(found.dangling.first.iter().all(|(place, id)| places.contains(&(*place, id.as_str()))));
        }
    }
}
