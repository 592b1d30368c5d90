//! The daemon as process 1 of a container: who loses its parent there becomes its child.

use std::{
    fs,
    process::{Child, Command, Stdio},
};

use orgvault_api::client::Client;

use super::fixture::database;
use crate::api::{binary::configured, fixture::until};

/// A daemon in a process namespace of its own; it is killed with the namespace.
struct Contained(Child);

impl Contained {
    fn start(config: &std::path::Path, log: fs::File) -> Self {
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--mount-proc", "--kill-child"]);
        if !nix::unistd::geteuid().is_root() {
            command.arg("--map-root-user");
        }
        command.arg(env!("CARGO_BIN_EXE_orgvaultd")).arg("--config").arg(config);
        Self(command.stderr(log).stdout(Stdio::null()).spawn().unwrap())
    }

    /// The processes of which `parent` is the parent, as they are called here.
    fn children(parent: &str) -> Vec<String> {
        let text = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn daemon(&self) -> String {
        let mut children = Self::children(&self.0.id().to_string());
        assert_eq!(children.len(), 1);
        children.remove(0)
    }
}

impl Drop for Contained {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::test]
async fn process_1_reaps_what_hooks_leave_running_and_still_learns_how_they_ended() {
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join("rytask.sqlite");
    database(&path, 3).await;
    let left = files.path().join("left");
    let leave = format!("(sleep 0.3; echo x >> {0}) & setsid sh -c 'sleep 0.3; echo x >> {0}' &", left.display());
    let (directory, config) = configured(&format!(
        "log_format = \"json\"\n[[source]]\nname = \"tracker\"\nproduct = \"rytask\"\nurl = \"sqlite://{}\"\n\
         [[schedule]]\nname = \"nightly\"\ncron = \"0 0 29 2 *\"\n\
         [[hook]]\nname = \"leaves\"\non = [\"success\"]\nfor = \"organization\"\nshell = true\ncommand = [\"{leave} exit 7\"]\n\
         [[hook]]\nname = \"hangs\"\non = [\"success\"]\nshell = true\ntimeout = \"1s\"\n\
         command = [\"sleep 600 & sleep 600 & wait\"]\n",
        path.display()
    ));
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("owners = [", "owners = [\"root\", ")).unwrap();
    let log = directory.path().join("log");
    let contained = Contained::start(&config, fs::File::create(&log).unwrap());
    let client = Client::new(directory.path().join("socket"));
    until("the daemon answers", async || client.health().await.is_ok()).await;
    client.run_schedule("nightly").await.unwrap();
    let said = || fs::read_to_string(&log).unwrap();
    until("each hook has ended as it did", async || {
        said().matches("ended with exit status: 7").count() == 3 && said().contains("was killed after 1 s")
    })
    .await;
    until("what they left has ended", async || fs::read_to_string(&left).is_ok_and(|text| text.lines().count() == 6))
        .await;
    let daemon = contained.daemon();
    until("process 1 has no child left, no zombie either", async || Contained::children(&daemon).is_empty()).await;
}
