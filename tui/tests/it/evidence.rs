//! Evidence, and the audit trail as a chain: what is printed, and how it ends.

use std::fs;

use orgvault_api::{AuditBreak, AuditChain, EvidencePublicKey};

use crate::{
    orgvault::{command, run},
    stub::{Reply, Stub},
};

const TAR: &str = "GET /v1/archives/7/evidence";
const CHAIN: &str = "GET /v1/audit/verify";

#[test]
fn the_tar_file_goes_to_standard_output_or_into_a_file() {
    let stub = Stub::start([(TAR, Reply::bytes(&b"a tar\0file"[..]))]);
    let ran = run(&stub, &["evidence", "7"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "a tar\0file", ""));
    let file = stub.folder().join("evidence.tar");
    fs::write(&file, "older").unwrap();
    let ran = run(&stub, &["evidence", "7", "--out", file.to_str().unwrap()]);
    assert_eq!(ran.ok(), format!("wrote {}\n", file.display()));
    assert_eq!(fs::read(&file).unwrap(), b"a tar\0file");
    let ran = run(&stub, &["evidence", "7", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!((ran.out.as_str(), said), ("a tar\0file", serde_json::json!({ "gid": "7", "bytes": 10 })));
}

#[test]
fn evidence_that_breaks_off_leaves_the_file_that_was_there() {
    let stub = Stub::start([(TAR, Reply::bytes(&b"half"[..]).then_break())]);
    let file = stub.folder().join("evidence.tar");
    fs::write(&file, "older").unwrap();
    let ran = run(&stub, &["evidence", "7", "--out", file.to_str().unwrap()]);
    assert_eq!(ran.code, Some(1), "{}", ran.all());
    assert_eq!(fs::read(&file).unwrap(), b"older");
    let full = command(&stub.socket(), &["evidence"]).output().unwrap();
    assert_eq!(full.status.code(), Some(2), "an archive or --key");
}

#[test]
fn the_key_is_shown_as_openssh_writes_it() {
    let key = EvidencePublicKey {
        public_key: "ssh-ed25519 AAAA orgvault-evidence".to_owned(),
        fingerprint: "SHA256:abc".to_owned(),
        allowed_signers: "orgvault namespaces=\"orgvault-evidence\" ssh-ed25519 AAAA".to_owned(),
        identity: "orgvault".to_owned(),
        namespace: "orgvault-evidence".to_owned(),
    };
    let stub = Stub::start([("GET /v1/evidence/key", Reply::json(&key))]);
    insta::assert_snapshot!(run(&stub, &["evidence", "--key"]).ok(), @r#"
    public key       ssh-ed25519 AAAA orgvault-evidence
    fingerprint      SHA256:abc
    allowed_signers  orgvault namespaces="orgvault-evidence" ssh-ed25519 AAAA
    "#);
    let json: EvidencePublicKey = serde_json::from_str(&run(&stub, &["evidence", "--key", "--json"]).ok()).unwrap();
    assert_eq!(json, key);
}

fn whole() -> AuditChain {
    AuditChain {
        whole: true,
        lines: 5310,
        first: Some(1201),
        number: 6510,
        head: "5f2c".repeat(16),
        torn: 1,
        ..AuditChain::default()
    }
}

#[test]
fn a_whole_trail_is_0_and_a_broken_one_is_3() {
    let stub = Stub::start([(CHAIN, Reply::json(&whole()))]);
    insta::assert_snapshot!(run(&stub, &["audit", "--verify"]).ok(), @r"
    whole  5,310 lines, numbers 1,201 to 6,510
    head   5f2c5f2c5f2c5f2c5f2c5f2c5f2c5f2c5f2c5f2c5f2c5f2c5f2c5f2c5f2c5f2c
    1 line cut short by a crash: never acknowledged
    ");
    let at = |line, code: &str, message: &str| AuditBreak {
        file: "20270101T000000.000000Z.jsonl".to_owned(),
        line,
        code: code.to_owned(),
        message: message.to_owned(),
    };
    let breaks = vec![
        at(3, "changed", "it is not the line that the next one was written after"),
        at(9, "missing", "2 lines before it are missing"),
    ];
    let broken = AuditChain { whole: false, torn: 0, unchained: 2, breaks, ..whole() };
    let ran = run(&Stub::start([(CHAIN, Reply::json(&broken))]), &["audit", "--verify"]);
    assert_eq!(ran.code, Some(3), "{}", ran.all());
    insta::assert_snapshot!(ran.out, @r"
    broken  5,310 lines, numbers 1,201 to 6,510
    head   5f2c5f2c5f2c5f2c5f2c5f2c5f2c5f2c5f2c5f2c5f2c5f2c5f2c5f2c5f2c5f2c
    2 lines at its beginning are older than the chain: it holds the last of them
    20270101T000000.000000Z.jsonl:3  changed: it is not the line that the next one was written after
    20270101T000000.000000Z.jsonl:9  missing: 2 lines before it are missing
    ");
}

#[test]
fn a_head_that_is_not_in_the_trail_is_3() {
    let head = "ab".repeat(32);
    let asked = format!("{CHAIN}?head={head}");
    let args = ["audit", "--verify", "--head", &head];
    let found = AuditChain { noted: Some(1300), torn: 0, ..whole() };
    let said = run(&Stub::start([(asked.as_str(), Reply::json(&found))]), &args).ok();
    assert!(said.ends_with("the head that was asked for is line number 1,300\n"), "{said}");
    let ran = run(&Stub::start([(asked.as_str(), Reply::json(&whole()))]), &args);
    assert_eq!(ran.code, Some(3), "{}", ran.all());
    assert!(ran.out.ends_with("missing  no line has the head that was asked for\n"), "{}", ran.all());
}
