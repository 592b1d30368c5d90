use super::*;

fn now() -> Timestamp {
    "2026-01-31T09:30:00Z".parse().unwrap()
}

fn gid(number: u64) -> Gid {
    number.try_into().unwrap()
}

fn archive(hours: i64) -> ArchiveFacts {
    let exported_at = now() - chrono::TimeDelta::hours(hours);
    ArchiveFacts { gid: gid(7), exported_at, state: ArchiveState::Present, refused: false }
}

fn error() -> ExportError {
    let [code, message, hint] = ["disk_full", "the disk is full", "make room"].map(str::to_owned);
    ExportError { code, message, hint }
}

/// An organization that is not well in every way at once, but for what `mend` mends.
fn worst() -> Facts {
    Facts {
        last_state: Some(State::Error),
        failure: Some((gid(9), error())),
        archive: Some(ArchiveFacts { state: ArchiveState::Missing, refused: true, ..archive(48) }),
        max_age: Some(Duration::from_hours(26)),
        shrunk: Some(Shrunk { section: "items".to_owned(), before: 100, now: 3 }),
        gone: true,
        refusal: None,
        drills: DrillFacts {
            conclusive: Some(LastDrill {
                gid: gid(8),
                archive: gid(6),
                at: now(),
                verdict: Verdict::Failed,
                code: None,
                recovery_ms: None,
            }),
            proven_at: Some(now() - chrono::TimeDelta::days(31)),
            max_unproven: Some(Duration::from_hours(30 * 24)),
        },
    }
}

#[test]
fn of_all_that_is_wrong_the_worst_is_the_word_and_each_has_its_reason() {
    let mut facts = worst();
    let mut said = Vec::new();
    let mends: [fn(&mut Facts); 11] = [
        |_facts| {},
        |facts| facts.archive.as_mut().unwrap().state = ArchiveState::Present,
        |facts| facts.drills.conclusive = None,
        |facts| facts.gone = false,
        |facts| facts.last_state = Some(State::Started),
        |facts| facts.max_age = None,
        |facts| facts.drills.proven_at = None,
        |facts| facts.drills.proven_at = Some(now() - chrono::TimeDelta::days(30)),
        |facts| facts.archive.as_mut().unwrap().refused = false,
        |facts| facts.shrunk = None,
        |facts| facts.last_state = Some(State::Finished),
    ];
    for mend in mends {
        mend(&mut facts);
        let health = Health::of(&facts, now());
        let reason = Reason::of(health, &facts, now());
        let about = reason.as_ref().and_then(|reason| reason.gid).map(|gid| gid.to_string());
        let reason = reason.map(|reason| format!("{} ({})", reason.message, reason.hint));
        said.push(format!("{}: {} {}", health.name(), reason.unwrap_or_default(), about.unwrap_or_default()));
    }
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn without_an_archive_it_is_failed_refused_running_or_never() {
    let refusal = |refused: bool| refused.then(error);
    let of =
        |last_state, refused| Health::of(&Facts { last_state, refusal: refusal(refused), ..Facts::default() }, now());
    assert_eq!(of(Some(State::Error), true), Health::Failed);
    assert_eq!(of(Some(State::Pending), true), Health::Refused);
    assert_eq!(of(Some(State::Pending), false), Health::Running);
    assert_eq!(of(None, false), Health::Never);
    let refused = Facts { refusal: refusal(true), ..Facts::default() };
    assert_eq!(Reason::of(Health::Refused, &refused, now()).unwrap().message, "the disk is full");
}

#[test]
fn every_health_has_a_name_of_its_own_and_levels_go_up_with_it() {
    assert!(Health::ALL.windows(2).all(|pair| pair[0] < pair[1] && pair[0].level() <= pair[1].level()));
    let names: std::collections::BTreeSet<&str> = Health::ALL.into_iter().map(Health::name).collect();
    assert_eq!(names.len(), Health::ALL.len());
    for health in Health::ALL {
        assert_eq!(serde_json::to_value(health).unwrap(), health.name());
    }
}
