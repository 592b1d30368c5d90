//! Ten thousand organizations, a storm of events, cells of any length: the time that each takes
//! does not grow with what is not seen.

use std::time::{Duration, Instant};

use orgvault_api::{Event, Organization, Row, State};
use serde_json::value::RawValue;

use super::{
    fixtures::{self, export, gid},
    stage::{Stage, terminal},
};
use crate::console::{
    message::{Ask, News, Page, Reply, RowsAsk},
    words::width,
};

/// Ten thousand of them, every odd name among them.
fn many() -> Vec<Organization> {
    let some = fixtures::organizations();
    let one = |number: usize| {
        let mut one = some[number % some.len()].clone();
        one.key.slug = format!("{}-{number}", one.key.slug);
        one.key.id = number.to_string();
        one
    };
    (0..10_000).map(one).collect()
}

fn crowded() -> Stage {
    let mut stage = Stage::up((120, 40));
    stage.tell(News::Answer(Ask::Organizations, Ok(Reply::Organizations(many(), Vec::new()))));
    stage
}

/// Generous: this is a build for tests, on a machine that runs others too. `make bench` measures.
const SLOW: Duration = Duration::from_millis(500);

#[test]
fn ten_thousand_organizations_are_drawn_as_fast_as_a_screen_of_them() {
    let mut stage = crowded();
    assert!(stage.screen().contains("organizations 10,000"), "{}", stage.screen());
    let begun = Instant::now();
    for _ in 0..10 {
        stage.press("<pgdn>");
        drop(stage.screen());
    }
    assert!(begun.elapsed() / 10 < SLOW, "{:?} for a page", begun.elapsed() / 10);
    stage.press("G");
    assert_eq!(stage.model.screen.list().unwrap().cursor, 9_999);
}

#[test]
fn no_name_leaves_its_column() {
    for size in [(80, 24), (120, 40), (60, 15), (300, 50)] {
        let mut stage = Stage::up(size);
        for _ in 0..13 {
            stage.press("j");
            let drawn = terminal(&stage.model);
            for line in drawn.backend().buffer().content.chunks(size.0.into()) {
                let mut skip = 0;
                let mut columns = 0;
                for cell in line {
                    if skip > 0 {
                        skip -= 1;
                        continue;
                    }
                    let wide = width(cell.symbol());
                    assert!((1..=2).contains(&wide), "{:?}", cell.symbol());
                    assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell.symbol());
                    skip = wide - 1;
                    columns += wide;
                }
                assert_eq!(columns, usize::from(size.0));
            }
        }
    }
}

#[test]
fn what_is_kept_of_a_storm_of_events_is_bounded() {
    let mut stage = Stage::up((80, 24));
    for number in 0..20 {
        let events = (0..500).map(|event| {
            let ended = if event % 2 == 0 { State::Finished } else { State::Error };
            Event::Export { export: Box::new(export(1000 + number * 500 + event, "acme", ended)) }
        });
        stage.tell(News::Changes(events.collect()));
    }
    assert!(stage.model.data.exports.len() <= 1001, "{}", stage.model.data.exports.len());
    assert!(stage.model.data.happenings.len() <= 1000);
    assert!(stage.model.toasts.len() <= 3);
}

#[test]
fn a_page_of_200_kilobyte_cells_is_drawn_at_once_and_shown_whole_as_a_record() {
    let mut stage = Stage::up((80, 24));
    stage.press("/acme<enter><enter><enter>j<enter>");
    let long = format!("{}END", "word ".repeat(40_000));
    let row = || Row::from(RawValue::from_string(serde_json::json!({ "id": 1, "text": long }).to_string()).unwrap());
    let rows: Vec<Row> = (0..20).map(|_| row()).collect();
    let cells = rows.iter().map(|_| vec!["1".to_owned(), crate::console::words::fit(&long, 60)]).collect();
    let columns = ["id", "text"].map(str::to_owned).into();
    let section = "workItems".to_owned();
    let ask = Ask::Rows(RowsAsk { gid: gid(80), section, after: 0, search: String::new() });
    stage.tell(News::Answer(ask, Ok(Reply::Rows(Page { columns, cells, rows, next: None }))));
    let begun = Instant::now();
    drop(stage.screen());
    assert!(begun.elapsed() < SLOW, "{:?} for the table", begun.elapsed());
    stage.press("<enter>");
    let begun = Instant::now();
    assert!(stage.screen().contains("word word"), "{}", stage.screen());
    assert!(begun.elapsed() < SLOW, "{:?} for the record", begun.elapsed());
    assert!(stage.press("G").screen().contains("END"), "{}", stage.screen());
    assert!(!stage.press("kkkkkkkkkkkkkkkkkkkkkkkkk").screen().contains("END"), "{}", stage.screen());
}
