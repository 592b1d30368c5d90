//! solidtime's import API, as of commit 114a3253: `POST /api/v1/organizations/{id}/import` with
//! the ZIP in base64. It is done when it answers: one transaction around all of it.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use orgvault_api::{Format, SendRequest};
use orgvault_config::{Instance, Server};

use crate::send::{
    answer::Answer,
    checked_archive::CheckedArchive,
    http::{Coding, Link, NoAnswer, Upload},
    outcome::Outcome,
    target::{self, Options, Target},
};

const BEFORE: &[u8] = br#"{"type":"solidtime","data":""#;
const AFTER: &[u8] = br#""}"#;

/// An organization of a solidtime instance.
struct Solidtime {
    server: Server,
    organization: String,
    timeout: Duration,
}

/// How archives are sent to an instance of solidtime.
pub(super) fn connect(Instance { server, organization, .. }: Instance, timeout: Duration) -> Box<dyn Target> {
    Box::new(Solidtime { server, organization: organization.unwrap_or_default(), timeout })
}

impl Solidtime {
    fn path(&self) -> String {
        format!("/api/v1/organizations/{}/import", self.organization)
    }

    async fn post(&self, checked: &CheckedArchive) -> Result<Answer, Outcome> {
        let link = Link::new(&self.server, self.timeout)?;
        let upload = Upload {
            content_type: "application/json".to_owned(),
            before: Bytes::from_static(BEFORE),
            archive: checked.reader(),
            bytes: checked.bytes,
            coding: Coding::Base64,
            after: Bytes::from_static(AFTER),
        };
        link.post(&self.path(), upload).await.map_err(|error: NoAnswer| error.outcome(&self.server.url))
    }
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

    fn upload(&self, bytes: u64) -> target::Upload {
        let around = (BEFORE.len() + AFTER.len()) as u64;
        target::Upload { bytes: around + Coding::Base64.length(bytes), limit: Some(self.server.max_upload) }
    }

    fn deliver<'a>(&'a self, checked: &'a CheckedArchive, _request: &'a SendRequest) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match self.post(checked).await {
                Ok(answer) => outcome(&answer, &self.server.url),
                Err(outcome) => outcome,
            }
        })
    }
}

/// A page that some other server gives with status 200 is no report of an importer.
fn outcome(answer: &Answer, address: &str) -> Outcome {
    if let Some(refusal) = answer.refusal(address) {
        return refusal;
    }
    let silent = answer.body.is_empty();
    let report = answer.json().is_some_and(|document| document.get("report").is_some());
    if silent || report {
        return Outcome::sent().report(answer.lines());
    }
    let message = format!("{address} answered {}, and not with the report of solidtime's importer", answer.status);
    Outcome::unknown("answer_unreadable", message).report(answer.lines())
}
