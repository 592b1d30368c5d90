//! What the daemon is asked for: when one arrives at a screen, and as time goes on.

use orgvault_api::clock::Timestamp;

use crate::console::{
    message::{Ask, Effect},
    model::{Link, Model, Slot},
    screens::Asks,
};

/// Schedules and the audit trail tell little by themselves: how often they are asked for, in seconds.
const POLL: i64 = 10;
/// How often the daemon's totals are asked for, in seconds.
const STATUS: i64 = 30;
/// How often the organizations are asked for where nothing happens, in seconds: the databases
/// tell nobody of a new one.
const ORGANIZATIONS: i64 = 120;

/// Where the answer to a question goes.
pub(crate) fn slot<'m>(model: &'m mut Model, ask: &Ask) -> Option<&'m mut dyn Slot> {
    model.screen.slot(ask).or_else(|| model.data.slot(ask))
}

/// What the screen needs that one has just arrived at.
pub(crate) fn arrive(model: &mut Model) -> Vec<Effect> {
    let (ask, once) = (model.screen.question(), model.screen.asks() == Asks::Once);
    let answered = slot(model, &ask).is_some_and(|slot| slot.is_fresh());
    if !is_up(model) || (once && answered) {
        return Vec::new();
    }
    asked(model, [ask])
}

/// What one asks for by hand.
pub(crate) fn again(model: &mut Model) -> Vec<Effect> {
    model.data.organizations.stale = true;
    let question = model.screen.question();
    asked(model, [Ask::Status, Ask::Sources, question])
}

/// What is due as time goes on.
pub(crate) fn due(model: &mut Model) -> Vec<Effect> {
    if !is_up(model) {
        return Vec::new();
    }
    let now = model.now;
    let mut asks = Vec::new();
    let organizations = &model.data.organizations;
    let never = organizations.at.is_none() && !organizations.waiting;
    if never || organizations.is_due(ORGANIZATIONS, now) {
        asks.push(Ask::Organizations);
    }
    if is_older(model.data.status_at, STATUS, now) {
        asks.push(Ask::Status);
    }
    let (ask, often) = (model.screen.question(), model.screen.asks() == Asks::Often);
    if often && slot(model, &ask).is_some_and(|slot| slot.is_due(POLL, now)) {
        asks.push(ask);
    }
    asked(model, asks)
}

/// Notes that answers are waited for.
pub(crate) fn asked(model: &mut Model, asks: impl IntoIterator<Item = Ask>) -> Vec<Effect> {
    let mut effects = Vec::new();
    for ask in asks {
        match &ask {
            Ask::Status => model.data.status_at = Some(model.now),
            Ask::Verify(gid) => drop(model.data.verifying.insert(*gid)),
            _ => {}
        }
        slot(model, &ask).into_iter().for_each(Slot::ask);
        effects.push(Effect::Ask(ask));
    }
    effects
}

/// No answer comes to that.
pub(crate) fn lost(model: &mut Model, ask: &Ask) {
    if let Ask::Verify(gid) = ask {
        model.data.verifying.remove(gid);
    }
    slot(model, ask).into_iter().for_each(Slot::forget);
}

fn is_up(model: &Model) -> bool {
    model.link == Link::Up
}

fn is_older(at: Option<Timestamp>, seconds: i64, now: Timestamp) -> bool {
    at.is_none_or(|at| (now - at).num_seconds() >= seconds)
}
