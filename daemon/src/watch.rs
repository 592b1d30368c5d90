//! Noticing what others change: the configuration, the definitions, the archives.
//!
//! Watching is a hint. What it misses, a scan at the start and every `rescan` finds; where it is not
//! possible (a network file system, the system's limit), files are polled, and the status says so.

mod archives;
mod configuration;
mod socket;

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;

pub use self::{archives::watch_archives, configuration::watch_configuration, socket::watch_socket};

/// A burst of changes is over when nothing came for this long.
const QUIET: Duration = Duration::from_millis(200);

/// A burst that does not end is looked at after this long.
const LONGEST: Duration = Duration::from_secs(2);

/// Waits for news, and then for the end of the burst that they are part of.
async fn settled(news: &Notify) {
    news.notified().await;
    let quiet = async { while tokio::time::timeout(QUIET, news.notified()).await.is_ok() {} };
    // A burst that does not end is looked at all the same.
    drop(tokio::time::timeout(LONGEST, quiet).await);
}

/// Something has happened: nobody waits for it to be looked at.
type News = Arc<Notify>;

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_one_and_an_endless_one_is_cut() {
        let news = Notify::new();
        let saves = async {
            for _ in 0..100 {
                news.notify_one();
                sleep(Duration::from_millis(10)).await;
            }
            std::future::pending::<()>().await;
        };
        let looks = async {
            let begun = Instant::now();
            settled(&news).await;
            let first = begun.elapsed();
            let second = tokio::time::timeout(Duration::from_mins(1), settled(&news)).await;
            (first, second.is_err())
        };
        let (first, only_one) = tokio::select! { looks = looks => looks, () = saves => unreachable!() };
        assert!(first >= Duration::from_millis(1190) && first < LONGEST, "{first:?}");
        assert!(only_one);

        let endless = async {
            loop {
                news.notify_one();
                sleep(Duration::from_millis(10)).await;
            }
        };
        let begun = Instant::now();
        tokio::select! { () = settled(&news) => {}, () = endless => {} }
        assert!(begun.elapsed() <= LONGEST + QUIET, "{:?}", begun.elapsed());
    }
}
