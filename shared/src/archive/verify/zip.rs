//! The structure of a ZIP: its members, one CSV for each section, and one JSON object about them.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, BufReader, Read},
    ops::ControlFlow,
};

use zip::{ZipArchive, read::ZipFile, result::ZipError};

use super::{
    Expected, Fault, Section,
    structure::{self, Structure},
};
use crate::{
    api::SectionCount,
    archive::content::{Broken, Progress},
};

const BUFFER: usize = 256 * 1024;

/// Looks into every member of `file`: each is decompressed to its end, so that its checksum is
/// compared too. `Break` where it was told to stop.
pub(super) fn members(
    file: File,
    bytes: u64,
    expected: &Expected<'_>,
    progress: Progress<'_>,
) -> ControlFlow<(), Structure> {
    let mut found = Structure::default();
    let mut archive = match ZipArchive::new(BufReader::with_capacity(BUFFER, file)) {
        Ok(archive) => archive,
        Err(error) => {
            found.faults.push(not_a_zip(&error));
            return ControlFlow::Continue(found);
        }
    };
    found.walked = true;
    let mut names = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let stop = || progress(bytes);
        if stop().is_break() {
            return ControlFlow::Break(());
        }
        let member = match archive.by_index(index) {
            Ok(member) => member,
            Err(error) => {
                found.walked = false;
                found.faults.push(not_a_zip(&error).of_member(&format!("number {}", index + 1)));
                continue;
            }
        };
        let name = member.name().map_or_else(|_not_text| format!("number {}", index + 1), Cow::into_owned);
        let mut member = Member { rest: member, passed: 0, stop: &stop, stopped: false };
        look_into(&name, &mut member, expected, &mut found);
        if member.stopped {
            return ControlFlow::Break(());
        }
        names.push(name);
    }
    compare_names(&names, expected, &mut found);
    ControlFlow::Continue(found)
}

fn look_into(name: &str, member: &mut Member<'_, '_>, expected: &Expected<'_>, found: &mut Structure) {
    let section = expected.sections.and_then(|sections| by_member(sections, name));
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
        faults.push(Fault::MemberSize { found, stated });
    }
    found.walked &= faults.is_empty() || seen.walked;
    found.faults.extend(faults.into_iter().map(|fault| fault.of_member(name)));
    for count in seen.counts {
        if found.counts.iter().any(|earlier| earlier.name == count.name) {
            found.faults.push(Fault::Twice { section: count.name.clone() });
        }
        found.counts.push(count);
    }
}

/// Without a manifest `meta.json` is taken for it, as in the products that we know.
fn is_meta(name: &str, expected: &Expected<'_>) -> bool {
    match expected.sections {
        Some(_) => expected.layout.meta_member.as_deref() == Some(name),
        None => name == "meta.json",
    }
}

/// The section that is in a member of this name.
fn by_member<'a>(sections: &'a [Section], name: &str) -> Option<&'a Section> {
    sections.iter().find(|section| section.member.as_deref() == Some(name))
}

fn table(member: &mut Member<'_, '_>, expected: &Expected<'_>, section: Option<&Section>, name: &str) -> Structure {
    let alone = Expected { sections: section.map(std::slice::from_ref), ..*expected };
    let mut seen = structure::table(member, &alone);
    for SectionCount { name: counted, .. } in &mut seen.counts {
        name.clone_into(counted);
    }
    seen.faults = seen.faults.into_iter().map(Fault::packed).collect();
    seen
}

fn json(member: &mut Member<'_, '_>) -> Structure {
    let parsed = serde_json::from_reader::<_, serde_json::Map<String, serde_json::Value>>(BufReader::new(&mut *member));
    let faults = match parsed {
        Ok(_object) => Vec::new(),
        Err(error) => vec![match error.io_error_kind() {
            Some(_) => Fault::packed(Fault::of(broken(error.into(), member.passed), "JSON")),
            None => Fault::Syntax { format: "JSON", at: member.passed, what: error.to_string() },
        }],
    };
    Structure { faults, ..Structure::default() }
}

/// Reads what is left of a member.
fn drain(member: &mut Member<'_, '_>) -> Result<(), Fault> {
    match io::copy(member, &mut io::sink()) {
        Ok(_) => Ok(()),
        Err(cause) => Err(Fault::packed(Fault::of(broken(cause, member.passed), "ZIP"))),
    }
}

fn broken(cause: io::Error, at: u64) -> Broken {
    match cause.kind() {
        io::ErrorKind::UnexpectedEof => Broken::Ends { at },
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Broken::Gzip { at, cause },
        _ => Broken::Read { at, cause },
    }
}

/// What the manifest says must be there and is not, and the other way round.
fn compare_names(names: &[String], expected: &Expected<'_>, found: &mut Structure) {
    let Some(sections) = expected.sections else { return };
    let meta = expected.layout.meta_member.as_deref();
    if let Some(meta) = meta.filter(|meta| !names.iter().any(|name| name == meta)) {
        found.faults.push(Fault::NoMember { member: meta.to_owned() });
    }
    for name in names {
        if by_member(sections, name).is_none() && meta != Some(name) {
            found.faults.push(Fault::UnknownMember { member: name.clone() });
        }
    }
}

fn not_a_zip(error: &ZipError) -> Fault {
    match error {
        ZipError::Io(cause) if cause.raw_os_error().is_some() => Fault::Unreadable { at: 0, cause: cause.to_string() },
        error => Fault::Container { cause: error.to_string() },
    }
}

/// A member's content, as far as it was read.
struct Member<'a, 's> {
    rest: ZipFile<'a, BufReader<File>>,
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
