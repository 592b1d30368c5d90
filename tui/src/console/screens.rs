//! The screens, one file each, and what the rest of the console asks of them. All of it is pure: a
//! screen says what it wants to know, `update` asks for it and `link` brings the answer.

pub(crate) mod activity;
pub(crate) mod archive;
pub(crate) mod compare;
pub(crate) mod export;
pub(crate) mod exports;
pub(crate) mod organization;
pub(crate) mod organizations;
pub(crate) mod record;
pub(crate) mod retention;
pub(crate) mod rows;
pub(crate) mod schedule;
pub(crate) mod schedules;

use std::ops::{Deref, DerefMut};

use orgvault_api::{Archive, Export, OrganizationKey, Row, Schedule, SectionCount, State, gid::Gid};
use ratatui::layout::Rect;

use super::{
    command_lines::CommandLines,
    keys::Action,
    message::Ask,
    model::{Data, List, Model, Slot},
    view::{canvas::Canvas, notes::Notes},
};
use crate::{names, units};

/// What a screen can do. What has no default is what every screen has to say.
pub(crate) trait Component {
    /// What keys do here, besides those that work everywhere.
    fn keys() -> &'static [Action]
    where
        Self: Sized;

    /// Where one is, from the outermost to the innermost.
    fn title(&self) -> Vec<String>;

    /// What it wants to know from the daemon.
    fn question(&self) -> Ask;

    /// When it asks that again.
    fn asks(&self) -> Asks {
        Asks::OnArrival
    }

    /// Where the answer to a question goes that is about this screen alone.
    fn slot(&mut self, _: &Ask) -> Option<&mut dyn Slot> {
        None
    }

    /// Takes in an answer that has come into its slot.
    fn take(&mut self, _: &Ask) {}

    /// Takes in changes of the data.
    fn arrange(&mut self, _: &Data) {}

    /// Why it is to be left: what it shows is no more.
    fn gone(&self, _: &Data) -> Option<String> {
        None
    }

    /// What the cursor or the screen is on.
    fn focus<'m>(&'m self, _: &'m Data) -> Focus<'m> {
        Focus::default()
    }

    /// The screen of what the cursor is on.
    fn open(&self, _: &Data) -> Option<Screen> {
        None
    }

    /// The list that has the cursor.
    fn list(&self) -> Option<&List> {
        None
    }

    /// The list that has the cursor, to be changed.
    fn list_mut(&mut self) -> Option<&mut List> {
        None
    }

    /// The lines that are scrolled away, where there is text instead of a list.
    fn scroll(&mut self) -> Option<&mut usize> {
        None
    }

    /// Moves the cursor; gives what has to be asked for that.
    fn go(&mut self, motion: Motion) -> Option<Ask> {
        let list = self.list_mut()?;
        match motion {
            Motion::Rows(by) => list.step(by),
            Motion::Top => list.put(0),
            Motion::Bottom => list.put(usize::MAX),
            Motion::Columns(_) => {}
        }
        None
    }

    /// Does what a key means that no other screen has.
    fn act(&mut self, _: Action) {}

    /// What the daemon looks for in the rows; none where the console filters them.
    fn search(&self) -> Option<&str> {
        None
    }

    /// Lets the daemon look for another text.
    fn look_for(&mut self, _: &str) -> Option<Ask> {
        None
    }

    /// The command lines that do the same.
    fn command_lines(&self, data: &Data, lines: &mut CommandLines);

    /// Writes in full what it has no room for.
    fn notes(&self, _: &mut Notes<'_>, _: &Model) {}

    /// Draws it.
    fn draw(&self, canvas: &mut Canvas<'_>, model: &Model, area: Rect);
}

/// When a screen asks its question again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    /// Whenever one arrives at it.
    OnArrival,
    /// The same, and every few seconds: the daemon tells little of that by itself.
    Often,
    /// Not as long as it has an answer that is not stale.
    Once,
}

/// Where a key moves the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Motion {
    /// By so many rows.
    Rows(isize),
    /// By so many columns.
    Columns(isize),
    /// To the first row.
    Top,
    /// To the last row.
    Bottom,
}

/// What the cursor or the screen is on.
#[derive(Debug, Default)]
pub(crate) struct Focus<'m> {
    /// The organization.
    pub(crate) organization: Option<&'m OrganizationKey>,
    /// The export.
    pub(crate) export: Option<&'m Export>,
    /// The archive.
    pub(crate) archive: Option<&'m Archive>,
    /// The section of the archive.
    pub(crate) section: Option<&'m SectionCount>,
    /// The row of the section.
    pub(crate) row: Option<&'m Row>,
    /// The schedule.
    pub(crate) schedule: Option<&'m Schedule>,
    /// The gid, where nothing more is known.
    pub(crate) gid: Option<Gid>,
}

impl<'m> Focus<'m> {
    /// On an export.
    pub(crate) fn export(export: Option<&'m Export>) -> Self {
        Self { organization: export.map(|export| &export.organization), export, ..Self::default() }
    }

    /// On an archive.
    pub(crate) fn archive(archive: Option<&'m Archive>) -> Self {
        Self { organization: archive.map(|archive| &archive.organization), archive, ..Self::default() }
    }

    /// What is copied of it.
    pub(crate) fn text(&self) -> Option<String> {
        let gid = self.export.map(|export| export.gid).or(self.archive.map(|archive| archive.gid)).or(self.gid);
        let row = self.row.map(|row| row.text().to_owned());
        row.or_else(|| self.schedule.map(|schedule| schedule.name.clone()))
            .or_else(|| gid.map(|gid| gid.to_string()))
            .or_else(|| self.organization.map(names::organization))
    }
}

/// Makes the registry: a screen that is not in it is never seen.
macro_rules! registry {
    ($($(#[$doc:meta])* $name:ident($screen:ty),)*) => {
        /// Which screen, without what is on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kind {
            $($(#[$doc])* $name,)*
        }

        /// A screen. It behaves as the one that it is.
        #[derive(Debug, Clone)]
        pub(crate) enum Screen {
            $($(#[$doc])* $name(Box<$screen>),)*
        }

        impl Kind {
            /// What keys do there, besides those that work everywhere.
            pub(crate) fn keys(self) -> &'static [Action] {
                match self {
                    $(Self::$name => <$screen>::keys(),)*
                }
            }

            /// Every one.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];
        }

        impl Screen {
            /// Which screen it is.
            pub(crate) fn kind(&self) -> Kind {
                match self {
                    $(Self::$name(_) => Kind::$name,)*
                }
            }
        }

        impl Deref for Screen {
            type Target = dyn Component;

            fn deref(&self) -> &Self::Target {
                match self {
                    $(Self::$name(screen) => &**screen,)*
                }
            }
        }

        impl DerefMut for Screen {
            fn deref_mut(&mut self) -> &mut Self::Target {
                match self {
                    $(Self::$name(screen) => &mut **screen,)*
                }
            }
        }

        $(impl From<$screen> for Screen {
            fn from(screen: $screen) -> Self {
                Self::$name(Box::new(screen))
            }
        })*
    };
}

registry! {
    /// Home: every organization.
    Organizations(organizations::OrganizationsScreen),
    /// One organization.
    Organization(organization::OrganizationScreen),
    /// Every export.
    Exports(exports::ExportsScreen),
    /// One export.
    Export(export::ExportScreen),
    /// One archive.
    Archive(archive::ArchiveScreen),
    /// Rows of a section.
    Rows(rows::RowsScreen),
    /// One row.
    Record(record::RecordScreen),
    /// Two archives.
    Compare(compare::CompareScreen),
    /// Every schedule.
    Schedules(schedules::SchedulesScreen),
    /// One schedule.
    Schedule(schedule::ScheduleScreen),
    /// What retention would do.
    Retention(retention::RetentionScreen),
    /// What happened.
    Activity(activity::ActivityScreen),
}

impl Screen {
    /// The first screen.
    pub(crate) fn home() -> Self {
        organizations::OrganizationsScreen::default().into()
    }

    /// Whether it is the first one.
    pub(crate) fn is_home(&self) -> bool {
        self.kind() == Kind::Organizations
    }

    /// The export of this gid, where it is known and has no archive; else the archive.
    pub(crate) fn of_gid(data: &Data, gid: Gid) -> Self {
        match data.exports.get(&gid) {
            Some(export) if export.state != State::Finished => export::ExportScreen::new(gid).into(),
            _ => archive::ArchiveScreen::new(gid).into(),
        }
    }

    /// The archive that it shows.
    pub(crate) fn gid(&self) -> Option<Gid> {
        self.question().archive()
    }

    /// Whether one is at the other one already.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.kind() == other.kind() && self.question() == other.question()
    }
}

/// The title of a list: how many rows it has, and which of them are shown.
fn list_title(name: &str, list: &List) -> Vec<String> {
    let count = if list.shown.len() == list.total {
        units::number(list.total as u64)
    } else {
        format!("{} of {}", units::number(list.shown.len() as u64), units::number(list.total as u64))
    };
    let filter = if list.filter.is_empty() { String::new() } else { format!(" /{}", list.filter.typed()) };
    let faults = if list.faults { " faults" } else { "" };
    vec![format!("{name} {count}{faults}{filter}")]
}
