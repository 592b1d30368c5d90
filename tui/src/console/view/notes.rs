//! What the screen has no room for, in full: what is not well with the daemon and its sources, and all
//! that is known of what the cursor is on.

use orgvault_api::Organization;
use ratatui::style::Style;

use super::{archive, canvas::Span, export, organizations, schedules};
use crate::{
    console::{
        model::{Happening, Link, Model, Screen},
        theme::Theme,
        update::{focused_export, focused_organization, focused_schedule, listed},
        words::{age, paragraph},
    },
    names, units,
};

/// Lines that are written one after the other.
struct Page<'t> {
    theme: &'t Theme,
    columns: usize,
    lines: Vec<Span>,
}

impl Page<'_> {
    fn title(&mut self, text: &str) {
        if !self.lines.is_empty() {
            self.lines.push((String::new(), self.theme.text));
        }
        self.say(text, self.theme.accent);
    }

    /// Each of its lines is a paragraph.
    fn say(&mut self, text: &str, style: Style) {
        for line in text.lines() {
            self.lines.extend(paragraph(line, self.columns).into_iter().map(|line| (line, style)));
        }
    }

    fn warn(&mut self, text: &str, hint: &str) {
        self.say(&format!("{} {text}", self.theme.symbols.failed), self.theme.bad);
        self.say(hint, self.theme.careful);
    }
}

/// All of it.
pub(super) fn lines(model: &Model, columns: usize) -> Vec<Span> {
    let theme = &model.setup.theme;
    let mut page = Page { theme, columns, lines: Vec::new() };
    here(&mut page, model);
    let warnings = model.status.as_ref().map(|status| status.warnings.as_slice()).unwrap_or_default();
    if !warnings.is_empty() {
        page.title("what orgvaultd warns of");
    }
    for warning in warnings {
        page.say(&format!("{} {}", theme.symbols.warning, warning.message), theme.careful);
    }
    if let Link::Down { fault, .. } = &model.link {
        page.title("the connection to orgvaultd");
        page.warn(&fault.message, &fault.hint);
    }
    for failure in &model.data.failures {
        page.title(&format!("source {}", failure.source));
        page.warn(&organizations::said(model, failure), &failure.error.hint);
    }
    if !model.remarks.is_empty() {
        page.title("what went wrong here, the newest first");
    }
    for remark in model.remarks.iter().rev() {
        page.say(&format!("{} ago: {}", age(remark.at, model.shown_at), remark.text), theme.text);
    }
    if page.lines.is_empty() {
        page.say("nothing is wrong, and nothing was cut off", theme.dim);
    }
    page.lines
}

/// What the cursor or the screen is on.
fn here(page: &mut Page<'_>, model: &Model) {
    let (theme, columns) = (page.theme, page.columns);
    match &model.screen {
        Screen::Organizations(_) => organization(page, model, focused_organization(model)),
        Screen::Organization(screen) => organization(page, model, listed(model, &screen.key)),
        Screen::Exports(_) | Screen::Export(_) => {
            let Some(export) = focused_export(model) else { return };
            page.title(&format!("export {} of {}", export.gid, names::organization(&export.organization)));
            page.lines.extend(export::lines(theme, model, export, columns));
        }
        Screen::Archive(screen) => {
            let Some(archive) = &screen.archive.value else { return };
            page.title(&format!("archive {}", archive.gid));
            page.lines.extend(archive::facts(theme, model, screen, archive, columns));
            for finding in screen.preflight.value.iter().flat_map(|preflight| &preflight.findings) {
                let line = finding.line.map(|line| format!(" line {line}")).unwrap_or_default();
                page.say(&format!("{}: {}{line} {}", finding.code, finding.file, finding.message), theme.text);
            }
        }
        Screen::Schedules(_) | Screen::Schedule(_) => {
            let Some(schedule) = focused_schedule(model) else { return };
            page.title(&format!("schedule {}", schedule.name));
            page.lines.extend(schedules::facts(theme, model, schedule, columns));
        }
        Screen::Retention(list, _) => {
            let decisions = model.data.retention.value.as_ref().map(|plan| plan.decisions.as_slice());
            let Some(one) = list.index().and_then(|index| decisions?.get(index)) else { return };
            let word = if one.keep { "keeps" } else { "drops" };
            page.title(&format!("retention {word} {}", one.archive.gid));
            page.say(&names::organization(&one.archive.organization), theme.text);
            page.say(&one.reasons.join("\n"), theme.text);
        }
        Screen::Activity(list, _) => {
            let happenings = model.data.activity();
            let Some(one) = list.index().and_then(|index| happenings.get(index)) else { return };
            let Happening { at, who, what, on, result, .. } = one;
            page.title(&format!("{what} at {}", units::time(*at)));
            page.say(&format!("by {who}\non {on}\n{result}"), theme.text);
        }
        Screen::Rows(_) | Screen::Record(_) | Screen::Compare(_) => {}
    }
}

fn organization(page: &mut Page<'_>, model: &Model, one: Option<&Organization>) {
    let Some(one) = one else { return };
    let theme = page.theme;
    page.title(&names::organization(&one.key));
    page.say(&format!("{} {}, {}", one.key.kind, one.key.id, one.key.name), theme.text);
    let reason = organizations::reason(theme, one, page.columns);
    if reason.is_empty() {
        let (symbol, word, style) = organizations::standing(theme, one);
        page.say(&format!("{symbol} {word}"), style);
    }
    page.lines.extend(reason);
    if !one.covered {
        page.say("no schedule takes it, so it is not missed", theme.dim);
    }
    if let Some(at) = one.listed_at {
        page.say(&format!("its source listed it last {} ago", age(at, model.shown_at)), theme.careful);
    }
    if let Some(last) = &one.last_archive {
        page.say(
            &format!("last archive {}, {} of {}", last.gid, last.format, units::time(last.exported_at)),
            theme.text,
        );
    }
}
