//! The screens, one file each, and what the rest of the console asks of them. All of it is pure: a
//! screen says what it wants to know, `update` asks for it and `link` brings the answer.

/// What a screen says whose rows are in one list.
macro_rules! one_list {
    () => {
        fn list(&self) -> Option<&List> {
            Some(&self.list)
        }

        fn list_mut(&mut self) -> Option<&mut List> {
            Some(&mut self.list)
        }
    };
}

pub(crate) mod activity;
pub(crate) mod archive;
pub(crate) mod compare;
pub(crate) mod drills;
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

use self::{organization::OrganizationScreen, rows::RowsScreen, schedule::ScheduleScreen};
use super::{
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
    fn open(&self, data: &Data) -> Option<Screen> {
        self.focus(data).open(data)
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

    /// Moves the cursor by so many rows, as far as there are some; gives what has to be asked for that.
    fn go(&mut self, rows: isize) -> Option<Ask> {
        self.list_mut()?.step(rows);
        None
    }

    /// The same by so many columns.
    fn sideways(&mut self, _: isize) -> Option<Ask> {
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

    /// What the command line that shows the same shows, and that line.
    fn command_line(&self) -> Option<(&'static str, String)> {
        None
    }

    /// Writes in full what it has no room for.
    fn notes(&self, page: &mut Notes<'_>, model: &Model) {
        self.focus(&model.data).notes(page, model);
    }

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

impl Focus<'_> {
    /// The gid of it.
    fn gid(&self) -> Option<Gid> {
        self.export.map(|export| export.gid).or(self.archive.map(|archive| archive.gid)).or(self.gid)
    }

    /// Its own screen: of all that there is, the innermost.
    fn open(&self, data: &Data) -> Option<Screen> {
        if let (Some(archive), Some(section)) = (self.archive, self.section) {
            return Some(RowsScreen::new(archive.gid, section.name.clone(), section.rows).into());
        }
        if let Some(gid) = self.gid() {
            return Some(Screen::of_gid(data, gid));
        }
        let schedule = self.schedule.map(|schedule| ScheduleScreen { name: schedule.name.clone() }.into());
        schedule.or_else(|| self.organization.map(|key| OrganizationScreen::new(key.clone()).into()))
    }

    /// What is copied of it.
    pub(crate) fn text(&self) -> Option<String> {
        let row = self.row.map(|row| row.text().to_owned());
        row.or_else(|| self.schedule.map(|schedule| schedule.name.clone()))
            .or_else(|| self.gid().map(|gid| gid.to_string()))
            .or_else(|| self.organization.map(names::organization))
    }

    /// Writes all that is known of it.
    fn notes(&self, page: &mut Notes<'_>, model: &Model) {
        if let Some(one) = self.organization.and_then(|key| model.data.listed(key)) {
            organizations::notes(one, page, model);
        }
        if let Some(export) = self.export {
            export::notes(export, page, model);
        }
        if let Some(schedule) = self.schedule {
            schedule::notes(schedule, page, model);
        }
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
    /// What was put back.
    Drills(drills::DrillsScreen),
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
