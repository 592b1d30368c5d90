//! What Prometheus is told: `GET /metrics`, and a file for the node exporter's textfile collector.
//! Everything is read from the catalog when it is asked for, so nothing has to be kept in step.

use std::{
    collections::HashMap,
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{Arc, atomic::AtomicU64},
};

use chrono::TimeDelta;
use orgvault_api::{Archive, OrganizationKey, clock::Timestamp, health::Health};
use prometheus_client::{
    encoding::text::encode,
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};
use tokio_util::sync::CancellationToken;

use crate::{
    catalog::{CatalogError, Drilled, Tenants},
    context::Context,
    export::Engine,
    organization_status::{OrganizationStatus, OrganizationStatuses},
    permissions,
};

/// Why there are no metrics.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The catalog cannot be read.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// They cannot be written as text.
    #[error("cannot write metrics as text: {0}")]
    Encode(#[from] fmt::Error),
}

/// The kind of organizations of a product that has no others.
const ORGANIZATION: &str = "organization";

type Labels = Vec<(&'static str, String)>;
type Gauges = Family<Labels, Gauge<f64, AtomicU64>>;

/// All metrics, each a number for each set of labels.
struct Page {
    registry: Registry,
    gauges: HashMap<&'static str, Gauges>,
}

/// Every metric with what it means.
const NAMES: [(&str, &str); 24] = [
    ("build_info", "The version of the daemon"),
    ("configured_timestamp_seconds", "When the configuration in force was read"),
    ("warning", "What is not as it should be with the daemon as a whole, by code"),
    ("coverage_failed", "Sections of a source whose rows were not as meant when its coverage was looked at last"),
    ("coverage_timestamp_seconds", "When that was"),
    ("exports", "Exports that wait (pending) or are being written (started)"),
    ("exports_failed_last_day", "Exports that ended as an error in the last 24 hours, without canceled ones"),
    ("archives", "Archives that the catalog lists"),
    ("stored_bytes", "Their size together"),
    ("organizations", "Organizations that are judged, by how their backups are"),
    (
        "oldest_success_timestamp_seconds",
        "The oldest newest archive of those that are judged and not gone: when its export started",
    ),
    ("oldest_success_age_seconds", "How long ago that was"),
    ("health", "How an organization's backups are, in one word"),
    ("last_success_timestamp_seconds", "When the export of the newest archive started"),
    ("last_success_age_seconds", "How long ago that was"),
    ("export_duration_seconds", "How long the newest finished export took"),
    ("archive_bytes", "The size of the newest archive"),
    ("archive_rows", "The rows of the newest archive, by section"),
    ("archive_verified", "Whether the last verification of the newest archive found it whole (1) or not (0)"),
    ("archive_verified_timestamp_seconds", "When that was"),
    ("drill_verdict", "The last drill of an organization that has ended, by its verdict"),
    ("drill_age_seconds", "How long ago that was"),
    ("drill_passed_age_seconds", "How long ago the last drill of an organization passed"),
    ("drill_recovery_seconds", "How long it took to put it back when a drill passed last"),
];

impl Page {
    fn new() -> Self {
        let mut registry = Registry::with_prefix("orgvault");
        let mut gauges = HashMap::new();
        for (name, help) in NAMES {
            let family = Gauges::default();
            registry.register(name, help, family.clone());
            gauges.insert(name, family);
        }
        Self { registry, gauges }
    }

    fn set(&self, name: &'static str, labels: impl Into<Labels>, value: f64) {
        if let Some(family) = self.gauges.get(name) {
            family.get_or_create(&labels.into()).set(value);
        }
    }

    async fn source(
        &self,
        shop: &Context,
        source: &str,
        now: Timestamp,
        organizations: bool,
    ) -> Result<(), CatalogError> {
        let config = shop.config();
        // Each is told, so that one that goes to zero is seen to.
        let mut numbers = Health::ALL.map(|health| (health, 0));
        let mut oldest: Option<Timestamp> = None;
        let statuses = OrganizationStatuses::read(&shop.catalog, source).await?;
        let durations = if organizations { shop.catalog.last_durations(source).await? } else { HashMap::new() };
        for member in statuses.members() {
            let (key, status) = (&member.listed.key, statuses.of(&member, &config, now));
            let judged = numbers.iter_mut().filter(|(health, _)| status.is_judged() && *health == status.health);
            judged.for_each(|(_, number)| *number += 1);
            // One that is gone or left out gets no newer one, and would be the oldest for ever.
            let newest = status.archives.first().filter(|_| status.is_judged() && !member.gone);
            oldest = oldest.into_iter().chain(newest.map(|archive| archive.exported_at)).min();
            if organizations {
                self.organization(key, &status, durations.get(&key.tenant()).copied(), now);
            }
        }
        let of = || vec![("source", source.to_owned())];
        for (health, number) in numbers {
            self.set("organizations", [of(), vec![("health", health.name().to_owned())]].concat(), count(number));
        }
        if let Some(oldest) = oldest {
            self.set("oldest_success_timestamp_seconds", of(), seconds(oldest));
            self.set("oldest_success_age_seconds", of(), age(oldest, now));
        }
        Ok(())
    }

    async fn coverage(&self, shop: &Context) -> Result<(), CatalogError> {
        let config = shop.config();
        for last in shop.catalog.coverages().await? {
            if config.has_source(&last.source) {
                let of = || vec![("source", last.source.clone())];
                // One that could not be looked at says nothing of its sections.
                if last.sections > 0 || last.message.is_none() {
                    self.set("coverage_failed", of(), f64::from(last.failed));
                }
                self.set("coverage_timestamp_seconds", of(), seconds(last.at));
            }
        }
        Ok(())
    }

    fn organization(&self, key: &OrganizationKey, status: &OrganizationStatus, duration: Option<f64>, now: Timestamp) {
        let OrganizationKey { source, kind, id, slug, .. } = key;
        // Where a product has no kinds, its series are called as ever.
        let kind = Some(("kind", kind)).filter(|(_, kind)| *kind != ORGANIZATION);
        let labels = || {
            let named = [("source", source), ("organization", id), ("slug", slug)].into_iter().chain(kind);
            named.map(|(name, value)| (name, value.clone())).collect::<Labels>()
        };
        let with = |more: Labels| [labels(), more].concat();
        if status.is_judged() {
            self.set("health", with(vec![("health", status.health.name().to_owned())]), 1.0);
        }
        if let Some(newest) = status.archives.first() {
            self.set("last_success_timestamp_seconds", labels(), seconds(newest.exported_at));
            self.set("last_success_age_seconds", labels(), age(newest.exported_at, now));
        }
        if let Some(duration) = duration {
            self.set("export_duration_seconds", labels(), duration);
        }
        for archive in &status.archives {
            self.archive(archive, &with);
        }
        self.drills(&status.drilled, &with, now);
    }

    fn drills(&self, drilled: &Drilled, with: &dyn Fn(Labels) -> Labels, now: Timestamp) {
        if let Some(last) = &drilled.last {
            self.set("drill_verdict", with(vec![("verdict", last.verdict.name().to_owned())]), 1.0);
            self.set("drill_age_seconds", with(Vec::new()), age(last.at, now));
        }
        if let Some(passed) = &drilled.passed {
            self.set("drill_passed_age_seconds", with(Vec::new()), age(passed.at, now));
            if let Some(milliseconds) = passed.recovery_ms {
                self.set("drill_recovery_seconds", with(Vec::new()), count(milliseconds) / 1000.0);
            }
        }
    }

    fn archive(&self, archive: &Archive, with: &dyn Fn(Labels) -> Labels) {
        let entity = archive.entity.clone().unwrap_or_default();
        let of = || with(vec![("format", archive.format.name().to_owned()), ("entity", entity.clone())]);
        self.set("archive_bytes", of(), count(archive.bytes));
        for section in &archive.counts {
            let labels = [of(), vec![("section", section.name.clone())]].concat();
            self.set("archive_rows", labels, count(section.rows));
        }
        if let Some(verified) = &archive.verified {
            self.set("archive_verified", of(), if verified.ok { 1.0 } else { 0.0 });
            self.set("archive_verified_timestamp_seconds", of(), seconds(verified.at));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus knows no other numbers, and 2^53 is enough")]
fn count(number: u64) -> f64 {
    number as f64
}

fn age(at: Timestamp, now: Timestamp) -> f64 {
    (now - at).max(TimeDelta::zero()).as_seconds_f64()
}

fn seconds(at: Timestamp) -> f64 {
    (at - Timestamp::UNIX_EPOCH).as_seconds_f64()
}

/// The metrics now, in the text format of `OpenMetrics` 1.0 (which is Prometheus' own, too, as only
/// gauges are used). Where many organizations are stored, a series for each, and for each section of
/// each, costs more than all the rest: `organizations` asks for them.
///
/// # Errors
/// When the catalog cannot be read.
pub async fn page(shop: &Context, engine: &Engine, organizations: bool) -> Result<String, MetricsError> {
    let page = Page::new();
    let now = shop.clock.now();
    let (pending, running) = engine.load();
    let totals = shop.catalog.totals(&Tenants::default()).await?;
    page.set("build_info", vec![("version", env!("CARGO_PKG_VERSION").to_owned())], 1.0);
    page.set("configured_timestamp_seconds", [], seconds(**shop.configured_at.load()));
    for warning in shop.notices.list() {
        page.set("warning", vec![("code", warning.code)], 1.0);
    }
    page.coverage(shop).await?;
    page.set("exports", vec![("state", "pending".to_owned())], count(pending as u64));
    page.set("exports", vec![("state", "started".to_owned())], count(running as u64));
    let failed = shop.catalog.failed_since(now - TimeDelta::days(1), &Tenants::default()).await?;
    page.set("exports_failed_last_day", [], count(failed));
    page.set("archives", [], count(totals.archives));
    page.set("stored_bytes", [], count(totals.bytes));
    for source in &shop.config().sources {
        page.source(shop, &source.name, now, organizations).await?;
    }
    let mut text = String::new();
    encode(&mut text, &page.registry)?;
    Ok(text)
}

/// Writes the textfile as the configuration says, until the stop.
pub async fn write_regularly(shop: Arc<Context>, engine: Engine, end: CancellationToken) {
    let mut configured = shop.configured.clone();
    loop {
        let metrics = shop.config().metrics.clone();
        let message = match &metrics.textfile {
            Some(file) => write(&shop, &engine, file, metrics.organizations).await.err(),
            None => None,
        };
        shop.notices.set("metrics_textfile", message);
        let due = async {
            if metrics.textfile.is_some() {
                tokio::time::sleep(metrics.every).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = due => {}
            changed = configured.changed() => if changed.is_err() { return },
            () = end.cancelled() => return,
        }
    }
}

async fn write(shop: &Context, engine: &Engine, file: &Path, organizations: bool) -> Result<(), String> {
    let failed = |why: &dyn fmt::Display| format!("cannot write the metrics to {}: {why}", file.display());
    let text = page(shop, engine, organizations).await.map_err(|error| failed(&error))?;
    let path = file.to_owned();
    let written = tokio::task::spawn_blocking(move || replace(&path, &text)).await;
    written.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
}

/// The node exporter is another user.
const FILE_MODE: u32 = 0o644;

/// Whoever reads the file sees the old one or the new one, and no half of either.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut partial = file.as_os_str().to_owned();
    partial.push(".partial");
    let write = || {
        let mut options = OpenOptions::new();
        let mut output = options.write(true).create(true).truncate(true).mode(FILE_MODE).open(&partial)?;
        permissions::of_file(&output, FILE_MODE)?;
        output.write_all(text.as_bytes())?;
        drop(output);
        fs::rename(&partial, file)
    };
    write().inspect_err(|_error| {
        if let Err(error) = fs::remove_file(&partial) {
            tracing::debug!("nothing to clean up after the metrics: {error}");
        }
    })
}
