//! Which keys of a row are looked at, and for what.

use super::ids::Unique;
use crate::received::{
    Content, Identity,
    members::Reading,
    pick::{self, Keys},
};

/// What is looked at in the rows of one file, or of one member.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) keys: Keys,
    /// The key that names a row's section.
    pub(super) section: Option<usize>,
    /// The key of a row's id.
    pub(super) id: Option<(usize, Unique)>,
    /// The numbers of references, and their keys.
    pub(super) references: Vec<(u32, usize)>,
    /// Where it stands whose the file is.
    pub(super) identities: Vec<Place>,
}

/// Where it stands whose a file is.
#[derive(Debug)]
pub(super) struct Place {
    /// Which of the definition's places it is.
    pub(super) number: usize,
    /// Only rows of this section say it.
    pub(super) section: Option<String>,
    /// The ways to it, one of which is enough.
    pub(super) ways: Vec<Way>,
}

/// A way to a value.
#[derive(Debug)]
pub(super) struct Way {
    /// The key of the row, or of the document.
    pub(super) key: usize,
    /// The way on from its value.
    pub(super) rest: Vec<String>,
    pointer: Vec<String>,
}

impl Way {
    fn of(pointer: &str, keys: &mut Keys) -> Option<Self> {
        let pointer = pick::tokens(pointer);
        let (first, rest) = pointer.split_first()?;
        let (key, rest) = (keys.add(first), rest.to_vec());
        Some(Self { key, rest, pointer })
    }

    /// The whole of it.
    pub(super) fn path(&self) -> Vec<&str> {
        self.pointer.iter().map(String::as_str).collect()
    }
}

impl Look {
    /// The keys whose values are nothing but references.
    pub(super) fn lists(&self) -> Vec<usize> {
        let ways = self.identities.iter().flat_map(|place| &place.ways).map(|way| way.key);
        let others: Vec<usize> = ways.chain(self.section).chain(self.id.map(|(key, _)| key)).collect();
        let references = self.references.iter().map(|(_, key)| *key);
        references.filter(|key| !others.contains(key)).collect()
    }

    pub(super) fn of<'a>(
        content: &Content,
        identities: impl Iterator<Item = (usize, &'a Identity)>,
        reading: &Reading<'_>,
    ) -> Self {
        let mut keys = Keys::default();
        let section = reading.key.map(|key| keys.add(key));
        let unique = |in_section| if in_section { Unique::InSection } else { Unique::InFile };
        let id = reading.id.map(|(key, in_section)| (keys.add(key), unique(in_section)));
        let references = (0..).zip(&content.references).map(|(number, key)| (number, keys.add(key))).collect();
        let identities = identities.map(|(number, identity)| {
            let pointers = std::iter::once(&identity.pointer).chain(&identity.or);
            let ways = pointers.filter_map(|pointer| Way::of(pointer, &mut keys)).collect();
            Place { number, section: identity.section.clone(), ways }
        });
        let identities = identities.collect();
        Self { keys, section, id, references, identities }
    }
}
