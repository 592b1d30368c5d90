//! The settings of a session: those that it makes, and whether a query changed any.

use std::{fmt::Write as _, time::Duration};

/// What the session sets for itself. The first rows change bytes, the rest keeps a reader from
/// waiting, from burning CPU on plans, and from staying when we are gone.
const SETTINGS: &[(&str, &str)] = &[
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("client_encoding", "UTF8"),
    ("xmlbinary", "base64"),
    ("lc_monetary", "C"),
    ("lc_numeric", "C"),
    ("lc_time", "C"),
    ("quote_all_identifiers", "off"),
    ("standard_conforming_strings", "on"),
    ("transform_null_equals", "off"),
    ("gin_fuzzy_search_limit", "0"),
    ("row_security", "off"),
    ("default_transaction_read_only", "on"),
    ("default_transaction_deferrable", "off"),
    ("application_name", "orgvault"),
    ("client_min_messages", "error"),
    ("jit", "off"),
    ("lock_timeout", "30s"),
    // A writer that waits for its disk is idle in between; one that was stopped must not hold
    // the snapshot for ever.
    ("idle_in_transaction_session_timeout", "15min"),
    ("idle_session_timeout", "0"),
    ("transaction_timeout", "0"),
    ("tcp_keepalives_idle", "60"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "6"),
];

/// What else decides which rows a query gives.
const OTHERS: [&str; 4] = ["statement_timeout", "search_path", "role", "session_authorization"];

/// One statement for the settings that this server knows, one for what it says of itself, one
/// for the settings as they are then. `ALTER ROLE .. SET role` hides the session's own row in
/// `pg_stat_activity` from it, so the second one is asked as the role that logged in.
pub(super) fn set_up_sql(statement_timeout: Duration) -> String {
    let mut sql = "SELECT pg_catalog.set_config(v.name, v.value, false) FROM (VALUES ".to_owned();
    for (name, value) in SETTINGS {
        write_row(&mut sql, name, value);
    }
    write_row(&mut sql, "statement_timeout", &statement_timeout.as_millis().to_string());
    sql.truncate(sql.len() - 1);
    sql.push_str(
        ") AS v(name, value) JOIN pg_catalog.pg_settings AS s ON pg_catalog.lower(s.name) = pg_catalog.lower(v.name);
         SET ROLE NONE;
         SELECT pid::text AS pid, backend_start::text AS started, pg_catalog.current_setting('server_version') AS \
         version, pg_catalog.current_setting('server_version_num') AS version_number, \
         pg_catalog.pg_is_in_recovery() AS standby
         FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid();
         RESET ROLE;",
    );
    sql + &format!("SELECT {} AS settings", now())
}

/// An expression that gives the settings as they are, one in a line: `TimeZone = UTC`.
pub(in crate::source::sql::postgres) fn now() -> String {
    let mut sql = "pg_catalog.concat_ws(E'\\n'".to_owned();
    for name in SETTINGS.iter().map(|(name, _)| *name).chain(OTHERS) {
        // Writing to a string cannot fail.
        write!(sql, ", '{name} = ' || pg_catalog.current_setting('{name}', true)").unwrap_or_default();
    }
    sql + ")"
}

/// The names of the settings that are others now; none where none is.
pub(super) fn changed(before: &str, now: &str) -> Option<String> {
    let lines = before.lines().zip(now.lines()).filter(|(before, now)| before != now);
    let names: Vec<&str> = lines.filter_map(|(before, _)| before.split(" = ").next()).collect();
    (before != now).then(|| names.join(", "))
}

fn write_row(sql: &mut String, name: &str, value: &str) {
    // Writing to a string cannot fail.
    write!(sql, "('{name}','{value}'),").unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_query_changed_is_named() {
        let before = "TimeZone = UTC\nrow_security = off\nrole = none";
        assert_eq!(changed(before, before), None);
        let now = "TimeZone = UTC\nrow_security = on\nrole = b";
        assert_eq!(changed(before, now), Some("row_security, role".to_owned()));
    }
}
