//! Who may do what.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::Path,
};

use nix::unistd::Uid;
use orgvault_api::{Problem, Role};
use orgvault_config::Access;

use super::fixture::{Daemon, problem, problem_in, user};

/// Sends a request as another user: only this thread changes its uid.
fn ask_as(uid: u32, socket: &Path, request: &str) -> String {
    let (socket, request) = (socket.to_owned(), request.to_owned());
    let other = std::thread::spawn(move || {
        rustix::thread::set_thread_uid(rustix::process::Uid::from_raw(uid)).unwrap();
        let mut stream = UnixStream::connect(socket).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    other.join().unwrap()
}

const STATUS: &str = "GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

async fn refusal_of_a_stranger() -> Problem {
    if Uid::current().is_root() {
        let daemon = Daemon::start().await;
        let socket = daemon.config.daemon.socket.clone();
        let answer = tokio::task::spawn_blocking(move || ask_as(65534, &socket, STATUS)).await.unwrap();
        assert_eq!(daemon.client.status().await.unwrap().role, Role::Owner);
        problem_in(&answer)
    } else {
        let daemon = Daemon::start_with(|config| config.access.owners = vec!["root".to_owned()]).await;
        problem(daemon.client.status().await)
    }
}

#[tokio::test]
async fn a_second_uid_gets_a_polite_403() {
    let problem = refusal_of_a_stranger().await;
    assert_eq!((problem.status, problem.code.as_str()), (403, "not_allowed"));
    assert!(problem.detail.contains("uid 65534") || !Uid::current().is_root(), "{problem:?}");
    assert!(problem.hint.contains("[access]"), "{problem:?}");
}

#[tokio::test]
async fn a_stranger_learns_nothing_of_what_exists() {
    let daemon = Daemon::start_with(|config| config.access = Access::default()).await;
    for path in ["/v1/status", "/v1/archives/1", "/nothing", "/v1/exports/x"] {
        let answer = daemon.ask("GET", path, "", "").await;
        assert_eq!(problem_in(&answer).code, "not_allowed", "{path}");
    }
}

#[tokio::test]
async fn a_role_counts_for_the_connection_it_was_resolved_for() {
    let daemon = Daemon::start_with(|config| {
        config.access.viewers = std::mem::take(&mut config.access.owners);
    })
    .await;
    assert_eq!(daemon.client.status().await.unwrap().role, Role::Viewer);
    let refused = problem(daemon.client.rebuild_catalog().await);
    assert_eq!(refused.code, "not_allowed");
    assert!(refused.detail.contains("the role owner") && refused.detail.contains("has viewer"), "{refused:?}");
    assert!(refused.detail.contains(&user()), "{refused:?}");
}

#[tokio::test]
async fn one_user_has_so_many_connections_and_no_more() {
    let daemon = Daemon::start_with(|config| config.daemon.connections_per_user = 2).await;
    let first = daemon.connect().await;
    let second = daemon.connect().await;
    // The connection that looked whether the daemon listens may still count.
    super::fixture::until("the limit is reached", async || {
        let answer = daemon.raw(STATUS.as_bytes()).await;
        if answer.starts_with("HTTP/1.1 200") {
            return false;
        }
        let problem = problem_in(&answer);
        assert_eq!((problem.status, problem.code.as_str()), (429, "too_many_connections"), "{problem:?}");
        assert!(problem.hint.contains("connections_per_user"), "{problem:?}");
        true
    })
    .await;
    drop(first);
    super::fixture::until("a place is free again", async || daemon.client.status().await.is_ok()).await;
    drop(second);
}
