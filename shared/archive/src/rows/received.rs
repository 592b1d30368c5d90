//! Rows of an archive that the app itself made: by what names their section, through all members that hold it.

use std::{collections::HashSet, io::Read};

use orgvault_api::Format;

use super::{
    Unread, fill_from_document,
    page::{Page, Source},
};
use crate::{
    container,
    content::{self, Broken},
    document::{Document, LARGEST_ROW},
    reader::ArchiveReader,
    received::{
        Content, Inner,
        large::Large,
        lines::Rows,
        members::{Members, Reading},
        pick::{self, Keys},
    },
    table::Table,
    tarball::{Kind, Tarball},
};

/// So many sections are named where the one that was asked for is not there.
const MOST_NAMED: usize = 1000;

/// The page of a section, as it fills.
pub(super) struct Search<'s> {
    page: Page,
    names: Names<'s>,
}

/// The section that was asked for, and those that there are.
struct Names<'s> {
    section: &'s str,
    /// Whether it is there.
    found: bool,
    known: Vec<String>,
    named: HashSet<String>,
}

impl Names<'_> {
    /// Whether a section is the one that was asked for.
    fn is(&mut self, section: &str) -> bool {
        if section == self.section {
            self.found = true;
        } else if self.known.len() < MOST_NAMED && !self.named.contains(section) {
            self.named.insert(section.to_owned());
            self.known.push(section.to_owned());
        }
        section == self.section
    }
}

impl<'s> Search<'s> {
    pub(super) fn new(section: &'s str, page: Page) -> Self {
        Self { page, names: Names { section, found: false, known: Vec::new(), named: HashSet::new() } }
    }

    /// Reads the archive until the page is full.
    pub(super) fn through(
        mut self,
        reader: ArchiveReader,
        format: Format,
        gzip: bool,
        read: &Content,
    ) -> Result<Page, Unread> {
        match format {
            Format::Tar => self.tar(content::open(reader, gzip), read)?,
            Format::Zip => self.zip(reader, read)?,
            _ => self.read(&Reading::of_file(read), content::open(reader, gzip))?,
        }
        if self.names.found { Ok(self.page) } else { Err(Unread::Unknown(self.names.known)) }
    }

    fn tar(&mut self, content: impl Read, read: &Content) -> Result<(), Unread> {
        let members = Members::of(read);
        let mut tarball = Tarball::new(content);
        while let Some(entry) = tarball.next().map_err(Unread::Damaged)? {
            if entry.kind == Kind::File {
                self.member(&entry.name, &members, &mut tarball)?;
            }
            if self.page.is_full() {
                break;
            }
        }
        Ok(())
    }

    fn zip(&mut self, reader: ArchiveReader, read: &Content) -> Result<(), Unread> {
        let members = Members::of(read);
        let mut archive = container::open(reader, None).map_err(Unread::Damaged)?;
        for index in 0..archive.len() {
            let member = archive.by_index(index).map_err(|error| Unread::Damaged(container::not_a_zip(&error)))?;
            if let Some(name) = member.name().ok().map(std::borrow::Cow::into_owned) {
                self.member(&name, &members, member)?;
            }
            if self.page.is_full() {
                break;
            }
        }
        Ok(())
    }

    fn member(&mut self, name: &str, members: &Members<'_>, content: impl Read) -> Result<(), Unread> {
        self.read(&members.reading(name), content).map_err(|unread| match unread {
            Unread::Damaged(fault) => Unread::Damaged(fault.packed().of_member(name)),
            other => other,
        })
    }

    fn read(&mut self, reading: &Reading<'_>, content: impl Read) -> Result<(), Unread> {
        match reading.inner {
            Inner::Opaque => Ok(()),
            Inner::Document | Inner::Seed => self.document(content),
            _ if reading.key.is_none() && !self.names.is(&reading.section) => Ok(()),
            Inner::Csv => {
                let mut table = Table::open(content).map_err(|broken| Unread::of(broken.into(), "CSV"))?;
                self.page.fill_from(&mut table).map_err(|stop| Unread::of(stop, "CSV"))
            }
            Inner::Ndjson | Inner::Rows | Inner::Json => {
                let mut keys = Keys::default();
                reading.key.map(|key| keys.add(key));
                let rows = Rows::open(content, reading.inner).map_err(Unread::json)?;
                let mut wanted = Wanted { rows, keys, otherwise: &reading.section, names: &mut self.names };
                self.page.fill(&mut wanted).map_err(Unread::json)
            }
        }
    }

    fn document(&mut self, content: impl Read) -> Result<(), Unread> {
        let mut document = Document::open(content).map_err(Unread::json)?;
        let Names { section, found, known, .. } = &mut self.names;
        *found |= fill_from_document(&mut document, section, &mut self.page, known)?;
        Ok(())
    }
}

/// The rows of one section among those of others.
struct Wanted<'w, 's, R> {
    rows: Rows<R>,
    /// The key that names a row's section, where there is one.
    keys: Keys,
    /// The section of a row that has none.
    otherwise: &'w str,
    names: &'w mut Names<'s>,
}

impl<R: Read> Wanted<'_, '_, R> {
    /// Looks for the next one, which is not taken; gives how many bytes it has.
    fn find(&mut self) -> Result<Option<usize>, Broken> {
        loop {
            let length = match self.rows.find(LARGEST_ROW) {
                Ok(Some(length)) => length,
                Ok(None) => return Ok(None),
                Err(Broken::TooLarge { at, limit }) => {
                    if self.is_large()? {
                        return Err(Broken::TooLarge { at, limit });
                    }
                    continue;
                }
                Err(broken) => return Err(broken),
            };
            let at = self.rows.offset();
            let found = self.keys.pick(self.rows.text(length)?);
            let found = found.map_err(|wrong| Broken::Syntax { at: at + wrong.at as u64, what: wrong.what })?;
            let section = found.first().copied().flatten().and_then(pick::text_of);
            if self.names.is(&pick::shortened(section.as_deref().unwrap_or(self.otherwise))) {
                return Ok(Some(length));
            }
            self.rows.take(length);
        }
    }

    /// Passes over a row that is too large to be held, and says whether it is one of the section.
    fn is_large(&mut self) -> Result<bool, Broken> {
        let large = Large { keys: &self.keys, lists: &[], note: &mut |_place, _value| {} };
        let found = self.rows.read_large(large)?;
        let section = found.first().and_then(Option::as_deref).and_then(pick::text_of);
        Ok(self.names.is(&pick::shortened(section.as_deref().unwrap_or(self.otherwise))))
    }
}

impl<R: Read> Source for Wanted<'_, '_, R> {
    fn next_row(&mut self) -> Result<Option<&[u8]>, Broken> {
        Ok(self.find()?.map(|length| self.rows.take(length)))
    }

    fn pass_row(&mut self) -> Result<bool, Broken> {
        match self.find() {
            Ok(Some(length)) => {
                self.rows.take(length);
                Ok(true)
            }
            Ok(None) => Ok(false),
            // It is not held, and was passed over.
            Err(Broken::TooLarge { limit: LARGEST_ROW, .. }) => Ok(true),
            Err(broken) => Err(broken),
        }
    }
}
