//! Drills: an archive is put back into a scratch database, compared, and thrown away.

pub mod scratch;
