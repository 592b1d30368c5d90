//! From start to stop: what a service manager is told, and the three steps in which signals end this
//! daemon.

mod reserve;
mod stop;
pub mod supervisor;
mod vital;

pub use reserve::Reserve;
pub use stop::{Signals, Stop, follow_hangups, follow_signals, outlive_file_limit};
pub use vital::{Death, Vital, contained};
