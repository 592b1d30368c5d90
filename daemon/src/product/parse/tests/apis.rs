//! Definitions of products whose archives the app makes itself.

use std::time::Duration;

use orgvault_archive::received::{Identity, Inner, MemberRule, Saying, TenantText};

use super::*;
use crate::product::{
    Products,
    api::{
        ApiExport, Auth, Condition, Download, DownloadFrom, Find, Gather, Item, JobPhase, Limits, List, Method, Next,
        Status, WhoAmI,
    },
};

const LEDGER: &str = include_str!("../../../../tests/it/fixtures/ledger.toml");

fn ledger(text: &str) -> Result<Definition, Problems> {
    parse(text, Path::new("ledger.toml"))
}

/// The sample with one piece of it replaced.
fn changed(from: &str, to: &str) -> String {
    assert_eq!(LEDGER.matches(from).count(), 1, "{from:?} is not there once");
    LEDGER.replace(from, to)
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

#[test]
fn every_key_of_an_api_arrives() {
    let definition = ledger(LEDGER).unwrap();
    assert_eq!((definition.name.as_str(), definition.measured_on.as_str()), ("ledger", "ledger 7.2"));
    assert_eq!(definition.organization.kind, "company");
    assert_eq!(definition.organization.default_kinds, ["company", "branch"]);
    let api = definition.api.unwrap();
    assert_eq!(api.base.as_deref(), Some("https://ledger.example/api/v7"));
    assert_eq!(api.auth, Auth::Header { name: "X-Ledger-Key".into(), prefix: "Key ".into() });
    let headers = [("Accept", "application/json"), ("X-Client", "orgvault")];
    assert_eq!(api.headers, headers.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(api.errors.sentence, ["/error/text", "/error"]);
    let not_ok = Condition { at: Some("/ok".into()), values: vec![json!(false)], ..Condition::default() };
    assert_eq!(api.errors.refused, Some(not_ok));
    let limits = Limits {
        requests: 30,
        per: Duration::from_secs(10),
        jobs: 2,
        between_jobs: Duration::from_secs(15),
        between_downloads: Duration::from_mins(1),
    };
    assert_eq!(api.limits, limits);
    let list = List {
        path: "/companies?size=50".into(),
        items: "/companies".into(),
        id: "/id".into(),
        name: "/title".into(),
        slug: Some("/short".into()),
        kind: Some("company".into()),
        next: Next::Token { pointer: "/next".into(), parameter: "after".into() },
    };
    assert_eq!(api.list, Some(list));
    assert_eq!(api.whoami, Some(WhoAmI { path: "/me".into(), name: texts(["/mail", "/name"]) }));
}

#[test]
fn every_key_of_a_job_arrives() {
    let api = ledger(LEDGER).unwrap().api.unwrap();
    let job = api.exports[0].job.as_ref().unwrap();
    assert_eq!(job.create.method, Method::Post);
    assert_eq!(job.create.path, "/companies/{organization}/exports?of={slug}");
    assert_eq!(
        job.create.body,
        Some(json!({"company": "{organization}", "parts": ["all", 1, true], "books": "{books}"}))
    );
    let gather = Gather {
        name: "books".into(),
        path: "/companies/{organization}/books".into(),
        items: "/books".into(),
        value: "/id".into(),
        next: Next::Page { parameter: "page".into() },
    };
    assert_eq!(job.gather, [gather]);
    assert_eq!((job.id.as_deref(), job.created_at.as_deref()), (Some("/id"), Some("/created")));
    let busy = [
        Condition { status: vec![409], says: Some("already".into()), ..Condition::default() },
        Condition {
            status: vec![403],
            at: Some("/error/code".into()),
            values: vec![json!("busy"), json!(7)],
            null: Some(false),
            says: None,
        },
    ];
    assert_eq!(job.busy, busy);
    let item = Item { items: "/exports".into(), id: "/id".into() };
    let status = Status { path: "/exports/{job}?of={organization}".into(), item: Some(item.clone()) };
    assert_eq!(job.status, Some(status));
    let path = "/companies/{organization}/exports".into();
    assert_eq!(job.find, Some(Find { path, item, created_at: "/created".into() }));
    assert_eq!((job.at_most, job.poll_every), (Duration::from_hours(3), Duration::from_secs(30)));
    assert_eq!(job.reason.as_deref(), Some("/error/text"));
    let phases: Vec<JobPhase> = job.states.iter().map(|state| state.is).collect();
    assert_eq!(phases, [JobPhase::Waiting, JobPhase::Waiting, JobPhase::Failed, JobPhase::Gone, JobPhase::Finished]);
    assert_eq!(job.states[0].when.values, [json!("queued"), json!(1), json!(false)]);
    assert_eq!((&job.states[1].when.status[..], &job.states[1].when.at), (&[202][..], &None));
    assert_eq!((job.states[2].when.null, job.states[2].when.at.as_deref()), (Some(false), Some("/failed_at")));
    assert_eq!(job.states[3].when.says.as_deref(), Some("expired"));
    assert_eq!(job.states[4].when.at.as_deref(), Some(""));
}

#[test]
fn every_key_of_a_download_and_its_content_arrives() {
    let api = ledger(LEDGER).unwrap().api.unwrap();
    let [json, tar, csv] = &api.exports[..] else { panic!("not three exports") };
    assert_eq!((json.format, json.gzip, &json.kinds[..]), (Format::Json, true, &texts(["company"])[..]));
    assert_eq!(json.omits, ["receipts", "passwords"]);
    let download = Download {
        from: DownloadFrom::Pointer("/link".into()),
        same_auth: true,
        hosts: texts(["files.ledger.example", "*.amazonaws.com"]),
        not_yet: vec![404, 409],
        gone: vec![410],
        dated: true,
    };
    assert_eq!(json.download, download);
    let content = &json.content;
    assert_eq!(
        (content.inner, content.section.as_deref(), content.id.as_deref()),
        (Inner::Rows, Some("kind"), Some("id"))
    );
    assert_eq!(content.references, ["company", "entries"]);
    let identity = Identity { section: Some("company".into()), pointer: "/id".into(), ..Identity::default() };
    assert_eq!(content.identity, [identity]);
    let identity = Identity {
        member: Some("*/company.json".into()),
        section: None,
        pointer: "/company/short".into(),
        or: texts(["/company/id"]),
        equals: TenantText::Slug,
        rows: Saying::Given,
    };
    assert_eq!((tar.content.inner, &tar.content.identity[..]), (Inner::Opaque, &[identity][..]));
    let entries = MemberRule {
        member: "*/entries_*.ndjson".into(),
        inner: Inner::Ndjson,
        section: Some("entries".into()),
        id: Some("id".into()),
    };
    assert_eq!((tar.content.members.len(), &tar.content.members[1]), (2, &entries));
    assert_eq!(tar.job.as_ref().map(|job| (job.states.len(), job.status.is_some())), Some((0, false)));
    assert_eq!(csv.download.from, DownloadFrom::Path("/branches/{organization}.csv".into()));
    assert_eq!((csv.job.as_ref(), csv.content.inner), (None, Inner::Csv));
}

#[test]
fn formats_and_their_archives_follow_from_the_exports() {
    let definition = ledger(LEDGER).unwrap();
    assert_eq!(definition.offered(), [Format::Json, Format::Tar, Format::Csv]);
    assert_eq!(definition.offered_to("company"), [Format::Json, Format::Tar]);
    assert_eq!(definition.offered_to("branch"), [Format::Tar, Format::Csv]);
    assert_eq!((definition.default_of("company"), definition.default_of("branch")), (Format::Json, Format::Tar));
    assert_eq!(definition.archives_of(Format::Csv), [None]);
    assert_eq!(definition.sections_of(Format::Tar, None).as_deref(), Some(&[][..]));
    assert_eq!(definition.sections_of(Format::Csv, None).as_deref(), Some(&[][..]));
    assert_eq!(
        (definition.sections_of(Format::Zip, None), definition.sections_of(Format::Csv, Some("x"))),
        (None, None)
    );
    let api = definition.api.unwrap();
    let csv = api.export("branch", Format::Csv).map(|export: &ApiExport| export.format);
    assert_eq!((csv, api.export("company", Format::Csv)), (Some(Format::Csv), None));
}

#[test]
fn what_an_api_leaves_out_has_its_default() {
    let small = "[product]\nname = \"small\"\nmeasured_on = \"1\"\nkind = \"api\"\n[api]\nauth = \"basic\"\n\
                 [[export]]\nformat = \"zip\"\ndownload = { path = \"/file\" }\n";
    let definition = ledger(small).unwrap();
    assert_eq!(
        (definition.organization.kind.as_str(), definition.formats.as_slice()),
        ("organization", &[Format::Zip][..])
    );
    assert!(definition.organization.formats.is_empty());
    let api = definition.api.unwrap();
    assert_eq!((api.base, api.auth, api.list, api.whoami), (None, Auth::Basic, None, None));
    assert_eq!(api.errors.sentence, ["/message", "/error", "/detail"]);
    assert_eq!((api.limits.requests, api.limits.per, api.limits.jobs), (60, Duration::from_mins(1), 4));
    let export = &api.exports[0];
    assert!(!export.gzip && !export.download.same_auth && !export.download.dated && export.omits.is_empty());
    assert_eq!(export.content.inner, Inner::Opaque);
    for (next, expected) in [
        ("\"link\"", Next::LinkHeader),
        ("{ pointer = \"/next\" }", Next::Pointer("/next".into())),
        ("{ page = \"page\" }", Next::Page { parameter: "page".into() }),
    ] {
        let text = changed("{ pointer = \"/next\", parameter = \"after\" }", next);
        assert_eq!(ledger(&text).unwrap().api.unwrap().list.unwrap().next, expected);
    }
}

#[test]
fn embedded_apis_have_what_a_source_needs() {
    let products = Products::embedded().unwrap();
    let apis = products.iter().filter_map(|(name, product)| Some((name, product.definition.api.as_ref()?)));
    for (name, api) in apis {
        for export in &api.exports {
            assert!(!export.omits.is_empty(), "{name} does not say what {} omits", export.format);
            if let Some(job) = &export.job {
                assert!(job.at_most >= job.poll_every * 2, "{name} {}", export.format);
            }
        }
    }
}
