//! Shows how far exports are: a bar on a terminal, lines elsewhere, always on standard error.

use std::{
    collections::HashMap,
    fmt,
    io::{self, IsTerminal},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use orgvault_api::{Export, State, gid::Gid, text::printable};
use tokio::time::Instant;

use crate::{follow::Watch, lines::Lines, names, output::remark, units};

/// Between two lines about the same export in the same state.
const PAUSE: Duration = Duration::from_secs(10);
/// Between two drawings of the bar.
const TICK: Duration = Duration::from_millis(200);
/// Until it is known how much there is.
const BEFORE: &str = "{spinner} {msg}";
const ROWS: &str = "{msg}  [{bar:24}] {percent}%  {human_pos} of {human_len} rows  {rate} rows/s  ETA {left}";
const EXPORTS: &str = "[{bar:24}] {human_pos} of {human_len} exports  ETA {left}  {msg}";
/// What a guess at the rest of the time is made from takes at least so long.
const SETTLED: Duration = Duration::from_secs(3);
/// More exports are told of together.
const FEW: usize = 8;

/// How progress is shown.
#[derive(Debug)]
pub(crate) enum Progress {
    /// One line that is drawn over and over.
    Bar(ProgressBar),
    /// A line for each change of state, and now and then one for a long export; of many exports one
    /// now and then for all.
    Lines(PrintedLines),
    /// Not at all.
    Silent,
}

/// What lines have told.
#[derive(Debug, Default)]
pub(crate) struct PrintedLines {
    each: HashMap<Gid, (State, Instant)>,
    all: Option<Instant>,
}

impl Progress {
    /// A bar where standard error is a terminal; without one, lines if `lines`.
    pub(crate) fn new(lines: bool) -> Self {
        if io::stderr().is_terminal() {
            let bar = ProgressBar::new(0);
            set_template(&bar, BEFORE);
            bar.set_message("waiting for its turn");
            // Between events time goes on, and a change that came too soon after another is drawn.
            bar.enable_steady_tick(TICK);
            Self::Bar(bar)
        } else if lines {
            Self::lines()
        } else {
            Self::Silent
        }
    }

    /// Lines, whatever standard error is.
    pub(crate) fn lines() -> Self {
        Self::Lines(PrintedLines::default())
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

impl Watch for Progress {
    fn changed(&mut self, changed: &Export, all: &[Export]) {
        match self {
            Self::Bar(bar) => draw(bar, changed, all),
            Self::Lines(told) => {
                if let Some(line) = told.line(changed, all, Instant::now()) {
                    remark(&line);
                }
            }
            Self::Silent => {}
        }
    }

    fn waiting(&mut self, why: &str) {
        match self {
            Self::Bar(bar) => bar.set_message(format!("{} - waiting", printable(why))),
            Self::Lines(_) => remark(&format!("{} - waiting\n", printable(why))),
            Self::Silent => {}
        }
    }
}

impl PrintedLines {
    /// What is to be told of a change.
    fn line(&mut self, changed: &Export, all: &[Export], now: Instant) -> Option<String> {
        if all.len() > FEW {
            let over = all.iter().all(|export| export.state.is_final());
            let due = self.all.is_none_or(|at| now.duration_since(at) >= PAUSE);
            (over || due).then(|| {
                self.all = Some(now);
                summary(all)
            })
        } else {
            is_due(self.each.get(&changed.gid), changed.state, now).then(|| {
                self.each.insert(changed.gid, (changed.state, now));
                line(changed)
            })
        }
    }
}

fn is_due(last: Option<&(State, Instant)>, state: State, now: Instant) -> bool {
    last.is_none_or(|(shown, at)| *shown != state || now.duration_since(*at) >= PAUSE)
}

fn draw(bar: &ProgressBar, changed: &Export, all: &[Export]) {
    if let Some(progress) = &changed.progress {
        let what = progress.job.as_ref().map_or_else(|| progress.section.clone(), names::job);
        bar.set_message(format!("{} {}", printable(&names::organization(&changed.organization)), printable(&what)));
    }
    let (template, done, of) = if all.len() == 1 {
        match &changed.progress {
            Some(progress) if progress.rows_expected > 0 => (ROWS, progress.rows, progress.rows_expected),
            _ => (BEFORE, 0, 0),
        }
    } else {
        (EXPORTS, all.iter().filter(|export| export.state.is_final()).count() as u64, all.len() as u64)
    };
    if bar.length() == Some(0) && of > 0 {
        // What went before says nothing of how fast it is.
        bar.reset_elapsed();
    }
    set_template(bar, template);
    bar.set_length(of);
    bar.set_position(done);
}

/// A test rules out that a template is wrong.
fn set_template(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> ").with_key("rate", rate).with_key("left", left));
    }
}

fn left(state: &ProgressState, text: &mut dyn fmt::Write) {
    let left = time_left(state.elapsed(), state.pos(), state.len().unwrap_or_default());
    let left = left.map_or_else(|| "-".to_owned(), units::duration);
    text.write_str(&left).unwrap_or_default();
}

/// How long the rest takes if it is as fast as what is done; none before that says anything.
fn time_left(elapsed: Duration, done: u64, of: u64) -> Option<Duration> {
    if elapsed < SETTLED || done == 0 {
        return None;
    }
    let left = elapsed.as_millis() * u128::from(of.saturating_sub(done)) / u128::from(done);
    Some(Duration::from_secs(u64::try_from(left.div_ceil(1000)).unwrap_or(u64::MAX)))
}

fn rate(state: &ProgressState, text: &mut dyn fmt::Write) {
    // What cannot be written here is a part of a line that is drawn again.
    text.write_fmt(format_args!("{:.0}", state.per_sec())).unwrap_or_default();
}

/// `120 of 2,000 exports are over, 3 of them failed`.
fn summary(all: &[Export]) -> String {
    let in_state = |state: State| all.iter().filter(|export| export.state == state).count() as u64;
    let failed = in_state(State::Error);
    let over = units::number(in_state(State::Finished) + failed);
    let of = units::plural(all.len() as u64, "export");
    let failed = if failed == 0 { String::new() } else { format!(", {} of them failed", units::number(failed)) };
    format!("{over} of {of} are over{failed}\n")
}

/// `1234567890 tracker/acme json: started, 1,200 of 20,000 rows (workItems)`.
fn line(export: &Export) -> String {
    let mut text = format!(
        "{} {} {}: {}",
        export.gid,
        printable(&names::organization(&export.organization)),
        printable(&names::format_of(export)),
        export.state.name()
    );
    if let (State::Started, Some(job)) = (export.state, export.progress.as_ref().and_then(|it| it.job.as_ref())) {
        text.part(format_args!(", {}", printable(&names::job(job))));
    }
    // Before its first section there is nothing to tell.
    let progress = export.progress.as_ref().filter(|progress| !progress.section.is_empty());
    if let (State::Started, Some(progress)) = (export.state, progress) {
        let (rows, expected) = (units::number(progress.rows), units::number(progress.rows_expected));
        text.part(format_args!(", {rows} of {expected} rows ({})", printable(&progress.section)));
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_due_when_the_state_changes_or_after_a_while() {
        let start = Instant::now();
        let shown = (State::Started, start);
        assert!(is_due(None, State::Started, start));
        assert!(!is_due(Some(&shown), State::Started, start + PAUSE / 2));
        assert!(is_due(Some(&shown), State::Started, start + PAUSE));
        assert!(is_due(Some(&shown), State::Finished, start));
    }

    #[test]
    fn the_time_left_is_told_when_there_is_something_to_go_by() {
        let left = |millis, done, of| time_left(Duration::from_millis(millis), done, of).map(|left| left.as_secs());
        assert_eq!(left(100, 0, 300), None);
        assert_eq!(left(2_900, 10, 300), None, "a beginning is slow");
        assert_eq!(left(3_000, 100, 300), Some(6));
        assert_eq!(left(3_000, 299, 300), Some(1));
        assert_eq!(left(9_000, 300, 300), Some(0));
        assert_eq!(left(9_000, 0, 300), None);
    }

    fn export(gid: u64, state: State) -> Export {
        serde_json::from_value(serde_json::json!({
            "gid": gid.to_string(), "request": "1", "format": "json", "gzip": false, "state": state.name(),
            "organization": { "source": "t", "kind": "organization", "id": "7", "name": "Acme", "slug": "acme" },
            "created_at": "2026-01-31T09:30:00Z", "warnings": [], "counts": [], "requested_by": "root",
        }))
        .unwrap()
    }

    #[test]
    fn thousands_of_exports_make_few_lines_and_few_exports_a_line_for_each_state() {
        let start = Instant::now();
        let lines = |many: u64| {
            let mut all: Vec<Export> = (1..=many).map(|gid| export(gid, State::Pending)).collect();
            let (mut told, mut lines) = (PrintedLines::default(), Vec::new());
            for place in 0..all.len() {
                for state in [State::Pending, State::Started, State::Finished] {
                    all[place].state = state;
                    // Two thousand take a minute.
                    let now = start + Duration::from_millis(30 * place as u64);
                    lines.extend(told.line(&all[place], &all, now));
                }
            }
            lines
        };
        assert_eq!(lines(2).len(), 6);
        let many = lines(2000);
        assert!(many.len() < 12, "{many:?}");
        assert_eq!(many.last().unwrap(), "2,000 of 2,000 exports are over\n");
    }

    #[test]
    fn nothing_is_done_before_it_is_known_how_much_there_is() {
        let bar = ProgressBar::hidden();
        let mut one = export(1, State::Started);
        one.progress = Some(orgvault_api::Progress::default());
        draw(&bar, &one, std::slice::from_ref(&one));
        assert_eq!((bar.position(), bar.length()), (0, Some(0)));
        one.progress = Some(orgvault_api::Progress { rows: 5, rows_expected: 20, ..Default::default() });
        draw(&bar, &one, std::slice::from_ref(&one));
        assert_eq!((bar.position(), bar.length()), (5, Some(20)));
    }

    #[test]
    fn of_an_app_that_makes_the_file_its_job_is_told() {
        let job = serde_json::json!({
            "remote_id": "1203\u{1b}", "state": "exporting", "requested_at": "2026-01-31T09:30:00Z", "waits": "the app",
        });
        let mut one = export(1, State::Started);
        let job = serde_json::from_value(job).unwrap();
        one.progress = Some(orgvault_api::Progress { job: Some(job), ..Default::default() });
        let told = "1 t/acme json: started, the app's job 1203\\u{1b} is exporting, and waits for the app\n";
        assert_eq!(line(&one), told);
        let bar = ProgressBar::hidden();
        draw(&bar, &one, std::slice::from_ref(&one));
        assert!(bar.message().starts_with("t/acme the app's job 1203"), "{}", bar.message());
    }

    #[test]
    fn the_templates_are_valid() {
        for template in [BEFORE, ROWS, EXPORTS] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
