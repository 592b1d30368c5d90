//! What the keys do.

use orgvault_api::{Archive, Format, OrganizationKey, gid::Gid};

use super::{
    available, press, prompt,
    refresh::{self, asked},
};
use crate::{
    console::{
        command_lines::command_lines,
        filter::Filter,
        keys::{self, Action},
        message::{Ask, Effect},
        model::{Challenge, Dialog, Formats, Model, PromptKind},
        screens::{
            Screen, activity::ActivityScreen, compare::CompareScreen, drills::DrillsScreen, exports::ExportsScreen,
            organizations::SORTS, retention::RetentionScreen, schedules::SchedulesScreen,
        },
        words::fit,
    },
    names, units,
};

/// Does what a key means here. It was looked at before whether that can be done.
pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Down => return press::go(model, 1),
        Action::Up => return press::go(model, -1),
        Action::PageDown => return press::go(model, page(model)),
        Action::PageUp => return press::go(model, -page(model)),
        Action::Top => return press::go(model, isize::MIN),
        Action::Bottom => return press::go(model, isize::MAX),
        Action::Left => return press::sideways(model, -1),
        Action::Right => return press::sideways(model, 1),
        Action::Open => return open(model),
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
        Action::Exports => return visit(model, ExportsScreen::default()),
        Action::Schedules => return visit(model, SchedulesScreen::default()),
        Action::Drills => return visit(model, DrillsScreen::default()),
        Action::Activity => return visit(model, ActivityScreen::default()),
        Action::Retention => {
            let key = if let Screen::Organization(screen) = &model.screen { Some(screen.key.tenant()) } else { None };
            return visit(model, RetentionScreen::new(key));
        }
        Action::Backward => {
            model.back();
            return refresh::arrive(model);
        }
        Action::Forward => {
            model.forward();
            return refresh::arrive(model);
        }
        Action::Pane | Action::Follow => model.screen.act(action),
        Action::Faults | Action::Mark | Action::Sort | Action::SortReverse => on_list(model, action),
        other => return on_thing(model, other),
    }
    Vec::new()
}

fn on_list(model: &mut Model, action: Action) {
    let Some(list) = model.screen.list_mut() else { return };
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

/// Opens what the cursor is on. Rows are for admins.
fn open(model: &mut Model) -> Vec<Effect> {
    let Some(screen) = model.screen.open(&model.data) else { return Vec::new() };
    let rows = matches!(screen, Screen::Rows(_)).then_some(Action::Preflight).and_then(keys::of);
    if let Some(reason) = rows.and_then(|key| available::reason(model, key)) {
        model.complain(format!("browse rows: {reason}"));
        return Vec::new();
    }
    visit(model, screen)
}

fn on_thing(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Export => pick_formats(model),
        Action::Cancel => confirm_cancel(model),
        Action::Live => {
            let ask = model.focus().organization.map(OrganizationKey::tenant).map(Ask::Counts);
            return asked(model, ask);
        }
        Action::Run | Action::Pause => return schedule(model, action),
        Action::Compare => return compare(model),
        _ => return on_archive(model, action),
    }
    Vec::new()
}

fn on_archive(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(archive) = model.focus().archive.cloned() else { return Vec::new() };
    let gid = archive.gid;
    match action {
        Action::Verify => {
            let gids = marked(model).unwrap_or_else(|| vec![gid]);
            model.say(format!("verifying {}", units::plural(gids.len() as u64, "archive")));
            return asked(model, gids.into_iter().map(Ask::Verify));
        }
        Action::Preflight => return asked(model, [Ask::Preflight(gid)]),
        Action::Pin => return asked(model, [Ask::Pin(gid, !archive.pinned)]),
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
        typed: Some(Challenge { wanted: archive.gid.to_string(), so_far: String::new() }),
        scroll: 0,
    }
}

/// Whom `e` exports, for people, and as a request names them.
fn to_export(model: &Model) -> Option<(String, Vec<String>)> {
    let marked: Vec<String> = match &model.screen {
        Screen::Organizations(screen) => screen.list.marked.iter().cloned().collect(),
        _ => Vec::new(),
    };
    let key = model.focus().organization?;
    Some(match marked.len() {
        0 => (names::organization(key), vec![names::exact(&key.tenant())]),
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
    let gids = marked(model).or_else(|| model.focus().export.map(|export| vec![export.gid])).unwrap_or_default();
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
    let Some(schedule) = model.focus().schedule else { return Vec::new() };
    let (name, paused) = (schedule.name.clone(), schedule.paused);
    if action == Action::Pause {
        return asked(model, [Ask::Pause(name, !paused)]);
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
    let marked = marked(model);
    let archive = model.focus().archive.filter(|_| marked.is_none());
    let pair = match (marked.as_deref(), archive) {
        (Some(&[one, other]), _) => Some((one.min(other), one.max(other))),
        (_, Some(archive)) => before(model, archive).map(|before| (before, archive.gid)),
        _ => None,
    };
    let Some((left, right)) = pair else {
        let text = archive.map(names::archive_format).map_or_else(
            || "compare takes exactly two marked archives".to_owned(),
            |format| format!("there is no {format} archive before this one: go to a newer one, or mark two with space"),
        );
        model.complain(text);
        return Vec::new();
    };
    visit(model, CompareScreen::new(left, right))
}

/// The archive before this one, on the screen of its organization or where one came here from it.
fn before(model: &Model, archive: &Archive) -> Option<Gid> {
    let tenant = archive.organization.tenant();
    std::iter::once(&model.screen).chain(model.past.iter().rev()).find_map(|screen| match screen {
        Screen::Organization(screen) if screen.key.is(&tenant) => screen.before(archive).map(|before| before.gid),
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
pub(crate) fn visit(model: &mut Model, screen: impl Into<Screen>) -> Vec<Effect> {
    let screen = screen.into();
    if screen.is_same(&model.screen) {
        return Vec::new();
    }
    model.go(screen);
    refresh::arrive(model)
}

fn quit(model: &mut Model) -> Vec<Effect> {
    if model.screen.is_home() {
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
            list.filter = Filter::default();
            list.faults = false;
            return Vec::new();
        }
        if !list.marked.is_empty() {
            list.marked.clear();
            return Vec::new();
        }
    }
    if let Some(ask) = model.screen.look_for("") {
        return asked(model, [ask]);
    }
    if model.back() { refresh::arrive(model) } else { Vec::new() }
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let Some(text) = model.focus().text() else {
        model.complain("there is nothing to copy here");
        return Vec::new();
    };
    model.say(format!("copied {}", fit(&text, 40)));
    vec![Effect::Copy(text)]
}

fn page(model: &Model) -> isize {
    isize::try_from(model.size.1.saturating_sub(6)).unwrap_or(10).max(1)
}
