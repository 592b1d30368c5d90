//! Why an organization is not ok, in a sentence, and what to do about it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Facts, Health};
use crate::{ArchiveState, clock::Timestamp, gid::Gid, units::format_duration};

/// Why an organization's health is what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// One sentence.
    pub message: String,
    /// What to do about it; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// The export or the archive that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<Gid>,
}

impl Reason {
    /// Why [`Health::of`] came to `health`; none where nothing is wrong.
    #[must_use]
    pub fn of(health: Health, facts: &Facts, now: Timestamp) -> Option<Self> {
        let archive = facts.archive.as_ref();
        let gid = archive.map(|archive| archive.gid);
        let about = |message: String, hint: String| Some(Self { message, hint, gid });
        match health {
            Health::Ok | Health::Running => None,
            Health::Never => about("it was never exported".to_owned(), String::new()),
            Health::Gone => about(
                "it has archives, and its source does not list it any more".to_owned(),
                "if it was deleted in the app, delete its archives or exclude it from the schedules".to_owned(),
            ),
            Health::Shrinking => about(shrunk(facts), says_more("show", gid)),
            Health::Refused => match &facts.refusal {
                Some(refusal) => Some(Self { message: refusal.message.clone(), hint: refusal.hint.clone(), gid: None }),
                None => about(
                    "the app's own importer would refuse the newest archive".to_owned(),
                    says_more("preflight", gid),
                ),
            },
            Health::Unproven => {
                about(unproven(facts, now), "prove it: `orgvault drill` of a `full` archive".to_owned())
            }
            Health::Stale => about(stale(facts, now), "is the schedule on, and does the source answer?".to_owned()),
            Health::Failed => Some(failed(facts)),
            Health::Damaged => Some(damaged(facts, gid)),
        }
    }
}

fn says_more(command: &str, gid: Option<Gid>) -> String {
    gid.map(|gid| format!("`orgvault {command} {gid}` says more")).unwrap_or_default()
}

fn shrunk(facts: &Facts) -> String {
    let Some(shrunk) = &facts.shrunk else { return String::new() };
    format!("{} has {} rows, and had {} in the archive before", shrunk.section, shrunk.now, shrunk.before)
}

fn stale(facts: &Facts, now: Timestamp) -> String {
    let age = facts.archive.as_ref().map(|archive| archive.age(now)).unwrap_or_default();
    let max = facts.max_age.unwrap_or_default();
    format!("its newest archive is {} old, and max_age is {}", format_duration(whole(age)), format_duration(max))
}

/// An age that is not more exact than it is of use.
fn whole(age: Duration) -> Duration {
    let unit = if age < Duration::from_hours(1) { 1 } else { 60 };
    Duration::from_secs(age.as_secs() / unit * unit)
}

fn failed(facts: &Facts) -> Reason {
    match &facts.failure {
        Some((gid, error)) => Reason { message: error.message.clone(), hint: error.hint.clone(), gid: Some(*gid) },
        None => Reason { message: "its newest export failed".to_owned(), hint: String::new(), gid: None },
    }
}

fn unproven(facts: &Facts, now: Timestamp) -> String {
    let max = format_duration(facts.drills.max_unproven.unwrap_or_default());
    match facts.drills.proven_at {
        None => format!("no drill has proven that an archive of it goes back, and max_unproven is {max}"),
        Some(at) => {
            let age = format_duration(whole((now - at).to_std().unwrap_or_default()));
            format!("that an archive of it goes back was proven {age} ago, and max_unproven is {max}")
        }
    }
}

fn damaged(facts: &Facts, gid: Option<Gid>) -> Reason {
    let state = facts.archive.as_ref().map(|archive| archive.state);
    let how = match (state, facts.drill_failed()) {
        (Some(ArchiveState::Present), Some(drill)) => {
            let message = format!("a drill of archive {} failed: it does not go back as it was", drill.archive);
            return Reason { message, hint: says_more("drills", Some(drill.gid)), gid: Some(drill.archive) };
        }
        (Some(ArchiveState::Missing), _) => "is missing",
        _ => "is not what was written",
    };
    let message = format!("an archive of its newest export {how}");
    Reason { message, hint: says_more("verify", gid), gid }
}
