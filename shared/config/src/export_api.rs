//! What a `[[source]]` says that is an export API, and no database.

use std::{path::PathBuf, time::Duration};

use crate::{
    Environment, Token,
    checked_toml::{Table, Unique, Value},
    target,
    values::{absolute_path, hosts, some_duration},
};

/// The keys that a database has not.
const KEYS: [&str; 6] = ["token_file", "token_credential", "organizations", "download_hosts", "ca_file", "at_most"];

/// How an export API is reached, beside what its product's definition says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportApi {
    /// Where it is, without a slash at its end: instead of the definition's `base`.
    pub url: Option<String>,
    /// How it knows us.
    pub token: Token,
    /// The ids of the organizations, where the API does not list them; the only ones where it does. Empty means
    /// all that it lists.
    pub organizations: Vec<String>,
    /// The hosts that may hand out files: instead of the definition's.
    pub download_hosts: Option<Vec<String>>,
    /// PEM certificates that are trusted instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// How long one of its jobs may take: instead of the definition's `at_most`.
    pub at_most: Option<Duration>,
}

/// Whether a source says something that only an export API has.
pub(super) fn is_one(table: &Table<'_>) -> bool {
    let is_web =
        |value: &Value<'_>| value.as_text().map(|url| url.starts_with("http://") || url.starts_with("https://"));
    KEYS.iter().any(|key| table.has(key)) || table.optional("url", is_web) == Some(true)
}

/// Reads what it says; none where something is wrong, which was noted.
pub(super) fn read(table: &Table<'_>, environment: &Environment) -> Option<ExportApi> {
    let url = table.optional("url", target::url);
    let token = target::token(table, environment);
    let organizations = table.or("organizations", Vec::new(), organizations);
    let download_hosts = table.optional("download_hosts", hosts);
    let ca_file = table.optional("ca_file", absolute_path);
    let at_most = table.optional("at_most", some_duration);
    for key in ["url_file", "url_credential"] {
        if table.has(key) {
            table.refuse(key, "is for a database", "the url of an export API holds no secret: write it as `url`");
        }
    }
    Some(ExportApi { url, token: token?, organizations, download_hosts, ca_file, at_most })
}

fn organizations(value: &Value<'_>) -> Option<Vec<String>> {
    let mut ids = Unique::new("organization");
    let read = value.each(|element| ids.check(element, element.some_text()?))?;
    if read.is_empty() {
        return value.refuse("is empty", "write the id of at least one organization");
    }
    Some(read)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

    use crate::{Config, Environment, SourceConfig};

    fn parse(lines: &str) -> Result<SourceConfig, String> {
        let directory = tempfile::tempdir().unwrap();
        for (name, mode) in [("token", 0o640), ("public", 0o644)] {
            fs::write(directory.path().join(name), "hunter2\n").unwrap();
            fs::set_permissions(directory.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        let file = directory.path().join("config.toml");
        let environment = Environment { file, credentials: Some(directory.path().to_owned()), config_is_public: true };
        let text = format!("[[source]]\nname = \"work\"\nproduct = \"asana\"\n{lines}\n");
        let read = Config::parse(&text, &environment);
        read.map(|mut config| config.sources.remove(0))
            .map_err(|problems| problems.to_string().replace(&directory.path().display().to_string(), ""))
    }

    #[test]
    fn a_token_is_enough() {
        for key in ["token_file", "token_credential"] {
            let source = parse(&format!("{key} = \"token\"")).unwrap();
            assert!(!format!("{source:?}").contains("hunter2"));
            let api = source.api.unwrap();
            assert_eq!((api.token.reveal(), api.url, api.organizations.len()), ("hunter2", None, 0));
            assert_eq!((api.download_hosts, api.ca_file, api.at_most), (None, None, None));
        }
    }

    #[test]
    fn every_key_is_read() {
        let api = parse(
            "token_file = \"token\"\nurl = \"http://127.0.0.1:80/api/\"\norganizations = [\"1\", \"a/b\"]\n\
             download_hosts = [\"127.0.0.1\", \"*.Files.example\"]\nca_file = \"/ca.pem\"\nat_most = \"2h\"",
        );
        let api = api.unwrap().api.unwrap();
        assert_eq!(api.url.as_deref(), Some("http://127.0.0.1:80/api"));
        assert_eq!(api.organizations, ["1", "a/b"]);
        assert_eq!(api.download_hosts.unwrap(), ["127.0.0.1", "*.files.example"]);
        assert_eq!((api.ca_file.unwrap().to_str(), api.at_most), (Some("/ca.pem"), Some(Duration::from_hours(2))));
    }

    #[test]
    fn what_is_wrong_is_said_and_the_token_is_not() {
        for (lines, said) in [
            ("url = \"https://app.example\"", "source.token_file: is missing"),
            ("organizations = [\"1\"]", "source.token_file: is missing"),
            ("token_file = \"public\"", "every user can read it"),
            ("token_file = \"token\"\ntoken_credential = \"token\"", "is there beside `token_file`"),
            ("token_file = \"token\"\nurl = \"http://app.example\"", "in plain text"),
            ("token_file = \"token\"\nurl = \"https://u:hunter2@app.example\"", "holds a user or a password"),
            ("token_file = \"token\"\nurl = \"postgres:///x\"", "no URL"),
            ("token_file = \"token\"\nurl_file = \"token\"", "is for a database"),
            ("token_file = \"token\"\norganizations = []", "is empty"),
            ("token_file = \"token\"\norganizations = [\"1\", \"1\"]", "already"),
            ("token_file = \"token\"\ndownload_hosts = [\"https://x\"]", "is no name of a host"),
            ("token_file = \"token\"\nca_file = \"ca.pem\"", "is no absolute path"),
            ("token_file = \"token\"\nat_most = \"0s\"", "is zero"),
            ("token = \"hunter2\"\ntoken_file = \"token\"", "source.token: is no known key"),
        ] {
            let problems = parse(lines).expect_err(lines);
            assert!(problems.contains(said), "{lines}: {problems}");
            assert!(!problems.contains("hunter2"), "{problems}");
        }
    }
}
