//! What a screen needs to be asked for: when one arrives at it, and as time goes on.

use orgvault_api::clock::Timestamp;

use crate::console::{
    message::{Ask, Effect},
    model::{Link, Model, Screen},
};

/// Changes that come one after the other are waited for, so long, in seconds.
const SETTLE: i64 = 1;
/// Schedules and the audit trail tell little by themselves: how often they are asked for, in seconds.
const POLL: i64 = 10;
/// How often the daemon's totals are asked for, in seconds.
const STATUS: i64 = 30;
/// How often the organizations are asked for where nothing happens, in seconds: the databases
/// tell nobody of a new one.
const ORGANIZATIONS: i64 = 120;

/// What the screen needs that one has just arrived at.
pub(crate) fn arrive(model: &mut Model) -> Vec<Effect> {
    if !is_up(model) {
        return Vec::new();
    }
    let ask = match &model.screen {
        Screen::Organizations(_) if model.data.organizations.value.is_none() || model.data.organizations_stale => {
            Ask::Organizations
        }
        Screen::Organization(screen) => Ask::Archives(screen.key.clone()),
        Screen::Exports(_) => Ask::Exports,
        Screen::Export(screen) => Ask::Log(screen.gid),
        Screen::Archive(screen) => Ask::Archive(screen.gid),
        Screen::Rows(screen) if screen.page.value.is_none() => Ask::Rows(screen.ask.clone()),
        Screen::Compare(screen) if screen.comparison.value.is_none() => Ask::Compare(screen.left, screen.right),
        Screen::Schedules(_) | Screen::Schedule(_) => Ask::Schedules,
        Screen::Retention(..) => Ask::Retention,
        Screen::Activity(..) => Ask::Audit,
        _ => return Vec::new(),
    };
    asked(model, ask)
}

/// What one asks for by hand.
pub(crate) fn again(model: &mut Model) -> Vec<Effect> {
    model.data.organizations_stale = true;
    let rows = match &model.screen {
        Screen::Rows(screen) => Some(Ask::Rows(screen.ask.clone())),
        Screen::Compare(screen) => Some(Ask::Compare(screen.left, screen.right)),
        _ => None,
    };
    let mut effects = asked(model, Ask::Status);
    effects.extend(asked(model, Ask::Sources));
    effects.extend(match rows {
        Some(ask) => asked(model, ask),
        None => arrive(model),
    });
    effects
}

/// What is due as time goes on.
pub(crate) fn due(model: &mut Model) -> Vec<Effect> {
    if !is_up(model) {
        return Vec::new();
    }
    let now = model.now;
    let mut effects = Vec::new();
    let organizations = &model.data.organizations;
    let patience = if model.data.organizations_stale { SETTLE } else { ORGANIZATIONS };
    if !organizations.waiting && is_older(organizations.at, patience, now) {
        effects.extend(asked(model, Ask::Organizations));
    }
    if is_older(model.data.status_at, STATUS, now) {
        effects.extend(asked(model, Ask::Status));
    }
    let poll = match &model.screen {
        Screen::Schedules(_) | Screen::Schedule(_) => {
            let patience = if model.data.schedules_stale { SETTLE } else { POLL };
            Some((Ask::Schedules, model.data.schedules.at, model.data.schedules.waiting, patience))
        }
        Screen::Activity(..) => Some((Ask::Audit, model.data.audit.at, model.data.audit.waiting, POLL)),
        _ => None,
    };
    if let Some((ask, at, false, patience)) = poll
        && at.is_some()
        && is_older(at, patience, now)
    {
        effects.extend(asked(model, ask));
    }
    effects
}

/// Notes that an answer is waited for.
pub(crate) fn asked(model: &mut Model, ask: Ask) -> Vec<Effect> {
    let data = &mut model.data;
    match &ask {
        Ask::Status => data.status_at = Some(model.now),
        Ask::Organizations => {
            data.organizations.ask();
            data.organizations_stale = false;
        }
        Ask::Sources => data.sources.ask(),
        Ask::Exports => data.exports_asked.ask(),
        Ask::Schedules => {
            data.schedules.ask();
            data.schedules_stale = false;
        }
        Ask::Retention => data.retention.ask(),
        Ask::Audit => data.audit.ask(),
        Ask::Log(gid) => data.logs.entry(*gid).or_default().ask(),
        _ => {}
    }
    match (&mut model.screen, &ask) {
        (Screen::Organization(screen), Ask::Archives(_)) => screen.archives.ask(),
        (Screen::Organization(screen), Ask::Counts(_)) => screen.live.ask(),
        (Screen::Archive(screen), Ask::Archive(_)) => screen.archive.ask(),
        (Screen::Archive(screen), Ask::Preflight(_)) => screen.preflight.ask(),
        (Screen::Archive(screen), Ask::Verify(_)) => screen.verifying = true,
        (Screen::Rows(screen), Ask::Rows(_)) => screen.page.ask(),
        (Screen::Record(screen), Ask::Rows(_)) => screen.rows.page.ask(),
        (Screen::Compare(screen), Ask::Compare(..)) => screen.comparison.ask(),
        _ => {}
    }
    vec![Effect::Ask(ask)]
}

fn is_up(model: &Model) -> bool {
    model.link == Link::Up
}

fn is_older(at: Option<Timestamp>, seconds: i64, now: Timestamp) -> bool {
    at.is_none_or(|at| (now - at).num_seconds() >= seconds)
}
