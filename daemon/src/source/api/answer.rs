//! What an API answered: its status, its document, and what a definition says that these mean.

use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use orgvault_api::{clock::Timestamp, text::printable};
use reqwest::header::{DATE, HeaderMap, LINK, RETRY_AFTER};
use serde_json::Value;

use crate::product::api::{Condition, Errors, JobPhase, StateRule};

/// As much of a server's sentence as is told, in characters.
const SHOWN: usize = 300;

/// An answer that was read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// Its document; none where it is no JSON.
    pub(crate) json: Option<Value>,
    /// The first of its bytes.
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The value that a pointer leads to; none where there is none, or it is null.
    pub(crate) fn at(&self, pointer: &str) -> Option<&Value> {
        self.json.as_ref()?.pointer(pointer).filter(|value| !value.is_null())
    }

    /// The text or the number that a pointer leads to.
    pub(crate) fn text_at(&self, pointer: &str) -> Option<String> {
        text(self.at(pointer)?)
    }

    /// The server's own sentence; its status where it says nothing.
    pub(crate) fn sentence(&self, errors: &Errors) -> String {
        let told = errors.sentence.iter().find_map(|pointer| self.text_at(pointer)).filter(|text| !text.is_empty());
        let told = told.map(|text| printable(&text.chars().take(SHOWN).collect::<String>()).into_owned());
        told.map_or_else(|| format!("HTTP {}", self.status), |told| format!("{told} (HTTP {})", self.status))
    }

    /// Whether it is a page for people: a login, or what a proxy shows.
    pub(crate) fn is_page(&self) -> bool {
        let start = self.text.trim_start().trim_start_matches('\u{feff}').to_ascii_lowercase();
        self.json.is_none() && start.starts_with('<')
    }

    /// How long the server asks to wait: seconds, or until a date by its own clock.
    pub(crate) fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        let value = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = value.parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let until = http_date(value)?;
        let server_now = date(&self.headers).unwrap_or(now);
        Some((until - server_now).to_std().unwrap_or_default())
    }

    /// How far the server's clock is ahead of ours.
    pub(crate) fn ahead(&self, now: Timestamp) -> Option<TimeDelta> {
        Some(date(&self.headers)? - now)
    }

    /// The address of the next page in `Link`.
    pub(crate) fn next_link(&self) -> Option<String> {
        let values = self.headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).find_map(|link| {
            let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
            let is_next = parameters.split(';').any(|part| {
                part.trim()
                    .strip_prefix("rel=")
                    .is_some_and(|rel| rel.trim_matches('"').split(' ').any(|one| one == "next"))
            });
            is_next.then(|| target.to_owned())
        })
    }

    /// Whether a condition holds.
    pub(crate) fn meets(&self, condition: &Condition, errors: &Errors) -> bool {
        let status = condition.status.is_empty() || condition.status.contains(&self.status);
        let value = condition.at.as_ref().is_none_or(|pointer| {
            let value = self.at(pointer);
            condition.null.is_none_or(|null| null == value.is_none())
                && (condition.values.is_empty() || value.is_some_and(|value| condition.values.contains(value)))
        });
        let says = condition.says.as_ref().is_none_or(|words| {
            let said = self.sentence(errors).to_lowercase();
            said.contains(&words.to_lowercase())
        });
        status && value && says
    }

    /// Whether it is a refusal in spite of its status.
    pub(crate) fn is_refused(&self, errors: &Errors) -> bool {
        errors.refused.as_ref().is_some_and(|refused| self.meets(refused, errors))
    }

    /// What it means by the first rule that fits: one that names no status is for answers of success.
    pub(crate) fn phase(&self, rules: &[StateRule], errors: &Errors) -> Option<JobPhase> {
        let fits =
            |rule: &&StateRule| (self.is_success() || !rule.when.status.is_empty()) && self.meets(&rule.when, errors);
        rules.iter().find(fits).map(|rule| rule.is)
    }

    /// The app's own word for a state, by the places that the rules look at.
    pub(crate) fn word(&self, rules: &[StateRule]) -> String {
        let places = rules.iter().filter_map(|rule| rule.when.at.as_ref());
        let word = places.filter_map(|pointer| self.at(pointer)).find_map(text);
        word.map_or_else(
            || format!("HTTP {}", self.status),
            |word| printable(&word.chars().take(SHOWN).collect::<String>()).into_owned(),
        )
    }
}

/// A string, a number or a boolean as text.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is_so) => Some(is_so.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// An instant as APIs write it: RFC 3339, or seconds since 1970.
pub(crate) fn instant(value: &Value) -> Option<Timestamp> {
    match value {
        // A fraction of a second is of no interest here.
        Value::Number(seconds) => {
            let seconds = seconds.to_string();
            let whole = seconds.split_once('.').map_or(seconds.as_str(), |(whole, _)| whole);
            DateTime::from_timestamp(whole.parse().ok()?, 0)
        }
        Value::String(text) => DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()),
        _ => None,
    }
}

/// The date of an HTTP header.
pub(crate) fn http_date(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc2822(text).ok().map(|at| at.to_utc())
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    http_date(headers.get(DATE)?.to_str().ok()?)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};
    use serde_json::json;

    use super::*;

    fn answer(status: u16, json: Value, headers: &[(&str, &str)]) -> Answer {
        let header = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::try_from(*value).unwrap())
        };
        let text = json.to_string();
        Answer { status, headers: headers.iter().map(header).collect(), json: Some(json), text }
    }

    fn rule(at: &str, is: JobPhase, values: &[Value], null: Option<bool>) -> StateRule {
        let when = Condition { at: Some(at.to_owned()), values: values.to_vec(), null, ..Condition::default() };
        StateRule { when, is }
    }

    #[test]
    fn states_are_told_by_strings_numbers_bools_nulls_and_statuses() {
        let rules = [
            StateRule { when: Condition { status: vec![404], ..Condition::default() }, is: JobPhase::Waiting },
            rule("/deleted", JobPhase::Gone, &[], Some(false)),
            rule("/failed", JobPhase::Failed, &[], Some(false)),
            rule("/pending", JobPhase::Waiting, &[json!(true)], None),
            rule("/step", JobPhase::Finished, &[json!(7), json!("done")], None),
        ];
        let phase = |status, json| answer(status, json, &[]).phase(&rules, &Errors::default());
        for (status, json, is) in [
            (404, json!({}), Some(JobPhase::Waiting)),
            (200, json!({"pending": true, "failed": null}), Some(JobPhase::Waiting)),
            (200, json!({"pending": true, "failed": 1.5}), Some(JobPhase::Failed)),
            (200, json!({"deleted": "x", "step": 7}), Some(JobPhase::Gone)),
            (200, json!({"step": 7}), Some(JobPhase::Finished)),
            (200, json!({"step": "7"}), None),
            (200, json!({"step": "done"}), Some(JobPhase::Finished)),
            (500, json!({"step": "done"}), None),
            (200, json!({"pending": "true"}), None),
        ] {
            assert_eq!(phase(status, json.clone()), is, "{status} {json}");
        }
    }

    #[test]
    fn a_wait_is_told_in_seconds_or_until_a_date_of_the_servers_clock() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let wait =
            |headers: &[(&str, &str)]| answer(429, json!({}), headers).retry_after(now).map(|wait| wait.as_secs());
        assert_eq!(wait(&[("retry-after", "30")]), Some(30));
        assert_eq!(wait(&[("retry-after", " 999999 ")]), Some(999_999));
        assert_eq!(wait(&[("retry-after", "Thu, 01 Jan 2026 00:00:20 GMT")]), Some(20));
        let ahead = [("retry-after", "Thu, 01 Jan 2026 00:10:20 GMT"), ("date", "Thu, 01 Jan 2026 00:10:00 GMT")];
        assert_eq!(wait(&ahead), Some(20));
        assert_eq!(wait(&[("retry-after", "Wed, 31 Dec 2025 23:00:00 GMT")]), Some(0));
        assert_eq!(wait(&[("retry-after", "soon")]), None);
        assert_eq!(wait(&[]), None);
    }

    #[test]
    fn the_next_page_is_the_link_that_says_so() {
        let links =
            "<https://x/1?page=1>; rel=\"prev\", <https://x/1?page=3>; rel=\"next\", <https://x/9>; rel=\"last\"";
        assert_eq!(answer(200, json!([]), &[("link", links)]).next_link().as_deref(), Some("https://x/1?page=3"));
        assert_eq!(answer(200, json!([]), &[("link", "<https://x>; rel=\"last\"")]).next_link(), None);
    }

    #[test]
    fn a_sentence_is_the_first_that_is_there_and_is_for_terminals() {
        let errors = Errors { sentence: vec!["/errors/0/message".to_owned(), "/message".to_owned()], refused: None };
        let said = |json| answer(403, json, &[]).sentence(&errors);
        assert_eq!(said(json!({"errors": [{"message": "No \u{1b}[2J way"}]})), r"No \u{1b}[2J way (HTTP 403)");
        assert_eq!(said(json!({"message": "b"})), "b (HTTP 403)");
        assert_eq!(said(json!({})), "HTTP 403");
    }
}
