//! Takes the terminal, and gives it back as it was: at the end, before a stop, after a panic.

use std::{
    fmt,
    io::{self, Stdout, Write},
    panic,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use crossterm::{
    Command,
    cursor::{Hide, Show},
    event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture},
    execute,
    terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
};

/// Whether the terminal is taken at the moment: the panic hook has no guard to ask.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// While it lives, the terminal is the console's.
#[derive(Debug)]
pub(crate) struct TerminalGuard {
    mouse: bool,
}

/// ECMA-48's bi-directional support mode: text is drawn in the order in which it is sent, so
/// that a name that is written from right to left stays in its column.
struct DrawInOrder(bool);

impl Command for DrawInOrder {
    fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
        f.write_str(if self.0 { "\u{1b}[8l" } else { "\u{1b}[8h" })
    }
}

impl TerminalGuard {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When standard input or output is none, or does not take it.
    pub(crate) fn take() -> io::Result<Self> {
        restore_after_panic();
        let guard = Self { mouse: false };
        guard.retake()?;
        Ok(guard)
    }

    /// Takes it again after [`give_back`], or after a stop.
    ///
    /// # Errors
    /// As [`TerminalGuard::take`].
    pub(crate) fn retake(&self) -> io::Result<()> {
        TAKEN.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, DrawInOrder(true), Hide)?;
        if self.mouse { execute!(io::stdout(), EnableMouseCapture) } else { Ok(()) }
    }

    /// Takes the mouse, or gives it back.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn mouse(&mut self, mouse: bool) -> io::Result<()> {
        self.mouse = mouse;
        if mouse { execute!(io::stdout(), EnableMouseCapture) } else { execute!(io::stdout(), DisableMouseCapture) }
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        // Where the terminal is gone there is nothing to give back.
        drop(give_back());
    }
}

/// Gives it back before the guard is dropped.
///
/// # Errors
/// When the terminal is gone.
pub(crate) fn give_back() -> io::Result<()> {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    let mut out: Stdout = io::stdout();
    let left =
        execute!(out, DisableMouseCapture, DisableBracketedPaste, DrawInOrder(false), Show, LeaveAlternateScreen);
    // The modes of the line go back even if the screen cannot be written.
    disable_raw_mode()?;
    left?;
    out.flush()
}

/// A panic of the thread that draws gives the terminal back first, so that its message is read.
fn restore_after_panic() {
    let drawing = thread::current().id();
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if thread::current().id() == drawing {
            drop(give_back());
            before(info);
        }
    }));
}
