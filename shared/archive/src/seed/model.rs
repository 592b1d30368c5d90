//! What a seed document can say. Keys and meanings are TruePPM's (`seed_v1.json`,
//! `seed_v2.json`); texts that TruePPM's schema restricts (slugs, states, …) are any text here,
//! because the app's own exporter writes what its database holds.

use std::io::{self, Write};

use super::{
    block::block,
    date::{Date, Day, Moment},
    fault::ReadError,
    node::{Node, read_object, required},
    scan::Scanner,
    write::Printer,
};

/// The version of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `1.0`: the final state.
    V1,
    /// `2.0`: dates from an anchor, and a timeline of events.
    V2,
}

impl Version {
    /// As `schema_version` says it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::V1 => "1.0",
            Self::V2 => "2.0",
        }
    }

    /// The version that `schema_version` names.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::V1, Self::V2].into_iter().find(|version| version.name() == name)
    }
}

/// A number that is written as Python's float. Two that are not a number are equal.
#[derive(Debug, Clone, Copy)]
pub struct Float(pub f64);

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits() || (self.0.is_nan() && other.0.is_nan())
    }
}

/// A whole number that is written as `null` where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nullable(pub Option<i64>);

/// An array that is written even where it is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Always<T>(pub Vec<T>);

block! {
    /// A whole document: one program and its projects.
    Document {
        /// The users that the document names, by slug.
        "accounts" accounts: Vec<Account>,
        /// What v2 dates are counted from.
        "anchor" anchor: Option<Day>,
        /// Working times, by slug.
        "calendars" calendars: Vec<Calendar>,
        /// v2: what happened, in order.
        "events" events: Vec<Event>,
        /// The program.
        "program" program: Program,
        /// Its projects.
        "projects" projects: Always<Project>,
        /// People and things that work, by slug.
        "resources" resources: Vec<Resource>,
        /// Risks of the program; TruePPM reads them and never writes them.
        "risks" risks: Vec<Risk>,
        /// Which version it is.
        "schema_version" version: Version,
    }
}

block! {
    /// The program.
    Program {
        /// `#rrggbb`.
        "color" color: Option<String>,
        /// Any text.
        "description" description: Option<String>,
        /// The account of who leads it.
        "lead" lead: Option<String>,
        /// `WATERFALL`, `AGILE` or `HYBRID`.
        "methodology" methodology: String,
        /// Its name.
        "name" name: String,
        /// Its code, verbatim, or a slug of its name.
        "slug" slug: String,
    }
}

block! {
    /// A user.
    Account {
        /// First and last name.
        "display_name" display_name: Option<String>,
        /// The address.
        "email" email: Option<String>,
        /// The role in the program: `VIEWER` to `OWNER`.
        "role" role: Option<String>,
        /// What references name.
        "slug" slug: String,
        /// The login.
        "username" username: String,
    }
}

block! {
    /// A working time.
    Calendar {
        /// Days that are not worked on.
        "exceptions" exceptions: Vec<CalendarException>,
        /// Hours of a working day.
        "hours_per_day" hours_per_day: Option<Float>,
        /// Its name.
        "name" name: String,
        /// What references name.
        "slug" slug: String,
        /// An IANA name.
        "timezone" timezone: Option<String>,
        /// A bit for each day, Monday is 1.
        "working_days" working_days: Option<i64>,
    }
}

block! {
    /// Days that are not worked on.
    CalendarException {
        /// Why.
        "description" description: Option<String>,
        /// The last day.
        "exc_end" end: Date,
        /// The first day.
        "exc_start" start: Date,
    }
}

block! {
    /// Someone or something that works.
    Resource {
        /// Its account.
        "account" account: Option<String>,
        /// Its calendar.
        "calendar" calendar: Option<String>,
        /// The address.
        "email" email: Option<String>,
        /// What it does.
        "job_role" job_role: Option<String>,
        /// How much of it there is; 1.0 is full time.
        "max_units" max_units: Option<Float>,
        /// Its name.
        "name" name: String,
        /// What references name.
        "slug" slug: String,
    }
}

block! {
    /// A project.
    Project {
        /// Accepted by TruePPM's schema, used by nothing.
        "agile_features" agile_features: Option<bool>,
        /// Frozen plans.
        "baselines" baselines: Vec<Baseline>,
        /// Accepted by TruePPM's schema, used by nothing.
        "board_columns" board_columns: Vec<String>,
        /// Its calendar.
        "calendar" calendar: Option<String>,
        /// Its code.
        "code" code: Option<String>,
        /// The page it opens with; absent means `SCHEDULE`.
        "default_view" default_view: Option<String>,
        /// What must come before what, listed under the successor's project.
        "dependencies" dependencies: Vec<Dependency>,
        /// Any text.
        "description" description: Option<String>,
        /// Who may estimate; absent means `open`.
        "estimation_mode" estimation_mode: Option<String>,
        /// v2: how a history of forecasts is made up.
        "forecast_history" forecast_history: Option<Forecast>,
        /// The labels that its tasks can have.
        "labels" labels: Vec<Label>,
        /// `WATERFALL`, `AGILE` or `HYBRID`.
        "methodology" methodology: String,
        /// Its name.
        "name" name: String,
        /// Its risks.
        "risks" risks: Vec<Risk>,
        /// What references name.
        "slug" slug: String,
        /// Its sprints.
        "sprints" sprints: Vec<Sprint>,
        /// Its first day.
        "start_date" start_date: Date,
        /// Its tasks, by WBS path.
        "tasks" tasks: Vec<Task>,
    }
}

block! {
    /// How a history of forecasts is made up.
    Forecast {
        /// The promised end.
        "commitment_finish" commitment_finish: Date,
        /// The part of the tasks that is done at the end.
        "completion_ratio" completion_ratio: Option<Float>,
        /// The planned end on the last day.
        "cpm_end" cpm_end: Date,
        /// The planned end on the first day.
        "cpm_start" cpm_start: Date,
        /// How many days.
        "days" days: i64,
        /// How many runs a forecast pretends.
        "mc_iterations" mc_iterations: Option<i64>,
        /// The even-odds end on the last day.
        "p50_end" p50_end: Option<Date>,
        /// The even-odds end on the first day.
        "p50_start" p50_start: Option<Date>,
        /// The likely end on the last day.
        "p80_end" p80_end: Option<Date>,
        /// The likely end on the first day.
        "p80_start" p80_start: Option<Date>,
        /// The all but sure end on the last day.
        "p95_end" p95_end: Option<Date>,
        /// The all but sure end on the first day.
        "p95_start" p95_start: Option<Date>,
    }
}

block! {
    /// A label of a project.
    Label {
        /// A name of the palette.
        "color" color: Option<String>,
        /// Its name.
        "name" name: String,
        /// Its place in the list; absent means 0.
        "position" position: Option<i64>,
        /// What tasks name.
        "slug" slug: String,
    }
}

block! {
    /// A task.
    Task {
        /// The account of who is responsible.
        "assignee" assignee: Option<String>,
        /// Who works on it, and how much.
        "assignments" assignments: Vec<Assignment>,
        /// `#rrggbb`.
        "color" color: Option<String>,
        /// How it is done; absent means `waterfall`.
        "delivery_mode" delivery_mode: Option<String>,
        /// Accepted by TruePPM's schema, used by nothing.
        "dor" dor: Option<String>,
        /// Working days; absent means 0 when written, 1 when TruePPM reads it.
        "duration" duration: Option<i64>,
        /// Three guesses.
        "estimate" estimate: Option<Estimate>,
        /// How it is controlled; absent means `flow`.
        "governance_class" governance_class: Option<String>,
        /// Written only where it is one.
        "is_milestone" is_milestone: Option<bool>,
        /// Slugs of labels.
        "labels" labels: Vec<String>,
        /// Relations that plan nothing.
        "links" links: Vec<Link>,
        /// Its name.
        "name" name: String,
        /// Any text.
        "notes" notes: Option<String>,
        /// The WBS path of the epic it belongs to.
        "parent_epic" parent_epic: Option<String>,
        /// 0 to 100; absent means 0.
        "percent_complete" percent_complete: Option<Float>,
        /// The first day it is planned for.
        "planned_start" planned_start: Option<Date>,
        /// Points that are left.
        "remaining_points" remaining_points: Option<i64>,
        /// The slug of its sprint.
        "sprint" sprint: Option<String>,
        /// Its place in the sprint.
        "sprint_rank" sprint_rank: Option<i64>,
        /// Absent means `NOT_STARTED`.
        "status" status: Option<String>,
        /// Its size in points.
        "story_points" story_points: Option<i64>,
        /// Absent means `task`.
        "type" kind: Option<String>,
        /// Its place in the project: labels with dots (`1.2.3`).
        "wbs_path" wbs_path: String,
    }
}

block! {
    /// A part of a resource on a task.
    Assignment {
        /// The slug of the resource.
        "resource" resource: String,
        /// How much; 1.0 is full time.
        "units" units: Option<Float>,
    }
}

block! {
    /// A relation that plans nothing.
    Link {
        /// `relates_to`, `blocks` or `duplicates`.
        "link_type" link_type: String,
        /// Any text.
        "note" note: Option<String>,
        /// The other task: a WBS path, or `project-slug:path`.
        "target" target: String,
    }
}

block! {
    /// Three guesses of a duration, in working days. TruePPM writes `null` for one that is not
    /// there, and does not read it.
    Estimate {
        /// As it should be.
        "most_likely" most_likely: Nullable,
        /// At best.
        "optimistic" optimistic: Nullable,
        /// At worst.
        "pessimistic" pessimistic: Nullable,
    }
}

block! {
    /// What must come before what.
    Dependency {
        /// `FS`, `SS`, `FF` or `SF`.
        "dep_type" dep_type: String,
        /// Days between; absent means 0.
        "lag" lag: Option<i64>,
        /// The earlier task: a WBS path, or `project-slug:path`.
        "predecessor" predecessor: String,
        /// The later task.
        "successor" successor: String,
    }
}

block! {
    /// A sprint.
    Sprint {
        /// Points that it can take.
        "capacity_points" capacity_points: Option<i64>,
        /// Points that were promised.
        "committed_points" committed_points: Option<i64>,
        /// Points that were done.
        "completed_points" completed_points: Option<i64>,
        /// The last day.
        "finish_date" finish_date: Date,
        /// What it is for.
        "goal" goal: Option<String>,
        /// Its name.
        "name" name: String,
        /// Any text.
        "notes" notes: Option<String>,
        /// What tasks name.
        "slug" slug: String,
        /// The first day.
        "start_date" start_date: Date,
        /// `PLANNED`, `ACTIVE`, `COMPLETED` or `CANCELLED`.
        "state" state: String,
        /// The WBS path of the milestone it works for.
        "target_milestone" target_milestone: Option<String>,
    }
}

block! {
    /// A frozen plan.
    Baseline {
        /// Accepted by TruePPM's schema (v2), used by nothing.
        "captured_at" captured_at: Option<Date>,
        /// Written only where it is the one in use.
        "is_active" is_active: Option<bool>,
        /// Its name.
        "name" name: String,
        /// The tasks as they were.
        "tasks" tasks: Always<BaselineTask>,
    }
}

block! {
    /// A task as it was.
    BaselineTask {
        /// Working days.
        "duration" duration: Option<i64>,
        /// The last day.
        "finish" finish: Option<Date>,
        /// The first day.
        "start" start: Option<Date>,
        /// Its size in points.
        "story_points" story_points: Option<i64>,
        /// The task's WBS path.
        "task" task: String,
    }
}

block! {
    /// A risk.
    Risk {
        /// `TECHNICAL`, `EXTERNAL`, ….
        "category" category: Option<String>,
        /// What is done when it happens.
        "contingency" contingency: Option<String>,
        /// Any text.
        "description" description: Option<String>,
        /// 1 to 5.
        "impact" impact: i64,
        /// When it must be dealt with.
        "mitigation_due_date" mitigation_due_date: Option<Date>,
        /// Any text.
        "notes" notes: Option<String>,
        /// The account of who watches it.
        "owner" owner: Option<String>,
        /// 1 to 5.
        "probability" probability: i64,
        /// `AVOID`, `MITIGATE`, `TRANSFER` or `ACCEPT`.
        "response" response: Option<String>,
        /// What events name.
        "slug" slug: String,
        /// `OPEN`, `MITIGATING`, ….
        "status" status: String,
        /// The tasks it threatens, sorted as texts.
        "tasks" tasks: Vec<String>,
        /// What can happen.
        "title" title: String,
        /// What shows that it happens.
        "trigger" trigger: Option<String>,
    }
}

block! {
    /// One thing that happened.
    Event {
        /// What: `task.status`, `sprint.close`, ….
        "action" action: String,
        /// The account of who did it.
        "actor" actor: Option<String>,
        /// `retro.action`: the account of who takes it.
        "assignee" assignee: Option<String>,
        /// When.
        "at" at: Moment,
        /// A comment's or an action's text.
        "body" body: Option<String>,
        /// `task.estimate`: the new guesses.
        "estimate" estimate: Option<Estimate>,
        /// `task.status`: the status before.
        "from" from: Option<String>,
        /// `sprint.scope_inject`: whether the sprint's goal is in danger.
        "goal_impact" goal_impact: Option<bool>,
        /// `sprint.close`: `MET`, `PARTIAL` or `MISSED`.
        "goal_outcome" goal_outcome: Option<String>,
        /// `retro.action`: its size.
        "points" points: Option<i64>,
        /// `task.points`: what is left.
        "remaining_points" remaining_points: Option<i64>,
        /// To what: `task:project-slug:path`, `sprint:project-slug:sprint-slug`, ….
        "target" target: Option<String>,
        /// `task.status`: the status after.
        "to" to: Option<String>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_writes_its_keys_in_code_point_order() {
        let blocks = [
            Document::KEYS,
            Program::KEYS,
            Account::KEYS,
            Calendar::KEYS,
            CalendarException::KEYS,
            Resource::KEYS,
            Project::KEYS,
            Forecast::KEYS,
            Label::KEYS,
            Task::KEYS,
            Assignment::KEYS,
            Link::KEYS,
            Estimate::KEYS,
            Dependency::KEYS,
            Sprint::KEYS,
            Baseline::KEYS,
            BaselineTask::KEYS,
            Risk::KEYS,
            Event::KEYS,
        ];
        for keys in blocks {
            assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{keys:?}");
        }
    }
}
