//! `full` archives: every row of an organization with every column, as `BagIt` (RFC 8493) in a ZIP.
//!
//! ```text
//! bagit.txt  bag-info.txt
//! data/<schema>.<table>.csv     PostgreSQL's own text, \N for NULL, in the order of the primary key
//! datapackage.json              Frictionless Table Schema of each of them
//! schema.json              types, keys, sequences, triggers, ..
//! report.json              rows, independent counts, row hashes, omissions
//! data/files/..                 files of the app
//! manifest-sha256.txt  tagmanifest-sha256.txt
//! ```

pub mod report;
pub mod schema;

/// The member with the tables' schema.
pub const SCHEMA: &str = "schema.json";
/// The member that says what the archive holds.
pub const REPORT: &str = "report.json";
/// The member that stock tools read the tables by.
pub const DATA_PACKAGE: &str = "datapackage.json";
/// How NULL is written: without quotes. A text of these two characters has quotes.
pub const NULL: &str = "\\N";
