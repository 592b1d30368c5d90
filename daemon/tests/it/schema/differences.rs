//! What a live database and one that has moved on since differ in.

use orgvault_daemon::schema::differences::{Difference, Severity, differences};
use orgvault_testing::postgres::Database;

use super::{RICH, surveyed, tables_of};

/// What an app's next release may do to the rich database, and what an admin may.
const LATER: &str = r#"
ALTER TYPE "Odd ""schema"".1"."Mood.2" RENAME VALUE 'b' TO 'better';
ALTER DOMAIN public.name DROP CONSTRAINT "not blank";
ALTER TABLE users RENAME label TO title;
ALTER TABLE users ALTER picture TYPE text USING encode(picture, 'hex');
ALTER TABLE users ADD age integer NOT NULL;
ALTER TABLE users DISABLE TRIGGER touch;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
ALTER TABLE users DROP CONSTRAINT users_organization,
  ADD CONSTRAINT renamed FOREIGN KEY (organization_id) REFERENCES organizations;
CREATE UNIQUE INDEX nobody_twice ON users (nick);
ALTER TABLE events DETACH PARTITION events_rest;
ALTER TABLE events_open DETACH PARTITION events_open_2026;
DROP TABLE audits;
"#;

#[tokio::test]
async fn a_database_that_has_moved_on_is_told_of() {
    let archive = Database::new();
    archive.psql(RICH);
    let tables = tables_of(&archive);
    let target = Database::new();
    target.psql(RICH);
    target.psql(LATER);
    let (archive, target) = (surveyed(&archive, &tables).await.unwrap(), surveyed(&target, &tables).await.unwrap());
    assert!(differences(&archive, &archive).iter().all(is_of_the_target));
    let found = differences(&archive, &target);
    let lines: Vec<String> = found.iter().filter(|it| !is_of_the_target(it)).map(ToString::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"));
    assert!(found.iter().any(|it| it.severity == Severity::Stops && it.code.name() == "row_security_forced"));
}

/// What the target does by itself is told whether the archive's database did it too or not.
fn is_of_the_target(found: &Difference) -> bool {
    ["trigger", "rule", "row_security_enabled", "row_security_forced"].contains(&found.code.name())
}
