//! TruePPM's import API, as of 0.4.0-beta.1: the seed is validated over there first, then posted
//! to `/api/v1/programs/import/`, which queues a job. It never creates users: each account but the
//! token's own resolves to nobody.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use orgvault_api::{Archive, Format, Replaced, SendJob, SendTrial, units::format_duration};
use orgvault_config::{Instance, Server};
use tokio::time::{sleep, timeout};

use super::import_answers::{Job, Queued, Replaces, conflict, replaces, segment, valid};
use crate::send::{
    answer::{Answer, shortened},
    checked_archive::CheckedArchive,
    http::{Coding, Link, Upload},
    outcome::Outcome,
    target::{self, Delivery, Options, Target},
};

const VALIDATE: &str = "/api/v1/programs/import/validate/";
const IMPORT: &str = "/api/v1/programs/import/";
/// Between two looks at a job.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// For a send of which nobody knows yet how it ended.
const ASK_AGAIN: &str =
    "what became of the import is not known yet: send it again, and TruePPM is asked for the same job";

/// What its import API always loses, measured by importing what it had exported.
const LOSSES: [(&str, &str); 6] = [
    ("accounts", "no account is created, and none that is there is found but that of the token's holder"),
    ("roles", "nobody has a role in the program but the token's holder, who becomes its owner"),
    (
        "assignees",
        "tasks have no assignee, risks no owner, and the program no lead, but where that is the token's holder",
    ),
    ("ids", "every id and short id is new, and everything was created just now"),
    ("members", "the people of projects and rosters without an assignment are not there"),
    (
        "states",
        "what is in review or complete is 100 % done, a milestone has no duration and no estimate, and a calendar of the same name is used as it is",
    ),
];

/// What a seed with events loses beside that.
const EVENTS: (&str, &str) =
    ("events", "every event is by the token's holder, and made of its second: who did what is lost");

/// A TruePPM instance.
struct Trueppm {
    server: Server,
    timeout: Duration,
}

/// How archives are sent to an instance of TruePPM.
pub(super) fn connect(Instance { server, .. }: Instance, timeout: Duration) -> Box<dyn Target> {
    Box::new(Trueppm { server, timeout })
}

impl Trueppm {
    async fn hand_over(&self, checked: &CheckedArchive, delivery: &Delivery<'_>) -> Result<Outcome, Outcome> {
        let link = Link::new(&self.server, self.timeout)?;
        let before = delivery.before.and_then(|record| record.job.clone());
        if let Some(queued) = before.as_ref().and_then(Queued::of) {
            return self.follow_to_its_end(&link, &queued).await;
        }
        let found = self.validate(&link, checked).await?;
        // One that is asked for once more has to be the same to the last byte.
        let job = before.unwrap_or_else(|| job(delivery, &found));
        delivery.progress.keep_job(job.clone()).await;
        let posted = link.post_when_free(IMPORT, || upload(checked, Some(&job))).await;
        let answer = posted.map_err(|error| error.outcome(&self.server.url).hint(ASK_AGAIN))?;
        if let Some(refusal) = answer.refusal(&self.server.url) {
            return Err(conflict(&answer).unwrap_or(refusal));
        }
        let Some(queued) = answer.json().and_then(|document| serde_json::from_value::<Queued>(document).ok()) else {
            let message = format!("{} answered {}, and not with an import job", self.server.url, answer.status);
            return Err(Outcome::unknown("answer_unreadable", message).report(answer.lines()));
        };
        let (id, makes) = (Some(queued.import_request_id.clone()), Some(queued.program_id.clone()));
        delivery.progress.keep_job(SendJob { id, makes, ..job }).await;
        self.follow_to_its_end(&link, &queued).await
    }

    async fn follow_to_its_end(&self, link: &Link<'_>, queued: &Queued) -> Result<Outcome, Outcome> {
        match timeout(self.timeout, self.follow(link, queued)).await {
            Ok(outcome) => Ok(outcome),
            Err(_elapsed) => {
                let limit = format_duration(self.timeout);
                Err(self.lost(queued, &format!("it did not end within {limit}")))
            }
        }
    }

    /// Says what the import would replace. Nothing is imported by this, so whatever goes wrong here leaves
    /// nothing behind.
    async fn validate(&self, link: &Link<'_>, checked: &CheckedArchive) -> Result<Replaces, Outcome> {
        let address = &self.server.url;
        let not_done = |why: String| Outcome::refused("validation_failed", format!("{why}; nothing was imported"));
        let answer = match link.post_when_free(VALIDATE, || upload(checked, None)).await {
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
        match valid(&answer) {
            Some(true) => Ok(replaces(&answer)),
            Some(false) => {
                let message = format!("{address} says that the seed is not valid; nothing was imported");
                Err(Outcome::refused("target_invalid", message).report(answer.lines()))
            }
            None => Err(not_done(format!("{address} answered the validation with something else"))
                .hint("is the target's url that of TruePPM?")
                .report(answer.lines())),
        }
    }

    async fn try_validation(&self, checked: &CheckedArchive) -> Result<Option<Replaced>, Outcome> {
        let link = Link::new(&self.server, self.timeout)?;
        Ok(self.validate(&link, checked).await?.into_known())
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
                Some(Outcome::refused(IMPORT_FAILED, message).hint(hint))
            }
            _ => None,
        }
    }

    /// The job was taken, and how it ended is not known.
    fn lost(&self, queued: &Queued, why: &str) -> Outcome {
        let [job, program] = [&queued.import_request_id, &queued.program_id].map(|id| shortened(id));
        let message = format!("{} took the seed as job {job} of program {program}, and {why}", self.server.url);
        Outcome::unknown("job_lost", message).hint(
            "send it again, and TruePPM is asked for the same job; if that is gone over there, look for the program, and \
             only if it is not there, send it with --again",
        )
    }
}

/// The one refusal that tells how a job ended.
const IMPORT_FAILED: &str = "import_failed";

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

    fn upload(&self, archive: &Archive) -> target::Upload {
        target::Upload { bytes: archive.bytes, limit: Some(self.server.max_upload) }
    }

    fn loses(&self, archive: &Archive) -> Vec<(&'static str, &'static str)> {
        LOSSES.into_iter().chain((archive.format == Format::SeedEvents).then_some(EVENTS)).collect()
    }

    fn try_out<'a>(&'a self, checked: &'a CheckedArchive) -> Option<BoxFuture<'a, SendTrial>> {
        Some(Box::pin(async move {
            match self.try_validation(checked).await {
                Ok(replaces) => SendTrial { replaces, ..Outcome::sent().trial() },
                Err(outcome) => outcome.trial(),
            }
        }))
    }

    fn deliver<'a>(&'a self, checked: &'a CheckedArchive, delivery: Delivery<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let (Ok(outcome) | Err(outcome)) = self.hand_over(checked, &delivery).await;
            match delivery.before {
                Some(_) if outcome.code() != Some(IMPORT_FAILED) => outcome.of_going_on(ASK_AGAIN),
                _ => outcome,
            }
        })
    }
}

/// The import that is asked for: it may replace what is there now, and nothing that comes in between.
fn job(delivery: &Delivery<'_>, found: &Replaces) -> SendJob {
    let (replace, replaces) = match found {
        _ if !delivery.request.replace => (false, None),
        Replaces::Untold => (true, None),
        Replaces::Nothing => (false, None),
        Replaces::Program(program) => (true, Some(program.id.clone())),
    };
    SendJob { key: delivery.key.to_owned(), replace, replaces, id: None, makes: None }
}

/// A form with the seed as a file: its bytes stay as they are. The archive's hash is no part of
/// the archive, so it parts the form.
fn upload(checked: &CheckedArchive, job: Option<&SendJob>) -> Upload {
    let boundary = &checked.sha256;
    let field = |name: &str, value: &str| {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let replace = job.filter(|job| job.replace).map(|_| field("replace", "true"));
    let expected = job.and_then(|job| job.replaces.as_deref()).map(|program| field("expected_program_id", program));
    let file = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\
         Content-Type: application/json\r\n\r\n",
        checked.name()
    );
    let before: String = replace.into_iter().chain(expected).chain([file]).collect();
    Upload {
        content_type: format!("multipart/form-data; boundary={boundary}"),
        idempotency_key: job.map(|job| job.key.clone()),
        before: before.into(),
        archive: checked.reader(),
        bytes: checked.bytes,
        coding: Coding::Plain,
        after: Bytes::from(format!("\r\n--{boundary}--\r\n")),
    }
}
