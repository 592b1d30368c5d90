//! A daemon that is killed while it restores.

use std::fs;

use orgvault_api::RestoreRequest;
use tokio_util::task::TaskTracker;

use super::{DEFINITION, TEAMS, emptied, own_rows, rows};
use crate::{
    api::{binary::Running, fixture::until},
    full::fixture::{full, team, teams},
    restore::{
        fixture::settled,
        killed::{Holder, WAIT},
    },
};

const TABLES: [&str; 5] = ["people", "teams", "members", "notes", "\"Odd.Name \"\"x\"\"\""];

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_killed_at_any_table_has_restored_nothing() {
    let (from, source) = teams(TEAMS);
    let archive = full(&source, &team(1)).await.unwrap();
    let target = emptied();
    target.psql(WAIT);
    target.psql("INSERT INTO teams VALUES (2, 'Team 2', 'team-2', NULL); INSERT INTO members VALUES ('cleo', 2)");
    let products = tempfile::tempdir().unwrap();
    fs::write(products.path().join("teams.toml"), DEFINITION).unwrap();
    let copied = format!("cp -r {} \"${{3%/*}}/products\"", products.path().display());
    let configured = format!(
        "[[source]]\nname = \"teams\"\nproduct = \"teams\"\nurl = \"{}\"\n\
         [[target]]\nname = \"empty\"\nkind = \"postgres\"\nurl = \"{}\"\n",
        from.url(),
        target.admin_url()
    );
    let mut daemon = Running::start_in(&copied, &configured).await;
    let file = archive.path.to_str().unwrap().to_owned();
    let request = RestoreRequest { file: Some(file), into: "empty".to_owned(), ..RestoreRequest::default() };
    let before = rows(&target);
    for table in TABLES {
        target
            .psql(&format!("CREATE TRIGGER wait BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION wait_for_it()"));
        let plan = daemon.client().restore(&request).await.unwrap().plan;
        let holder = Holder::of(&target);
        let (client, asked) = (daemon.client(), RestoreRequest { apply: Some(plan.id), ..request.clone() });
        let asked = TaskTracker::new().spawn(async move { client.restore(&asked).await });
        let waits =
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'orgvault' AND wait_event = 'advisory'";
        until("the restore waits", async || asked.is_finished() || target.psql(waits) == "1").await;
        assert!(!asked.is_finished(), "{:?}", asked.await);
        daemon.kill().await;
        drop(holder);
        asked.await.unwrap().unwrap_err();
        tokio::task::block_in_place(|| settled(&target));
        assert_eq!(rows(&target), before, "{table}");
        target.psql(&format!("DROP TRIGGER wait ON {table}"));
        daemon.start_again().await;
    }
    let plan = daemon.client().restore(&request).await.unwrap().plan;
    daemon.client().restore(&RestoreRequest { apply: Some(plan.id), ..request }).await.unwrap();
    assert_eq!(own_rows(&target), own_rows(&from));
    assert_eq!(target.psql("SELECT count(*) FROM members"), "3", "nobody else's row is another one");
}
