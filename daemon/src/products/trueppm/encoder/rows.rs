//! The rows that a seed is built from: one type for each section of the product definition, one
//! field for each column of its rows query.

use orgvault_archive::seed::Day;

use super::cell::{Cell, Micros, Unfit, Uuid};
use crate::format::value::Value;

/// A row of a section.
pub(super) trait Row: Sized {
    /// The columns that are read, by name; the first identifies the row in messages.
    const COLUMNS: &'static [&'static str];

    /// Reads the row; `cell` gives the value of a column.
    fn read<'a>(cell: &mut dyn FnMut(usize) -> Result<Option<Value<'a>>, Unfit>) -> Result<Self, (usize, Unfit)>;
}

/// Declares the row of a section: the fields are the columns.
macro_rules! row {
    ($(#[$meta:meta])* $name:ident { $( $field:ident: $kind:ty, )* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name { $( pub $field: $kind, )* }

        impl Row for $name {
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),*];

            fn read<'a>(
                cell: &mut dyn FnMut(usize) -> Result<Option<Value<'a>>, Unfit>,
            ) -> Result<Self, (usize, Unfit)> {
                let mut column = 0;
                $(
                    let $field = cell(column).and_then(<$kind as Cell>::read).map_err(|unfit| (column, unfit))?;
                    column += 1;
                )*
                let _columns = column;
                Ok(Self { $($field),* })
            }
        }
    };
}

row! {
    /// `program`: none for a single project.
    ProgramRow {
        id: Uuid,
        code: String,
        name: String,
        methodology: String,
        description: String,
        color: Option<String>,
        lead_id: Option<i64>,
    }
}

row! {
    /// `memberships` of the program, soft-deleted ones too.
    MembershipRow {
        user_id: i64,
        role: i64,
    }
}

row! {
    /// `projects`, in the order code, name, id.
    ProjectRow {
        id: Uuid,
        is_deleted: bool,
        code: String,
        name: String,
        methodology: String,
        start_date: Day,
        description: String,
        calendar_id: Option<Uuid>,
        default_view: String,
        estimation_mode: String,
        agile_features: Option<bool>,
    }
}

row! {
    /// `users` that any other row names.
    UserRow {
        id: i64,
        username: String,
        email: String,
        first_name: String,
        last_name: String,
    }
}

row! {
    /// `calendars` of projects and resources.
    CalendarRow {
        id: Uuid,
        name: String,
        working_days: i64,
        hours_per_day: f64,
        timezone: String,
    }
}

row! {
    /// `calendar_exceptions` of those.
    ExceptionRow {
        calendar_id: Uuid,
        exc_start: Day,
        exc_end: Day,
        description: String,
    }
}

row! {
    /// `resources` that are assigned or on a roster, in the order name, id.
    ResourceRow {
        id: Uuid,
        name: String,
        email: String,
        job_role: String,
        max_units: f64,
        calendar_id: Option<Uuid>,
        user_id: Option<i64>,
        on_roster: bool,
    }
}

row! {
    /// `labels`, in the order position, name, id.
    LabelRow {
        id: Uuid,
        project_id: Uuid,
        name: String,
        color: String,
        position: i64,
    }
}

row! {
    /// `sprints`.
    SprintRow {
        id: Uuid,
        project_id: Uuid,
        is_deleted: bool,
        name: String,
        state: String,
        start_date: Day,
        finish_date: Day,
        goal: String,
        notes: String,
        committed_points: Option<i64>,
        completed_points: Option<i64>,
        capacity_points: Option<i64>,
        target_milestone_id: Option<Uuid>,
        activated_at: Option<Micros>,
        closed_at: Option<Micros>,
        goal_outcome: Option<String>,
    }
}

row! {
    /// `tasks`, in the order `wbs_path` (nulls last), name, id.
    TaskRow {
        id: Uuid,
        project_id: Uuid,
        is_deleted: bool,
        wbs_path: Option<String>,
        name: String,
        kind: String,
        status: String,
        is_milestone: bool,
        duration: i64,
        planned_start: Option<Day>,
        percent_complete: f64,
        notes: String,
        story_points: Option<i64>,
        remaining_points: Option<i64>,
        assignee_id: Option<i64>,
        sprint_id: Option<Uuid>,
        parent_epic_id: Option<Uuid>,
        sprint_rank: Option<i64>,
        governance_class: String,
        delivery_mode: String,
        color: Option<String>,
        optimistic_duration: Option<i64>,
        most_likely_duration: Option<i64>,
        pessimistic_duration: Option<i64>,
    }
}

row! {
    /// `task_labels` of the labels.
    TaskLabelRow {
        task_id: Uuid,
        label_id: Uuid,
    }
}

row! {
    /// `assignments` of the tasks.
    AssignmentRow {
        task_id: Uuid,
        resource_id: Uuid,
        units: f64,
    }
}

row! {
    /// `links` whose source is one of the tasks, in the order of `relation_type`.
    LinkRow {
        id: Uuid,
        source_id: Uuid,
        target_id: Uuid,
        relation_type: String,
        note: String,
        is_deleted: bool,
    }
}

row! {
    /// `dependencies` whose successor is one of the tasks.
    DependencyRow {
        predecessor_id: Uuid,
        successor_id: Uuid,
        dep_type: String,
        lag: i64,
        is_deleted: bool,
    }
}

row! {
    /// `baselines`.
    BaselineRow {
        id: Uuid,
        project_id: Uuid,
        name: String,
        is_active: bool,
        created_at: Micros,
    }
}

row! {
    /// `baseline_tasks`, in the order `task_name`, id.
    BaselineTaskRow {
        id: Uuid,
        baseline_id: Uuid,
        task_id: Uuid,
        start: Option<Day>,
        finish: Option<Day>,
        duration: i64,
        story_points: Option<i64>,
    }
}

row! {
    /// `risks`, in the order title, id.
    RiskRow {
        id: Uuid,
        project_id: Uuid,
        is_deleted: bool,
        title: String,
        status: String,
        probability: i64,
        impact: i64,
        description: String,
        category: Option<String>,
        response: Option<String>,
        mitigation_due_date: Option<Day>,
        trigger: String,
        contingency: String,
        notes: String,
        owner_id: Option<i64>,
    }
}

row! {
    /// `risk_tasks` of the risks.
    RiskTaskRow {
        risk_id: Uuid,
        task_id: Uuid,
    }
}

row! {
    /// `task_history` of the tasks.
    HistoryRow {
        id: Uuid,
        status: String,
        remaining_points: Option<i64>,
        history_date: Micros,
        history_id: i64,
        history_user_id: Option<i64>,
    }
}

row! {
    /// `comments` of the tasks, soft-deleted ones too.
    CommentRow {
        id: Uuid,
        task_id: Uuid,
        author_id: Option<i64>,
        body: String,
        created_at: Micros,
    }
}

row! {
    /// `scope_changes` of the sprints.
    ScopeChangeRow {
        id: Uuid,
        project_id: Uuid,
        task_id: Uuid,
        status: String,
        added_at: Micros,
        added_by_id: Option<i64>,
        goal_impact: bool,
    }
}

row! {
    /// `retro_actions`, each with its retro's sprint and creator.
    RetroActionRow {
        id: Uuid,
        sprint_id: Uuid,
        created_by_id: Option<i64>,
        text: String,
        assignee_id: Option<i64>,
        story_points: Option<i64>,
        created_at: Micros,
    }
}

/// Calls a macro with every section: name, row type, and whether only `seed-events` reads it.
macro_rules! sections {
    ($macro:ident) => {
        $macro! {
            program: super::rows::ProgramRow, false;
            memberships: super::rows::MembershipRow, false;
            projects: super::rows::ProjectRow, false;
            users: super::rows::UserRow, false;
            calendars: super::rows::CalendarRow, false;
            calendar_exceptions: super::rows::ExceptionRow, false;
            resources: super::rows::ResourceRow, false;
            labels: super::rows::LabelRow, false;
            sprints: super::rows::SprintRow, false;
            tasks: super::rows::TaskRow, false;
            task_labels: super::rows::TaskLabelRow, false;
            assignments: super::rows::AssignmentRow, false;
            links: super::rows::LinkRow, false;
            dependencies: super::rows::DependencyRow, false;
            baselines: super::rows::BaselineRow, false;
            baseline_tasks: super::rows::BaselineTaskRow, false;
            risks: super::rows::RiskRow, false;
            risk_tasks: super::rows::RiskTaskRow, false;
            task_history: super::rows::HistoryRow, true;
            comments: super::rows::CommentRow, true;
            scope_changes: super::rows::ScopeChangeRow, true;
            retro_actions: super::rows::RetroActionRow, true;
        }
    };
}

pub(super) use sections;

macro_rules! declare_rows {
    ($($name:ident: $row:ty, $events:literal;)*) => {
        /// Every row of one program or project, by section; where a type names an order, the rows
        /// are in it, because it depends on the database's collation.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct Rows {
            $( #[doc = concat!("The rows of `", stringify!($name), "`.")] pub $name: Vec<$row>, )*
        }

        impl Rows {
            /// The sections, and whether only `seed-events` reads them.
            pub const SECTIONS: &'static [(&'static str, bool)] = &[$((stringify!($name), $events)),*];

            /// Rows read by section.
            pub(super) fn counts(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name.len() as u64)),*]
            }
        }
    };
}

sections!(declare_rows);
