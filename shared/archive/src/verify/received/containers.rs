//! Containers of members that the app itself made: a tar, and a ZIP.

use std::{
    borrow::Cow,
    io::{Read, Seek, SeekFrom},
    ops::ControlFlow,
};

use orgvault_api::{ArchiveFiles, Warning};

use super::{
    super::{ArchiveFault, structure::Structure, zip::Member},
    walk::Walk,
};
use crate::{
    container::{self, Zip},
    content::Progress,
    reader::ArchiveReader,
    received::ReadAs,
    tarball::{Entry, Kind, Tarball},
};

/// Members with a fault, after which no more are looked at.
const MOST_FAULTY: usize = 100;
/// The record at the end of a ZIP, without the comment behind it.
const LAST_RECORD: usize = 22;
/// Where it says how long that is.
const COMMENT_LENGTH: std::ops::Range<usize> = 20..22;

/// What was found in the members so far.
struct Members<'a> {
    walk: Walk<'a>,
    faults: Vec<ArchiveFault>,
    /// Those of which nothing is known.
    files: ArchiveFiles,
    /// Links, devices, and names that lead out of a folder.
    strange: u64,
}

impl<'a> Members<'a> {
    fn new(read_as: ReadAs<'a>) -> Self {
        Self { walk: Walk::new(read_as), faults: Vec::new(), files: ArchiveFiles::default(), strange: 0 }
    }

    fn look_into(&mut self, name: &str, size: u64, content: &mut dyn Read) {
        match self.walk.member(name, content) {
            Ok(true) => {
                self.files.count += 1;
                self.files.bytes += size;
            }
            Ok(false) => {}
            Err(fault) => self.faults.push(fault.packed().of_member(name)),
        }
        self.strange += u64::from(leads_out(name));
    }

    /// What they are together; `end` is whether the container was read to its own.
    fn finish(self, end: Result<(), ArchiveFault>) -> Structure {
        let Self { walk, mut faults, files, strange } = self;
        faults.extend(end.err());
        let mut found = walk.finish(faults.is_empty());
        found.faults.splice(0..0, faults);
        found.files = (files.count > 0).then_some(files);
        if strange > 0 {
            let members = if strange == 1 { "1 member is".to_owned() } else { format!("{strange} members are") };
            found.warnings.push(Warning {
                code: "strange_members".to_owned(),
                message: format!(
                    "{members} a link, a device, or named so that unpacking would lead elsewhere: unpack it with care"
                ),
                ids: Vec::new(),
            });
        }
        found
    }
}

fn leads_out(name: &str) -> bool {
    name.starts_with('/') || name.split('/').any(|part| part == "..")
}

pub(in super::super) fn tar(content: &mut dyn Read, read_as: ReadAs<'_>) -> Structure {
    let mut tarball = Tarball::new(content);
    let mut members = Members::new(read_as);
    let end = loop {
        match tarball.next() {
            Ok(Some(entry)) => note_entry(&mut members, &entry, &mut tarball),
            Ok(None) => break Ok(()),
            Err(fault) => break Err(fault),
        }
        if members.faults.len() >= MOST_FAULTY {
            break Ok(());
        }
    };
    members.finish(end)
}

fn note_entry(members: &mut Members<'_>, entry: &Entry, content: &mut dyn Read) {
    let Entry { name, kind, size } = entry;
    match kind {
        Kind::File => members.look_into(name, *size, content),
        Kind::Sparse => {
            members.files.count += 1;
            members.files.bytes += size;
        }
        Kind::Folder => members.strange += u64::from(leads_out(name)),
        Kind::Link | Kind::Other => members.strange += 1,
    }
}

/// A ZIP of so many bytes. `Break` where it was told to stop.
pub(in super::super) fn zip(
    reader: &ArchiveReader,
    bytes: u64,
    read_as: ReadAs<'_>,
    progress: Progress<'_>,
) -> ControlFlow<(), Structure> {
    let mut members = Members::new(read_as);
    let opened = end_of_zip(&mut reader.again()).and_then(|()| container::open(reader.again(), None));
    let mut archive = match opened {
        Ok(archive) => archive,
        Err(fault) => return ControlFlow::Continue(members.finish(Err(fault))),
    };
    let stop = || progress(bytes);
    for index in 0..archive.len() {
        note_member(&mut members, &mut archive, index, &stop)?;
        if members.faults.len() >= MOST_FAULTY {
            break;
        }
    }
    ControlFlow::Continue(members.finish(Ok(())))
}

fn note_member(
    members: &mut Members<'_>,
    archive: &mut Zip,
    index: usize,
    stop: &dyn Fn() -> ControlFlow<()>,
) -> ControlFlow<()> {
    let number = || format!("number {}", index + 1);
    let member = match archive.by_index(index) {
        Ok(member) => member,
        Err(error) => {
            members.faults.push(container::not_a_zip(&error).of_member(&number()));
            return ControlFlow::Continue(());
        }
    };
    let name = member.name().map_or_else(|_not_text| number(), Cow::into_owned);
    if member.is_symlink() {
        members.strange += 1;
    }
    let (size, folder) = (member.size(), member.is_dir());
    let mut member = Member::new(member, stop);
    let before = members.faults.len();
    if !folder {
        members.look_into(&name, size, &mut member);
    }
    // Where the content alone told nothing, the checksum and the size still have to fit.
    if members.faults.len() == before && !member.stopped {
        members.faults.extend(member.end().err().map(|fault| fault.of_member(&name)));
    }
    if member.stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// A ZIP ends with a record that says how long the comment behind it is, and with that. One that lacks it was cut.
fn end_of_zip(reader: &mut ArchiveReader) -> Result<(), ArchiveFault> {
    let size = reader.size();
    let from = size.saturating_sub((LAST_RECORD + usize::from(u16::MAX)) as u64);
    let mut tail = Vec::new();
    let read = reader.seek(SeekFrom::Start(from)).and_then(|_at| reader.read_to_end(&mut tail));
    read.map_err(|cause| ArchiveFault::Unreadable { at: from, cause: cause.to_string() })?;
    let mut follows = false;
    for at in memchr::memmem::rfind_iter(&tail, b"PK\x05\x06") {
        let Some(record) = tail.get(at..at + LAST_RECORD) else { continue };
        let comment =
            record.get(COMMENT_LENGTH).and_then(|length| length.try_into().ok()).map_or(0, u16::from_le_bytes);
        let end = at + LAST_RECORD + usize::from(comment);
        if end == tail.len() {
            return Ok(());
        }
        follows |= end < tail.len();
    }
    Err(if follows {
        ArchiveFault::Container { cause: "something follows its end".to_owned() }
    } else {
        ArchiveFault::Ends { at: size }
    })
}
