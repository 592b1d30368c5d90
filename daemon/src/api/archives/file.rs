//! An archive's file as an answer, in constant memory: whole, or the one part that was asked for
//! (RFC 9110, section 14).

use std::{
    io::{self, Seek, SeekFrom},
    sync::Arc,
};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use orgvault_api::{Format, gid::Gid};
use orgvault_archive::ArchiveReader;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    super::{ApiError, App},
    blocking,
    range::{Asked, asked},
};
use crate::store::{Stored, blocks};

/// Bytes that are read at a time.
const BLOCK: usize = 256 * 1024;

/// How a file is presented to the client.
#[derive(Debug)]
pub(crate) struct Attachment {
    /// What the client is told to call it: any text.
    pub(crate) name: String,
    pub(crate) media_type: &'static str,
    /// Whether its tag is a weak one.
    pub(crate) weak: bool,
}

impl Attachment {
    /// As it is called and written in the archive directory.
    pub(crate) fn of(archive: &Stored) -> Self {
        let name = archive.key().file_name().to_owned();
        Self { name, media_type: media_type(archive.format, archive.gzip), weak: false }
    }

    /// The answer to a request with this method and these headers. A file that got shorter in the
    /// meantime ends the connection before the announced length, so the reader notices.
    pub(crate) async fn answer(
        &self,
        app: &App,
        archive: &Stored,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Response, ApiError> {
        let mut reader = open(app, archive).await?;
        let size = reader.size();
        let tag = format!("{}\"{}\"", if self.weak { "W/" } else { "" }, archive.sha256);
        let mut common = HeaderMap::new();
        common.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        common.insert(header::ETAG, text(&tag)?);
        common.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        common.insert(header::CONTENT_DISPOSITION, text(&disposition(&self.name))?);
        let (status, first, length) = match asked(method, headers, &tag, size) {
            Asked::Whole => (StatusCode::OK, 0, size),
            Asked::Part { first, last } => {
                common.insert(header::CONTENT_RANGE, text(&format!("bytes {first}-{last}/{size}"))?);
                (StatusCode::PARTIAL_CONTENT, first, last - first + 1)
            }
            Asked::Unchanged => return Ok((StatusCode::NOT_MODIFIED, common).into_response()),
            Asked::Beyond => return Ok(beyond(size).into_response()),
        };
        common.insert(header::CONTENT_LENGTH, length.into());
        let name = || app.store().locate(archive.key());
        reader.seek(SeekFrom::Start(first)).map_err(|error| unreadable(archive.gid, &name(), &error))?;
        let body = Body::from_stream(blocks(reader, length, BLOCK));
        Ok((status, common, body).into_response())
    }
}

async fn open(app: &App, archive: &Stored) -> Result<ArchiveReader, ApiError> {
    let (store, of) = (Arc::clone(app.store()), archive.reference());
    let opened = blocking(move || store.open(&of)).await?;
    opened.map_err(|error| unreadable(archive.gid, &app.store().locate(archive.key()), &error))
}

fn beyond(size: u64) -> impl IntoResponse {
    let detail = format!("the range begins past the end: the file has {size} bytes");
    let refusal = ApiError::new(StatusCode::RANGE_NOT_SATISFIABLE, "range_not_satisfiable", detail);
    ([(header::CONTENT_RANGE, format!("bytes */{size}"))], refusal)
}

/// The media type of what is in an archive's file.
fn media_type(format: Format, gzip: bool) -> &'static str {
    match format {
        _ if gzip => "application/gzip",
        Format::Tar => "application/x-tar",
        Format::Json | Format::Seed | Format::SeedEvents => "application/json",
        Format::Csv => "text/csv; charset=utf-8",
        Format::Zip | Format::Full => "application/zip",
    }
}

/// RFC 6266: in ASCII for every client, and as it is for those who can.
fn disposition(name: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || " ._-+()".contains(character);
    let ascii: String = name.chars().map(|one| if plain(one) { one } else { '_' }).collect();
    if ascii == name {
        return format!("attachment; filename=\"{name}\"");
    }
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{}", utf8_percent_encode(name, NON_ALPHANUMERIC))
}

fn text(value: &str) -> Result<HeaderValue, ApiError> {
    HeaderValue::try_from(value).map_err(|error| ApiError::fault("internal", &error))
}

/// The answer where an archive, which people know by `name`, cannot be read.
pub(crate) fn unreadable(gid: Gid, name: &str, error: &io::Error) -> ApiError {
    let detail = format!("cannot read {name}: {error}");
    if error.kind() == io::ErrorKind::NotFound {
        return ApiError::new(StatusCode::GONE, "archive_missing", detail)
            .hint("the file was removed behind the daemon's back: restore it, or export again");
    }
    tracing::error!(%gid, "{detail}");
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "archive_unreadable", detail)
        .hint("check the mode of the file and the disk that holds archive_dir")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_a_database_breaks_no_header() {
        assert_eq!(disposition("20260131T093000Z-7.json.gz"), "attachment; filename=\"20260131T093000Z-7.json.gz\"");
        assert_eq!(
            disposition("a\"\r\n;é.json"),
            "attachment; filename=\"a_____.json\"; filename*=UTF-8''a%22%0D%0A%3B%C3%A9%2Ejson"
        );
    }
}
