//! `[[export]]`: one format, and how the app makes and hands it out.

use orgvault_api::Format;
use orgvault_config::{
    checked_toml::{Table, Value},
    hosts,
};

use super::{
    content::content,
    job::job,
    values::{OF_A_JOB, ORGANIZATION, path, pointer, some, statuses},
};
use crate::product::{
    api::{ApiExport, Download, DownloadFrom, Job},
    parse::names::word,
};

/// Reads all of them.
pub(super) fn all(root: &Table<'_>) -> Vec<ApiExport> {
    if !root.has("export") {
        root.refuse("export", "is missing", "add an [[export]] for each format that the app makes");
    }
    let mut seen: Vec<(Format, Vec<String>, usize)> = Vec::new();
    let exports = root.tables("export", |table| {
        let (export, line) = (one(table), table.line_of("format"));
        if let Some(export) = &export {
            refuse_twice(table, export, &seen);
            seen.push((export.format, export.kinds.clone(), line));
        }
        export
    });
    exports.into_iter().flatten().collect()
}

/// Refuses a format that organizations of some kind have already.
fn refuse_twice(table: &Table<'_>, export: &ApiExport, seen: &[(Format, Vec<String>, usize)]) {
    let is_taken = |(format, kinds, _): &&(Format, Vec<String>, usize)| {
        let meets = kinds.is_empty() || export.kinds.is_empty() || kinds.iter().any(|kind| export.kinds.contains(kind));
        *format == export.format && meets
    };
    if let Some((format, _, line)) = seen.iter().find(is_taken) {
        let reason = format!("\"{format}\" is the format of the export in line {line} already");
        table.refuse("format", reason, "choose another one, or other `kinds` for each");
    }
}

fn one(table: &Table<'_>) -> Option<ApiExport> {
    // What is put back exactly is written here alone.
    let formats = Format::ALL.into_iter().filter(|format| *format != Format::Full);
    let formats: Vec<_> = formats.map(|format| (format.name(), format)).collect();
    let format = table.required("format", |value| value.one_of(&formats));
    let gzip = table.or("gzip", false, Value::boolean);
    if gzip && format == Some(Format::Zip) {
        table.refuse("gzip", "is not for a ZIP, whose members are compressed", "leave it out");
    }
    let kinds = table.or("kinds", Vec::new(), |value| {
        some(value, word, "write at least one kind, or leave it out: then all have it")
    });
    let job = table.has("job").then(|| table.table("job", job)).flatten();
    let names: &[&str] = if table.has("job") { &OF_A_JOB } else { &ORGANIZATION };
    let download = table.table("download", |download| read_download(download, names, table.has("job")));
    if let (Some(Some(download)), Some(job)) = (&download, &job) {
        refuse_nameless(table, download, job);
    }
    let content = table.table("content", |table| content(table, format)).unwrap_or_default();
    let omits = table.or("omits", Vec::new(), |value| value.each(Value::some_text));
    Some(ApiExport { format: format?, gzip, kinds, job, download: download??, content, omits })
}

/// Refuses a path with the id of a job that has none.
fn refuse_nameless(table: &Table<'_>, download: &Download, job: &Job) {
    if job.id.is_none() && matches!(&download.from, DownloadFrom::Path(path) if path.contains("{job}")) {
        let fix = "add `id = \"..\"` to [export.job], the pointer of the id in the answer to `create`";
        table.refuse("download", "has {job} in its path, and nothing says where the id of the job is", fix);
    }
}

/// `[export.download]`.
fn read_download(table: &Table<'_>, names: &[&str], has_job: bool) -> Option<Download> {
    let url = table.optional("url", pointer);
    let path = table.optional("path", |value| path(value, names));
    match (table.has("url"), table.has("path")) {
        (true, true) => table.refuse("path", "stands beside `url`", "keep one of them"),
        (false, false) => {
            table.refuse("path", "is missing", "add `path = \"/..\"`, or `url = \"/pointer/of/the/link\"`");
        }
        (true, false) if !has_job => {
            let fix = "add [export.job] with what asks for it, or write `path`";
            table.refuse("url", "is in the answer about a job, and there is none", fix);
        }
        _ => {}
    }
    let from = url.map(DownloadFrom::Pointer).or(path.map(DownloadFrom::Path));
    let dated = table.or("dated", false, Value::boolean);
    if dated && !has_job {
        table.refuse("dated", "compares the file with its job, and there is none", "leave it out");
    }
    let same_auth = table.or("same_auth", false, Value::boolean);
    let hosts = table.or("hosts", Vec::new(), hosts);
    let not_yet = table.or("not_yet", Vec::new(), statuses);
    let gone = table.or("gone", Vec::new(), statuses);
    if let Some(both) = not_yet.iter().find(|status| gone.contains(status)) {
        table.refuse("gone", format!("has {both}, which is in `not_yet` too"), "a status means one of the two");
    }
    Some(Download { from: from?, same_auth, hosts, not_yet, gone, dated })
}
