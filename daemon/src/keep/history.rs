//! Forgets exports, runs and drills that ended longer ago than the configuration keeps them.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use orgvault_api::clock::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::{
    catalog::{CatalogError, Forgotten},
    context::Context,
};

const EVERY: Duration = Duration::from_hours(24);

/// Between two batches, so that whoever waits to write has a turn.
const PAUSE: Duration = Duration::from_millis(10);

/// Forgets at the start, each day and whenever the configuration changes, until the stop.
pub async fn forget_regularly(shop: Arc<Context>, end: CancellationToken) {
    let mut configured = shop.configured.clone();
    loop {
        if let Some(before) = horizon(shop.clock.now(), shop.config().daemon.history)
            && let Err(error) = forget(&shop, before, &end).await
        {
            tracing::error!("the history was not forgotten to its end, and is tomorrow: {error}");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            changed = configured.changed() => if changed.is_err() { return },
            () = end.cancelled() => return,
        }
    }
}

/// What ended before it is forgotten; none where everything is kept.
fn horizon(now: Timestamp, history: Duration) -> Option<Timestamp> {
    let history = TimeDelta::from_std(history).ok().filter(|history| !history.is_zero())?;
    now.checked_sub_signed(history)
}

async fn forget(shop: &Context, before: Timestamp, end: &CancellationToken) -> Result<(), CatalogError> {
    let runs = shop.catalog.forget_runs(before).await?;
    shop.catalog.forget_drills(before).await?;
    let mut forgotten = Forgotten::default();
    while let Some(further) = shop.catalog.forget_exports(before, forgotten).await? {
        forgotten = further;
        if end.is_cancelled() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    if runs + forgotten.exports > 0 {
        tracing::info!(exports = forgotten.exports, runs, %before, "what ended before the history was forgotten");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_history_is_all_of_it() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        assert_eq!(horizon(now, Duration::from_hours(24)), Some("2026-11-19T12:00:00Z".parse().unwrap()));
        assert_eq!(horizon(now, Duration::ZERO), None);
        assert_eq!(horizon(now, Duration::MAX), None);
    }
}
