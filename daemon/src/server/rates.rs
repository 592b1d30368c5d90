//! How often somebody may ask: requests within a minute, counted by who asks. Pure: the time is
//! passed in.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use chrono::TimeDelta;
use orgvault_api::clock::Timestamp;

const WINDOW: TimeDelta = TimeDelta::minutes(1);

/// Parties that are counted at the same time, so that many addresses hold no memory.
const PARTIES: usize = 50_000;

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Party {
    /// An address of the TCP listener; of IPv6 the network of a site (RFC 6177), as one client has all
    /// of it.
    Address(IpAddr),
    /// A service account's token, by its id.
    Token(String),
    /// Wrong tokens from an address; none is this machine.
    Wrong(Option<IpAddr>),
}

/// The address that counts for a client's.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & (u128::MAX << 64)).into()),
        IpAddr::V4(address) => IpAddr::V4(address),
    }
}

/// The running minutes of everybody who asks.
#[derive(Debug)]
pub(crate) struct Rates<K = Party> {
    windows: Mutex<HashMap<K, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    since: Timestamp,
    requests: u32,
}

impl Window {
    fn is_over(self, now: Timestamp) -> bool {
        now < self.since || now >= self.since + WINDOW
    }
}

impl<K> Default for Rates<K> {
    fn default() -> Self {
        Self { windows: Mutex::default() }
    }
}

impl<K: Eq + Hash> Rates<K> {
    /// Counts a request. When it is one too many, gives the seconds after which to ask again.
    pub(crate) fn take(&self, party: K, limit: u32, now: Timestamp) -> Result<(), u64> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= PARTIES && !windows.contains_key(&party) {
            windows.retain(|_, window| !window.is_over(now));
            if windows.len() >= PARTIES {
                return Err(WINDOW.num_seconds().cast_unsigned());
            }
        }
        let window = windows.entry(party).or_insert(Window { since: now, requests: 0 });
        if window.is_over(now) {
            *window = Window { since: now, requests: 0 };
        }
        if window.requests >= limit {
            let rest = window.since + WINDOW - now;
            return Err(rest.num_seconds().cast_unsigned().max(1));
        }
        window.requests += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn so_many_in_a_minute_and_each_party_for_itself() {
        let rates = Rates::default();
        for _ in 0..3 {
            assert_eq!(rates.take(1, 3, at(0)), Ok(()));
        }
        assert_eq!(rates.take(1, 3, at(10)), Err(50));
        assert_eq!(rates.take(1, 3, at(59)), Err(1));
        assert_eq!(rates.take(2, 3, at(10)), Ok(()));
        assert_eq!(rates.take(1, 3, at(60)), Ok(()));
        assert_eq!(rates.take(1, 1, at(-5)), Ok(()), "a clock that was set back ends a window");
    }

    #[test]
    fn many_parties_hold_no_memory() {
        let rates = Rates::default();
        for party in 0..PARTIES {
            rates.take(party, 1, at(0)).unwrap();
        }
        assert_eq!(rates.take(PARTIES, 1, at(1)), Err(60));
        assert_eq!(rates.take(0, 2, at(1)), Ok(()), "those who are counted go on");
        assert_eq!(rates.take(PARTIES, 1, at(60)), Ok(()));
        assert_eq!(rates.windows.lock().unwrap().len(), 1);
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        let [one, two, other] =
            ["2001:db8::1", "2001:db8::2:ffff", "2001:db8:0:1::1"].map(|text| network(text.parse().unwrap()));
        assert_eq!(one, two);
        assert_ne!(one, other);
        assert_eq!(network("::ffff:10.0.0.1".parse().unwrap()), "10.0.0.1".parse::<IpAddr>().unwrap());
    }
}
