//! The products' definitions through the daemon's socket.

use orgvault_api::{
    Export, ExportRequest, Format, State,
    client::{ArchiveFilter, RowsQuery},
};
use orgvault_config::SourceConfig;
use orgvault_daemon::{product::Products, source::Source};
use tokio_util::task::TaskTracker;

use crate::{
    api::fixture::{Daemon, problem, until},
    source::fixture,
};
use orgvault_testing::postgres::{Database, SOLIDTIME, Server, TRUEPPM};

const ACME: &str = "0000000a-0000-4000-8000-000000000000";
const ATLAS: &str = "00000001-0000-4000-8000-000000000001";

/// A daemon whose role may read just what the product's definition needs.
pub(crate) async fn serving(product: &str, sql: &[&str]) -> (Database, Daemon) {
    let database = Database::new();
    let daemon = serving_from(&database, product, sql).await;
    (database, daemon)
}

async fn serving_from(database: &Database, product: &str, sql: &[&str]) -> Daemon {
    for sql in sql {
        database.psql(sql);
    }
    let config = SourceConfig { product: product.to_owned(), ..fixture::config(&database.url()) };
    let definition = Products::embedded().unwrap().get(product).unwrap().clone();
    let source = Source::new(config.clone(), definition, TaskTracker::new()).unwrap();
    database.psql(&source.check().await.grants);
    Daemon::start_with(|daemon| daemon.sources = vec![config]).await
}

/// The one export of a request, when it has ended.
pub(crate) async fn exported(daemon: &Daemon, request: &ExportRequest) -> Export {
    let gid = daemon.client.start_exports(request).await.unwrap().exports[0].gid;
    until("the export ends", async || daemon.client.export(gid).await.unwrap().state.is_final()).await;
    daemon.client.export(gid).await.unwrap()
}

pub(crate) fn ask(organization: &str, format: Option<Format>) -> ExportRequest {
    ExportRequest {
        organizations: vec![organization.to_owned()],
        formats: format.into_iter().collect(),
        ..ExportRequest::default()
    }
}

/// Rows by section, as `name rows`.
fn counts(export: &Export) -> Vec<String> {
    export.counts.iter().map(|count| format!("{} {}", count.name, count.rows)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn solidtimes_zip_is_exported_counted_verified_and_read() {
    let (_database, daemon) = serving("solidtime", &[SOLIDTIME]).await;
    let export = exported(&daemon, &ask(ACME, None)).await;
    assert_eq!((export.state, export.format), (State::Finished, Format::Zip), "{export:?}");
    let expected = [
        "organizations 1",
        "organization_invitations 1",
        "time_entries 5",
        "clients 1",
        "projects 1",
        "project_members 2",
        "members 2",
        "tasks 1",
        "tags 1",
    ];
    assert_eq!(counts(&export), expected);
    let verified = daemon.client.verify(export.gid).await.unwrap();
    assert!(verified.ok && verified.counts == export.counts, "{verified:?}");
    let query = RowsQuery { search: Some("quote\"d".to_owned()), ..RowsQuery::default() };
    let page = daemon.client.rows(export.gid, "time_entries", &query).await.unwrap();
    assert_eq!((page.columns.len(), page.rows.len()), (17, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_entry_beyond_the_format_is_an_error_that_names_it() {
    let entry = "00000008-0000-4000-8000-000000000004";
    let year_10000 = format!("UPDATE time_entries SET start = '10000-01-01' WHERE id = '{entry}'");
    let (_database, daemon) = serving("solidtime", &[SOLIDTIME, &year_10000]).await;
    let export = exported(&daemon, &ask(ACME, None)).await;
    let error = export.error.unwrap();
    assert_eq!((export.state, error.code.as_str()), (State::Error, "unrepresentable"));
    assert!(error.message.contains(entry) && error.message.contains("time_entries.start"), "{error:?}");
    assert!(daemon.client.archives(&ArchiveFilter::default()).await.unwrap().archives.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn organizations_of_one_name_are_told_apart_by_their_ids() {
    let (_database, daemon) = serving("solidtime", &[SOLIDTIME]).await;
    let refused = problem(daemon.client.start_exports(&ask("acme-tools", None)).await);
    assert_eq!((refused.status, refused.code.as_str()), (409, "ambiguous_organization"));
    let all = ExportRequest { all: true, ..ExportRequest::default() };
    let gids: Vec<_> = daemon.client.start_exports(&all).await.unwrap().exports.iter().map(|it| it.gid).collect();
    let mut folders = Vec::new();
    for gid in gids {
        until("the export ends", async || daemon.client.export(gid).await.unwrap().state == State::Finished).await;
        let path = daemon.client.archive(gid).await.unwrap().path;
        folders.push(path.rsplit('/').nth(1).unwrap().to_owned());
    }
    assert_eq!(folders, [format!("acme-tools--{ACME}"), format!("acme-tools--{}", ACME.replacen('a', "b", 1))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_with_odd_codes_are_exported_by_their_ids() {
    let odd = "INSERT INTO projects_program (id, code, name, is_deleted) VALUES
        (k(1, 4), '', 'No code', false), (k(1, 5), 'twice', 'One', false), (k(1, 6), 'twice', 'Two', false),
        (k(1, 7), 'No Slug/é', 'Odd', false), (k(1, 8), '../../etc', 'Path', false);";
    let (_database, daemon) = serving("trueppm", &[TRUEPPM, odd]).await;
    for (number, slug) in [(3, "gone"), (4, "no-code"), (5, "twice"), (6, "twice"), (7, "No Slug/é"), (8, "../../etc")]
    {
        let id = format!("00000001-0000-4000-8000-{number:012}");
        let export = exported(&daemon, &ask(&id, Some(Format::Seed))).await;
        assert_eq!((export.state, &export.error), (State::Finished, &None), "{id}");
        let archive = daemon.client.archive(export.gid).await.unwrap();
        let text = std::fs::read_to_string(&archive.path).unwrap();
        assert!(text.contains(&format!("\"slug\": \"{slug}\"")), "{text}");
        assert!(std::path::Path::new(&archive.path).starts_with(&daemon.config.daemon.archive_dir));
        assert!(daemon.client.verify(export.gid).await.unwrap().ok);
    }
    assert_eq!(problem(daemon.client.start_exports(&ask("twice", None)).await).code, "ambiguous_organization");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_of_any_size_takes_the_same_number_of_statements() {
    let server = Server::start();
    server.configure("log_statement = 'all'\n");
    server.reload();
    let database = server.database();
    let daemon = serving_from(&database, "trueppm", &[TRUEPPM]).await;
    let role = database.role().to_owned();
    let asked = || server.log().matches("LOG:  statement:").count() + server.log().matches("LOG:  execute").count();
    let statements = async || {
        let before = asked();
        let export = exported(&daemon, &ask(ATLAS, Some(Format::SeedEvents))).await;
        assert_eq!((export.state, &export.error), (State::Finished, &None), "{role}");
        asked() - before
    };
    // The first export also describes every query.
    statements().await;
    let small = statements().await;
    database.psql(
        "INSERT INTO projects_task (id, project_id, wbs_path, name)
            SELECT k(5, n), k(2, 2), ('7.' || n)::ltree, 'Task ' || n FROM generate_series(100, 599) n;
         INSERT INTO projects_dependency (predecessor_id, successor_id, dep_type, lag)
            SELECT k(5, n), k(5, n + 1), 'FS', 0 FROM generate_series(100, 598) n",
    );
    let large = statements().await;
    // Some that end a session are logged a little later.
    assert!(large < small + 20, "{small} statements before, {large} with 500 tasks more");
    assert!(small < 60, "{small} statements");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_changes_while_it_is_read_is_one_instant() {
    let (database, daemon) = serving("trueppm", &[TRUEPPM]).await;
    let mut app = database.session();
    // It writes until it is ended, however slow the exports are.
    std::io::Write::write_all(
        app.stdin.as_mut().unwrap(),
        "DO $$ BEGIN FOR n IN 1000..9999999 LOOP
            INSERT INTO projects_task (id, project_id, wbs_path, name) VALUES (k(5, n), k(2, 2), ('9.' || n)::ltree, 't');
            INSERT INTO projects_label VALUES (k(7, n), k(2, 2), 'l' || n, 'teal', 1);
            INSERT INTO projects_task_label (task_id, label_id) VALUES (k(5, n), k(7, n));
            COMMIT; PERFORM pg_sleep(0.01); END LOOP; END $$;\n"
            .as_bytes(),
    )
    .unwrap();
    let mut sizes = std::collections::BTreeSet::new();
    until("the app has written between two exports, three times", async || {
        let export = exported(&daemon, &ask(ATLAS, Some(Format::Seed))).await;
        assert_eq!((export.state, &export.error), (State::Finished, &None));
        let rows = |name: &str| export.counts.iter().find(|count| count.name == name).unwrap().rows;
        // Each task that is added comes with its label and their link.
        assert_eq!((rows("tasks") - 4, rows("task_labels") - 2), (rows("labels") - 2, rows("labels") - 2));
        sizes.insert(rows("tasks"));
        sizes.len() > 3
    })
    .await;
    app.kill().unwrap();
    app.wait().unwrap();
}
