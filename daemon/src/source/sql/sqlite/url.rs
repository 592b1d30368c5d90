//! The URL of an SQLite database: a file, and nothing else.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

/// Reads a URL; opens nothing.
///
/// # Errors
/// Why it is none, without quoting it.
pub(in crate::source::sql) fn read(url: &str) -> Result<PathBuf, String> {
    let rest = url.split_once(':').map_or(url, |(_, rest)| rest);
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    if !matches!(query, "" | "mode=ro") {
        return Err("an SQLite url takes no parameter: it is always opened read-only".to_owned());
    }
    let path = percent_decode_str(path).decode_utf8().map_err(|error| format!("its path is no UTF-8: {error}"))?;
    if path.is_empty() || path.starts_with(':') || path.starts_with("file:") || path.contains('\0') {
        return Err("it has to name a file: sqlite:///var/lib/app/app.db".to_owned());
    }
    Ok(PathBuf::from(path.into_owned()))
}
