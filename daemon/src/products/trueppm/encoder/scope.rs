//! What is in the document: its projects, tasks and sprints, their slugs and their order.

use std::collections::HashMap;

use orgvault_archive::seed::{Date, Day, Slugs};

use super::{
    cell::Uuid,
    notes::{Doubt, Notes},
    release::Release,
    rows::{ProjectRow, SprintRow, TaskRow},
};

/// A task that was read.
pub(super) struct TaskPlace {
    pub(super) id: Uuid,
    /// Its path; empty where it has none.
    pub(super) path: String,
    /// The place of its path among all paths, by the database's order.
    pub(super) rank: u32,
    /// Its project's index, where that is in the document.
    pub(super) project: Option<usize>,
    /// Whether it is written.
    pub(super) exported: bool,
}

/// A sprint that is written.
pub(super) struct SprintPlace {
    pub(super) project: usize,
    pub(super) slug: String,
}

/// Indexes over everything that references can name.
pub(super) struct Scope {
    pub(super) projects: Vec<ProjectRow>,
    pub(super) project_slugs: Vec<String>,
    pub(super) projects_by_id: HashMap<Uuid, usize>,
    /// Every task, in the order of the query.
    pub(super) tasks: Vec<TaskPlace>,
    pub(super) tasks_by_id: HashMap<Uuid, usize>,
    /// By project: the tasks that are written, in order.
    pub(super) task_order: Vec<Vec<usize>>,
    pub(super) sprints: HashMap<Uuid, SprintPlace>,
    /// By project: the sprints that are written, in order.
    pub(super) sprint_order: Vec<Vec<SprintRow>>,
    /// What dates are counted from; none for v1.
    pub(super) anchor: Option<Day>,
    /// Whose export the document is to be.
    pub(super) release: Release,
}

impl Scope {
    /// Takes the project slugs, then the sprints', as TruePPM does.
    pub(super) fn new(
        projects: Vec<ProjectRow>,
        tasks: &mut [TaskRow],
        sprints: Vec<SprintRow>,
        release: Release,
        slugs: &mut Slugs,
        notes: &mut Notes,
    ) -> Self {
        let project_slugs = projects.iter().map(|row| slugs.take(first_set(&row.code, &row.name))).collect();
        let projects_by_id: HashMap<_, _> = projects.iter().enumerate().map(|(index, row)| (row.id, index)).collect();
        let mut scope = Self {
            task_order: vec![Vec::new(); projects.len()],
            sprint_order: projects.iter().map(|_| Vec::new()).collect(),
            tasks_by_id: tasks.iter().enumerate().map(|(index, row)| (row.id, index)).collect(),
            projects,
            project_slugs,
            projects_by_id,
            tasks: Vec::with_capacity(tasks.len()),
            sprints: HashMap::new(),
            anchor: None,
            release,
        };
        scope.place_tasks(tasks, notes);
        scope.place_sprints(sprints, notes);
        scope
    }

    fn place_tasks(&mut self, rows: &mut [TaskRow], notes: &mut Notes) {
        let mut rank = 0;
        let mut before: Option<Option<String>> = None;
        for (index, row) in rows.iter().enumerate() {
            if before.as_ref().is_some_and(|path| *path != row.wbs_path) {
                rank += 1;
            }
            before = Some(row.wbs_path.clone());
            let project = self.projects_by_id.get(&row.project_id).copied();
            let rule = match project {
                None => Some("project_not_exported"),
                Some(_) if row.is_deleted => Some("deleted"),
                Some(_) if row.wbs_path.is_none() => Some("no_wbs_path"),
                Some(project) => {
                    if let Some(order) = self.task_order.get_mut(project) {
                        order.push(index);
                    }
                    None
                }
            };
            if let Some(rule) = rule {
                notes.drop("tasks", rule);
            }
            let path = row.wbs_path.clone().unwrap_or_default();
            self.tasks.push(TaskPlace { id: row.id, path, rank, project, exported: rule.is_none() });
        }
        self.sort_tasks(notes);
    }

    /// By path, then by id; the query's own third key is the name.
    fn sort_tasks(&mut self, notes: &mut Notes) {
        let tasks = &self.tasks;
        let key = |index: usize| tasks.get(index).map(|task| (task.rank, task.id));
        for order in &mut self.task_order {
            order.sort_by_key(|index| key(*index));
            for pair in order.windows(2) {
                if let [Some((first, _)), Some((second, id))] = [pair.first(), pair.last()].map(|index| key(*index?))
                    && first == second
                {
                    notes.doubt(Doubt::PathClash, id);
                }
            }
        }
    }

    fn place_sprints(&mut self, rows: Vec<SprintRow>, notes: &mut Notes) {
        for row in rows {
            let project = self.projects_by_id.get(&row.project_id).and_then(|index| self.sprint_order.get_mut(*index));
            match project {
                None => notes.drop("sprints", "project_not_exported"),
                Some(_) if row.is_deleted => notes.drop("sprints", "deleted"),
                Some(order) => order.push(row),
            }
        }
        for (project, order) in self.sprint_order.iter_mut().enumerate() {
            order.sort_by_key(|row| (row.start_date, row.id));
            let mut slugs = self.release.slugs();
            for row in order {
                self.sprints.insert(row.id, SprintPlace { project, slug: slugs.take(&row.name) });
            }
        }
    }

    /// A task that is written, by its key.
    pub(super) fn exported(&self, id: Uuid) -> Option<(usize, &TaskPlace, usize)> {
        let index = *self.tasks_by_id.get(&id)?;
        let task = self.tasks.get(index)?;
        Some((index, task, task.project.filter(|_| task.exported)?))
    }

    /// The text by which something in `project` names a task.
    pub(super) fn reference(&self, task: &TaskPlace, of: usize, project: usize) -> String {
        match self.project_slugs.get(of) {
            Some(slug) if of != project => format!("{slug}:{}", task.path),
            _ => task.path.clone(),
        }
    }

    /// A date as the document's version writes it.
    pub(super) fn date(&self, day: Day) -> Date {
        self.anchor.map_or(Date::Day(day), |anchor| Date::relative(day, anchor))
    }
}

/// The first text, or the second where that is empty.
pub(super) fn first_set<'t>(first: &'t str, second: &'t str) -> &'t str {
    if first.is_empty() { second } else { first }
}

/// A text where it is not empty.
pub(super) fn set(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
