//! Long lists come in pages, and each answer says whether there is more.

use orgvault_api::{
    Archives, Exports, Role, State,
    client::{ArchiveFilter, ExportFilter},
    gid::Gid,
};
use serde::de::DeserializeOwned;

use super::{
    fixture::{Daemon, organization, until},
    reply::Reply,
    tokens::request,
};
use crate::keep::fixture::{App, export};

/// Of the only organizations of a token, as a header line.
async fn token(daemon: &Daemon) -> String {
    let made = daemon.client.add_token(&request("only-acme", Role::Viewer, &["tracker/acme"])).await.unwrap();
    format!("Authorization: Bearer {}", made.secret)
}

fn read<T: DeserializeOwned>(reply: &Reply) -> T {
    assert_eq!(reply.status, 200, "{reply:?}");
    serde_json::from_slice(&reply.body).unwrap()
}

/// A daemon with five exports of acme that failed, and one of another organization after each.
async fn failing() -> (App, Daemon, Vec<Gid>) {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| {
        config.sources = vec![app.source()];
        config.daemon.min_free = u64::MAX;
    })
    .await;
    let mut gids = Vec::new();
    for _ in 0..5 {
        gids.push(export(&daemon.client).await.gid);
        let other =
            orgvault_api::ExportRequest { organizations: vec!["tracker/globex".to_owned()], ..Default::default() };
        let other = daemon.client.start_exports(&other).await.unwrap().exports[0].gid;
        until("it ends", async || daemon.client.export(other).await.unwrap().state.is_final()).await;
    }
    (app, daemon, gids)
}

#[tokio::test]
async fn a_token_of_one_organization_pages_through_its_own_exports() {
    let (_app, daemon, gids) = failing().await;
    let token = token(&daemon).await;
    let page = async |query: &str| {
        let listed: Exports = read(&daemon.request(&format!("GET /v1/exports?{query}"), &[&token]).await);
        (listed.exports.iter().map(|export| export.gid).collect::<Vec<_>>(), listed.next)
    };
    assert_eq!(page("limit=2").await, (gids[3..].to_vec(), Some(gids[3])));
    assert_eq!(page(&format!("limit=2&before={}", gids[3])).await, (gids[1..3].to_vec(), Some(gids[1])));
    assert_eq!(page(&format!("limit=2&before={}", gids[1])).await, (gids[..1].to_vec(), None));
    assert_eq!(page(&format!("limit=2&after={}", gids[0])).await, (gids[1..3].to_vec(), Some(gids[2])));
    assert_eq!(page(&format!("limit=9&after={}", gids[2])).await, (gids[3..].to_vec(), None));
    assert_eq!(page("state=error&limit=1").await, (gids[4..].to_vec(), Some(gids[4])));
    assert_eq!(page("").await, (gids.clone(), None));
    let both = daemon.request(&format!("GET /v1/exports?before={0}&after={0}", gids[0]), &[&token]).await;
    assert_eq!(both.status, 400);

    let status = daemon.request("GET /v1/status", &[&token]).await;
    let status: orgvault_api::Status = read(&status);
    assert_eq!((status.failed, status.pending, status.archives), (5, 0, 0), "the others' are not counted");
}

#[tokio::test]
async fn the_client_reads_on_until_it_has_what_is_asked_for() {
    let (_app, daemon, gids) = failing().await;
    let all = daemon.client.all_exports(&ExportFilter::default()).await.unwrap();
    assert_eq!((all.exports.len(), all.next), (10, None));
    assert!(all.exports.is_sorted_by_key(|export| export.gid));
    let some = ExportFilter { state: Some(State::Error), limit: Some(3), ..ExportFilter::default() };
    let some = daemon.client.all_exports(&some).await.unwrap();
    assert_eq!((some.exports.len(), some.next), (3, Some(some.exports[0].gid)));
    assert_eq!(some.exports[1].gid, gids[4]);
}

#[tokio::test]
async fn archives_come_in_pages_too() {
    let daemon = Daemon::start().await;
    let mut gids: Vec<Gid> = Vec::new();
    for number in 1..=7 {
        gids.push(daemon.publish(number, &organization(if number % 2 == 0 { "globex" } else { "acme" }), 1));
    }
    daemon.client.rebuild_catalog().await.unwrap();
    let page = async |query: &str| {
        let listed: Archives = read(&daemon.request(&format!("GET /v1/archives?{query}"), &[]).await);
        (listed.archives.iter().map(|archive| archive.gid.get()).collect::<Vec<_>>(), listed.next.map(Gid::get))
    };
    assert_eq!(page("limit=3").await, (vec![5, 6, 7], Some(5)));
    assert_eq!(page("limit=3&before=5").await, (vec![2, 3, 4], Some(2)));
    assert_eq!(page("limit=3&after=5").await, (vec![6, 7], None));
    assert_eq!(page("organization=acme&limit=2").await, (vec![5, 7], Some(5)));
    assert_eq!(page("organization=tracker/id:id-acme&source=tracker").await, (vec![1, 3, 5, 7], None));
    assert_eq!(page("organization=nobody").await, (vec![], None));
    let filter = ArchiveFilter { organization: Some("globex".to_owned()), ..ArchiveFilter::default() };
    assert_eq!(daemon.client.archives(&filter).await.unwrap().archives.len(), 3);
}

#[tokio::test]
async fn what_ended_before_the_history_is_forgotten_while_the_daemon_runs() {
    let (_app, mut daemon, gids) = failing().await;
    daemon.config.daemon.history = std::time::Duration::from_millis(1);
    let daemon = daemon.restart().await;
    until("only the newest of each is left", async || {
        daemon.client.all_exports(&ExportFilter::default()).await.unwrap().exports.len() == 2
    })
    .await;
    assert_eq!(daemon.client.export(gids[4]).await.unwrap().state, State::Error);
    assert!(daemon.client.export(gids[3]).await.is_err());
}
