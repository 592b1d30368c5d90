//! What lies over the screen.

use ratatui::{layout::Rect, style::Style};

use super::{
    canvas::{Canvas, Span, below, top},
    frame::visible_end,
    notes,
};
use crate::console::{
    keys::{self, Action, Key},
    model::{Challenge, Dialog, Formats, Model},
    update::reason,
    words::{paragraph, width, wrap},
};

/// The columns of the keys in the help.
const NAMES: usize = 20;

/// Draws the dialog in the middle of the terminal.
pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, dialog: &Dialog, area: Rect) {
    match dialog {
        Dialog::Help(scroll) => help(canvas, model, *scroll, area),
        Dialog::Notes(scroll) => {
            let inner = canvas.boxed(middle(area, 96, area.height), "notes");
            let lines = notes::lines(model, inner.width.into());
            scrolled(canvas, inner, &lines, *scroll, "esc closes");
        }
        Dialog::Confirm { question, details, typed, scroll, .. } => {
            confirm(canvas, question, details, (typed.as_ref(), *scroll), area);
        }
        Dialog::Formats(formats) => pick(canvas, formats, area),
        Dialog::Path { gid, path } => {
            let title = format!("Copy archive {gid} to");
            let inner = canvas.boxed(middle(area, 64, 5), &title);
            typing(canvas, inner, path);
            canvas.text(
                inner.x,
                inner.y + 2,
                inner.width,
                "enter copies, esc leaves; a path on this machine",
                canvas.theme.dim,
            );
        }
        Dialog::Commands(lines, cursor) => commands(canvas, lines, *cursor, area),
        Dialog::Text { title, lines, scroll } => {
            let inner = canvas.boxed(middle(area, 76, u16::try_from(lines.len()).unwrap_or(40) + 6), title);
            let shown = lines.iter().flat_map(|line| {
                let lines = paragraph(line, inner.width.into());
                if lines.is_empty() { vec![String::new()] } else { lines }
            });
            let shown: Vec<Span> = shown.map(|line| (line, canvas.theme.text)).collect();
            scrolled(canvas, inner, &shown, *scroll, "enter closes");
        }
    }
}

/// An area of at most this size in the middle.
fn middle(area: Rect, columns: u16, rows: u16) -> Rect {
    let (width, height) = (columns.min(area.width.saturating_sub(2)), rows.min(area.height.saturating_sub(2)));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

/// Draws lines, the last one of the area says how many there are.
fn scrolled(canvas: &mut Canvas<'_>, area: Rect, lines: &[Span], scroll: usize, hint: &str) {
    let more = canvas.scrolled(top(area, area.height.saturating_sub(1)), lines, scroll);
    let hint = match (more, scroll) {
        (0, 0) => hint.to_owned(),
        (0, _) => format!("{hint}; the end: k goes back"),
        (more, _) => format!("{hint}; j shows {more} more"),
    };
    canvas.text(area.x, area.bottom() - 1, area.width, &hint, canvas.theme.dim);
}

fn help(canvas: &mut Canvas<'_>, model: &Model, scroll: usize, area: Rect) {
    let inner = canvas.boxed(middle(area, 78, area.height), "keys that work here");
    let theme = canvas.theme;
    let mut lines: Vec<Span> = Vec::new();
    let sought = |key: &&Key| {
        use Action::{Back, Command, Filter, Help, Quit, QuitAnywhere};
        matches!(key.action, Help | Quit | QuitAnywhere | Filter | Back | Command)
    };
    // What everybody looks for comes first, so that it is seen at every size.
    let kind = model.screen.kind();
    for key in keys::on(kind).filter(sought).chain(keys::on(kind).filter(|key| !sought(key))) {
        let names = key.names.join(" ");
        let columns = usize::from(inner.width).saturating_sub(NAMES + 2);
        let (help, style) = match reason(model, key) {
            None => (paragraph(key.help, columns), theme.text),
            Some(reason) => {
                let mut off = paragraph(&format!("({})", key.help), columns);
                off.extend(paragraph(&reason, columns).into_iter().map(|line| format!("  {line}")));
                (off, theme.dim)
            }
        };
        for (line, text) in help.into_iter().enumerate() {
            let names = if line == 0 { names.as_str() } else { "" };
            lines.push((format!("{names}{}{text}", " ".repeat(NAMES.saturating_sub(width(names)))), style));
        }
    }
    scrolled(canvas, inner, &lines, scroll, "esc closes");
}

fn confirm(
    canvas: &mut Canvas<'_>,
    question: &str,
    details: &[String],
    (typed, scroll): (Option<&Challenge>, usize),
    area: Rect,
) {
    let theme = canvas.theme;
    let width = 66.min(area.width.saturating_sub(2));
    let columns = usize::from(width).saturating_sub(4);
    let wrapped = |text: &str, style| paragraph(text, columns).into_iter().map(move |line| (line, style));
    let mut lines: Vec<Span> = wrapped(question, theme.careful).collect();
    lines.extend(details.iter().flat_map(|line| wrapped(line, theme.text)));
    let asks = if typed.is_some() { 2 } else { 1 };
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(asks + 3);
    let inner = canvas.boxed(middle(area, width, rows), "sure?");
    let text = top(inner, inner.height.saturating_sub(asks + 1));
    let more = canvas.scrolled(text, &lines, scroll);
    if canvas.drawn.reach > 0 {
        let hint = if more > 0 { format!("down shows {more} more") } else { "up goes back".to_owned() };
        canvas.text(text.x, text.bottom(), text.width, &hint, theme.dim);
    }
    let last = Rect { y: inner.bottom() - 1, height: 1, ..inner };
    match typed {
        None => drop(canvas.text(last.x, last.y, last.width, "y does it, n leaves", theme.accent)),
        Some(typed) => {
            let text = format!("type {} and press enter; esc leaves", typed.wanted);
            canvas.text(last.x, last.y - 1, last.width, &text, theme.accent);
            typing(canvas, last, &typed.so_far);
        }
    }
}

/// A line that is typed into.
fn typing(canvas: &mut Canvas<'_>, area: Rect, text: &str) {
    let shown = visible_end(text, usize::from(area.width).saturating_sub(3));
    canvas.text(area.x, area.y, 1, ">", canvas.theme.accent);
    let used = canvas.text(area.x + 2, area.y, area.width - 2, &shown, canvas.theme.text);
    canvas.cursor(area.x + 2 + used, area.y);
}

fn pick(canvas: &mut Canvas<'_>, formats: &Formats, area: Rect) {
    let rows = u16::try_from(formats.offered.len()).unwrap_or(5) + 6;
    let inner = canvas.boxed(middle(area, 56, rows), &format!("Export {} as", formats.whom));
    let theme = canvas.theme;
    let usual = formats.usual.map(|format| format!(", {format}")).unwrap_or_default();
    let mut lines: Vec<(bool, String)> = vec![(formats.chosen.is_empty(), format!("the product's default{usual}"))];
    lines.extend(formats.offered.iter().map(|format| (formats.chosen.contains(format), format.name().to_owned())));
    lines.push((formats.gzip, "compress with gzip".to_owned()));
    for (line, (on, text)) in lines.iter().enumerate() {
        let y = inner.y + u16::try_from(line).unwrap_or(0);
        let under = line == formats.cursor;
        let sign = if under { theme.symbols.cursor } else { " " };
        canvas.text(inner.x, y, inner.width, &format!("{sign} [{}] {text}", if *on { "x" } else { " " }), theme.text);
        if under {
            canvas.style(Rect { y, height: 1, ..inner }, theme.cursor);
        }
    }
    canvas.text(inner.x, inner.bottom() - 1, inner.width, "space chooses, enter exports, esc leaves", theme.dim);
}

fn commands(canvas: &mut Canvas<'_>, lines: &[(&str, String)], cursor: usize, area: Rect) {
    let columns = 76.min(area.width.saturating_sub(2)).saturating_sub(4);
    let names = lines.iter().map(|(what, _)| width(what)).max().unwrap_or(0);
    let names = u16::try_from(names).unwrap_or(20).min(columns / 3);
    let room = columns.saturating_sub(names + 2);
    // A command that is longer than the line takes several, because all of it is to be learned.
    let shown: Vec<(usize, bool, String)> = lines
        .iter()
        .enumerate()
        .flat_map(|(index, (_, command))| {
            let parts = wrap(command, room.into(), 0, usize::MAX).into_iter().enumerate();
            parts.map(move |(part, text)| (index, part == 0, text))
        })
        .collect();
    let rows = u16::try_from(shown.len()).unwrap_or(u16::MAX).saturating_add(4);
    let inner = canvas.boxed(middle(area, 76, rows), "the command line that does the same");
    let theme = canvas.theme;
    let place = top(inner, inner.height.saturating_sub(2));
    let end = shown.iter().rposition(|(index, ..)| *index == cursor).map_or(0, |last| last + 1);
    let first = end.saturating_sub(place.height.into());
    for (y, (index, begins, text)) in (place.y..place.bottom()).zip(shown.iter().skip(first)) {
        let what = lines.get(*index).filter(|_| *begins).map_or("", |(what, _)| *what);
        canvas.text(place.x, y, names, what, theme.dim);
        canvas.text(place.x + names + 2, y, room, text, Style::new());
        if *index == cursor {
            canvas.style(Rect { y, height: 1, ..place }, theme.cursor);
        }
    }
    let last = below(inner, inner.height.saturating_sub(1));
    canvas.text(last.x, last.y, last.width, "y copies it, esc closes", theme.dim);
}
