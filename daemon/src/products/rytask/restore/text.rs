//! Values as `COPY .. (FORMAT csv, NULL '\N')` writes them.

use orgvault_archive::full::NULL;
use serde_json::Value;

/// Writes one field, in quotes where the server would.
pub(super) fn field(line: &mut String, text: Option<&str>) {
    let Some(text) = text else { return line.push_str(NULL) };
    if text != NULL && !text.contains([',', '"', '\n', '\r']) {
        return line.push_str(text);
    }
    line.push('"');
    line.push_str(&text.replace('"', "\"\""));
    line.push('"');
}

/// `2026-02-11T08:00:00.120Z` as the server has it in UTC: `2026-02-11 08:00:00.12+00`. Years after 9999 have a plus
/// and six digits in JSON.
pub(super) fn instant(text: &str) -> Option<String> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (time, fraction) = time.split_once('.')?;
    let (year, day) = date.trim_start_matches('+').split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = day.split('-').chain(time.split(':')).chain([year, fraction]);
    if parts.clone().count() != 7 || !parts.clone().all(is_number) {
        return None;
    }
    let year = year.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{year:0>4}-{day} {time}{point}{fraction}+00"))
}

/// Settings as RyTask stores them. What was stored as JSON within a string is shown like any other: it is known by
/// keys in an order that the server does not keep, or by a text that is JSON itself, and goes back into a string.
pub(super) fn settings(value: &Value) -> String {
    if is_text(value) { jsonb(&Value::String(value.to_string())) } else { jsonb(value) }
}

/// Whether settings were stored as JSON within a string.
pub(super) fn is_text(value: &Value) -> bool {
    match value {
        Value::String(text) => serde_json::from_str::<Value>(text).is_ok(),
        other => !is_in_order(other),
    }
}

/// Whether every object has its keys as JavaScript prints those of a `jsonb` value: numbers first, then by length.
fn is_in_order(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(is_in_order),
        Value::Object(object) => object.values().all(is_in_order) && object.keys().is_sorted_by_key(|key| place(key)),
        _ => true,
    }
}

/// JavaScript takes `0` to `4294967294` for places in an array.
fn place(key: &str) -> (bool, u32, usize, &str) {
    let number = key.parse::<u32>().ok().filter(|number| *number < u32::MAX && number.to_string() == key);
    number.map_or((true, 0, key.len(), key), |number| (false, number, 0, ""))
}

/// As the server prints `jsonb`: keys by length and bytes, numbers without an exponent.
fn jsonb(value: &Value) -> String {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => float.to_string(),
            _ => number.to_string(),
        },
        Value::Array(items) => format!("[{}]", items.iter().map(jsonb).collect::<Vec<_>>().join(", ")),
        Value::Object(object) => {
            let mut pairs: Vec<(&String, &Value)> = object.iter().collect();
            pairs.sort_by_key(|(key, _)| (key.len(), key.as_str()));
            let pair = |(key, value): (&String, &Value)| format!("{}: {}", Value::String(key.clone()), jsonb(value));
            format!("{{{}}}", pairs.into_iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_quoted_where_the_server_quotes_it() {
        let written = |text: Option<&str>| {
            let mut line = String::new();
            field(&mut line, text);
            line
        };
        assert_eq!(written(None), "\\N");
        assert_eq!(written(Some("\\N")), "\"\\N\"");
        assert_eq!(written(Some("")), "");
        assert_eq!(written(Some("a,\"b\"\n")), "\"a,\"\"b\"\"\n\"");
        assert_eq!(written(Some(" \t;'\\.")), " \t;'\\.");
    }

    #[test]
    fn an_instant_is_the_servers_own() {
        assert_eq!(instant("2026-02-11T08:00:00.000Z").unwrap(), "2026-02-11 08:00:00+00");
        assert_eq!(instant("1969-12-31T23:59:59.120Z").unwrap(), "1969-12-31 23:59:59.12+00");
        assert_eq!(instant("+010000-01-01T00:00:00.001Z").unwrap(), "10000-01-01 00:00:00.001+00");
        assert_eq!(instant("0099-01-01T00:00:00.000Z").unwrap(), "0099-01-01 00:00:00+00");
        for odd in ["2026-02-11", "2026-02-11T08:00:00.000", "2026-02-11T08:00:0x.000Z", "-000001-01-01T00:00:00.000Z"]
        {
            assert_eq!(instant(odd), None, "{odd}");
        }
    }

    #[test]
    fn settings_go_back_into_what_they_came_from() {
        let of = |text: &str| settings(&serde_json::from_str(text).unwrap());
        assert_eq!(
            of(r#"{"b":1,"timezone":"UTC","allowPublicSignup":true}"#),
            r#"{"b": 1, "timezone": "UTC", "allowPublicSignup": true}"#
        );
        assert_eq!(of(r#"{"2":1,"10":[],"b":{},"01":null}"#), r#"{"2": 1, "b": {}, "01": null, "10": []}"#);
        assert_eq!(
            of(r#"{"a":1e+21,"b":1e-7,"c":-0.5}"#),
            r#"{"a": 1000000000000000000000, "b": 0.0000001, "c": -0.5}"#
        );
        assert_eq!(of(r#"{"b":1,"a":[1]}"#), r#""{\"b\":1,\"a\":[1]}""#);
        assert_eq!(of(r#""12""#), r#""\"12\"""#);
        assert_eq!(of(r#""plain""#), r#""plain""#);
        assert_eq!(of("null"), "null");
    }
}
