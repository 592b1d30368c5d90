//! From start to stop: the lock that keeps a second daemon out, what a service manager is told, and
//! the three steps in which signals end this daemon.

mod lock;
mod reserve;
mod status;
mod stop;
pub mod supervisor;
mod vital;

pub use lock::{ArchiveLock, LockError, StateLock};
pub use reserve::Reserve;
pub use status::tell_status;
pub use stop::{Signals, Stop, follow_hangups, follow_signals, outlive_file_limit};
pub use vital::{Death, Vital, contained};
