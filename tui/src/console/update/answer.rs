//! Answers to requests.

use orgvault_api::{Archive, Export, SourceFailure, Verification, gid::Gid};

use super::{refresh, rows};
use crate::{
    console::{
        message::{Ask, Effect, Fault, Reply},
        model::{Dialog, Model, Screen},
    },
    names, units,
};

/// Takes in the answer to `ask`.
pub(crate) fn take(model: &mut Model, ask: Ask, answer: Result<Reply, Fault>) -> Vec<Effect> {
    match answer {
        Ok(reply) => reply_to(model, ask, reply),
        Err(fault) => fault_of(model, &ask, fault),
    }
}

fn reply_to(model: &mut Model, ask: Ask, reply: Reply) -> Vec<Effect> {
    let now = model.now;
    match (ask, reply) {
        (_, Reply::Status(status)) => model.status = Some(*status),
        (_, Reply::Organizations(organizations, failures)) => {
            model.data.organizations.answer(Ok(organizations), now);
            model.data.failures = failures;
        }
        (_, Reply::Sources(sources)) => model.data.sources.answer(Ok(sources), now),
        (ask, Reply::Exports(exports, failures)) => took(model, &ask, exports, &failures),
        (Ask::Archive(_) | Ask::Pin(..), Reply::Archive(archive)) => replace(model, &archive),
        (Ask::Delete(gid), Reply::Archive(_)) => {
            model.say(format!("archive {gid} is deleted"));
            return gone(model, gid);
        }
        (Ask::Rows(ask), Reply::Rows(page)) => rows::arrived(model, &ask, Ok(page)),
        (Ask::Log(gid), Reply::Log(lines)) => model.data.logs.entry(gid).or_default().answer(Ok(lines), now),
        (_, Reply::Schedules(schedules)) => {
            model.data.schedules.answer(Ok(schedules), now);
            return leave_a_removed_schedule(model);
        }
        (_, Reply::Retention(plan)) => model.data.retention.answer(Ok(plan), now),
        (_, Reply::Audit(entries)) => model.data.audit.answer(Ok(entries), now),
        (Ask::Verify(gid), Reply::Verified(verification)) => return verified(model, gid, *verification),
        (Ask::Download(gid, _), Reply::Written(path)) => model.say(format!("archive {gid} is in {}", path.display())),
        (Ask::Run(name), Reply::Done) => {
            model.say(format!("schedule {name} was started"));
            return refresh::asked(model, Ask::Schedules);
        }
        (Ask::Pause(name, paused), Reply::Done) => {
            model.say(format!("schedule {name} is {}", if paused { "paused" } else { "resumed" }));
            return refresh::asked(model, Ask::Schedules);
        }
        (ask, reply) => to_screen(model, &ask, reply),
    }
    Vec::new()
}

/// What only the screen wants to know that asked for it; one that was left does not any more.
fn to_screen(model: &mut Model, ask: &Ask, reply: Reply) {
    let now = model.now;
    match (&mut model.screen, ask, reply) {
        (Screen::Organization(screen), Ask::Archives(key), Reply::Archives(mut archives)) if screen.key == *key => {
            archives.sort_by_key(|archive| std::cmp::Reverse(archive.gid));
            screen.archives.answer(Ok(archives), now);
            // Who looks at the newest one goes on to look at the newest one.
            if screen.list.cursor == 0 {
                screen.list.release();
            }
        }
        (Screen::Organization(screen), Ask::Counts(key), Reply::Counts(counts)) if screen.key == *key => {
            screen.live.answer(Ok(counts), now);
        }
        (Screen::Compare(screen), Ask::Compare(left, right), Reply::Comparison(comparison))
            if (screen.left, screen.right) == (*left, *right) =>
        {
            screen.comparison.answer(Ok(*comparison), now);
        }
        (Screen::Archive(screen), Ask::Preflight(gid), Reply::Preflight(preflight)) if screen.gid == *gid => {
            screen.preflight.answer(Ok(*preflight), now);
        }
        _ => {}
    }
}

fn took(model: &mut Model, ask: &Ask, exports: Vec<Export>, failures: &[SourceFailure]) {
    let now = model.now;
    match ask {
        Ask::Exports => model.data.exports_asked.answer(Ok(()), now),
        Ask::Ended(gids) => {
            // What nobody knows any more does not wait for ever.
            for gid in gids.iter().filter(|gid| exports.iter().all(|export| export.gid != **gid)) {
                model.data.exports.remove(gid);
            }
        }
        Ask::Cancel(gid) => {
            model.canceled.insert(*gid);
        }
        _ => {
            model.mine.extend(exports.iter().map(|export| export.gid));
            let what = match exports.as_slice() {
                [one] => names::organization(&one.organization),
                many => units::plural(many.len() as u64, "export"),
            };
            model.say(format!("asked for {what}: press 2 to watch"));
        }
    }
    for export in exports {
        model.data.take(export, now);
    }
    for failure in failures {
        model.complain(failure.error.message.clone());
    }
}

/// An archive as it is now, wherever it is shown.
fn replace(model: &mut Model, archive: &Archive) {
    let now = model.now;
    match &mut model.screen {
        Screen::Archive(screen) if screen.gid == archive.gid => screen.archive.answer(Ok(archive.clone()), now),
        Screen::Organization(screen) => {
            let archives = screen.archives.value.iter_mut().flatten();
            for known in archives.filter(|known| known.gid == archive.gid) {
                *known = archive.clone();
            }
        }
        _ => {}
    }
}

fn verified(model: &mut Model, gid: Gid, verification: Verification) -> Vec<Effect> {
    if let Screen::Archive(screen) = &mut model.screen
        && screen.gid == gid
    {
        screen.verifying = false;
    }
    if verification.ok {
        model.say(format!("archive {gid} is whole: {} read", units::size(verification.bytes)));
    } else {
        let mut lines = vec![verification.path.clone(), String::new()];
        lines.extend(verification.faults);
        model.dialog = Some(Dialog::Text { title: format!("archive {gid} is damaged"), lines, scroll: 0 });
    }
    match &model.screen {
        Screen::Organization(screen) => {
            let ask = Ask::Archives(screen.key.clone());
            refresh::asked(model, ask)
        }
        Screen::Archive(_) => refresh::asked(model, Ask::Archive(gid)),
        _ => Vec::new(),
    }
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

fn leave_a_removed_schedule(model: &mut Model) -> Vec<Effect> {
    let Screen::Schedule(screen) = &model.screen else { return Vec::new() };
    if model.data.schedules.items().iter().any(|schedule| schedule.name == screen.name) {
        return Vec::new();
    }
    model.complain(format!("schedule {} was removed from the configuration", screen.name));
    model.back();
    model.future.clear();
    Vec::new()
}

fn fault_of(model: &mut Model, ask: &Ask, fault: Fault) -> Vec<Effect> {
    let now = model.now;
    if fault.is_gone() && is_about_the_screen(model, ask) {
        model.complain(format!("{}: somebody deleted it", fault.message));
        return match ask {
            Ask::Archive(gid) | Ask::Verify(gid) | Ask::Preflight(gid) | Ask::Pin(gid, _) => gone(model, *gid),
            Ask::Rows(rows) => gone(model, rows.gid),
            _ => {
                model.back();
                Vec::new()
            }
        };
    }
    let data = &mut model.data;
    match ask {
        Ask::Organizations => data.organizations.answer(Err(fault), now),
        Ask::Sources => data.sources.answer(Err(fault), now),
        Ask::Exports => data.exports_asked.answer(Err(fault), now),
        Ask::Schedules => data.schedules.answer(Err(fault), now),
        Ask::Retention => data.retention.answer(Err(fault), now),
        Ask::Audit => data.audit.answer(Err(fault), now),
        Ask::Log(gid) => data.logs.entry(*gid).or_default().answer(Err(fault), now),
        Ask::Rows(rows) => rows::arrived(model, rows, Err(fault)),
        _ => on_screen(model, ask, fault),
    }
    Vec::new()
}

fn on_screen(model: &mut Model, ask: &Ask, fault: Fault) {
    let now = model.now;
    match (&mut model.screen, ask) {
        (Screen::Organization(screen), Ask::Archives(_)) => screen.archives.answer(Err(fault), now),
        (Screen::Organization(screen), Ask::Counts(_)) => screen.live.answer(Err(fault), now),
        (Screen::Archive(screen), Ask::Archive(_)) => screen.archive.answer(Err(fault), now),
        (Screen::Archive(screen), Ask::Preflight(_)) => screen.preflight.answer(Err(fault), now),
        (Screen::Compare(screen), Ask::Compare(..)) => screen.comparison.answer(Err(fault), now),
        (_, Ask::Status) => {}
        (screen, _) => {
            if let (Screen::Archive(screen), Ask::Verify(_)) = (screen, ask) {
                screen.verifying = false;
            }
            model.complain(said(ask, &fault));
        }
    }
}

/// Why something could not be done, in one sentence.
pub(crate) fn said(ask: &Ask, fault: &Fault) -> String {
    if fault.is_not_offered() {
        return format!("cannot {}: this daemon does not offer that yet", ask.act());
    }
    let hint = if fault.hint.is_empty() { String::new() } else { format!(" ({})", fault.hint) };
    format!("cannot {}: {}{hint}", ask.act(), fault.message)
}

fn is_about_the_screen(model: &Model, ask: &Ask) -> bool {
    match ask {
        Ask::Archive(gid) | Ask::Verify(gid) | Ask::Preflight(gid) | Ask::Pin(gid, _) => {
            model.screen.gid() == Some(*gid)
        }
        Ask::Rows(rows) => model.screen.gid() == Some(rows.gid),
        Ask::Compare(..) => matches!(model.screen, Screen::Compare(_)),
        _ => false,
    }
}
