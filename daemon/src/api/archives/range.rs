//! Which part of a file a request asks for (RFC 9110, sections 13.1 and 14.2). Pure.

use axum::http::{HeaderMap, HeaderName, Method, header};

/// What of the file is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// All of it: also where several ranges are asked for, or something that is none.
    Whole,
    /// From byte `first` to byte `last`, both from 0.
    Part {
        /// The first byte.
        first: u64,
        /// The last byte.
        last: u64,
    },
    /// Nothing: the client has it.
    Unchanged,
    /// Nothing: the range begins past the end.
    Beyond,
}

/// What is asked of a file of `size` bytes with the entity tag `tag`.
pub(super) fn asked(method: &Method, headers: &HeaderMap, tag: &str, size: u64) -> Asked {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::IF_NONE_MATCH).is_some_and(|tags| names(tags, tag)) {
        return Asked::Unchanged;
    }
    // A tag that is not the file's means that the client has the beginning of something else. A
    // weak one proves nothing here.
    let same = text(header::IF_RANGE).is_none_or(|condition| condition == tag && !tag.starts_with("W/"));
    match text(header::RANGE) {
        Some(range) if method == Method::GET && same => part(range, size),
        _ => Asked::Whole,
    }
}

fn names(tags: &str, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    tags.trim() == "*" || tags.split(',').any(|one| opaque(one) == opaque(tag))
}

fn part(range: &str, size: u64) -> Asked {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-')) else {
        return Asked::Whole;
    };
    match (number(first), number(last)) {
        (None, Some(0)) => Asked::Beyond,
        (None, Some(suffix)) if first.is_empty() && size > 0 => {
            Asked::Part { first: size.saturating_sub(suffix), last: size - 1 }
        }
        (None, Some(_)) if first.is_empty() => Asked::Beyond,
        (Some(first), Some(last)) if first > last => Asked::Whole,
        (Some(first), _) if first >= size && (last.is_empty() || number(last).is_some()) => Asked::Beyond,
        (Some(first), Some(last)) => Asked::Part { first, last: last.min(size - 1) },
        (Some(first), None) if last.is_empty() => Asked::Part { first, last: size - 1 },
        _ => Asked::Whole,
    }
}

/// A number of digits alone; one that is too large is past every end.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn ask(headers: &[(HeaderName, &'static str)]) -> Asked {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        asked(&Method::GET, &headers, "\"abc\"", 1000)
    }

    #[test]
    fn one_range_is_that_part_and_one_past_the_end_is_refused() {
        let part = |first, last| Asked::Part { first, last };
        for (range, what) in [
            ("bytes=0-0", part(0, 0)),
            ("bytes=0-", part(0, 999)),
            ("bytes=10-19", part(10, 19)),
            ("bytes=990-5000", part(990, 999)),
            ("bytes=990-99999999999999999999999", part(990, 999)),
            ("bytes=-10", part(990, 999)),
            ("bytes=-5000", part(0, 999)),
            ("bytes=1000-", Asked::Beyond),
            ("bytes=1000-2000", Asked::Beyond),
            ("bytes=99999999999999999999999-", Asked::Beyond),
            ("bytes=-0", Asked::Beyond),
            ("bytes=20-10", Asked::Whole),
            ("bytes=0-1,5-6", Asked::Whole),
            ("bytes=", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("bytes=a-b", Asked::Whole),
            ("bytes=+1-2", Asked::Whole),
            ("lines=1-2", Asked::Whole),
        ] {
            assert_eq!(ask(&[(header::RANGE, range)]), what, "{range}");
        }
        let empty = |range: &'static str| {
            let headers = [(header::RANGE, HeaderValue::from_static(range))].into_iter().collect();
            asked(&Method::GET, &headers, "\"\"", 0)
        };
        assert_eq!([empty("bytes=0-"), empty("bytes=-1"), empty("bytes=1-2")], [Asked::Beyond; 3]);
    }

    #[test]
    fn tags_say_whether_it_is_the_same_file() {
        let range = (header::RANGE, "bytes=5-");
        assert_eq!(ask(&[(header::IF_NONE_MATCH, "\"x\", W/\"abc\"")]), Asked::Unchanged);
        assert_eq!(ask(&[(header::IF_NONE_MATCH, "*")]), Asked::Unchanged);
        assert_eq!(ask(&[(header::IF_NONE_MATCH, "\"x\"")]), Asked::Whole);
        assert_eq!(ask(&[range.clone(), (header::IF_RANGE, "\"abc\"")]), Asked::Part { first: 5, last: 999 });
        assert_eq!(ask(&[range.clone(), (header::IF_RANGE, "\"x\"")]), Asked::Whole);
        let headers = [(range.0, range.1.parse().unwrap())].into_iter().collect();
        assert_eq!(asked(&Method::HEAD, &headers, "\"abc\"", 1000), Asked::Whole);
    }
}
