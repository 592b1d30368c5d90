//! Rows of a section.

use super::{
    fixtures::{self, gid},
    stage::Stage,
};
use crate::console::{
    message::{Ask, Effect, News, Page, Reply, RowsAsk},
    screens::Screen,
};

const SIZE: (u16, u16) = (80, 24);

fn ask(after: u64, search: &str) -> RowsAsk {
    let (section, search) = ("workItems".to_owned(), search.to_owned());
    RowsAsk { gid: gid(80), section, after, search }
}

fn asked(after: u64, search: &str) -> [Effect; 1] {
    [Effect::Ask(Ask::Rows(ask(after, search)))]
}

/// A hundred rows after so many.
fn answer(stage: &mut Stage, after: u64, search: &str) {
    let hundred = fixtures::page(&ask(0, ""));
    let page = Page { next: Some(after + 100), ..hundred };
    stage.tell(News::Answer(Ask::Rows(ask(after, search)), Ok(Reply::Rows(page))));
}

fn open(stage: &mut Stage) -> &mut Stage {
    stage.press("/acme<enter><enter><enter>j<enter>")
}

#[test]
fn rows_are_paged_and_searched() {
    let mut stage = Stage::up(SIZE);
    open(&mut stage);
    stage.press(&"<pgdn>".repeat(7));
    assert!(stage.screen().contains("row 101 of"), "{}", stage.screen());
    assert_eq!(stage.effects_of("k"), asked(0, ""));
    answer(&mut stage, 0, "");
    assert!(stage.screen().contains("row 100 of"), "{}", stage.screen());
    assert_eq!(stage.effects_of("G"), asked(29_000, ""));
    answer(&mut stage, 0, "");
    assert!(stage.model.screen.list().unwrap().cursor < 100, "an answer to an older question is dropped");
    assert_eq!(stage.effects_of("/needle<enter>"), asked(0, "needle"));
}

#[test]
fn of_a_million_rows_one_page_is_held() {
    let mut stage = Stage::up(SIZE);
    open(&mut stage);
    if let Screen::Rows(screen) = &mut stage.model.screen {
        screen.total = 1_000_000;
    }
    assert_eq!(stage.effects_of(":row 500,050<enter>"), asked(500_000, ""));
    assert!(stage.screen().contains("row 500,050 of 1,000,000") && stage.screen().contains("reading"));
    answer(&mut stage, 500_000, "");
    assert!(stage.screen().contains("row 500,050 of 1,000,000"), "{}", stage.screen());
    assert_eq!(stage.effects_of(":row 500001<enter>"), [], "it is on the same page");
    assert!(stage.screen().contains("row 500,001 of"), "{}", stage.screen());
    assert_eq!(stage.effects_of("k"), asked(499_900, ""), "the page before it");
    answer(&mut stage, 499_900, "");
    assert!(stage.screen().contains("row 500,000 of"), "{}", stage.screen());
    assert_eq!(stage.effects_of("G"), asked(999_900, ""));
    answer(&mut stage, 999_900, "");
    assert!(stage.screen().contains("row 1,000,000 of"), "{}", stage.screen());
    assert_eq!(stage.effects_of(":row 9000000<enter>"), [], "there is no row after the last one");
    assert_eq!(stage.effects_of("g"), asked(0, ""));
    answer(&mut stage, 0, "");
    let Screen::Rows(screen) = &stage.model.screen else { panic!("another screen") };
    assert_eq!(screen.page.value.as_ref().map(|page| page.rows.len()), Some(100));
    assert_eq!(screen.before.len(), 0);
}

#[test]
fn rows_of_elsewhere_are_not_shown_as_those_that_were_searched() {
    let mut stage = Stage::up(SIZE);
    open(&mut stage);
    assert!(stage.screen().contains("Item 1"), "{}", stage.screen());
    assert_eq!(stage.effects_of("/needle<enter>"), asked(0, "needle"));
    let screen = stage.screen();
    assert!(screen.contains("rows with \"needle\"") && screen.contains("searching"), "{screen}");
    assert!(!screen.contains("Item 1"), "{screen}");
    let none = Page { columns: Vec::new(), cells: Vec::new(), rows: Vec::new(), next: None };
    stage.tell(News::Answer(Ask::Rows(ask(0, "needle")), Ok(Reply::Rows(none))));
    assert!(stage.screen().contains("no row has this text: esc shows all"), "{}", stage.screen());
    assert_eq!(stage.effects_of("<esc>"), asked(0, ""));
    assert_eq!(Stage::up(SIZE).effects_of(":row 5<enter>"), [], "only rows have numbers");
}

#[test]
fn a_record_wraps_and_scrolls_and_goes_on_to_the_next_row() {
    let mut stage = Stage::up(SIZE);
    open(&mut stage).press("<enter>");
    assert!(stage.screen().contains("\\u{1b}[31m日本語") || stage.screen().contains("Item 1"), "{}", stage.screen());
    stage.press("l");
    assert!(stage.screen().contains("Item 2"), "{}", stage.screen());
    let whole = stage.screen();
    assert_eq!(stage.press("jjj").screen(), whole, "all of it is there");
}
