//! What is wrong with the definition of an export API is said with its line.

use super::*;

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
    "#);
}

#[test]
fn what_is_wrong_with_lists_and_limits_is_said_with_its_line() {
    let said = said([
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
fn what_is_wrong_with_what_is_asked_is_said_with_its_line() {
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
    "#);
}

#[test]
fn what_is_wrong_with_the_states_of_a_job_is_said_with_its_line() {
    let said = said([
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
fn what_is_wrong_with_a_download_is_said_with_its_line() {
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
    "#);
}

#[test]
fn what_is_wrong_with_a_content_is_said_with_its_line() {
    let said = said([
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
