//! Follows the exports of one request until each is final, across restarts of the daemon.

use std::{collections::HashSet, time::Duration};

use orgvault_api::{
    Event, Export, Exports, SourceFailure,
    client::{Client, ClientError, Events},
    gid::Gid,
};
use tokio::time::{Instant, sleep, timeout};

use crate::exit::{Exit, Failure};

/// A stream that is silent for so long is asked for anew: its daemon may be gone without a word.
const SILENCE: Duration = Duration::from_secs(30);

/// The exports of one request, as far as they are known.
#[derive(Debug)]
pub(crate) struct FollowedExports {
    exports: Vec<Export>,
    /// With `--all`: the sources that could not be asked.
    failures: Vec<SourceFailure>,
    /// Those that the last snapshot lacked, and that were not asked for yet.
    missing: Vec<Gid>,
    /// Those that the daemon no longer knows.
    lost: HashSet<Gid>,
}

/// Is told of each change.
pub(crate) trait Watch {
    /// `changed` is new or has changed; `all` holds it too.
    fn changed(&mut self, changed: &Export, all: &[Export]);
    /// The daemon does not answer at the moment.
    fn waiting(&mut self, why: &str);
}

impl FollowedExports {
    /// Starts with the daemon's answer to the request.
    pub(crate) fn new(exports: Exports) -> Self {
        let Exports { exports, failures, .. } = exports;
        Self { exports, failures, missing: Vec::new(), lost: HashSet::new() }
    }

    /// The sources that could not be asked for their organizations.
    pub(crate) fn failures(&self) -> &[SourceFailure] {
        &self.failures
    }

    /// The exports, in the order of the request.
    pub(crate) fn exports(&self) -> &[Export] {
        &self.exports
    }

    /// Those whose outcome nobody knows.
    pub(crate) fn lost(&self) -> impl Iterator<Item = &Export> {
        self.exports.iter().filter(|export| self.lost.contains(&export.gid))
    }

    fn request(&self) -> Option<Gid> {
        self.exports.first().map(|export| export.request)
    }

    fn is_done(&self) -> bool {
        self.exports.iter().all(|export| export.state.is_final() || self.lost.contains(&export.gid))
    }

    /// Takes in what the daemon says; gives the gids of what changed. A final export stays as it
    /// is, and one that a snapshot lacks is missing.
    fn apply(&mut self, event: Event) -> Vec<Gid> {
        match event {
            Event::Snapshot { exports } => {
                let known: HashSet<Gid> = exports.iter().map(|export| export.gid).collect();
                self.missing = self.open().filter(|gid| !known.contains(gid)).collect();
                self.lost.retain(|gid| self.missing.contains(gid));
                exports.into_iter().filter_map(|export| self.take(export)).collect()
            }
            Event::Export { export } => self.take(*export).into_iter().collect(),
            Event::Archive { .. } => Vec::new(),
        }
    }

    fn open(&self) -> impl Iterator<Item = Gid> {
        self.exports.iter().filter(|export| !export.state.is_final()).map(|export| export.gid)
    }

    /// Asks for each that a snapshot lacked: one that the daemon does not know is lost.
    async fn ask_for_missing(&mut self, client: &Client, watch: &mut impl Watch) -> Result<(), ClientError> {
        while let Some(gid) = self.missing.pop() {
            match client.export(gid).await {
                Ok(export) => {
                    let changed = self.take(export);
                    self.tell(changed.as_slice(), watch);
                }
                Err(ClientError::Problem(problem)) if problem.status == 404 => drop(self.lost.insert(gid)),
                Err(error) => {
                    self.missing.push(gid);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, export: Export) -> Option<Gid> {
        let known = self.exports.iter_mut().find(|known| known.gid == export.gid)?;
        if known.state.is_final() || is_told(known, &export) {
            return None;
        }
        *known = export;
        Some(known.gid)
    }

    fn tell(&self, changed: &[Gid], watch: &mut impl Watch) {
        for export in self.exports.iter().filter(|export| changed.contains(&export.gid)) {
            watch.changed(export, &self.exports);
        }
    }
}

/// Whether it says nothing that was not told.
fn is_told(known: &Export, export: &Export) -> bool {
    serde_json::to_value(known).ok() == serde_json::to_value(export).ok()
}

/// Why the stream has to be asked for anew.
enum Pause {
    Silent,
    Ended,
    Failed(ClientError),
}

/// Follows until every export is final or lost. A daemon that goes away is waited for, `patience`
/// long; each sign of life starts that time anew.
///
/// # Errors
/// When the daemon refuses, speaks another language, or stays away.
pub(crate) async fn follow(
    client: &Client,
    followed: &mut FollowedExports,
    patience: Duration,
    watch: &mut impl Watch,
) -> Result<(), Failure> {
    let mut heard = Instant::now();
    let mut attempt = 0;
    while !followed.is_done() {
        let before = heard;
        let pause = until_pause(client, followed, watch, &mut heard).await?;
        if followed.is_done() {
            break;
        }
        let in_vain = heard == before;
        attempt = if in_vain { attempt + 1 } else { 0 };
        if in_vain && heard.elapsed() >= patience {
            return Err(unknown_outcome(followed, &pause));
        }
        if !matches!(pause, Pause::Silent) {
            watch.waiting(&pause.to_string());
        }
        sleep(back_off(attempt).min(patience.saturating_sub(heard.elapsed()))).await;
    }
    Ok(())
}

/// Reads one stream of events to its end.
async fn until_pause(
    client: &Client,
    followed: &mut FollowedExports,
    watch: &mut impl Watch,
    heard: &mut Instant,
) -> Result<Pause, Failure> {
    let mut events = match timeout(SILENCE, client.events(followed.request())).await {
        Err(_elapsed) => return Ok(Pause::Silent),
        Ok(Ok(events)) => events,
        Ok(Err(error)) => return pause_or_fail(error),
    };
    while !followed.is_done() {
        match next(&mut events).await {
            Ok(event) => {
                *heard = Instant::now();
                let changed = followed.apply(event);
                followed.tell(&changed, watch);
                match timeout(SILENCE, followed.ask_for_missing(client, watch)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => return pause_or_fail(error),
                    Err(_elapsed) => return Ok(Pause::Silent),
                }
            }
            Err(Pause::Failed(error)) => return pause_or_fail(error),
            Err(pause) => return Ok(pause),
        }
    }
    Ok(Pause::Ended)
}

async fn next(events: &mut Events) -> Result<Event, Pause> {
    match timeout(SILENCE, events.next()).await {
        Err(_elapsed) => Err(Pause::Silent),
        Ok(Ok(Some(event))) => Ok(event),
        Ok(Ok(None)) => Err(Pause::Ended),
        Ok(Err(error)) => Err(Pause::Failed(error)),
    }
}

/// A daemon that starts or stops is worth waiting for; one that refuses is not.
fn pause_or_fail(error: ClientError) -> Result<Pause, Failure> {
    match error {
        ClientError::Problem(ref problem) if matches!(problem.status, 429 | 503) => Ok(Pause::Failed(error)),
        ClientError::Unreachable { .. } | ClientError::Lost { .. } => Ok(Pause::Failed(error)),
        error => Err(error.into()),
    }
}

impl std::fmt::Display for Pause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Silent => f.write_str("orgvaultd is silent"),
            Self::Ended => f.write_str("orgvaultd ended the stream of events"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

fn unknown_outcome(followed: &FollowedExports, pause: &Pause) -> Failure {
    let open = followed.exports.iter().filter(|export| !export.state.is_final());
    let gids: Vec<String> = open.map(|export| export.gid.to_string()).collect();
    let message = format_args!("the outcome of export {} is unknown: {pause}", gids.join(", ")).to_string();
    Failure::new(Exit::Failed, "unknown_outcome", message)
        .hint("the exports may go on: look with `orgvault exports` when orgvaultd answers again")
}

/// 100 ms, doubled with each attempt in vain, at most 5 s.
fn back_off(attempt: u32) -> Duration {
    let doubled = Duration::from_millis(100).saturating_mul(2_u32.saturating_pow(attempt));
    doubled.min(Duration::from_secs(5))
}

#[cfg(test)]
mod tests {
    use orgvault_api::{Format, OrganizationKey, State};

    use super::*;

    fn export(gid: u64, state: State) -> Export {
        let [source, kind, id, name, slug] = ["tracker", "organization", "7", "Acme", "acme"].map(str::to_owned);
        Export {
            gid: gid.try_into().unwrap(),
            request: 1000.try_into().unwrap(),
            organization: OrganizationKey { source, kind, id, name, slug },
            format: Format::Json,
            entity: None,
            gzip: false,
            importable: false,
            state,
            created_at: "2026-01-31T09:30:00Z".parse().unwrap(),
            started_at: None,
            finished_at: None,
            progress: None,
            error: None,
            warnings: Vec::new(),
            counts: Vec::new(),
            bytes: None,
            requested_by: String::new(),
            schedule: None,
        }
    }

    fn followed() -> FollowedExports {
        let exports = vec![export(7, State::Finished), export(8, State::Started)];
        FollowedExports::new(Exports { exports, ..Exports::default() })
    }

    #[test]
    fn what_is_final_stays_so_and_other_exports_are_no_concern() {
        let mut followed = followed();
        for late in [export(7, State::Started), export(9, State::Started)] {
            assert!(followed.apply(Event::Export { export: Box::new(late) }).is_empty());
        }
        assert_eq!(followed.exports().len(), 2);
        assert_eq!(followed.exports()[0].state, State::Finished);
    }

    #[test]
    fn what_a_snapshot_lacks_is_missing_unless_it_is_final() {
        let mut followed = followed();
        followed.apply(Event::Snapshot { exports: Vec::new() });
        assert_eq!(followed.missing.iter().map(|gid| gid.get()).collect::<Vec<u64>>(), [8]);
        assert!(!followed.is_done(), "nobody has asked for it yet");
        followed.lost.extend(std::mem::take(&mut followed.missing));
        assert!(followed.is_done());
        followed.apply(Event::Snapshot { exports: vec![export(8, State::Finished)] });
        assert_eq!((followed.is_done(), followed.lost().count(), followed.missing.len()), (true, 0, 0));
    }

    #[test]
    fn the_back_off_doubles_up_to_five_seconds() {
        let waits = [0, 1, 2, 5, 6, 40].map(|attempt| back_off(attempt).as_millis());
        assert_eq!(waits, [100, 200, 400, 3200, 5000, 5000]);
    }
}
