//! What the screen has no room for, in full: what is not well with the daemon and its sources, and all
//! that is known of what the cursor is on.

use ratatui::style::Style;

use super::canvas::Span;
use crate::console::{
    model::{Link, Model},
    screens::organizations::said,
    theme::Theme,
    words::{age, paragraph},
};

/// Lines that are written one after the other.
pub(crate) struct Notes<'t> {
    pub(crate) theme: &'t Theme,
    pub(crate) columns: usize,
    pub(crate) lines: Vec<Span>,
}

impl Notes<'_> {
    /// A title, with a blank line before it.
    pub(crate) fn title(&mut self, text: &str) {
        if !self.lines.is_empty() {
            self.lines.push((String::new(), self.theme.text));
        }
        self.say(text, self.theme.accent);
    }

    /// Each of its lines is a paragraph.
    pub(crate) fn say(&mut self, text: &str, style: Style) {
        for line in text.lines() {
            self.lines.extend(paragraph(line, self.columns).into_iter().map(|line| (line, style)));
        }
    }

    fn warn(&mut self, text: &str, hint: &str) {
        self.say(&format!("{} {text}", self.theme.symbols.failed), self.theme.bad);
        self.say(hint, self.theme.careful);
    }
}

/// All of it.
pub(super) fn lines(model: &Model, columns: usize) -> Vec<Span> {
    let theme = &model.setup.theme;
    let mut page = Notes { theme, columns, lines: Vec::new() };
    model.screen.notes(&mut page, model);
    let warnings = model.status.as_ref().map(|status| status.warnings.as_slice()).unwrap_or_default();
    if !warnings.is_empty() {
        page.title("what orgvaultd warns of");
    }
    for warning in warnings {
        page.say(&format!("{} {}", theme.symbols.warning, warning.message), theme.careful);
    }
    if let Link::Down { fault, .. } = &model.link {
        page.title("the connection to orgvaultd");
        page.warn(&fault.message, &fault.hint);
    }
    for failure in &model.data.failures {
        page.title(&format!("source {}", failure.source));
        page.warn(&said(model, failure), &failure.error.hint);
    }
    if !model.remarks.is_empty() {
        page.title("what went wrong here, the newest first");
    }
    for remark in model.remarks.iter().rev() {
        page.say(&format!("{} ago: {}", age(remark.at, model.shown_at), remark.text), theme.text);
    }
    if page.lines.is_empty() {
        page.say("nothing is wrong, and nothing was cut off", theme.dim);
    }
    page.lines
}
