//! The console's only input and output: the terminal, signals, the clock, and the link's ends.

use std::{
    io::{self, BufWriter, Stdout, Write},
    mem::ManuallyDrop,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use crossterm::{
    event::{Event, EventStream, MouseButton, MouseEvent, MouseEventKind},
    queue,
    terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate, size},
};
use futures_util::StreamExt;
use nix::sys::{
    signal::{Signal as Posix, raise},
    termios::tcgetattr,
};
use orgvault_api::{client::Client, clock::Clock};
use ratatui::{
    Terminal,
    backend::CrosstermBackend,
    layout::{Position, Rect},
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use super::{
    link::Link,
    message::{Effect, Message},
    model::{Model, Setup},
    terminal::{TerminalGuard, give_back},
    update::update,
    view::{self, FrameLayout},
};
use crate::exit::{Exit, Failure};

/// Between two frames: 30 in a second.
const FRAME: Duration = Duration::from_millis(33);
/// Between two looks at the clock.
const TICK: Duration = Duration::from_secs(1);
/// Terminals drop a longer clipboard.
const CLIPBOARD: usize = 74_000;
/// Rows that the wheel moves.
const WHEEL: isize = 3;

/// Runs the console on this terminal until it is left.
///
/// # Errors
/// When the terminal cannot be taken.
pub(super) async fn run(client: Client, clock: Clock, setup: Setup) -> Result<Exit, Failure> {
    let no_terminal = |error: io::Error| Failure::caused("terminal", "cannot use this terminal", &error);
    let signals = Signals::listen().map_err(no_terminal)?;
    let guard = TerminalGuard::take().map_err(no_terminal)?;
    let backend = CrosstermBackend::new(BufWriter::with_capacity(1 << 16, io::stdout()));
    let terminal = ManuallyDrop::new(Terminal::new(backend).map_err(no_terminal)?);
    let model = Model::new(setup, size().map_err(no_terminal)?, clock.now());
    let mut runtime = Runtime { model, guard, terminal, clock, drawn: FrameLayout::default(), pace: Pace::default() };
    runtime.draw().map_err(no_terminal)?;
    let link = Link::start(client, runtime.clock.clone());
    match runtime.go_on(link, signals).await {
        Ok(exit) => Ok(exit),
        // A terminal that does not take what is written is gone.
        Err(_gone) => Ok(Exit::HungUp),
    }
}

struct Runtime {
    model: Model,
    guard: TerminalGuard,
    /// Never dropped: it would show the cursor, which the guard does, and say on standard error
    /// that it cannot, which ends in a panic where the terminal is gone.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<BufWriter<Stdout>>>>,
    clock: Clock,
    drawn: FrameLayout,
    pace: Pace,
}

/// When a frame is due: news wait for their turn after any frame, keys only for that of the last
/// key, so that no storm of news holds up what a key does.
#[derive(Default)]
struct Pace {
    drawn: Option<Instant>,
    /// When the last key was answered.
    answered: Option<Instant>,
    /// A key waits for its answer.
    asked: bool,
}

impl Pace {
    fn due(&self) -> Instant {
        let last = if self.asked { self.answered } else { self.drawn };
        last.map_or_else(Instant::now, |at| at + FRAME)
    }

    fn drew(&mut self, now: Instant) {
        self.drawn = Some(now);
        if std::mem::take(&mut self.asked) {
            self.answered = self.drawn;
        }
    }
}

impl Runtime {
    /// Keys come first, then frames, then news: no storm of events holds up a key.
    async fn go_on(&mut self, mut link: Link, mut signals: Signals) -> io::Result<Exit> {
        let mut events = EventStream::new();
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.pace.asked &= self.model.dirty;
            let message = tokio::select! {
                biased;
                signal = signals.next() => {
                    if let Some(exit) = signal {
                        return Ok(exit);
                    }
                    // Somebody continued this process.
                    self.come_back()?;
                    continue;
                }
                event = events.next() => match event {
                    Some(event) => {
                        self.pace.asked = true;
                        self.message(&event?)
                    }
                    None => return Ok(Exit::HungUp),
                },
                () = sleep_until(self.pace.due()), if self.model.dirty => {
                    self.draw()?;
                    continue;
                }
                news = link.news() => match news {
                    Some(news) => Some(Message::News(news)),
                    None => return Ok(Exit::Failed),
                },
                _at = ticks.tick() => {
                    tcgetattr(io::stdin())?;
                    Some(Message::Tick)
                }
            };
            let Some(message) = message else { continue };
            if let Some(exit) = self.take(message, &link)? {
                return Ok(exit);
            }
        }
    }

    fn take(&mut self, message: Message, link: &Link) -> io::Result<Option<Exit>> {
        let effects = update(&mut self.model, message, self.clock.now());
        for effect in effects {
            match effect {
                Effect::Ask(ask) => {
                    if let Some(ask) = link.ask(ask) {
                        update(&mut self.model, Message::Busy(ask), self.clock.now());
                    }
                }
                Effect::Copy(text) => self.copy(&text)?,
                Effect::Mouse(mouse) => self.guard.mouse(mouse)?,
                Effect::Redraw => self.start_over()?,
                Effect::Suspend => self.suspend()?,
                Effect::Quit => return Ok(Some(Exit::Ok)),
            }
        }
        Ok(None)
    }

    /// What an event of the terminal means; none where it means nothing.
    fn message(&self, event: &Event) -> Option<Message> {
        match event {
            Event::Key(key) => Some(Message::Key(*key)),
            Event::Paste(text) => Some(Message::Paste(text.clone())),
            Event::Resize(columns, rows) => Some(Message::Resize(*columns, *rows)),
            Event::Mouse(mouse) => self.mouse(*mouse),
            Event::FocusGained | Event::FocusLost => None,
        }
    }

    fn mouse(&self, mouse: MouseEvent) -> Option<Message> {
        match mouse.kind {
            MouseEventKind::ScrollDown => Some(Message::Wheel(WHEEL)),
            MouseEventKind::ScrollUp => Some(Message::Wheel(-WHEEL)),
            MouseEventKind::Down(MouseButton::Left) => {
                let (area, first): (Rect, usize) = self.drawn.list?;
                let here = Position { x: mouse.column, y: mouse.row };
                area.contains(here).then(|| Message::Click(first + usize::from(mouse.row - area.y)))
            }
            _ => None,
        }
    }

    fn draw(&mut self) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let (model, mut drawn) = (&self.model, FrameLayout::default());
        self.terminal.draw(|frame| {
            drawn = view::draw(model, frame.buffer_mut());
            if let Some(cursor) = drawn.cursor {
                frame.set_cursor_position(cursor);
            }
        })?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        self.terminal.backend_mut().flush()?;
        self.drawn = drawn;
        self.pace.drew(Instant::now());
        self.model.dirty = false;
        Ok(())
    }

    /// OSC 52: the terminal puts it on the clipboard of the machine that it runs on.
    fn copy(&mut self, text: &str) -> io::Result<()> {
        let bytes = text.as_bytes();
        let encoded = STANDARD.encode(&bytes[..bytes.len().min(CLIPBOARD)]);
        let backend = self.terminal.backend_mut();
        backend.write_all(format!("\u{1b}]52;c;{encoded}\u{7}").as_bytes())?;
        backend.flush()
    }

    /// Gives the terminal to the shell until it continues this process.
    fn suspend(&mut self) -> io::Result<()> {
        give_back()?;
        raise(Posix::SIGTSTP)?;
        self.come_back()
    }

    fn come_back(&mut self) -> io::Result<()> {
        self.guard.retake()?;
        self.model.size = size()?;
        self.start_over()
    }

    /// Everything is drawn anew. Not by the terminal's own `clear`, which asks for the cursor's
    /// place: the answer would have to be read from between the keys.
    fn start_over(&mut self) -> io::Result<()> {
        let (width, height) = size()?;
        self.model.dirty = true;
        self.terminal.resize(Rect { x: 0, y: 0, width, height })
    }
}

/// What ends or continues the process from outside.
struct Signals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    carry_on: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            carry_on: signal(SignalKind::from_raw(Posix::SIGCONT as i32))?,
        })
    }

    /// How the process ends; none where it was continued.
    async fn next(&mut self) -> Option<Exit> {
        tokio::select! {
            _signal = self.terminate.recv() => Some(Exit::Terminated),
            _signal = self.hang_up.recv() => Some(Exit::HungUp),
            _signal = self.interrupt.recv() => Some(Exit::Canceled),
            _signal = self.carry_on.recv() => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_wait_for_the_frame_of_news_and_keys_have_one_frame_each() {
        let start = Instant::now();
        let later = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut pace = Pace::default();
        pace.drew(start);
        assert_eq!(pace.due(), start + FRAME, "news wait");
        pace.asked = true;
        assert!(pace.due() <= Instant::now(), "a key does not");
        pace.drew(later(5));
        assert_eq!(pace.due(), later(5) + FRAME);
        pace.asked = true;
        assert_eq!(pace.due(), later(5) + FRAME, "the next key waits for its own frame");
        pace.drew(later(38));
        pace.drew(later(71));
        pace.asked = true;
        assert_eq!(pace.due(), later(38) + FRAME);
    }
}
