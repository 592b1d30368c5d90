//! `full` archives: every row of an organization with every column, as `BagIt` (RFC 8493) in a ZIP.
//!
//! ```text
//! bagit.txt  bag-info.txt
//! data/<schema>.<table>.csv     the database's own text, \N for NULL, in the order of the primary key
//! datapackage.json              Frictionless Table Schema of each of them
//! schema.json              types, keys, sequences, triggers, ..
//! report.json              rows, independent counts, row hashes, omissions
//! data/files/..                 files of the app, where the source says where they are
//! file_list.csv                 what became of each file that rows name
//! manifest-sha256.txt  tagmanifest-sha256.txt
//! ```

mod archive;
pub mod bag;
pub mod data_package;
pub mod report;
mod row_hash;
pub mod schema;
pub mod sqlite;

use std::fmt::Write as _;

pub use archive::{FullArchive, FullError};
pub use row_hash::{RowHash, RowHasher};

/// The member with the tables' schema.
pub const SCHEMA: &str = "schema.json";
/// The member that says what the archive holds.
pub const REPORT: &str = "report.json";
/// The member that stock tools read the tables by.
pub const DATA_PACKAGE: &str = "datapackage.json";
/// What the names of members begin with that hold rows of others.
const NAMED: &str = "data/named/";
/// What the names of the app's files begin with.
pub const FILES: &str = "data/files/";
/// The member that holds rows of a table: those of the organization, or those that it names and that are not its own.
#[must_use]
pub fn member(table: &schema::QualifiedName, is_named: bool) -> String {
    let (schema, name) = (plain(&table.schema), plain(&table.name));
    let folder = if is_named { NAMED } else { "data/" };
    format!("{folder}{schema}.{name}.csv")
}

/// The member that holds a file of the app. What manifests of a bag, `sha256sum` and ZIP tools each have their own way
/// with (`%`, `\`, control characters) is written as `~` and two hex digits, and so is `~` itself.
#[must_use]
pub fn file_member(path: &str) -> String {
    let mut member = FILES.to_owned();
    for character in path.chars() {
        if matches!(character, '%' | '\\' | '~') || character.is_control() {
            escape(character.encode_utf8(&mut [0; 4]).bytes(), &mut member);
        } else {
            member.push(character);
        }
    }
    member
}

/// Whether a member holds rows that are not the organization's own, by its name.
#[must_use]
pub fn is_named(member: &str) -> bool {
    member.starts_with(NAMED)
}

/// A name without a dot, a separator or anything else that a path or a manifest would have in another way.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' {
            plain.push(byte.into());
        } else {
            escape([byte], &mut plain);
        }
    }
    plain
}

fn escape(bytes: impl IntoIterator<Item = u8>, out: &mut String) {
    for byte in bytes {
        // Writing to a string cannot fail.
        write!(out, "~{byte:02x}").unwrap_or_default();
    }
}

/// How NULL is written: without quotes. A text of these two characters has quotes.
pub const NULL: &str = "\\N";
