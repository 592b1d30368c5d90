//! The console: what an admin keeps open.
//!
//! `update` and `view` are pure; `runtime` alone does input and output; `link` talks to the
//! daemon in tasks of its own.

mod command;
mod command_lines;
mod filter;
mod keys;
mod link;
mod message;
mod model;
mod plain;
mod runtime;
mod screens;
mod terminal;
#[cfg(test)]
mod tests;
mod theme;
mod update;
mod view;
mod words;
mod zone;

use std::io::{self, IsTerminal};

use self::{
    model::Setup,
    theme::{Choice, Theme},
};
use crate::{
    exit::{Exit, Failure},
    session::Session,
};

/// How the console looks and what it may do.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Console")]
pub(crate) struct Options {
    /// Change nothing: actions are shown as disabled
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Line by line, with numbered menus, for screen readers and slow lines
    #[arg(long)]
    pub(crate) plain: bool,
    /// Draw with ASCII alone
    #[arg(long)]
    pub(crate) ascii: bool,
    /// 256, 16, mono, dark, light, or a file
    #[arg(long, value_name = "THEME", env = "ORGVAULT_THEME", default_value = "256", hide_env_values = true)]
    pub(crate) theme: Choice,
}

/// Whether there is a terminal to draw on and to type at.
pub(crate) fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Runs the console until it is left.
///
/// # Errors
/// When the theme cannot be read, or the terminal cannot be used.
pub(crate) async fn run(options: &Options, session: &mut Session, no_color: bool) -> Result<Exit, Failure> {
    if options.plain || is_dumb() {
        return plain::run(options.read_only, session).await;
    }
    let choice = match &options.theme {
        _ if no_color => &Choice::Mono,
        Choice::Fixed if !has_256_colours() => &Choice::Sixteen,
        theme => theme,
    };
    let theme = Theme::load(choice, options.ascii || is_ascii_only())
        .map_err(|reason| Failure::usage(format_args!("cannot use this theme: {}", reason.trim_end())))?;
    let setup = Setup {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        host: session.host.clone(),
        read_only: options.read_only,
        zone: zone::local(),
        theme,
    };
    runtime::run(session.client.clone(), session.clock.clone(), setup).await
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// Whether the terminal says that it has more than 16 colours.
fn has_256_colours() -> bool {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let term = set("TERM").unwrap_or_default();
    let many = ["256", "direct", "kitty", "alacritty", "foot", "ghostty", "wezterm"];
    set("COLORTERM").is_some() || many.iter().any(|word| term.contains(word))
}

/// A terminal whose locale is not UTF-8, or the kernel's own, draws no Unicode symbols.
fn is_ascii_only() -> bool {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default().to_lowercase();
    let utf8 = locale.contains("utf-8") || locale.contains("utf8");
    !utf8 || set("TERM").is_some_and(|term| term == "linux")
}
