//! Version 1.0 has no offsets from an anchor and none of the keys of version 2.0.

use super::{
    date::Date,
    fault::Step,
    model::{Document, Project, Risk, Version},
};

type Found = Option<(Vec<Step>, &'static str)>;

/// The first thing in `document` that only version 2.0 has. Links are none: TruePPM writes them
/// in both.
pub(super) fn newer(document: &Document) -> Found {
    if document.version == Version::V2 {
        return None;
    }
    let key = |key, what| Some((vec![Step::Key(key)], what));
    if document.anchor.is_some() {
        return key("anchor", "the key `anchor`");
    }
    if !document.events.is_empty() {
        return key("events", "the key `events`");
    }
    let calendars = each("calendars", &document.calendars, |calendar| {
        each("exceptions", &calendar.exceptions, |exception| {
            offset("exc_start", Some(exception.start)).or_else(|| offset("exc_end", Some(exception.end)))
        })
    });
    calendars.or_else(|| risks(&document.risks)).or_else(|| each("projects", &document.projects.0, project))
}

fn project(project: &Project) -> Found {
    let forecast = || project.forecast_history.as_ref().map(|_| (vec![Step::Key("forecast_history")], "this key"));
    let sprints = || {
        each("sprints", &project.sprints, |sprint| {
            offset("start_date", Some(sprint.start_date)).or_else(|| offset("finish_date", Some(sprint.finish_date)))
        })
    };
    let baselines = || {
        each("baselines", &project.baselines, |baseline| {
            let captured = baseline.captured_at.map(|_| (vec![Step::Key("captured_at")], "this key"));
            captured.or_else(|| {
                each("tasks", &baseline.tasks.0, |row| {
                    offset("start", row.start).or_else(|| offset("finish", row.finish))
                })
            })
        })
    };
    offset("start_date", Some(project.start_date))
        .or_else(forecast)
        .or_else(|| each("tasks", &project.tasks, |task| offset("planned_start", task.planned_start)))
        .or_else(sprints)
        .or_else(baselines)
        .or_else(|| risks(&project.risks))
}

fn risks(risks: &[Risk]) -> Found {
    each("risks", risks, |risk| offset("mitigation_due_date", risk.mitigation_due_date))
}

fn offset(key: &'static str, date: Option<Date>) -> Found {
    date.filter(|date| date.is_offset()).map(|_| (vec![Step::Key(key)], "a date from an anchor"))
}

fn each<T>(key: &'static str, items: &[T], look: impl Fn(&T) -> Found) -> Found {
    items.iter().enumerate().find_map(|(index, item)| {
        let (path, what) = look(item)?;
        Some(([vec![Step::Key(key), Step::Index(index)], path].concat(), what))
    })
}
