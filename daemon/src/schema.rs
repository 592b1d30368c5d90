//! The schema of a database: as its catalog tells it, as the statements that make it again, and compared with
//! another one. What has no database in its name is PostgreSQL's.

pub mod ddl;
pub mod differences;
pub mod sqlite;
pub mod survey;
