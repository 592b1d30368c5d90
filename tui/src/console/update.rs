//! What each message changes. Pure: the time is an argument, and what is to be done comes back
//! as data.

mod act;
mod answer;
mod available;
mod dialog;
mod events;
mod press;
mod prompt;
mod refresh;

use orgvault_api::clock::Timestamp;

pub(crate) use self::available::reason;
use super::{
    message::{Effect, Message},
    model::{Link, Model, TOAST_SECONDS},
};

/// Between two ticks of the clock on a screen where nothing else moves, in seconds.
const IDLE_TICK: i64 = 10;

/// Takes in a message; gives what is to be done.
pub(crate) fn update(model: &mut Model, message: Message, now: Timestamp) -> Vec<Effect> {
    model.now = now;
    if let Message::Tick = message {
        return tick(model);
    }
    model.dirty = true;
    let effects = match message {
        Message::Key(key) => press::press(model, &key),
        Message::Paste(text) => press::paste(model, &text),
        Message::Click(row) => press::click(model, row),
        Message::Wheel(rows) => press::wheel(model, rows),
        Message::Resize(columns, rows) => {
            model.size = (columns, rows);
            Vec::new()
        }
        Message::News(news) => events::take(model, news),
        Message::Busy(ask) => {
            refresh::lost(model, &ask);
            model.complain(format!("cannot {}: too many requests wait for orgvaultd", ask.act()));
            Vec::new()
        }
        Message::Tick => Vec::new(),
    };
    model.shown_at = now;
    effects
}

/// Time alone changes the screen only where it shows something that goes on.
fn tick(model: &mut Model) -> Vec<Effect> {
    let before = model.toasts.len();
    let now = model.now;
    model.toasts.retain(|toast| (now - toast.at).num_seconds() < TOAST_SECONDS);
    let moves = model.toasts.len() != before
        || matches!(model.link, Link::Down { .. })
        || model.data.load().1 > 0
        || (now - model.shown_at).num_seconds() >= IDLE_TICK;
    if moves {
        model.dirty = true;
        model.shown_at = now;
    }
    refresh::due(model)
}
