//! The job document, and the ids of jobs: UUIDs over there, gids here.

use chrono::SecondsFormat;
use orgvault_api::{Export, Format, State, clock::Timestamp, gid::Gid};
use serde_json::{Value, json};
use uuid::Uuid;

/// The UUIDs whose last 53 bits are a gid: of version 8, whose bits are anybody's own (RFC 9562,
/// section 5.8). Nothing has to be kept to know one again.
const GIDS: u128 = 0x6f72_6776_6175_8c74_8000_0000_0000_0000;
const GID_BITS: u128 = (1 << 53) - 1;

/// The job's id.
fn id(gid: Gid) -> Uuid {
    Uuid::from_u128(GIDS | u128::from(gid.get()))
}

/// The gid of a job's id; none where it is not one of ours.
pub(super) fn gid(id: &str) -> Option<Gid> {
    let bits = Uuid::parse_str(id).ok()?.as_u128();
    let gid = u64::try_from(bits & GID_BITS).ok()?;
    if bits & !GID_BITS == GIDS { Gid::try_from(gid).ok() } else { None }
}

/// Whether an export is what a job makes.
pub(super) fn is_job(export: &Export) -> bool {
    export.format == Format::Seed && !export.gzip && !export.importable
}

/// The job, with its fields in upstream's order.
pub(super) fn document(export: &Export) -> Value {
    let (id, kind, organization) = (id(export.gid), &export.organization.kind, &export.organization.id);
    let download = || format!("/api/v1/{kind}s/{organization}/export/jobs/{id}/download/");
    json!({
        "id": id.to_string(),
        kind.as_str(): organization,
        "status": status(export.state),
        "file_size": export.bytes,
        "error_detail": export.error.as_ref().map_or("", |error| &error.message),
        // It stays until retention or somebody deletes it, and neither is known beforehand.
        "expires_at": null,
        "created_at": instant(export.created_at),
        "started_at": export.started_at.map(instant),
        "completed_at": export.finished_at.map(instant),
        "download_url": (export.state == State::Finished).then(download),
    })
}

fn status(state: State) -> &'static str {
    match state {
        State::Pending => "pending",
        State::Started => "running",
        State::Finished => "success",
        State::Error => "failed",
    }
}

fn instant(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_that_gives_its_gid_back_however_it_is_written() {
        for number in [1, 4096, 123_456_789_012_345, (1 << 53) - 1] {
            let known = Gid::try_from(number).unwrap();
            let id = id(known);
            assert_eq!((id.get_version_num(), id.get_variant()), (8, uuid::Variant::RFC4122), "{id}");
            for text in [id.to_string(), id.to_string().to_uppercase(), id.simple().to_string()] {
                assert_eq!(gid(&text), Some(known), "{text}");
            }
        }
        for other in [
            "",
            "7",
            "00000000-0000-0000-0000-000000000000",
            "6f726776-6175-8c74-8000-000000000000",
            "6f726776-6175-8c74-8020-000000000001",
            "6f726776-6175-4c74-8000-000000000001",
        ] {
            assert_eq!(gid(other), None, "{other}");
        }
    }
}
