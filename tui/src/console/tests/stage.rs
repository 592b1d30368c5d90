//! A console on a made-up terminal, with a made-up daemon that answers at once.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use orgvault_api::{Role, Status, clock::Timestamp};
use ratatui::{Terminal, backend::TestBackend};

use super::fixtures;
use crate::console::{
    message::{Ask, Effect, Message, News, Reply, RequestFault},
    model::{Model, Setup},
    theme::{Choice, Theme},
    update::update,
    view,
};

/// The three sizes that everything is looked at in.
pub(crate) const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (60, 15)];

pub(crate) fn now() -> Timestamp {
    "2026-01-31T09:30:00Z".parse().unwrap()
}

pub(crate) fn fault(code: &str, message: &str, hint: &str) -> RequestFault {
    let [code, message, hint] = [code, message, hint].map(str::to_owned);
    RequestFault { code, message, hint }
}

/// A console, and what it was told to do.
pub(crate) struct Stage {
    pub(crate) model: Model,
    pub(crate) now: Timestamp,
    /// Everything that it wanted done, oldest first.
    pub(crate) effects: Vec<Effect>,
    /// What the daemon answers.
    pub(crate) answer: fn(&Ask) -> Result<Reply, RequestFault>,
}

impl Stage {
    /// Just started, of this size, without a word of the daemon.
    pub(crate) fn started(size: (u16, u16)) -> Self {
        let setup = Setup {
            version: "0.1.0".to_owned(),
            host: None,
            read_only: false,
            zone: chrono_tz::Europe::Berlin,
            theme: Theme::load(&Choice::Sixteen, false).unwrap(),
        };
        let now = now();
        Self { model: Model::new(setup, size, now), now, effects: Vec::new(), answer: fixtures::answer }
    }

    /// Connected as an owner.
    pub(crate) fn up(size: (u16, u16)) -> Self {
        Self::started(size).connect(&fixtures::status(Role::Owner))
    }

    pub(crate) fn connect(mut self, status: &Status) -> Self {
        self.tell(News::Up(Box::new(status.clone())));
        self.tell(News::Snapshot(fixtures::open_exports()));
        self
    }

    /// The daemon's side says something.
    pub(crate) fn tell(&mut self, news: News) {
        self.send(Message::News(news));
    }

    /// Something happens; the daemon answers what is asked.
    pub(crate) fn send(&mut self, message: Message) {
        for effect in update(&mut self.model, message, self.now) {
            self.effects.push(effect.clone());
            if let Effect::Ask(ask) = effect {
                let answer = (self.answer)(&ask);
                self.tell(News::Answer(ask, answer));
            }
        }
    }

    /// Presses keys: characters, and names in `<>`.
    pub(crate) fn press(&mut self, keys: &str) -> &mut Self {
        for key in parse(keys) {
            self.send(Message::Key(key));
        }
        self
    }

    /// Presses keys; gives what they want done, while the daemon is silent.
    pub(crate) fn effects_of(&mut self, keys: &str) -> Vec<Effect> {
        parse(keys).into_iter().flat_map(|key| update(&mut self.model, Message::Key(key), self.now)).collect()
    }

    /// Seconds go by.
    pub(crate) fn wait(&mut self, seconds: i64) {
        for _ in 0..seconds {
            self.now += chrono::TimeDelta::seconds(1);
            self.send(Message::Tick);
        }
    }

    /// The whole screen.
    pub(crate) fn screen(&self) -> String {
        terminal(&self.model).backend().to_string()
    }
}

/// The model, drawn on a terminal of its size.
pub(crate) fn terminal(model: &Model) -> Terminal<TestBackend> {
    let (columns, rows) = model.size;
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal
        .draw(|frame| {
            let drawn = view::draw(model, frame.buffer_mut());
            if let Some(cursor) = drawn.cursor {
                frame.set_cursor_position(cursor);
            }
        })
        .unwrap();
    terminal
}

fn parse(keys: &str) -> Vec<KeyEvent> {
    let mut parsed = Vec::new();
    let mut rest = keys;
    while let Some(first) = rest.chars().next() {
        if let Some((name, after)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
            parsed.push(named(name));
            rest = after;
        } else {
            parsed.push(KeyEvent::new(KeyCode::Char(first), KeyModifiers::NONE));
            rest = rest.strip_prefix(first).unwrap();
        }
    }
    parsed
}

fn named(name: &str) -> KeyEvent {
    let (name, modifiers) = match name.strip_prefix("ctrl-") {
        Some(name) => (name, KeyModifiers::CONTROL),
        None => (name, KeyModifiers::NONE),
    };
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "space" => KeyCode::Char(' '),
        "backspace" => KeyCode::Backspace,
        "pgdn" => KeyCode::PageDown,
        "down" => KeyCode::Down,
        character => KeyCode::Char(character.chars().next().unwrap()),
    };
    KeyEvent::new(code, modifiers)
}
