//! Shows how far exports are: a bar on a terminal, lines elsewhere, always on standard error.

use std::{
    collections::HashMap,
    fmt,
    io::{self, IsTerminal},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use orgvault_shared::{
    api::{Export, State},
    gid::Gid,
    text::printable,
};
use tokio::time::Instant;

use crate::{follow::Watch, lines::Lines, names, output::remark, units};

/// Between two lines about the same export in the same state.
const PAUSE: Duration = Duration::from_secs(10);
/// Between two drawings of the bar.
const TICK: Duration = Duration::from_millis(200);
const ROWS: &str = "{msg}  [{bar:24}] {percent}%  {human_pos} of {human_len} rows  {rate} rows/s  ETA {eta}";
const EXPORTS: &str = "[{bar:24}] {human_pos} of {human_len} exports  ETA {eta}  {msg}";

/// How progress is shown.
#[derive(Debug)]
pub(crate) enum Progress {
    /// One line that is drawn over and over.
    Bar(ProgressBar),
    /// A line for each change of state, and now and then one for a long export.
    Lines(HashMap<Gid, (State, Instant)>),
    /// Not at all.
    Silent,
}

impl Progress {
    /// A bar where standard error is a terminal; without one, lines if `lines`.
    pub(crate) fn new(lines: bool) -> Self {
        if io::stderr().is_terminal() {
            let bar = ProgressBar::new(0);
            set_template(&bar, EXPORTS);
            // Between events time goes on, and a change that came too soon after another is drawn.
            bar.enable_steady_tick(TICK);
            Self::Bar(bar)
        } else if lines {
            Self::Lines(HashMap::new())
        } else {
            Self::Silent
        }
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
            Self::Lines(shown) => {
                let now = Instant::now();
                if is_due(shown.get(&changed.gid), changed.state, now) {
                    shown.insert(changed.gid, (changed.state, now));
                    remark(&line(changed));
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

fn is_due(last: Option<&(State, Instant)>, state: State, now: Instant) -> bool {
    last.is_none_or(|(shown, at)| *shown != state || now.duration_since(*at) >= PAUSE)
}

fn draw(bar: &ProgressBar, changed: &Export, all: &[Export]) {
    let single = all.len() == 1;
    set_template(bar, if single { ROWS } else { EXPORTS });
    if let Some(progress) = &changed.progress {
        bar.set_message(format!(
            "{} {}",
            printable(&names::organization(&changed.organization)),
            printable(&progress.section)
        ));
        if single {
            bar.set_length(progress.rows_expected);
            bar.set_position(progress.rows);
        }
    }
    if !single {
        bar.set_length(all.len() as u64);
        bar.set_position(all.iter().filter(|export| export.state.is_final()).count() as u64);
    }
}

/// A test rules out that a template is wrong.
fn set_template(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> ").with_key("rate", rate));
    }
}

fn rate(state: &ProgressState, text: &mut dyn fmt::Write) {
    // What cannot be written here is a part of a line that is drawn again.
    text.write_fmt(format_args!("{:.0}", state.per_sec())).unwrap_or_default();
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
    fn the_templates_are_valid() {
        for template in [ROWS, EXPORTS] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
