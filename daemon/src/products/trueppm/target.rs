//! TruePPM's import API, as of 0.4.0-beta.1: the seed is validated over there first, then posted
//! to `/api/v1/programs/import/`, which queues a job. It never creates users: each account but the
//! token's own resolves to nobody.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use orgvault_api::{Format, SendRequest, units::format_duration};
use orgvault_config::{Instance, Server};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::send::{
    answer::{Answer, shortened},
    checked_archive::CheckedArchive,
    http::{Coding, Link, Upload},
    outcome::Outcome,
    target::{self, Options, Target},
};

const VALIDATE: &str = "/api/v1/programs/import/validate/";
const IMPORT: &str = "/api/v1/programs/import/";
/// Between two looks at a job.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A TruePPM instance.
struct Trueppm {
    server: Server,
    timeout: Duration,
}

/// How archives are sent to an instance of TruePPM.
pub(super) fn connect(Instance { server, .. }: Instance, timeout: Duration) -> Box<dyn Target> {
    Box::new(Trueppm { server, timeout })
}

/// The answer to an import.
#[derive(Deserialize)]
struct Queued {
    program_id: String,
    import_request_id: String,
}

/// How far a job is: `pending`, `running`, `success` or `failed`.
#[derive(Deserialize)]
struct Job {
    status: String,
    #[serde(default)]
    error_detail: Value,
    #[serde(default)]
    result_summary: Value,
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
    name: String,
    code: String,
    project_count: u64,
    task_count: u64,
}

impl Trueppm {
    async fn hand_over(&self, checked: &CheckedArchive, replace: bool) -> Result<Outcome, Outcome> {
        let link = Link::new(&self.server, self.timeout)?;
        self.validate(&link, checked).await?;
        let upload = upload(checked, replace);
        let answer = link.post(IMPORT, upload).await.map_err(|error| error.outcome(&self.server.url))?;
        if let Some(refusal) = answer.refusal(&self.server.url) {
            return Err(conflict(&answer).unwrap_or(refusal));
        }
        let Some(queued) = answer.json().and_then(|document| serde_json::from_value::<Queued>(document).ok()) else {
            let message = format!("{} answered {}, and not with an import job", self.server.url, answer.status);
            return Err(Outcome::unknown("answer_unreadable", message).report(answer.lines()));
        };
        match timeout(self.timeout, self.follow(&link, &queued)).await {
            Ok(outcome) => Ok(outcome),
            Err(_elapsed) => {
                let limit = format_duration(self.timeout);
                Err(self.lost(&queued, &format!("it did not end within {limit}")))
            }
        }
    }

    /// Nothing is imported by this, so whatever goes wrong here leaves nothing behind.
    async fn validate(&self, link: &Link<'_>, checked: &CheckedArchive) -> Result<(), Outcome> {
        let address = &self.server.url;
        let not_done = |why: String| Outcome::refused("validation_failed", format!("{why}; nothing was imported"));
        let answer = match link.post(VALIDATE, upload(checked, false)).await {
            Ok(answer) => answer,
            Err(error) if error.began => return Err(not_done(format!("no answer from {address}: {}", error.cause))),
            Err(error) => return Err(error.outcome(address)),
        };
        if answer.status.is_server_error() {
            let why = format!("{address} answered {} to the validation", answer.status);
            return Err(not_done(why).report(answer.lines()));
        }
        if let Some(refusal) = answer.refusal(address) {
            return Err(refusal);
        }
        match answer.json().as_ref().and_then(|report| report.get("valid")).and_then(Value::as_bool) {
            Some(true) => Ok(()),
            Some(false) => {
                let message = format!("{address} says that the seed is not valid; nothing was imported");
                Err(Outcome::refused("target_invalid", message).report(answer.lines()))
            }
            None => Err(not_done(format!("{address} answered the validation with something else"))
                .hint("is the target's url that of TruePPM?")
                .report(answer.lines())),
        }
    }

    /// Looks at the job until it has ended.
    async fn follow(&self, link: &Link<'_>, queued: &Queued) -> Outcome {
        let path = match (segment(&queued.program_id), segment(&queued.import_request_id)) {
            (Some(program), Some(job)) => format!("/api/v1/programs/{program}/import/jobs/{job}/"),
            _ => return self.lost(queued, "its id is none"),
        };
        let mut pause = FIRST_PAUSE;
        loop {
            match link.get(&path).await {
                Ok(answer) if answer.status.is_success() => match self.ended(&answer, queued) {
                    Some(outcome) => return outcome,
                    None => pause = (pause * 2).min(LONGEST_PAUSE),
                },
                // A busy or restarting server will tell later.
                Ok(answer) if answer.status.is_server_error() || answer.status.as_u16() == 429 => pause = LONGEST_PAUSE,
                Ok(answer) => return self.lost(queued, &format!("asked for it, it answered {}", answer.status)),
                Err(error) => {
                    tracing::debug!("cannot ask for an import job: {}", error.cause);
                    pause = LONGEST_PAUSE;
                }
            }
            sleep(pause).await;
        }
    }

    fn ended(&self, answer: &Answer, queued: &Queued) -> Option<Outcome> {
        let Some(job) = answer.json().and_then(|document| serde_json::from_value::<Job>(document).ok()) else {
            return Some(self.lost(queued, "asked for it, it answered something else").report(answer.lines()));
        };
        let program = shortened(&queued.program_id);
        match job.status.as_str() {
            "success" => {
                let summary = Answer { body: job.result_summary.to_string().into_bytes(), ..answer.clone() };
                let report = [vec![format!("program: {program}")], summary.lines()].concat();
                Some(Outcome::sent().report(report))
            }
            "failed" => {
                let why = job.error_detail.as_str().map_or_else(|| job.error_detail.to_string(), str::to_owned);
                let message = format!("TruePPM's import job failed: {}", shortened(&why));
                let hint =
                    format!("TruePPM leaves an empty program {program} behind: delete it there before you send again");
                Some(Outcome::refused("import_failed", message).hint(hint))
            }
            _ => None,
        }
    }

    /// The job was taken, and how it ended is not known.
    fn lost(&self, queued: &Queued, why: &str) -> Outcome {
        let [job, program] = [&queued.import_request_id, &queued.program_id].map(|id| shortened(id));
        let message = format!("{} took the seed as job {job} of program {program}, and {why}", self.server.url);
        Outcome::unknown("job_lost", message)
    }
}

impl Target for Trueppm {
    fn address(&self) -> String {
        format!("{}{IMPORT}", self.server.url)
    }

    fn product(&self) -> Option<&'static str> {
        Some("trueppm")
    }

    fn formats(&self) -> Option<&'static [Format]> {
        Some(&[Format::Seed, Format::SeedEvents])
    }

    fn options(&self) -> Options {
        Options { replace: true, create_users: false }
    }

    fn ignores(&self) -> &'static [&'static str] {
        // The target's own limit counts.
        &["upload_too_large"]
    }

    fn upload(&self, bytes: u64) -> target::Upload {
        target::Upload { bytes, limit: Some(self.server.max_upload) }
    }

    fn deliver<'a>(&'a self, checked: &'a CheckedArchive, request: &'a SendRequest) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match self.hand_over(checked, request.replace).await {
                Ok(outcome) | Err(outcome) => outcome,
            }
        })
    }
}

/// A form with the seed as a file: its bytes stay as they are. The archive's hash is no part of
/// the archive, so it parts the form.
fn upload(checked: &CheckedArchive, replace: bool) -> Upload {
    let boundary = &checked.sha256;
    let replace = if replace {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"replace\"\r\n\r\ntrue\r\n")
    } else {
        String::new()
    };
    let before = format!(
        "{replace}--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\
         Content-Type: application/json\r\n\r\n",
        checked.name()
    );
    Upload {
        content_type: format!("multipart/form-data; boundary={boundary}"),
        before: before.into(),
        archive: checked.reader(),
        bytes: checked.bytes,
        coding: Coding::Plain,
        after: Bytes::from(format!("\r\n--{boundary}--\r\n")),
    }
}

/// What a 409 says, in a sentence.
fn conflict(answer: &Answer) -> Option<Outcome> {
    if answer.status.as_u16() != 409 {
        return None;
    }
    let Refusal { code, conflict } = serde_json::from_value(answer.json()?).ok()?;
    let report = answer.lines();
    match (code.as_str(), conflict) {
        ("seed_replace_required", Some(conflict)) => {
            let Conflict { name, code: slug, project_count, task_count } = conflict;
            let message = format!(
                "the program {} ({}) with {project_count} projects and {task_count} tasks would be replaced",
                shortened(&name),
                shortened(&slug)
            );
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
fn segment(id: &str) -> Option<&str> {
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (plain && (1..=64).contains(&id.len())).then_some(id)
}
