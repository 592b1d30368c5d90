//! What waits: jobs in the order in which they were asked for. Pure, so that its rules are
//! tested without a clock or a database.

use std::collections::{HashMap, VecDeque};

use orgvault_api::{Export, OrganizationKey, Tenant, gid::Gid};
use tokio::sync::oneshot;

/// Who makes archives: each lane has its own workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// We, of rows.
    Rows,
    /// An app, which is waited for.
    Api,
}

/// The exports of one request and one organization: they share a snapshot.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) exports: Vec<Export>,
    lane: Lane,
    /// Dropped with the job, which tells that it is over, however it ended.
    over: Option<oneshot::Sender<()>>,
}

impl Job {
    fn tenant(&self) -> Option<Tenant> {
        Some(self.exports.first()?.organization.tenant())
    }
}

/// Waiting jobs and the organizations that are being exported. At most one job of an
/// organization runs at a time; the others keep their order.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<Job>,
    running: HashMap<Tenant, Lane>,
}

impl Queue {
    /// Appends exports: those of one request and one organization become one job.
    pub(super) fn push(&mut self, exports: Vec<Export>, lane: impl Fn(&Export) -> Lane) {
        for export in exports {
            let same = |job: &Job| {
                job.exports.first().is_some_and(|first| {
                    first.request == export.request && first.organization.is(&export.organization.tenant())
                })
            };
            // Exports of one job come one after the other, so only the last can be the one.
            match self.waiting.back_mut() {
                Some(last) if same(last) => last.exports.push(export),
                _ => {
                    let lane = lane(&export);
                    self.waiting.push_back(Job { exports: vec![export], lane, over: None });
                }
            }
        }
    }

    /// Appends the exports of one organization if fewer than `workers` jobs of the lane run and wait, so that
    /// they start at once; what is given resolves when the job is over.
    pub(super) fn offer(&mut self, exports: Vec<Export>, lane: Lane, workers: usize) -> Option<oneshot::Receiver<()>> {
        let running = self.running.values().filter(|running| **running == lane).count();
        let waiting = self.waiting.iter().filter(|job| job.lane == lane).count();
        if running + waiting >= workers {
            return None;
        }
        let (sender, over) = oneshot::channel();
        self.waiting.push_back(Job { exports, lane, over: Some(sender) });
        Some(over)
    }

    /// Lets those go who wait for a job that has not been taken: no worker takes any more.
    pub(super) fn let_go(&mut self) {
        for job in &mut self.waiting {
            job.over = None;
        }
    }

    /// Whether a job of the organization is running.
    pub(super) fn is_running(&self, organization: &OrganizationKey) -> bool {
        self.running.contains_key(&organization.tenant())
    }

    /// The first job of a lane whose organization is not being exported; it counts as running until
    /// [`Queue::done`].
    pub(super) fn take(&mut self, lane: Lane) -> Option<Job> {
        let free =
            |job: &Job| job.lane == lane && job.tenant().is_some_and(|tenant| !self.running.contains_key(&tenant));
        let index = self.waiting.iter().position(free)?;
        let job = self.waiting.remove(index)?;
        self.running.extend(job.tenant().map(|tenant| (tenant, lane)));
        Some(job)
    }

    /// The job has ended.
    pub(super) fn done(&mut self, job: &Job) {
        if let Some(tenant) = job.tenant() {
            self.running.remove(&tenant);
        }
    }

    /// Takes one waiting export out; none where it is not waiting.
    pub(super) fn remove(&mut self, gid: Gid) -> Option<Export> {
        for (index, job) in self.waiting.iter_mut().enumerate() {
            if let Some(place) = job.exports.iter().position(|export| export.gid == gid) {
                let export = job.exports.remove(place);
                if job.exports.is_empty() {
                    self.waiting.remove(index);
                }
                return Some(export);
            }
        }
        None
    }

    /// How many exports wait.
    pub(super) fn pending(&self) -> usize {
        self.waiting.iter().map(|job| job.exports.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use orgvault_api::{Format, OrganizationKey, State};

    use super::*;

    fn export(gid: u64, request: u64, organization: &str) -> Export {
        Export {
            gid: Gid::try_from(gid).unwrap(),
            request: Gid::try_from(request).unwrap(),
            organization: OrganizationKey {
                source: "tracker".to_owned(),
                kind: "organization".to_owned(),
                id: organization.to_owned(),
                name: String::new(),
                slug: String::new(),
            },
            format: Format::Json,
            entity: None,
            gzip: false,
            importable: false,
            state: State::Pending,
            created_at: DateTime::UNIX_EPOCH,
            started_at: None,
            finished_at: None,
            progress: None,
            error: None,
            warnings: Vec::new(),
            counts: Vec::new(),
            bytes: None,
            requested_by: "root".to_owned(),
            schedule: None,
        }
    }

    fn gids(job: Option<&Job>) -> Vec<u64> {
        job.map_or(Vec::new(), |job| job.exports.iter().map(|export| export.gid.get()).collect())
    }

    #[test]
    fn formats_of_one_request_and_organization_are_one_job() {
        let mut queue = Queue::default();
        queue.push(vec![export(1, 9, "a"), export(2, 9, "a"), export(3, 9, "b"), export(4, 8, "a")], |_| Lane::Rows);
        assert_eq!(gids(queue.take(Lane::Rows).as_ref()), [1, 2]);
        assert_eq!(gids(queue.take(Lane::Rows).as_ref()), [3]);
    }

    #[test]
    fn two_kinds_with_one_id_are_two_jobs_and_run_side_by_side() {
        let mut queue = Queue::default();
        let mut project = export(2, 9, "a");
        project.organization.kind = "project".to_owned();
        queue.push(vec![export(1, 9, "a"), project.clone()], |_| Lane::Rows);
        assert_eq!(gids(queue.take(Lane::Rows).as_ref()), [1]);
        assert!(!queue.is_running(&project.organization));
        assert_eq!(gids(queue.take(Lane::Rows).as_ref()), [2]);
    }

    #[test]
    fn one_organization_is_exported_once_at_a_time_and_in_order() {
        let mut queue = Queue::default();
        queue.push(vec![export(1, 7, "a"), export(2, 8, "a"), export(3, 9, "b")], |_| Lane::Rows);
        let first = queue.take(Lane::Rows).unwrap();
        assert_eq!(gids(queue.take(Lane::Rows).as_ref()), [3]);
        assert!(queue.take(Lane::Rows).is_none());
        queue.done(&first);
        assert_eq!(gids(queue.take(Lane::Rows).as_ref()), [2]);
    }

    #[test]
    fn an_offer_is_taken_while_a_worker_is_free_and_tells_when_it_is_over() {
        let mut queue = Queue::default();
        queue.push(vec![export(1, 7, "a")], |_| Lane::Rows);
        let mut over = queue.offer(vec![export(2, 8, "b"), export(3, 8, "b")], Lane::Rows, 2).unwrap();
        assert!(queue.offer(vec![export(4, 8, "c")], Lane::Rows, 2).is_none());
        let (first, second) = (queue.take(Lane::Rows).unwrap(), queue.take(Lane::Rows).unwrap());
        assert!(queue.offer(vec![export(4, 8, "c")], Lane::Rows, 2).is_none(), "running counts as well");
        assert!(queue.is_running(&second.exports[0].organization));
        queue.done(&first);
        assert!(over.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Empty));
        drop(second);
        assert!(over.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Closed));
    }

    #[test]
    fn a_waiting_export_can_be_taken_out_and_the_rest_of_its_job_stays() {
        let mut queue = Queue::default();
        queue.push(vec![export(1, 9, "a"), export(2, 9, "a"), export(3, 9, "b")], |_| Lane::Rows);
        assert_eq!(queue.remove(Gid::try_from(1).unwrap()).unwrap().gid.get(), 1);
        assert!(queue.remove(Gid::try_from(1).unwrap()).is_none());
        assert_eq!(queue.pending(), 2);
        assert_eq!(gids(queue.take(Lane::Rows).as_ref()), [2]);
    }

    #[test]
    fn an_app_that_is_waited_for_keeps_no_worker_from_rows() {
        let mut queue = Queue::default();
        let lane = |export: &Export| if export.organization.id == "app" { Lane::Api } else { Lane::Rows };
        queue.push(vec![export(1, 7, "app"), export(2, 8, "b")], lane);
        assert_eq!(gids(queue.take(Lane::Rows).as_ref()), [2]);
        assert!(queue.offer(vec![export(3, 9, "c")], Lane::Rows, 1).is_none());
        assert!(queue.take(Lane::Rows).is_none());
        assert_eq!(gids(queue.take(Lane::Api).as_ref()), [1]);
        assert!(queue.offer(vec![export(4, 9, "other")], Lane::Api, 2).is_some());
    }
}
