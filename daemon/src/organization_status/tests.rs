use chrono::TimeDelta;
use orgvault_api::{Format, Warning};
use orgvault_config::{Exception, ScheduleConfig, calendar::Calendar, patterns::Patterns};

use super::*;
use crate::store::fixture;

fn key(slug: &str) -> OrganizationKey {
    let [source, kind, id, name, slug] = ["tracker", "organization", "7", "Acme", slug].map(str::to_owned);
    OrganizationKey { source, kind, id, name, slug }
}

fn noon() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// An archive so many hours old, of a request of its own, with these rows in its one section.
fn archive(gid: u64, hours: i64, rows: u64) -> Archive {
    let counts = vec![SectionCount { name: "items".to_owned(), rows }];
    Archive { counts, ..fixture::archive(gid, noon() - TimeDelta::hours(hours)) }
}

fn freshness(max_age: u64, shrinking: u32) -> Freshness {
    Freshness { max_age: Duration::from_hours(max_age), shrinking, ..Freshness::default() }
}

/// Archives newest first.
fn statuses(archives: Vec<Archive>, state: Option<State>) -> OrganizationStatuses {
    let archives: Vec<Stored> = archives.into_iter().map(fixture::stored).collect();
    let acme = || key("acme").tenant();
    let archives = if archives.is_empty() { HashMap::new() } else { HashMap::from([(acme(), archives)]) };
    let last = |state| (acme(), LastExport { gid: Gid::try_from(1).unwrap(), state, error: None });
    let exports = state.map(last).into_iter().collect();
    OrganizationStatuses { archives, exports, ..OrganizationStatuses::default() }
}

fn listed(slug: &str) -> Listed {
    Listed::known(key(slug))
}

fn config(freshness: &Freshness) -> Config {
    Config { freshness: freshness.clone(), ..Config::default() }
}

fn health(archives: Vec<Archive>, state: Option<State>, freshness: &Freshness) -> Health {
    statuses(archives, state).of(&Member::listed(listed("acme")), &config(freshness), noon()).health
}

#[test]
fn each_word_has_its_cause() {
    let (young, old) = (|| archive(2, 1, 100), || archive(1, 25, 100));
    let finished = Some(State::Finished);
    let limits = freshness(24, 50);
    assert_eq!(health(vec![young(), old()], finished, &limits), Health::Ok);
    assert_eq!(health(vec![young(), old()], Some(State::Started), &limits), Health::Running);
    assert_eq!(health(vec![], None, &limits), Health::Never);
    assert_eq!(health(vec![old()], finished, &limits), Health::Stale);
    assert_eq!(health(vec![old()], finished, &freshness(0, 50)), Health::Ok, "any age");
    assert_eq!(health(vec![young()], Some(State::Error), &limits), Health::Failed);
    let gone = Archive { state: ArchiveState::Missing, ..young() };
    assert_eq!(health(vec![gone, old()], finished, &limits), Health::Damaged);
}

#[test]
fn more_than_the_allowed_loss_is_shrinking() {
    for (rows, percent, health_is) in [
        (50, 50, Health::Ok),
        (49, 50, Health::Shrinking),
        (0, 0, Health::Ok),
        (99, 1, Health::Ok),
        (98, 1, Health::Shrinking),
        (0, 100, Health::Ok),
        (1000, 1, Health::Ok),
    ] {
        let pair = vec![archive(2, 1, rows), archive(1, 25, 100)];
        assert_eq!(health(pair, None, &freshness(0, percent)), health_is, "{rows} rows, {percent} %");
    }
    let mut without = archive(2, 1, 0);
    without.counts.clear();
    assert_eq!(
        health(vec![without, archive(1, 2, 5)], None, &freshness(0, 50)),
        Health::Shrinking,
        "the section is gone"
    );
    let other = Archive { format: Format::Csv, ..archive(1, 25, 100) };
    assert_eq!(health(vec![archive(2, 1, 1), other], None, &freshness(0, 50)), Health::Ok, "another format's rows");
}

#[test]
fn every_archive_of_the_newest_request_counts_and_no_older_one() {
    let entity = |mut archive: Archive, entity: &str, request: u64| {
        archive.entity = Some(entity.to_owned());
        archive.request = Gid::try_from(request).unwrap();
        archive
    };
    let (tasks, people) = (entity(archive(4, 1, 10), "tasks", 3), entity(archive(3, 1, 10), "people", 3));
    let before = entity(Archive { state: ArchiveState::Damaged, ..archive(1, 25, 10) }, "people", 1);
    assert_eq!(health(vec![tasks.clone(), people.clone(), before.clone()], None, &freshness(0, 0)), Health::Ok);
    let people = Archive { state: ArchiveState::Damaged, ..people };
    assert_eq!(health(vec![tasks, people, before], None, &freshness(0, 0)), Health::Damaged);
}

#[test]
fn the_first_exception_that_names_an_organization_counts() {
    let exception = |pattern: &str, hours| Exception {
        organizations: Patterns::new(vec!["nobody".to_owned(), pattern.to_owned()]).unwrap(),
        max_age: Duration::from_hours(hours),
        shrinking: 0,
        max_unproven: Duration::ZERO,
    };
    let mut limits = freshness(1, 50);
    limits.exceptions = vec![exception("tracker/ac*", 30), exception("tracker/*", 2)];
    let ages = [("acme", 30), ("other", 2), ("", 2)];
    for (slug, hours) in ages {
        let found = super::limits(&limits, &key(slug));
        assert_eq!((found.max_age, found.shrinking), (Duration::from_hours(hours), 0), "{slug}");
    }
    limits.exceptions = vec![exception("tracker/7", 9)];
    assert_eq!(super::limits(&limits, &key("")).max_age, Duration::from_hours(9), "by its id");
    limits.exceptions = vec![exception("other/*", 9)];
    let found = super::limits(&limits, &key("acme"));
    assert_eq!((found.max_age, found.shrinking), (Duration::from_hours(1), 50));
}

#[test]
fn what_the_importer_refuses_is_asked_of_the_newest_archive_that_is_made_for_it() {
    let zip = |gid, hours, refused: bool| {
        let message = if refused { "solidtime's importer would refuse the archive: …" } else { "…" };
        let warning = Warning { code: "preflight_name_empty".to_owned(), message: message.to_owned(), ids: Vec::new() };
        Archive { format: Format::Zip, warnings: vec![warning], ..archive(gid, hours, 1) }
    };
    let freshness = freshness(24, 0);
    assert_eq!(health(vec![zip(2, 1, true), zip(1, 25, false)], None, &freshness), Health::Refused);
    assert_eq!(health(vec![zip(2, 1, false), zip(1, 25, true)], None, &freshness), Health::Ok, "mended since");
    let json = archive(3, 0, 1);
    assert_eq!(health(vec![json, zip(2, 1, true)], None, &freshness), Health::Refused, "a newer one of another format");
    let member = Member::listed(listed("acme"));
    let status = statuses(vec![archive(3, 0, 1), zip(2, 1, true)], None).of(&member, &config(&freshness), noon());
    assert_eq!(status.reason.unwrap().gid, Some(Gid::try_from(2).unwrap()), "the one that is refused");
}

#[test]
fn one_that_its_source_does_not_list_any_more_is_gone_and_neither_stale_nor_failed() {
    let statuses = statuses(vec![archive(1, 25, 1)], Some(State::Error));
    let other = Listed { key: OrganizationKey { id: "8".to_owned(), ..key("other") }, ..listed("other") };
    let members = statuses.among(vec![other]);
    assert_eq!(
        members.iter().map(|one| (one.listed.key.id.as_str(), one.gone)).collect::<Vec<_>>(),
        [("8", false), ("7", true)]
    );
    let gone = statuses.of(&members[1], &config(&freshness(24, 0)), noon());
    assert_eq!((gone.health, gone.is_judged()), (Health::Gone, true));
    assert!(!statuses.members()[0].gone, "nobody knows what a source lists that never answered");
    assert!(statuses.among(vec![listed("renamed")]).iter().all(|one| !one.gone), "its id is what names it");
}

#[test]
fn another_kind_with_the_same_id_stands_by_itself() {
    let statuses = statuses(vec![archive(1, 1, 1)], Some(State::Error));
    let project = Listed { key: OrganizationKey { kind: "project".to_owned(), ..key("acme") }, ..listed("acme") };
    let members = statuses.among(vec![project]);
    assert_eq!(members.iter().map(|one| one.gone).collect::<Vec<_>>(), [false, true]);
    let of = |member| statuses.of(member, &config(&freshness(24, 0)), noon());
    assert_eq!((of(&members[0]).health, of(&members[0]).last_state), (Health::Never, None));
    assert_eq!(of(&members[1]).last_state, Some(State::Error));
}

#[test]
fn one_that_no_schedule_takes_is_not_missed_but_its_archives_are() {
    let schedule = |organizations: &[&str], exclude: &[&str]| {
        let patterns = |texts: &[&str]| Patterns::new(texts.iter().map(ToString::to_string).collect()).unwrap();
        let calendar = Calendar::new("@daily", chrono_tz::Tz::UTC).unwrap();
        let schedule = ScheduleConfig::new("nightly".to_owned(), calendar);
        ScheduleConfig { organizations: patterns(organizations), exclude: patterns(exclude), ..schedule }
    };
    let judged = |schedules: Vec<ScheduleConfig>, listed: Listed, archives: Vec<Archive>| {
        let config = Config { schedules, ..config(&freshness(24, 0)) };
        statuses(archives, None).of(&Member::listed(listed), &config, noon()).is_judged()
    };
    let all = || vec![schedule(&["*"], &[])];
    let without = || vec![schedule(&["*"], &["ac*"]), schedule(&["globex"], &[])];
    assert!(judged(all(), listed("acme"), vec![]));
    assert!(judged(vec![], listed("acme"), vec![]), "something else than a schedule asks for exports");
    assert!(judged(vec![ScheduleConfig { enabled: false, ..schedule(&["*"], &[]) }], listed("acme"), vec![]));
    assert!(!judged(without(), listed("acme"), vec![]));
    assert!(!judged(without(), listed("acme"), vec![archive(1, 25, 1)]), "exported once by hand");
    assert!(!judged(all(), Listed { deleted_at: Some(noon()), ..listed("acme") }, vec![archive(1, 25, 1)]));
    assert!(!judged(all(), Listed { in_all: false, ..listed("acme") }, vec![archive(1, 25, 1)]));
    let lost = Archive { state: ArchiveState::Missing, ..archive(1, 25, 1) };
    assert!(judged(without(), listed("acme"), vec![lost]), "what was kept is lost");
}
