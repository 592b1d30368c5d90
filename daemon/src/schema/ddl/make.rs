//! Running the statements.

use sqlx::{AssertSqlSafe, PgConnection};

use super::Statement;

/// Why something could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// The server refused a statement.
    #[error("cannot make {makes}")]
    Refused {
        /// What: `table public.users`.
        makes: String,
        /// What it said.
        source: sqlx::Error,
    },
    /// The server refused the settings, or is gone.
    #[error("cannot set the connection up to make tables")]
    Settings(#[source] sqlx::Error),
}

/// Names have their schema, literals no escapes, bodies of functions may name what is not there yet, and nobody reads
/// that something was there already.
const SETTINGS: &str = "
SELECT pg_catalog.set_config('search_path', '', false), pg_catalog.set_config('check_function_bodies', 'off', false),
  pg_catalog.set_config('standard_conforming_strings', 'on', false),
  pg_catalog.set_config('client_min_messages', 'warning', false)";

/// The role's and the database's own.
const RESET: [&str; 4] = [
    "RESET search_path",
    "RESET check_function_bodies",
    "RESET standard_conforming_strings",
    "RESET client_min_messages",
];

/// Runs the statements one by one; none can be two. The session's settings are its defaults afterwards.
///
/// # Errors
/// At the first that the server refuses: what it refused, with its words.
pub async fn make(connection: &mut PgConnection, statements: &[Statement]) -> Result<(), MakeError> {
    let set = sqlx::query(SETTINGS).persistent(false).execute(&mut *connection).await;
    set.map_err(MakeError::Settings)?;
    let made = each(connection, statements).await;
    for reset in RESET {
        let reset = sqlx::query(reset).persistent(false).execute(&mut *connection).await;
        // Why something could not be made says more than that the settings stay.
        if made.is_ok() {
            reset.map_err(MakeError::Settings)?;
        }
    }
    made
}

async fn each(connection: &mut PgConnection, statements: &[Statement]) -> Result<(), MakeError> {
    for Statement { makes, sql } in statements {
        let refused = |source| MakeError::Refused { makes: makes.clone(), source };
        // A query without parameters still goes by the extended protocol, which takes one statement at a time.
        let query = sqlx::query(AssertSqlSafe(sql.as_str())).persistent(false);
        query.execute(&mut *connection).await.map_err(refused)?;
    }
    Ok(())
}
