//! Records of CSV as PostgreSQL writes it.

use std::mem;

/// Where the first record ends: the byte after its line break.
pub(super) fn first_record(bytes: &[u8]) -> Option<usize> {
    let mut quoted = false;
    for at in memchr::memchr2_iter(b'"', b'\n', bytes) {
        match bytes.get(at) {
            Some(b'"') => quoted = !quoted,
            _ if !quoted => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The fields of one record.
pub(super) fn fields(record: &[u8]) -> Vec<String> {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    let record = record.strip_suffix(b"\r").unwrap_or(record);
    let (mut fields, mut field, mut quoted) = (Vec::new(), Vec::new(), false);
    let mut bytes = record.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.peek() == Some(&b'"') => {
                bytes.next();
                field.push(b'"');
            }
            b'"' => quoted = !quoted,
            b',' if !quoted => fields.push(mem::take(&mut field)),
            byte => field.push(byte),
        }
    }
    fields.push(field);
    fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_may_hold_anything() {
        let header = b"id,\"a,b\",\"c\"\"\nd\"\n1,2,3\n";
        assert_eq!(first_record(header), Some(17));
        assert_eq!(fields(&header[..17]), ["id", "a,b", "c\"\nd"]);
        assert_eq!(first_record(b"id,\"a\n"), None);
    }
}
