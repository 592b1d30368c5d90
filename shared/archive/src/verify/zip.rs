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
    structure::{self, Structure},
};
use crate::{
    container::{self, Limited},
    content::{Broken, Progress},
    document::Document,
    reader::ArchiveReader,
};
use orgvault_api::SectionCount;

/// Looks into every member of an archive: each is decompressed to its end, so that its checksum is
/// compared too. `Break` where it was told to stop.
pub(super) fn members(
    reader: ArchiveReader,
    bytes: u64,
    expected: &Expected<'_>,
    progress: Progress<'_>,
) -> ControlFlow<(), Structure> {
    let mut found = Structure::default();
    let mut archive = match container::open(reader) {
        Ok(archive) => archive,
        Err(fault) => {
            found.faults.push(fault);
            return ControlFlow::Continue(found);
        }
    };
    found.walked = true;
    let sections = by_member(expected.sections.unwrap_or_default());
    let mut names = HashSet::with_capacity(archive.len());
    for index in 0..archive.len() {
        let stop = || progress(bytes);
        if stop().is_break() {
            return ControlFlow::Break(());
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
        let mut member = Member { rest: member, passed: 0, stop: &stop, stopped: false };
        look_into(&name, &mut member, expected, sections.get(name.as_str()).copied(), &mut found);
        if member.stopped {
            return ControlFlow::Break(());
        }
        if expected.sections.is_some() && !sections.contains_key(name.as_str()) && !is_meta(&name, expected) {
            found.faults.push(ArchiveFault::UnknownMember { member: name.clone() });
        }
        names.insert(name);
    }
    note_missing(&names, expected, &mut found);
    ControlFlow::Continue(found)
}

fn look_into(
    name: &str,
    member: &mut Member<'_, '_>,
    expected: &Expected<'_>,
    section: Option<&Section>,
    found: &mut Structure,
) {
    let bare_section = expected.sections.is_none().then(|| name.strip_suffix(".csv")).flatten();
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

fn broken(cause: io::Error, at: u64) -> Broken {
    match cause.kind() {
        io::ErrorKind::UnexpectedEof => Broken::Ends { at },
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Broken::Gzip { at, cause },
        _ => Broken::Read { at, cause },
    }
}

/// What the manifest says must be there beside the sections, and is not; and what comes twice.
fn note_missing(names: &HashSet<String>, expected: &Expected<'_>, found: &mut Structure) {
    let meta = expected.sections.and(expected.layout.meta_member.as_deref());
    if let Some(meta) = meta.filter(|meta| !names.contains(*meta)) {
        found.faults.push(ArchiveFault::NoMember { member: meta.to_owned() });
    }
    let mut seen = HashSet::new();
    let twice = found.counts.iter().filter(|count| !seen.insert(count.name.as_str()));
    let twice: Vec<ArchiveFault> = twice.map(|count| ArchiveFault::Twice { section: count.name.clone() }).collect();
    found.faults.extend(twice);
}

/// A member's content, as far as it was read.
struct Member<'a, 's> {
    rest: ZipFile<'a, BufReader<Limited>>,
    passed: u64,
    stop: &'s dyn Fn() -> ControlFlow<()>,
    stopped: bool,
}

impl Read for Member<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stopped || (self.stop)().is_break() {
            self.stopped = true;
            return Err(io::Error::other("told to stop"));
        }
        let count = self.rest.read(buffer)?;
        self.passed += count as u64;
        Ok(count)
    }
}
