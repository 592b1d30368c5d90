//! What the daemon's side says.

use std::collections::HashSet;

use orgvault_api::{Event, Export, State, Status, gid::Gid};

use super::{
    answer,
    refresh::{self, asked},
};
use crate::{
    console::{
        message::{Ask, Effect, News, RequestFault},
        model::{Happening, Link, Model},
        screens::Asks,
    },
    names, units,
};

/// Exports of which one request asks what became of them.
const AT_ONCE: usize = 200;

/// Takes in what the daemon's side says.
pub(crate) fn take(model: &mut Model, news: News) -> Vec<Effect> {
    let effects = match news {
        News::Up(status) => up(model, *status),
        News::Down(fault) => {
            down(model, fault);
            Vec::new()
        }
        News::Snapshot(exports) => snapshot(model, exports),
        News::Changes(events) => events.into_iter().flat_map(|event| change(model, event)).collect(),
        News::Answer(ask, answer) => answer::take(model, ask, answer),
    };
    model.screen.arrange(&model.data);
    effects
}

fn up(model: &mut Model, status: Status) -> Vec<Effect> {
    let restarted = model.status.as_ref().is_some_and(|before| before.started_at != status.started_at);
    if restarted {
        model.say("orgvaultd was restarted");
    } else if matches!(model.link, Link::Down { .. }) {
        model.say("orgvaultd answers again");
    }
    model.link = Link::Up;
    model.status = Some(status);
    model.data.status_at = Some(model.now);
    let mut effects = asked(model, [Ask::Organizations, Ask::Exports, Ask::Sources]);
    if !effects.contains(&Effect::Ask(model.screen.question())) {
        effects.extend(refresh::arrive(model));
    }
    effects
}

fn down(model: &mut Model, fault: RequestFault) {
    model.data.forget();
    let since = match model.link {
        Link::Down { since, .. } => since,
        _ => model.now,
    };
    model.link = Link::Down { since, fault };
}

/// Whatever this console believes to be under way, and the snapshot lacks, has ended.
fn snapshot(model: &mut Model, exports: Vec<Export>) -> Vec<Effect> {
    let open: HashSet<Gid> = exports.iter().map(|export| export.gid).collect();
    let under_way = model.data.exports.values().filter(|known| !known.state.is_final());
    let ended: Vec<Gid> = under_way.map(|known| known.gid).filter(|gid| !open.contains(gid)).collect();
    for export in exports {
        model.data.take(export, model.now);
    }
    asked(model, ended.chunks(AT_ONCE).map(|gids| Ask::Ended(gids.to_vec())))
}

/// In the middle of the stream: changes were missed, those of archives and schedules too.
fn anew(model: &mut Model, exports: Vec<Export>) -> Vec<Effect> {
    model.data.organizations.stale = true;
    model.data.schedules.stale = true;
    let mut effects = snapshot(model, exports);
    if model.screen.asks() != Asks::Once {
        effects.extend(refresh::arrive(model));
    }
    effects
}

fn change(model: &mut Model, event: Event) -> Vec<Effect> {
    match event {
        Event::Snapshot { exports } => anew(model, exports),
        Event::Export { export } => {
            let before = model.data.take((*export).clone(), model.now).map(|before| before.state);
            if before != Some(export.state) {
                model.data.organizations.stale = true;
                model.data.schedules.stale |= export.schedule.is_some();
                model.data.note(happening(&export, model));
                return changed(model, &export);
            }
            Vec::new()
        }
        Event::Archive { gid, organization } => {
            model.data.organizations.stale = true;
            let question = model.screen.question();
            let ask = match &question {
                Ask::Archives(tenant) => organization.is(tenant).then_some(question),
                shown => (shown.archive() == Some(gid)).then_some(Ask::Archive(gid)),
            };
            asked(model, ask)
        }
    }
}

fn happening(export: &Export, model: &Model) -> Happening {
    let code = export.error.as_ref().map(|error| error.code.clone());
    Happening {
        at: model.now,
        who: export.requested_by.clone(),
        what: format!("export {}", export.state.name()),
        on: format!("{} {} {}", names::organization(&export.organization), names::format_of(export), export.gid),
        result: code.unwrap_or_default(),
        bad: export.state == State::Error,
        gid: Some(export.gid),
    }
}

/// An export is in another state than before.
fn changed(model: &mut Model, export: &Export) -> Vec<Effect> {
    let name = format!("{} {}", names::organization(&export.organization), names::format_of(export));
    let code = export.error.as_ref().map(|error| error.code.as_str());
    let watched = model.screen.question() == Ask::Log(export.gid);
    match (export.state, code) {
        (State::Finished, _) if watched || model.mine.remove(&export.gid) => {
            let rows = units::number(units::rows(&export.counts));
            let size = export.bytes.map(units::size).unwrap_or_default();
            model.say(format!("{name} finished: {rows} rows, {size}"));
        }
        (State::Error, Some("canceled"))
            if !model.canceled.remove(&export.gid) && (watched || model.mine.remove(&export.gid)) =>
        {
            model.complain(format!("{name} was canceled by somebody else"));
            if watched && model.back() {
                return refresh::arrive(model);
            }
        }
        (State::Error, Some("canceled")) => model.say(format!("{name} is canceled")),
        (State::Error, _) => {
            let message = export.error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
            model.complain(format!("{name} failed: {message}"));
            if watched {
                return asked(model, [Ask::Log(export.gid)]);
            }
        }
        _ => {}
    }
    Vec::new()
}
