//! The rules of the builder one by one, and what holds for any rows.

mod encoder;
mod made_up;

use orgvault_archive::seed::{self, Day, Document, Float, Task};

use super::{
    cell::{Micros, Uuid},
    rows::*,
    *,
};

const PROGRAM: Uuid = Uuid(1);
const A: Uuid = Uuid(0xA);
const B: Uuid = Uuid(0xB);

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

const V1: Request = Request { events: false, importable: false, release: Release::Since04, today: TODAY };
const V2: Request = Request { events: true, ..V1 };
// A day that no test's document has, unless it has no project.
const TODAY: Day = Day::EPOCH;

fn program(code: &str) -> ProgramRow {
    ProgramRow {
        id: PROGRAM,
        code: code.to_owned(),
        name: "Program".to_owned(),
        methodology: "HYBRID".to_owned(),
        description: String::new(),
        color: None,
        lead_id: None,
    }
}

fn project(id: Uuid, code: &str) -> ProjectRow {
    ProjectRow {
        id,
        is_deleted: false,
        code: code.to_owned(),
        name: format!("Project {code}"),
        methodology: "AGILE".to_owned(),
        start_date: day("2026-01-05"),
        description: String::new(),
        calendar_id: None,
        default_view: "SCHEDULE".to_owned(),
        estimation_mode: "open".to_owned(),
        agile_features: None,
    }
}

fn task(id: u128, project: Uuid, path: &str) -> TaskRow {
    TaskRow {
        id: Uuid(id),
        project_id: project,
        is_deleted: false,
        wbs_path: Some(path.to_owned()),
        name: format!("Task {path}"),
        kind: "task".to_owned(),
        status: "NOT_STARTED".to_owned(),
        is_milestone: false,
        duration: 0,
        planned_start: None,
        percent_complete: 0.0,
        notes: String::new(),
        story_points: None,
        remaining_points: None,
        assignee_id: None,
        sprint_id: None,
        parent_epic_id: None,
        sprint_rank: None,
        governance_class: "flow".to_owned(),
        delivery_mode: "waterfall".to_owned(),
        color: None,
        optimistic_duration: None,
        most_likely_duration: None,
        pessimistic_duration: None,
    }
}

fn sprint(id: u128, project: Uuid, name: &str) -> SprintRow {
    SprintRow {
        id: Uuid(id),
        project_id: project,
        is_deleted: false,
        name: name.to_owned(),
        state: "ACTIVE".to_owned(),
        start_date: day("2026-01-05"),
        finish_date: day("2026-01-18"),
        goal: String::new(),
        notes: String::new(),
        committed_points: None,
        completed_points: None,
        capacity_points: None,
        target_milestone_id: None,
        activated_at: None,
        closed_at: None,
        goal_outcome: None,
    }
}

fn user(id: i64, username: &str) -> UserRow {
    UserRow {
        id,
        username: username.to_owned(),
        email: String::new(),
        first_name: String::new(),
        last_name: String::new(),
    }
}

fn resource(id: u128, name: &str) -> ResourceRow {
    ResourceRow {
        id: Uuid(id),
        name: name.to_owned(),
        email: String::new(),
        job_role: String::new(),
        max_units: 1.0,
        calendar_id: None,
        user_id: None,
        on_roster: true,
    }
}

fn risk(id: u128, project: Uuid, title: &str) -> RiskRow {
    RiskRow {
        id: Uuid(id),
        project_id: project,
        is_deleted: false,
        title: title.to_owned(),
        status: "OPEN".to_owned(),
        probability: 1,
        impact: 1,
        description: String::new(),
        category: None,
        response: None,
        mitigation_due_date: None,
        trigger: String::new(),
        contingency: String::new(),
        notes: String::new(),
        owner_id: None,
    }
}

/// A program with the projects A and B.
fn two() -> Rows {
    Rows { program: vec![program("prog")], projects: vec![project(A, "A"), project(B, "B")], ..Rows::default() }
}

fn built(rows: Rows) -> Document {
    build(rows, V1).unwrap().document
}

fn tasks(document: &Document, project: usize) -> &[Task] {
    &document.projects.0[project].tasks
}

fn micros(at: &str) -> Micros {
    let at: chrono::DateTime<chrono::Utc> = at.parse().unwrap();
    Micros(at.timestamp_micros() - crate::format::value::MICROS_1970_TO_2000)
}

#[test]
fn what_is_at_its_default_is_left_out() {
    let mut rows = two();
    rows.tasks = vec![task(1, A, "1")];
    assert_eq!(
        seed::to_string(&built(rows)),
        include_str!("tests/defaults.json"),
        "no key that upstream leaves out at its default is written"
    );
}

#[test]
fn zero_is_put_where_upstream_tests_for_null_and_left_out_where_it_tests_for_truth() {
    let mut rows = two();
    rows.tasks = vec![TaskRow {
        story_points: Some(0),
        remaining_points: Some(0),
        sprint_rank: Some(0),
        percent_complete: -0.0,
        notes: "   ".to_owned(),
        optimistic_duration: Some(0),
        ..task(1, A, "1")
    }];
    let document = built(rows);
    let task = &tasks(&document, 0)[0];
    assert_eq!((task.story_points, task.remaining_points, task.sprint_rank), (Some(0), Some(0), Some(0)));
    assert_eq!((task.percent_complete, task.duration, task.notes.as_deref()), (None, None, Some("   ")));
    let estimate = task.estimate.as_ref().unwrap();
    assert_eq!((estimate.optimistic.0, estimate.most_likely.0, estimate.pessimistic.0), (Some(0), None, None));
}

#[test]
fn an_estimate_without_its_optimistic_guess_is_none() {
    let mut rows = two();
    rows.tasks = vec![TaskRow { most_likely_duration: Some(2), pessimistic_duration: Some(3), ..task(1, A, "1") }];
    assert_eq!(tasks(&built(rows), 0)[0].estimate, None);
}

#[test]
fn project_slugs_come_before_the_programs_and_its_code_is_taken_verbatim() {
    let named = |code: &str, name: &str| ProjectRow { name: name.to_owned(), ..project(A, code) };
    let mut rows = two();
    rows.projects = vec![named("", "Program"), ProjectRow { id: B, ..named("", "program!") }];
    rows.program[0].code = "PLAT X/1".to_owned();
    let document = built(rows.clone());
    let slugs = |document: &Document| document.projects.0.iter().map(|p| p.slug.clone()).collect::<Vec<_>>();
    assert_eq!(
        (slugs(&document), document.program.slug.as_str()),
        (vec!["program".into(), "program-2".into()], "PLAT X/1")
    );
    rows.program[0].code = String::new();
    let document = built(rows);
    assert_eq!(
        (slugs(&document), document.program.slug.as_str()),
        (vec!["program".into(), "program-2".into()], "program-3")
    );
}

#[test]
fn accounts_take_their_slugs_in_the_order_of_first_mention() {
    let mut rows = two();
    rows.program[0].lead_id = Some(5);
    let member = |user_id, role| MembershipRow { user_id, role };
    rows.memberships = vec![member(4, 100), member(3, 400), member(5, 250)];
    rows.tasks = vec![
        TaskRow { assignee_id: Some(7), ..task(1, A, "1") },
        TaskRow { assignee_id: Some(6), ..task(2, B, "1") },
        TaskRow { assignee_id: Some(9), is_deleted: true, ..task(3, B, "2") },
        TaskRow { assignee_id: Some(8), wbs_path: None, ..task(4, B, "") },
    ];
    // The same path and name in two projects: the user's id decides.
    rows.tasks[1].name = rows.tasks[0].name.clone();
    rows.risks = vec![RiskRow { is_deleted: true, owner_id: Some(2), ..risk(1, A, "r") }];
    rows.resources = vec![ResourceRow { user_id: Some(1), ..resource(1, "r") }];
    rows.users = (1..=9).map(|id| user(id, "Jo")).collect();
    let built = build(rows, V1).unwrap();
    let slug_of = |slug: &str| built.document.accounts.iter().position(|account| account.slug == slug);
    let order: Vec<_> = ["jo", "jo-2", "jo-3", "jo-4", "jo-5", "jo-6", "jo-7", "jo-8"].map(slug_of).into();
    assert_eq!(order, (0..8).map(Some).collect::<Vec<_>>(), "eight accounts, and not the ninth user");
    let roles: Vec<_> = built.document.accounts.iter().map(|account| account.role.as_deref()).collect();
    assert_eq!(roles[..3], [None, Some("OWNER"), Some("MEMBER")]);
    assert_eq!(built.document.program.lead.as_deref(), Some("jo"));
    assert_eq!(tasks(&built.document, 0)[0].assignee.as_deref(), Some("jo-5"));
    assert_eq!(tasks(&built.document, 1)[0].assignee.as_deref(), Some("jo-4"));
    assert_eq!(built.document.resources[0].account.as_deref(), Some("jo-8"));
    let warning = built.warnings.iter().find(|warning| warning.code == "role_unknown").unwrap();
    assert_eq!(warning.ids, ["auth_user 5 (role 250)"]);
}

#[test]
fn names_are_stripped_as_python_strips() {
    let mut rows = two();
    rows.program[0].lead_id = Some(1);
    rows.users = vec![UserRow {
        first_name: "\u{1c}\u{3000}Jo  ".to_owned(),
        last_name: "S \u{85}".to_owned(),
        ..user(1, "jo")
    }];
    assert_eq!(built(rows).accounts[0].display_name.as_deref(), Some("Jo   S"));
}

#[test]
fn a_sprint_that_is_gone_is_left_out_with_a_warning() {
    let mut rows = two();
    rows.sprints = vec![SprintRow { is_deleted: true, ..sprint(1, A, "gone") }, sprint(2, B, "other")];
    rows.tasks = vec![
        TaskRow { sprint_id: Some(Uuid(1)), ..task(1, A, "1") },
        TaskRow { sprint_id: Some(Uuid(2)), ..task(2, A, "2") },
    ];
    let built = build(rows, V1).unwrap();
    let sprints: Vec<_> = tasks(&built.document, 0).iter().map(|task| task.sprint.as_deref()).collect();
    assert_eq!(sprints, [None, Some("other")], "another project's sprint is named bare, as upstream does");
    let codes: Vec<_> = built.warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(codes, ["sprint_not_exported", "bare_foreign_reference"]);
    assert!(built.warnings[0].ids[0].contains(&Uuid(1).to_string()));
}

#[test]
fn a_label_of_a_later_project_is_lost_unless_the_task_has_one() {
    let label = |id: u128, project_id, name: &str| LabelRow {
        id: Uuid(id),
        project_id,
        name: name.to_owned(),
        color: "slate".to_owned(),
        position: 0,
    };
    let of = |task: u128, label: u128| TaskLabelRow { task_id: Uuid(task), label_id: Uuid(label) };
    let mut rows = two();
    rows.labels = vec![label(1, A, "of a"), label(2, B, "of b")];
    rows.tasks = vec![task(1, A, "1"), task(2, A, "2"), task(3, B, "1"), task(4, A, "3")];
    rows.task_labels = vec![of(1, 2), of(2, 2), of(2, 1), of(3, 2), of(3, 1), of(4, 1)];
    let built = build(rows, V1).unwrap();
    let labels = |project| tasks(&built.document, project).iter().map(|task| task.labels.join(" ")).collect::<Vec<_>>();
    assert_eq!(
        (labels(0), labels(1)),
        (vec![String::new(), "of-a of-b".into(), "of-a".into()], vec!["of-a of-b".into()])
    );
    assert!(built.warnings.iter().any(|warning| warning.code == "label_lost" && warning.ids == [Uuid(1).to_string()]));
}

#[test]
fn orders_that_upstream_leaves_open_are_fixed() {
    let mut rows = two();
    rows.tasks = vec![task(1, A, "1"), task(2, B, "1"), task(3, B, "2")];
    let dependency = |from: u128, dep_type: &str| DependencyRow {
        predecessor_id: Uuid(from),
        successor_id: Uuid(3),
        dep_type: dep_type.to_owned(),
        lag: 0,
        is_deleted: false,
    };
    rows.dependencies = vec![dependency(2, "SS"), dependency(2, "FF"), dependency(1, "SS"), dependency(1, "FF")];
    rows.resources = vec![resource(1, "same"), resource(2, "same")];
    let assignment = |resource: u128| AssignmentRow { task_id: Uuid(1), resource_id: Uuid(resource), units: 0.5 };
    rows.assignments = vec![assignment(2), assignment(1)];
    rows.projects[0].calendar_id = Some(Uuid(9));
    rows.calendars = vec![CalendarRow {
        id: Uuid(9),
        name: "C".to_owned(),
        working_days: 0,
        hours_per_day: 8.0,
        timezone: String::new(),
    }];
    let exception = |description: &str| ExceptionRow {
        calendar_id: Uuid(9),
        exc_start: day("2026-02-01"),
        exc_end: day("2026-02-02"),
        description: description.to_owned(),
    };
    rows.calendar_exceptions = vec![exception("b"), exception("a"), exception("")];
    let document = built(rows);
    let found: Vec<_> =
        document.projects.0[1].dependencies.iter().map(|d| format!("{} {}", d.dep_type, d.predecessor)).collect();
    assert_eq!(found, ["FF a:1", "FF 1", "SS a:1", "SS 1"]);
    let assigned: Vec<_> = tasks(&document, 0)[0].assignments.iter().map(|a| a.resource.as_str()).collect();
    assert_eq!(assigned, ["same", "same-2"]);
    let days_off: Vec<_> = document.calendars[0].exceptions.iter().map(|e| e.description.as_deref()).collect();
    assert_eq!(days_off, [None, Some("a"), Some("b")]);
}

#[test]
fn references_of_risks_are_sorted_as_texts() {
    let mut rows = two();
    let paths = ["1.2", "1.10", "10", "2", "1_x"];
    rows.tasks = paths.iter().zip(1..).map(|(path, id)| task(id, A, path)).collect();
    rows.tasks.push(task(9, B, "1"));
    rows.risks = vec![risk(1, A, "r")];
    rows.risk_tasks = (1..=9)
        .filter(|id| *id < 6 || *id == 9)
        .map(|id| RiskTaskRow { risk_id: Uuid(1), task_id: Uuid(id) })
        .collect();
    assert_eq!(built(rows).projects.0[0].risks[0].tasks, ["1.10", "1.2", "10", "1_x", "2", "b:1"]);
}

#[test]
fn numbers_that_are_no_json_are_written_bare_and_warned_of() {
    let mut rows = two();
    rows.tasks = vec![TaskRow { percent_complete: f64::NAN, ..task(1, A, "1") }];
    let built = build(rows, V1).unwrap();
    assert_eq!(tasks(&built.document, 0)[0].percent_complete, Some(Float(f64::NAN)));
    assert_eq!(built.warnings[0].code, "number_not_json");
    assert!(seed::to_string(&built.document).contains("\"percent_complete\": NaN,"));
}

#[test]
fn paths_that_clash_are_both_written_and_warned_of() {
    let mut rows = two();
    rows.tasks = vec![task(2, A, "1"), task(1, A, "1")];
    rows.tasks[1].name = "Z".to_owned();
    let built = build(rows, V1).unwrap();
    assert_eq!(tasks(&built.document, 0).iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["Z", "Task 1"]);
    assert_eq!((built.warnings[0].code.as_str(), &built.warnings[0].ids[0]), ("wbs_path_clash", &Uuid(2).to_string()));
}

#[test]
fn a_single_project_gets_a_made_up_program() {
    let row = ProjectRow { is_deleted: true, description: "d".to_owned(), ..project(A, "SOLO 1") };
    let rows = Rows { projects: vec![row], ..Rows::default() };
    let built = build(rows.clone(), V1).unwrap();
    let program = &built.document.program;
    assert_eq!((program.slug.as_str(), program.name.as_str()), ("solo-1", "Project SOLO 1"));
    assert_eq!(program.description.as_deref(), Some("d"));
    assert_eq!(built.written[0].rows, 0, "the made-up program is no row");
    assert_eq!(build(rows, V2).unwrap_err(), BuildError::EventsOfProject);
    assert_eq!(build(Rows::default(), V1).unwrap_err(), BuildError::NoOrganization { projects: 0 });
}

#[test]
fn a_program_without_projects_has_an_empty_list_and_today_as_anchor() {
    let rows = Rows { program: vec![program("p")], ..Rows::default() };
    assert!(seed::to_string(&built(rows.clone())).contains("\"projects\": []"));
    assert_eq!(build(rows, V2).unwrap().document.anchor, Some(TODAY));
}

fn with_history() -> Rows {
    let mut rows = two();
    rows.memberships = vec![MembershipRow { user_id: 1, role: 300 }, MembershipRow { user_id: 2, role: 400 }];
    rows.users = vec![user(1, "admin"), user(2, "owner")];
    rows.tasks = vec![task(1, A, "1")];
    let row = |history_id, status: &str, remaining_points, at: &str, user| HistoryRow {
        id: Uuid(1),
        status: status.to_owned(),
        remaining_points,
        history_date: micros(at),
        history_id,
        history_user_id: user,
    };
    rows.task_history = vec![
        row(4, "REVIEW", Some(3), "2026-01-06T10:00:30Z", None),
        row(1, "NOT_STARTED", Some(5), "2026-01-05T09:00:00Z", Some(1)),
        row(3, "REVIEW", Some(4), "2026-01-06T10:00:00Z", Some(1)),
        row(2, "NOT_STARTED", Some(5), "2026-01-06T09:00:00Z", Some(1)),
        row(5, "REVIEW", None, "2026-01-06T11:00:00Z", Some(1)),
    ];
    rows
}

#[test]
fn history_becomes_events() {
    let mut rows = with_history();
    rows.comments = vec![CommentRow {
        id: Uuid(1),
        task_id: Uuid(1),
        author_id: Some(99),
        body: String::new(),
        created_at: micros("2026-01-06T10:00:00Z"),
    }];
    let built = build(rows, V2).unwrap();
    let lines: Vec<_> = built
        .document
        .events
        .iter()
        .map(|e| format!("{} {} {} {:?} {:?}", e.at, e.action, e.actor.as_deref().unwrap(), e.to, e.remaining_points))
        .collect();
    assert_eq!(
        lines,
        [
            "A+1T10:00 task.comment owner None None",
            "A+1T10:00 task.status admin Some(\"REVIEW\") None",
            "A+1T10:00 task.points owner None Some(3)",
        ],
        "the first row is the base; points that change with the status are no event; the fallback is the owner"
    );
    let dropped: Vec<_> = built.dropped.iter().map(|d| format!("{} {} {}", d.section, d.rule, d.rows)).collect();
    assert_eq!(dropped, ["task_history first_row 1", "task_history no_change 2"]);
    assert_eq!(built.document.projects.0[0].start_date.to_string(), "A+0!");
}

#[test]
fn v1_drops_the_timeline_by_a_rule() {
    let built = build(with_history(), V1).unwrap();
    assert!(built.document.events.is_empty() && built.document.anchor.is_none());
    assert_eq!((built.dropped[0].rule.as_str(), built.dropped[0].rows), ("only_in_seed_events", 5));
}

#[test]
fn sprints_retros_and_scope_changes_become_events() {
    let mut rows = with_history();
    rows.task_history.clear();
    let at = micros("2026-01-07T08:30:59Z");
    rows.sprints = vec![SprintRow {
        activated_at: Some(at),
        closed_at: Some(micros("2060-01-01T00:00:00Z")),
        goal_outcome: Some("MET".to_owned()),
        ..sprint(7, A, "One")
    }];
    let change = |status: &str| ScopeChangeRow {
        id: Uuid(1),
        project_id: A,
        task_id: Uuid(1),
        status: status.to_owned(),
        added_at: at,
        added_by_id: Some(1),
        goal_impact: true,
    };
    rows.scope_changes = vec![change("pending"), change("accepted")];
    rows.retro_actions = vec![RetroActionRow {
        id: Uuid(1),
        sprint_id: Uuid(7),
        created_by_id: Some(1),
        text: "Do".to_owned(),
        assignee_id: Some(2),
        story_points: Some(0),
        created_at: at,
    }];
    let document = build(rows, V2).unwrap().document;
    assert_eq!(seed::to_string(&document), include_str!("tests/events.json"));
}

#[test]
fn an_instant_beyond_the_calendar_names_its_row() {
    let mut rows = with_history();
    rows.task_history[0].history_date = Micros(i64::MAX);
    let error = build(rows, V2).unwrap_err();
    assert!(matches!(error, BuildError::Instant { section: "task_history", column: "history_date", .. }), "{error}");
}
