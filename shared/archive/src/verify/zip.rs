//! The structure of a ZIP: its members, one CSV for each section, and one JSON object about them.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    io::{self, BufReader, Read},
    ops::ControlFlow,
};

use zip::read::ZipFile;

use super::{
    ArchiveFault, Expected, Section,
    bag::{self, Bag, Hashing},
    files::{self, Files},
    structure::{self, Structure},
};
use crate::{
    container::{self, Limited, Zip},
    content::{Broken, Progress},
    document::Document,
    manifest::FILE_LIST,
    reader::ArchiveReader,
};
use orgvault_api::{Format, SectionCount};

/// Looks into every member of an archive: each is decompressed to its end, so that its checksum is
/// compared too. `Break` where it was told to stop.
pub(super) fn members(
    reader: ArchiveReader,
    bytes: u64,
    expected: &Expected<'_>,
    progress: Progress<'_>,
) -> ControlFlow<(), Structure> {
    let mut found = Structure::default();
    let opened = container::open(reader.again(), expected.sections.map(|_| expected.files.unwrap_or_default().count));
    let opened = opened.and_then(|mut archive| Ok((list(&mut archive, reader, expected)?, archive)));
    let (mut files, mut archive) = match opened {
        Ok(opened) => opened,
        Err(fault) => {
            found.faults.push(fault);
            return ControlFlow::Continue(found);
        }
    };
    found.walked = true;
    let sections = by_member(expected.sections.unwrap_or_default());
    let mut names = HashSet::with_capacity(archive.len());
    let mut bag = (expected.format == Format::Full).then(Bag::default);
    for index in 0..archive.len() {
        let stop = || progress(bytes);
        if stop().is_break() {
            return ControlFlow::Break(());
        }
        if let Some(files) = &mut files {
            files.pass_missing(|member| archive.index_for_name(member).is_some(), &mut found.faults);
        }
        let member = match archive.by_index(index) {
            Ok(member) => member,
            Err(error) => {
                found.walked = false;
                found.faults.push(container::not_a_zip(&error).of_member(&format!("number {}", index + 1)));
                continue;
            }
        };
        let name = member.name().map_or_else(|_not_text| format!("number {}", index + 1), Cow::into_owned);
        let mut member = Member::new(member, &stop);
        member.hashing = bag.is_some().then(|| Hashing::of(&name));
        let is_file = files::is_file(&name, expected.format);
        let file = files.as_mut().filter(|_| is_file);
        let is_known = file.is_some() || is_known(&name, expected, &sections);
        match file {
            Some(files) => look_into_file(&name, &mut member, files, &mut found),
            None => look_into(&name, &mut member, expected, sections.get(name.as_str()).copied(), &mut found),
        }
        if member.stopped {
            return ControlFlow::Break(());
        }
        if let Some((bag, hashed)) = bag.as_mut().zip(member.hashing.take()) {
            bag.add(&name, hashed);
        }
        if !is_known {
            found.faults.push(ArchiveFault::UnknownMember { member: name.clone() });
        }
        if !is_file {
            names.insert(name);
        }
    }
    note_missing(&names, expected, &mut found);
    // What is broken in itself says nothing of the whole.
    if let Some(bag) = bag.filter(|_| found.faults.is_empty()) {
        found.faults.extend(bag.faults());
    }
    found.files = files.map(|files| files.finish(&mut found.faults));
    ControlFlow::Continue(found)
}

/// The list of the app's files; without a manifest a member that could be one is taken for it.
fn list(archive: &mut Zip, reader: ArchiveReader, expected: &Expected<'_>) -> Result<Option<Files>, ArchiveFault> {
    if expected.sections.is_some() && expected.layout.file_list.is_none() {
        return Ok(None);
    }
    Files::open(archive, reader, expected.format)
}

/// Whether the manifest speaks of such a member; without one all are known.
fn is_known(name: &str, expected: &Expected<'_>, sections: &HashMap<&str, &Section>) -> bool {
    expected.sections.is_none()
        || sections.contains_key(name)
        || is_meta(name, expected)
        || expected.format == Format::Full && bag::TAGS.contains(&name)
        || expected.layout.file_list.as_deref() == Some(name)
}

fn look_into_file(name: &str, member: &mut Member<'_, '_>, files: &mut Files, found: &mut Structure) {
    let compared = files.compare(name, member);
    let (passed, stated) = (member.passed, member.rest.size());
    let sized = if passed == stated { Ok(()) } else { Err(ArchiveFault::MemberSize { found: passed, stated }) };
    found.faults.extend(compared.and(sized).err().map(|fault| fault.of_member(name)));
}

fn look_into(
    name: &str,
    member: &mut Member<'_, '_>,
    expected: &Expected<'_>,
    section: Option<&Section>,
    found: &mut Structure,
) {
    let bare_section = expected.sections.is_none().then(|| section_of(name, expected.format)).flatten();
    let bare_section = bare_section.filter(|_| name != FILE_LIST);
    let seen = match (section, bare_section) {
        (Some(section), _) => table(member, expected, Some(section), &section.name),
        (None, Some(section)) => table(member, expected, None, section),
        (None, None) if is_meta(name, expected) => json(member),
        (None, None) => drain(member)
            .err()
            .map_or_else(Structure::default, |fault| Structure { faults: vec![fault], ..Structure::default() }),
    };
    // Where the content alone told nothing, the checksum and the size still have to fit.
    let mut faults = seen.faults;
    if faults.is_empty() {
        faults.extend(drain(member).err());
    }
    if faults.is_empty() && member.passed != member.rest.size() {
        let (found, stated) = (member.passed, member.rest.size());
        faults.push(ArchiveFault::MemberSize { found, stated });
    }
    found.walked &= faults.is_empty() || seen.walked;
    found.faults.extend(faults.into_iter().map(|fault| fault.of_member(name)));
    found.counts.extend(seen.counts);
}

/// The name of the section that a member without a manifest holds.
fn section_of(member: &str, format: Format) -> Option<&str> {
    if files::is_file(member, format) {
        return None;
    }
    let member = if format == Format::Full { member.strip_prefix("data/")? } else { member };
    member.strip_suffix(".csv")
}

/// Without a manifest `meta.json` is taken for it, as in the products that we know.
fn is_meta(name: &str, expected: &Expected<'_>) -> bool {
    match expected.sections {
        Some(_) => expected.layout.meta_member.as_deref() == Some(name),
        None => name == "meta.json",
    }
}

/// The sections by the names of their members.
fn by_member(sections: &[Section]) -> HashMap<&str, &Section> {
    sections.iter().rev().filter_map(|section| Some((section.member.as_deref()?, section))).collect()
}

fn table(member: &mut Member<'_, '_>, expected: &Expected<'_>, section: Option<&Section>, name: &str) -> Structure {
    let alone = Expected { sections: section.map(std::slice::from_ref), ..*expected };
    let mut seen = structure::table(member, &alone);
    for SectionCount { name: counted, .. } in &mut seen.counts {
        name.clone_into(counted);
    }
    seen.faults = seen.faults.into_iter().map(ArchiveFault::packed).collect();
    seen
}

fn json(member: &mut Member<'_, '_>) -> Structure {
    let walked = Document::open(&mut *member).and_then(|mut document| {
        while document.next_key()?.is_some() {
            document.pass()?;
        }
        Ok(())
    });
    let faults = walked.err().map(|broken| ArchiveFault::of(broken, "JSON").packed()).into_iter().collect();
    Structure { faults, ..Structure::default() }
}

/// Reads what is left of a member.
fn drain(member: &mut Member<'_, '_>) -> Result<(), ArchiveFault> {
    match io::copy(member, &mut io::sink()) {
        Ok(_) => Ok(()),
        Err(cause) => Err(ArchiveFault::packed(ArchiveFault::of(broken(cause, member.passed), "ZIP"))),
    }
}

pub(super) fn broken(cause: io::Error, at: u64) -> Broken {
    match cause.kind() {
        io::ErrorKind::UnexpectedEof => Broken::Ends { at },
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Broken::Gzip { at, cause },
        _ => Broken::Read { at, cause },
    }
}

/// What the manifest says must be there beside the sections, and is not; and what comes twice.
fn note_missing(names: &HashSet<String>, expected: &Expected<'_>, found: &mut Structure) {
    let stated = [expected.layout.meta_member.as_deref(), expected.layout.file_list.as_deref()];
    let stated = stated.into_iter().flatten().filter(|_| expected.sections.is_some());
    let missing = stated.filter(|member| !names.contains(*member));
    found.faults.extend(missing.map(|member| ArchiveFault::NoMember { member: member.to_owned() }));
    let mut seen = HashSet::new();
    let twice = found.counts.iter().filter(|count| !seen.insert(count.name.as_str()));
    let twice: Vec<ArchiveFault> = twice.map(|count| ArchiveFault::Twice { section: count.name.clone() }).collect();
    found.faults.extend(twice);
}

/// A member's content, as far as it was read.
pub(super) struct Member<'a, 's> {
    rest: ZipFile<'a, BufReader<Limited>>,
    passed: u64,
    stop: &'s dyn Fn() -> ControlFlow<()>,
    pub(super) stopped: bool,
    /// What is found of its bytes, where that is asked.
    hashing: Option<Hashing>,
}

impl<'a, 's> Member<'a, 's> {
    pub(super) fn new(rest: ZipFile<'a, BufReader<Limited>>, stop: &'s dyn Fn() -> ControlFlow<()>) -> Self {
        Self { rest, passed: 0, stop, stopped: false, hashing: None }
    }

    /// Reads what is left: its checksum and its size must fit.
    pub(super) fn end(&mut self) -> Result<(), ArchiveFault> {
        drain(self)?;
        let (found, stated) = (self.passed, self.rest.size());
        if found == stated { Ok(()) } else { Err(ArchiveFault::MemberSize { found, stated }) }
    }
}

impl Read for Member<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stopped || (self.stop)().is_break() {
            self.stopped = true;
            return Err(io::Error::other("told to stop"));
        }
        let count = self.rest.read(buffer)?;
        self.passed += count as u64;
        if let Some(hashing) = &mut self.hashing {
            hashing.feed(buffer.get(..count).unwrap_or_default());
        }
        Ok(count)
    }
}
