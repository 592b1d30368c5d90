//! Hooks: commands and URLs, good ones and bad ones.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use orgvault_api::{ArchiveState, client::ArchiveFilter};
use orgvault_config::{HookAction, HookConfig, HookEvent, HookScope, SecretUrl, Variables, patterns::Patterns};

use super::fixture::{Night, database};
use crate::api::{binary::Running, fixture::until};

/// A server that keeps what it is asked, and answers with `answer`; with nothing where that is
/// empty.
fn server(answer: &'static str) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
    let all = Arc::clone(&asked);
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = request(&stream);
            all.lock().unwrap().push(request);
            stream.write_all(answer.as_bytes()).unwrap();
            if answer.is_empty() {
                open.push(stream);
            }
        }
    });
    (address, asked)
}

/// Method, path and body.
fn request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    format!("{} {}", first.trim().trim_end_matches(" HTTP/1.1"), String::from_utf8(body).unwrap())
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK";

fn ping(address: SocketAddr) -> HookConfig {
    HookConfig {
        name: "ping".to_owned(),
        on: HookEvent::ALL.to_vec(),
        scope: HookScope::Run,
        schedules: Patterns::all(),
        action: HookAction::Ping { url: SecretUrl::new(format!("http://{address}/uuid")) },
        timeout: Duration::from_secs(20),
    }
}

#[tokio::test]
async fn a_url_is_called_when_a_run_begins_succeeds_and_fails() {
    let (address, asked) = server(OK);
    let mut night = Night::new(1, |config| config.hooks = vec![ping(address)]).await;
    night.daemon.client.run_schedule("nightly").await.unwrap();
    night.run("nightly", 1).await;
    let whole = [
        "POST /uuid/start run of nightly begins",
        "POST /uuid run of nightly: 1 organizations, 1 exports finished, 0 failed",
    ];
    until("the URL was called twice", async || asked.lock().unwrap().len() == 2).await;
    let mut calls = asked.lock().unwrap().clone();
    calls.sort_by_key(|call| !call.contains("/start"));
    assert_eq!(calls, whole);

    // A login that cannot work is not tried again.
    fs::remove_file(&night.database).unwrap();
    fs::create_dir(&night.database).unwrap();
    night.daemon.config.schedules[0].retries = 0;
    night.daemon = night.daemon.restart().await;
    night.daemon.client.run_schedule("nightly").await.unwrap();
    night.run("nightly", 2).await;
    until("the failure is told", async || {
        asked.lock().unwrap().iter().any(|call| call.starts_with("POST /uuid/fail "))
    })
    .await;
}

#[tokio::test]
async fn a_command_has_the_documented_environment_and_no_other() {
    let files = tempfile::tempdir().unwrap();
    let file = files.path().join("environment");
    let night = Night::new(1, |config| {
        config.hooks = vec![HookConfig {
            name: "environment".to_owned(),
            on: vec![HookEvent::Success],
            scope: HookScope::Organization,
            schedules: Patterns::new(vec!["night*".to_owned()]).unwrap(),
            action: HookAction::Command {
                argv: ["/bin/sh", "-c", "env > $0.new && mv $0.new $0", file.to_str().unwrap()]
                    .map(str::to_owned)
                    .into(),
                shell: false,
                environment: Variables::default(),
            },
            timeout: Duration::from_secs(20),
        }];
    })
    .await;
    super::fixture::run_sql(&night.database, "UPDATE organizations SET name = 'Od' || char(10, 27) || 'd'").await;
    night.hands.set("2026-01-02T02:00:00Z");
    let run = night.run("nightly", 1).await;
    until("the hook was called", async || file.exists()).await;
    let text = fs::read_to_string(&file).unwrap();
    let mut variables: Vec<&str> =
        text.lines().filter(|line| !["PWD=", "SHLVL=", "_="].iter().any(|own| line.starts_with(own))).collect();
    variables.sort_unstable();
    let (names, values): (Vec<&str>, Vec<&str>) = variables.iter().filter_map(|line| line.split_once('=')).unzip();
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schedules.md")).unwrap();
    for name in &names {
        assert!(document.contains(&format!("`{name}`")), "{name} is not documented");
    }
    assert_eq!(names.len(), 17, "{names:?}");
    for value in ["success", "nightly", "due", "2026-01-02T02:00:00Z", "tracker", "org-0001", "Od\\n\\u{1b}d", "1", "0"]
    {
        assert!(values.contains(&value), "{value} in {variables:?}");
    }
    assert!(values.contains(&run.gid.to_string().as_str()));
}

#[tokio::test]
async fn a_commands_own_environment_is_given_to_it_and_its_arguments_are_told_to_nobody() {
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join("rytask.sqlite");
    database(&path, 1).await;
    let (variables, printed) = (files.path().join("own.env"), files.path().join("printed"));
    fs::write(&variables, "# for the hook\nTOKEN=\"hunter 2\"\n").unwrap();
    fs::set_permissions(&variables, fs::Permissions::from_mode(0o640)).unwrap();
    let running = Running::start(&format!(
        "[[source]]\nname = \"tracker\"\nproduct = \"rytask\"\nurl = \"sqlite://{}\"\n\
         [[schedule]]\nname = \"nightly\"\ncron = \"0 0 29 2 *\"\n\
         [[hook]]\nname = \"own\"\non = [\"success\"]\nshell = true\nenvironment_file = {variables:?}\n\
         command = [\"echo \\\"$TOKEN $ORGVAULT_EVENT\\\" > {place}.new && mv {place}.new {place}; : s3cret; exit 3\"]\n\
         [[hook]]\nname = \"fails\"\non = [\"success\"]\ncommand = [\"/bin/false\", \"s3cret\"]\n\
         [[target]]\nname = \"here\"\nkind = \"command\"\nargv = [\"/bin/true\", \"s3cret\", \"{{file}}\"]\n",
        path.display(),
        place = printed.display(),
    ))
    .await;
    let client = running.client();
    client.run_schedule("nightly").await.unwrap();
    until("the hook was called", async || printed.exists()).await;
    assert_eq!(fs::read_to_string(&printed).unwrap(), "hunter 2 success\n");
    until("both faults are logged", async || {
        running.log().contains("/bin/sh ended with") && running.log().contains("/bin/false ended with")
    })
    .await;
    let diagnosis = client.diagnosis().await.unwrap().configuration;
    for program in ["/bin/sh", "/bin/false", "/bin/true", "\"TOKEN\""] {
        assert!(diagnosis.contains(program), "{program}: {diagnosis}");
    }
    for told in [running.log(), diagnosis] {
        assert!(!told.contains("s3cret") && !told.contains("hunter"), "{told}");
    }
}

#[tokio::test]
async fn a_redirect_takes_nothing_elsewhere() {
    let (elsewhere, asked) = server(OK);
    let moved = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://{elsewhere}/x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let (address, first) = server(moved.leak());
    let night = Night::new(1, |config| config.hooks = vec![ping(address)]).await;
    night.daemon.client.run_schedule("nightly").await.unwrap();
    night.run("nightly", 1).await;
    until("the URL was called twice", async || first.lock().unwrap().len() == 2).await;
    night.daemon.stop().await;
    assert_eq!(*asked.lock().unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_hook_that_hangs_fails_floods_or_is_not_there_is_a_line_in_the_log_and_nothing_else() {
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join("rytask.sqlite");
    database(&path, 1).await;
    let (silent, _) = server("");
    let (broken, _) = server("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let mut config = format!(
        "log_format = \"json\"\n[[source]]\nname = \"tracker\"\nproduct = \"rytask\"\nurl = \"sqlite://{}\"\n\
         [[schedule]]\nname = \"nightly\"\ncron = \"0 0 29 2 *\"\n",
        path.display()
    );
    let pid = files.path().join("pid");
    for (name, action) in [
        ("hangs", format!("command = [\"sleep 600 & echo $! > {}; echo begun; wait\"]\nshell = true", pid.display())),
        ("fails", "command = [\"echo broken >&2; exit 3\"]\nshell = true".to_owned()),
        ("floods", "command = [\"/usr/bin/head\", \"-c\", \"1G\", \"/dev/zero\"]\n".to_owned()),
        ("missing", "command = [\"/nonexistent/hook\"]\n".to_owned()),
        ("leaves", "command = [\"sleep 2 & echo left\"]\nshell = true".to_owned()),
        ("silent", format!("url = \"http://{silent}/secret-uuid\"")),
        ("answers-500", format!("url = \"http://{broken}/secret-uuid\"")),
    ] {
        let limit = if ["hangs", "silent"].contains(&name) { "3s" } else { "50s" };
        write!(config, "[[hook]]\nname = \"{name}\"\non = [\"success\"]\ntimeout = \"{limit}\"\n{action}\n").unwrap();
    }
    let running = Running::start(&config).await;
    let client = running.client();
    client.run_schedule("nightly").await.unwrap();
    let words = [
        ("hangs", "was killed after 3 s; its output began: begun"),
        ("fails", "ended with exit status: 3; its output began: broken"),
        ("floods", "hook was called"),
        ("missing", "cannot start /nonexistent/hook: No such file or directory"),
        ("leaves", "\"output\":\"left\""),
        ("silent", "cannot call the url"),
        ("answers-500", "the url answered 500 Internal Server Error"),
    ];
    // One after the other: each has the whole deadline, because a gigabyte takes its time.
    for (name, words) in words {
        let hook = format!("\"hook\":\"{name}\"");
        let told = async || running.log().lines().any(|line| line.contains(&hook) && line.contains(words));
        until(&format!("the hook {name} has its line"), told).await;
    }
    assert!(!running.log().contains("secret-uuid"), "{}", running.log());
    assert!(running.log().lines().all(|line| line.len() < 40_000), "output is bounded");
    let child = fs::read_to_string(&pid).unwrap();
    until("what a hook started is gone with it", async || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    })
    .await;
    assert!(running.peak() < 200 * 1024, "{} KiB", running.peak());

    let run = client.runs(None, None).await.unwrap().runs.remove(0);
    assert_eq!((run.finished, run.failed), (1, 0));
    let archives = client.archives(&ArchiveFilter::default()).await.unwrap().archives;
    assert_eq!((archives.len(), archives[0].state), (1, ArchiveState::Present));
}
