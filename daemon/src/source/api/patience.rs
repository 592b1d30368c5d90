//! How long is waited for an API, and what an error on the way is.

use std::{error::Error, io, time::Duration};

use crate::source::SourceFault;

/// Nobody waits longer for a server because it asks to.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// A server that asks to be asked again at once is given a moment.
pub(super) const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// The first wait for a job.
const FIRST_POLL: Duration = Duration::from_secs(1);

/// The wait after so many tries that a server failed, and did not say how long.
pub(crate) fn after(tries: u32) -> Duration {
    Duration::from_secs(1 << tries.min(6)).min(Duration::from_mins(1))
}

/// The wait before a job is asked for the `count`th time (from 0) how far it is: short first, because small ones are
/// ready at once, then longer, and never more than `every`.
pub(crate) fn before_poll(count: u32, every: Duration) -> Duration {
    let grown = FIRST_POLL.as_secs_f64() * 1.5_f64.powi(i32::try_from(count.min(64)).unwrap_or(64));
    every.min(Duration::try_from_secs_f64(grown).unwrap_or(every))
}

/// What kind of fault an error on the way is.
pub(super) fn fault_of(error: &reqwest::Error) -> SourceFault {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if one.is::<rustls::Error>() {
            return SourceFault::Tls;
        }
        // What an error of I/O holds is not its source, which is the source of that.
        let held = one.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = held.map(|held| held as &(dyn Error + 'static)).or_else(|| one.source());
    }
    if error.is_connect() { SourceFault::Unreachable } else { SourceFault::Lost }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_asked_soon_and_then_ever_less_often() {
        let every = Duration::from_mins(1);
        let waits: Vec<u128> = (0..14).map(|count| before_poll(count, every).as_millis()).collect();
        assert_eq!(waits[..4], [1000, 1500, 2250, 3375]);
        assert_eq!(waits[13], 60_000);
        assert_eq!(before_poll(u32::MAX, every), every);
        assert_eq!(before_poll(0, Duration::from_millis(10)), Duration::from_millis(10));
    }
}
