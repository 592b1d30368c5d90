//! UUIDs in their text form of RFC 9562, section 4: 8-4-4-4-12 hexadecimal digits.

/// The 16 bytes of a UUID; none where the text is no such form.
pub(super) fn parse(text: &str) -> Option<[u8; 16]> {
    let bytes: &[u8; 36] = text.as_bytes().try_into().ok()?;
    let mut digits = bytes.iter().enumerate().filter(|(at, _)| !matches!(at, 8 | 13 | 18 | 23));
    if [8, 13, 18, 23].iter().any(|at| bytes.get(*at) != Some(&b'-')) {
        return None;
    }
    let mut next = || digits.next().and_then(|(_, digit)| char::from(*digit).to_digit(16));
    let mut uuid = [0; 16];
    for byte in &mut uuid {
        *byte = u8::try_from(next()? << 4 | next()?).ok()?;
    }
    Some(uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_the_canonical_form() {
        let bytes = [0x01, 0x90, 0xa6, 0xe0, 0x7c, 0x1c, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0x0f];
        assert_eq!(parse("0190a6e0-7c1c-7000-8000-00000000000f"), Some(bytes));
        assert_eq!(parse("0190A6E0-7C1C-7000-8000-00000000000F"), Some(bytes));
        for text in [
            "",
            "0190a6e07c1c7000800000000000000f",
            "0190a6e0-7c1c-7000-8000-00000000000g",
            "0190a6e0-7c1c-7000-8000+00000000000f",
            "0190a6e0-7c1c-7000-8000-00000000000",
            "0190a6e0-7c1c-7000-8000-00000000000é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
