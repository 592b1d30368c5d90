//! Every key of the sample: another name, another type, left out; and any other change.

use proptest::prelude::*;

use super::*;

/// Every `key = value` of the sample that is one line, by its line and name.
fn keys() -> Vec<(usize, &'static str)> {
    let key = |line: &'static str| {
        let (key, _) = line.split_once(" = ")?;
        let is_key = key.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
        (is_key && !line.ends_with('[') && !line.ends_with("\"\"\"")).then_some(key)
    };
    TRACKER.lines().enumerate().filter_map(|(index, line)| Some((index, key(line)?))).collect()
}

fn change_line(changed: usize, change: impl Fn(&str) -> String) -> String {
    let lines = TRACKER.lines().enumerate();
    lines.map(|(index, line)| if index == changed { change(line) } else { line.to_owned() } + "\n").collect()
}

#[test]
fn a_key_with_another_name_is_refused_in_its_line() {
    for (index, key) in keys() {
        let problems = read(&change_line(index, |line| line.replacen(key, &format!("{key}x"), 1))).unwrap_err();
        let found = problems.iter().find(|problem| problem.key.ends_with(&format!("{key}x"))).unwrap();
        assert_eq!((found.line, found.reason.as_str()), (Some(index + 1), "is no known key"), "{problems}");
        assert_eq!(found.fix, format!("did you mean `{key}`?"));
    }
}

#[test]
fn a_value_of_another_type_is_refused_in_its_line() {
    for (index, key) in keys() {
        let problems = read(&change_line(index, |_| format!("{key} = 1979-05-27"))).unwrap_err();
        let found = problems.iter().find(|problem| problem.line == Some(index + 1)).unwrap();
        assert!(found.key.ends_with(key) && found.reason.starts_with("is a date or time, expected "), "{found}");
    }
}

#[test]
fn a_key_that_is_left_out_is_missed_or_has_a_default() {
    let has_default = [
        "formats",
        "default_format",
        "kind",
        "default_kinds",
        "timestamp",
        "csv_quote",
        "json",
        "counts",
        "entity",
        "member",
        "id",
        "types",
        "csv",
        "single",
        "counted",
        "known",
        "meta",
    ];
    for (index, key) in keys() {
        let answer = read(&change_line(index, |_| String::new()));
        if has_default.contains(&key) {
            assert!(answer.is_ok(), "{key}: {answer:?}");
        } else {
            let said = answer.unwrap_err().to_string();
            assert!(said.contains(&format!(".{key}: is missing")) || key == "meta_member", "{key}: {said}");
        }
    }
}

proptest! {
    #[test]
    fn any_change_of_the_sample_is_answered(at in 0..TRACKER.len(), length in 0_usize..40, text in "[a-z =\"\\[\\]\n$1;]{0,4}") {
        let mut changed = TRACKER.to_owned();
        changed.replace_range(at..(at + length).min(TRACKER.len()), &text);
        if let Err(problems) = read(&changed) {
            let lines = changed.lines().count() + 1;
            prop_assert!(problems.iter().all(|problem| problem.line.is_some_and(|line| (1..=lines).contains(&line))), "{problems}");
        }
    }
}
