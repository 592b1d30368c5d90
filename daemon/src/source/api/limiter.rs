//! One limiter for each token: what it may ask for, however many sources share it.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, LazyLock, Mutex, PoisonError, Weak},
    time::Duration,
};

use sha2::{Digest, Sha256};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};

use crate::product::api::Limits;

/// What an API counts separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Any request.
    Usual,
    /// The creation of a job.
    Job,
    /// The download of a file.
    Download,
}

/// Lets requests through as fast as a token may send them, in their order.
#[derive(Debug)]
pub(crate) struct Limiter {
    limits: Limits,
    /// Held by the one whose turn it is, until that has come.
    turn: tokio::sync::Mutex<Turns>,
    /// The API has said to wait until then.
    paused: Mutex<Option<Instant>>,
    jobs: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Turns {
    /// When the last requests went out, as many as one span may have.
    sent: VecDeque<Instant>,
    job: Option<Instant>,
    download: Option<Instant>,
}

/// Those of this process, by what they are for. An API counts by token, so sources with one token share one.
static LIMITERS: LazyLock<Mutex<HashMap<[u8; 32], Weak<Limiter>>>> = LazyLock::new(Mutex::default);

impl Limiter {
    /// The limiter of a token at an address; the one that is there already, where its limits are the same.
    pub(crate) fn of(base: &str, token: &str, limits: &Limits) -> Arc<Self> {
        let key: [u8; 32] = Sha256::new().chain_update(base).chain_update([0]).chain_update(token).finalize().into();
        let mut limiters = LIMITERS.lock().unwrap_or_else(PoisonError::into_inner);
        limiters.retain(|_, limiter| limiter.strong_count() > 0);
        let known = limiters.get(&key).and_then(Weak::upgrade).filter(|known| known.limits == *limits);
        known.unwrap_or_else(|| {
            let limiter = Arc::new(Self::new(limits.clone()));
            limiters.insert(key, Arc::downgrade(&limiter));
            limiter
        })
    }

    fn new(limits: Limits) -> Self {
        let jobs = Arc::new(Semaphore::new(limits.jobs.max(1)));
        Self { limits, turn: tokio::sync::Mutex::default(), paused: Mutex::default(), jobs }
    }

    /// Waits until there may be one more open job; it is one as long as what is given is kept.
    pub(crate) async fn job(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        Arc::clone(&self.jobs).acquire_owned().await.ok()
    }

    /// Waits until a request may go out.
    pub(crate) async fn admit(&self, ask: Ask) {
        loop {
            let mut turns = self.turn.lock().await;
            let now = Instant::now();
            if let Some(due) = turns.due_alone(&self.limits, ask).filter(|due| *due > now) {
                // Others may go meanwhile: a download that waits its minute holds up no question.
                drop(turns);
                sleep_until(due).await;
                continue;
            }
            match turns.due(&self.limits).max(self.paused()) {
                Some(due) if due > now => sleep_until(due).await,
                _ => return turns.note(&self.limits, ask, now),
            }
        }
    }

    /// The API has said that nothing more may come for so long.
    pub(crate) fn pause(&self, wait: Duration) {
        let until = Instant::now().checked_add(wait);
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        *paused = (*paused).max(until);
    }

    fn paused(&self) -> Option<Instant> {
        *self.paused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turns {
    /// When the next request of any kind may go out; none where it may at once.
    fn due(&self, limits: &Limits) -> Option<Instant> {
        let is_full = self.sent.len() >= limits.requests.max(1) as usize;
        self.sent.front().filter(|_| is_full).and_then(|first| first.checked_add(limits.per))
    }

    /// When the next of this kind may, as far as those of its kind decide.
    fn due_alone(&self, limits: &Limits, ask: Ask) -> Option<Instant> {
        match ask {
            Ask::Usual => None,
            Ask::Job => self.job.and_then(|last| last.checked_add(limits.between_jobs)),
            Ask::Download => self.download.and_then(|last| last.checked_add(limits.between_downloads)),
        }
    }

    fn note(&mut self, limits: &Limits, ask: Ask, now: Instant) {
        while self.sent.len() >= limits.requests.max(1) as usize {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
        match ask {
            Ask::Usual => {}
            Ask::Job => self.job = Some(now),
            Ask::Download => self.download = Some(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(requests: u32) -> Limits {
        let (per, between_jobs, between_downloads) =
            (Duration::from_mins(1), Duration::from_secs(10), Duration::from_mins(1));
        Limits { requests, per, jobs: 2, between_jobs, between_downloads }
    }

    #[tokio::test(start_paused = true)]
    async fn no_span_has_more_requests_than_the_limit_and_none_waits_for_nothing() {
        let limiter = Limiter::new(limits(10));
        let begun = Instant::now();
        let mut at = Vec::new();
        for _ in 0..35 {
            limiter.admit(Ask::Usual).await;
            at.push(begun.elapsed().as_secs());
        }
        assert_eq!((at[9], at[10], at[20], at[34]), (0, 60, 120, 180));
    }

    #[tokio::test(start_paused = true)]
    async fn jobs_and_downloads_have_a_time_of_their_own() {
        let limiter = Limiter::new(limits(1000));
        let begun = Instant::now();
        for ask in [Ask::Job, Ask::Download, Ask::Usual, Ask::Job, Ask::Usual] {
            limiter.admit(ask).await;
        }
        assert_eq!(begun.elapsed().as_secs(), 10);
        limiter.admit(Ask::Download).await;
        assert_eq!(begun.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_download_that_waits_holds_up_no_question() {
        let limiter = Arc::new(Limiter::new(limits(1000)));
        let begun = Instant::now();
        limiter.admit(Ask::Download).await;
        let waiting = Arc::clone(&limiter);
        let second = async move { waiting.admit(Ask::Download).await };
        tokio::join!(second, async {
            limiter.admit(Ask::Usual).await;
            assert_eq!(begun.elapsed().as_secs(), 0);
        });
        assert_eq!(begun.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_for_everybody_and_the_longest_counts() {
        let limiter = Limiter::new(limits(10));
        let begun = Instant::now();
        limiter.pause(Duration::from_secs(30));
        limiter.pause(Duration::from_secs(5));
        limiter.admit(Ask::Usual).await;
        assert_eq!(begun.elapsed().as_secs(), 30);
    }

    #[test]
    fn one_token_has_one_limiter_and_another_address_another() {
        let limiter = Limiter::of("https://a", "t", &limits(1));
        assert!(Arc::ptr_eq(&limiter, &Limiter::of("https://a", "t", &limits(1))));
        for other in [Limiter::of("https://b", "t", &limits(1)), Limiter::of("https://a", "u", &limits(1))] {
            assert!(!Arc::ptr_eq(&limiter, &other));
        }
    }
}
