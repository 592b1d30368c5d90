//! The README's first real source, run as it stands: its shell blocks on a throw-away PostgreSQL,
//! with stand-ins for what needs root.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use nix::unistd::{User, geteuid};
use tempfile::TempDir;

use orgvault_testing::postgres::{Database, Server};

const README: &str = include_str!("../../../README.md");

/// `sudo`, and what makes users and directories: these tests change nothing on the machine.
const STAND_INS: &[(&str, &str)] = &[
    ("sudo", "[ \"$1\" = -u ] && shift 2; exec \"$@\""),
    ("useradd", "exit 0"),
    ("cargo", "exit 0"),
    (
        "install",
        "case \"$*\" in *tracker.url) sed \"s|127.0.0.1:5432/rytask|$TCP|\" > \"$W/tracker.url\"; chmod 400 \"$W/tracker.url\";; esac",
    ),
    ("psql", "shift; exec \"$PSQL\" -X -q -v ON_ERROR_STOP=1 -U postgres \"$@\""),
    ("docker", "[ \"$1 $2 $3 $4 $5\" = 'compose exec -T db psql' ] || exit 9; shift 7; exec psql \"$@\""),
    ("orgvaultd", "echo $$ > \"$W/pid\"; exec \"$BIN/orgvaultd\" --config \"$W/config.toml\" \"$@\""),
    ("orgvault", "exec \"$BIN/orgvault\" \"$@\""),
];

/// Kills the daemon that a block has left in the background.
struct Machine {
    folder: TempDir,
    database: Database,
    server: Server,
}

impl Machine {
    fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let server = Server::start();
        let database = server.database();
        database.psql(orgvault_testing::postgres::RYTASK);
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        for (name, script) in STAND_INS {
            let path = bin.join(name);
            fs::write(&path, format!("#!/bin/bash\n{script}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let machine = Self { folder, database, server };
        machine.configure(config);
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The README's configuration with this machine's paths.
    fn configure(&self, text: &str) {
        let user = User::from_uid(geteuid()).unwrap().unwrap().name;
        let url = self.database.url_as("orgvault");
        let text = text
            .replace("owners = [\"root\"]", &format!("owners = [\"{user}\"]"))
            .replace("postgres:///rytask?host=/run/postgresql&user=orgvault", &url)
            .replace("/etc/orgvault/", &format!("{}/", self.folder.path().display()));
        let daemon =
            ["socket", "state_dir", "archive_dir"].map(|key| format!("{key} = \"{}\"\n", self.path(key).display()));
        fs::write(self.path("config.toml"), format!("[daemon]\n{}{text}", daemon.concat())).unwrap();
    }

    fn run(&self, script: &str) -> Output {
        let binaries = Path::new(env!("CARGO_BIN_EXE_orgvault")).parent().unwrap();
        assert!(binaries.join("orgvaultd").exists(), "build it first: `cargo test --workspace` does");
        let path = std::env::var("PATH").unwrap();
        let host = self.database.admin_url();
        let host = host.split_once("host=").unwrap().1.split('&').next().unwrap();
        Command::new("bash")
            .args(["-euo", "pipefail", "-c", script])
            .current_dir(self.folder.path())
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("W", self.folder.path())
            .env("BIN", binaries)
            .env("PSQL", orgvault_testing::postgres::program("psql"))
            .env("PGHOST", host)
            .env("PGPORT", self.server.port().to_string())
            .env("PGDATABASE", self.database.name())
            .env("TCP", format!("127.0.0.1:{}/{}", self.server.port(), self.database.name()))
            .env("ORGVAULT_SOCKET", self.path("socket"))
            .output()
            .unwrap()
    }

    #[track_caller]
    fn follow(&self, script: &str) -> String {
        let ran = self.run(script);
        let (out, errors) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert!(ran.status.success(), "{script}\n{out}{errors}");
        out.into_owned()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Ok(pid) = fs::read_to_string(self.path("pid")) {
            let pid = nix::unistd::Pid::from_raw(pid.trim().parse().unwrap());
            if let Err(error) = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL) {
                assert_eq!(error, nix::errno::Errno::ESRCH, "it may have ended already");
            }
        }
    }
}

/// The code blocks of one language in a part of the README.
fn blocks(part: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    part.split(&fence).skip(1).map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

fn part(from: &str, to: &str) -> &'static str {
    README.split_once(from).unwrap().1.split_once(to).unwrap().0
}

/// A person types slower than a daemon starts.
const READY: &str = "\nfor _ in $(seq 600); do orgvault status >/dev/null 2>&1 && break; sleep 0.05; done; orgvault status >/dev/null\n";

fn script(part: &str) -> String {
    let shell = blocks(part, "sh").concat();
    shell.replace("orgvaultd &\n", &format!("orgvaultd >daemon.log 2>&1 &{READY}"))
}

#[test]
fn the_five_steps_end_with_a_verified_archive() {
    let steps = part("## First real source, in five steps", "### In Docker Compose");
    let [config] = blocks(steps, "toml").try_into().unwrap();
    let machine = Machine::new(&config);
    let said = machine.follow(&script(steps));
    assert!(said.contains("config.toml: ok, 1 source"), "{said}");
    assert!(said.contains("acme") && said.contains("intact") || said.contains("ok"), "{said}");
    let sums = machine.follow("cd archive_dir/tracker/acme--* && sha256sum -c SHA256SUMS");
    assert_eq!(sums.lines().count(), 2, "{sums}");
    let secret = machine.run("psql rytask -c \"SET ROLE orgvault; SELECT password_hash FROM users\"");
    assert!(!secret.status.success(), "the role reads no more than the export needs");
}

#[test]
fn the_steps_for_docker_compose_work_too() {
    let compose = part("### In Docker Compose", "## Every night");
    let [config] =
        blocks(part("## First real source, in five steps", "### In Docker Compose"), "toml").try_into().unwrap();
    let by_file = "url_file = \"/etc/orgvault/tracker.url\"";
    assert!(compose.contains(by_file));
    let url = config.lines().find(|line| line.starts_with("url = ")).unwrap();
    let machine = Machine::new(&config.replace(url, by_file));
    let [file, role] = blocks(compose, "sh").try_into().unwrap();
    machine.follow(&format!("{file}orgvaultd >daemon.log 2>&1 &{READY}{role}orgvault export acme --wait"));
}

#[test]
fn two_blocks_are_all_that_an_admin_of_asana_writes() {
    let asana = part("## Asana, and other apps without a database", "## Before you need the archive");
    let [config] = blocks(asana, "toml").try_into().unwrap();
    let machine = Machine::new(&format!("[access]\nowners = [\"root\"]\n{config}"));
    let ran = machine.run("orgvaultd check-config");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(said.contains("asana.token: cannot be read"), "{said}");
    machine.follow("umask 027; echo s3cret > asana.token");
    let said = machine.follow("orgvaultd check-config");
    assert!(said.contains("config.toml: ok, 1 source"), "{said}");
}

#[test]
fn every_make_target_that_is_named_exists() {
    let makefile = include_str!("../../../Makefile");
    let named = README.split("`make ").skip(1).chain(README.split("\nmake ").skip(1));
    let targets: Vec<&str> =
        named.map(|rest| rest.split(|end: char| !end.is_ascii_alphabetic()).next().unwrap()).collect();
    assert!(targets.len() >= 4, "{targets:?}");
    for target in targets {
        assert!(makefile.contains(&format!("\n{target}:")), "make {target}");
    }
}
