//! How many connections each user or address has open, and who is let in.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

/// So many connections beyond the limit are told that they are too many; more are just closed.
const TOLD: usize = 8;

/// Open connections by whose they are: a uid's or an address's.
#[derive(Debug)]
pub(super) struct Connections<K: Copy + Eq + Hash> {
    limit: usize,
    open: Mutex<HashMap<K, usize>>,
}

/// What is done with a new connection.
#[derive(Debug)]
pub(super) enum Admission<K: Copy + Eq + Hash> {
    /// It is served.
    Welcome(Slot<K>),
    /// It is told that there are too many.
    Busy(Slot<K>),
    /// It is closed.
    Flood,
}

/// One connection's place; dropping it frees the place.
#[derive(Debug)]
pub(super) struct Slot<K: Copy + Eq + Hash> {
    whose: K,
    connections: Arc<Connections<K>>,
}

impl<K: Copy + Eq + Hash> Connections<K> {
    /// No connections yet, and at most `limit` of one.
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, open: Mutex::default() })
    }

    /// Counts a new connection in.
    pub(super) fn admit(this: &Arc<Self>, whose: K) -> Admission<K> {
        let before = this.change(whose, |open| {
            let before = *open;
            *open += usize::from(before < this.limit + TOLD);
            before
        });
        let slot = || Slot { whose, connections: this.clone() };
        if before < this.limit {
            Admission::Welcome(slot())
        } else if before < this.limit + TOLD {
            Admission::Busy(slot())
        } else {
            Admission::Flood
        }
    }

    fn change<T>(&self, whose: K, change: impl FnOnce(&mut usize) -> T) -> T {
        let mut all = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let open = all.entry(whose).or_default();
        let result = change(open);
        if *open == 0 {
            all.remove(&whose);
        }
        result
    }
}

impl<K: Copy + Eq + Hash> Drop for Slot<K> {
    fn drop(&mut self) {
        self.connections.change(self.whose, |open| *open = open.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_has_a_limit_of_its_own_and_closing_frees_a_place() {
        let connections = Connections::new(2);
        let admit = |uid| Connections::admit(&connections, uid);
        let first = admit(7);
        let second = admit(7);
        assert!(matches!((&first, &second), (Admission::Welcome(_), Admission::Welcome(_))));
        let told: Vec<Admission<u32>> = (0..TOLD).map(|_| admit(7)).collect();
        assert!(told.iter().all(|admission| matches!(admission, Admission::Busy(_))));
        assert!(matches!(admit(7), Admission::Flood));
        assert!(matches!(admit(8), Admission::Welcome(_)), "another user is not affected");
        drop(told);
        assert!(matches!(admit(7), Admission::Busy(_)));
        drop(first);
        assert!(matches!(admit(7), Admission::Welcome(_)));
        drop(second);
        assert!(connections.open.lock().unwrap().is_empty(), "nobody is left behind");
    }
}
