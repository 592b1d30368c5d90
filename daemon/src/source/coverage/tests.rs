use std::path::Path;

use super::*;
use crate::product::parse;

const TRACKER: &str = include_str!("../../../tests/it/fixtures/tracker.toml");

fn tracker(more: &str) -> Definition {
    let text = TRACKER.replace("[table.time_entries]\n", &format!("[table.time_entries]\n{more}\n"));
    parse(&text, Path::new("tracker.toml")).unwrap()
}

fn tally(rows: u64, in_none: u64, section: SectionTally) -> Tally {
    Tally { rows, in_none, sections: vec![section], ..Tally::default() }
}

/// What is said of the section `timeEntries`.
fn said(definition: &Definition, sections: &[usize], tally: Tally) -> SectionCoverage {
    let tables = vec![TableCount { sections: sections.to_vec(), outcome: Outcome::Counted(tally) }];
    let definition = Arc::new(definition.clone());
    let counted = Counted { definition, organizations: 2, refused: Vec::new(), tables };
    let mut coverage = judge("tracker", counted, Timestamp::UNIX_EPOCH);
    assert_eq!(coverage.sections.len(), sections.len());
    coverage.sections.swap_remove(0)
}

fn told(more: &str, tally: Tally) -> (CheckResult, String) {
    let line = said(&tracker(more), &[1], tally);
    (line.result, line.message)
}

#[test]
fn every_row_in_one_organization_is_covered() {
    let whole = || tally(12, 0, SectionTally { rows: 12, ..SectionTally::default() });
    assert_eq!(told("", whole()), (CheckResult::Ok, "covered".to_owned()));
    assert_eq!(told("", tally(0, 0, SectionTally::default())), (CheckResult::Ok, "covered".to_owned()));
    let by_number = Tally { by_number: true, ..whole() };
    assert_eq!(told("", by_number), (CheckResult::Ok, "covered, by number only".to_owned()));
}

#[test]
fn orphans_and_leaks_fail_unless_they_are_meant() {
    let orphans = || tally(12, 3, SectionTally { rows: 9, ..SectionTally::default() });
    assert_eq!(told("", orphans()), (CheckResult::Failed, "in no organization: 3 of 12".to_owned()));
    let meant = "in no organization: 3 of 12, as is meant: drafts of nobody".to_owned();
    assert_eq!(told("orphans = \"drafts of nobody\"", orphans()), (CheckResult::Ok, meant));
    let leak = || tally(4, 0, SectionTally { rows: 8, in_several: 4, ..SectionTally::default() });
    assert_eq!(told("", leak()), (CheckResult::Failed, "in more than one: 8 of 4".to_owned()));
    assert_eq!(told("shared = true", leak()), (CheckResult::Ok, "covered".to_owned()));
    assert_eq!(told("orphans = \"x\"", leak()).0, CheckResult::Failed);
    let both = tally(5, 1, SectionTally { rows: 8, in_several: 4, ..SectionTally::default() });
    assert_eq!(told("", both).1, "in no organization: 1 of 5; in more than one: 8 of 5");
}

#[test]
fn repeated_and_strange_rows_fail_of_shared_tables_too() {
    let repeated = || tally(4, 0, SectionTally { rows: 6, repeated: 2, ..SectionTally::default() });
    for more in ["", "shared = true"] {
        let message = "more than once in one organization: 2 of 4".to_owned();
        assert_eq!(told(more, repeated()), (CheckResult::Failed, message));
    }
    let strange = tally(4, 0, SectionTally { rows: 6, strange: 2, ..SectionTally::default() });
    assert_eq!(told("", strange), (CheckResult::Failed, "not in table time_entries: 2 of 6".to_owned()));
}

#[test]
fn rows_are_named_with_what_they_are() {
    let own = SectionTally { rows: 8, in_several: 1, several_ids: vec!["7".to_owned()], ..SectionTally::default() };
    let line = said(&tracker(""), &[1], Tally { orphans: vec!["9".to_owned()], ..tally(5, 1, own) });
    assert_eq!(line.details, ["9: in no organization", "7: in more than one"]);
    assert_eq!(line.hint, ORPHANS);
}

#[test]
fn sections_of_one_table_are_judged_together() {
    let mut definition = tracker("");
    definition.sections[2].table = "time_entries".to_owned();
    assert_eq!(tables(&definition), [("teams", vec![0]), ("time_entries", vec![1, 2])]);
    let own = |rows| SectionTally { rows, ..SectionTally::default() };
    let split =
        |by_number, rows: [u64; 2]| Tally { rows: 10, by_number, sections: rows.map(own).to_vec(), ..Tally::default() };
    for (by_number, rows, message) in [
        (false, [6, 4], "covered"),
        (true, [6, 4], "covered, by number only"),
        (true, [10, 10], "covered, by number only"),
        (true, [6, 3], "in no organization: 1 of 10, by number only"),
        (true, [6, 6], "in more than one: 12 of 10, by number only"),
    ] {
        assert_eq!(said(&definition, &[1, 2], split(by_number, rows)).message, message, "{rows:?}");
    }
}

#[test]
fn tables_without_a_section_are_only_numbered() {
    let more = "[table.sessions]\nexcluded = \"logins\"\n[table.badges]\nshared = true\n";
    let definition = parse(&format!("{TRACKER}\n{more}"), Path::new("tracker.toml")).unwrap();
    let counted =
        Counted { definition: Arc::new(definition), organizations: 0, refused: Vec::new(), tables: Vec::new() };
    let coverage = judge("tracker", counted, Timestamp::UNIX_EPOCH);
    assert_eq!((coverage.excluded, coverage.shared), (1, 1));
}
