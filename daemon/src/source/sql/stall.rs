//! Waiting for a stream, but not for ever.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::stream::BoxStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// Nothing came within the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stalled;

/// No timer is set beyond it.
const FOREVER: Duration = Duration::from_hours(24 * 365);

/// Gives up when a stream gives nothing for a while. The timer is only touched when nothing is
/// there, which is once for many rows.
pub(super) struct StallTimeout {
    limit: Duration,
    timer: Pin<Box<Sleep>>,
    /// Something came since the timer was set.
    moved: bool,
}

impl StallTimeout {
    /// Time runs from now. The first item may take as long as `first`, where that is not zero.
    pub(super) fn new(first: Duration, limit: Duration) -> Self {
        let first = if first.is_zero() { FOREVER } else { first };
        Self { limit, timer: Box::pin(sleep_until(Instant::now() + first.min(FOREVER))), moved: false }
    }

    /// The next item; none at the stream's end.
    pub(super) async fn next<T>(&mut self, stream: &mut BoxStream<'_, T>) -> Result<Option<T>, Stalled> {
        poll_fn(|context| self.poll_next(stream, context)).await
    }

    /// The time until now was spent elsewhere, and is not the stream's fault.
    pub(super) fn renew(&mut self) {
        self.moved = true;
    }

    fn poll_next<T>(
        &mut self,
        stream: &mut BoxStream<'_, T>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<T>, Stalled>> {
        if let Poll::Ready(item) = stream.as_mut().poll_next(context) {
            self.moved = true;
            return Poll::Ready(Ok(item));
        }
        if std::mem::take(&mut self.moved) {
            self.timer.as_mut().reset(Instant::now() + self.limit);
        }
        self.timer.as_mut().poll(context).map(|()| Err(Stalled))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_a_gap_is_a_stall() {
        let gaps = [9, 9, 9, 11];
        let mut rows = stream::iter(gaps)
            .then(async |gap| {
                sleep(Duration::from_secs(gap)).await;
                gap
            })
            .boxed();
        let mut timeout = StallTimeout::new(Duration::from_secs(10), Duration::from_secs(10));
        for gap in [9, 9, 9] {
            assert_eq!(timeout.next(&mut rows).await, Ok(Some(gap)));
        }
        assert_eq!(timeout.next(&mut rows).await, Err(Stalled));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_is_no_stall() {
        let mut rows = stream::iter([1, 2])
            .then(async |row| {
                sleep(Duration::from_secs(9)).await;
                row
            })
            .boxed();
        let mut timeout = StallTimeout::new(Duration::from_secs(10), Duration::from_secs(10));
        assert_eq!(timeout.next(&mut rows).await, Ok(Some(1)));
        sleep(Duration::from_mins(1)).await;
        assert_eq!(timeout.next(&mut rows).await, Ok(Some(2)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_row_has_a_time_of_its_own() {
        let (first, limit) = (Duration::from_mins(1), Duration::from_secs(10));
        for (first, expected) in [(first, Ok(Some(50))), (Duration::ZERO, Ok(Some(50))), (limit, Err(Stalled))] {
            let mut rows = stream::iter([50, 11])
                .then(async |gap| {
                    sleep(Duration::from_secs(gap)).await;
                    gap
                })
                .boxed();
            let mut timeout = StallTimeout::new(first, limit);
            assert_eq!(timeout.next(&mut rows).await, expected);
            assert_eq!(timeout.next(&mut rows).await, Err(Stalled));
        }
    }
}
