//! How things look: colours for dark and light by default, none with `NO_COLOR`, any with a theme file; Unicode
//! symbols or ASCII. A colour never says what no word or symbol says.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use orgvault_api::{DayResult, State, health::Health};
use orgvault_config::checked_toml::{self, Document, Value};
use ratatui::style::{Color, Modifier, Style};

/// The built-in true-colour themes.
const BUILT_IN: [(&str, &str); 2] =
    [("dark", include_str!("themes/dark.toml")), ("light", include_str!("themes/light.toml"))];

/// Styles by meaning, and the symbols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Theme {
    /// Text without a meaning of its own.
    pub(crate) text: Style,
    /// What is well.
    pub(crate) good: Style,
    /// What the admin ought to look at.
    pub(crate) careful: Style,
    /// What is wrong.
    pub(crate) bad: Style,
    /// What is going on.
    pub(crate) busy: Style,
    /// Titles and keys.
    pub(crate) accent: Style,
    /// What matters less, and what is disabled.
    pub(crate) dim: Style,
    /// Column headers.
    pub(crate) header: Style,
    /// The row with the cursor.
    pub(crate) cursor: Style,
    /// Symbols.
    pub(crate) symbols: &'static Symbols,
}

/// What is drawn where a letter would be too long. Every one is a single column wide.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Symbols {
    pub(crate) ok: &'static str,
    pub(crate) running: &'static str,
    pub(crate) never: &'static str,
    pub(crate) gone: &'static str,
    pub(crate) shrinking: &'static str,
    pub(crate) refused: &'static str,
    pub(crate) unproven: &'static str,
    pub(crate) stale: &'static str,
    pub(crate) unsure: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) damaged: &'static str,
    pub(crate) warning: &'static str,
    pub(crate) none: &'static str,
    pub(crate) night: &'static str,
    pub(crate) full: &'static str,
    pub(crate) empty: &'static str,
    pub(crate) line: &'static str,
    pub(crate) column: &'static str,
    pub(crate) corners: [&'static str; 4],
    pub(crate) deeper: &'static str,
    pub(crate) cursor: &'static str,
    pub(crate) marked: &'static str,
    pub(crate) up: &'static str,
    pub(crate) down: &'static str,
    pub(crate) cut: &'static str,
    pub(crate) pin: &'static str,
    pub(crate) levels: [&'static str; 8],
}

static UNICODE: Symbols = Symbols {
    ok: "✓",
    running: "▸",
    never: "○",
    gone: "×",
    shrinking: "↓",
    refused: "≠",
    unproven: "∅",
    stale: "~",
    unsure: "?",
    failed: "✗",
    damaged: "!",
    warning: "△",
    none: "·",
    night: "▪",
    full: "█",
    empty: "░",
    line: "─",
    column: "│",
    corners: ["┌", "┐", "└", "┘"],
    deeper: "›",
    cursor: "▌",
    marked: "◆",
    up: "▲",
    down: "▼",
    cut: "…",
    pin: "■",
    levels: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
};

static ASCII: Symbols = Symbols {
    ok: "+",
    running: ">",
    never: "o",
    gone: "-",
    shrinking: "v",
    refused: "/",
    unproven: "0",
    stale: "~",
    unsure: "?",
    failed: "x",
    damaged: "!",
    warning: "^",
    none: ".",
    night: "#",
    full: "#",
    empty: "-",
    line: "-",
    column: "|",
    corners: ["+", "+", "+", "+"],
    deeper: ">",
    cursor: ">",
    marked: "*",
    up: "^",
    down: "v",
    cut: "~",
    pin: "P",
    levels: ["_", ".", ":", "-", "=", "+", "*", "#"],
};

/// Which theme is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Colours that can be read on dark and on light.
    #[default]
    Fixed,
    /// The terminal's own 16 colours.
    Sixteen,
    /// No colours at all.
    Mono,
    /// One that comes with this program.
    BuiltIn(&'static str),
    /// A file.
    File(PathBuf),
}

impl FromStr for Choice {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "256" => Self::Fixed,
            "16" => Self::Sixteen,
            "mono" => Self::Mono,
            _ => match BUILT_IN.iter().find(|(name, _)| *name == text) {
                Some((name, _)) => Self::BuiltIn(name),
                None => Self::File(text.into()),
            },
        })
    }
}

impl Theme {
    /// The chosen theme, with Unicode symbols or ASCII ones.
    ///
    /// # Errors
    /// When a theme file cannot be read, or says what no theme says.
    pub(crate) fn load(choice: &Choice, ascii: bool) -> Result<Self, String> {
        let theme = match choice {
            Choice::Fixed => Self::fixed(),
            Choice::Sixteen => Self::sixteen(),
            Choice::Mono => Self::mono(),
            Choice::BuiltIn(name) => {
                let text = BUILT_IN.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text);
                read(Path::new(name), text)?
            }
            Choice::File(path) => read(path, &checked_toml::read_text(path).map_err(|problem| problem.to_string())?)?,
        };
        Ok(if ascii { Self { symbols: &ASCII, ..theme } } else { theme })
    }

    /// Colours that are the same on every terminal, each with a contrast of at least 4 to black and
    /// to white: no program is told which background it is on.
    pub(crate) fn fixed() -> Self {
        let colour = |index| Style::new().fg(Color::Indexed(index));
        Self {
            good: colour(28),
            careful: colour(130),
            bad: colour(161).add_modifier(Modifier::BOLD),
            busy: colour(30),
            accent: colour(63).add_modifier(Modifier::BOLD),
            dim: colour(243),
            ..Self::sixteen()
        }
    }

    /// For terminals that have 16 colours. What those look like is not known, so only two of them are
    /// used, which can be read on black and on white wherever they are what they usually are.
    pub(crate) fn sixteen() -> Self {
        let (plain, bold) = (Style::new(), Style::new().add_modifier(Modifier::BOLD));
        Self {
            text: plain,
            good: plain,
            careful: plain.fg(Color::Magenta),
            bad: bold.fg(Color::LightRed),
            busy: bold,
            accent: bold,
            dim: plain,
            header: bold.add_modifier(Modifier::UNDERLINED),
            cursor: plain.fg(Color::Reset).bg(Color::Reset).add_modifier(Modifier::REVERSED),
            symbols: &UNICODE,
        }
    }

    /// No colours.
    pub(crate) fn mono() -> Self {
        let (plain, bold) = (Style::new(), Style::new().add_modifier(Modifier::BOLD));
        Self {
            good: plain,
            careful: bold,
            bad: bold,
            busy: plain,
            accent: bold,
            dim: plain.add_modifier(Modifier::DIM),
            ..Self::sixteen()
        }
    }

    /// A style for what has to be noticed: in reverse.
    pub(crate) fn flag(style: Style) -> Style {
        style.add_modifier(Modifier::REVERSED)
    }

    /// The symbol, word and style of a health.
    pub(crate) fn health(&self, health: Health) -> (&'static str, &'static str, Style) {
        let symbols = self.symbols;
        let (symbol, style) = match health {
            Health::Ok => (symbols.ok, self.good),
            Health::Running => (symbols.running, self.busy),
            Health::Never => (symbols.never, self.careful),
            Health::Gone => (symbols.gone, self.careful),
            Health::Shrinking => (symbols.shrinking, self.careful),
            Health::Refused => (symbols.refused, self.careful),
            Health::Unproven => (symbols.unproven, self.careful),
            Health::Stale => (symbols.stale, self.bad),
            Health::Failed => (symbols.failed, self.bad),
            Health::Damaged => (symbols.damaged, self.bad),
        };
        (symbol, health.name(), style)
    }

    /// The symbol and style of an export's state.
    pub(crate) fn state(&self, state: State) -> (&'static str, Style) {
        match state {
            State::Pending => (self.symbols.never, self.dim),
            State::Started => (self.symbols.running, self.busy),
            State::Finished => (self.symbols.ok, self.good),
            State::Error => (self.symbols.failed, self.bad),
        }
    }

    /// The symbol and style of one night.
    pub(crate) fn night(&self, result: DayResult) -> (&'static str, Style) {
        match result {
            DayResult::None => (self.symbols.none, self.dim),
            DayResult::Finished => (self.symbols.night, self.good),
            DayResult::Warnings => (self.symbols.warning, self.careful),
            DayResult::Error => (self.symbols.failed, self.bad),
        }
    }
}

fn read(path: &Path, text: &str) -> Result<Theme, String> {
    let mut theme = Theme::fixed();
    let document = Document::parse(text, path).map_err(|problems| problems.to_string())?;
    let ((), problems) = document.read(|table| {
        for (key, style) in [
            ("text", &mut theme.text),
            ("good", &mut theme.good),
            ("careful", &mut theme.careful),
            ("bad", &mut theme.bad),
            ("busy", &mut theme.busy),
            ("accent", &mut theme.accent),
            ("dim", &mut theme.dim),
            ("header", &mut theme.header),
        ] {
            if let Some(colour) = table.optional(key, colour) {
                *style = style.fg(colour);
            }
        }
    });
    if problems.is_empty() { Ok(theme) } else { Err(problems.to_string()) }
}

fn colour(value: &Value<'_>) -> Option<Color> {
    let text = value.text_as("#7aa2f7")?;
    let colour = text.parse().ok();
    colour
        .or_else(|| value.refuse(format!("{text:?} is no colour"), "write \"#rrggbb\", a name, or a number below 256"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::words::width;

    #[test]
    fn built_in_themes_can_be_read_and_a_wrong_one_says_where() {
        for name in ["256", "16", "mono", "dark", "light"] {
            let choice: Choice = name.parse().unwrap_or(Choice::Sixteen);
            assert!(!matches!(choice, Choice::File(_)), "{name}");
            Theme::load(&choice, false).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, "good = \"#00ff00\"\nbad = \"reddish\"\ngod = 1\n").unwrap();
        let said = Theme::load(&Choice::File(path), false).unwrap_err();
        assert!(said.contains("mine.toml:2") && said.contains("no colour") && said.contains("good"), "{said}");
    }

    /// Every colour of text.
    fn colours(theme: &Theme) -> Vec<Color> {
        let styles =
            [theme.text, theme.good, theme.careful, theme.bad, theme.busy, theme.accent, theme.dim, theme.header];
        styles.iter().filter_map(|style| style.fg).collect()
    }

    /// Red, green and blue of a colour that every terminal shows alike.
    fn rgb(colour: Color) -> [u8; 3] {
        let step = |level: u8| if level == 0 { 0 } else { 55 + 40 * level };
        match colour {
            Color::Rgb(red, green, blue) => [red, green, blue],
            Color::Indexed(index @ 16..=231) => [(index - 16) / 36, (index - 16) / 6 % 6, (index - 16) % 6].map(step),
            Color::Indexed(index @ 232..) => [8 + 10 * (index - 232); 3],
            other => panic!("{other:?} is whatever the terminal makes of it"),
        }
    }

    /// The contrast to black and to white, as WCAG 2 has it.
    fn contrasts(colour: Color) -> (f64, f64) {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = rgb(colour).map(linear);
        let luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        ((luminance + 0.05) / 0.05, 1.05 / (luminance + 0.05))
    }

    #[test]
    fn every_colour_can_be_read_on_the_backgrounds_that_its_theme_is_for() {
        let load = |name: &str| Theme::load(&name.parse().unwrap(), false).unwrap();
        for colour in colours(&Theme::fixed()) {
            let (black, white) = contrasts(colour);
            assert!(black >= 4.0 && white >= 4.0, "{colour:?}: {black:.1} on black, {white:.1} on white");
        }
        assert!(colours(&load("dark")).into_iter().all(|colour| contrasts(colour).0 >= 4.5));
        assert!(colours(&load("light")).into_iter().all(|colour| contrasts(colour).1 >= 4.5));
        assert_eq!(colours(&load("mono")), []);
        let own = colours(&load("16"));
        assert!(own.iter().all(|colour| matches!(colour, Color::Magenta | Color::LightRed)), "{own:?}");
    }

    #[test]
    fn every_symbol_is_one_column_and_ascii_is_ascii() {
        for symbols in [&UNICODE, &ASCII] {
            let text = format!("{symbols:?}");
            let strings: Vec<&str> = text.split('"').skip(1).step_by(2).collect();
            assert!(strings.len() > 30, "{text}");
            for symbol in strings {
                assert_eq!(width(symbol), 1, "{symbol}");
                assert!(!std::ptr::eq(symbols, &raw const ASCII) || symbol.is_ascii(), "{symbol}");
            }
        }
    }
}
