//! A product of the admin's own, whose API hands its files out without a job.

/// Rows in gzip, one object a line.
pub(crate) const LINES_IN_GZIP: &str = "[[export]]\nformat = \"json\"\ngzip = true\n[export.download]\npath = \"/files/{organization}\"\n\
     [export.content]\ninner = \"ndjson\"\n";
/// One array of rows, without a container.
pub(crate) const JSON: &str = "[[export]]\nformat = \"json\"\n[export.download]\npath = \"/files/{organization}\"\n\
     [export.content]\ninner = \"json\"\n";
/// A ZIP with a table.
pub(crate) const ZIP: &str = "[[export]]\nformat = \"zip\"\n[export.download]\npath = \"/files/{organization}\"\n\
     [[export.content.member]]\nmember = \"*.csv\"\ninner = \"csv\"\n";

/// The definition, whose limits hold up no test.
pub(crate) fn definition(auth: &str, export: &str) -> String {
    format!(
        "[product]\nname = \"direct\"\nkind = \"api\"\nmeasured_on = \"1\"\n[organization]\nkind = \"organization\"\n\
         [api]\nauth = {auth}\n[api.limits]\nrequests = 100000\nper = \"1s\"\njobs = 64\n{export}"
    )
}

/// Where the file of an organization is asked for.
pub(crate) fn route(organization: &str) -> String {
    format!("GET /files/{organization}")
}

/// The same by a job, of which there is one at a time.
pub(crate) const JOB: &str = "[[export]]\nformat = \"json\"\ngzip = true\n[export.content]\ninner = \"ndjson\"\n[export.download]\nurl = \"/url\"\n\
     [export.job]\ncreate = { path = \"/jobs/{organization}\" }\nid = \"/id\"\n\
     status = { path = \"/jobs/{organization}/{job}\" }\n\
     busy = [{ status = [403], says = \"in progress\" }]\npoll_every = \"1s\"\n\
     [[export.job.state]]\nis = \"waiting\"\nat = \"/state\"\nvalues = [\"pending\"]\n\
     [[export.job.state]]\nis = \"finished\"\nat = \"/state\"\nvalues = [\"done\"]\n";

/// The same where the app lists its jobs.
pub(crate) fn listed_job() -> String {
    let find = "find = { path = \"/jobs/{organization}\", items = \"/jobs\", id = \"/id\", created_at = \"/at\" }\n";
    JOB.replace("poll_every", &format!("{find}poll_every"))
}

/// A job without an id or a status: its file is not there until it is ready, and an older one may be there before.
pub(crate) const WITHOUT_STATUS: &str = "[[export]]\nformat = \"json\"\ngzip = true\n[export.content]\ninner = \"ndjson\"\n\
     [export.download]\npath = \"/export/{organization}/download\"\nnot_yet = [404]\ndated = true\n\
     [export.job]\ncreate = { path = \"/export/{organization}\" }\npoll_every = \"1s\"\n";
