//! The schema of a PostgreSQL database: as its catalog tells it, as the statements that make it again, and
//! compared with another one.

pub mod ddl;
pub mod differences;
pub mod survey;
