//! Looks at the coverage of the sources: when somebody asks, and regularly, one source after the other.
//! What a look found is kept, and the admin is told of it until another look finds otherwise.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use orgvault_api::{Coverage, SectionCoverage, clock::Timestamp};
use tokio_util::sync::CancellationToken;

use crate::{
    catalog::LastCoverage,
    context::Context,
    source::{Source, SourceError},
};

/// The code of the warning that tells of what is not as meant.
const FAILED: &str = "coverage_failed";

/// A source that was never looked at is so long after a start, which has other things to do.
const FIRST: TimeDelta = TimeDelta::minutes(15);
/// A look that failed is tried again after this.
const AGAIN: TimeDelta = TimeDelta::hours(1);
/// The clock may be set meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_mins(10);
/// At most so many sections are told of.
const TOLD: usize = 5;

/// Looks at a source now.
///
/// # Errors
/// When it cannot be asked at all. What was found before stays then.
pub async fn look(context: &Context, source: &Source) -> Result<Coverage, SourceError> {
    let coverage = source.coverage(context.clock.now()).await?;
    keep(context, &found(&coverage)).await;
    Ok(coverage)
}

/// Looks at every source as often as the configuration says, until the stop; counts from the call.
pub fn look_regularly(context: Arc<Context>, end: CancellationToken) -> impl Future<Output = ()> + Send {
    let started = context.clock.now();
    look_since(started, context, end)
}

async fn look_since(started: Timestamp, context: Arc<Context>, end: CancellationToken) {
    let mut configured = context.configured.clone();
    tell(&context).await;
    loop {
        let every = context.config().coverage.every;
        let wait = async {
            match TimeDelta::from_std(every) {
                Ok(every) if !every.is_zero() => turn(&context, every, started).await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            () = wait => {}
            changed = configured.changed() => match changed {
                Ok(()) => tell(&context).await,
                Err(_stopped) => return,
            },
            () = end.cancelled() => return,
        }
    }
}

/// Waits for the source whose turn is next, and looks at it.
async fn turn(context: &Arc<Context>, every: TimeDelta, started: Timestamp) {
    let last = context.catalog.coverages().await.unwrap_or_else(|error| {
        tracing::error!("{error}");
        Vec::new()
    });
    let of = |name: &str| last.iter().find(|last| last.source == name);
    let sources = context.config().sources.clone();
    let next = sources.iter().map(|source| (due(of(&source.name), every, started), &source.name)).min();
    let now = context.clock.now();
    match next {
        Some((at, name)) if at <= now => look_at(context, name).await,
        next => {
            let wait = next.and_then(|(at, _)| (at - now).to_std().ok()).unwrap_or(LONGEST_SLEEP);
            tokio::time::sleep(wait.min(LONGEST_SLEEP)).await;
        }
    }
}

async fn look_at(context: &Context, name: &str) {
    let Some(source) = context.source(name) else { return };
    if let Err(error) = look(context, &source).await {
        tracing::error!("the coverage was not looked at: {error}");
        let message = Some(format!("it could not be looked at: {error}"));
        let at = context.clock.now();
        keep(context, &LastCoverage { source: name.to_owned(), at, sections: 0, failed: 0, message }).await;
    }
}

/// When a source is to be looked at.
fn due(last: Option<&LastCoverage>, every: TimeDelta, started: Timestamp) -> Timestamp {
    match last {
        None => started + every.min(FIRST),
        Some(last) if last.sections == 0 && last.message.is_some() => last.at + every.min(AGAIN),
        Some(last) => last.at + every,
    }
}

/// What is kept of a look.
fn found(coverage: &Coverage) -> LastCoverage {
    let words = |section: &SectionCoverage| format!("{}: {}", section.section, section.message);
    let failed: Vec<String> = coverage.failed().map(words).collect();
    let all = coverage.sections.len();
    let more = match failed.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = (!failed.is_empty()).then(|| {
        let first = failed.iter().take(TOLD).map(String::as_str).collect::<Vec<_>>().join(", ");
        let are = if failed.len() == 1 { "is" } else { "are" };
        format!("{} of {all} sections {are} not as meant: {first}{more}", failed.len())
    });
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    LastCoverage {
        source: coverage.source.clone(),
        at: coverage.at,
        sections: number(all),
        failed: number(failed.len()),
        message,
    }
}

async fn keep(context: &Context, last: &LastCoverage) {
    if let Err(error) = context.catalog.put_coverage(last).await {
        tracing::error!("{error}");
    }
    tell(context).await;
}

/// The warning of the sources of the configuration, as far as they are not as meant.
async fn tell(context: &Context) {
    match context.catalog.coverages().await {
        Ok(last) => {
            let config = context.config();
            let known = |last: &&LastCoverage| config.has_source(&last.source);
            context.notices.set(FAILED, words(last.iter().filter(known)));
        }
        Err(error) => tracing::error!("{error}"),
    }
}

fn words<'l>(last: impl Iterator<Item = &'l LastCoverage>) -> Option<String> {
    let told: Vec<String> = last.filter_map(LastCoverage::told).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

#[cfg(test)]
mod tests {
    use orgvault_api::CheckResult;

    use super::*;

    fn section(name: &str, result: CheckResult, message: &str) -> SectionCoverage {
        SectionCoverage { result, message: message.to_owned(), ..SectionCoverage::new(name, name) }
    }

    fn coverage(sections: Vec<SectionCoverage>) -> Coverage {
        let (source, at) = ("tracker".to_owned(), Timestamp::UNIX_EPOCH);
        Coverage { source, at, organizations: 2, refused: Vec::new(), sections, excluded: 0, shared: 0 }
    }

    #[test]
    fn what_is_not_as_meant_is_told_of_each_source() {
        let whole = found(&coverage(vec![section("users", CheckResult::Ok, "covered")]));
        assert_eq!((whole.sections, whole.failed, &whole.message), (1, 0, &None));
        assert_eq!(words([&whole].into_iter()), None);
        let leak = || section("issues", CheckResult::Failed, "in more than one: 8 of 4");
        let one = found(&coverage(vec![section("users", CheckResult::Ok, "covered"), leak()]));
        let expected = "coverage of tracker: 1 of 2 sections is not as meant: issues: in more than one: 8 of 4; \
                        `orgvault check tracker --coverage` says more";
        assert_eq!(words([&whole, &one].into_iter()).as_deref(), Some(expected));
        let many = found(&coverage((0..7).map(|_| leak()).collect()));
        assert!(many.message.unwrap().ends_with("8 of 4 and 2 more"));
    }

    #[test]
    fn a_source_has_its_turn_after_its_last_look() {
        let hours = |hours| Timestamp::UNIX_EPOCH + TimeDelta::hours(hours);
        let (every, started) = (TimeDelta::hours(24), hours(100));
        assert_eq!(due(None, every, started), started + FIRST);
        assert_eq!(due(None, TimeDelta::seconds(1), started), started + TimeDelta::seconds(1));
        let last = found(&coverage(Vec::new()));
        let last = LastCoverage { at: hours(90), ..last };
        assert_eq!(due(Some(&last), every, started), hours(114));
        let failed = LastCoverage { message: Some("it could not be looked at".to_owned()), ..last };
        assert_eq!(due(Some(&failed), every, started), hours(91));
    }
}
