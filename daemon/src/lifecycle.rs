//! From start to stop: the lock that keeps a second daemon out, and the three steps in which
//! signals end this one.

mod lock;
mod stop;

pub use lock::{LockError, StateLock};
pub use stop::{Signals, Stop, follow_signals};
