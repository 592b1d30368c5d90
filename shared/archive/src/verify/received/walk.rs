//! Goes through what a received file holds, once: its rows are counted, and their ids, what they refer to and whose
//! they are is noted on the way.

use std::{
    borrow::Cow,
    io::{self, Read},
    path::PathBuf,
};

use serde_json::value::RawValue;

use super::{
    super::{
        ArchiveFault,
        structure::{self, Structure},
    },
    ids::Ids,
    look::{Look, Way},
    sections::{Sections, UNKNOWN},
    tenant::Tenants,
    told,
};
use crate::{
    content::{Broken, broken},
    document::LARGEST_ROW,
    received::{
        Inner, ReadAs,
        large::Large,
        lines::Rows,
        members::{Members, Reading},
        pick::{self, Picked},
    },
    table::{self, Table},
};

/// A larger seed is not read.
const LARGEST_SEED: u64 = 2 * 1024 * 1024 * 1024;

/// References of a large row that are held until its section is known.
const MOST_HELD: usize = 100_000;

/// What was found so far.
pub(super) struct Walk<'a> {
    read_as: ReadAs<'a>,
    members: Members<'a>,
    sections: Sections,
    /// Why they cannot be kept, once one could not.
    ids: io::Result<Ids>,
    tenants: Tenants<'a>,
    /// Rows that lack the key that names their section.
    untyped: u64,
    faults: Vec<ArchiveFault>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(read_as: ReadAs<'a>) -> Self {
        let scratch = read_as.scratch.map_or_else(std::env::temp_dir, PathBuf::from);
        Self {
            read_as,
            members: Members::of_tenant(read_as),
            sections: Sections::default(),
            ids: Ok(Ids::new(&scratch)),
            tenants: Tenants::new(read_as),
            untyped: 0,
            faults: Vec::new(),
        }
    }

    /// A file by itself.
    pub(super) fn file(&mut self, content: &mut dyn Read) -> Result<(), ArchiveFault> {
        self.read(None, &Reading::of_file(self.read_as.content), content)
    }

    /// One member of a container; whether it is one of which nothing is known.
    pub(super) fn member(&mut self, name: &str, content: &mut dyn Read) -> Result<bool, ArchiveFault> {
        let reading = self.members.reading(name);
        self.read(Some(name), &reading, content)?;
        Ok(reading.inner == Inner::Opaque)
    }

    /// What was found; `whole` is whether it was read to its end.
    pub(super) fn finish(self, whole: bool) -> Structure {
        let Self { read_as, sections, ids, tenants, untyped, mut faults, .. } = self;
        faults.extend(tenants.faults(whole));
        let mut warnings: Vec<_> = told::untyped(read_as.content, untyped).into_iter().collect();
        match ids.and_then(Ids::compare) {
            Ok(found) => {
                faults.extend(told::twice(&found.twice, &sections));
                // What is not there may be in the part that is missing.
                warnings.extend(told::dangling(&found.dangling, &sections, read_as.content).filter(|_| whole));
            }
            Err(cause) => faults.push(ArchiveFault::Scratch { cause: cause.to_string() }),
        }
        Structure { counts: sections.into_counts(), files: None, faults, warnings, walked: whole }
    }

    fn read(
        &mut self,
        member: Option<&str>,
        reading: &Reading<'a>,
        content: &mut dyn Read,
    ) -> Result<(), ArchiveFault> {
        let look = Look::of(self.read_as.content, self.members.identities(member), reading);
        match reading.inner {
            Inner::Ndjson | Inner::Rows | Inner::Json => {
                let format = if reading.inner == Inner::Json { "JSON" } else { "NDJSON" };
                self.rows(reading, &look, content).map_err(|broken| ArchiveFault::of(broken, format))
            }
            Inner::Csv => self.records(reading, &look, content).map_err(|broken| ArchiveFault::of(broken, "CSV")),
            Inner::Document => self.document(&look, content),
            Inner::Seed => self.seed(&look, content),
            Inner::Opaque => {
                let mut passed = Passed { content, bytes: 0 };
                let copied = io::copy(&mut passed, &mut io::sink());
                let bytes = passed.bytes;
                copied.map(|_bytes| ()).map_err(|cause| ArchiveFault::of(broken(cause, bytes), "content"))
            }
        }
    }

    fn rows(&mut self, reading: &Reading<'_>, look: &Look, content: &mut dyn Read) -> Result<(), Broken> {
        let only = self.sections.only(reading)?;
        let mut rows = Rows::open(content, reading.inner)?;
        loop {
            let length = match rows.find(LARGEST_ROW) {
                Ok(Some(length)) => length,
                Ok(None) => return Ok(()),
                Err(Broken::TooLarge { .. }) => {
                    self.large_row(look, only, reading, &mut rows)?;
                    continue;
                }
                Err(broken) => return Err(broken),
            };
            let at = rows.offset();
            let row = rows.text(length)?;
            let found =
                look.keys.pick(row).map_err(|wrong| Broken::Syntax { at: at + wrong.at as u64, what: wrong.what })?;
            self.note(look, only, reading, &found)?;
            rows.take(length);
        }
    }

    /// A row that does not fit into the memory: its references may be so many that they are noted before it is known
    /// of which section they are.
    fn large_row<R: Read>(
        &mut self,
        look: &Look,
        only: Option<u32>,
        reading: &Reading<'_>,
        rows: &mut Rows<R>,
    ) -> Result<(), Broken> {
        let lists = look.lists();
        let number = |place| look.references.iter().find(|(_, key)| *key == place).map_or(0, |(number, _)| *number);
        let mut held: Vec<(u32, String)> = Vec::new();
        let mut note = |place: usize, value: &RawValue| {
            let Some(id) = pick::text_of(value) else { return };
            if held.len() < MOST_HELD {
                held.push((number(place), pick::shortened(&id).into_owned()));
            } else {
                self.refer(&id, only.unwrap_or(UNKNOWN), number(place));
            }
        };
        let found = rows.read_large(Large { keys: &look.keys, lists: &lists, note: &mut note })?;
        let section = self.note(look, only, reading, &found.iter().map(Option::as_deref).collect())?;
        for (number, id) in held {
            self.refer(&id, section, number);
        }
        Ok(())
    }

    /// Notes one row.
    fn note(
        &mut self,
        look: &Look,
        only: Option<u32>,
        reading: &Reading<'_>,
        found: &Picked<'_>,
    ) -> Result<u32, Broken> {
        let value = |place: usize| found.get(place).copied().flatten();
        let section = match only {
            Some(section) => section,
            None => self.section(look.section.and_then(value), reading)?,
        };
        self.sections.count(section, 1);
        for identity in &look.identities {
            if identity.section.as_deref().is_none_or(|name| name == self.sections.name(section)) {
                let said = |way: &Way| pick::text_of(pick::at(value(way.key)?, &way.rest)?);
                self.tenants.note(identity.number, identity.ways.iter().filter_map(said));
            }
        }
        if let Some((id, unique)) = look.id.and_then(|(place, unique)| Some((pick::text_of(value(place)?)?, unique))) {
            self.keep(|ids| ids.note(&pick::shortened(&id), section, unique));
        }
        for (number, place) in &look.references {
            let Some(list) = value(*place) else { continue };
            pick::each(list, |value| {
                if let Some(id) = pick::text_of(value) {
                    self.refer(&id, section, *number);
                }
            });
        }
        Ok(section)
    }

    fn refer(&mut self, id: &str, section: u32, reference: u32) {
        let label = told::label(section, reference, self.read_as.content);
        self.keep(|ids| ids.refer(&pick::shortened(id), label));
    }

    /// The section that a row's own key names.
    fn section(&mut self, named: Option<&RawValue>, reading: &Reading<'_>) -> Result<u32, Broken> {
        if let Some(name) = named.and_then(pick::text_of) {
            return self.sections.number(&pick::shortened(&name));
        }
        self.untyped += 1;
        self.sections.number(&reading.section)
    }

    fn keep(&mut self, note: impl FnOnce(&mut Ids) -> io::Result<()>) {
        if let Ok(ids) = &mut self.ids
            && let Err(cause) = note(ids)
        {
            self.ids = Err(cause);
        }
    }

    fn records(&mut self, reading: &Reading<'_>, look: &Look, content: &mut dyn Read) -> Result<(), Broken> {
        let section = self.sections.number(&reading.section)?;
        let mut table = Table::open(content)?;
        if look.keys.is_empty() {
            while table.pass_record()? {}
            self.sections.count(section, table.records());
            return Ok(());
        }
        let columns = look.keys.places_in(table.header());
        while let Some(record) = table.next_record()? {
            let mut fields = table::fields(record);
            let texts: Vec<Option<Box<RawValue>>> = columns
                .iter()
                .map(|column| {
                    let text = std::mem::take(fields.get_mut((*column)?)?);
                    if text.is_empty() { None } else { serde_json::value::to_raw_value(&text).ok() }
                })
                .collect();
            self.note(look, Some(section), reading, &texts.iter().map(Option::as_deref).collect())?;
        }
        Ok(())
    }

    /// A document whose arrays of objects are sections; whose it is stands in one of the other values.
    fn document(&mut self, look: &Look, content: &mut dyn Read) -> Result<(), ArchiveFault> {
        let mut says: Vec<Vec<String>> = vec![Vec::new(); look.identities.len()];
        let seen = structure::document_alone(content, &look.keys, &mut |key, value| {
            for (identity, says) in look.identities.iter().zip(&mut says) {
                let ways = identity.ways.iter().filter(|way| way.key == key);
                let texts = ways.filter_map(|way| pick::text_of(pick::at(value, &way.rest)?));
                says.extend(texts.map(Cow::into_owned));
            }
        });
        for (identity, says) in look.identities.iter().zip(says) {
            self.tenants.note(identity.number, says.into_iter().map(Cow::Owned));
        }
        self.add(seen)
    }

    fn seed(&mut self, look: &Look, content: &mut dyn Read) -> Result<(), ArchiveFault> {
        let mut bytes = Vec::new();
        if let Err(cause) = content.take(LARGEST_SEED + 1).read_to_end(&mut bytes) {
            return Err(ArchiveFault::of(broken(cause, bytes.len() as u64), "seed"));
        }
        if bytes.len() as u64 > LARGEST_SEED {
            return Err(ArchiveFault::TooLarge { at: 0, limit: usize::try_from(LARGEST_SEED).unwrap_or(usize::MAX) });
        }
        let document = crate::seed::parse(&bytes).map_err(|error| ArchiveFault::Seed { what: error.to_string() })?;
        for identity in &look.identities {
            let said = |way: &Way| match way.path().as_slice() {
                ["program", "slug"] => Some(Cow::Borrowed(document.program.slug.as_str())),
                ["program", "name"] => Some(Cow::Borrowed(document.program.name.as_str())),
                _ => None,
            };
            self.tenants.note(identity.number, identity.ways.iter().filter_map(said));
        }
        let counts = crate::seed::counts(&document);
        self.add(Structure { counts, walked: true, ..Structure::default() })
    }

    fn add(&mut self, seen: Structure) -> Result<(), ArchiveFault> {
        for count in seen.counts {
            let section = self.sections.number(&count.name).map_err(|broken| ArchiveFault::of(broken, "JSON"))?;
            self.sections.count(section, count.rows);
        }
        let mut faults = seen.faults.into_iter();
        let first = faults.next();
        self.faults.extend(faults);
        first.map_or(Ok(()), Err)
    }
}

/// Content of which it is known how much was read.
struct Passed<'c> {
    content: &'c mut dyn Read,
    bytes: u64,
}

impl Read for Passed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read(buffer)?;
        self.bytes += count as u64;
        Ok(count)
    }
}
