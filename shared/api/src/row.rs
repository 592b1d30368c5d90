//! One row of an archive on the wire.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// One row: a JSON object whose text is the archive's own, so that no digit of a number is lost.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct Row(Box<RawValue>);

impl Row {
    /// The JSON text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// Column and value, in the archive's order; empty where the row is no object.
    #[must_use]
    pub fn cells(&self) -> Vec<(String, Box<RawValue>)> {
        serde_json::from_str::<Cells>(self.text()).map(|cells| cells.0).unwrap_or_default()
    }

    /// The columns, in the archive's order, where there are no more than `most`; none where there
    /// are more. Empty where the row is no object.
    #[must_use]
    pub fn columns(&self, most: usize) -> Option<Vec<String>> {
        let mut deserializer = serde_json::Deserializer::from_str(self.text());
        deserializer.disable_recursion_limit();
        match (Names { most }).deserialize(&mut deserializer) {
            Ok(names) => names,
            Err(_) => Some(Vec::new()),
        }
    }

    /// The value of one column.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<Box<RawValue>> {
        self.cells().into_iter().find(|(name, _)| name == column).map(|(_, value)| value)
    }

    /// A value for people: text without quotes, nothing for `null`, else its JSON.
    #[must_use]
    pub fn shown(value: &RawValue) -> Cow<'_, str> {
        match value.get() {
            "null" => Cow::Borrowed(""),
            text if text.starts_with('"') => match serde_json::from_str(text) {
                Ok(text) => Cow::Owned(text),
                // A lone surrogate (`\ud800`) is JSON and no text.
                Err(_) => Cow::Borrowed(text),
            },
            other => Cow::Borrowed(other),
        }
    }
}

impl From<Box<RawValue>> for Row {
    fn from(text: Box<RawValue>) -> Self {
        Self(text)
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Row {}

/// The keys of an object, without its values.
struct Names {
    most: usize,
}

impl<'de> DeserializeSeed<'de> for Names {
    type Value = Option<Vec<String>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Names {
    type Value = Option<Vec<String>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut names = Vec::new();
        while let Some((name, IgnoredAny)) = map.next_entry()? {
            if names.len() <= self.most {
                names.push(name);
            }
        }
        Ok((names.len() <= self.most).then_some(names))
    }
}

struct Cells(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Cells {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(CellsVisitor)
    }
}

struct CellsVisitor;

impl<'de> Visitor<'de> for CellsVisitor {
    type Value = Cells;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Cells, M::Error> {
        let mut cells = Vec::new();
        while let Some(cell) = map.next_entry()? {
            cells.push(cell);
        }
        Ok(Cells(cells))
    }
}
