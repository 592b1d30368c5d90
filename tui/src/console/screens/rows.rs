//! Rows of a section: one page is held at a time.

use orgvault_api::gid::Gid;
use ratatui::layout::Rect;

use super::{Asks, Component, Focus, Screen, record::RecordScreen};
use crate::{
    console::{
        command_lines::of_rows,
        keys::Action,
        message::{Ask, Page, RowsAsk},
        model::{Data, Entry, List, Model, Remote, Slot},
        view::canvas::{Canvas, below, top},
        words::width,
    },
    units,
};

/// Rows of a page.
pub(crate) const PAGE: u64 = 100;

/// No column is wider.
const WIDEST: usize = 40;

/// Rows of a section.
#[derive(Debug, Clone)]
pub(crate) struct RowsScreen {
    /// What the page is asked for by.
    pub(crate) ask: RowsAsk,
    /// How many rows the section has.
    pub(crate) total: u64,
    /// Where the pages before this one begin.
    pub(crate) before: Vec<u64>,
    /// The page.
    pub(crate) page: Remote<Page>,
    /// Which of its rows has the cursor.
    pub(crate) list: List,
    /// The first column that is shown.
    column: usize,
    /// Which row of the page that is waited for gets the cursor; the last one, where it has fewer.
    lands: usize,
}

impl RowsScreen {
    /// The first page of a section.
    pub(crate) fn new(gid: Gid, section: String, total: u64) -> Self {
        Self {
            ask: RowsAsk { gid, section, after: 0, search: String::new() },
            total,
            before: Vec::new(),
            page: Remote::default(),
            list: List::default(),
            column: 0,
            lands: 0,
        }
    }

    /// Goes to the row of this number, counted from 1, of all rows.
    pub(crate) fn number(&mut self, number: u64) -> Option<Ask> {
        let searched = !std::mem::take(&mut self.ask.search).is_empty();
        let row = number.min(self.total).saturating_sub(1);
        if searched { Some(self.ask_anew(row)) } else { self.jump(row) }
    }

    fn step(&mut self, rows: isize) -> Option<Ask> {
        let last = self.list.shown.len().saturating_sub(1);
        if rows > 0 && self.list.cursor == last {
            return self.next();
        }
        if rows < 0 && self.list.cursor == 0 {
            return self.before();
        }
        self.list.step(rows);
        None
    }

    fn next(&mut self) -> Option<Ask> {
        let next = self.page.value.as_ref()?.next.filter(|_| !self.page.waiting)?;
        self.before.push(self.ask.after);
        self.ask.after = next;
        self.lands = 0;
        self.list.put(0);
        Some(self.question())
    }

    fn before(&mut self) -> Option<Ask> {
        if self.page.waiting {
            return None;
        }
        let after = match self.before.pop() {
            Some(after) => after,
            // One came here from the end of the section.
            None if self.ask.after > 0 && self.ask.search.is_empty() => self.ask.after.saturating_sub(PAGE),
            None => return None,
        };
        self.ask.after = after;
        self.lands = usize::MAX;
        Some(self.question())
    }

    /// To the last row, where it is known where that is.
    fn end(&mut self) -> Option<Ask> {
        if self.ask.search.is_empty() {
            return self.jump(self.total.saturating_sub(1));
        }
        self.list.put(usize::MAX);
        None
    }

    /// Puts the cursor on the row, counted from 0, whether it is on this page or not.
    fn jump(&mut self, row: u64) -> Option<Ask> {
        if self.ask.after != row / PAGE * PAGE {
            return Some(self.ask_anew(row));
        }
        self.list.put(place(row));
        None
    }

    /// Asks for the page of a row. What is on the screen is of somewhere else: it goes at once.
    fn ask_anew(&mut self, row: u64) -> Ask {
        self.ask.after = row / PAGE * PAGE;
        self.lands = place(row);
        self.before.clear();
        self.page.value = None;
        self.question()
    }

    /// Where one is in the section.
    fn state(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let total = units::number(self.total);
        let place = if self.ask.search.is_empty() {
            let place = if self.page.value.is_some() { self.list.cursor } else { self.lands };
            format!("row {} of {total}", units::number(self.ask.after + place as u64 + 1))
        } else {
            format!("rows with \"{}\" (of {total})", self.ask.search)
        };
        let more = self.page.value.as_ref().is_some_and(|page| page.next.is_some());
        let more = match (more, &self.page.value) {
            (true, _) => "  more below",
            (false, Some(_)) => "  end of the section",
            (false, None) => "",
        };
        let waiting = match (self.page.waiting, self.ask.search.is_empty()) {
            (true, false) => "  searching",
            (true, true) => "  reading",
            (false, _) => more,
        };
        let columns = self.page.value.as_ref().map_or(0, |page| page.columns.len());
        let column = format!("  column {} of {columns}", self.column + 1);
        let column = if columns == 0 { String::new() } else { column };
        let fault = self.page.fault.as_ref().map(|fault| format!("  {}", fault.message)).unwrap_or_default();
        let theme = canvas.theme;
        let place = (format!(" {place}"), theme.text);
        canvas.spans(area, &[place, (column, theme.dim), (waiting.to_owned(), theme.dim), (fault, theme.bad)]);
    }
}

/// Where on its page a row is.
fn place(row: u64) -> usize {
    usize::try_from(row % PAGE).unwrap_or(0)
}

impl Component for RowsScreen {
    fn keys() -> &'static [Action] {
        &[Action::Open, Action::Filter, Action::Right, Action::Left]
    }

    fn title(&self) -> Vec<String> {
        vec![format!("archive {}", self.ask.gid), self.ask.section.clone()]
    }

    fn question(&self) -> Ask {
        Ask::Rows(self.ask.clone())
    }

    fn asks(&self) -> Asks {
        Asks::Once
    }

    /// Pages that one has left behind are dropped.
    fn slot(&mut self, ask: &Ask) -> Option<&mut dyn Slot> {
        match ask {
            Ask::Rows(rows) if *rows == self.ask => Some(&mut self.page),
            _ => None,
        }
    }

    fn take(&mut self, _: &Ask) {
        let rows = self.page.value.as_ref().map_or(0, |page| page.rows.len());
        let entry = |row: usize| (row, Entry { id: row.to_string(), ..Entry::default() });
        self.list.arrange((0..rows).map(entry).collect());
        self.list.put(self.lands);
    }

    fn focus<'m>(&'m self, _: &'m Data) -> Focus<'m> {
        let row = self.page.value.as_ref().and_then(|page| page.rows.get(self.list.cursor));
        Focus { row, gid: Some(self.ask.gid), ..Focus::default() }
    }

    fn open(&self, data: &Data) -> Option<Screen> {
        self.focus(data).row?;
        Some(RecordScreen { rows: self.clone(), scroll: 0 }.into())
    }

    one_list!();

    /// Over the page's ends too.
    fn go(&mut self, rows: isize) -> Option<Ask> {
        match rows {
            isize::MIN => self.jump(0),
            isize::MAX => self.end(),
            rows => self.step(rows),
        }
    }

    fn sideways(&mut self, columns: isize) -> Option<Ask> {
        let last = self.page.value.as_ref().map_or(0, |page| page.columns.len().saturating_sub(1));
        self.column = self.column.saturating_add_signed(columns).min(last);
        None
    }

    fn search(&self) -> Option<&str> {
        Some(&self.ask.search)
    }

    /// From the section's beginning.
    fn look_for(&mut self, text: &str) -> Option<Ask> {
        if self.ask.search == text {
            return None;
        }
        text.clone_into(&mut self.ask.search);
        Some(self.ask_anew(0))
    }

    fn command_line(&self) -> Option<(&'static str, String)> {
        Some(of_rows(&self.ask))
    }

    /// The page from its first visible column on.
    fn draw(&self, canvas: &mut Canvas<'_>, _: &Model, area: Rect) {
        self.state(canvas, top(area, 1));
        let area = below(area, 1);
        if canvas.missing(area, "rows", &self.page) {
            return;
        }
        let Some(page) = &self.page.value else { return };
        let body = below(area, 1);
        let (first, count) = self.list.window(body.height.into());
        canvas.drawn.list = Some((body, first));
        let shown = page.cells.iter().skip(first).take(count);
        let mut x = area.x + 1;
        for (column, name) in page.columns.iter().enumerate().skip(self.column) {
            let widest = shown.clone().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0);
            let wanted = u16::try_from(widest.max(width(name)).min(WIDEST)).unwrap_or(0).max(3);
            let columns = wanted.min(area.right().saturating_sub(x));
            if columns < 2 {
                break;
            }
            canvas.text(x, area.y, columns, name, canvas.theme.header);
            for (line, row) in shown.clone().enumerate() {
                let y = body.y + u16::try_from(line).unwrap_or(0);
                canvas.text(x, y, columns, row.get(column).map_or("", String::as_str), canvas.theme.text);
            }
            x += columns + 1;
        }
        if page.rows.is_empty() {
            let text = if self.ask.search.is_empty() { "no rows" } else { "no row has this text: esc shows all" };
            canvas.remark(body, text);
        } else {
            let line = u16::try_from(self.list.cursor - first).unwrap_or(0);
            canvas.style(Rect { y: body.y + line, height: 1, ..body }, canvas.theme.cursor);
            canvas.text(body.x, body.y + line, 1, canvas.theme.symbols.cursor, canvas.theme.accent);
        }
    }
}
