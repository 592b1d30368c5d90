//! The steps that bring a catalog of any age to what this version reads: `migrations/*.sql`, by
//! their numbers, as `build.rs` found them.

use std::borrow::Cow;

use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

/// Number, description and SQL of each.
const FILES: &[(i64, &str, &str)] = &include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// All of them. sqlx's own macro does the same, and would have sqlx and SQLite compiled a second
/// time for the compiler's sake.
pub(super) fn migrations() -> Migrator {
    let migration = |&(number, words, sql): &(i64, &'static str, &'static str)| {
        Migration::new(number, Cow::Borrowed(words), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(FILES.iter().map(migration).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A catalog keeps the sums of the steps it went through, and is refused where they differ.
    #[tokio::test]
    async fn they_are_what_sqlx_itself_reads_from_the_folder() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let expected = Migrator::new(folder).await.unwrap();
        let told = |migrator: &Migrator| {
            let all = migrator.iter().map(|it| (it.version, it.description.clone(), it.checksum.clone(), it.no_tx));
            all.collect::<Vec<_>>()
        };
        assert!(expected.iter().count() >= 10);
        assert_eq!(told(&migrations()), told(&expected));
    }
}
