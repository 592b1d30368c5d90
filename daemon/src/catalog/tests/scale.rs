//! Lists of a catalog with very many rows: nothing is read that is not told, and no table from its
//! beginning to its end.

use sqlx::{AssertSqlSafe, Row, SqlitePool};

use super::*;
use crate::catalog::{
    ArchiveQuery, Page, PagePosition, archives,
    exports::{self, DAY_RESULTS, FAILED_SINCE, PLACE},
    history::{ENDED, FORGET, FORGET_RUNS},
    newest::{ARCHIVED, DURATIONS, EXPORTED, LAST, PAIRS},
};

fn tenants(ids: &[&str]) -> Tenants {
    Tenants::only(&ids.iter().map(|id| organization(id).tenant()).collect::<Vec<_>>())
}

/// How SQLite goes about a query, line by line.
async fn plan(pool: &SqlitePool, sql: &str) -> Vec<String> {
    let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(pool).await.unwrap();
    rows.iter().map(|row| row.get("detail")).collect()
}

/// Reads none of the tables through, nor sorts more than what one organization or request has.
async fn is_looked_up(pool: &SqlitePool, sql: &str) {
    let plan = plan(pool, sql).await;
    let tables =
        ["exports", "archives", "runs", "own", "page", "e", "old", "newer", "older", "next", "later", "last", "newest"];
    for line in &plan {
        let scanned = line.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
        let small =
            line.contains("VIRTUAL TABLE") || ["newest", "last"].iter().any(|cte| line == &format!("SCAN {cte}"));
        assert!(small || !scanned.is_some_and(|name| tables.contains(&name)), "{sql}\n{plan:#?}");
    }
    assert!(plan.iter().any(|line| line.starts_with("SEARCH")), "{sql}\n{plan:#?}");
}

#[tokio::test]
async fn no_list_reads_a_table_through() {
    let directory = tempfile::tempdir().unwrap();
    let pool = open(directory.path()).await.pool;
    for state in [None, Some(State::Pending)] {
        for request in [None, Some(gid(9))] {
            for tenants in [Tenants::default(), tenants(&["acme", "globex"])] {
                for place in [PagePosition::Newest, PagePosition::Before(gid(7)), PagePosition::After(gid(7))] {
                    let page = Page { place, limit: Some(5) };
                    let filter = ExportFilter { state, request, tenants: tenants.clone(), page };
                    is_looked_up(&pool, exports::listing(&filter, 0, 100).sql().as_str()).await;
                }
            }
        }
    }
    for source in [None, Some("tracker".to_owned())] {
        for named in [None, Some(vec![organization("acme")])] {
            for tenants in [Tenants::default(), tenants(&["acme"])] {
                let (source, named, page) = (source.clone(), named.clone(), Page::newest(5));
                let query = ArchiveQuery { source, named, tenants, page };
                is_looked_up(&pool, archives::listing(&query).sql().as_str()).await;
            }
        }
    }
    for sql in [
        PLACE,
        ARCHIVED,
        EXPORTED,
        PAIRS,
        LAST,
        DURATIONS,
        DAY_RESULTS,
        ENDED,
        FORGET,
        FORGET_RUNS,
        archives::ARCHIVED_AS,
        archives::TOTALS_OF,
    ] {
        is_looked_up(&pool, sql).await;
    }
    is_looked_up(&pool, &format!("{FAILED_SINCE} 5")).await;
    let totals = plan(&pool, archives::TOTALS).await;
    assert!(totals[0].contains("COVERING INDEX"), "the documents stay on the disk: {totals:?}");
    // All of a row value is looked up, not its first column alone.
    for sql in [EXPORTED, ARCHIVED] {
        let next = plan(&pool, sql).await;
        assert!(next.iter().any(|line| line.contains("(kind,organization_id)>(?,?)")), "{next:#?}");
    }
    let pairs = plan(&pool, PAIRS).await;
    assert!(pairs.iter().any(|line| line.contains("(format,part,importable)<(?,?,?)")), "{pairs:#?}");
}

async fn listed(catalog: &Catalog, filter: ExportFilter) -> Vec<u64> {
    catalog.exports(filter).await.unwrap().iter().map(|export| export.gid.get()).collect()
}

fn page(place: PagePosition, limit: u32) -> ExportFilter {
    ExportFilter { page: Page { place, limit: Some(limit) }, ..ExportFilter::default() }
}

/// Exports 1 to 9: of acme the odd ones, of globex the even ones.
async fn nine(catalog: &Catalog) {
    let exports: Vec<Export> = (1..=9)
        .map(|number| {
            let organization = organization(if number % 2 == 0 { "globex" } else { "acme" });
            Export { organization, request: gid(100 + number), ..export(number) }
        })
        .collect();
    catalog.add_exports(&exports, None).await.unwrap();
}

#[tokio::test]
async fn pages_follow_one_another_in_both_directions() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    nine(&catalog).await;
    assert_eq!(listed(&catalog, page(PagePosition::Newest, 3)).await, [7, 8, 9]);
    assert_eq!(listed(&catalog, page(PagePosition::Before(gid(7)), 3)).await, [4, 5, 6]);
    assert_eq!(listed(&catalog, page(PagePosition::Before(gid(1)), 3)).await, Vec::<u64>::new());
    assert_eq!(listed(&catalog, page(PagePosition::After(gid(7)), 3)).await, [8, 9]);
    assert_eq!(listed(&catalog, page(PagePosition::After(gid(2)), 3)).await, [3, 4, 5]);

    let of_acme = |place| ExportFilter { tenants: tenants(&["acme", "nobody"]), ..page(place, 2) };
    assert_eq!(listed(&catalog, of_acme(PagePosition::Newest)).await, [7, 9]);
    assert_eq!(listed(&catalog, of_acme(PagePosition::Before(gid(7)))).await, [3, 5]);
    assert_eq!(listed(&catalog, of_acme(PagePosition::After(gid(7)))).await, [9]);
    assert_eq!(listed(&catalog, of_acme(PagePosition::Before(gid(4)))).await, [1, 3], "another's gid is a place too");
    let of_both = ExportFilter { tenants: tenants(&["acme", "globex"]), ..page(PagePosition::Newest, 3) };
    assert_eq!(listed(&catalog, of_both).await, [7, 8, 9]);
    let of_nobody = ExportFilter { tenants: tenants(&[]), ..page(PagePosition::Newest, 3) };
    assert_eq!(listed(&catalog, of_nobody).await, Vec::<u64>::new());
    let hidden = ExportFilter { request: Some(gid(102)), ..of_acme(PagePosition::Newest) };
    assert_eq!(listed(&catalog, hidden).await, Vec::<u64>::new(), "a request of another");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_ends_no_list() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    nine(&catalog).await;
    sqlx::query("UPDATE exports SET warnings = '7' WHERE gid IN (7, 8)").execute(&catalog.pool).await.unwrap();
    let (exports, next) = catalog.export_page(page(PagePosition::Newest, 3)).await.unwrap();
    assert_eq!(exports.iter().map(|export| export.gid.get()).collect::<Vec<_>>(), [9]);
    assert_eq!(next, Some(gid(7)));
    let (exports, next) = catalog.export_page(page(PagePosition::Before(gid(7)), 6)).await.unwrap();
    assert_eq!((exports.len(), next), (6, None));
}

#[tokio::test]
async fn a_page_that_begins_at_what_is_forgotten_goes_on_where_that_was() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    nine(&catalog).await;
    sqlx::query("DELETE FROM exports WHERE gid = 5").execute(&catalog.pool).await.unwrap();
    assert_eq!(listed(&catalog, page(PagePosition::Before(gid(5)), 3)).await, [2, 3, 4]);
    assert_eq!(listed(&catalog, page(PagePosition::After(gid(5)), 3)).await, [6, 7, 8]);
}

#[tokio::test]
async fn numbers_are_those_of_the_organizations_that_are_asked_about() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    nine(&catalog).await;
    for (number, id) in [(1, "acme"), (2, "globex"), (3, "acme")] {
        let mut one = archive(number, 5, "a");
        one.organization = organization(id);
        catalog.put_archive(&one).await.unwrap();
    }
    let at = export(1).created_at;
    for number in [4, 5, 6] {
        let mut failed = catalog.export(gid(number)).await.unwrap().unwrap();
        failed.state = State::Error;
        failed.finished_at = Some(at + TimeDelta::seconds(i64::try_from(number).unwrap()));
        catalog.update_export(&failed).await.unwrap();
    }
    for (of, archives, failed, pending) in [
        (Tenants::default(), 3, 2, 6),
        (tenants(&["acme"]), 2, 1, 4),
        (tenants(&["acme", "globex"]), 3, 2, 6),
        (tenants(&[]), 0, 0, 0),
    ] {
        assert_eq!(catalog.totals(&of).await.unwrap(), Totals { archives, bytes: 10 * archives }, "{of:?}");
        assert_eq!(catalog.failed_since(at + TimeDelta::seconds(5), &of).await.unwrap(), failed, "{of:?}");
        assert_eq!(catalog.count_in(State::Pending, &of).await.unwrap(), pending, "{of:?}");
    }
}

#[tokio::test]
async fn the_newest_of_each_format_and_entity_are_found_with_the_one_before() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    let put = async |number, id: &str, seconds, format, entity: Option<&str>, importable| {
        let (organization, entity) = (organization(id), entity.map(str::to_owned));
        let mut one = archive(number, seconds, "a");
        (one.organization, one.format, one.entity, one.importable) = (organization, format, entity, importable);
        catalog.put_archive(&one).await.unwrap();
    };
    for (number, seconds) in [(1, 10), (2, 30), (3, 20)] {
        put(number, "acme", seconds, Format::Json, None, false).await;
        put(number + 10, "acme", seconds, Format::Csv, Some("a"), false).await;
        put(number + 20, "acme", seconds, Format::Csv, Some("b"), false).await;
        put(number + 30, "globex", seconds, Format::Seed, None, true).await;
        put(number + 40, "zeta", seconds, Format::Json, None, false).await;
    }
    put(50, "globex", 5, Format::Seed, None, false).await;
    let pairs = catalog.newest_pairs("tracker").await.unwrap();
    let gids = |id: &str| {
        let pairs = &pairs[&organization(id).tenant()];
        let mut gids: Vec<u64> = pairs.iter().map(|archive| archive.gid.get()).collect();
        assert!(pairs.is_sorted_by_key(|archive| std::cmp::Reverse((archive.exported_at, archive.gid))));
        gids.sort_unstable();
        gids
    };
    assert_eq!(gids("acme"), [2, 3, 12, 13, 22, 23]);
    assert_eq!(gids("globex"), [32, 33, 50]);
    assert_eq!(gids("zeta"), [42, 43]);
    assert!(catalog.newest_pairs("elsewhere").await.unwrap().is_empty());
}

#[tokio::test]
async fn archives_are_listed_by_every_name_that_they_have() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    let named = |id: &str, slug: &str| OrganizationKey { slug: slug.to_owned(), ..organization(id) };
    for (number, key) in [(1, named("7", "acme")), (2, named("7", "renamed")), (3, named("8", "acme"))] {
        let mut one = archive(number, 5, "a");
        one.organization = key;
        catalog.put_archive(&one).await.unwrap();
    }
    let listed = async |name: &str, tenants: Tenants| {
        let named = catalog.archived_as(&[name]).await.unwrap();
        let query = ArchiveQuery { named: Some(named), tenants, ..ArchiveQuery::default() };
        let (archives, _next) = catalog.archive_page(&query).await.unwrap();
        archives.iter().map(|archive| archive.gid.get()).collect::<Vec<_>>()
    };
    assert_eq!(listed("7", Tenants::default()).await, [1, 2]);
    assert_eq!(listed("acme", Tenants::default()).await, [1, 3]);
    assert_eq!(listed("acme", tenants(&["8"])).await, [3]);
    assert_eq!(listed("nobody", Tenants::default()).await, Vec::<u64>::new());
}
