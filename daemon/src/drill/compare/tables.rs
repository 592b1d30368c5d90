//! Two `full` archives, row by row.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io,
};

use csv::{ByteRecord, ReaderBuilder};
use orgvault_archive::full::schema::{QualifiedName, Schema};

use crate::restore::{ArchivedFull, ArchivedRows as _, ArchivedTable};

/// What differs, by table and key, at most so many; the first is the archive that is drilled.
///
/// # Errors
/// When one of them cannot be read.
pub(super) fn differences(one: &ArchivedFull, other: &ArchivedFull, most: usize) -> io::Result<Vec<String>> {
    let files = one.report().tables.iter().chain(&other.report().tables).map(|table| table.file.as_str());
    let mut differences = Vec::new();
    for file in files.collect::<BTreeSet<_>>() {
        if differences.len() >= most {
            break;
        }
        let hash = |archive: &'_ ArchivedFull| table(archive, file).map(|(_, hash)| hash);
        if hash(one) != hash(other) {
            let name = table(one, file).or(table(other, file)).map(|(table, _)| table.name).unwrap_or_default();
            let more = of_table(one, other, file)?;
            differences.extend(more.into_iter().map(|what| format!("{name} {what}")));
        }
    }
    differences.truncate(most);
    Ok(differences)
}

/// The table of a member, and what its rows hash to.
fn table(archive: &ArchivedFull, file: &str) -> Option<(ArchivedTable, String)> {
    let place = archive.report().tables.iter().position(|table| table.file == file)?;
    let hash = archive.report().tables.get(place)?.row_hash.clone();
    Some((archive.tables().get(place)?.clone(), hash))
}

fn of_table(one: &ArchivedFull, other: &ArchivedFull, file: &str) -> io::Result<Vec<String>> {
    let mut left = rows(one, file)?;
    let mut differences = Vec::new();
    for (key, row) in rows(other, file)? {
        match left.remove(&key) {
            None => differences.push(format!("{key}: it is not in the archive")),
            Some(known) if known != row => differences.push(format!("{key}: its values differ")),
            Some(_) => {}
        }
    }
    differences.extend(left.into_keys().map(|key| format!("{key}: it is in the archive alone")));
    differences.sort();
    if differences.is_empty() {
        differences.push("differs, and no key tells in which row".to_owned());
    }
    Ok(differences)
}

/// A hash of each row by its key: of a table of a million rows, keys and numbers are kept, and no row.
fn rows(archive: &ArchivedFull, file: &str) -> io::Result<HashMap<String, u64>> {
    let Some((table, _)) = table(archive, file) else { return Ok(HashMap::new()) };
    let key = key(archive.schema(), &table.name);
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(archive.csv(&table)?);
    let (mut rows, mut record) = (HashMap::new(), ByteRecord::new());
    while reader.read_byte_record(&mut record).map_err(io::Error::other)? {
        let mut hasher = DefaultHasher::new();
        record.iter().for_each(|field| field.hash(&mut hasher));
        let row = hasher.finish();
        let shown = shown(&key, &record, row);
        rows.insert(shown, row);
    }
    Ok(rows)
}

/// The columns of the primary key, with their places.
fn key(schema: &Schema, name: &QualifiedName) -> Vec<(String, usize)> {
    let Some(table) = schema.table(name) else { return Vec::new() };
    let place = |column: &String| Some((column.clone(), table.columns.iter().position(|one| one.name == *column)?));
    table.primary_key.iter().filter_map(place).collect()
}

/// `id=7`; of a table without a key, a number that its values make.
fn shown(key: &[(String, usize)], record: &ByteRecord, row: u64) -> String {
    if key.is_empty() {
        return format!("row {row:016x}");
    }
    let cell = |(column, place): &(String, usize)| {
        let value = record.get(*place).unwrap_or_default();
        let value: String = String::from_utf8_lossy(value).chars().take(80).collect();
        format!("{column}={value}")
    };
    key.iter().map(cell).collect::<Vec<_>>().join(" ")
}
