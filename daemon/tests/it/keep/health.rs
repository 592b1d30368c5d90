//! How organizations stand, through the API.

use orgvault_shared::{
    api::{DayResult, Organization},
    config::Exception,
    health::Health,
    patterns::Patterns,
};
use std::time::Duration;

use super::fixture::{App, archived, export, flip, listed};
use crate::api::fixture::{Daemon, problem_in};

async fn acme(daemon: &Daemon) -> Organization {
    daemon.client.organization("tracker/acme").await.unwrap()
}

#[tokio::test]
async fn an_organization_goes_through_every_health() {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| config.sources = vec![app.source()]).await;
    assert_eq!(acme(&daemon).await.health, Health::Never);
    archived(&daemon.client).await;
    assert_eq!(acme(&daemon).await.health, Health::Ok);

    app.run("DELETE FROM time_logs WHERE id IN (SELECT id FROM time_logs ORDER BY id LIMIT 20)").await;
    archived(&daemon.client).await;
    assert_eq!(acme(&daemon).await.health, Health::Shrinking);
    archived(&daemon.client).await;
    assert_eq!(acme(&daemon).await.health, Health::Ok, "the loss is known by now");

    let newest = listed(&daemon.client).await.pop().unwrap();
    flip(&newest.path);
    daemon.client.verify(newest.gid).await.unwrap();
    assert_eq!(acme(&daemon).await.health, Health::Damaged);
    archived(&daemon.client).await;
    app.break_it().await;
    export(&daemon.client).await;
    assert_eq!(acme(&daemon).await.health, Health::Failed);
    assert!(acme(&daemon).await.in_all);
}

#[tokio::test]
async fn an_archive_that_is_too_old_for_its_organization_is_stale() {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| {
        config.sources = vec![app.source()];
        let (organizations, max_age) =
            (Patterns::new(vec!["tracker/ac*".to_owned()]).unwrap(), Duration::from_millis(1));
        config.freshness.exceptions = vec![Exception { organizations, max_age, shrinking: 0 }];
    })
    .await;
    archived(&daemon.client).await;
    assert_eq!(acme(&daemon).await.health, Health::Stale);
}

#[tokio::test]
async fn the_history_has_one_result_for_each_day_today_last() {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| config.sources = vec![app.source()]).await;
    let history = async || {
        let all = daemon.client.organizations_with_history(None, 14).await.unwrap().organizations;
        all.into_iter().find(|one| one.key.slug == "acme").unwrap().history
    };
    assert_eq!(history().await, [DayResult::None; 14]);
    archived(&daemon.client).await;
    let days = history().await;
    assert_eq!((days.len(), &days[..13]), (14, &[DayResult::None; 13][..]));
    assert!(matches!(days[13], DayResult::Finished | DayResult::Warnings), "{days:?}");
    app.break_it().await;
    export(&daemon.client).await;
    assert_eq!(history().await[13], DayResult::Error);
    for wrong in ["0d", "14", "400d", "soon"] {
        let answer = daemon.ask("GET", &format!("/v1/organizations?history={wrong}"), "", "").await;
        assert_eq!(problem_in(&answer).code, "invalid_query", "{wrong}");
    }
}
