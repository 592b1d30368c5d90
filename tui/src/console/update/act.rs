//! What the keys do.

mod commands;
mod open;

use orgvault_api::{Archive, Format, gid::Gid};

use super::{
    arrange::SORTS,
    go::{focused_archive, focused_export, focused_key, focused_schedule, previous, selected_gid},
    press, prompt, refresh, rows,
};
use crate::{
    console::{
        keys::Action,
        message::{Ask, Effect},
        model::{CompareScreen, Dialog, Formats, List, Model, Pane, PromptKind, Remote, Screen, Typed},
    },
    names, units,
};

pub(crate) use self::{commands::command_lines, open::open_gid};

/// Does what a key means here. It was looked at before whether that can be done.
pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Down => return press::step(model, 1),
        Action::Up => return press::step(model, -1),
        Action::PageDown => return press::step(model, page(model)),
        Action::PageUp => return press::step(model, -page(model)),
        Action::Top => return end(model, false),
        Action::Bottom => return end(model, true),
        Action::Left => return sideways(model, -1),
        Action::Right => return sideways(model, 1),
        Action::Open => return open::open(model),
        Action::Back => return back(model),
        Action::Quit => return quit(model),
        Action::QuitAnywhere => return vec![Effect::Quit],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        Action::Help => model.dialog = Some(Dialog::Help(0)),
        Action::Notes => model.dialog = Some(Dialog::Notes(0)),
        Action::Command => prompt::start(model, PromptKind::Command),
        Action::Filter => prompt::start(model, PromptKind::Filter),
        Action::CommandLine => model.dialog = Some(Dialog::Commands(command_lines(model), 0)),
        Action::Copy => return copy(model),
        Action::Mouse => {
            model.mouse = !model.mouse;
            model.say(if model.mouse {
                "the mouse is the console's: m gives it back"
            } else {
                "the mouse is the terminal's"
            });
            return vec![Effect::Mouse(model.mouse)];
        }
        Action::Refresh => return refresh::again(model),
        Action::Organizations => return visit(model, Screen::home()),
        Action::Exports => return visit(model, Screen::Exports(List::default())),
        Action::Schedules => return visit(model, Screen::Schedules(List::default())),
        Action::Activity => return visit(model, Screen::Activity(List::default(), true)),
        Action::Retention => {
            let key = if let Screen::Organization(screen) = &model.screen { Some(screen.key.clone()) } else { None };
            return visit(model, Screen::Retention(List::default(), key));
        }
        Action::Backward => {
            model.back();
            return refresh::arrive(model);
        }
        Action::Forward => {
            model.forward();
            return refresh::arrive(model);
        }
        list @ (Action::Faults | Action::Mark | Action::Sort | Action::SortReverse | Action::Pane | Action::Follow) => {
            on_list(model, list);
        }
        other => return on_thing(model, other),
    }
    Vec::new()
}

fn on_list(model: &mut Model, action: Action) {
    match (&mut model.screen, action) {
        (Screen::Organization(screen), Action::Pane) => {
            screen.pane = if screen.pane == Pane::Archives { Pane::Counts } else { Pane::Archives };
        }
        (Screen::Activity(_, follow), Action::Follow) => *follow = !*follow,
        (screen, action) => {
            let Some(list) = screen.list_mut() else { return };
            match action {
                Action::Faults => list.faults = !list.faults,
                Action::Mark => {
                    if let Some(id) = list.id().map(str::to_owned) {
                        list.toggle(&id);
                        list.step(1);
                    }
                }
                Action::Sort => list.sort = (list.sort + 1) % SORTS.len(),
                _ => list.reverse = !list.reverse,
            }
        }
    }
}

fn on_thing(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Export => pick_formats(model),
        Action::Cancel => confirm_cancel(model),
        Action::Live => {
            let ask = focused_key(model).cloned().map(Ask::Counts);
            return ask.map(|ask| refresh::asked(model, ask)).unwrap_or_default();
        }
        Action::Run | Action::Pause => return schedule(model, action),
        Action::Compare => return compare(model),
        _ => return on_archive(model, action),
    }
    Vec::new()
}

fn on_archive(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(archive) = focused_archive(model).cloned() else { return Vec::new() };
    let gid = archive.gid;
    match action {
        Action::Verify => {
            let gids = marked(model).unwrap_or_else(|| vec![gid]);
            model.say(format!("verifying {}", units::plural(gids.len() as u64, "archive")));
            return gids.into_iter().flat_map(|gid| refresh::asked(model, Ask::Verify(gid))).collect();
        }
        Action::Preflight => return refresh::asked(model, Ask::Preflight(gid)),
        Action::Pin => return refresh::asked(model, Ask::Pin(gid, !archive.pinned)),
        Action::Download => {
            let path = archive.path.rsplit('/').next().unwrap_or_default().to_owned();
            model.dialog = Some(Dialog::Path { gid, path });
        }
        Action::Delete => model.dialog = Some(confirm_delete(&archive)),
        _ => {}
    }
    Vec::new()
}

fn confirm_delete(archive: &Archive) -> Dialog {
    let name = names::organization(&archive.organization);
    let format = names::archive_format(archive);
    Dialog::Confirm {
        question: format!("Delete archive {} of {name}?", archive.gid),
        details: vec![
            format!(
                "{format}, {}, {} of {}",
                units::size(archive.bytes),
                units::plural(units::rows(&archive.counts), "row"),
                units::time(archive.exported_at)
            ),
            "Its file, its manifest and its entry are gone for good.".to_owned(),
        ],
        asks: vec![Ask::Delete(archive.gid)],
        typed: Some(Typed { wanted: archive.gid.to_string(), so_far: String::new() }),
        scroll: 0,
    }
}

/// Whom `e` exports, for people, and as a request names them.
fn to_export(model: &Model) -> Option<(String, Vec<String>)> {
    let list = model.screen.list().filter(|_| matches!(model.screen, Screen::Organizations(_)));
    let marked: Vec<String> = list.map(|list| list.marked.iter().cloned().collect()).unwrap_or_default();
    let key = focused_key(model)?;
    Some(match marked.len() {
        0 => (names::organization(key), vec![names::exact(key)]),
        count => (units::plural(count as u64, "organization"), marked),
    })
}

fn pick_formats(model: &mut Model) {
    let Some((whom, organizations)) = to_export(model) else { return };
    let (offered, usual) = model.data.formats(sources_of(&organizations));
    let formats = Formats { whom, organizations, offered, usual, ..Formats::default() };
    model.dialog = Some(Dialog::Formats(formats));
}

/// The formats that `e` would offer here.
pub(crate) fn offered(model: &Model) -> Vec<Format> {
    let organizations = to_export(model).map(|(_, organizations)| organizations).unwrap_or_default();
    model.data.formats(sources_of(&organizations)).0
}

/// The sources of organizations that are named as [`names::exact`] does.
fn sources_of(organizations: &[String]) -> impl Iterator<Item = &str> {
    organizations.iter().filter_map(|name| Some(name.split_once('/')?.0))
}

fn confirm_cancel(model: &mut Model) {
    let gids = marked(model).or_else(|| focused_export(model).map(|export| vec![export.gid])).unwrap_or_default();
    let open =
        gids.into_iter().filter_map(|gid| model.data.exports.get(&gid)).filter(|export| !export.state.is_final());
    let open: Vec<_> = open.collect();
    let details = open.iter().map(|export| {
        format!("{} {} {}", export.gid, names::organization(&export.organization), names::format_of(export))
    });
    let details: Vec<String> = details.collect();
    let asks: Vec<Ask> = open.iter().map(|export| Ask::Cancel(export.gid)).collect();
    if asks.is_empty() {
        model.complain("every marked export has ended already");
        return;
    }
    let question = format!("Cancel {}?", units::plural(asks.len() as u64, "export"));
    model.dialog = Some(Dialog::Confirm { question, details, asks, typed: None, scroll: 0 });
}

fn schedule(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some((name, paused)) = focused_schedule(model).map(|schedule| (schedule.name.clone(), schedule.paused)) else {
        return Vec::new();
    };
    if action == Action::Pause {
        return refresh::asked(model, Ask::Pause(name, !paused));
    }
    model.dialog = Some(Dialog::Confirm {
        question: format!("Run schedule {name} now?"),
        details: vec!["Every organization that it covers is exported.".to_owned()],
        asks: vec![Ask::Run(name)],
        typed: None,
        scroll: 0,
    });
    Vec::new()
}

/// Two marked archives, or the one with the cursor and the one before it; the older one is left.
fn compare(model: &mut Model) -> Vec<Effect> {
    let pair = match (marked(model), focused_archive(model)) {
        (Some(marked), _) if marked.len() == 2 => Some((marked[0].min(marked[1]), marked[0].max(marked[1]))),
        (None, Some(archive)) => match &model.screen {
            Screen::Organization(screen) => {
                previous(screen.archives.items(), archive).map(|before| (before.gid, archive.gid))
            }
            _ => before_on_the_way(model, archive).map(|before| (before, archive.gid)),
        },
        _ => None,
    };
    let Some((left, right)) = pair else {
        let text = match focused_archive(model).filter(|_| marked(model).is_none()) {
            Some(archive) => {
                let format = names::archive_format(archive);
                format!("there is no {format} archive before this one: go to a newer one, or mark two with space")
            }
            None => "compare takes exactly two marked archives".to_owned(),
        };
        model.complain(text);
        return Vec::new();
    };
    let screen = CompareScreen { left, right, comparison: Remote::default(), list: List::default() };
    visit(model, Screen::Compare(Box::new(screen)))
}

/// The archive before this one, where one came here from the organization.
fn before_on_the_way(model: &Model, archive: &Archive) -> Option<Gid> {
    model.past.iter().rev().find_map(|screen| match screen {
        Screen::Organization(screen) if screen.key.id == archive.organization.id => {
            previous(screen.archives.items(), archive).map(|before| before.gid)
        }
        _ => None,
    })
}

/// The gids of the marked rows; none where no row is marked.
fn marked(model: &Model) -> Option<Vec<Gid>> {
    let list = model.screen.list()?;
    let gids: Vec<Gid> = list.marked.iter().filter_map(|id| id.parse().ok()).collect();
    (!gids.is_empty()).then_some(gids)
}

/// Goes to a screen, and asks for what it needs.
pub(crate) fn visit(model: &mut Model, screen: Screen) -> Vec<Effect> {
    if screen.kind() == model.screen.kind()
        && matches!(screen, Screen::Organizations(_) | Screen::Exports(_) | Screen::Schedules(_) | Screen::Activity(..))
    {
        return Vec::new();
    }
    model.go(screen);
    refresh::arrive(model)
}

fn quit(model: &mut Model) -> Vec<Effect> {
    if matches!(model.screen, Screen::Organizations(_)) {
        return vec![Effect::Quit];
    }
    if !model.back() {
        model.screen = Screen::home();
    }
    refresh::arrive(model)
}

fn back(model: &mut Model) -> Vec<Effect> {
    if let Some(list) = model.screen.list_mut() {
        if !list.filter.is_empty() || list.faults {
            list.filter = crate::console::filter::Filter::default();
            list.faults = false;
            return Vec::new();
        }
        if !list.marked.is_empty() {
            list.marked.clear();
            return Vec::new();
        }
    }
    if let Screen::Rows(screen) = &model.screen
        && !screen.ask.search.is_empty()
    {
        return rows::search(model, "");
    }
    if model.back() { refresh::arrive(model) } else { Vec::new() }
}

fn end(model: &mut Model, last: bool) -> Vec<Effect> {
    match &mut model.screen {
        Screen::Rows(_) => return rows::end(model, last),
        Screen::Export(_) | Screen::Record(_) => press::scroll(model, if last { isize::MAX } else { isize::MIN }),
        screen => {
            if let Some(list) = screen.list_mut() {
                list.put(if last { usize::MAX } else { 0 });
            }
        }
    }
    Vec::new()
}

fn sideways(model: &mut Model, by: isize) -> Vec<Effect> {
    match &mut model.screen {
        Screen::Rows(screen) => {
            let last = screen.page.value.as_ref().map_or(0, |page| page.columns.len().saturating_sub(1));
            screen.column = screen.column.saturating_add_signed(by).min(last);
            Vec::new()
        }
        Screen::Record(_) => rows::step(model, by),
        _ => Vec::new(),
    }
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let text = match &model.screen {
        Screen::Record(screen) => {
            let row = screen.rows.page.value.as_ref().and_then(|page| page.rows.get(screen.rows.list.cursor));
            row.map(|row| row.text().to_owned())
        }
        Screen::Rows(screen) => {
            let row = screen.page.value.as_ref().and_then(|page| page.rows.get(screen.list.cursor));
            row.map(|row| row.text().to_owned())
        }
        Screen::Schedules(_) | Screen::Schedule(_) => focused_schedule(model).map(|schedule| schedule.name.clone()),
        Screen::Organizations(_) => focused_key(model).map(names::organization),
        _ => selected_gid(model).map(|gid| gid.to_string()),
    };
    let Some(text) = text else {
        model.complain("there is nothing to copy here");
        return Vec::new();
    };
    let shown = crate::console::words::fit(&text, 40);
    model.say(format!("copied {shown}"));
    vec![Effect::Copy(text)]
}

fn page(model: &Model) -> isize {
    isize::try_from(model.size.1.saturating_sub(6)).unwrap_or(10).max(1)
}
