//! Fetching the file: links that expire, ranges, redirects, and who is shown the token.

use std::{fs, time::Duration};

use orgvault_api::{Export, State};

use super::{
    asana::{SIGNATURE, file, poll, script},
    authority::Authority,
    content::{asana, gzip},
    direct::{LINES_IN_GZIP, definition, route},
    fixture::{Api, TOKEN, code, define, export},
    reply::{Framing, Reply},
    request::Request,
    server::Server,
};
use crate::api::fixture::Daemon;

/// A job `77` of organization 1331, whose file is for the test to put there.
async fn with_job() -> (Api, Daemon) {
    let api = Api::start().await;
    script(&api, "1331", "77", &[]);
    let daemon = api.daemon(&api.asana(&["1331"])).await;
    (api, daemon)
}

/// Which link of a job a request follows.
fn nonce(request: &Request) -> usize {
    let (_, rest) = request.target.split_once("Nonce=").unwrap();
    rest.split('&').next().unwrap().parse().unwrap()
}

/// What a link answers that is older than five minutes.
fn expired() -> Reply {
    let text = "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
    Reply::new(403, text).header("Content-Type", "application/xml")
}

async fn assert_kept(daemon: &Daemon, export: &Export, bytes: &[u8]) {
    assert_eq!((export.state, code(export)), (State::Finished, ""), "{export:?}");
    let archive = daemon.client.archive(export.gid).await.unwrap();
    assert!(archive.path.ends_with(".json.gz"), "{}", archive.path);
    assert!(fs::read(archive.path).unwrap() == bytes, "the file is not as it was received");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_expires_twice_in_mid_download_is_asked_for_again_and_the_file_goes_on() {
    for (etag, ranged) in [(Some("\"strong\""), true), (Some("W/\"weak\""), false), (None, false)] {
        let (api, daemon) = with_job().await;
        let bytes = gzip(asana(1331, 300).as_bytes());
        let whole = Reply::file(bytes.clone());
        let whole = if let Some(etag) = etag { whole.tagged(etag) } else { whole };
        let cuts = [bytes.len() / 3, bytes.len() / 3 * 2];
        api.storage.on_each(&file("77"), move |request, number| {
            // Each link is good for one try.
            if nonce(request) != number {
                return expired();
            }
            cuts.get(number).map_or(whole.clone(), |cut| whole.clone().cut(*cut).abrupt())
        });
        let done = export(&daemon.client, "work/1331").await;
        assert_kept(&daemon, &done, &bytes).await;
        let asked = api.storage.heard_on(&file("77"));
        let ranges: Vec<_> = asked.iter().map(|request| request.header("range").map(str::to_owned)).collect();
        let if_range: Vec<_> = asked.iter().map(|request| request.header("if-range")).collect();
        assert_eq!(asked.len(), 3, "{asked:?}");
        if ranged {
            let from = |at: usize| Some(format!("bytes={}-", cuts[at]));
            assert_eq!((ranges, if_range), (vec![None, from(0), from(1)], vec![None, etag, etag]));
        } else {
            assert_eq!((ranges, if_range), (vec![None; 3], vec![None; 3]), "{etag:?}");
        }
        assert!(api.base.count(&poll("77")) >= 3, "a fresh link for each try");
        api.assert_no_strays();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changed_between_two_tries_is_fetched_from_its_start() {
    let (api, daemon) = with_job().await;
    let (old, new) = (gzip(asana(1331, 300).as_bytes()), gzip(asana(1331, 310).as_bytes()));
    let cut = Reply::file(old.clone()).tagged("\"1\"").cut(old.len() / 2).abrupt();
    api.storage.on(&file("77"), [cut, Reply::file(new.clone()).tagged("\"2\"")]);
    assert_kept(&daemon, &export(&daemon.client, "work/1331").await, &new).await;
    assert_eq!(api.storage.heard_on(&file("77"))[1].header("if-range"), Some("\"1\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_another_range_than_was_asked_for_is_not_glued_on() {
    let (api, daemon) = with_job().await;
    let bytes = gzip(asana(1331, 300).as_bytes());
    let cut = Reply::file(bytes.clone()).tagged("\"1\"").cut(bytes.len() / 2).abrupt();
    let rest = bytes[bytes.len() / 2 + 5..].to_vec();
    let range = format!("bytes {}-{}/{}", bytes.len() / 2 + 5, bytes.len() - 1, bytes.len());
    let wrong = Reply::new(206, rest).header("ETag", "\"1\"").header("Content-Range", &range);
    api.storage.on(&file("77"), [cut, wrong, Reply::file(bytes.clone()).tagged("\"1\"")]);
    assert_kept(&daemon, &export(&daemon.client, "work/1331").await, &bytes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_always_expired_is_said_with_its_own_code() {
    let (api, daemon) = with_job().await;
    api.storage.on(&file("77"), [expired()]);
    let failed = export(&daemon.client, "work/1331").await;
    assert_eq!(code(&failed), "link_expired", "{failed:?}");
    let error = failed.error.unwrap();
    assert!(!error.hint.is_empty() && !format!("{error:?}").contains(SIGNATURE), "{error:?}");
    let asked: Vec<usize> = api.storage.heard_on(&file("77")).iter().map(nonce).collect();
    assert!(asked.len() > 1 && asked.windows(2).all(|pair| pair[0] < pair[1]), "a fresh link each time: {asked:?}");
    assert_eq!(api.base.count(super::asana::CREATE), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_finished_without_a_link_is_asked_again_for_it() {
    let api = Api::start().await;
    let bytes = gzip(asana(1331, 3).as_bytes());
    script(&api, "1331", "77", &["started", "finished", "finished"]);
    api.storage.on(&file("77"), [Reply::file(bytes.clone())]);
    let daemon = api.daemon(&api.asana(&["1331"])).await;
    assert_kept(&daemon, &export(&daemon.client, "work/1331").await, &bytes).await;
    api.assert_no_strays();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_never_gets_a_link_ends_in_an_error_that_says_so() {
    let api = Api::start().await;
    script(&api, "1331", "77", &["finished"; 100]);
    let daemon = api.daemon(&api.asana(&["1331"])).await;
    let failed = export(&daemon.client, "work/1331").await;
    let error = failed.error.unwrap();
    assert!(error.code == "link_expired" && error.message.contains("link") && !error.hint.is_empty(), "{error:?}");
    assert!(api.storage.heard().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_of_a_link_is_shown_no_token_and_the_file_comes_as_it_is() {
    let (api, daemon) = with_job().await;
    let bytes = gzip(asana(1331, 3).as_bytes());
    // A gzip file is no gzip encoding of another one: it stays in gzip.
    api.storage.on(&file("77"), [Reply::file(bytes.clone()).header("Content-Encoding", "identity")]);
    assert_kept(&daemon, &export(&daemon.client, "work/1331").await, &bytes).await;
    let asked = api.storage.heard();
    assert_eq!(asked.len(), 1);
    assert_no_token(&asked[0]);
    assert_eq!(asked[0].header("accept-encoding"), Some("identity"));
    assert!(asked[0].target.contains(SIGNATURE) && !asked[0].target.contains('#'), "{}", asked[0].target);
    assert!(
        api.base.heard().iter().all(|request| { request.header("authorization") == Some(&format!("Bearer {TOKEN}")) })
    );
}

fn assert_no_token(request: &Request) {
    for name in ["authorization", "private-token", "cookie", "x-extra"] {
        assert_eq!(request.header(name), None, "{request:?}");
    }
    assert!(!format!("{request:?}").contains(TOKEN), "{request:?}");
}

/// A source whose file is at a path of the base, with a header of its own for the token.
async fn direct(api: &Api, more: &str) -> Daemon {
    let source = api.source("direct", "", &["7"], more);
    let text = definition("{ header = \"PRIVATE-TOKEN\" }", LINES_IN_GZIP)
        .replace("[api.limits]", "[api.headers]\nX-Extra = \"1\"\n[api.limits]");
    api.daemon_with(&source, |config| define(config, "direct", &text)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_to_another_origin_takes_neither_token_nor_headers_along() {
    let api = Api::start().await;
    let daemon = direct(&api, "").await;
    let bytes = gzip(asana(7, 3).as_bytes());
    api.base.on(&route("7"), [Reply::redirect(302, &format!("{}/blob?sig={SIGNATURE}", api.storage.url()))]);
    api.storage.on("GET /blob", [Reply::redirect(307, "/blob2")]);
    api.storage.on("GET /blob2", [Reply::file(bytes.clone())]);
    assert_kept(&daemon, &export(&daemon.client, "work/7").await, &bytes).await;
    let first = &api.base.heard_on(&route("7"))[0];
    assert_eq!((first.header("private-token"), first.header("x-extra")), (Some(TOKEN), Some("1")));
    assert_eq!(first.header("authorization"), None);
    let asked = api.storage.heard();
    assert_eq!(asked.len(), 2);
    asked.iter().for_each(assert_no_token);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_back_to_the_base_does_not_show_it_the_token_again() {
    let api = Api::start().await;
    let daemon = direct(&api, "").await;
    api.base.on(&route("7"), [Reply::redirect(302, &format!("{}/blob", api.storage.url()))]);
    api.storage.on("GET /blob", [Reply::redirect(302, &format!("{}/open", api.base.url()))]);
    api.base.on("GET /open", [Reply::file(gzip(asana(7, 3).as_bytes()))]);
    assert_eq!(code(&export(&daemon.client, "work/7").await), "");
    assert_no_token(&api.base.heard_on("GET /open")[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_redirects_are_followed_and_four_are_not() {
    for (hops, expected) in [(3, ""), (4, "redirect_refused")] {
        let api = Api::start().await;
        let daemon = direct(&api, "").await;
        api.base.on(&route("7"), [Reply::redirect(302, &format!("{}/1", api.storage.url()))]);
        for hop in 1..hops {
            let next = format!("{}/{}?sig={SIGNATURE}", api.storage.url(), hop + 1);
            api.storage.on(&format!("GET /{hop}"), [Reply::redirect(301, &next)]);
        }
        api.storage.on(&format!("GET /{hops}"), [Reply::file(gzip(asana(7, 3).as_bytes()))]);
        let done = export(&daemon.client, "work/7").await;
        assert_eq!(code(&done), expected, "{hops}: {done:?}");
        assert_eq!(api.storage.count(&format!("GET /{hops}")), usize::from(expected.is_empty()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_link_nor_a_redirect_leads_anywhere_but_where_the_source_allows() {
    let other = Server::plain("127.0.0.1").await;
    other.on("GET /f", [Reply::file(gzip(asana(7, 3).as_bytes()))]);
    let port = other.port();
    for to in [
        format!("http://127.0.0.1:{port}/f"),
        format!("http://localhost:{port}/f"),
        format!("https://127.0.0.2:{port}/f"),
        format!("https://elsewhere.example:{port}/f"),
        format!("https://localhost.elsewhere.example:{port}/f"),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "https://[::ffff:169.254.169.254]/latest/meta-data".to_owned(),
        "https://user:password@127.0.0.2/f".to_owned(),
        "file:///etc/passwd".to_owned(),
        "//169.254.169.254/latest".to_owned(),
    ] {
        let to = format!("{to}?sig={SIGNATURE}");
        let api = Api::start().await;
        let daemon = direct(&api, "").await;
        api.base.on(&route("7"), [Reply::redirect(302, &to)]);
        assert_refused(&export(&daemon.client, "work/7").await, &to);
    }
    assert!(other.heard().is_empty(), "{:?}", other.heard());
}

fn assert_refused(failed: &Export, to: &str) {
    assert_eq!(code(failed), "redirect_refused", "{to}: {failed:?}");
    let error = failed.error.as_ref().unwrap();
    assert!(!error.hint.is_empty() && !format!("{error:?}").contains(SIGNATURE), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_of_the_network_itself_is_asked_although_a_source_names_it() {
    for to in ["https://169.254.169.254/f", "http://169.254.169.254/f", "https://[fe80::1]/f", "https://0.0.0.0/f"] {
        let api = Api::start().await;
        let more = "download_hosts = [\"169.254.169.254\", \"fe80::1\", \"0.0.0.0\"]";
        let source = api.asana(&["1331"]).replace("download_hosts = [\"localhost\", \"127.0.0.1\"]", more);
        let daemon = api.daemon(&source).await;
        script(&api, "1331", "77", &[]);
        let to = format!("{to}?sig={SIGNATURE}");
        let finished = super::asana::job("77", "1331", "finished", Some(&to));
        api.base.on(&poll("77"), [Reply::json(200, &finished)]);
        assert_refused(&export(&daemon.client, "work/1331").await, &to);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_page_is_no_export_although_it_says_200() {
    let page = "<!DOCTYPE html><html><title>Log in</title><form action=\"/login\"></form></html>";
    let documents = [
        Reply::html(200, page),
        Reply::html(200, page).framed(Framing::Chunked),
        Reply::file(page),
        Reply::file("{\"ok\": false, \"message\": \"you may not\"}"),
        Reply::file("<?xml version=\"1.0\"?><Error><Code>SlowDown</Code></Error>"),
        Reply::file(super::content::zip(&[("a.json", b"{}")])),
    ];
    for document in documents {
        let (api, daemon) = with_job().await;
        api.storage.on(&file("77"), [document]);
        let failed = export(&daemon.client, "work/1331").await;
        assert_eq!(code(&failed), "not_an_export", "{failed:?}");
        assert!(!failed.error.unwrap().hint.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_a_bad_sum_or_something_behind_its_end_is_damaged() {
    let whole = gzip(asana(1331, 40).as_bytes());
    let mut bad_sum = whole.clone();
    let at = bad_sum.len() - 6;
    bad_sum[at] ^= 1;
    let mut bad_size = whole.clone();
    *bad_size.last_mut().unwrap() ^= 1;
    let mut bit = whole.clone();
    let at = bit.len() / 2;
    bit[at] ^= 0x10;
    let garbage = [whole.as_slice(), b"garbage behind the end"].concat();
    let second = [whole.as_slice(), bad_sum.as_slice()].concat();
    for (bytes, may_end_early) in [(bad_sum, false), (bad_size, false), (bit, true), (garbage, false), (second, false)]
    {
        let (api, daemon) = with_job().await;
        api.storage.on(&file("77"), [Reply::file(bytes)]);
        let failed = export(&daemon.client, "work/1331").await;
        // Broken bits may read as if something was to follow.
        assert!(code(&failed) == "export_damaged" || may_end_early && code(&failed) == "truncated", "{failed:?}");
        assert_eq!(super::fixture::archives(&daemon.config.daemon.archive_dir), [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_drips_is_given_up() {
    let (api, daemon) = {
        let api = Api::start().await;
        script(&api, "1331", "77", &[]);
        let source = api.source("asana", "/api/1.0", &["1331"], "stall_timeout = \"1s\"");
        let daemon = api.daemon(&source).await;
        (api, daemon)
    };
    let bytes = gzip(asana(1331, 40).as_bytes());
    api.storage.on(&file("77"), [Reply::file(bytes.clone()).stalled(1), Reply::file(bytes.clone())]);
    assert_kept(&daemon, &export(&daemon.client, "work/1331").await, &bytes).await;
    script(&api, "1331", "78", &[]);
    api.storage.on(&file("78"), [Reply::file(bytes).dripping(Duration::from_millis(50))]);
    let failed = export(&daemon.client, "work/1331").await;
    assert_eq!(code(&failed), "source_stalled", "{failed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_followed_from_a_fresh_poll_each_time() {
    let (api, daemon) = with_job().await;
    let bytes = gzip(asana(1331, 3).as_bytes());
    let lost = Reply::lost();
    api.storage.on(&file("77"), [lost.clone(), lost, Reply::file(bytes.clone())]);
    assert_kept(&daemon, &export(&daemon.client, "work/1331").await, &bytes).await;
    let nonces: Vec<usize> = api.storage.heard_on(&file("77")).iter().map(nonce).collect();
    assert_eq!(nonces, [0, 1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_that_is_busy_for_a_moment_is_asked_again() {
    let slow_down = "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code></Error>";
    for busy in [Reply::new(503, slow_down), Reply::new(429, "").header("Retry-After", "0"), Reply::new(500, "")] {
        let (api, daemon) = with_job().await;
        let bytes = gzip(asana(1331, 3).as_bytes());
        api.storage.on(&file("77"), [busy, Reply::file(bytes.clone())]);
        assert_kept(&daemon, &export(&daemon.client, "work/1331").await, &bytes).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_prove_its_name_is_shown_no_token() {
    let (api, daemon) = {
        let api = Api::start().await;
        let other = Authority::new();
        other.write(&api.path("ca.pem"));
        let daemon = api.daemon(&api.asana(&["1331"])).await;
        (api, daemon)
    };
    assert_eq!(code(&export(&daemon.client, "work/1331").await), "source_tls");
    assert!(api.base.heard().is_empty());
}
