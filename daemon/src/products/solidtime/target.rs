//! solidtime's import API, as of commit 114a3253: `POST /api/v1/organizations/{id}/import` with
//! the ZIP in base64. It is done when it answers: one transaction around all of it, and a report.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use orgvault_api::{Archive, Format, SendParts};
use orgvault_archive::ArchiveReader;
use orgvault_config::{Instance, Server};

use super::parts;
use crate::send::{
    answer::Answer,
    checked_archive::CheckedArchive,
    http::{Coding, Link, NoAnswer, Upload},
    outcome::Outcome,
    target::{self, Delivery, Options, Target},
};

const BEFORE: &[u8] = br#"{"type":"solidtime","data":""#;
const AFTER: &[u8] = br#""}"#;

/// What its importer always loses, measured by importing what it had exported.
const LOSSES: [(&str, &str); 7] = [
    ("ids", "every id is new"),
    (
        "roles",
        "everybody becomes a placeholder who cannot log in: owners, admins, managers and employees are told apart no more",
    ),
    ("rates", "the rate of each time entry is computed anew from the rates of today: past rates are lost"),
    ("times", "everything was created and changed just now, and every time entry is marked as imported"),
    ("invitations", "invitations are not read"),
    ("organization", "name, rate, currency and settings stay those of the organization over there"),
    ("tags", "no tags become an empty list, a tag that is gone an empty place, and a rate of 0 no rate"),
];

/// The section that takes the time, and is the only one whose rows are not found again by name.
const ENTRIES: &str = "time_entries";

/// An organization of a solidtime instance.
struct Solidtime {
    server: Server,
    organization: String,
    /// What it has time for in one request.
    max_entries: u64,
    timeout: Duration,
}

/// How archives are sent to an instance of solidtime.
pub(super) fn connect(instance: Instance, timeout: Duration) -> Box<dyn Target> {
    let Instance { server, organization, max_entries, .. } = instance;
    let max_entries = max_entries.unwrap_or(u64::MAX);
    Box::new(Solidtime { server, organization: organization.unwrap_or_default(), max_entries, timeout })
}

impl Solidtime {
    fn path(&self) -> String {
        format!("/api/v1/organizations/{}/import", self.organization)
    }

    async fn post(&self, zip: &ArchiveReader) -> Outcome {
        let link = match Link::new(&self.server, self.timeout) {
            Ok(link) => link,
            Err(outcome) => return outcome,
        };
        let upload = || Upload {
            content_type: "application/json".to_owned(),
            idempotency_key: None,
            before: Bytes::from_static(BEFORE),
            archive: zip.again(),
            bytes: zip.size(),
            coding: Coding::Base64,
            after: Bytes::from_static(AFTER),
        };
        match link.post_when_free(&self.path(), upload).await {
            Ok(answer) => outcome(&answer, &self.server.url),
            Err(error) => NoAnswer::outcome(error, &self.server.url),
        }
    }

    /// Sends one part after the other. What is on disk before each says that it may have arrived, and after it
    /// that it has: only then another send goes on behind it.
    async fn in_parts(&self, checked: &CheckedArchive, delivery: &Delivery<'_>) -> Outcome {
        let before = delivery.before.and_then(|record| record.parts);
        let mut parts = before.unwrap_or_else(|| self.parts_of(delivery.archive));
        let mut said = Vec::new();
        while parts.taken < parts.all {
            let zip = match self.part(checked, parts).await {
                Ok(zip) => zip,
                Err(outcome) => return ended(outcome, parts),
            };
            delivery.progress.keep_parts(SendParts { unknown: true, ..parts }).await;
            let outcome = self.post(&zip).await;
            if !outcome.is_sent() {
                if outcome.is_refused() {
                    delivery.progress.keep_parts(parts).await;
                }
                return ended(outcome, parts);
            }
            parts.taken += 1;
            delivery.progress.keep_parts(parts).await;
            said.push(format!("part {} of {}:", parts.taken, parts.all));
            said.extend_from_slice(outcome.said());
        }
        Outcome::sent().report(said)
    }

    fn parts_of(&self, archive: &Archive) -> SendParts {
        SendParts { all: self.parts(archive), taken: 0, unknown: false, rows: self.max_entries }
    }

    /// The next part as a ZIP in memory, which has to fit too.
    async fn part(&self, checked: &CheckedArchive, parts: SendParts) -> Result<ArchiveReader, Outcome> {
        let (reader, first) = (checked.reader(), parts.taken * parts.rows);
        let last = parts.taken + 1 == parts.all;
        let rows = if last { u64::MAX } else { parts.rows };
        let made = tokio::task::spawn_blocking(move || parts::part(reader, first, rows)).await;
        let made = made.map_err(std::io::Error::from).and_then(|made| made);
        let zip = made.map_err(|error| checked.unreadable(&error))?;
        let upload = sent_bytes(zip.len() as u64);
        if upload > self.server.max_upload {
            let limit = self.server.max_upload;
            let message = format!("a part of the archive has {upload} bytes, and {} takes {limit}", self.server.url);
            return Err(Outcome::refused("target_too_large", message)
                .hint("raise the limit of the app's server, and max_upload of the target"));
        }
        Ok(ArchiveReader::new(checked.name(), zip))
    }
}

/// How it ends where the next part did not go through: what was taken stays taken.
fn ended(outcome: Outcome, parts: SendParts) -> Outcome {
    let SendParts { all, taken, .. } = parts;
    if taken == 0 && outcome.is_refused() {
        return outcome;
    }
    let certain = outcome.is_refused();
    let outcome = outcome.of_part(|message| format!("{taken} of {all} parts were taken, and of the next: {message}"));
    if certain {
        return outcome.of_going_on("send it again, and it goes on behind the parts that were taken");
    }
    outcome.hint(
        "look at the target whether the last time entries of this part are there; --again sends all parts, so empty the \
         organization over there first",
    )
}

/// The bytes of a request with a ZIP of so many.
fn sent_bytes(zip: u64) -> u64 {
    (BEFORE.len() + AFTER.len()) as u64 + Coding::Base64.length(zip)
}

impl Target for Solidtime {
    fn address(&self) -> String {
        format!("{}{}", self.server.url, self.path())
    }

    fn product(&self) -> Option<&'static str> {
        Some("solidtime")
    }

    fn formats(&self) -> Option<&'static [Format]> {
        Some(&[Format::Zip])
    }

    fn options(&self) -> Options {
        Options::default()
    }

    fn ignores(&self) -> &'static [&'static str] {
        // The target's own limit counts.
        &["zip_too_large"]
    }

    fn upload(&self, archive: &Archive) -> target::Upload {
        // How large each part is, is seen when it is made.
        let limit = (self.parts(archive) == 1).then_some(self.server.max_upload);
        target::Upload { bytes: sent_bytes(archive.bytes), limit }
    }

    fn loses(&self, _archive: &Archive) -> Vec<(&'static str, &'static str)> {
        LOSSES.to_vec()
    }

    fn parts(&self, archive: &Archive) -> u64 {
        let entries = archive.counts.iter().find(|count| count.name == ENTRIES).map_or(0, |count| count.rows);
        entries.div_ceil(self.max_entries).max(1)
    }

    fn deliver<'a>(&'a self, checked: &'a CheckedArchive, delivery: Delivery<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let goes_on = delivery.before.is_some_and(|record| record.parts.is_some());
            if goes_on || self.parts(delivery.archive) > 1 {
                return self.in_parts(checked, &delivery).await;
            }
            self.post(&checked.reader()).await
        })
    }
}

/// Only the importer's report says that it has imported: an empty answer is some other server's, as is a page.
fn outcome(answer: &Answer, address: &str) -> Outcome {
    if let Some(refusal) = answer.refusal(address) {
        return refusal;
    }
    if answer.json().is_some_and(|document| document.get("report").is_some()) {
        return Outcome::sent().report(answer.lines());
    }
    let message = format!("{address} answered {}, and not with the report of solidtime's importer", answer.status);
    Outcome::unknown("answer_unreadable", message).report(answer.lines())
}
