//! Begins the drills of the configuration when they are due.

use std::{collections::HashMap, sync::Arc};

use orgvault_api::{clock::Timestamp, gid::Gid};
use orgvault_config::{Config, DrillConfig, ScheduleConfig};
use tokio::sync::watch;

use super::{
    choose,
    drills::{Drills, DrillsError},
};
use crate::{
    catalog::{ArchiveFilter, Followed},
    schedule::{Act, Due, due, follow},
};

/// Looks at each beat, until the stop.
pub(super) async fn follow_the_clock(drills: Drills, mut beat: watch::Receiver<()>) {
    let mut known = Known::default();
    loop {
        tokio::select! {
            beaten = beat.changed() => if beaten.is_err() { return drills.stop().cancelled().await },
            () = drills.stop().cancelled() => return,
        }
        let looked = known.look(&drills).await;
        let said = looked.err().map(|error| format!("cannot look after the drills: {error}"));
        drills.context().notices.set("drill_schedules_stuck", said);
    }
}

/// How far the drills were followed, under which configuration.
#[derive(Default)]
struct Known {
    config: Option<Arc<Config>>,
    followed: HashMap<String, Followed>,
}

impl Known {
    async fn look(&mut self, drills: &Drills) -> Result<(), DrillsError> {
        let (config, now) = (drills.context().config(), drills.now());
        let plans: Vec<ScheduleConfig> = config.drills.iter().map(|drill| drill.when.clone()).collect();
        self.take(drills, &config, &plans, now).await?;
        let since = self.followed.iter().filter_map(|(name, followed)| Some((name.clone(), followed.since?)));
        for Due { schedule, act } in due(&plans, &since.collect(), now) {
            if let (Act::Run { at, .. }, Some(drill)) =
                (act, config.drills.iter().find(|drill| drill.when.name == schedule.name))
            {
                begin(drills, drill, at).await?;
            }
            if let Some(followed) = self.followed.get_mut(&schedule.name) {
                let after = Followed { since: Some(now), ..followed.clone() };
                drills.context().catalog.put_drill_schedule(&schedule.name, &after).await?;
                *followed = after;
            }
        }
        Ok(())
    }

    /// Follows another configuration.
    async fn take(
        &mut self,
        drills: &Drills,
        config: &Arc<Config>,
        plans: &[ScheduleConfig],
        now: Timestamp,
    ) -> Result<(), DrillsError> {
        if self.config.as_ref().is_some_and(|known| Arc::ptr_eq(known, config)) {
            return Ok(());
        }
        let catalog = &drills.context().catalog;
        self.followed = catalog.drill_schedules().await?;
        for (name, followed) in follow(plans, &self.followed, now) {
            catalog.put_drill_schedule(&name, &followed).await?;
            self.followed.insert(name, followed);
        }
        self.config = Some(Arc::clone(config));
        Ok(())
    }
}

/// Asks for the drills of all whose turn it is. One that waits already is not asked for twice.
async fn begin(drills: &Drills, drill: &DrillConfig, due_at: Timestamp) -> Result<(), DrillsError> {
    let catalog = &drills.context().catalog;
    let open: Vec<Gid> = catalog.open_drills().await?.iter().map(|drill| drill.archive).collect();
    let newest = choose::newest(catalog.archives(&ArchiveFilter::default()).await?);
    let day = day(due_at, &drill.when);
    let taken = newest.into_iter().filter(|(tenant, archive)| {
        drill.sample.takes(tenant, day) && drill.when.covers(&archive.organization) && !open.contains(&archive.gid)
    });
    let archives: Vec<_> = taken.map(|(_, archive)| archive).collect();
    let (name, many) = (&drill.when.name, archives.len());
    tracing::info!(drill = name, organizations = many, due_at = %due_at, "drills are due");
    drills.ask(archives, drill.against.as_deref(), &format!("drill {name}")).await.map(drop)
}

/// The day of an instant in the calendar's zone.
fn day(at: Timestamp, when: &ScheduleConfig) -> i64 {
    let date = at.with_timezone(&when.calendar.zone()).date_naive();
    date.signed_duration_since(chrono::NaiveDate::default()).num_days()
}
