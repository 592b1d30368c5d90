//! The order of an object's keys.

use crate::product::JsonStyle;

/// ECMAScript's largest array index, 2^32 - 2.
const LAST_INDEX: u64 = 4_294_967_294;

/// `"key":value` of an object, as places in the output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) start: usize,
    pub(super) value: usize,
    pub(super) end: usize,
}

impl Member {
    /// The key without its quotes. It is in its one canonical spelling, so that keys are equal
    /// where their bytes are.
    pub(super) fn key(self, out: &[u8]) -> &[u8] {
        &out[self.start + 1..self.value - 2]
    }
}

/// An object in the output that has to be written again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fix {
    /// Where its opening bracket is.
    pub(super) start: usize,
    /// Behind its closing bracket.
    pub(super) end: usize,
    /// From and to which piece its contents are listed.
    pub(super) pieces: (usize, usize),
    /// Whether it becomes a list.
    pub(super) list: bool,
}

/// Lists the members in the style's order, if that is not the order they are in: whether they
/// become a list.
pub(super) fn arrange(
    members: &[Member],
    out: &[u8],
    style: JsonStyle,
    pieces: &mut Vec<(usize, usize)>,
) -> Option<bool> {
    let sorted = members.is_sorted_by(|a, b| sort_key(a.key(out)) < sort_key(b.key(out)));
    let unique = if sorted { None } else { without_duplicates(members, out) };
    let members = unique.as_deref().unwrap_or(members);
    if style == JsonStyle::Php && is_list(members, out) {
        pieces.extend(members.iter().map(|member| (member.value, member.end)));
        return Some(true);
    }
    let moved = if style == JsonStyle::Javascript { indexes_first(members, out) } else { None };
    if unique.is_none() && moved.is_none() {
        return None;
    }
    pieces.extend(moved.as_deref().unwrap_or(members).iter().map(|member| (member.start, member.end)));
    Some(false)
}

/// As PostgreSQL sorts the keys of `jsonb`: one that is sorted so has no key twice.
fn sort_key(key: &[u8]) -> (usize, &[u8]) {
    (key.len(), key)
}

/// Of equal keys the last's value at the first's place, as both languages do it; none where all
/// differ.
fn without_duplicates(members: &[Member], out: &[u8]) -> Option<Vec<Member>> {
    let mut places: Vec<usize> = (0..members.len()).collect();
    // Stable: equal keys keep their order.
    places.sort_by(|a, b| members[*a].key(out).cmp(members[*b].key(out)));
    let groups = places.chunk_by(|a, b| members[*a].key(out) == members[*b].key(out));
    let mut kept: Vec<(usize, Member)> = groups.map(|group| (group[0], members[group[group.len() - 1]])).collect();
    if kept.len() == members.len() {
        return None;
    }
    kept.sort_by_key(|(place, _)| *place);
    Some(kept.into_iter().map(|(_, member)| member).collect())
}

/// Whether the keys are 0, 1, 2 and so on, which PHP cannot tell from a list.
fn is_list(members: &[Member], out: &[u8]) -> bool {
    let mut expected = 0_u64..;
    members.iter().all(|member| index(member.key(out)) == expected.next())
}

/// Keys that are array indexes first, by number; none where they are already.
fn indexes_first(members: &[Member], out: &[u8]) -> Option<Vec<Member>> {
    let rank = |member: &Member| index(member.key(out)).unwrap_or(u64::MAX);
    if members.is_sorted_by_key(rank) {
        return None;
    }
    let mut moved = members.to_vec();
    moved.sort_by_key(rank);
    Some(moved)
}

/// The array index that a key is: canonical decimal, 0 to 4294967294.
fn index(key: &[u8]) -> Option<u64> {
    if !matches!(key, [b'0'] | [b'1'..=b'9', ..]) || key.len() > 10 || !key.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = key.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
    (number <= LAST_INDEX).then_some(number)
}

enum Step {
    Copy(usize, usize),
    Byte(u8),
}

/// Appends the range of `from` to `to` with every fix applied.
pub(super) fn rewrite(
    fixes: &mut [Fix],
    pieces: &[(usize, usize)],
    range: (usize, usize),
    from: &[u8],
    to: &mut Vec<u8>,
) {
    fixes.sort_unstable_by_key(|fix| fix.start);
    let mut steps = vec![Step::Copy(range.0, range.1)];
    while let Some(step) = steps.pop() {
        let (start, end) = match step {
            Step::Byte(byte) => {
                to.push(byte);
                continue;
            }
            Step::Copy(start, end) => (start, end),
        };
        let next = fixes.partition_point(|fix| fix.start < start);
        let Some(fix) = fixes.get(next).filter(|fix| fix.start < end) else {
            to.extend_from_slice(&from[start..end]);
            continue;
        };
        to.extend_from_slice(&from[start..fix.start]);
        to.push(if fix.list { b'[' } else { b'{' });
        steps.push(Step::Copy(fix.end, end));
        steps.push(Step::Byte(if fix.list { b']' } else { b'}' }));
        for (place, (start, end)) in pieces[fix.pieces.0..fix.pieces.1].iter().enumerate().rev() {
            steps.push(Step::Copy(*start, *end));
            if place > 0 {
                steps.push(Step::Byte(b','));
            }
        }
    }
}
