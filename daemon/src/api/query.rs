//! Queries as the products' own frameworks read them: a parameter may be there several times.

use percent_encoding::percent_decode_str;

/// Every parameter with its value, in their order.
pub(crate) fn parameters(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// The values of one parameter, in their order.
pub(crate) fn values<'a>(parameters: &'a [(String, String)], name: &str) -> impl Iterator<Item = &'a str> {
    parameters.iter().filter(move |(one, _)| one == name).map(|(_, value)| value.as_str())
}
