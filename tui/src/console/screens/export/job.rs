//! An export of an app that makes the file itself: how far its job is, and what is fetched of it.

use orgvault_api::{JobProgress, Progress};
use ratatui::layout::Rect;

use crate::{
    console::{
        model::{Model, Speed},
        view::canvas::Canvas,
        words::{paragraph, percent},
    },
    units,
};

/// Draws the job, and below it the file once there is something of it.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    model: &Model,
    job: &JobProgress,
    (progress, speed): (&Progress, Option<&Speed>),
    area: Rect,
) {
    let theme = canvas.theme;
    let mut lines = Vec::new();
    for (text, style) in [(words(job, model), theme.text), (fetched(job, progress, speed), theme.dim)] {
        lines.extend(paragraph(&text, area.width.into()).into_iter().map(|line| (line, style)));
    }
    canvas.lines(area, &lines);
}

/// `the app says started (its job 1203), asked 12m 00s ago, waits for the app`.
fn words(job: &JobProgress, model: &Model) -> String {
    let id = job.remote_id.as_ref().map(|id| format!(" (its job {id})")).unwrap_or_default();
    let age = units::duration(units::between(job.requested_at, model.shown_at));
    let waits = job.waits.as_ref().map(|what| format!(", waits for {what}")).unwrap_or_default();
    format!("the app says {}{id}, asked {age} ago{waits}", job.state)
}

/// What there is of the file; nothing before the first byte.
fn fetched(job: &JobProgress, progress: &Progress, speed: Option<&Speed>) -> String {
    if progress.bytes == 0 {
        return String::new();
    }
    let here = units::size(progress.bytes);
    let of = job.bytes_expected.filter(|all| *all > 0);
    let of = of.map(|all| format!(" of {}, {} %", units::size(all), percent(progress.bytes, all))).unwrap_or_default();
    let rate = speed.and_then(Speed::bytes).map(|rate| format!(", {}/s", units::size(rate))).unwrap_or_default();
    format!("{here}{of} are here{rate}")
}
