//! `[export.job]`.

use std::time::Duration;

use orgvault_config::checked_toml::{Table, Value};

use super::{
    condition::{self, conditions},
    next,
    values::{OF_A_JOB, ORGANIZATION, path, pointer, some_duration, template},
};
use crate::product::{
    api::{Find, Gather, Item, Job, JobPhase, Method, Next, Request, StateRule, Status},
    parse::document::json_value,
};

const PHASES: [(&str, JobPhase); 4] = [
    ("waiting", JobPhase::Waiting),
    ("finished", JobPhase::Finished),
    ("failed", JobPhase::Failed),
    ("gone", JobPhase::Gone),
];

pub(super) fn job(table: &Table<'_>) -> Job {
    let gather = table.table("gather", |lists| lists.entries(gather)).unwrap_or_default();
    let named: Vec<&str> = ORGANIZATION.into_iter().chain(gather.keys().map(String::as_str)).collect();
    let create = table.required("create", |value| value.table(|create| request(create, &named))?);
    let states = table.tables("state", state);
    let job = Job {
        gather: gather.into_values().collect(),
        create: create.unwrap_or(Request { method: Method::Post, path: String::new(), body: None }),
        id: table.optional("id", pointer),
        created_at: table.optional("created_at", pointer),
        busy: table.or("busy", Vec::new(), conditions),
        status: table.optional("status", |value| value.table(status)?),
        find: table.optional("find", |value| value.table(find)?),
        states: states.into_iter().flatten().collect(),
        reason: table.optional("reason", pointer),
        at_most: table.or("at_most", Duration::from_hours(12), some_duration),
        poll_every: table.or("poll_every", Duration::from_mins(1), some_duration),
    };
    refuse_unended(table, &job);
    refuse_nameless(table, &job);
    job
}

/// Refuses a job that is asked for its state, and would never be over.
fn refuse_unended(table: &Table<'_>, job: &Job) {
    let ends = job.states.iter().any(|state| state.is == JobPhase::Finished);
    if !ends && (table.has("status") || table.has("state")) {
        let fix = "add [[export.job.state]] with `is = \"finished\"` and what the answer is then";
        table.refuse("state", "has none that is `finished`", fix);
    }
}

/// Refuses a job without an id where one is needed.
fn refuse_nameless(table: &Table<'_>, job: &Job) {
    if table.has("id") {
        return;
    }
    let named = job.status.as_ref().is_some_and(|status| status.item.is_some() || status.path.contains("{job}"));
    for (key, needs) in [("status", named), ("find", job.find.is_some())] {
        if needs {
            let fix = "add `id = \"..\"`, the pointer of the id in the answer to `create`";
            table.refuse(key, "needs the id of the job, and nothing says where it is", fix);
        }
    }
}

/// `[export.job.gather.NAME]`.
fn gather(name: &str, value: &Value<'_>) -> Option<Gather> {
    if OF_A_JOB.contains(&name) || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
        return value.refuse(format!("{name:?} is no name of a list"), "write another one, of a-z and _");
    }
    value.table(|table| {
        let path = table.required("path", |value| path(value, &ORGANIZATION));
        let items = table.or("items", String::new(), pointer);
        let value = table.required("value", pointer);
        let next = table.or("next", Next::Nowhere, next);
        Some(Gather { name: name.to_owned(), path: path?, items, value: value?, next })
    })?
}

fn request(table: &Table<'_>, named: &[&str]) -> Option<Request> {
    let method =
        table.or("method", Method::Post, |value| value.one_of(&[("POST", Method::Post), ("GET", Method::Get)]));
    let path = table.required("path", |value| path(value, &ORGANIZATION));
    let body = table.optional("body", |value| body(value, named));
    if method == Method::Get && table.has("body") {
        table.refuse("body", "is in a GET, which has none", "leave it out, or write `method = \"POST\"`");
    }
    Some(Request { method, path: path?, body })
}

/// A JSON body.
fn body(value: &Value<'_>, named: &[&str]) -> Option<serde_json::Value> {
    let body = json_value(value)?;
    check_texts(value, &body, named)?;
    Some(body)
}

fn check_texts(value: &Value<'_>, json: &serde_json::Value, named: &[&str]) -> Option<()> {
    match json {
        serde_json::Value::String(text) => template(value, text, named),
        serde_json::Value::Array(elements) => {
            elements.iter().try_for_each(|element| check_texts(value, element, named))
        }
        serde_json::Value::Object(entries) => {
            entries.values().try_for_each(|element| check_texts(value, element, named))
        }
        _ => Some(()),
    }
}

fn status(table: &Table<'_>) -> Option<Status> {
    let path = table.required("path", |value| path(value, &OF_A_JOB));
    let is_list = table.has("items") || table.has("id");
    let item = if is_list { item(table) } else { None };
    Some(Status { path: path?, item })
}

fn item(table: &Table<'_>) -> Option<Item> {
    let items = table.or("items", String::new(), pointer);
    let id = table.required("id", pointer);
    Some(Item { items, id: id? })
}

fn find(table: &Table<'_>) -> Option<Find> {
    let path = table.required("path", |value| path(value, &ORGANIZATION));
    let item = item(table);
    let created_at = table.required("created_at", pointer);
    Some(Find { path: path?, item: item?, created_at: created_at? })
}

/// `[[export.job.state]]`.
fn state(table: &Table<'_>) -> Option<StateRule> {
    let is = table.required("is", |value| value.one_of(&PHASES));
    let when = condition::read(table);
    Some(StateRule { when, is: is? })
}
