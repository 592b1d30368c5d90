//! Home: every organization, the worst first.

use std::cmp::Ordering;

use orgvault_api::{
    DayResult, Organization, SourceFailure,
    health::{Health, Level, Tally},
};
use ratatui::{layout::Rect, style::Style};

use super::{Asks, Component, Focus, list_title};
use crate::{
    console::{
        keys::Action,
        message::Ask,
        model::{Data, Entry, List, Model},
        theme::Theme,
        view::{
            canvas::{Canvas, Span, below, inset, top},
            notes::Notes,
            table::{self, Cell, Column, Look, Row, number, text},
        },
        words::{age, fit, paragraph, when, width},
    },
    names, units,
};

/// The columns that organizations are sorted by, as `s` goes through them; the first is usual.
pub(crate) const SORTS: [&str; 9] = ["health", "name", "source", "kind", "age", "rows", "size", "nights", "next"];

/// A filter looks at no more characters of a name.
const SEARCHED: usize = 200;

/// In the order in which `s` goes through them.
const COLUMNS: [Column; 9] = [
    text("HEALTH", 11, 0, 0),
    text("ORGANIZATION", 18, 3, 0),
    text("SOURCE", 8, 1, 5),
    text("KIND", 12, 0, 7),
    number("AGE", 6, 0),
    number("ROWS", 10, 2),
    number("SIZE", 10, 4),
    text("14 NIGHTS", 14, 0, 3),
    text("NEXT", 9, 0, 6),
];

/// Every organization.
#[derive(Debug, Clone, Default)]
pub(crate) struct OrganizationsScreen {
    /// The organizations; what is marked is named as [`names::exact`] does.
    pub(crate) list: List,
}

impl Component for OrganizationsScreen {
    fn keys() -> &'static [Action] {
        use Action::{Export, Faults, Filter, Mark, Open, Retention, Sort, SortReverse};
        &[Open, Export, Filter, Faults, Mark, Sort, SortReverse, Retention]
    }

    fn title(&self) -> Vec<String> {
        list_title("organizations", &self.list)
    }

    fn question(&self) -> Ask {
        Ask::Organizations
    }

    fn asks(&self) -> Asks {
        Asks::Once
    }

    fn arrange(&mut self, data: &Data) {
        let rows = sorted(data.organizations.items(), self.list.sort, self.list.reverse);
        self.list.arrange(rows);
    }

    fn focus<'m>(&'m self, data: &'m Data) -> Focus<'m> {
        Focus { organization: self.list.of(data.organizations.items()).map(|one| &one.key), ..Focus::default() }
    }

    one_list!();

    fn command_line(&self) -> Option<(&'static str, String)> {
        Some(("this list", "orgvault orgs".to_owned()))
    }

    /// The list, with the sources that did not answer above it.
    fn draw(&self, canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
        let (mut area, list) = (area, &self.list);
        for failure in model.data.failures.iter().take(2) {
            let text = format!("{} {}", canvas.theme.symbols.failed, said(model, failure));
            canvas.text(area.x, area.y, area.width, &text, canvas.theme.bad);
            area = below(area, 1);
        }
        if canvas.missing(below(area, 1), "organizations", &model.data.organizations) {
            return;
        }
        let wanted = area.height.saturating_sub(if area.height >= 12 { 4 } else { 3 });
        let (rows, rest) = (top(area, wanted), below(area, wanted));
        let organizations = model.data.organizations.items();
        if organizations.is_empty() {
            canvas.remark(rows, "no organization: `orgvault check` looks at what the sources say");
            return;
        }
        let look = Look { focused: true, sorted: Some((list.sort, list.reverse)) };
        table::draw(canvas, rows, &columns(model), list, look, |index| {
            organizations.get(index).map(|one| row(model, one))
        });
        if let Some(one) = list.of(organizations) {
            details(canvas, model, one, rest);
        }
    }
}

fn sorted(all: &[Organization], sort: usize, reverse: bool) -> Vec<(usize, Entry)> {
    let mut rows: Vec<(usize, &Organization)> = all.iter().enumerate().collect();
    let column = SORTS.get(sort).copied().unwrap_or("health");
    rows.sort_by(|(_, left), (_, right)| {
        let ordering = compare(column, left, right);
        let ordering = if reverse { ordering.reverse() } else { ordering };
        // Soft-deleted ones come after all others, however they are.
        let deleted = left.deleted_at.is_some().cmp(&right.deleted_at.is_some());
        deleted.then(ordering).then_with(|| by_name(left, right))
    });
    rows.into_iter().map(|(index, one)| (index, entry(one))).collect()
}

/// The worst, the oldest and the largest come first; names as in a dictionary.
fn compare(column: &str, left: &Organization, right: &Organization) -> Ordering {
    let last = |one: &Organization| one.last_archive.as_ref().map(|last| last.exported_at);
    let rows = |one: &Organization| one.last_archive.as_ref().map(|last| last.rows);
    let bytes = |one: &Organization| one.last_archive.as_ref().map(|last| last.bytes);
    let bad = |one: &Organization| one.history.iter().filter(|day| **day == DayResult::Error).count();
    match column {
        "name" => by_name(left, right),
        "source" => left.key.source.cmp(&right.key.source),
        "kind" => left.key.kind.cmp(&right.key.kind),
        "age" => last(left).cmp(&last(right)),
        "rows" => rows(right).cmp(&rows(left)),
        "size" => bytes(right).cmp(&bytes(left)),
        "nights" => bad(right).cmp(&bad(left)),
        "next" => left.next_run.is_none().cmp(&right.next_run.is_none()).then(left.next_run.cmp(&right.next_run)),
        _ => weight(right).cmp(&weight(left)),
    }
}

/// What is not judged comes after all that is.
fn weight(one: &Organization) -> Option<Health> {
    one.is_judged().then_some(one.health)
}

fn by_name(left: &Organization, right: &Organization) -> Ordering {
    (&left.key.slug, &left.key.name, &left.key.id).cmp(&(&right.key.slug, &right.key.name, &right.key.id))
}

fn entry(one: &Organization) -> Entry {
    let name = names::organization(&one.key);
    let deleted = if one.deleted_at.is_some() { "deleted" } else { "" };
    let deleted = if one.covered { deleted.to_owned() } else { format!("{deleted} excluded") };
    let called: String = one.key.name.chars().take(SEARCHED).collect();
    Entry {
        words: format!("{name} {called} {} {} {} {deleted}", one.key.id, one.key.kind, one.health.name()),
        id: names::exact(&one.key.tenant()),
        faulty: one.is_judged() && (one.health.level() > Level::Ok || one.listed_at.is_some()),
    }
}

/// Where there are several sources, names alone do not tell organizations apart.
fn columns(model: &Model) -> [Column; 9] {
    let mut sources = model.data.organizations.items().iter().map(|one| &one.key.source);
    let first = sources.next();
    let several = sources.any(|source| Some(source) != first);
    COLUMNS.map(|column| match column.title {
        "SOURCE" if several => Column { rank: 1, ..column },
        _ => column,
    })
}

/// A source that does not answer, and how old what is shown of it is.
pub(crate) fn said(model: &Model, failure: &SourceFailure) -> String {
    let of_it = model.data.organizations.items().iter().filter(|one| one.key.source == failure.source);
    let known = of_it.filter(|one| one.health != Health::Gone).find_map(|one| one.listed_at);
    let known = known.map(|at| format!(", shown as of {} ago", age(at, model.shown_at))).unwrap_or_default();
    format!("source {}{known}: {}", failure.source, names::said_of(&failure.source, &failure.error.message))
}

/// The symbol, word and style of how an organization is: nothing is wrong with one that nobody is to
/// export, and nobody knows how one is whose source does not answer.
pub(super) fn standing(theme: &Theme, one: &Organization) -> (&'static str, &'static str, Style) {
    let (symbol, word, style) = theme.health(one.health);
    match one.listed_at {
        _ if !one.is_judged() && one.deleted_at.is_some() => (theme.symbols.none, "deleted", theme.dim),
        _ if !one.is_judged() && !one.in_all => (theme.symbols.none, "part", theme.dim),
        _ if !one.is_judged() => (theme.symbols.none, "excluded", theme.dim),
        Some(_) if one.health != Health::Gone => (theme.symbols.unsure, word, theme.careful),
        _ => (symbol, word, style),
    }
}

fn row(model: &Model, one: &Organization) -> Row {
    let theme = &model.setup.theme;
    let (symbol, word, style) = standing(theme, one);
    let last = one.last_archive.as_ref();
    Row {
        id: names::exact(&one.key.tenant()),
        cells: vec![
            Cell::new(format!("{symbol} {word}"), style),
            Cell(vec![
                (name(one).to_owned(), theme.text),
                (if one.key.name == name(one) { String::new() } else { format!("  {}", one.key.name) }, theme.dim),
            ]),
            Cell::new(&*one.key.source, theme.dim),
            Cell::new(&*one.key.kind, theme.dim),
            Cell::new(last.map_or("never".to_owned(), |last| age(last.exported_at, model.shown_at)), theme.text),
            Cell::new(last.map(|last| units::number(last.rows)).unwrap_or_default(), theme.text),
            Cell::new(last.map(|last| units::size(last.bytes)).unwrap_or_default(), theme.text),
            nights(theme, one),
            Cell::new(one.next_run.map(|at| when(at, model.shown_at)).unwrap_or_default(), theme.dim),
        ],
    }
}

fn name(one: &Organization) -> &str {
    if one.key.slug.is_empty() { &one.key.id } else { &one.key.slug }
}

/// The strip of the last nights, the oldest first.
pub(super) fn nights(theme: &Theme, one: &Organization) -> Cell {
    Cell(
        one.history
            .iter()
            .rev()
            .take(14)
            .rev()
            .map(|day| theme.night(*day))
            .map(|(text, style)| (text.to_owned(), style))
            .collect(),
    )
}

/// How many organizations are how, the worst first, as far as `columns` reach.
fn sum(model: &Model, columns: usize) -> Vec<Span> {
    let theme = &model.setup.theme;
    let mut spans = Vec::new();
    let mut used = 1;
    for (health, count) in Tally::of(model.data.organizations.items()).worst_first() {
        let (symbol, word, style) = theme.health(health);
        let text = format!(" {symbol} {} {word} ", units::number(count));
        used += width(&text);
        if used <= columns {
            spans.push((text, style));
        }
    }
    spans
}

/// What the list has no room for, of the row with the cursor.
fn details(canvas: &mut Canvas<'_>, model: &Model, one: &Organization, area: Rect) {
    let called = if one.key.name == name(one) { String::new() } else { format!("  {}", one.key.name) };
    let sum = sum(model, usize::from(area.width) * 2 / 3);
    let taken: usize = sum.iter().map(|(text, _)| width(text)).sum();
    let taken = u16::try_from(taken).unwrap_or(0);
    let line = top(area, 1);
    let room = usize::from(area.width.saturating_sub(taken)).saturating_sub(10);
    canvas.rule(line, &fit(&format!("{}{called}", names::organization(&one.key)), room));
    canvas.spans(Rect { x: line.right().saturating_sub(taken + 2), width: taken, ..line }, &sum);
    let theme = canvas.theme;
    let mut parts = Vec::new();
    if let Some(last) = &one.last_archive {
        let at = last.exported_at.with_timezone(&model.setup.zone).format("%Y-%m-%d %H:%M");
        parts.push(format!("last archive {at} {}", last.format));
    }
    if let Some(next) = one.next_run {
        parts.push(format!("next run {}", when(next, model.shown_at)));
    }
    if let Some(state) = one.last_state {
        parts.push(format!("last export {}", state.name()));
    }
    parts.push(format!("{} {}", one.key.kind, one.key.id));
    let inner = inset(below(area, 1));
    let mut lines = reason(theme, one, inner.width.into());
    lines.push((parts.join("  "), theme.dim));
    canvas.lines(inner, &lines);
}

/// Why an organization is not ok; nothing where it is.
pub(super) fn reason(theme: &Theme, one: &Organization, columns: usize) -> Vec<Span> {
    let Some(reason) = one.reason.as_ref().filter(|_| one.is_judged()) else { return Vec::new() };
    let (symbol, word, style) = standing(theme, one);
    let mut lines = Vec::new();
    let mut add = |text: &str, style: Style| {
        lines.extend(paragraph(text, columns).into_iter().map(|line| (line, style)));
    };
    add(&format!("{symbol} {word}: {}", reason.message), style);
    if !reason.hint.is_empty() {
        add(&format!("hint: {}", reason.hint), theme.careful);
    }
    lines
}

/// All that there is to say of an organization.
pub(super) fn notes(one: &Organization, page: &mut Notes<'_>, model: &Model) {
    let theme = page.theme;
    page.title(&names::organization(&one.key));
    page.say(&format!("{} {}, {}", one.key.kind, one.key.id, one.key.name), theme.text);
    let reason = reason(theme, one, page.columns);
    if reason.is_empty() {
        let (symbol, word, style) = standing(theme, one);
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
