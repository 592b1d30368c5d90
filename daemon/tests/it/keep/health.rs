//! How organizations stand, through the API.

use orgvault_api::{
    DayResult, Organization,
    health::{Health, Tally},
};
use orgvault_config::{Exception, ScheduleConfig, calendar::Calendar, patterns::Patterns};
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
        config.freshness.exceptions =
            vec![Exception { organizations, max_age, max_unproven: Duration::ZERO, shrinking: 0 }];
    })
    .await;
    archived(&daemon.client).await;
    assert_eq!(acme(&daemon).await.health, Health::Stale);
}

async fn all(daemon: &Daemon) -> Vec<Organization> {
    daemon.client.organizations(None).await.unwrap().organizations
}

#[tokio::test]
async fn organizations_of_a_source_that_is_down_stay_as_they_were_known_last_across_restarts() {
    let app = App::new().await;
    let mut daemon = Daemon::start_with(|config| config.sources = vec![app.source()]).await;
    archived(&daemon.client).await;
    let before = all(&daemon).await;
    let away = app.file().with_extension("away");
    std::fs::rename(app.file(), &away).unwrap();
    for restarted in [false, true] {
        if restarted {
            daemon = daemon.restart().await;
        }
        let listed = daemon.client.organizations(None).await.unwrap();
        assert_eq!(listed.failures.len(), 1);
        assert!(listed.organizations.iter().all(|one| one.listed_at.is_some()), "{:?}", listed.organizations);
        let as_known = |one: &Organization| {
            (one.key.tenant(), one.key.name.clone(), one.health, one.last_archive.clone(), one.deleted_at)
        };
        let known: Vec<_> = listed.organizations.iter().map(as_known).collect();
        assert_eq!(known, before.iter().map(as_known).collect::<Vec<_>>());
        assert_eq!(acme(&daemon).await.health, Health::Ok);
        let answer = daemon.ask("GET", "/v1/organizations/tracker/nobody", "", "").await;
        assert!(problem_in(&answer).code.starts_with("source_"), "{answer}");
    }
    std::fs::rename(&away, app.file()).unwrap();
    assert!(all(&daemon).await.iter().all(|one| one.listed_at.is_none()));
}

#[tokio::test]
async fn an_organization_that_vanished_is_gone_wherever_it_is_told() {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| {
        config.sources = vec![app.source()];
        config.freshness.max_age = Duration::from_millis(1);
    })
    .await;
    archived(&daemon.client).await;
    app.run("UPDATE organizations SET id = 'another', slug = 'another' WHERE slug = 'acme'").await;
    let gone = acme(&daemon).await;
    assert_eq!((gone.health, gone.next_run), (Health::Gone, None));
    assert!(gone.reason.unwrap().message.contains("does not list it any more"));
    let told: Vec<String> = all(&daemon).await.into_iter().map(|one| one.key.slug).collect();
    assert!(told.contains(&"acme".to_owned()) && told.contains(&"another".to_owned()), "{told:?}");
    let metrics = daemon.ask("GET", "/metrics?organizations=true", "", "").await;
    assert!(metrics.contains("slug=\"acme\",health=\"gone\""), "{metrics}");
    assert!(!metrics.contains("orgvault_oldest_success_timestamp_seconds{"), "it gets no newer one: {metrics}");
    app.run("UPDATE organizations SET slug = 'acme' WHERE id = 'another'").await;
    let taken = acme(&daemon).await;
    assert_eq!(
        (taken.key.id.as_str(), taken.health),
        ("another", Health::Never),
        "who has the name now is meant by it"
    );
}

#[tokio::test]
async fn an_organization_that_no_schedule_takes_is_judged_nowhere() {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| {
        config.sources = vec![app.source()];
        config.freshness.max_age = Duration::from_millis(1);
        let calendar = Calendar::new("@yearly", chrono_tz::Tz::UTC).unwrap();
        let exclude = Patterns::new(vec!["acme".to_owned()]).unwrap();
        config.schedules = vec![ScheduleConfig { exclude, ..ScheduleConfig::new("nightly".to_owned(), calendar) }];
    })
    .await;
    archived(&daemon.client).await;
    let judged = |one: &Organization| (one.covered, one.is_judged());
    let everyone = all(&daemon).await;
    for one in &everyone {
        let is = one.key.slug != "acme" && one.deleted_at.is_none();
        assert_eq!(judged(one), (is, is), "{one:?}");
    }
    let metrics = daemon.ask("GET", "/metrics?organizations=true", "", "").await;
    let healths = metrics.lines().filter(|line| line.starts_with("orgvault_health{"));
    assert_eq!(healths.count() as u64, Tally::of(&everyone).total(), "{metrics}");
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
