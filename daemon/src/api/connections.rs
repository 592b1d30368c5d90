//! How many connections each user has open, and who is let in.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// So many connections beyond the limit are told that they are too many; more are just closed.
const TOLD: usize = 8;

/// Open connections by uid.
#[derive(Debug)]
pub(super) struct Connections {
    limit: usize,
    open: Mutex<HashMap<u32, usize>>,
}

/// What is done with a new connection.
#[derive(Debug)]
pub(super) enum Admission {
    /// It is served.
    Welcome(Slot),
    /// It is told that there are too many.
    Busy(Slot),
    /// It is closed.
    Flood,
}

/// One connection's place; dropping it frees the place.
#[derive(Debug)]
pub(super) struct Slot {
    uid: u32,
    connections: Arc<Connections>,
}

impl Connections {
    /// No connections yet, and at most `limit` of one uid.
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, open: Mutex::default() })
    }

    /// Counts a new connection in.
    pub(super) fn admit(this: &Arc<Self>, uid: u32) -> Admission {
        let before = this.change(uid, |open| {
            let before = *open;
            *open += usize::from(before < this.limit + TOLD);
            before
        });
        let slot = || Slot { uid, connections: this.clone() };
        if before < this.limit {
            Admission::Welcome(slot())
        } else if before < this.limit + TOLD {
            Admission::Busy(slot())
        } else {
            Admission::Flood
        }
    }

    fn change<T>(&self, uid: u32, change: impl FnOnce(&mut usize) -> T) -> T {
        let mut all = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let open = all.entry(uid).or_default();
        let result = change(open);
        if *open == 0 {
            all.remove(&uid);
        }
        result
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.connections.change(self.uid, |open| *open = open.saturating_sub(1));
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
        let told: Vec<Admission> = (0..TOLD).map(|_| admit(7)).collect();
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
