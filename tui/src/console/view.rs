//! What the terminal shows: a pure function of the model.

pub(crate) mod canvas;
mod dialogs;
mod frame;
pub(crate) mod notes;
pub(crate) mod table;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use self::canvas::Canvas;
use super::model::Model;

/// The smallest terminal that everything fits into, in a reduced form.
pub(crate) const SMALLEST: (u16, u16) = (60, 15);

/// What the runtime needs to know of what was drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct FrameLayout {
    /// Where text is typed.
    pub(crate) cursor: Option<Position>,
    /// Where the list is, and its first row.
    pub(crate) list: Option<(Rect, usize)>,
    /// How many lines of what lies on top can be scrolled away.
    pub(crate) reach: usize,
}

/// Draws all of it.
pub(crate) fn draw(model: &Model, buffer: &mut Buffer) -> FrameLayout {
    on(model, Canvas::new(buffer, &model.setup.theme))
}

/// How many lines of what lies on top can be scrolled away.
pub(crate) fn reach(model: &Model) -> usize {
    let (width, height) = model.size;
    let mut buffer = Buffer::empty(Rect { x: 0, y: 0, width, height });
    let mut canvas = Canvas::new(&mut buffer, &model.setup.theme);
    canvas.measures = true;
    on(model, canvas).reach
}

fn on(model: &Model, mut canvas: Canvas<'_>) -> FrameLayout {
    let area = canvas.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        frame::too_small(&mut canvas, area);
        return canvas.drawn;
    }
    let body = frame::draw(&mut canvas, model, area);
    if model.refused().is_some() && model.status.is_none() {
        frame::refused(&mut canvas, model, body);
    } else {
        model.screen.draw(&mut canvas, model, body);
    }
    frame::toasts(&mut canvas, model, body);
    if let Some(dialog) = &model.dialog {
        canvas.drawn.reach = 0;
        dialogs::draw(&mut canvas, model, dialog, area);
    }
    canvas.drawn
}
