//! Values of a document that are not from a row.

use sha2::{Digest, Sha256};

use super::{
    ArchivePlan,
    text::write_string,
    value::{MICROS_1970_TO_2000, hyphenated, write_timestamp},
};
use crate::product::Fixed;
use orgvault_api::gid::Gid;

/// Appends a fixed value as JSON.
pub fn write_fixed(fixed: &Fixed, plan: &ArchivePlan, out: &mut Vec<u8>) {
    match fixed {
        Fixed::Literal(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Fixed::StartedAt => write_started_at(plan, out),
        Fixed::ExportUuid => write_string(&export_uuid(plan.gid), out),
        Fixed::OrganizationId => write_string(&plan.organization.id, out),
        Fixed::OrganizationIds => {
            out.push(b'[');
            write_string(&plan.organization.id, out);
            out.push(b']');
        }
    }
}

/// A version 4 UUID that belongs to this export alone and is the same each time it is asked for.
#[must_use]
pub fn export_uuid(gid: Gid) -> String {
    let hash = Sha256::digest(format!("orgvault export {gid}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    // Version and variant of RFC 9562, section 5.4.
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    String::from_utf8_lossy(&hyphenated(&bytes)).into_owned()
}

fn write_started_at(plan: &ArchivePlan, out: &mut Vec<u8>) {
    out.push(b'"');
    let micros = plan.started_at.timestamp_micros() - MICROS_1970_TO_2000;
    if write_timestamp(micros, plan.definition.encoding.timestamp, out).is_err() {
        // A clock beyond the year 275760 is no reason to lose an export.
        out.extend_from_slice(plan.started_at.to_rfc3339().as_bytes());
    }
    out.push(b'"');
}
