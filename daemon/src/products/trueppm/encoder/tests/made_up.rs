//! What holds for any rows, however they hang together.

use orgvault_testing::dice::Dice;
use proptest::prelude::*;

use super::*;

/// Makes up rows, the same for the same seed: few keys, so that rows meet, and some that miss.
struct Maker(Dice);

impl Maker {
    fn next(&mut self, below: u64) -> u64 {
        self.0.next(below)
    }

    fn key(&mut self) -> Uuid {
        Uuid(u128::from(self.next(6)))
    }

    fn user(&mut self) -> Option<i64> {
        let user = i64::try_from(self.next(6)).unwrap();
        (user > 0).then_some(user)
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.next(3) == 0 { None } else { Some(make(self)) }
    }

    fn seldom(&mut self) -> bool {
        self.next(5) == 0
    }

    fn text(&mut self) -> String {
        ["", "a", "A", "a b", "Ü"][usize::try_from(self.next(5)).unwrap()].to_owned()
    }

    fn int(&mut self) -> i64 {
        i64::try_from(self.next(4)).unwrap() - 1
    }

    fn instant(&mut self) -> Micros {
        Micros(i64::try_from(self.next(4)).unwrap() * 86_400_000_000_000)
    }

    fn keyed<T>(&mut self, most: u64, mut make: impl FnMut(&mut Self, u128) -> T) -> Vec<T> {
        (0..self.next(most + 1)).map(|key| make(self, u128::from(key))).collect()
    }

    fn rows(&mut self) -> Rows {
        let single = self.next(4) == 0;
        let mut rows = Rows {
            projects: self.keyed(if single { 0 } else { 4 }, |make, id| ProjectRow {
                is_deleted: make.seldom(),
                calendar_id: make.maybe(Self::key),
                name: make.text(),
                ..project(Uuid(id), &make.text())
            }),
            ..Rows::default()
        };
        if single {
            rows.projects = vec![project(Uuid(0), "")];
        } else {
            rows.program = vec![ProgramRow { lead_id: self.user(), ..program(&self.text()) }];
            rows.memberships = (1..4).map(|user_id| MembershipRow { user_id, role: 100 * self.int() }).collect();
        }
        self.things(&mut rows);
        self.work(&mut rows);
        self.life(&mut rows);
        rows
    }

    fn things(&mut self, rows: &mut Rows) {
        rows.users = (1..6).map(|id| user(id, &self.text())).collect();
        rows.calendars = self.keyed(5, |make, id| CalendarRow {
            id: Uuid(id),
            name: make.text(),
            working_days: 31,
            hours_per_day: 8.0,
            timezone: make.text(),
        });
        rows.calendar_exceptions = self.keyed(4, |make, _| ExceptionRow {
            calendar_id: make.key(),
            exc_start: day("2026-01-01"),
            exc_end: day("2026-01-02"),
            description: make.text(),
        });
        rows.resources = self.keyed(5, |make, id| ResourceRow {
            calendar_id: make.maybe(Self::key),
            user_id: make.user(),
            on_roster: make.seldom(),
            ..resource(id, &make.text())
        });
        rows.labels = self.keyed(5, |make, id| LabelRow {
            id: Uuid(id),
            project_id: make.key(),
            name: make.text(),
            color: make.text(),
            position: make.int(),
        });
    }

    fn work(&mut self, rows: &mut Rows) {
        rows.sprints = self.keyed(5, |make, id| SprintRow {
            is_deleted: make.seldom(),
            target_milestone_id: make.maybe(Self::key),
            activated_at: make.maybe(Self::instant),
            ..sprint(id, make.key(), &make.text())
        });
        rows.tasks = self.keyed(6, |make, id| TaskRow {
            is_deleted: make.seldom(),
            wbs_path: make.maybe(|make| make.next(3).to_string()),
            assignee_id: make.user(),
            sprint_id: make.maybe(Self::key),
            parent_epic_id: make.maybe(Self::key),
            ..task(id, make.key(), "")
        });
        rows.tasks.sort_by(|a, b| (a.wbs_path.is_none(), &a.wbs_path).cmp(&(b.wbs_path.is_none(), &b.wbs_path)));
        rows.task_labels = self.keyed(8, |make, _| TaskLabelRow { task_id: make.key(), label_id: make.key() });
        rows.assignments =
            self.keyed(8, |make, _| AssignmentRow { task_id: make.key(), resource_id: make.key(), units: 0.5 });
        rows.links = self.keyed(6, |make, id| LinkRow {
            id: Uuid(id),
            source_id: make.key(),
            target_id: make.key(),
            relation_type: "blocks".to_owned(),
            note: make.text(),
            is_deleted: make.seldom(),
        });
        rows.dependencies = self.keyed(8, |make, _| DependencyRow {
            predecessor_id: make.key(),
            successor_id: make.key(),
            dep_type: make.text(),
            lag: make.int(),
            is_deleted: make.seldom(),
        });
    }

    fn life(&mut self, rows: &mut Rows) {
        rows.baselines = self.keyed(4, |make, id| BaselineRow {
            id: Uuid(id),
            project_id: make.key(),
            name: make.text(),
            is_active: make.seldom(),
            created_at: make.instant(),
        });
        rows.baseline_tasks = self.keyed(6, |make, id| BaselineTaskRow {
            id: Uuid(id),
            baseline_id: make.key(),
            task_id: make.key(),
            start: None,
            finish: None,
            duration: make.int(),
            story_points: make.maybe(Self::int),
        });
        rows.risks = self.keyed(5, |make, id| RiskRow {
            is_deleted: make.seldom(),
            owner_id: make.user(),
            impact: make.int(),
            ..risk(id, make.key(), "r")
        });
        rows.risk_tasks = self.keyed(8, |make, _| RiskTaskRow { risk_id: make.key(), task_id: make.key() });
        rows.task_history = self.keyed(9, |make, id| HistoryRow {
            id: make.key(),
            status: make.text(),
            remaining_points: make.maybe(Self::int),
            history_date: make.instant(),
            history_id: i64::try_from(id).unwrap(),
            history_user_id: make.user(),
        });
        rows.comments = self.keyed(5, |make, id| CommentRow {
            id: Uuid(id),
            task_id: make.key(),
            author_id: make.user(),
            body: make.text(),
            created_at: make.instant(),
        });
        rows.scope_changes = self.keyed(5, |make, id| ScopeChangeRow {
            id: Uuid(id),
            project_id: make.key(),
            task_id: make.key(),
            status: if make.seldom() { "accepted".to_owned() } else { "pending".to_owned() },
            added_at: make.instant(),
            added_by_id: make.user(),
            goal_impact: make.seldom(),
        });
        rows.retro_actions = self.keyed(5, |make, id| RetroActionRow {
            id: Uuid(id),
            sprint_id: make.key(),
            created_by_id: make.user(),
            text: make.text(),
            assignee_id: make.user(),
            story_points: make.maybe(Self::int),
            created_at: make.instant(),
        });
    }
}

/// The rows whose order no query gives, the other way round.
fn shuffled(mut rows: Rows) -> Rows {
    rows.memberships.reverse();
    rows.users.reverse();
    rows.calendars.reverse();
    rows.calendar_exceptions.reverse();
    rows.sprints.reverse();
    rows.task_labels.reverse();
    rows.assignments.reverse();
    rows.links.reverse();
    rows.dependencies.reverse();
    rows.baselines.reverse();
    rows.risk_tasks.reverse();
    rows.task_history.reverse();
    rows.comments.reverse();
    rows.scope_changes.reverse();
    rows.retro_actions.reverse();
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Every row is written or dropped by a rule, and the document can be read back.
    #[test]
    fn nothing_is_lost_and_everything_is_readable(seed in 1..u64::MAX, events: bool) {
        let rows = Maker(Dice::new(seed)).rows();
        let single = rows.program.is_empty();
        match build(rows, if events { V2 } else { V1 }) {
            Ok(built) => {
                let text = seed::to_string(&built.document);
                prop_assert_eq!(seed::parse(text.as_bytes()).unwrap(), built.document);
            }
            Err(error) => prop_assert!(single && events && error == BuildError::EventsOfProject, "{}", error),
        }
    }

    /// Where no query gives an order, the order of the rows does not matter.
    #[test]
    fn the_same_data_gives_the_same_document(seed in 1..u64::MAX) {
        let rows = Maker(Dice::new(seed)).rows();
        let request = if rows.program.is_empty() { V1 } else { V2 };
        prop_assert_eq!(build(shuffled(rows.clone()), request).unwrap().document, build(rows, request).unwrap().document);
    }
}
