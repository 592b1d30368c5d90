//! A disk that fills up in mid-download.

use std::fs;

use super::{
    asana::{CREATE, file, script},
    content::gzip,
    fixture::{Api, archives, code, export},
    reply::Reply,
};
use crate::api::{binary::Running, fixture::until};

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_up_in_mid_download_fails_the_export_clean_and_its_job_is_gone_on_with() {
    let api = Api::start().await;
    script(&api, "1331", "77", &[]);
    let domain = super::content::asana(1331, 1);
    // Nothing that can be packed: it is larger than a file may be.
    let mut dice = 1_u32;
    let noise: String = (0..12 << 20)
        .map(|_| {
            dice ^= dice << 13;
            dice ^= dice >> 17;
            dice ^= dice << 5;
            char::from(b"0123456789abcdef"[(dice & 15) as usize])
        })
        .collect();
    let large = format!("{domain}{{\"__object_id\":5,\"__type\":\"Task\",\"name\":\"{noise}\"}}\n");
    api.storage.on(&file("77"), [Reply::file(gzip(large.as_bytes()))]);
    // No file of the process may have more than 4 MiB, which the system says as it says a full disk.
    let running = Running::start_in("ulimit -f 8192", &api.asana(&["1331"])).await;
    let client = running.client();
    let failed = export(&client, "work/1331").await;
    assert_eq!(code(&failed), "disk_full", "{failed:?}");
    assert!(!failed.error.unwrap().hint.is_empty());
    let directory = running.directory.path().join("archives");
    until("nothing is left", async || archives(&directory).is_empty()).await;
    api.storage.on(&file("77"), [Reply::file(gzip(domain.as_bytes()))]);
    let done = export(&client, "work/1331").await;
    assert_eq!((code(&done), api.base.count(CREATE)), ("", 1), "{done:?}");
    assert!(fs::metadata(client.archive(done.gid).await.unwrap().path).unwrap().len() > 0);
}
