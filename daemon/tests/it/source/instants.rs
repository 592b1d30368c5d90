//! Every section shows the same instant.

use std::{
    io::Write as _,
    process::Child,
    sync::atomic::{AtomicBool, Ordering},
};

use super::fixture::{definition, read, source};
use orgvault_testing::postgres::Database;

const SETUP: &str = "
    CREATE TABLE left_side (organization_id int, n int);
    CREATE TABLE right_side (organization_id int, n int);
    INSERT INTO left_side SELECT 1, n FROM generate_series(1, 1000) AS n;";
/// One row at a time walks from one table to the other and back, and commits.
const MOVE: &str = "
    WITH moved AS (DELETE FROM left_side WHERE n = (SELECT min(n) FROM left_side) RETURNING *)
      INSERT INTO right_side SELECT * FROM moved;
    WITH moved AS (DELETE FROM right_side WHERE n = (SELECT max(n) FROM right_side) RETURNING *), new AS (
      INSERT INTO left_side SELECT organization_id, n + 1000000 FROM moved RETURNING 1) SELECT count(*) FROM new;
";

/// Says stop also when an assertion fails.
struct Stop<'s>(&'s AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn writer(database: &Database, stop: &AtomicBool) {
    let Child { stdin, stdout, .. } = &mut database.session();
    let mut stdout = std::io::BufReader::new(stdout.take().unwrap());
    let mut stdin = stdin.take().unwrap();
    while !stop.load(Ordering::Relaxed) {
        stdin.write_all(MOVE.as_bytes()).unwrap();
        std::io::BufRead::read_line(&mut stdout, &mut String::new()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sections_agree_while_the_app_writes() {
    let database = Database::new();
    database.psql(SETUP);
    let rows = |side: &str| format!("SELECT n FROM {side}_side WHERE organization_id = $1");
    let (left, right) = (rows("left"), rows("right"));
    let source =
        source(&database.admin_url(), definition(&[("left", "left_side", &left), ("right", "right_side", &right)]));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| writer(&database, &stop));
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                let _stop = Stop(&stop);
                let mut ids = std::collections::HashSet::new();
                for _ in 0..40 {
                    let mut snapshot = source.snapshot("1").await.unwrap();
                    ids.insert(snapshot.id().to_owned());
                    let counts = snapshot.counts().await.unwrap();
                    let left = read(&mut snapshot, 0).await.unwrap();
                    let right = read(&mut snapshot, 1).await.unwrap();
                    assert_eq!(left.cells.len() + right.cells.len(), 1000);
                    assert_eq!(counts, [left.cells.len() as u64, right.cells.len() as u64]);
                    // The same section again, for a second format, is the same rows.
                    assert_eq!(read(&mut snapshot, 0).await.unwrap().cells, left.cells);
                    snapshot.finish().await.unwrap();
                }
                assert_eq!(ids.len(), 40);
            });
        });
    });
}
