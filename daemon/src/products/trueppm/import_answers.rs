//! What TruePPM's import API answers, as documents.

use orgvault_api::{Replaced, SendJob};
use serde::Deserialize;
use serde_json::Value;

use crate::send::{
    answer::{Answer, shortened},
    outcome::Outcome,
};

/// The answer to an import.
#[derive(Deserialize)]
pub(super) struct Queued {
    pub(super) program_id: String,
    pub(super) import_request_id: String,
}

impl Queued {
    /// What an earlier send was answered, where it was.
    pub(super) fn of(job: &SendJob) -> Option<Self> {
        Some(Self { program_id: job.makes.clone()?, import_request_id: job.id.clone()? })
    }
}

/// How far a job is: `pending`, `running`, `success` or `failed`.
#[derive(Deserialize)]
pub(super) struct Job {
    pub(super) status: String,
    #[serde(default)]
    pub(super) error_detail: Value,
    #[serde(default)]
    pub(super) result_summary: Value,
}

/// What the validation says that an import would replace.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Replaces {
    /// It is of a release that does not say.
    Untold,
    /// Nothing is there.
    Nothing,
    /// A program of the same code.
    Program(Replaced),
}

impl Replaces {
    pub(super) fn into_known(self) -> Option<Replaced> {
        match self {
            Self::Program(program) => Some(program),
            Self::Untold | Self::Nothing => None,
        }
    }
}

/// Whether a seed is valid, where the answer says it.
pub(super) fn valid(answer: &Answer) -> Option<bool> {
    answer.json()?.get("valid")?.as_bool()
}

/// What a valid seed would replace.
pub(super) fn replaces(answer: &Answer) -> Replaces {
    match answer.json().and_then(|mut document| document.get_mut("replaces").map(Value::take)) {
        None => Replaces::Untold,
        Some(Value::Null) => Replaces::Nothing,
        Some(program) => {
            let program = serde_json::from_value::<Conflict>(program).ok().map(Conflict::shown);
            // Its id goes into a form.
            let program = program.filter(|program| segment(&program.id).is_some());
            program.map_or(Replaces::Untold, Replaces::Program)
        }
    }
}

/// What a 409 says that the import would replace.
#[derive(Deserialize)]
struct Refusal {
    code: String,
    #[serde(default)]
    conflict: Option<Conflict>,
}

#[derive(Deserialize)]
struct Conflict {
    #[serde(default)]
    program_id: String,
    name: String,
    code: String,
    project_count: u64,
    task_count: u64,
}

impl Conflict {
    fn shown(self) -> Replaced {
        let Self { program_id, name, code, project_count: projects, task_count: tasks } = self;
        Replaced { id: program_id, name: shortened(&name), code: shortened(&code), projects, tasks }
    }
}

/// What a 409 says, in a sentence.
pub(super) fn conflict(answer: &Answer) -> Option<Outcome> {
    if answer.status.as_u16() != 409 {
        return None;
    }
    let Refusal { code, conflict } = serde_json::from_value(answer.json()?).ok()?;
    let report = answer.lines();
    match (code.as_str(), conflict) {
        ("seed_replace_required", Some(conflict)) => {
            let Replaced { name, code, projects, tasks, .. } = conflict.shown();
            let message =
                format!("the program {name} ({code}) with {projects} projects and {tasks} tasks would be replaced");
            let hint = "if that is meant, send it with --replace; its projects go to TruePPM's trash";
            Some(Outcome::refused("seed_replace_required", message).hint(hint).report(report))
        }
        ("seed_replace_required" | "seed_replace_mismatch" | "seed_replace_ambiguous", _) => {
            let message = "TruePPM cannot tell which program would be replaced".to_owned();
            let hint = "more than one program has this code, or it changed just now: look at TruePPM";
            Some(Outcome::refused(&code, message).hint(hint).report(report))
        }
        _ => None,
    }
}

/// An id that may stand in a path.
pub(super) fn segment(id: &str) -> Option<&str> {
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (plain && (1..=64).contains(&id.len())).then_some(id)
}
