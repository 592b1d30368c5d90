//! Each definition that orgvault comes with, against a conversation with its app: a schedule exports an organization
//! on two nights, and the archives are verified, browsed, compared and pruned like any other.

use orgvault_api::{Archive, Run, client::RowsQuery};
use orgvault_products::product;

use super::{
    fixture::{Api, define},
    transcript::Transcript,
};
use crate::{
    api::fixture::{Daemon, until},
    keep::fixture::listed,
};

/// What a definition is tried with.
struct Case {
    product: &'static str,
    /// The transcript's name, where it is not the product's.
    transcript: Option<&'static str>,
    /// The path of the API below the server.
    path: &'static str,
    /// The organizations that the source names; empty where the API lists them.
    named: &'static [&'static str],
    /// The organization's id and name.
    organization: (&'static str, &'static str),
    /// The format that the schedule asks for, and how the file's name ends.
    format: (&'static str, &'static str),
    /// The section that has two rows in the first night, and three in the second.
    grows: &'static str,
    /// The section that is browsed, and its rows, where it is not that one.
    browsed: Option<(&'static str, usize)>,
    /// A text of the first of its rows.
    first: &'static str,
    /// Every section of the second night.
    counts: &'static [(&'static str, u64)],
    /// Sections beside those.
    also: &'static [(&'static str, u64)],
    /// Lines of the definition that are left out: a test does not wait a minute between two downloads.
    without: &'static [&'static str],
}

impl Case {
    fn of(product: &'static str, organization: (&'static str, &'static str)) -> Self {
        Self {
            product,
            transcript: None,
            path: "",
            named: &[],
            organization,
            format: ("json", ".json.gz"),
            grows: "",
            browsed: None,
            first: "",
            counts: &[],
            also: &[],
            without: &[],
        }
    }

    /// Two nights, and what comes after them.
    async fn run(self) {
        let api = Api::start().await;
        let transcript = Transcript::named(self.transcript.unwrap_or(self.product));
        transcript.replay(&api);
        let daemon = self.daemon(&api).await;
        let first = night(&daemon).await;
        // Pinned, so that it is there to be compared after the next one is.
        daemon.client.pin(first.gid, true).await.unwrap();
        let second = night(&daemon).await;
        self.looks_as_it_should(&second);
        for archive in [&first, &second] {
            let verified = daemon.client.verify(archive.gid).await.unwrap();
            assert!(verified.ok && verified.counts == archive.counts, "{verified:?}");
        }
        self.is_browsed(&daemon, &second).await;
        let compared = daemon.client.compare(first.gid, second.gid).await.unwrap();
        let grown = compared.sections.iter().find(|section| section.name == self.grows).unwrap();
        assert_eq!((grown.left, grown.right), (Some(2), Some(3)), "{compared:?}");
        assert!(!compared.identical, "{compared:?}");
        daemon.client.pin(first.gid, false).await.unwrap();
        assert_eq!(daemon.client.apply_retention().await.unwrap().deleted, [first.gid]);
        assert_eq!(listed(&daemon.client).await.len(), 1);
        transcript.assert_replayed(&api);
        daemon.stop().await;
    }

    async fn daemon(&self, api: &Api) -> Daemon {
        let schedule = format!(
            "[[schedule]]\nname = \"nightly\"\ncron = \"0 2 * * *\"\nformats = [\"{}\"]\nretries = 0\n",
            self.format.0
        );
        let blocks = format!("{}{schedule}", api.source(self.product, self.path, self.named, ""));
        api.daemon_with(&blocks, |config| {
            config.retention.keep_last = 1;
            if !self.without.is_empty() {
                let shipped = product(self.product).unwrap().definition;
                let kept = shipped.lines().filter(|line| !self.without.contains(line));
                define(config, self.product, &kept.collect::<Vec<_>>().join("\n"));
            }
        })
        .await
    }

    fn looks_as_it_should(&self, archive: &Archive) {
        let key = &archive.organization;
        assert_eq!((key.id.as_str(), key.name.as_str()), self.organization);
        assert!(archive.path.ends_with(self.format.1), "{}", archive.path);
        let counts: Vec<(&str, u64)> = archive.counts.iter().map(|count| (count.name.as_str(), count.rows)).collect();
        assert_eq!(counts, [self.counts, self.also].concat());
        let unproven = archive.warnings.iter().any(|warning| warning.code == "tenant_unproven");
        let content = |definition: &str| definition.contains("export.content.identity");
        assert_ne!(unproven, content(product(self.product).unwrap().definition), "{:?}", archive.warnings);
        assert!(!archive.warnings.iter().any(|warning| warning.code == "fewer_rows"), "{:?}", archive.warnings);
    }

    async fn is_browsed(&self, daemon: &Daemon, archive: &Archive) {
        let (section, rows) = self.browsed.unwrap_or((self.grows, 3));
        let page = daemon.client.rows(archive.gid, section, &RowsQuery::default()).await.unwrap();
        assert_eq!(page.rows.len(), rows, "{page:?}");
        assert!(format!("{:?}", page.rows[0]).contains(self.first), "{page:?}");
    }
}

/// One run of the schedule, and the archive that it made.
async fn night(daemon: &Daemon) -> Archive {
    let run = daemon.client.run_schedule("nightly").await.unwrap();
    let mut over: Option<Run> = None;
    until("the run is over", async || {
        let now = daemon.client.run(run.gid).await.unwrap();
        over = now.finished_at.is_some().then_some(now);
        over.is_some()
    })
    .await;
    let over = over.unwrap();
    let exports = daemon.client.all_exports(&orgvault_api::client::ExportFilter::default()).await.unwrap();
    assert_eq!((over.finished, over.failed), (1, 0), "{over:?} {exports:?}");
    listed(&daemon.client).await.pop().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn asana() {
    let case = Case {
        path: "/api/1.0",
        grows: "Task",
        first: "Task 0",
        counts: &[("User", 1), ("Domain", 1), ("DomainUser", 1), ("ItemList", 1), ("Task", 3), ("Comment", 3)],
        ..Case::of("asana", ("1331", "Acme"))
    };
    case.run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn resources_of_asana() {
    let case = Case {
        path: "/api/1.0",
        grows: "task",
        first: "Task 0",
        counts: &[("team", 1), ("message", 1), ("task", 3)],
        ..Case::of("asana-resource", ("1331", "Acme"))
    };
    case.run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_graph_of_asana() {
    let case = Case {
        path: "/api/1.0",
        named: &["team/55"],
        grows: "task",
        first: "first",
        counts: &[("task", 3), ("team", 1), ("project", 1)],
        ..Case::of("asana-graph", ("55", "55"))
    };
    case.run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn solidtime() {
    let case = Case {
        format: ("zip", ".zip"),
        grows: "time_entries",
        first: "Work",
        counts: &[
            ("clients", 0),
            ("members", 1),
            ("meta", 1),
            ("organization_invitations", 0),
            ("organizations", 1),
            ("project_members", 0),
            ("projects", 0),
            ("tags", 0),
            ("tasks", 0),
            ("time_entries", 3),
        ],
        ..Case::of("solidtime-api", ("018f3c1e-0000-7000-8000-00000000000b", "Acme"))
    };
    case.run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rytask() {
    const ACME: &str = "00000000-0000-4000-8000-000000000001";
    let case = Case {
        named: &[ACME],
        format: ("json", ".json"),
        grows: "workItems",
        first: "A-0",
        counts: &[
            ("workspaces", 1),
            ("members", 0),
            ("projects", 0),
            ("statuses", 0),
            ("labels", 0),
            ("workItems", 3),
            ("comments", 0),
            ("timeLogs", 0),
        ],
        ..Case::of("rytask-api", (ACME, ACME))
    };
    case.run().await;
}

/// What a seed of three labels holds.
const SEED: [(&str, u64); 22] = [
    ("program", 1),
    ("projects", 1),
    ("memberships", 0),
    ("users", 0),
    ("calendars", 0),
    ("calendar_exceptions", 0),
    ("resources", 0),
    ("labels", 3),
    ("sprints", 0),
    ("tasks", 0),
    ("task_labels", 0),
    ("assignments", 0),
    ("links", 0),
    ("dependencies", 0),
    ("baselines", 0),
    ("baseline_tasks", 0),
    ("risks", 0),
    ("risk_tasks", 0),
    ("task_history", 0),
    ("comments", 0),
    ("scope_changes", 0),
    ("retro_actions", 0),
];

const APOLLO: (&str, &str) = ("0b0e6f4c-0000-4000-8000-000000000001", "Apollo");

#[tokio::test(flavor = "multi_thread")]
async fn seeds_of_trueppm() {
    let case = Case {
        format: ("seed", ".seed"),
        grows: "labels",
        // Of a seed the arrays of the document are browsed.
        browsed: Some(("projects", 1)),
        first: "Moon",
        counts: &SEED,
        ..Case::of("trueppm-api", APOLLO)
    };
    case.run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bundles_of_trueppm() {
    let case = Case {
        transcript: Some("trueppm-bundle"),
        format: ("tar", ".tar.gz"),
        grows: "time_entries",
        first: "30",
        counts: &[("history", 1), ("time_entries", 3)],
        also: &SEED,
        ..Case::of("trueppm-api", APOLLO)
    };
    case.run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn github() {
    let case = Case {
        format: ("tar", ".tar.gz"),
        grows: "issues",
        first: "issues/1",
        counts: &[("issues", 3), ("organizations", 1), ("users", 1)],
        ..Case::of("github-org", ("acme", "acme"))
    };
    case.run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_gitlab() {
    let case = Case {
        path: "/api/v4",
        format: ("tar", ".tar.gz"),
        grows: "epics",
        first: "E",
        counts: &[("groups", 2), ("epics", 3), ("members", 1)],
        without: &["between_jobs = \"10s\"", "between_downloads = \"1m\""],
        ..Case::of("gitlab-group", ("42", "Acme"))
    };
    case.run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn projects_of_gitlab() {
    let case = Case {
        path: "/api/v4",
        format: ("tar", ".tar.gz"),
        grows: "issues",
        first: "I",
        counts: &[("project", 1), ("issues", 3), ("merge_requests", 0)],
        without: &["between_jobs = \"10s\"", "between_downloads = \"1m\""],
        ..Case::of("gitlab-project", ("7", "acme/web"))
    };
    case.run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zulip() {
    let case = Case {
        named: &["acme"],
        format: ("tar", ".tar.gz"),
        grows: "zerver_message",
        first: "hi",
        counts: &[
            ("zerver_message", 3),
            ("zerver_usermessage", 0),
            ("zerver_realm", 1),
            ("zerver_userprofile", 1),
            ("zerver_stream", 1),
        ],
        ..Case::of("zulip", ("acme", "acme"))
    };
    case.run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trello() {
    let case = Case {
        format: ("zip", ".zip"),
        grows: "cards",
        first: "Card 0",
        counts: &[("cards", 3)],
        ..Case::of("trello", ("5abbe4b7ddc1b351ef961414", "Acme"))
    };
    case.run().await;
}
