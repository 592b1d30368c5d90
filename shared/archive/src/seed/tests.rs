//! Properties over made-up programs, and documents that are no seed.

use orgvault_testing::dice::Dice;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// Makes up documents, the same for the same seed.
struct Maker(Dice);

impl Maker {
    fn next(&mut self, below: u64) -> u64 {
        self.0.next(below)
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.next(2) == 0 { None } else { Some(make(self)) }
    }

    fn list<T>(&mut self, most: u64, mut make: impl FnMut(&mut Self, usize) -> T) -> Vec<T> {
        (0..self.next(most + 1)).map(|index| make(self, usize::try_from(index).unwrap())).collect()
    }

    fn text(&mut self) -> String {
        const PIECES: [&str; 12] =
            ["", "a", "Ünï", "\"", "\\", "\n\t\r", "\u{0}\u{1f}\u{7f}", "\u{2028}", "🏗", "/", "\u{feff}", "</x>"];
        (0..self.next(4)).map(|_| PIECES[usize::try_from(self.next(12)).unwrap()]).collect()
    }

    fn int(&mut self) -> i64 {
        [0, 1, -1, 31, i64::MAX, i64::MIN][usize::try_from(self.next(6)).unwrap()]
    }

    fn float(&mut self) -> Float {
        const FLOATS: [f64; 9] = [0.0, -0.0, 1.0, 0.1, 1e-7, 1e22, f64::MAX, f64::NAN, f64::NEG_INFINITY];
        let bits = (self.next(u64::from(u32::MAX)) << 32) | self.next(u64::from(u32::MAX));
        Float(FLOATS.get(usize::try_from(self.next(14)).unwrap()).copied().unwrap_or(f64::from_bits(bits)))
    }

    fn day(&mut self) -> Day {
        format!("{:04}-{:02}-{:02}", 1 + self.next(9999), 1 + self.next(12), 1 + self.next(28)).parse().unwrap()
    }

    fn date(&mut self, version: Version) -> Date {
        let day = self.day();
        match (version, self.next(3)) {
            (Version::V2, 0) => Date::relative(day, "2026-01-05".parse().unwrap()),
            (Version::V2, 1) => Date::Offset { days: i16::try_from(self.next(19999)).unwrap() - 9999, exact: false },
            _ => Date::Day(day),
        }
    }

    /// One of `names`, or a text of its own.
    fn one_of(&mut self, names: &[String]) -> Option<String> {
        let index = usize::try_from(self.next(names.len() as u64 + 1)).unwrap();
        names.get(index).cloned()
    }

    fn document(&mut self) -> Document {
        let version = if self.next(2) == 0 { Version::V1 } else { Version::V2 };
        let names = |prefix: &str, count: u64| (0..count).map(|n| format!("{prefix}{n}")).collect::<Vec<_>>();
        let count = self.next(4);
        let (accounts, calendars, resources) = (names("u", count), names("c", count), names("r", count));
        let projects = names("p", self.next(4));
        Document {
            accounts: accounts.iter().map(|slug| self.account(slug)).collect(),
            anchor: if version == Version::V2 { self.maybe(Self::day) } else { None },
            calendars: calendars.iter().map(|slug| self.calendar(slug, version)).collect(),
            events: if version == Version::V2 { self.list(3, |make, _| make.event(&accounts)) } else { Vec::new() },
            program: Program {
                color: self.maybe(Self::text),
                description: self.maybe(Self::text),
                lead: self.one_of(&accounts),
                methodology: self.text(),
                name: self.text(),
                slug: self.text(),
            },
            resources: resources.iter().map(|slug| self.resource(slug, &accounts, &calendars)).collect(),
            risks: Vec::new(),
            projects: Always(
                projects.iter().map(|slug| self.project(slug, version, &accounts, &calendars, &resources)).collect(),
            ),
            version,
        }
    }

    fn account(&mut self, slug: &str) -> Account {
        Account {
            display_name: self.maybe(Self::text),
            email: self.maybe(Self::text),
            role: self.maybe(Self::text),
            slug: slug.to_owned(),
            username: self.text(),
        }
    }

    fn calendar(&mut self, slug: &str, version: Version) -> Calendar {
        Calendar {
            exceptions: self.list(2, |make, _| CalendarException {
                description: make.maybe(Self::text),
                end: make.date(version),
                start: make.date(version),
            }),
            hours_per_day: self.maybe(Self::float),
            name: self.text(),
            slug: slug.to_owned(),
            timezone: self.maybe(Self::text),
            working_days: self.maybe(Self::int),
        }
    }

    fn resource(&mut self, slug: &str, accounts: &[String], calendars: &[String]) -> Resource {
        Resource {
            account: self.one_of(accounts),
            calendar: self.one_of(calendars),
            email: self.maybe(Self::text),
            job_role: self.maybe(Self::text),
            max_units: self.maybe(Self::float),
            name: self.text(),
            slug: slug.to_owned(),
        }
    }

    fn project(
        &mut self,
        slug: &str,
        version: Version,
        accounts: &[String],
        calendars: &[String],
        resources: &[String],
    ) -> Project {
        let paths: Vec<String> = (0..self.next(5)).map(|n| format!("1.{n}")).collect();
        let labels: Vec<String> = (0..self.next(3)).map(|n| format!("l{n}")).collect();
        let sprints: Vec<String> = (0..self.next(3)).map(|n| format!("s{n}")).collect();
        Project {
            agile_features: self.maybe(|make| make.next(2) == 0),
            baselines: self.list(2, |make, _| make.baseline(version, &paths)),
            board_columns: self.list(2, |make, _| make.text()),
            calendar: self.one_of(calendars),
            code: self.maybe(Self::text),
            default_view: self.maybe(Self::text),
            dependencies: match (self.one_of(&paths), self.one_of(&paths)) {
                (Some(predecessor), Some(after)) => vec![Dependency {
                    dep_type: self.text(),
                    lag: self.maybe(Self::int),
                    predecessor: format!("{slug}:{predecessor}"),
                    successor: after,
                }],
                _ => Vec::new(),
            },
            description: self.maybe(Self::text),
            estimation_mode: self.maybe(Self::text),
            forecast_history: None,
            labels: labels.iter().map(|slug| self.label(slug)).collect(),
            methodology: self.text(),
            name: self.text(),
            risks: self.list(2, |make, index| make.risk(index, version, accounts, &paths)),
            slug: slug.to_owned(),
            sprints: sprints.iter().map(|slug| self.sprint(slug, version, &paths)).collect(),
            start_date: self.date(version),
            tasks: paths.iter().map(|path| self.task(path, version, accounts, resources, &labels, &sprints)).collect(),
        }
    }

    fn label(&mut self, slug: &str) -> Label {
        Label {
            color: self.maybe(Self::text),
            name: self.text(),
            position: self.maybe(Self::int),
            slug: slug.to_owned(),
        }
    }

    fn baseline(&mut self, version: Version, paths: &[String]) -> Baseline {
        Baseline {
            captured_at: if version == Version::V2 { self.maybe(|make| make.date(version)) } else { None },
            is_active: self.maybe(|make| make.next(2) == 0),
            name: self.text(),
            tasks: Always(
                self.one_of(paths)
                    .map(|task| BaselineTask {
                        duration: self.maybe(Self::int),
                        finish: self.maybe(|make| make.date(version)),
                        start: self.maybe(|make| make.date(version)),
                        story_points: self.maybe(Self::int),
                        task,
                    })
                    .into_iter()
                    .collect(),
            ),
        }
    }

    fn risk(&mut self, index: usize, version: Version, accounts: &[String], paths: &[String]) -> Risk {
        Risk {
            category: self.maybe(Self::text),
            contingency: self.maybe(Self::text),
            description: self.maybe(Self::text),
            impact: self.int(),
            mitigation_due_date: self.maybe(|make| make.date(version)),
            notes: self.maybe(Self::text),
            owner: self.one_of(accounts),
            probability: self.int(),
            response: self.maybe(Self::text),
            slug: format!("k{index}"),
            status: self.text(),
            tasks: self.one_of(paths).into_iter().collect(),
            title: self.text(),
            trigger: self.maybe(Self::text),
        }
    }

    fn sprint(&mut self, slug: &str, version: Version, paths: &[String]) -> Sprint {
        Sprint {
            capacity_points: self.maybe(Self::int),
            committed_points: self.maybe(Self::int),
            completed_points: self.maybe(Self::int),
            finish_date: self.date(version),
            goal: self.maybe(Self::text),
            name: self.text(),
            notes: self.maybe(Self::text),
            slug: slug.to_owned(),
            start_date: self.date(version),
            state: self.text(),
            target_milestone: self.one_of(paths),
        }
    }

    fn task(
        &mut self,
        path: &str,
        version: Version,
        accounts: &[String],
        resources: &[String],
        labels: &[String],
        sprints: &[String],
    ) -> Task {
        Task {
            assignee: self.one_of(accounts),
            assignments: self
                .one_of(resources)
                .map(|resource| Assignment { resource, units: self.maybe(Self::float) })
                .into_iter()
                .collect(),
            color: self.maybe(Self::text),
            delivery_mode: self.maybe(Self::text),
            dor: self.maybe(Self::text),
            duration: self.maybe(Self::int),
            estimate: self.maybe(|make| Estimate {
                most_likely: Nullable(make.maybe(Self::int)),
                optimistic: Nullable(make.maybe(Self::int)),
                pessimistic: Nullable(make.maybe(Self::int)),
            }),
            governance_class: self.maybe(Self::text),
            is_milestone: self.maybe(|make| make.next(2) == 0),
            kind: self.maybe(Self::text),
            labels: self.one_of(labels).into_iter().collect(),
            links: self.list(1, |make, _| Link {
                link_type: make.text(),
                note: make.maybe(Self::text),
                target: path.to_owned(),
            }),
            name: self.text(),
            notes: self.maybe(Self::text),
            parent_epic: self.maybe(|_| path.to_owned()),
            percent_complete: self.maybe(Self::float),
            planned_start: self.maybe(|make| make.date(version)),
            remaining_points: self.maybe(Self::int),
            sprint: self.one_of(sprints),
            sprint_rank: self.maybe(Self::int),
            status: self.maybe(Self::text),
            story_points: self.maybe(Self::int),
            wbs_path: path.to_owned(),
        }
    }

    fn event(&mut self, accounts: &[String]) -> Event {
        let anchor = "2026-01-05".parse().unwrap();
        let (hour, minute) = (u8::try_from(self.next(24)).unwrap(), u8::try_from(self.next(60)).unwrap());
        Event {
            action: format!("unknown {}", self.text()),
            actor: self.one_of(accounts),
            assignee: self.one_of(accounts),
            at: Moment::relative(self.day(), hour, minute, anchor),
            body: self.maybe(Self::text),
            estimate: None,
            from: self.maybe(Self::text),
            goal_impact: self.maybe(|make| make.next(2) == 0),
            goal_outcome: self.maybe(Self::text),
            points: self.maybe(Self::int),
            remaining_points: self.maybe(Self::int),
            target: self.maybe(Self::text),
            to: self.maybe(Self::text),
        }
    }
}

fn made_up() -> impl Strategy<Value = Document> {
    (1..u64::MAX).prop_map(|seed| Maker(Dice::new(seed)).document())
}

fn reversed(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.into_iter().rev().map(|(key, value)| (key, reversed(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(reversed).collect()),
        other => other,
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(document in made_up()) {
        let text = to_string(&document);
        prop_assert_eq!(&read(text.as_bytes()).unwrap(), &document);
        prop_assert_eq!(to_string(&parse(text.as_bytes()).unwrap()), text);
    }

    #[test]
    fn another_layout_comes_out_canonical(document in made_up()) {
        let text = to_string(&document);
        let Ok(value) = serde_json::from_str::<Value>(&text) else { return Ok(()) };
        let hand_edited = serde_json::to_string(&reversed(value)).unwrap();
        prop_assert_eq!(to_string(&read(hand_edited.as_bytes()).unwrap()), text);
    }

    #[test]
    fn a_truncated_document_is_an_error_with_a_place(document in made_up(), at: prop::sample::Index) {
        let text = to_string(&document);
        let cut = at.index(text.len() - 1);
        let error = parse(&text.as_bytes()[..cut]).unwrap_err();
        prop_assert!(error.line >= 1 && error.column >= 1);
    }

    #[test]
    fn any_bytes_are_a_document_or_an_error(document in made_up(), at: prop::sample::Index, byte: u8) {
        let mut bytes = to_string(&document).into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(document) = parse(&bytes) {
            prop_assert_eq!(&parse(to_string(&document).as_bytes()).unwrap(), &document);
        }
    }
}

const SMALL: &str = r#"{
  "accounts": [{"slug": "jo", "username": "jo"}],
  "program": {"lead": "jo", "methodology": "AGILE", "name": "P", "slug": "p"},
  "projects": [{
    "methodology": "AGILE", "name": "A", "slug": "a", "start_date": "2026-01-05",
    "tasks": [{"assignee": "jo", "duration": 5.0, "name": "t", "percent_complete": 50, "wbs_path": "1"}]
  }],
  "schema_version": "1.0"
}"#;

fn said(text: &str) -> String {
    match read(text.as_bytes()) {
        Ok(_) => "read".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn numbers_are_made_canonical() {
    let text = to_string(&read(SMALL.as_bytes()).unwrap());
    assert!(text.contains("\"duration\": 5,") && text.contains("\"percent_complete\": 50.0,"), "{text}");
}

#[test]
fn what_is_no_seed_is_refused_with_its_place() {
    let cases = [("", ""), ("\u{feff}{}", ""), ("[]", ""), ("{\"a\": 1}", ""), ("{", ""), (SMALL.split_at(150).0, "")];
    let mut lines: Vec<String> = cases.iter().map(|(text, _)| said(text)).collect();
    for (from, to) in [
        ("\"slug\": \"a\"", "\"slug\": \"a\", \"slug\": \"b\""),
        ("\"slug\": \"a\"", "\"slug\": 1"),
        ("\"slug\": \"a\"", "\"slug\": null"),
        ("\"slug\": \"a\"", "\"Slug\": \"a\""),
        ("\"slug\": \"a\", ", ""),
        ("2026-01-05", "2026-02-30"),
        ("2026-01-05", "A+3!"),
        ("5.0", "5.5"),
        ("5.0", "NaN"),
        ("5.0", "05"),
        ("50", "1e999"),
        ("\"t\"", "\"\\ud800\""),
        ("\"t\"", "\"a\nb\""),
        ("\"t\"", "\"\\x\""),
        ("\"assignee\": \"jo\"", "\"assignee\": \"bo\\u001b[31m\""),
        ("\"assignee\": \"jo\"", "\"sprint\": \"s\""),
        ("\"assignee\": \"jo\"", "\"labels\": [\"x\"]"),
        ("\"lead\": \"jo\"", "\"lead\": \"Jo\""),
        ("\"1.0\"", "\"3.0\""),
        ("\"1.0\"", "1"),
        ("\"schema_version\": \"1.0\"", "\"anchor\": \"2026-01-05\", \"schema_version\": \"1.0\""),
        ("\"1.0\"\n}", "\"1.0\"\n} x"),
    ] {
        assert!(SMALL.contains(from), "{from}");
        lines.push(said(&SMALL.replace(from, to)));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_document_of_another_version_is_refused_for_that() {
    let text = "{\"news\": {}, \"schema_version\": \"3.1\"}";
    assert!(said(text).ends_with("unknown schema_version `3.1`: this build reads 1.0 and 2.0"), "{}", said(text));
}

#[test]
fn not_a_number_is_read_where_the_app_writes_it() {
    for number in ["NaN", "Infinity", "-Infinity"] {
        let text = SMALL.replace("50", number);
        assert!(to_string(&read(text.as_bytes()).unwrap()).contains(&format!("\"percent_complete\": {number},")));
    }
}

#[test]
fn deep_nesting_is_an_error_and_no_crash() {
    let deep = "[".repeat(200_000);
    assert!(said(&deep).contains("expected an object"), "{}", said(&deep));
    let inside = SMALL.replace("\"1.0\"", &format!("\"1.0\", \"x\": {deep}"));
    assert!(said(&inside).contains("unknown key `x`"), "{}", said(&inside));
    let before = SMALL.replacen("{\n", &format!("{{\n \"accounts\": {deep},\n"), 1);
    assert!(said(&before).contains("expected an object, found an array"), "{}", said(&before));
    assert!(matches!(parse_json(deep.as_bytes()).unwrap_err().fault, SeedFault::TooDeep { .. }));
}

#[test]
fn a_huge_file_is_refused_unread() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("huge.json");
    std::fs::File::create(&path).unwrap().set_len(100_000_000).unwrap();
    assert!(matches!(load(&path), Err(LoadError::TooLarge { .. })));
    std::fs::write(&path, SMALL).unwrap();
    assert_eq!(load(&path).unwrap(), SMALL.as_bytes());
    assert!(matches!(load(&directory.path().join("none")), Err(LoadError::Read { .. })));
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_place() {
    let error = parse(b"{\n  \"\xff\": 1}").unwrap_err();
    assert_eq!((error.line, error.column, error.fault), (2, 4, SeedFault::NotUtf8));
}

#[test]
fn every_kind_of_reference_is_looked_at() {
    let text = r#"{
      "accounts": [{"slug": "jo", "username": "jo"}, {"slug": "jo", "username": "bo"}],
      "events": [
        {"action": "task.comment", "actor": "x", "at": "A+1", "target": "task:a:9"},
        {"action": "task.comment", "at": "A+1", "target": "task:1"},
        {"action": "sprint.close", "at": "A+1", "target": "task:a:1"},
        {"action": "sprint.close", "at": "A+1", "target": "sprint:a:none"},
        {"action": "risk.status", "at": "A+1", "target": "risk:r"},
        {"action": "baseline.capture", "at": "A+1"}
      ],
      "program": {"lead": "x", "methodology": "AGILE", "name": "P", "slug": "p"},
      "projects": [{
        "baselines": [{"name": "b", "tasks": [{"task": "9"}]}],
        "calendar": "c",
        "dependencies": [{"dep_type": "FS", "predecessor": "b:1", "successor": "1"}],
        "methodology": "AGILE", "name": "A", "slug": "a", "start_date": "2026-01-05",
        "risks": [{"impact": 1, "owner": "x", "probability": 1, "slug": "r", "status": "OPEN", "tasks": ["9"], "title": "r"}],
        "sprints": [{"finish_date": "A+1", "name": "s", "slug": "s", "start_date": "A+0", "state": "PLANNED", "target_milestone": "9"}],
        "tasks": [
          {"name": "t", "parent_epic": "9", "wbs_path": "1", "links": [{"link_type": "blocks", "target": "a:1"}],
           "assignments": [{"resource": "r"}], "estimate": {"most_likely": 1, "optimistic": 2, "pessimistic": 3}},
          {"name": "t", "wbs_path": "1"}
        ]
      }],
      "resources": [{"account": "x", "calendar": "c", "name": "r", "slug": "q"}],
      "risks": [{"impact": 1, "probability": 1, "slug": "k", "status": "OPEN", "tasks": ["1"], "title": "r"}],
      "schema_version": "2.0"
    }"#;
    let faults = reference_faults(&parse(text.as_bytes()).unwrap());
    let lines: Vec<String> = faults.iter().map(|(path, fault)| format!("{path}: {fault}")).collect();
    insta::assert_snapshot!(lines.join("\n"));
}
