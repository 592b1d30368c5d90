//! Drawing text so that it stays where it belongs.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::FrameLayout;
use crate::console::{
    message::RequestFault,
    model::Remote,
    theme::Theme,
    words::{fit, paragraph, width},
};

/// A part of a line with its style.
pub(crate) type Span = (String, Style);

/// What is drawn on. Nothing that is drawn leaves the area that it is given.
pub(crate) struct Canvas<'c> {
    buffer: &'c mut Buffer,
    /// How things look.
    pub(crate) theme: &'c Theme,
    /// What the runtime needs to know.
    pub(crate) drawn: FrameLayout,
    /// Whether it is only to be found out how far one can scroll, whatever that costs.
    pub(crate) measures: bool,
}

impl<'c> Canvas<'c> {
    /// An empty one.
    pub(crate) fn new(buffer: &'c mut Buffer, theme: &'c Theme) -> Self {
        buffer.set_style(buffer.area, theme.text);
        Self { buffer, theme, drawn: FrameLayout::default(), measures: false }
    }

    /// All of it.
    pub(crate) fn area(&self) -> Rect {
        self.buffer.area
    }

    /// Writes text of any kind into one line; gives the columns that it took.
    pub(crate) fn text(&mut self, x: u16, y: u16, columns: u16, text: &str, style: Style) -> u16 {
        let area = self.buffer.area;
        if x >= area.right() || y >= area.bottom() {
            return 0;
        }
        let columns = columns.min(area.right() - x);
        let shown = fit(text, columns.into()).replace('…', self.theme.symbols.cut);
        let (end, _) = self.buffer.set_stringn(x, y, shown, columns.into(), style);
        end - x
    }

    /// Writes parts one after the other into the first line of `area`.
    pub(crate) fn spans(&mut self, area: Rect, spans: &[Span]) {
        let mut x = area.x;
        for (text, style) in spans {
            x += self.text(x, area.y, area.right().saturating_sub(x), text, *style);
        }
    }

    /// Writes a paragraph into `area`; gives the lines that it took.
    pub(crate) fn paragraph(&mut self, area: Rect, text: &str, style: Style) -> u16 {
        let mut used = 0;
        for line in paragraph(text, area.width.into()).into_iter().take(area.height.into()) {
            self.text(area.x, area.y + used, area.width, &line, style);
            used += 1;
        }
        used
    }

    /// Writes as many lines as there is room for. Where there are more, the last one says how to read
    /// them.
    pub(crate) fn lines(&mut self, area: Rect, lines: &[Span]) {
        let height = usize::from(area.height);
        let cut = lines.len() > height;
        let shown = if cut { height.saturating_sub(1) } else { height };
        for (y, (text, style)) in (area.y..).zip(lines.iter().take(shown)) {
            self.text(area.x, y, area.width, text, *style);
        }
        if cut && height > 0 {
            let text = format!("{} n shows {} more", self.theme.symbols.cut, lines.len() - shown);
            self.text(area.x, area.bottom() - 1, area.width, &text, self.theme.accent);
        }
    }

    /// Writes lines without the first `scroll` ones, as far as one can scroll; gives how many are
    /// below.
    pub(crate) fn scrolled(&mut self, area: Rect, lines: &[Span], scroll: usize) -> usize {
        let height = usize::from(area.height);
        let reach = lines.len().saturating_sub(height);
        self.drawn.reach = reach;
        let scroll = scroll.min(reach);
        for (y, (text, style)) in (area.y..).zip(lines.iter().skip(scroll).take(height)) {
            self.text(area.x, y, area.width, text, *style);
        }
        reach - scroll
    }

    /// Gives every cell of `area` a style.
    pub(crate) fn style(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area, style);
    }

    /// Empties `area`.
    pub(crate) fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                self.buffer[(x, y)].reset();
            }
        }
        // The second half of a wide character does not stay without its first.
        for y in area.top()..area.bottom() {
            if area.left() > 0 && width(self.buffer[(area.left() - 1, y)].symbol()) > 1 {
                self.buffer[(area.left() - 1, y)].set_symbol(" ");
            }
        }
        self.buffer.set_style(area, self.theme.text);
    }

    /// Draws a line with a title over the width of `area`; gives what is below it.
    pub(crate) fn rule(&mut self, area: Rect, title: &str) -> Rect {
        let symbol = self.theme.symbols.line;
        let (dim, accent) = (self.theme.dim, self.theme.accent);
        self.text(area.x, area.y, area.width, &symbol.repeat(area.width.into()), dim);
        if !title.is_empty() {
            self.text(area.x + 2, area.y, area.width.saturating_sub(4), &format!(" {title} "), accent);
        }
        below(area, 1)
    }

    /// Draws a box around an emptied area; gives what is inside.
    pub(crate) fn boxed(&mut self, area: Rect, title: &str) -> Rect {
        self.clear(area);
        let symbols = self.theme.symbols;
        let [top_left, top_right, bottom_left, bottom_right] = symbols.corners;
        let line = symbols.line.repeat(usize::from(area.width).saturating_sub(2));
        let accent = self.theme.accent;
        self.text(area.x, area.y, area.width, &format!("{top_left}{line}{top_right}"), accent);
        let bottom = area.bottom().saturating_sub(1);
        self.text(area.x, bottom, area.width, &format!("{bottom_left}{line}{bottom_right}"), accent);
        for y in area.y + 1..bottom {
            self.text(area.x, y, 1, symbols.column, accent);
            self.text(area.right() - 1, y, 1, symbols.column, accent);
        }
        self.text(area.x + 2, area.y, area.width.saturating_sub(4), &format!(" {title} "), accent);
        Rect {
            x: area.x + 2,
            y: area.y + 1,
            width: area.width.saturating_sub(4),
            height: area.height.saturating_sub(2),
        }
    }

    /// A bar that is filled by `percent`.
    pub(crate) fn gauge(&mut self, x: u16, y: u16, columns: u16, percent: u16, style: Style) {
        let filled = usize::from(columns) * usize::from(percent.min(100)) / 100;
        let symbols = self.theme.symbols;
        let text = symbols.full.repeat(filled) + &symbols.empty.repeat(usize::from(columns) - filled);
        self.text(x, y, columns, &text, style);
    }

    /// Puts the terminal's cursor where text is typed.
    pub(crate) fn cursor(&mut self, x: u16, y: u16) {
        self.drawn.cursor = Some(Position { x: x.min(self.buffer.area.right().saturating_sub(1)), y });
    }

    /// Says how asking for something went, where there is nothing to show; gives whether it did.
    pub(crate) fn missing<T>(&mut self, area: Rect, what: &str, remote: &Remote<T>) -> bool {
        if remote.value.is_some() {
            return false;
        }
        if let Some(fault) = &remote.fault {
            self.fault(area, what, fault);
        } else {
            let text = format!("{what}: waiting for orgvaultd");
            self.remark(area, &text);
        }
        true
    }

    /// Says in one line why a list is empty, or what to do about it.
    pub(crate) fn remark(&mut self, area: Rect, text: &str) {
        self.text(area.x + 2, area.y, area.width.saturating_sub(2), text, self.theme.dim);
    }

    /// Says why there is nothing to show.
    pub(crate) fn fault(&mut self, area: Rect, what: &str, fault: &RequestFault) {
        let text = if fault.is_not_offered() {
            format!("{what}: this daemon does not offer that yet")
        } else {
            format!("{what}: {}", fault.message)
        };
        let inner = inset(area);
        let style = if fault.is_not_offered() { self.theme.dim } else { self.theme.bad };
        let used = self.paragraph(inner, &text, style);
        self.paragraph(below(inner, used), &fault.hint, self.theme.careful);
    }
}

/// `area` without its first `lines`.
pub(crate) fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect { y: area.y + lines, height: area.height - lines, ..area }
}

/// The first `lines` of `area`.
pub(crate) fn top(area: Rect, lines: u16) -> Rect {
    Rect { height: lines.min(area.height), ..area }
}

/// `area` without two columns on each side.
pub(crate) fn inset(area: Rect) -> Rect {
    Rect { x: area.x + 2, width: area.width.saturating_sub(4), ..area }
}

/// A picture of values, one column each: from the lowest to the highest, or in the middle where
/// they hardly differ, because hills would be made of nothing.
pub(crate) fn sparkline(theme: &Theme, values: &[u64]) -> String {
    let highest = values.iter().copied().max().unwrap_or(0);
    let lowest = values.iter().copied().min().unwrap_or(0);
    let flat = highest - lowest < highest / 4;
    let (floor, ceiling) = if flat { (0, highest.saturating_mul(2)) } else { (lowest, highest) };
    let levels = &theme.symbols.levels;
    let level = |value: &u64| {
        let scaled = u128::from(value - floor) * 7 / u128::from((ceiling - floor).max(1));
        levels.get(usize::try_from(scaled).unwrap_or(7)).copied().unwrap_or(" ")
    };
    values.iter().map(level).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_shows_what_differs_and_makes_no_hills_of_nothing() {
        let theme = Theme::sixteen();
        assert_eq!(sparkline(&theme, &[0, 50, 100]), "▁▄█");
        assert_eq!(sparkline(&theme, &[100, 101, 99]), "▄▄▄");
        assert_eq!(sparkline(&theme, &[0, 0]), "▁▁");
        assert_eq!(sparkline(&theme, &[u64::MAX, 1]), "█▁");
        assert_eq!(sparkline(&theme, &[]), "");
    }
}
