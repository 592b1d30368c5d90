//! What is around every screen: the title, the banner, remarks and the last line.

use ratatui::{layout::Rect, style::Style};

use super::{
    SMALLEST,
    canvas::{Canvas, Span, below, inset},
};
use crate::console::{
    keys::{self, Action, Key},
    model::{Link, Model, PromptKind},
    screens::Kind,
    theme::Theme,
    update::reason,
    words::{age, paragraph, width},
};

/// A remark takes no more lines.
const TOAST_LINES: usize = 4;

/// Draws what is around the screen; gives what is left for the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, area: Rect) -> Rect {
    title(canvas, model, Rect { height: 1, ..area });
    let mut body = below(area, 1);
    for (text, style) in banner(model).into_iter().chain(warnings(model)) {
        canvas.style(Rect { height: 1, ..body }, style);
        canvas.text(body.x + 1, body.y, body.width.saturating_sub(2), &text, style);
        body = below(body, 1);
    }
    body.height = body.height.saturating_sub(1);
    last_line(canvas, model, Rect { y: area.bottom() - 1, height: 1, ..area });
    body
}

fn title(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let theme = canvas.theme;
    let right = totals(model, area.width);
    let taken: usize = right.iter().map(|(text, _)| width(text)).sum();
    let taken = u16::try_from(taken).unwrap_or(area.width).min(area.width);
    canvas.spans(Rect { x: area.right() - taken, width: taken, ..area }, &right);
    let mut spans: Vec<Span> = vec![(" orgvault".to_owned(), theme.accent)];
    if let Some(host) = &model.setup.host {
        spans.push((format!(" {host}"), theme.careful));
    }
    for part in model.screen.title() {
        spans.push((format!(" {} ", theme.symbols.deeper), theme.dim));
        spans.push((part, theme.text));
    }
    canvas.spans(Rect { width: area.width.saturating_sub(taken + 1), ..area }, &spans);
    let used: usize = spans.iter().map(|(text, _)| width(text)).sum();
    others(canvas, model, Rect { x: area.x, width: area.width.saturating_sub(taken + 2), ..area }, used);
}

/// The screens that a digit goes to, where there is room for all of them after `used` columns.
fn others(canvas: &mut Canvas<'_>, model: &Model, area: Rect, used: usize) {
    let here = model.screen.kind();
    let screens = [
        (Kind::Organizations, Action::Organizations, "organizations"),
        (Kind::Exports, Action::Exports, "exports"),
        (Kind::Schedules, Action::Schedules, "schedules"),
        (Kind::Activity, Action::Activity, "activity"),
    ];
    let mut spans: Vec<Span> = Vec::new();
    for (_, action, word) in screens.into_iter().filter(|(kind, ..)| *kind != here) {
        let name = keys::of(action).map_or("", |key| key.names[0]);
        spans.push((format!(" {name}"), canvas.theme.accent));
        spans.push((format!(" {word}"), canvas.theme.dim));
    }
    let needed: usize = spans.iter().map(|(text, _)| width(text)).sum();
    let room = usize::from(area.width).saturating_sub(used + 1);
    if let Some(needed) = u16::try_from(needed).ok().filter(|needed| usize::from(*needed) <= room) {
        canvas.spans(Rect { x: area.right() - needed, width: needed, ..area }, &spans);
    }
}

/// What is going on, in as many words as there is room for.
fn totals(model: &Model, columns: u16) -> Vec<Span> {
    let theme = &model.setup.theme;
    let (pending, running) = model.data.load();
    let mut spans = Vec::new();
    if running + pending > 0 {
        let waiting = if columns < 100 { String::new() } else { format!(", {pending} waiting") };
        spans.push((format!("{} {running} running{waiting}  ", theme.symbols.running), theme.busy));
    }
    if let Some(status) = model.status.as_ref().filter(|status| status.failed > 0) {
        let today = if columns < 100 { "" } else { " today" };
        spans.push((format!("{} {} failed{today}  ", theme.symbols.failed, status.failed), theme.bad));
    }
    let (symbol, word, style) = match (&model.link, model.role()) {
        (Link::Connecting, _) => (theme.symbols.never, "connecting", theme.dim),
        (Link::Down { .. }, _) if model.refused().is_some() => (theme.symbols.failed, "no role", theme.bad),
        (Link::Down { .. }, _) => (theme.symbols.failed, "not connected", theme.bad),
        (Link::Up, Some(role)) => (theme.symbols.ok, role.name(), theme.good),
        (Link::Up, None) => (theme.symbols.ok, "connected", theme.good),
    };
    spans.push((format!("{symbol} {word}"), style));
    if model.setup.read_only {
        spans.push((" read-only".to_owned(), theme.careful));
    }
    if columns >= 80 {
        spans.push((clock(model), theme.dim));
    }
    spans
}

fn clock(model: &Model) -> String {
    model.shown_at.with_timezone(&model.setup.zone).format(" %H:%M ").to_string()
}

/// What is wrong with the connection, or between the versions.
fn banner(model: &Model) -> Option<(String, Style)> {
    let theme = &model.setup.theme;
    let reversed = Theme::flag(theme.bad);
    if let Some(fault) = model.refused() {
        return Some((format!("{} not allowed: {}", theme.symbols.failed, fault.message), reversed));
    }
    if let Link::Down { since, fault } = &model.link {
        let data = model
            .data
            .organizations
            .at
            .map_or(String::new(), |at| format!("; what you see is {} old", age(at, model.shown_at)));
        let lost = age(*since, model.shown_at);
        return Some((format!("{} no connection for {lost}{data}: {}", theme.symbols.failed, fault.message), reversed));
    }
    let status = model.status.as_ref()?;
    let text = version_difference(&status.version, &model.setup.version)?;
    Some((format!("{} {text}", theme.symbols.warning), Theme::flag(theme.careful)))
}

/// What the daemon warns of: how many, and the first.
fn warnings(model: &Model) -> Option<(String, Style)> {
    let theme = &model.setup.theme;
    let warnings = &model.status.as_ref()?.warnings;
    let first = warnings.first()?.message.lines().next().unwrap_or_default();
    let text = match warnings.len() {
        1 => format!("{} n: {first}", theme.symbols.warning),
        more => format!("{} n shows {more} warnings: {first}", theme.symbols.warning),
    };
    Some((text, Theme::flag(theme.careful)))
}

/// Which side to update, where the versions differ.
fn version_difference(daemon: &str, console: &str) -> Option<String> {
    let parts = |version: &str| -> Vec<u64> {
        version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).take(3).collect()
    };
    match parts(daemon).cmp(&parts(console)) {
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Less => {
            Some(format!("orgvaultd is {daemon}, older than this console ({console}): update orgvaultd"))
        }
        std::cmp::Ordering::Greater => {
            Some(format!("orgvaultd is {daemon}, newer than this console ({console}): update orgvault here"))
        }
    }
}

fn last_line(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let theme = canvas.theme;
    if let Some(prompt) = &model.prompt {
        let sign = match prompt.kind {
            PromptKind::Command => ":",
            PromptKind::Filter => "/",
        };
        let shown = visible_end(&prompt.text, area.width.saturating_sub(4).into());
        canvas.text(area.x, area.y, 1, sign, theme.accent);
        let used = canvas.text(area.x + 1, area.y, area.width - 1, &shown, theme.text);
        canvas.cursor(area.x + 1 + used, area.y);
        if prompt.text.is_empty() {
            let hint = match prompt.kind {
                PromptKind::Command => " a command: tab completes, esc leaves",
                PromptKind::Filter if model.screen.search().is_some() => {
                    " text to look for in every row; enter searches, esc leaves"
                }
                PromptKind::Filter => " text to keep, !text to drop, -f for a loose match; enter keeps, esc drops",
            };
            canvas.text(area.x + 2, area.y, area.width - 2, hint, theme.dim);
        }
        return;
    }
    let mut spans: Vec<Span> = Vec::new();
    for key in fitting(model, area.width.into()) {
        let off = reason(model, key).is_some();
        let word = match key.action {
            Action::Quit if !model.screen.is_home() => "back",
            Action::Filter if model.screen.search().is_some() => "search",
            _ => key.word,
        };
        spans.push((format!(" {}", key.names[0]), if off { theme.dim } else { theme.accent }));
        // Brackets say without colours that a key is off.
        let text = if off { format!(" ({word})") } else { format!(" {word} ") };
        spans.push((text, if off { theme.dim } else { theme.text }));
    }
    canvas.spans(area, &spans);
}

/// The keys that there is room for: first those that everybody looks for, then by importance.
fn fitting(model: &Model, columns: usize) -> Vec<&'static Key> {
    let kind = model.screen.kind();
    let sought = |key: &Key| matches!(key.action, Action::Help | Action::Quit | Action::Filter);
    let mut left = columns;
    let mut fits = |key: &&Key| {
        let brackets = usize::from(reason(model, key).is_some());
        let needed = width(key.names[0]) + width(key.word) + 3 + brackets;
        let fits = needed <= left;
        left -= if fits { needed } else { 0 };
        fits
    };
    let shown = || keys::on(kind).filter(|key| !key.word.is_empty());
    let mut chosen: Vec<Action> = shown().filter(|key| sought(key)).filter(&mut fits).map(|key| key.action).collect();
    chosen.extend(shown().filter(|key| !sought(key)).filter(&mut fits).map(|key| key.action));
    shown().filter(|key| chosen.contains(&key.action)).collect()
}

/// The end of a text that is longer than the line it is typed into.
pub(super) fn visible_end(text: &str, columns: usize) -> String {
    let mut shown = text.to_owned();
    while width(&shown) > columns {
        shown.remove(0);
    }
    shown
}

/// Remarks lie over the last lines of the screen, the newest at the bottom.
pub(super) fn toasts(canvas: &mut Canvas<'_>, model: &Model, body: Rect) {
    let theme = canvas.theme;
    let mut left = body;
    for toast in model.toasts.iter().rev() {
        let (symbol, style) =
            if toast.bad { (theme.symbols.failed, theme.bad) } else { (theme.symbols.ok, theme.good) };
        let mut lines = paragraph(&format!("{symbol} {}", toast.text), usize::from(body.width).saturating_sub(2));
        lines.truncate(TOAST_LINES);
        let height = u16::try_from(lines.len()).unwrap_or(0);
        let columns = lines.iter().map(|line| width(line)).max().unwrap_or(0) + 2;
        let columns = u16::try_from(columns).unwrap_or(body.width).min(body.width);
        let Some(rest) = left.height.checked_sub(height) else { return };
        left.height = rest;
        let area = Rect { x: body.right() - columns, y: left.bottom(), width: columns, height };
        canvas.clear(area);
        canvas.style(area, Theme::flag(style));
        for (y, line) in (area.y..).zip(&lines) {
            canvas.text(area.x + 1, y, columns.saturating_sub(2), line, Theme::flag(style));
        }
    }
}

/// A user without any role sees whom to ask.
pub(super) fn refused(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let Some(fault) = model.refused() else { return };
    let inner = inset(below(area, 2));
    let used = canvas.paragraph(inner, &fault.message, canvas.theme.bad);
    canvas.paragraph(below(inner, used + 1), &fault.hint, canvas.theme.careful);
}

/// The terminal is too small for anything.
pub(super) fn too_small(canvas: &mut Canvas<'_>, area: Rect) {
    let (columns, rows) = SMALLEST;
    let text = format!("too small: needs {columns}x{rows}, has {}x{}", area.width, area.height);
    let used = canvas.paragraph(area, &text, canvas.theme.text);
    canvas.paragraph(below(area, used), "q quits", canvas.theme.dim);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_between_versions_says_which_side_to_update() {
        assert_eq!(version_difference("0.1.0", "0.1.0"), None);
        assert!(version_difference("0.2.0", "0.10.0").unwrap().ends_with("update orgvaultd"));
        assert!(version_difference("1.0.0-rc1", "0.9.9").unwrap().ends_with("update orgvault here"));
    }

    #[test]
    fn the_end_of_a_long_text_stays_in_sight() {
        assert_eq!(visible_end("abcdef", 3), "def");
        assert_eq!(visible_end("日本語", 4), "本語");
    }
}
