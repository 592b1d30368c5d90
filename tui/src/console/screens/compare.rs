//! Two archives beside each other, section by section.

use orgvault_api::{Comparison, SectionDifference, gid::Gid};
use ratatui::{layout::Rect, style::Style};

use super::{Asks, Component};
use crate::{
    console::{
        keys::Action,
        message::Ask,
        model::{Data, Entry, List, Model, Remote, Slot},
        theme::Theme,
        view::{
            canvas::{Canvas, below, top},
            table::{self, Cell, Column, Row, number, text},
        },
    },
    units,
};

const COLUMNS: [Column; 4] =
    [text("SECTION", 16, 1, 0), number("OLDER", 14, 0), number("NEWER", 14, 0), number("CHANGE", 12, 0)];

/// Two archives.
#[derive(Debug, Clone)]
pub(crate) struct CompareScreen {
    /// The older one.
    pub(crate) left: Gid,
    /// The newer one.
    pub(crate) right: Gid,
    /// The sections beside each other.
    comparison: Remote<Comparison>,
    /// The sections' list.
    list: List,
}

impl CompareScreen {
    /// Two archives of which nothing is known yet.
    pub(crate) fn new(left: Gid, right: Gid) -> Self {
        Self { left, right, comparison: Remote::default(), list: List::default() }
    }
}

impl Component for CompareScreen {
    fn keys() -> &'static [Action] {
        &[Action::Filter, Action::Faults]
    }

    fn title(&self) -> Vec<String> {
        vec![format!("compare {} {}", self.left, self.right)]
    }

    fn question(&self) -> Ask {
        Ask::Compare(self.left, self.right)
    }

    fn asks(&self) -> Asks {
        Asks::Once
    }

    fn slot(&mut self, ask: &Ask) -> Option<&mut dyn Slot> {
        (*ask == self.question()).then_some(&mut self.comparison)
    }

    fn arrange(&mut self, _: &Data) {
        let sections = self.comparison.value.as_ref().map(|comparison| comparison.sections.as_slice());
        self.list.arrange(sections.unwrap_or_default().iter().map(entry).enumerate().collect());
    }

    one_list!();

    fn command_line(&self) -> Option<(&'static str, String)> {
        Some(("this comparison", format!("orgvault compare {} {}", self.left, self.right)))
    }

    /// The verdict and the sections.
    fn draw(&self, canvas: &mut Canvas<'_>, _: &Model, area: Rect) {
        if canvas.missing(area, "comparison", &self.comparison) {
            return;
        }
        let Some(comparison) = &self.comparison.value else { return };
        let theme = canvas.theme;
        let different = comparison.sections.iter().filter(|section| section.left != section.right).count();
        let verdict = match (comparison.identical, different) {
            (true, _) => format!(" {} the files hold the same bytes", theme.symbols.ok),
            (false, 0) => format!(" {} the same number of rows in every section; the bytes differ", theme.symbols.ok),
            (false, sections) => {
                format!(" {} {}", theme.symbols.warning, units::plural(sections as u64, "different section"))
            }
        };
        canvas.text(area.x, area.y, area.width, &verdict, theme.text);
        let body = canvas.rule(below(area, 1), &format!("{} and {}", self.left, self.right));
        let (area, look) = (top(body, body.height), table::FOCUSED);
        table::draw(canvas, area, &COLUMNS, &self.list, look, |index| {
            comparison.sections.get(index).map(|section| row(theme, section))
        });
    }
}

fn entry(section: &SectionDifference) -> Entry {
    Entry { id: section.name.clone(), words: section.name.clone(), faulty: section.left != section.right }
}

fn row(theme: &Theme, section: &SectionDifference) -> Row {
    let rows = |rows: Option<u64>| Cell::new(rows.map_or("-".to_owned(), units::number), theme.text);
    let (change, style) = match (section.left, section.right) {
        (Some(left), Some(right)) => difference(theme, right, left),
        (None, _) => ("new".to_owned(), theme.good),
        (_, None) => ("gone".to_owned(), theme.careful),
    };
    Row {
        id: section.name.clone(),
        cells: vec![
            Cell::new(&*section.name, theme.text),
            rows(section.left),
            rows(section.right),
            Cell::new(change, style),
        ],
    }
}

/// `+12`, `-3`, `=`: fewer rows than before are worth a look.
pub(super) fn difference(theme: &Theme, now: u64, was: u64) -> (String, Style) {
    match now.cmp(&was) {
        std::cmp::Ordering::Equal => ("=".to_owned(), theme.dim),
        std::cmp::Ordering::Greater => (format!("+{}", units::number(now - was)), theme.good),
        std::cmp::Ordering::Less => (format!("-{}", units::number(was - now)), theme.careful),
    }
}
