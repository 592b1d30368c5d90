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
    let last = rows.saturating_sub(1);
    screen.list.shown = (0..rows).collect();
    screen.list.put(if screen.from_below { last } else { screen.list.cursor });
    screen.from_below = false;
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
    screen.from_below = true;
    Some(screen.ask.clone())
}

/// Goes to the first page, or to the last one where it is known where that is.
pub(crate) fn end(model: &mut Model, last: bool) -> Vec<Effect> {
    let Screen::Rows(screen) = &mut model.screen else { return Vec::new() };
    let known = screen.total.filter(|_| screen.ask.search.is_empty());
    let after = match (last, known) {
        (true, Some(total)) => total.saturating_sub(1) / PAGE * PAGE,
        (true, None) => {
            screen.list.put(usize::MAX);
            return Vec::new();
        }
        (false, _) => 0,
    };
    screen.before.clear();
    if screen.ask.after == after {
        screen.list.put(if last { usize::MAX } else { 0 });
        return Vec::new();
    }
    screen.ask.after = after;
    screen.from_below = last;
    screen.list.put(0);
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
    screen.ask.after = 0;
    screen.before.clear();
    screen.list.put(0);
    let ask = Ask::Rows(screen.ask.clone());
    refresh::asked(model, ask)
}
