//! The socket's file and the lock.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        net::UnixListener,
    },
};

use orgvault_api::{client::Client, clock::Clock};
use orgvault_config::Config;
use orgvault_daemon::{
    RunError,
    lifecycle::Stop,
    lock::StateLock,
    product::Products,
    run,
    server::{Socket, SocketError},
};

use super::fixture::{Daemon, until};

async fn start(config: &Config) -> RunError {
    run(config.clone(), Products::embedded().unwrap(), Clock::system(), Stop::default()).await.unwrap_err()
}

#[tokio::test]
async fn a_second_daemon_of_a_state_directory_is_refused_and_told_who_holds_it() {
    let daemon = Daemon::start().await;
    let mut second = daemon.config.clone();
    second.daemon.socket = daemon.directory.path().join("another");
    let said = start(&second).await.to_string();
    assert!(said.contains(&format!("process {}", std::process::id())), "{said}");
    assert!(daemon.client.health().await.is_ok(), "the first one goes on");
    assert!(!second.daemon.socket.exists());
}

#[tokio::test]
async fn a_second_daemon_on_a_socket_is_refused_and_the_first_goes_on() {
    let daemon = Daemon::start().await;
    let mut second = daemon.config.clone();
    second.daemon.state_dir = daemon.directory.path().join("another");
    second.daemon.archive_dir = daemon.directory.path().join("other archives");
    match start(&second).await {
        RunError::Socket(SocketError::InUse { path }) => assert_eq!(path, daemon.config.daemon.socket),
        other => panic!("{other}"),
    }
    assert!(daemon.client.health().await.is_ok(), "the first one goes on");
}

#[tokio::test]
async fn a_socket_that_a_crash_left_is_replaced() {
    let daemon = Daemon::start_with(|config| {
        fs::create_dir(config.daemon.socket.parent().unwrap()).unwrap();
        drop(UnixListener::bind(&config.daemon.socket).unwrap());
        assert!(config.daemon.socket.exists());
    })
    .await;
    assert!(daemon.client.health().await.is_ok());
}

#[tokio::test]
async fn what_cannot_be_a_socket_is_refused_with_the_path() {
    let directory = tempfile::tempdir().unwrap();
    let lock = StateLock::acquire(directory.path()).unwrap();
    let refused = |path: &std::path::Path, group| Socket::open(path, 0o666, group, &lock).unwrap_err();

    let file = directory.path().join("file");
    fs::write(&file, "precious").unwrap();
    assert!(matches!(refused(&file, None), SocketError::NotASocket { .. }));
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");

    let long = directory.path().join("x".repeat(108));
    let said = refused(&long, None).to_string();
    assert!(said.contains("at most 107") && said.contains("`socket`"), "{said}");

    let nowhere = directory.path().join("a/b/socket");
    let said = refused(&nowhere, None).to_string();
    assert!(said.contains("a/b") && said.contains("No such file"), "{said}");

    let said = refused(&directory.path().join("socket"), Some("no-such-group")).to_string();
    assert!(said.contains("no-such-group") && said.contains("socket_group"), "{said}");
}

#[tokio::test]
async fn a_path_of_107_bytes_is_taken() {
    let directory = tempfile::tempdir().unwrap();
    let lock = StateLock::acquire(directory.path()).unwrap();
    let used = directory.path().as_os_str().len() + 1;
    let path = directory.path().join("s".repeat(107 - used));
    Socket::open(&path, 0o666, None, &lock).unwrap().close().unwrap();
}

#[tokio::test]
async fn mode_and_group_are_as_configured_and_a_directory_that_was_made_lets_all_through() {
    let directory = tempfile::tempdir().unwrap();
    let lock = StateLock::acquire(directory.path()).unwrap();
    let path = directory.path().join("made/socket");
    let gid = nix::unistd::Gid::current();
    let group = nix::unistd::Group::from_gid(gid).unwrap().unwrap().name;
    let socket = Socket::open(&path, 0o640, Some(&group), &lock).unwrap();
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!((metadata.mode() & 0o7777, metadata.gid()), (0o640, gid.as_raw()));
    assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o7777, 0o755);
    socket.close().unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn a_socket_that_is_not_ours_any_more_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let lock = StateLock::acquire(directory.path()).unwrap();
    let path = directory.path().join("socket");
    let socket = Socket::open(&path, 0o666, None, &lock).unwrap();
    // Its inode must not become the new one's.
    fs::rename(&path, directory.path().join("old")).unwrap();
    let another = UnixListener::bind(&path).unwrap();
    socket.close().unwrap();
    assert!(path.exists());
    drop(another);
}

#[tokio::test]
async fn a_socket_file_that_was_removed_is_made_again_and_anothers_is_told() {
    let daemon = Daemon::start_with(|config| config.daemon.socket_mode = 0o660).await;
    let path = &daemon.config.daemon.socket;
    let events = daemon.connect().await;
    fs::remove_file(path).unwrap();
    until("it answers again", async || daemon.client.health().await.is_ok()).await;
    assert_eq!(fs::metadata(path).unwrap().mode() & 0o777, 0o660);
    drop(events);

    let aside = path.with_file_name("aside");
    fs::rename(path, &aside).unwrap();
    let another = UnixListener::bind(path).unwrap();
    let client = Client::new(&aside);
    let warned = async || client.status().await.unwrap().warnings.iter().any(|warning| warning.code == "socket");
    until("the status says so", warned).await;
    drop(another);
    fs::rename(&aside, path).unwrap();
    let client = &daemon.client;
    until("it is settled", async || client.status().await.unwrap().warnings.is_empty()).await;
    let (path, directory) = (path.clone(), daemon.directory.path().to_owned());
    let mut daemon = daemon;
    daemon.stop.soft.cancel();
    daemon.ended().await;
    assert!(!path.exists(), "the new one is removed too: {}", directory.display());
}

#[tokio::test]
async fn the_socket_is_gone_after_a_stop_and_the_next_daemon_starts() {
    let daemon = Daemon::start().await.restart().await;
    assert!(daemon.client.health().await.is_ok());
}
