//! Conditions on answers: `{ status = [409] }`, `{ at = "/data/state", values = ["pending"] }`.

use orgvault_config::checked_toml::{Table, Value};

use super::values::{pointer, some, statuses};
use crate::product::{api::Condition, parse::document::json_value};

/// A condition that stands by itself.
pub(super) fn condition(value: &Value<'_>) -> Option<Condition> {
    value.table(read)
}

/// Some of them, any of which may hold.
pub(super) fn conditions(value: &Value<'_>) -> Option<Vec<Condition>> {
    value.each(condition)
}

/// The keys of a condition, which may have others beside it.
pub(super) fn read(table: &Table<'_>) -> Condition {
    let condition = Condition {
        status: table.or("status", Vec::new(), statuses),
        at: table.optional("at", pointer),
        values: table.or("values", Vec::new(), scalars),
        null: table.optional("null", Value::boolean),
        says: table.optional("says", Value::some_text),
    };
    let of_a_value = ["values", "null"].into_iter().find(|key| table.has(key));
    match of_a_value {
        Some(key) if !table.has("at") => {
            table.refuse(key, "says nothing of where the value is", "add `at = \"/data/state\"`");
        }
        None if table.has("at") => {
            table.refuse("at", "has no value to compare", "add `values = [..]`, or `null = true` or `false`");
        }
        None if !table.has("status") && !table.has("says") => {
            table.refuse(
                "status",
                "is missing, and nothing else is asked",
                "add `status`, `at` with `values`, or `says`",
            );
        }
        _ => {}
    }
    condition
}

/// Strings, numbers and booleans, which an answer must have by their type.
fn scalars(value: &Value<'_>) -> Option<Vec<serde_json::Value>> {
    let scalar = |element: &Value<'_>| {
        if element.raw().is_table() || element.raw().is_array() {
            return element.refuse("is no single value", "write strings, numbers, true or false");
        }
        json_value(element)
    };
    some(value, scalar, "write at least one value; for null there is `null = true`")
}
