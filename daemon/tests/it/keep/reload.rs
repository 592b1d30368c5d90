//! The configuration is read again while the daemon runs.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use orgvault_api::{ExportRequest, State, Status, client::ClientError};
use orgvault_config::Config;

use super::fixture::{App, archived, ended};
use crate::{
    api::fixture::{Daemon, problem, until, user},
    export::{Held, rytask},
};

/// A daemon that was configured by a file, which it watches if it is told to.
struct Configured {
    daemon: Daemon,
    file: PathBuf,
    /// The part of the file that stays.
    base: String,
}

impl Configured {
    async fn start(watch: bool, more: &str) -> Self {
        let mut file = PathBuf::new();
        let mut base = String::new();
        let daemon = Daemon::start_with(|config| {
            let directory = config.daemon.state_dir.parent().unwrap().to_owned();
            // Alone in its directory: the daemon writes beside it otherwise.
            fs::create_dir_all(directory.join("etc/products")).unwrap();
            file = directory.join("etc/config.toml");
            let at = directory.display();
            base = format!(
                "[access]\nowners = [\"{}\"]\n[daemon]\nsocket = \"{at}/run/socket\"\nstate_dir = \"{at}/state\"\n\
                 archive_dir = \"{at}/archives\"\nproducts_dir = \"{at}/etc/products\"\nwatch = {watch}\n",
                user()
            );
            fs::write(&file, format!("{base}{more}")).unwrap();
            *config = Config::load(&file).unwrap();
        })
        .await;
        Self { daemon, file, base }
    }

    fn save(&self, more: &str) {
        fs::write(&self.file, format!("{}{more}", self.base)).unwrap();
    }

    async fn status(&self) -> Status {
        self.daemon.client.status().await.unwrap()
    }

    async fn warns(&self, code: &str) -> Option<String> {
        let warnings = self.status().await.warnings;
        warnings.into_iter().find(|warning| warning.code == code).map(|warning| warning.message)
    }

    async fn until_it_warns(&self, code: &str) -> String {
        until(code, async || self.warns(code).await.is_some()).await;
        self.warns(code).await.unwrap()
    }

    async fn until_it_has_sources(&self, sources: u64) {
        until("the configuration is in force", async || self.status().await.sources == sources).await;
    }
}

fn source(file: &Path) -> String {
    format!("[[source]]\nname = \"tracker\"\nproduct = \"rytask\"\nurl = \"sqlite://{}\"\n", file.display())
}

#[tokio::test]
async fn a_saved_file_is_in_force_and_a_broken_one_leaves_the_old_one_and_says_where_and_why() {
    let app = App::new().await;
    let configured = Configured::start(true, "").await;
    configured.save(&source(&app.file()));
    configured.until_it_has_sources(1).await;
    archived(&configured.daemon.client).await;

    configured.save(&source(&app.file()).replace("url", "ulr"));
    let said = configured.until_it_warns("configuration_refused").await;
    assert!(said.contains("config.toml:12: source.ulr: is no known key"), "{said}");
    archived(&configured.daemon.client).await;
    configured.save(&source(&app.file()));
    until("it is mended", async || configured.warns("configuration_refused").await.is_none()).await;
}

#[tokio::test]
async fn a_directory_in_its_place_and_an_editors_rename_are_noticed() {
    let app = App::new().await;
    let configured = Configured::start(true, &source(&app.file())).await;
    fs::remove_file(&configured.file).unwrap();
    fs::create_dir(&configured.file).unwrap();
    let said = configured.until_it_warns("configuration_refused").await;
    assert!(said.contains("config.toml: cannot be read"), "{said}");
    assert_eq!(configured.status().await.sources, 1);
    fs::remove_dir(&configured.file).unwrap();
    let new = configured.file.with_extension("toml.new");
    fs::write(&new, &configured.base).unwrap();
    fs::rename(&new, &configured.file).unwrap();
    configured.until_it_has_sources(0).await;
    assert_eq!(configured.warns("configuration_refused").await, None);
}

#[tokio::test]
async fn a_burst_of_saves_is_read_once_or_a_few_times_and_ends_with_the_last() {
    let app = App::new().await;
    let configured = Configured::start(true, "").await;
    let first = configured.status().await.configured_at;
    for save in 0..100 {
        configured.save(if save % 2 == 0 { "" } else { "[[broken" });
    }
    configured.save(&source(&app.file()));
    let mut seen = BTreeSet::new();
    until("the last one is in force", async || {
        let status = configured.status().await;
        seen.insert(status.configured_at);
        status.sources == 1
    })
    .await;
    seen.remove(&first);
    assert!((1..=3).contains(&seen.len()), "{seen:?}");
}

#[tokio::test]
async fn a_broken_definition_is_refused_with_its_line_and_a_mended_one_is_used() {
    let app = App::new().await;
    let configured = Configured::start(true, &source(&app.file())).await;
    let products = configured.file.with_file_name("products");
    fs::write(products.join("mine.toml"), "[product]\nnaem = \"mine\"\n").unwrap();
    let said = configured.until_it_warns("configuration_refused").await;
    assert!(said.contains("mine.toml:2: product.naem"), "{said}");
    let mine = orgvault_products::product("rytask").unwrap().definition.replacen("\"rytask\"", "\"mine\"", 1);
    fs::write(products.join("mine.toml"), mine).unwrap();
    until("it is mended", async || configured.warns("configuration_refused").await.is_none()).await;
    configured.save(&source(&app.file()).replace("\"rytask\"", "\"mine\""));
    until("the product is another one", async || {
        configured.daemon.client.sources().await.unwrap().sources[0].product == "mine"
    })
    .await;
}

#[tokio::test]
async fn asked_to_it_reads_again_and_says_what_needs_a_restart() {
    let app = App::new().await;
    let configured = Configured::start(false, "").await;
    let client = &configured.daemon.client;
    configured.save(&format!("workers = 7\n{}", source(&app.file())));
    assert_eq!(configured.status().await.sources, 0, "it does not watch");
    let reloaded = client.reload().await.unwrap();
    assert_eq!(reloaded.needs_restart, ["daemon.workers"]);
    let status = configured.status().await;
    assert_eq!((status.sources, status.configured_at), (1, reloaded.configured_at));
    let said = configured.until_it_warns("restart_needed").await;
    assert!(said.contains("daemon.workers"), "{said}");

    configured.save("workers = 0\n");
    let refused = problem(client.reload().await);
    assert_eq!((refused.status, refused.code.as_str()), (422, "configuration_refused"));
    assert!(refused.detail.contains("config.toml:9: daemon.workers: is 0"), "{refused:?}");
    // SIGHUP asks the same way.
    configured.save("");
    configured.daemon.stop.reload.notify_one();
    configured.until_it_has_sources(0).await;
    assert_eq!(configured.status().await.warnings, []);
}

#[tokio::test]
async fn who_may_do_what_follows_the_file() {
    let configured = Configured::start(false, "").await;
    let client = &configured.daemon.client;
    fs::write(&configured.file, configured.base.replace("owners", "owners = []\nviewers")).unwrap();
    client.reload().await.unwrap();
    assert_eq!(problem(client.reload().await).code, "not_allowed");
    assert!(client.status().await.is_ok());
}

#[tokio::test]
async fn without_a_file_there_is_nothing_to_read_again() {
    let daemon = Daemon::start().await;
    assert_eq!(problem(daemon.client.reload().await).code, "no_configuration_file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_export_ends_under_the_configuration_that_it_began_with() {
    let (database, source) = rytask();
    let url = source.url.reveal().to_owned();
    let tracker = format!("[[source]]\nname = \"tracker\"\nproduct = \"rytask\"\nurl = \"{url}\"\n");
    let configured = Configured::start(false, &tracker).await;
    let client = &configured.daemon.client;
    let held = Held::new(&database);
    let request = ExportRequest { organizations: vec!["acme".to_owned()], ..ExportRequest::default() };
    let running = client.start_exports(&request).await.unwrap().exports.remove(0);
    let state = async || client.export(running.gid).await.unwrap().state;
    until("it has started", async || state().await == State::Started).await;
    configured.save("");
    client.reload().await.unwrap();
    assert_eq!(configured.status().await.sources, 0);
    assert_eq!(state().await, State::Started);
    drop(held);
    assert_eq!(ended(client, running.gid).await.state, State::Finished);
    assert!(matches!(client.start_exports(&request).await, Err(ClientError::Problem(_))));
}
