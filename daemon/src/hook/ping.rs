//! A URL that is called, as healthchecks.io documents it: `/start` when something begins, the URL
//! itself when it went well, `/fail` when it did not, each with a sentence as body.

use std::{sync::OnceLock, time::Duration};

use orgvault_config::{HookEvent, SecretUrl};
use reqwest::{Client, StatusCode, Url, redirect::Policy};

use super::Notice;
use crate::trust::use_ring;

/// Calls URLs; connects when it is first used.
#[derive(Default)]
pub(super) struct Pinger {
    outside: OnceLock<Client>,
    here: OnceLock<Client>,
}

/// Why a call failed. Never holds the URL, which is all that is needed to make it.
#[derive(Debug, thiserror::Error)]
pub(super) enum PingError {
    /// The URL is none.
    #[error("cannot use the url: it has no host")]
    Url,
    /// Nothing answered in time, or the connection failed.
    #[error("cannot call the url: {0}")]
    Call(#[source] reqwest::Error),
    /// It is somewhere else: what is told is for the address of the configuration only.
    #[error("the url answered {0}, and a redirect is not followed: write the address that it leads to")]
    Moved(StatusCode),
    /// Another answer than 2xx.
    #[error("the url answered {0}")]
    Status(StatusCode),
}

impl Pinger {
    /// Calls `url`; gives the status in words.
    pub(super) async fn ping(&self, url: &SecretUrl, notice: &Notice, limit: Duration) -> Result<String, PingError> {
        let url = address(url, notice.event()).ok_or(PingError::Url)?;
        let failed = |error: reqwest::Error| PingError::Call(error.without_url());
        let client = self.client(url.scheme() == "http").map_err(failed)?;
        let call = client.post(url).body(notice.message().to_owned()).timeout(limit);
        let answer = call.send().await.map_err(failed)?;
        match answer.status() {
            status if status.is_success() => Ok(status.to_string()),
            status if status.is_redirection() => Err(PingError::Moved(status)),
            status => Err(PingError::Status(status)),
        }
    }

    fn client(&self, plain: bool) -> Result<&Client, reqwest::Error> {
        let kept = if plain { &self.here } else { &self.outside };
        if let Some(client) = kept.get() {
            return Ok(client);
        }
        use_ring();
        let builder =
            Client::builder().user_agent(concat!("orgvaultd/", env!("CARGO_PKG_VERSION"))).redirect(Policy::none());
        // Plain http is for this machine: a proxy of the environment would read it.
        let client = if plain { builder.no_proxy() } else { builder }.build()?;
        Ok(kept.get_or_init(|| client))
    }
}

fn address(url: &SecretUrl, event: HookEvent) -> Option<Url> {
    let mut url: Url = url.reveal().parse().ok()?;
    let end = match event {
        HookEvent::Start => Some("start"),
        HookEvent::Success | HookEvent::Warning => None,
        HookEvent::Failure | HookEvent::Stale | HookEvent::Coverage | HookEvent::Drill => Some("fail"),
    };
    if let Some(end) = end {
        url.path_segments_mut().ok()?.pop_if_empty().push(end);
    }
    url.has_host().then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_the_end_of_the_path() {
        for (url, event, expected) in [
            ("https://hc-ping.com/uuid", HookEvent::Start, "https://hc-ping.com/uuid/start"),
            ("https://hc-ping.com/uuid", HookEvent::Success, "https://hc-ping.com/uuid"),
            ("https://hc-ping.com/uuid", HookEvent::Warning, "https://hc-ping.com/uuid"),
            (
                "https://hc-ping.com/key/nightly/?create=1",
                HookEvent::Failure,
                "https://hc-ping.com/key/nightly/fail?create=1",
            ),
            ("http://127.0.0.1:8000", HookEvent::Stale, "http://127.0.0.1:8000/fail"),
            ("http://127.0.0.1:8000", HookEvent::Coverage, "http://127.0.0.1:8000/fail"),
        ] {
            assert_eq!(address(&SecretUrl::new(url.to_owned()), event).unwrap().as_str(), expected);
        }
    }
}
