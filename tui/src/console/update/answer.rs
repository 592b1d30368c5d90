//! Answers to requests.

use orgvault_api::{Export, SourceFailure, Verification, gid::Gid};

use super::refresh::{self, asked};
use crate::{
    console::{
        message::{Ask, Effect, Reply, RequestFault},
        model::{Dialog, Model},
    },
    names, units,
};

/// Takes in the answer to `ask`.
pub(crate) fn take(model: &mut Model, ask: Ask, mut answer: Result<Reply, RequestFault>) -> Vec<Effect> {
    if let Ask::Verify(gid) = &ask {
        model.data.verifying.remove(gid);
    }
    match &mut answer {
        Ok(reply) => share(model, &ask, reply),
        Err(fault) if fault.is_gone() && is_about_the_screen(model, &ask) => {
            model.complain(format!("{}: somebody deleted it", fault.message));
            return leave(model, &ask);
        }
        Err(_) => {}
    }
    let now = model.now;
    if let Some(slot) = refresh::slot(model, &ask) {
        slot.answer(answer, now);
        model.screen.take(&ask);
        leave_what_is_gone(model);
        return Vec::new();
    }
    match (ask, answer) {
        (ask, Ok(reply)) => done(model, ask, reply),
        // Pages that one has left behind are dropped.
        (Ask::Status | Ask::Rows(_), Err(_)) => Vec::new(),
        (ask, Err(fault)) => {
            model.complain(said(&ask, &fault));
            Vec::new()
        }
    }
}

/// What more than one screen shows.
fn share(model: &mut Model, ask: &Ask, reply: &mut Reply) {
    match reply {
        Reply::Status(status) => model.status = Some((**status).clone()),
        Reply::Organizations(_, failures) => model.data.failures = std::mem::take(failures),
        Reply::Exports(exports, failures) => took(model, ask, std::mem::take(exports), failures),
        _ => {}
    }
}

/// What is not a question is done.
fn done(model: &mut Model, ask: Ask, reply: Reply) -> Vec<Effect> {
    match (ask, reply) {
        (Ask::Pin(..), _) => refresh::arrive(model),
        (Ask::Delete(gid), _) => {
            model.say(format!("archive {gid} is deleted"));
            gone(model, gid)
        }
        (Ask::Verify(gid), Reply::Verified(verification)) => verified(model, gid, *verification),
        (Ask::Download(gid, _), Reply::Written(path)) => {
            model.say(format!("archive {gid} is in {}", path.display()));
            Vec::new()
        }
        (Ask::Run(name), _) => {
            model.say(format!("schedule {name} was started"));
            asked(model, [Ask::Schedules])
        }
        (Ask::Pause(name, paused), _) => {
            model.say(format!("schedule {name} is {}", if paused { "paused" } else { "resumed" }));
            asked(model, [Ask::Schedules])
        }
        _ => Vec::new(),
    }
}

fn took(model: &mut Model, ask: &Ask, exports: Vec<Export>, failures: &[SourceFailure]) {
    match ask {
        Ask::Ended(gids) => {
            // What nobody knows any more does not wait for ever.
            for gid in gids.iter().filter(|gid| exports.iter().all(|export| export.gid != **gid)) {
                model.data.exports.remove(gid);
            }
        }
        Ask::Cancel(gid) => drop(model.canceled.insert(*gid)),
        Ask::Export(_) => {
            model.mine.extend(exports.iter().map(|export| export.gid));
            let what = match exports.as_slice() {
                [one] => names::organization(&one.organization),
                many => units::plural(many.len() as u64, "export"),
            };
            model.say(format!("asked for {what}: press 2 to watch"));
        }
        _ => {}
    }
    for export in exports {
        model.data.take(export, model.now);
    }
    for failure in failures {
        model.complain(failure.error.message.clone());
    }
}

fn verified(model: &mut Model, gid: Gid, verification: Verification) -> Vec<Effect> {
    if verification.ok {
        model.say(format!("archive {gid} is whole: {} read", units::size(verification.bytes)));
    } else {
        let mut lines = vec![verification.path.clone(), String::new()];
        lines.extend(verification.faults);
        model.dialog = Some(Dialog::Text { title: format!("archive {gid} is damaged"), lines, scroll: 0 });
    }
    refresh::arrive(model)
}

fn is_about_the_screen(model: &Model, ask: &Ask) -> bool {
    *ask == model.screen.question() || (ask.archive().is_some() && ask.archive() == model.screen.gid())
}

fn leave(model: &mut Model, ask: &Ask) -> Vec<Effect> {
    if let Some(gid) = ask.archive() {
        return gone(model, gid);
    }
    model.back();
    Vec::new()
}

/// Leaves the screens that show an archive which is no more.
fn gone(model: &mut Model, gid: Gid) -> Vec<Effect> {
    let mut left = false;
    while model.screen.gid() == Some(gid) && model.back() {
        left = true;
    }
    if left {
        model.future.clear();
    }
    refresh::arrive(model)
}

fn leave_what_is_gone(model: &mut Model) {
    if let Some(text) = model.screen.gone(&model.data) {
        model.complain(text);
        model.back();
        model.future.clear();
    }
}

/// Why something could not be done, in one sentence.
fn said(ask: &Ask, fault: &RequestFault) -> String {
    if fault.is_not_offered() {
        return format!("cannot {}: this daemon does not offer that yet", ask.act());
    }
    let hint = if fault.hint.is_empty() { String::new() } else { format!(" ({})", fault.hint) };
    format!("cannot {}: {}{hint}", ask.act(), fault.message)
}
