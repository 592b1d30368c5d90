//! Files from a bucket: of a real server of S3 over a folder, in this process.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use hyper_util::rt::TokioIo;
use orgvault_api::{ArchiveFiles, CheckLine, CheckResult, Format};
use orgvault_archive::manifest::FILE_LIST;
use orgvault_config::{Bucket, FilesPlace};
use s3s::{
    S3Result,
    access::{S3Access, S3AccessContext},
    auth::SimpleAuth,
    s3_error,
    service::S3ServiceBuilder,
};
use s3s_fs::FileSystem;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::app::{App, archive, exports, members, noise, sha256, warnings};
use crate::api::fixture::Daemon;

const KEY: &str = "reader";
const SECRET: &str = "reader-secret";

/// Who has the key may read everything that is not called so.
struct AllBut(&'static str);

#[async_trait]
impl S3Access for AllBut {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let may = context.credentials().is_some() && !context.uri().path().ends_with(self.0);
        may.then_some(()).ok_or_else(|| s3_error!(AccessDenied, "not this one"))
    }
}

/// A server of S3 on loopback, as long as it is kept. Its buckets are folders.
struct Server {
    address: SocketAddr,
    buckets: PathBuf,
    tasks: JoinSet<()>,
}

impl Server {
    async fn start(buckets: &Path) -> Self {
        fs::create_dir_all(buckets.join("uploads")).unwrap();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(buckets).unwrap());
        builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
        builder.set_access(AllBut("forbidden"));
        let service = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let served =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service.clone());
                connections.spawn(served);
            }
        });
        Self { address, buckets: buckets.to_owned(), tasks }
    }

    fn put(&self, key: &str, content: &[u8]) {
        let path = self.buckets.join("uploads").join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

/// `s3://bucket/app` of a server.
fn place(address: SocketAddr, bucket: &str, secret: &str) -> FilesPlace {
    let endpoint = format!("http://{address}");
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", KEY),
        ("AWS_SECRET_ACCESS_KEY", secret),
    ];
    FilesPlace::Bucket(Bucket {
        name: bucket.to_owned(),
        prefix: "app".to_owned(),
        variables: variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        is_network_trusted: false,
    })
}

async fn line(daemon: &Daemon) -> CheckLine {
    let check = daemon.client.check("tracker", false).await.unwrap();
    check.lines.into_iter().find(|line| line.name == "files").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_bucket_are_in_the_archive() {
    let app = App::new().await;
    let server = Server::start(&app.uploads().join("s3")).await;
    let picture = noise(700_000);
    for (key, content) in [("a/ü b+1%.png", picture.as_slice()), ("empty", b""), ("plain.txt", b"plain")] {
        server.put(&format!("app/{key}"), content);
        app.row(1, key, Some(content.len()), Some(&sha256(content))).await;
    }
    server.put("secret", b"beside the prefix");
    for path in ["gone", "../secret", "/app/plain.txt"] {
        app.row(1, path, None, None).await;
    }
    app.row(1, "plain.txt", Some(4), None).await;
    server.put("app/forbidden", b"of somebody else");
    app.row(1, "forbidden", None, None).await;
    let daemon = app.daemon(Some(place(server.address, "uploads", SECRET))).await;
    let checked = line(&daemon).await;
    assert_eq!((checked.result, checked.message.as_str()), (CheckResult::Ok, "s3://uploads/app can be read"));
    let (first, manifest) = archive(&daemon, "1").await;
    let expected = ArchiveFiles { count: 3, bytes: 700_005, missing: 1, changed: 1, refused: 2, unreadable: 1 };
    assert_eq!(manifest.files, Some(expected));
    let found = members(&first);
    let names: Vec<&str> = found[2..].iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["files/a/ü b+1%.png", "files/empty", "files/plain.txt", FILE_LIST, "meta.json"]);
    assert!(found[2].1 == picture && found[4].1 == b"plain");
    assert_eq!(warnings(&first)["files_missing"], ["attachments 4: gone"]);
    assert_eq!(warnings(&first)["files_unreadable"], ["attachments 8: forbidden (AccessDenied: not this one)"]);
    let (second, _) = archive(&daemon, "1").await;
    assert_eq!(first.sha256, second.sha256);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_gone_or_refuses_us_ends_the_export() {
    let app = App::new().await;
    app.row(1, "a", None, None).await;
    let server = Server::start(&app.uploads().join("s3")).await;
    let address = server.address;
    for (bucket, secret, code, said) in [
        ("nowhere", SECRET, "files_unreachable", "NoSuchBucket"),
        ("uploads", "another-secret", "files_denied", "SignatureDoesNotMatch"),
    ] {
        let daemon = app.daemon(Some(place(address, bucket, secret))).await;
        let failed = line(&daemon).await;
        let error = exports(&daemon, "1", &[Format::Zip]).await[0].error.clone().unwrap();
        assert_eq!((error.code.as_str(), failed.result, &failed.message), (code, CheckResult::Failed, &error.message));
        let words = format!("s3://{bucket}/app: {said}");
        assert!(error.message.contains(&words) && !error.hint.is_empty(), "{error:?}");
        assert!(!error.message.contains(secret), "{error:?}");
    }
    server.stop().await;
    let daemon = app.daemon(Some(place(address, "uploads", SECRET))).await;
    let error = exports(&daemon, "1", &[Format::Zip]).await[0].error.clone().unwrap();
    assert_eq!(error.code, "files_unreachable", "{error:?}");
}

/// Hands on what a server says, and cuts each of the first connections that say more than a little.
async fn cutting(server: SocketAddr, cuts: usize) -> (SocketAddr, Arc<AtomicUsize>, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let left = Arc::new(AtomicUsize::new(cuts));
    let count = Arc::clone(&left);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let upstream = TcpStream::connect(server).await.unwrap();
            let count = Arc::clone(&count);
            connections.spawn(async move { hand_on(client, upstream, &count).await });
        }
    });
    (address, left, tasks)
}

async fn hand_on(client: TcpStream, upstream: TcpStream, cuts: &AtomicUsize) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = upstream.into_split();
    let asked = tokio::io::copy(&mut from_client, &mut to_server);
    let answered = async {
        let (mut block, mut passed) = (vec![0; 64 * 1024], 0);
        loop {
            let count = from_server.read(&mut block).await.unwrap_or(0);
            passed += count;
            let cut = passed > 300_000
                && cuts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
            if count == 0 || cut || to_client.write_all(&block[..count]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        _ = asked => {}
        () = answered => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_is_taken_up_where_it_broke() {
    let app = App::new().await;
    let server = Server::start(&app.uploads().join("s3")).await;
    let large = noise(2_000_000);
    server.put("app/large", &large);
    app.row(1, "large", Some(large.len()), Some(&sha256(&large))).await;
    let (address, left, _proxy) = cutting(server.address, 2).await;
    let daemon = app.daemon(Some(place(address, "uploads", SECRET))).await;
    let (archive, _) = archive(&daemon, "1").await;
    assert_eq!((left.load(Ordering::SeqCst), archive.warnings.len()), (0, 0), "{:?}", archive.warnings);
    assert!(members(&archive)[2].1 == large);
    server.stop().await;
}
