//! The timeline of v2: what the history tables tell of tasks and sprints.

use std::collections::HashMap;

use orgvault_archive::seed::{Account, Day, Event, Moment};

use super::{
    cell::{Micros, Uuid},
    notes::Notes,
    people::People,
    rows::{CommentRow, HistoryRow, RetroActionRow, Rows, ScopeChangeRow, SprintRow},
    scope::{Scope, set},
};

/// An instant that no document can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadInstant {
    pub(super) section: &'static str,
    pub(super) column: &'static str,
    pub(super) id: String,
    pub(super) micros: i64,
}

/// Where an instant comes from.
struct Origin {
    section: &'static str,
    column: &'static str,
    id: Uuid,
}

/// Rows of the timeline, by what they belong to.
#[derive(Default)]
pub(super) struct Timeline {
    history: HashMap<usize, Vec<HistoryRow>>,
    comments: HashMap<usize, Vec<CommentRow>>,
    changes: HashMap<usize, Vec<ScopeChangeRow>>,
    retro: HashMap<Uuid, Vec<RetroActionRow>>,
}

impl Timeline {
    /// Takes the rows out, and notes those that are no event.
    pub(super) fn take(rows: &mut Rows, scope: &Scope, notes: &mut Notes) -> Self {
        let mut timeline = Self::default();
        let task = |id| scope.exported(id).map(|(task, ..)| task);
        timeline.history =
            grouped(&mut rows.task_history, notes, |row| task(row.id).ok_or(("task_history", "task_not_exported")));
        timeline.comments =
            grouped(&mut rows.comments, notes, |row| task(row.task_id).ok_or(("comments", "task_not_exported")));
        timeline.changes = grouped(&mut rows.scope_changes, notes, |row| {
            let section = "scope_changes";
            let project = scope.projects_by_id.get(&row.project_id).ok_or((section, "project_not_exported"))?;
            if row.status != "pending" {
                return Err((section, "not_pending"));
            }
            task(row.task_id).map(|_| *project).ok_or((section, "task_not_exported"))
        });
        timeline.retro = grouped(&mut rows.retro_actions, notes, |row| {
            let known = scope.sprints.contains_key(&row.sprint_id);
            known.then_some(row.sprint_id).ok_or(("retro_actions", "sprint_not_exported"))
        });
        for rows in timeline.history.values_mut() {
            rows.sort_by_key(|row| (row.history_date, row.history_id));
        }
        for rows in timeline.comments.values_mut() {
            rows.sort_by_key(|row| (row.created_at, row.id));
        }
        for rows in timeline.changes.values_mut() {
            rows.sort_by_key(|row| (row.added_at, row.id));
        }
        for rows in timeline.retro.values_mut() {
            rows.sort_by_key(|row| (row.created_at, row.id));
        }
        timeline
    }
}

fn grouped<K: std::hash::Hash + Eq, T>(
    rows: &mut Vec<T>,
    notes: &mut Notes,
    key: impl Fn(&T) -> Result<K, (&'static str, &'static str)>,
) -> HashMap<K, Vec<T>> {
    let mut found: HashMap<K, Vec<T>> = HashMap::new();
    for row in std::mem::take(rows) {
        match key(&row) {
            Ok(key) => found.entry(key).or_default().push(row),
            Err((section, rule)) => notes.drop(section, rule),
        }
    }
    found
}

/// Builds the events, in order.
pub(super) struct Events<'s> {
    anchor: Day,
    scope: &'s Scope,
    people: &'s People,
    /// Who acts where nobody in the document does: the first owner, else the first account.
    fallback: String,
    found: Vec<(Micros, Event)>,
}

impl<'s> Events<'s> {
    pub(super) fn new(anchor: Day, scope: &'s Scope, people: &'s People, accounts: &[Account]) -> Self {
        let owner = accounts.iter().find(|account| account.role.as_deref() == Some("OWNER"));
        let fallback = owner.or(accounts.first()).map(|account| account.slug.clone()).unwrap_or_default();
        Self { anchor, scope, people, fallback, found: Vec::new() }
    }

    /// The events of every project, sorted by instant, target and action.
    pub(super) fn build(mut self, mut timeline: Timeline, notes: &mut Notes) -> Result<Vec<Event>, BadInstant> {
        for project in 0..self.scope.projects.len() {
            self.tasks(project, &mut timeline, notes)?;
            self.sprints(project, &mut timeline)?;
            for row in timeline.changes.remove(&project).unwrap_or_default() {
                self.scope_change(&row)?;
            }
        }
        self.found.sort_by(|(a_at, a), (b_at, b)| (a_at, &a.target, &a.action).cmp(&(b_at, &b.target, &b.action)));
        Ok(self.found.into_iter().map(|(_, event)| event).collect())
    }

    fn tasks(&mut self, project: usize, timeline: &mut Timeline, notes: &mut Notes) -> Result<(), BadInstant> {
        let scope = self.scope;
        for index in scope.task_order.get(project).into_iter().flatten() {
            let Some(task) = scope.tasks.get(*index) else { continue };
            let target = self.task_target(project, &task.path);
            self.history(timeline.history.remove(index).unwrap_or_default(), &target, notes)?;
            for row in timeline.comments.remove(index).unwrap_or_default() {
                let origin = Origin { section: "comments", column: "created_at", id: row.id };
                let event = self.event("task.comment", row.created_at, &origin, target.clone())?;
                let actor = self.actor(row.author_id);
                self.found.push((row.created_at, Event { actor: Some(actor), body: Some(row.body), ..event }));
            }
        }
        Ok(())
    }

    /// The first row is the base; a later one is an event where the status changed, or else the
    /// points that are left.
    fn history(&mut self, rows: Vec<HistoryRow>, target: &str, notes: &mut Notes) -> Result<(), BadInstant> {
        let mut before: Option<HistoryRow> = None;
        for row in rows {
            let Some(last) = before.replace(row.clone()) else {
                notes.drop("task_history", "first_row");
                continue;
            };
            let origin = Origin { section: "task_history", column: "history_date", id: row.id };
            let actor = self.actor(row.history_user_id);
            if row.status != last.status {
                let event = self.event("task.status", row.history_date, &origin, target.to_owned())?;
                let event = Event { actor: Some(actor), from: Some(last.status), to: Some(row.status), ..event };
                self.found.push((row.history_date, event));
            } else if row.remaining_points.is_some() && row.remaining_points != last.remaining_points {
                let event = self.event("task.points", row.history_date, &origin, target.to_owned())?;
                self.found.push((
                    row.history_date,
                    Event { actor: Some(actor), remaining_points: row.remaining_points, ..event },
                ));
            } else {
                notes.drop("task_history", "no_change");
            }
        }
        Ok(())
    }

    fn sprints(&mut self, project: usize, timeline: &mut Timeline) -> Result<(), BadInstant> {
        let scope = self.scope;
        for row in scope.sprint_order.get(project).into_iter().flatten() {
            let (Some(place), Some(slug)) = (scope.sprints.get(&row.id), scope.project_slugs.get(project)) else {
                continue;
            };
            let target = format!("sprint:{slug}:{}", place.slug);
            self.sprint_life(row, &target)?;
            for action in timeline.retro.remove(&row.id).unwrap_or_default() {
                self.retro_action(action, target.clone())?;
            }
        }
        Ok(())
    }

    fn sprint_life(&mut self, row: &SprintRow, target: &str) -> Result<(), BadInstant> {
        let actor = Some(self.fallback.clone());
        if let Some(at) = row.activated_at {
            let origin = Origin { section: "sprints", column: "activated_at", id: row.id };
            let event = self.event("sprint.activate", at, &origin, target.to_owned())?;
            self.found.push((at, Event { actor: actor.clone(), ..event }));
        }
        if let Some(at) = row.closed_at {
            let origin = Origin { section: "sprints", column: "closed_at", id: row.id };
            let event = self.event("sprint.close", at, &origin, target.to_owned())?;
            let goal_outcome = row.goal_outcome.clone().and_then(set);
            self.found.push((at, Event { actor, goal_outcome, ..event }));
        }
        Ok(())
    }

    fn retro_action(&mut self, row: RetroActionRow, target: String) -> Result<(), BadInstant> {
        let origin = Origin { section: "retro_actions", column: "created_at", id: row.id };
        let event = self.event("retro.action", row.created_at, &origin, target)?;
        let event = Event {
            actor: Some(self.actor(row.created_by_id)),
            assignee: row.assignee_id.and_then(|user| self.people.accounts.get(&user).cloned()),
            body: Some(row.text),
            points: row.story_points,
            ..event
        };
        self.found.push((row.created_at, event));
        Ok(())
    }

    fn scope_change(&mut self, row: &ScopeChangeRow) -> Result<(), BadInstant> {
        let Some((_, task, of)) = self.scope.exported(row.task_id) else { return Ok(()) };
        let target = self.task_target(of, &task.path);
        let origin = Origin { section: "scope_changes", column: "added_at", id: row.id };
        let event = self.event("sprint.scope_inject", row.added_at, &origin, target)?;
        let actor = self.actor(row.added_by_id);
        self.found
            .push((row.added_at, Event { actor: Some(actor), goal_impact: row.goal_impact.then_some(true), ..event }));
        Ok(())
    }

    fn task_target(&self, project: usize, path: &str) -> String {
        format!("task:{}:{path}", self.scope.project_slugs.get(project).map_or("", String::as_str))
    }

    fn actor(&self, user: Option<i64>) -> String {
        let slug = user.and_then(|user| self.people.accounts.get(&user));
        slug.unwrap_or(&self.fallback).clone()
    }

    fn event(&self, action: &'static str, at: Micros, origin: &Origin, target: String) -> Result<Event, BadInstant> {
        let bad =
            || BadInstant { section: origin.section, column: origin.column, id: origin.id.to_string(), micros: at.0 };
        let (day, hour, minute) = at.instant().ok_or_else(bad)?;
        Ok(Event {
            action: action.to_owned(),
            actor: None,
            assignee: None,
            at: Moment::relative(day, hour, minute, self.anchor),
            body: None,
            estimate: None,
            from: None,
            goal_impact: None,
            goal_outcome: None,
            points: None,
            remaining_points: None,
            target: Some(target),
            to: None,
        })
    }
}
