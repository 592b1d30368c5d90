//! The values of one array, or one value alone.

use std::io::Read;

use super::{Broken, Document};
use crate::content::Window;

/// Goes through the elements of an array, or through the one value that there is.
pub(crate) struct Values<R> {
    document: Document<R>,
    /// Where there is no array: whether the one value was found.
    alone: Option<bool>,
}

impl<R: Read> Values<R> {
    /// Enters the array, where there is one.
    pub(crate) fn over(window: Window<R>) -> Result<Self, Broken> {
        let mut document = Document { window, first: true, keys: 0 };
        let is_array = document.peek()? == b'[';
        if is_array {
            document.window.advance(1);
        }
        Ok(Self { document, alone: (!is_array).then_some(false) })
    }

    /// Looks for the next value, which is not taken; gives how many bytes it has. None at the end, with nothing after
    /// it.
    pub(crate) fn find(&mut self, limit: usize) -> Result<Option<usize>, Broken> {
        let more = match &mut self.alone {
            None => self.document.another(b']')?,
            Some(found) => !std::mem::replace(found, true),
        };
        if more { self.document.find(limit).map(Some) } else { self.document.finish().map(|()| None) }
    }

    /// Takes the value that was found.
    pub(crate) fn take(&mut self, length: usize) -> &[u8] {
        self.document.window.take(length)
    }

    /// The same, for who takes the value himself.
    pub(crate) fn window_mut(&mut self) -> &mut Window<R> {
        &mut self.document.window
    }

    /// What the value that was found is the beginning of.
    pub(crate) fn window(&self) -> &Window<R> {
        &self.document.window
    }
}
