//! Paging through a section: one page is held at a time.

use super::refresh;
use crate::console::{
    message::{Ask, Effect, Fault, Page, RowsAsk},
    model::{Model, RowsScreen, Screen},
};

/// Rows of a page.
pub(crate) const PAGE: u64 = 100;

/// A page came, or did not. Pages that one has left behind are dropped.
pub(crate) fn arrived(model: &mut Model, ask: &RowsAsk, answer: Result<Page, Fault>) {
    let now = model.now;
    let screen = match &mut model.screen {
        Screen::Rows(screen) => &mut **screen,
        Screen::Record(screen) => &mut screen.rows,
        _ => return,
    };
    if screen.ask != *ask {
        return;
    }
    let rows = answer.as_ref().map_or(0, |page| page.rows.len());
    screen.page.answer(answer, now);
    screen.list.shown = (0..rows).collect();
    screen.list.put(screen.lands);
}

/// Moves the cursor by `rows`, over the page's ends too.
pub(crate) fn step(model: &mut Model, rows: isize) -> Vec<Effect> {
    let screen = match &mut model.screen {
        Screen::Rows(screen) => &mut **screen,
        Screen::Record(screen) => {
            screen.scroll = 0;
            &mut screen.rows
        }
        _ => return Vec::new(),
    };
    let last = screen.list.shown.len().saturating_sub(1);
    let moved = if rows > 0 && screen.list.cursor == last {
        next(screen)
    } else if rows < 0 && screen.list.cursor == 0 {
        before(screen)
    } else {
        screen.list.step(rows);
        None
    };
    moved.map(|ask| refresh::asked(model, Ask::Rows(ask))).unwrap_or_default()
}

fn next(screen: &mut RowsScreen) -> Option<RowsAsk> {
    let next = screen.page.value.as_ref()?.next.filter(|_| !screen.page.waiting)?;
    screen.before.push(screen.ask.after);
    screen.ask.after = next;
    screen.lands = 0;
    screen.list.put(0);
    Some(screen.ask.clone())
}

fn before(screen: &mut RowsScreen) -> Option<RowsAsk> {
    if screen.page.waiting {
        return None;
    }
    let after = match screen.before.pop() {
        Some(after) => after,
        // One came here from the end of the section.
        None if screen.ask.after > 0 && screen.ask.search.is_empty() => screen.ask.after.saturating_sub(PAGE),
        None => return None,
    };
    screen.ask.after = after;
    screen.lands = usize::MAX;
    Some(screen.ask.clone())
}

/// Goes to the first row, or to the last one where it is known where that is.
pub(crate) fn end(model: &mut Model, last: bool) -> Vec<Effect> {
    let Screen::Rows(screen) = &mut model.screen else { return Vec::new() };
    match (last, screen.total.filter(|_| screen.ask.search.is_empty())) {
        (true, Some(total)) => jump(model, total.saturating_sub(1)),
        (true, None) => {
            screen.list.put(usize::MAX);
            Vec::new()
        }
        (false, _) => jump(model, 0),
    }
}

/// Goes to the row of this number, counted from 1, of all rows.
pub(crate) fn go(model: &mut Model, number: u64) -> Vec<Effect> {
    let Screen::Rows(screen) = &mut model.screen else {
        model.complain("only rows of a section have numbers");
        return Vec::new();
    };
    let same = screen.ask.search.is_empty();
    screen.ask.search.clear();
    let last = screen.total.map_or(u64::MAX, |total| total.saturating_sub(1));
    let row = number.saturating_sub(1).min(last);
    if same { jump(model, row) } else { ask_anew(model, row) }
}

/// Puts the cursor on the row, counted from 0, whether it is on this page or not.
fn jump(model: &mut Model, row: u64) -> Vec<Effect> {
    match &mut model.screen {
        Screen::Rows(screen) if screen.ask.after == row / PAGE * PAGE => {
            screen.list.put(place(row));
            Vec::new()
        }
        _ => ask_anew(model, row),
    }
}

/// Where on its page a row is.
fn place(row: u64) -> usize {
    usize::try_from(row % PAGE).unwrap_or(0)
}

/// Asks for the page of a row. What is on the screen is of somewhere else: it goes at once.
fn ask_anew(model: &mut Model, row: u64) -> Vec<Effect> {
    let Screen::Rows(screen) = &mut model.screen else { return Vec::new() };
    screen.ask.after = row / PAGE * PAGE;
    screen.lands = place(row);
    screen.before.clear();
    screen.page.value = None;
    let ask = Ask::Rows(screen.ask.clone());
    refresh::asked(model, ask)
}

/// Looks for a text, from the section's beginning.
pub(crate) fn search(model: &mut Model, text: &str) -> Vec<Effect> {
    let Screen::Rows(screen) = &mut model.screen else { return Vec::new() };
    if screen.ask.search == text {
        return Vec::new();
    }
    text.clone_into(&mut screen.ask.search);
    ask_anew(model, 0)
}
