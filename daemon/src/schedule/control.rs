//! What people do with schedules: list, run, pause, resume.

use orgvault_api::{Run, Schedule, Trigger, clock::Timestamp, gid::Gid};
use orgvault_config::ScheduleConfig;

use super::{plan, runner::Schedules};
use crate::{
    catalog::{CatalogError, Followed},
    source::Listed,
};

/// Why something was not done with a schedule.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// There is none of this name.
    #[error("there is no schedule `{name}`")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The names of those that there are.
        known: Vec<String>,
    },
    /// A run of it is not over.
    #[error("run {run} of schedule {name} is not over")]
    Open {
        /// The schedule.
        name: String,
        /// Its run.
        run: Gid,
    },
    /// The daemon stops.
    #[error("the daemon is stopping and begins no runs")]
    Stopping,
    /// The catalog could not be read or written.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// The schedules that begin by themselves, and when each does next.
#[derive(Debug)]
pub struct Upcoming(Vec<(ScheduleConfig, Timestamp)>);

impl Upcoming {
    /// The schedule that is due first, and when.
    #[must_use]
    pub fn first(&self) -> Option<(&ScheduleConfig, Timestamp)> {
        self.0.iter().map(|(schedule, next)| (schedule, *next)).min_by_key(|(_, next)| *next)
    }

    /// When an organization is exported next.
    #[must_use]
    pub fn of(&self, listed: &Listed) -> Option<Timestamp> {
        let takes = |(schedule, _): &&(ScheduleConfig, Timestamp)| listed.is_taken_by(schedule);
        let start = |(schedule, next): &(ScheduleConfig, Timestamp)| *next + plan::delay(&listed.key, schedule.jitter);
        self.0.iter().filter(takes).map(start).min()
    }
}

impl Schedules {
    /// The schedules, as they are configured, each with the next `next` instants at which it is due.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn list(&self, next: usize) -> Result<Vec<Schedule>, CatalogError> {
        let config = self.0.config.borrow().clone();
        let mut shown = Vec::with_capacity(config.schedules.len());
        for schedule in &config.schedules {
            shown.push(self.show(schedule, next).await?);
        }
        Ok(shown)
    }

    /// Begins a run now, whatever the schedule's times and window say.
    ///
    /// # Errors
    /// When there is no such schedule, a run of it is open, or the daemon stops.
    pub async fn run(&self, name: &str) -> Result<Run, ControlError> {
        let schedule = self.configured(name)?;
        if let Some(run) = self.begin(&schedule, Trigger::Asked, self.now(), None).await? {
            return Ok(run);
        }
        let open = self.open().get(name).copied();
        Err(open.map_or(ControlError::Stopping, |run| ControlError::Open { name: name.to_owned(), run }))
    }

    /// Keeps a schedule from beginning runs, or lets it begin them again: from then on, so that
    /// nothing of what it missed is caught up with. A run that is open goes on.
    ///
    /// # Errors
    /// When there is no such schedule, or the catalog cannot be written.
    pub async fn pause(&self, name: &str, paused: bool) -> Result<Schedule, ControlError> {
        let schedule = self.configured(name)?;
        let mut state = self.state().await?;
        if let Some(before) = state.followed.get(name).filter(|before| before.paused != paused) {
            let since = (!paused && schedule.enabled).then(|| self.now());
            let after = Followed { since, paused, ..before.clone() };
            self.catalog().put_schedule(name, &after).await?;
            state.followed.insert(name.to_owned(), after);
            state.changes += 1;
        }
        drop(state);
        Ok(self.show(&schedule, 1).await?)
    }

    /// Begins what is due now; gives the runs that are not over.
    ///
    /// # Errors
    /// When the catalog cannot be read or written.
    pub async fn run_due(&self) -> Result<Vec<Run>, CatalogError> {
        self.begin_due().await?;
        Ok(self.catalog().open_runs().await?.into_iter().map(|open| open.run).collect())
    }

    /// When which schedule is due next.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn upcoming(&self) -> Result<Upcoming, CatalogError> {
        let state = self.state().await?;
        let config = self.0.config.borrow().clone();
        let now = self.now();
        let next = |schedule: &ScheduleConfig| {
            state.followed.get(&schedule.name)?.since?;
            Some((schedule.clone(), schedule.calendar.next(now)?))
        };
        Ok(Upcoming(config.schedules.iter().filter_map(next).collect()))
    }

    async fn show(&self, schedule: &ScheduleConfig, next: usize) -> Result<Schedule, CatalogError> {
        let followed = self.state().await?.followed.get(&schedule.name).cloned().unwrap_or_default();
        let due = std::iter::successors(Some(self.now()), |at| schedule.calendar.next(*at)).skip(1);
        Ok(Schedule {
            name: schedule.name.clone(),
            cron: schedule.calendar.text().to_owned(),
            timezone: schedule.calendar.zone().name().to_owned(),
            formats: schedule.formats.clone(),
            enabled: schedule.enabled,
            paused: followed.paused,
            next: if followed.since.is_some() { due.take(next).collect() } else { Vec::new() },
            last_run: self.catalog().runs(Some(&schedule.name), 1).await?.pop(),
        })
    }

    fn configured(&self, name: &str) -> Result<ScheduleConfig, ControlError> {
        let config = self.0.config.borrow();
        config.schedules.iter().find(|schedule| schedule.name == name).cloned().ok_or_else(|| ControlError::Unknown {
            name: name.to_owned(),
            known: config.schedules.iter().map(|schedule| schedule.name.clone()).collect(),
        })
    }
}
