//! What a hook is told.

use orgvault_api::{Export, LastDrill, OrganizationKey, Run, State, text::printable};
use orgvault_config::{HookConfig, HookEvent, HookScope};

/// Something that happened, for the hooks that ask for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    event: HookEvent,
    /// None where it is of a source or a drill: then hooks of either are called.
    scope: Option<HookScope>,
    /// The schedule's name; none where it has to do with none.
    schedule: Option<String>,
    message: String,
    variables: Vec<(&'static str, String)>,
}

impl Notice {
    /// A run as a whole began or ended.
    #[must_use]
    pub fn run(event: HookEvent, run: &Run) -> Self {
        let Run { schedule, organizations, finished, failed, failures, .. } = run;
        let message = match event {
            HookEvent::Start => format!("run of {schedule} begins"),
            _ => format!(
                "run of {schedule}: {organizations} organizations, {finished} exports finished, {failed} failed"
            ),
        };
        let sentences = std::iter::once(message).chain(failures.iter().map(|failure| failure.error.message.clone()));
        let message = sentences.collect::<Vec<_>>().join("; ");
        Self::new(event, HookScope::Run, Some(run), message).with([
            ("ORGVAULT_ORGANIZATIONS", organizations.to_string()),
            ("ORGVAULT_FINISHED", finished.to_string()),
            ("ORGVAULT_FAILED", failed.to_string()),
        ])
    }

    /// An organization of a run begins.
    #[must_use]
    pub fn start(run: &Run, organization: &OrganizationKey) -> Self {
        let message = format!("{} begins", named(organization));
        Self::new(HookEvent::Start, HookScope::Organization, Some(run), message).about(organization)
    }

    /// The last exports of an organization in a run have ended.
    #[must_use]
    pub fn organization(run: &Run, organization: &OrganizationKey, exports: &[&Export]) -> Self {
        let failed: Vec<&&Export> = exports.iter().filter(|export| export.state == State::Error).collect();
        let error = failed.iter().find_map(|export| export.error.as_ref());
        let warnings = exports.iter().flat_map(|export| &export.warnings);
        let (event, told) = match (error, warnings.clone().next()) {
            (Some(error), _) => (HookEvent::Failure, error.message.clone()),
            // Where it goes, nobody knows who reads it.
            (None, Some(warning)) => (HookEvent::Warning, warning.clone().without_rows().message),
            (None, None) => (HookEvent::Success, format!("{} exported", exports.len())),
        };
        let gids: Vec<String> = exports.iter().map(|export| export.gid.to_string()).collect();
        let code =
            error.map(|error| error.code.clone()).or_else(|| warnings.clone().next().map(|one| one.code.clone()));
        let message = format!("{}: {told}", named(organization));
        Self::new(event, HookScope::Organization, Some(run), message).about(organization).with([
            ("ORGVAULT_EXPORTS", gids.join(" ")),
            ("ORGVAULT_FINISHED", (exports.len() - failed.len()).to_string()),
            ("ORGVAULT_FAILED", failed.len().to_string()),
            ("ORGVAULT_CODE", code.unwrap_or_default()),
        ])
    }

    /// The newest archive of an organization is older than is allowed; `message` says how old.
    #[must_use]
    pub fn stale(organization: &OrganizationKey, message: &str) -> Self {
        let message = format!("{}: {message}", named(organization));
        Self::new(HookEvent::Stale, HookScope::Organization, None, message).about(organization)
    }

    /// The rows of a source's organizations are not the rows of its tables; `told` says which, and names no row.
    #[must_use]
    pub fn coverage(source: &str, told: String) -> Self {
        Self::new(HookEvent::Coverage, None, None, told)
            .with([("ORGVAULT_SOURCE", source.to_owned()), ("ORGVAULT_CODE", "coverage_failed".to_owned())])
    }

    /// A drill did not pass; `why` says why not.
    #[must_use]
    pub fn drill(organization: &OrganizationKey, drill: &LastDrill, why: &str) -> Self {
        let verdict = drill.verdict.name();
        let message = format!("{}: a drill of archive {}: {verdict}: {why}", named(organization), drill.archive);
        Self::new(HookEvent::Drill, None, None, message).about(organization).with([
            ("ORGVAULT_DRILL", drill.gid.to_string()),
            ("ORGVAULT_ARCHIVE", drill.archive.to_string()),
            ("ORGVAULT_VERDICT", verdict.to_owned()),
            ("ORGVAULT_CODE", drill.code.clone().unwrap_or_default()),
        ])
    }

    /// What happened.
    #[must_use]
    pub fn event(&self) -> HookEvent {
        self.event
    }

    /// One sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The environment of a command: names and values, without control characters.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&'static str, String)> {
        let first = [("ORGVAULT_EVENT", self.event.name().to_owned()), ("ORGVAULT_MESSAGE", self.message.clone())];
        let all = first.into_iter().chain(self.variables.iter().cloned());
        all.map(|(name, value)| (name, printable(&value).into_owned()))
    }

    /// Whether a hook asks for it.
    pub(super) fn is_for(&self, hook: &HookConfig) -> bool {
        // What has to do with no schedule is for those who ask for all of them.
        let schedule = self.schedule.as_deref().unwrap_or("-");
        self.scope.is_none_or(|scope| hook.scope == scope)
            && hook.on.contains(&self.event)
            && hook.schedules.matches(schedule)
    }

    fn new(event: HookEvent, scope: impl Into<Option<HookScope>>, run: Option<&Run>, message: String) -> Self {
        let (scope, schedule) = (scope.into(), run.map(|run| run.schedule.clone()));
        let notice = Self { event, scope, schedule, message, variables: Vec::new() };
        let Some(run) = run else { return notice };
        notice.with([
            ("ORGVAULT_SCHEDULE", run.schedule.clone()),
            ("ORGVAULT_RUN", run.gid.to_string()),
            ("ORGVAULT_TRIGGER", run.trigger.name().to_owned()),
            ("ORGVAULT_DUE_AT", run.due_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
        ])
    }

    fn about(self, organization: &OrganizationKey) -> Self {
        let OrganizationKey { source, kind, id, name, slug } = organization.clone();
        self.with([
            ("ORGVAULT_SOURCE", source),
            ("ORGVAULT_KIND", kind),
            ("ORGVAULT_ID", id),
            ("ORGVAULT_SLUG", slug),
            ("ORGVAULT_NAME", name),
        ])
    }

    fn with<const N: usize>(mut self, variables: [(&'static str, String); N]) -> Self {
        self.variables.extend(variables);
        self
    }
}

fn named(organization: &OrganizationKey) -> String {
    let OrganizationKey { source, id, slug, .. } = organization;
    format!("{source}/{}", if slug.is_empty() { id } else { slug })
}
