//! What an archive holds that the app itself made: nothing but the file says what that must be.

mod containers;
mod ids;
mod look;
mod sections;
mod sniff;
mod tenant;
mod told;
mod walk;

use std::io::Read;

use super::structure::Structure;
use crate::received::ReadAs;
pub(super) use containers::{tar, zip};
use sniff::Head;
pub(super) use sniff::unlike;
use walk::Walk;

/// A file by itself.
pub(super) fn file(content: &mut dyn Read, read_as: ReadAs<'_>) -> Structure {
    let (mut walk, mut head) = (Walk::new(read_as), Head::of(content));
    let read = walk.file(&mut head);
    let mut found = walk.finish(read.is_ok());
    found.faults.splice(0..0, read.err());
    let strange = !found.faults.is_empty() || !found.warnings.is_empty();
    if strange && let Some(unlike) = head.unlike(read_as.content.inner) {
        return Structure { faults: vec![unlike], ..Structure::default() };
    }
    found
}
