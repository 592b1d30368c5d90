//! `/v1/archives/{gid}/download`: an archive's file, in constant memory.

use std::{io, os::unix::fs::MetadataExt, sync::Arc};

use axum::{
    Extension,
    body::Body,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use orgvault_shared::{
    api::{Archive, Format},
    gid::Gid,
};
use rustix::fs::OFlags;
use tokio::{fs::OpenOptions, io::AsyncReadExt};
use tokio_util::io::ReaderStream;

use super::super::{App, caller::Caller, problem::Refusal, request::Path};

/// Bytes that are read at a time.
const CHUNK: usize = 64 * 1024;

/// A file that got shorter in the meantime ends the connection before the announced length, so
/// the reader notices.
pub(in super::super) async fn download(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<Gid>,
) -> Result<Response, Refusal> {
    let archive = app.archive(&caller, gid).await?;
    let mut options = OpenOptions::new();
    // A link that somebody put there must not lead out of the archive directory.
    let options = options.read(true).custom_flags(no_follow());
    let file = options.open(&archive.path).await.map_err(|error| unreadable(&archive, &error))?;
    let metadata = file.metadata().await.map_err(|error| unreadable(&archive, &error))?;
    if !metadata.is_file() {
        return Err(unreadable(&archive, &io::ErrorKind::InvalidInput.into()));
    }
    let size = metadata.size();
    let body = Body::from_stream(ReaderStream::with_capacity(file.take(size), CHUNK));
    let headers = [
        (header::CONTENT_LENGTH, HeaderValue::from(size)),
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type(archive.format, archive.gzip))),
        (header::CONTENT_DISPOSITION, disposition(&archive)),
    ];
    Ok((headers, body).into_response())
}

fn no_follow() -> i32 {
    (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed()
}

fn media_type(format: Format, gzip: bool) -> &'static str {
    match format {
        _ if gzip => "application/gzip",
        Format::Json | Format::Seed | Format::SeedEvents => "application/json",
        Format::Csv => "text/csv; charset=utf-8",
        Format::Zip => "application/zip",
    }
}

/// The names that archives are given hold nothing that would have to be quoted.
fn disposition(archive: &Archive) -> HeaderValue {
    let name = archive.path.rsplit('/').next().unwrap_or_default();
    HeaderValue::try_from(format!("attachment; filename=\"{name}\""))
        .unwrap_or_else(|_odd| HeaderValue::from_static("attachment"))
}

/// The answer where the archive's file cannot be read.
pub(super) fn unreadable(archive: &Archive, error: &io::Error) -> Refusal {
    let detail = format!("cannot read {}: {error}", archive.path);
    if error.kind() == io::ErrorKind::NotFound {
        return Refusal::new(StatusCode::GONE, "archive_missing", detail)
            .hint("the file was removed behind the daemon's back: restore it, or export again");
    }
    tracing::error!(gid = %archive.gid, "{detail}");
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "archive_unreadable", detail)
        .hint("check the mode of the file and the disk that holds archive_dir")
}
