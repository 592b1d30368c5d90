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

/// What is said about the sample with one thing changed, for each change.
fn said<const N: usize>(changes: [(&str, &str); N]) -> String {
    changes.map(|(from, to)| ledger(&changed(from, to)).unwrap_err().to_string()).join("\n--\n")
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
fn what_is_wrong_with_an_api_is_said_with_its_line() {
    let said = said([
        ("kind = \"api\"", ""),
        ("kind = \"api\"", "kind = \"database\""),
        ("kind = \"api\"", "kind = \"apis\""),
        ("base = \"https://ledger.example/api/v7/\"", "base = \"http://ledger.example/api\""),
        ("base = \"https://ledger.example/api/v7/\"", "base = \"https://me:pw@ledger.example\""),
        ("base = \"https://ledger.example/api/v7/\"", "base = \"ledger.example\""),
        ("base = \"https://ledger.example/api/v7/\"", "base = \"https://ledger.example/?a=b\""),
        ("auth = { header = \"X-Ledger-Key\", prefix = \"Key \" }", ""),
        ("auth = { header = \"X-Ledger-Key\", prefix = \"Key \" }", "auth = \"baerer\""),
        ("auth = { header = \"X-Ledger-Key\", prefix = \"Key \" }", "auth = { header = \"X Key\", prefx = \"\" }"),
        ("X-Client = \"orgvault\"", "authorization = \"Bearer x\""),
        ("X-Client = \"orgvault\"", "\"X Client\" = \"a\""),
        ("sentence = [\"/error/text\", \"/error\"]", "sentence = [\"error/text\", \"/err~or\"]"),
        ("refused = { at = \"/ok\", values = [false] }", "refused = { values = [false] }"),
        ("requests = 30", "requests = 0"),
        ("per = \"10s\"", "per = \"0s\""),
        ("path = \"/companies?size=50\"", "path = \"/companies/{organization}\""),
        ("path = \"/companies?size=50\"", "path = \"companies\""),
        ("next = { pointer = \"/next\", parameter = \"after\" }", "next = { page = \"a\", parameter = \"after\" }"),
        ("next = { pointer = \"/next\", parameter = \"after\" }", "next = { parameter = \"after\" }"),
        ("name = [\"/mail\", \"/name\"]", "name = []"),
        ("default_kinds = [\"company\", \"branch\"]", "default_kind = [\"company\"]"),
    ]);
    insta::assert_snapshot!(said, @r#"
    ledger.toml:2: product.kind: is missing (add `kind = "api"`)
    --
    ledger.toml:1: section: is missing (add a [[section]] for each stream of rows)
    ledger.toml:7: organization.list: is missing (add `list = ..`)
    ledger.toml:11: api: is for a product whose archives the app makes itself (write `kind = "api"` into [product], or leave it out)
    ledger.toml:40: export: is for a product whose archives the app makes itself (write `kind = "api"` into [product], or leave it out)
    --
    ledger.toml:4: product.kind: is "apis" (did you mean "api"? one of "database", "api")
    --
    ledger.toml:12: api.base: "http://ledger.example/api" would carry the token and the data in plain text (write https; plain http is only for this machine (127.0.0.1, [::1], localhost))
    --
    ledger.toml:12: api.base: holds a user or a password (each source has its token in a file)
    --
    ledger.toml:12: api.base: "ledger.example" is no URL of a web server (write it as "https://app.example/api/v1")
    --
    ledger.toml:12: api.base: "https://ledger.example/?a=b" has a query, a fragment or a brace (write it as "https://app.example/api/v1")
    --
    ledger.toml:11: api.auth: is missing (add `auth = ..`)
    --
    ledger.toml:13: api.auth: is "baerer" (did you mean "bearer"? one of "bearer", "basic")
    --
    ledger.toml:13: api.auth.header: "X Key" is no name of a header (write it as "PRIVATE-TOKEN")
    ledger.toml:13: api.auth.prefx: is no known key (did you mean `prefix`?)
    --
    ledger.toml:14: api.headers.authorization: is written by orgvault itself (leave it out; the token is in `auth`)
    --
    ledger.toml:14: api.headers.X Client: "X Client" is no name of a header (write it as `Accept = ".."`)
    --
    ledger.toml:17: api.errors.sentence: "error/text" is no JSON pointer (write it as "/data/gid", ~ as ~0 and / in a name as ~1)
    ledger.toml:17: api.errors.sentence: "/err~or" is no JSON pointer (write it as "/data/gid", ~ as ~0 and / in a name as ~1)
    --
    ledger.toml:18: api.errors.refused.values: says nothing of where the value is (add `at = "/data/state"`)
    --
    ledger.toml:21: api.limits.requests: is 0 (write an integer from 1 to 1000000, without quotes)
    --
    ledger.toml:22: api.limits.per: is zero (write a duration above zero, or leave it out)
    --
    ledger.toml:28: api.list.path: "/companies/{organization}" has a brace that stands for nothing (write it without braces)
    --
    ledger.toml:28: api.list.path: "companies" is no path (begin it with one /: it is below `base`)
    --
    ledger.toml:34: api.list.next.page: stands beside `pointer` or `parameter` (keep one way to the next page)
    --
    ledger.toml:34: api.list.next.pointer: is missing (add `pointer = ..`)
    --
    ledger.toml:38: api.whoami.name: is empty (write at least one pointer, such as "/message")
    --
    ledger.toml:9: organization.default_kind: is no known key (did you mean `default_kinds`?)
    "#);
}

#[test]
fn what_is_wrong_with_a_job_is_said_with_its_line() {
    let said = said([
        ("id = \"/id\"\ncreated_at = \"/created\"\nbusy", "created_at = \"/created\"\nbusy"),
        (
            "create = { path = \"/companies/{organization}/bundles\" }",
            "create = { path = \"/companies/{job}/bundles\" }",
        ),
        (
            "create = { path = \"/companies/{organization}/bundles\" }",
            "create = { path = \"/companies/{organisation}\", methd = \"PUT\" }",
        ),
        ("create = { path = \"/companies/{organization}/bundles\" }", "create = { method = \"PUT\", path = \"/a b\" }"),
        (
            "create = { path = \"/companies/{organization}/bundles\" }",
            "create = { method = \"GET\", path = \"/a\", body = {} }",
        ),
        ("parts = [\"all\", 1, true]", "parts = [\"{all}\", 1, true]"),
        ("parts = [\"all\", 1, true]", "parts = [1979-05-27]"),
        ("busy = [{ status = [409], says = \"already\" }, ", "busy = [{ status = [99] }, {}, { at = \"/a\" }, "),
        ("is = \"finished\"", "is = \"gone\""),
        ("is = \"finished\"", "is = \"finishd\""),
        ("values = [\"queued\", 1, false]", "values = []"),
        ("values = [\"queued\", 1, false]", "values = [[\"queued\"]]"),
        ("at = \"/failed_at\"\n", ""),
        ("poll_every = \"30s\"", "poll_every = 30"),
        (
            "find = { path = \"/companies/{organization}/exports\", items = \"/exports\", id = \"/id\", created_at = \"/created\" }",
            "find = { path = \"/companies/{organization}/exports\", items = \"/exports\" }",
        ),
    ]);
    insta::assert_snapshot!(said, @r#"
    ledger.toml:50: export.job.status: needs the id of the job, and nothing says where it is (add `id = ".."`, the pointer of the id in the answer to `create`)
    ledger.toml:51: export.job.find: needs the id of the job, and nothing says where it is (add `id = ".."`, the pointer of the id in the answer to `create`)
    --
    ledger.toml:110: export.job.create.path: "/companies/{job}/bundles" has a brace that stands for nothing (in braces there may be {organization} {slug})
    --
    ledger.toml:110: export.job.create.path: "/companies/{organisation}" has a brace that stands for nothing (in braces there may be {organization} {slug})
    ledger.toml:110: export.job.create.methd: is no known key (did you mean `method`?)
    --
    ledger.toml:110: export.job.create.method: is "PUT" (one of "POST", "GET")
    ledger.toml:110: export.job.create.path: "/a b" has ' ' (write it percent-encoded, as it goes over the wire)
    --
    ledger.toml:110: export.job.create.body: is in a GET, which has none (leave it out, or write `method = "POST"`)
    --
    ledger.toml:47: export.job.create.body: "{all}" has a brace that stands for nothing (in braces there may be {organization} {slug} {books})
    --
    ledger.toml:47: export.job.create.body: holds what JSON has not (write dates as strings; numbers must be finite and fit 64 bits)
    --
    ledger.toml:50: export.job.busy.status: is 99 (write an integer from 100 to 599, without quotes)
    ledger.toml:50: export.job.busy.status: is missing, and nothing else is asked (add `status`, `at` with `values`, or `says`)
    ledger.toml:50: export.job.busy.at: has no value to compare (add `values = [..]`, or `null = true` or `false`)
    --
    ledger.toml:63: export.job.state: has none that is `finished` (add [[export.job.state]] with `is = "finished"` and what the answer is then)
    --
    ledger.toml:63: export.job.state: has none that is `finished` (add [[export.job.state]] with `is = "finished"` and what the answer is then)
    ledger.toml:83: export.job.state.is: is "finishd" (did you mean "finished"? one of "waiting", "finished", "failed", "gone")
    --
    ledger.toml:66: export.job.state.values: is empty (write at least one value; for null there is `null = true`)
    --
    ledger.toml:66: export.job.state.values: is no single value (write strings, numbers, true or false)
    --
    ledger.toml:74: export.job.state.null: says nothing of where the value is (add `at = "/data/state"`)
    --
    ledger.toml:55: export.job.poll_every: is an integer, expected a string (write it as "90s")
    --
    ledger.toml:52: export.job.find.id: is missing (add `id = ..`)
    ledger.toml:52: export.job.find.created_at: is missing (add `created_at = ..`)
    "#);
}

#[test]
fn what_is_wrong_with_an_export_is_said_with_its_line() {
    let said = said([
        ("format = \"csv\"", "format = \"cvs\""),
        ("format = \"csv\"", "format = \"tar\""),
        ("format = \"csv\"", "format = \"zip\"\ngzip = true"),
        ("url = \"/link\"", "url = \"/link\"\npath = \"/x\""),
        ("url = \"/link\"", ""),
        ("path = \"/companies/{organization}/bundles/{slug}\"", "path = \"/bundles/{job}\""),
        ("path = \"/branches/{organization}.csv\"", "path = \"/branches/{job}.csv\", dated = true"),
        ("path = \"/branches/{organization}.csv\"", "url = \"/link\""),
        (
            "hosts = [\"files.ledger.example\", \"*.Amazonaws.com\"]",
            "hosts = [\"https://files.example\", \"*.\", \"*\"]",
        ),
        ("gone = [410]", "gone = [404]"),
        ("inner = \"rows\"", "inner = \"csv\""),
        ("inner = \"opaque\"", "inner = \"opaq\"\nsection = \"kind\""),
        ("member = \"*/company.json\"\npointer", "pointer"),
        ("section = \"company\"\npointer", "member = \"company.json\"\npointer"),
        ("equals = \"slug\"", "equals = \"title\""),
        ("inner = \"document\"", "inner = \"document\"\nid = \"id\""),
        ("member = \"*/entries_*.ndjson\"", "member = \"entries_[\""),
        (
            "references = [\"company\", \"entries\"]",
            "references = [\"company\"]\n[[export.content.member]]\nmember = \"a\"\ninner = \"json\"",
        ),
    ]);
    insta::assert_snapshot!(said, @r#"
    ledger.toml:136: export.format: is "cvs" (did you mean "csv"? one of "json", "csv", "zip", "seed", "seed-events", "tar")
    --
    ledger.toml:136: export.format: "tar" is the format of the export in line 106 already (choose another one, or other `kinds` for each)
    --
    ledger.toml:137: export.gzip: is not for a ZIP, whose members are compressed (leave it out)
    --
    ledger.toml:89: export.download.path: stands beside `url` (keep one of them)
    --
    ledger.toml:87: export.download.path: is missing (add `path = "/.."`, or `url = "/pointer/of/the/link"`)
    --
    ledger.toml:112: export.download: has {job} in its path, and nothing says where the id of the job is (add `id = ".."` to [export.job], the pointer of the id in the answer to `create`)
    --
    ledger.toml:138: export.download.path: "/branches/{job}.csv" has a brace that stands for nothing (in braces there may be {organization} {slug})
    ledger.toml:138: export.download.dated: compares the file with its job, and there is none (leave it out)
    --
    ledger.toml:138: export.download.url: is in the answer about a job, and there is none (add [export.job] with what asks for it, or write `path`)
    --
    ledger.toml:90: export.download.hosts: "https://files.example" is no name of a host (write a host as "files.example.com", or "*.example.com" for each below it)
    ledger.toml:90: export.download.hosts: "*." is no name of a host (write a host as "files.example.com", or "*.example.com" for each below it)
    ledger.toml:90: export.download.hosts: "*" is no name of a host (write a host as "files.example.com", or "*.example.com" for each below it)
    --
    ledger.toml:92: export.download.gone: has 404, which is in `not_yet` too (a status means one of the two)
    --
    ledger.toml:96: export.content.inner: does not fit `format = "json"` (change one of the two)
    --
    ledger.toml:116: export.content.inner: is "opaq" (one of "ndjson", "json", "rows", "document", "csv", "seed", "opaque")
    --
    ledger.toml:118: export.content.identity.member: is missing: the file holds members (add the name of the one that says whose it is)
    --
    ledger.toml:102: export.content.identity.member: is for containers (leave it out)
    --
    ledger.toml:122: export.content.identity.equals: is "title" (one of "id", "slug", "name")
    --
    ledger.toml:128: export.content.member.id: is a key of rows, and `document` has none of one section (leave it out)
    --
    ledger.toml:130: export.content.member.member: error parsing glob 'entries_[': unclosed character class; missing ']' (write a name, or a part of one with * (any text) and ?)
    --
    ledger.toml:100: export.content.member: is for containers, and json is none (leave it out, or write `format = "zip"` or `"tar"`)
    "#);
}

#[test]
fn what_is_for_a_database_is_refused_beside_an_api_and_the_other_way_round() {
    let more = "\n[encoding]\n[json]\n[zip]\n[scope]\n[table.t]\nreads = []\n[[section]]\n[[warning]]\n[[files]]\n";
    let product = "measured_on = \"ledger 7.2\"";
    let formats = changed(product, &format!("{product}\nformats = [\"json\"]\ndefault_format = \"csv\""))
        .replace("kind = \"company\"\ndefault_kinds", "list = \"SELECT 1\"\nformats = {}\ndefault_kinds");
    let said = [
        ledger(&format!("{LEDGER}{more}")).unwrap_err().to_string(),
        ledger(&formats).unwrap_err().to_string(),
        problems(&format!("{TRACKER}\n[api]\nauth = \"bearer\"\n[[export]]\nformat = \"json\"\n")),
    ];
    insta::assert_snapshot!(said.join("\n--\n"), @r#"
    ledger.toml:140: encoding: is for a product whose database is read (leave it out: [[export]] says what the app makes)
    ledger.toml:141: json: is for a product whose database is read (leave it out: [[export]] says what the app makes)
    ledger.toml:142: zip: is for a product whose database is read (leave it out: [[export]] says what the app makes)
    ledger.toml:143: scope: is for a product whose database is read (leave it out: [[export]] says what the app makes)
    ledger.toml:144: table: is for a product whose database is read (leave it out: [[export]] says what the app makes)
    ledger.toml:146: section: is for a product whose database is read (leave it out: [[export]] says what the app makes)
    ledger.toml:147: warning: is for a product whose database is read (leave it out: [[export]] says what the app makes)
    ledger.toml:148: files: is for a product whose database is read (leave it out: [[export]] says what the app makes)
    --
    ledger.toml:6: product.formats: follows from the exports (leave it out: the first [[export]] is the default)
    ledger.toml:7: product.default_format: follows from the exports (leave it out: the first [[export]] is the default)
    ledger.toml:10: organization.list: is a query, and there is no database (write [api.list], or let each source name its organizations)
    ledger.toml:11: organization.formats: follows from the exports (write `kinds = [..]` into the [[export]])
    --
    tracker.toml:85: api: is for a product whose archives the app makes itself (write `kind = "api"` into [product], or leave it out)
    tracker.toml:87: export: is for a product whose archives the app makes itself (write `kind = "api"` into [product], or leave it out)
    "#);
}

#[test]
fn all_problems_of_an_api_are_said_at_once() {
    let text = LEDGER.replace("pointer = ", "poiter = ").replace("is = ", "as = ").replace("format = ", "fromat = ");
    let said = ledger(&text).unwrap_err().to_string();
    assert_eq!(said.lines().filter(|line| line.contains("identity.pointer: is missing")).count(), 2, "{said}");
    assert_eq!(said.lines().filter(|line| line.contains("state.is: is missing")).count(), 5, "{said}");
    assert_eq!(said.lines().filter(|line| line.contains("did you mean `format`?")).count(), 3, "{said}");
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
