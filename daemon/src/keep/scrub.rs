//! Scrubbing: stored archives are read again, the one first whose last check is oldest, and only so
//! many bytes in one run.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{KeepError, guard, verify};
use crate::{catalog::ArchiveFilter, context::Context, store::Stored};

/// After a start the first run comes earlier, so that a daemon that is restarted each night scrubs.
const FIRST: Duration = Duration::from_mins(15);

/// Scrubs as the configuration says, until the stop.
pub async fn scrub_regularly(shop: Arc<Context>, end: CancellationToken) {
    let mut configured = shop.configured.clone();
    let mut first = true;
    loop {
        let scrub = shop.config().scrub.clone();
        let wait = if first { scrub.every.min(FIRST) } else { scrub.every };
        let due =
            async { if scrub.every.is_zero() { std::future::pending().await } else { tokio::time::sleep(wait).await } };
        tokio::select! {
            () = due => first = false,
            changed = configured.changed() => match changed {
                Ok(()) => continue,
                Err(_stopped) => return,
            },
            () = end.cancelled() => return,
        }
        if let Err(error) = run(&shop, scrub.budget, &end).await {
            tracing::error!("scrubbing ended early: {error}");
        }
    }
}

async fn run(shop: &Arc<Context>, budget: u64, end: &CancellationToken) -> Result<(), KeepError> {
    guard(shop).await?;
    let (mut archives, mut bytes, mut faulty) = (0_u64, 0_u64, 0_u64);
    for archive in next(shop.catalog.archives(&ArchiveFilter::default()).await?, budget) {
        if end.is_cancelled() {
            return Ok(());
        }
        let gid = archive.gid;
        match verify(shop, archive, end.clone()).await {
            Ok(found) => {
                archives += 1;
                bytes += found.bytes;
                faulty += u64::from(!found.ok);
            }
            // The next one's turn comes all the same.
            Err(error) => tracing::error!(%gid, "cannot read a stored archive again: {error}"),
        }
    }
    tracing::info!(archives, bytes, faulty, "stored archives were read again");
    Ok(())
}

/// The archives of one run. The reading back at the end of an export was a check too.
fn next(mut archives: Vec<Stored>, budget: u64) -> Vec<Stored> {
    archives.sort_by_key(|archive| archive.verified.as_ref().map_or(archive.exported_at, |verified| verified.at));
    let mut bytes = 0_u64;
    let room = |archive: &Stored| {
        let first = bytes == 0;
        bytes = bytes.saturating_add(archive.bytes);
        first || bytes <= budget
    };
    let many = archives.iter().map(room).take_while(|room| *room).count();
    archives.truncate(many);
    archives
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use orgvault_api::{Archive, Verification, clock::Timestamp};

    use super::*;
    use crate::store::fixture;

    fn archive(gid: u64, exported: i64, verified: Option<i64>, bytes: u64) -> Stored {
        let at = |hours| Timestamp::UNIX_EPOCH + TimeDelta::hours(hours);
        let verification = |hours| Verification {
            ok: true,
            faults: Vec::new(),
            bytes,
            ..Verification::unread(None, String::new(), at(hours), String::new())
        };
        let verified = verified.map(verification);
        fixture::stored(Archive { bytes, verified, ..fixture::archive(gid, at(exported)) })
    }

    #[test]
    fn the_oldest_check_comes_first_and_the_budget_ends_a_run() {
        let all = || {
            vec![
                archive(1, 1, Some(9), 10),
                archive(2, 2, None, 10),
                archive(3, 3, Some(4), 10),
                archive(4, 5, None, 10),
            ]
        };
        let gids = |budget| next(all(), budget).iter().map(|archive| archive.gid.get()).collect::<Vec<_>>();
        assert_eq!(gids(100), [2, 3, 4, 1]);
        assert_eq!(gids(25), [2, 3]);
        assert_eq!(gids(20), [2, 3]);
        assert_eq!(gids(5), [2], "one that is larger than the budget has its turn too");
        assert!(next(Vec::new(), 5).is_empty());
    }
}
