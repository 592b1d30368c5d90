//! `orgvault cancel` of many at once, and `orgvault exports` page by page.

use orgvault_api::{Export, Exports};

use crate::{
    fixtures::{exports, failed, gid, pending, started},
    orgvault::run,
    stub::{Reply, Stub},
};

const STARTED: &str = "GET /v1/exports?state=started";
const PENDING: &str = "GET /v1/exports?state=pending";

/// Two pages of what waits, one export that runs, and all of them can be canceled but for 8, which
/// ends by itself.
fn busy() -> Stub {
    let canceled = |number: u64, slug| Reply::json(&failed(number, slug, "canceled"));
    Stub::start([
        (STARTED, Reply::json(&exports([started(5, "acme")]))),
        (PENDING, Reply::json(&Exports { next: Some(gid(7)), ..exports([pending(7, "acme"), pending(8, "odd")]) })),
        ("GET /v1/exports?state=pending&before=7&limit=1000", Reply::json(&exports([pending(6, "odd")]))),
        ("DELETE /v1/exports/5", Reply::json(&started(5, "acme"))),
        ("DELETE /v1/exports/6", canceled(6, "odd")),
        ("DELETE /v1/exports/7", canceled(7, "acme")),
        ("DELETE /v1/exports/8", Reply::problem(409, "export_ended", "export 8 has ended already: it is finished", "")),
    ])
}

fn deleted(stub: &Stub) -> Vec<String> {
    stub.asked().into_iter().filter_map(|asked| asked.strip_prefix("DELETE /v1/exports/").map(str::to_owned)).collect()
}

#[test]
fn all_are_shown_first_and_cancelled_with_confirm() {
    let stub = busy();
    let shown = run(&stub, &["cancel", "--all"]);
    assert_eq!(shown.code, Some(0), "{}", shown.all());
    assert!(
        shown.out.ends_with("4 exports would be cancelled: the same with `--confirm` cancels them\n"),
        "{}",
        shown.out
    );
    assert!(deleted(&stub).is_empty());
    let ran = run(&stub, &["cancel", "--all", "--confirm"]);
    assert_eq!(ran.code, Some(3), "{}", ran.all());
    assert_eq!(ran.out, "8 was not cancelled: export 8 has ended already: it is finished\ncancelled 3 exports\n");
    assert_eq!(deleted(&stub), ["8", "7", "6", "5"], "the newest first");
}

#[test]
fn a_state_and_names_say_which() {
    for (args, gids) in [
        (vec!["--state", "pending"], vec!["8", "7", "6"]),
        (vec!["tracker/*"], vec!["8", "7", "6", "5"]),
        (vec!["acme"], vec!["7", "5"]),
        (vec!["tracker/a*", "--state", "pending"], vec!["7"]),
        (vec!["6", "acme"], vec!["7", "6", "5"]),
        (vec!["nobody"], vec![]),
    ] {
        let stub = busy();
        run(&stub, &[&["cancel", "--confirm"], args.as_slice()].concat());
        assert_eq!(deleted(&stub), gids, "{args:?}");
    }
    let stub = busy();
    assert_eq!(run(&stub, &["cancel", "6", "7"]).ok(), "cancelled 2 exports\n", "each is named");
}

#[test]
fn what_cannot_be_meant_is_usage() {
    let stub = busy();
    for args in [
        &["cancel"][..],
        &["cancel", "--all", "7"],
        &["cancel", "--state", "finished"],
        &["cancel", "0x1"],
        &["cancel", "tracker/[", "--confirm"],
    ] {
        assert_eq!(run(&stub, args).code, Some(2), "{args:?}");
    }
    assert_eq!(deleted(&stub), Vec::<String>::new());
}

#[test]
fn nothing_to_cancel_is_no_failure() {
    let stub = Stub::start([(STARTED, Reply::json(&exports([]))), (PENDING, Reply::json(&exports([])))]);
    assert_eq!(run(&stub, &["cancel", "--all"]).ok(), "nothing to cancel\n");
    assert_eq!(run(&stub, &["cancel", "--all", "--confirm"]).ok(), "cancelled 0 exports\n");
}

fn gids(text: &str) -> Vec<u64> {
    let listed: Exports = serde_json::from_str(text).unwrap();
    listed.exports.iter().map(|export: &Export| export.gid.get()).collect()
}

#[test]
fn exports_are_listed_to_the_last_page_or_to_the_limit() {
    let page = |numbers: [u64; 2], next: Option<u64>| {
        Reply::json(&Exports { next: next.map(gid), ..exports(numbers.map(|number| pending(number, "acme"))) })
    };
    let stub = Stub::start([
        ("GET /v1/exports", page([7, 8], Some(7))),
        ("GET /v1/exports?before=7&limit=1000", page([5, 6], Some(5))),
        ("GET /v1/exports?before=5&limit=1000", page([3, 4], None)),
        ("GET /v1/exports?limit=3", page([7, 8], Some(7))),
        (
            "GET /v1/exports?before=7&limit=1",
            Reply::json(&Exports { next: Some(gid(6)), ..exports([pending(6, "acme")]) }),
        ),
    ]);
    let all = run(&stub, &["exports"]);
    assert!((3..=8).all(|number| all.out.contains(&format!("\n{number}  "))), "{}", all.all());
    assert!(!all.out.contains("older"), "{}", all.out);
    assert_eq!(gids(&run(&stub, &["exports", "--json"]).ok()), [3, 4, 5, 6, 7, 8]);
    let some = run(&stub, &["exports", "--limit", "3"]).ok();
    assert!(some.ends_with("these are the newest 3 exports: there are older ones\n"), "{some}");
    let json = run(&stub, &["exports", "--limit", "3", "--json"]).ok();
    assert_eq!(gids(&json), [6, 7, 8]);
    assert_eq!(serde_json::from_str::<Exports>(&json).unwrap().next, Some(gid(6)), "there are more");
}
