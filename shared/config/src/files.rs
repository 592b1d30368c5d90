//! `files` of a source: where the app keeps its files.

use std::{fmt, path::PathBuf};

use hyper::Uri;

use super::{
    Environment, Variables,
    values::{absolute_path, is_loopback},
    variables,
};
use crate::checked_toml::{Table, Value};

const SCHEME: &str = "s3://";
/// Where the key of a bucket may stand; never in the configuration itself.
const KEYS: [&str; 2] = ["files_environment_file", "files_environment_credential"];
/// Names such as the two might have.
const EXAMPLES: [&str; 2] = ["uploads.env", "uploads-env"];

/// Where the files of an app are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilesPlace {
    /// A folder of this machine, absolute.
    Folder(PathBuf),
    /// A bucket.
    Bucket(Bucket),
}

/// A bucket of S3, or of a server that speaks as it does; shown as `s3://bucket/prefix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What the keys of the files begin with, without a slash at either end.
    pub prefix: String,
    /// Its server and key, by the names of the usual variables: `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, …
    pub variables: Variables,
    /// Whether the admin trusts the network, so that the server may be asked without TLS.
    pub is_network_trusted: bool,
}

impl Bucket {
    /// Whether a server with this address may be asked: plain http only on this machine, or where the network is
    /// trusted.
    #[must_use]
    pub fn may_ask(&self, endpoint: &str) -> bool {
        let Ok(uri) = endpoint.parse::<Uri>() else { return true };
        self.is_network_trusted || uri.scheme_str() != Some("http") || uri.host().is_some_and(is_loopback)
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        write!(f, "{SCHEME}{}{slash}{}", self.name, self.prefix)
    }
}

/// `files`, and what belongs to it.
pub(super) fn read(table: &Table<'_>, environment: &Environment, is_network_trusted: bool) -> Option<FilesPlace> {
    let variables = variables::read_as(table, environment, KEYS, EXAMPLES)?;
    let place = table.optional("files", |value| place(value, variables, is_network_trusted));
    if !matches!(place, Some(FilesPlace::Bucket(_)))
        && let Some(key) = KEYS.into_iter().find(|key| table.has(key))
        && (place.is_some() || !table.has("files"))
    {
        table.refuse(key, "is of no use without a bucket", "write `files = \"s3://bucket/prefix\"`, or remove it");
    }
    place
}

fn place(value: &Value<'_>, variables: Variables, is_network_trusted: bool) -> Option<FilesPlace> {
    let Some(rest) = value.text_as("/srv/uploads")?.strip_prefix(SCHEME) else {
        return absolute_path(value).map(FilesPlace::Folder);
    };
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if name.is_empty() || !name.bytes().all(fits) {
        return value.refuse(format!("{name:?} is no bucket"), "write it as \"s3://bucket/prefix\"");
    }
    let prefix = prefix.trim_matches('/');
    if prefix.split('/').any(|part| matches!(part, "." | "..") || part.is_empty() && !prefix.is_empty()) {
        return value.refuse(format!("{prefix:?} is no prefix"), "write it without `..` and without empty parts");
    }
    let (name, prefix) = (name.to_owned(), prefix.to_owned());
    Some(FilesPlace::Bucket(Bucket { name, prefix, variables, is_network_trusted }))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

    use super::*;
    use crate::Config;

    const SECRET: &str = "AWS_SECRET_ACCESS_KEY=hunter2\n";

    /// What a source with these lines has, or what is wrong with it.
    fn read(lines: &str) -> Result<Option<FilesPlace>, String> {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("key.env"), SECRET).unwrap();
        fs::set_permissions(directory.path().join("key.env"), fs::Permissions::from_mode(0o640)).unwrap();
        let file = directory.path().join("config.toml");
        let environment = Environment { file, ..Environment::default() };
        let text = format!("[[source]]\nname = \"app\"\nproduct = \"rytask\"\nurl = \"sqlite:///app.db\"\n{lines}\n");
        let config = Config::parse(&text, &environment).map_err(|problems| problems.to_string())?;
        Ok(config.sources.into_iter().next().unwrap().files)
    }

    #[test]
    fn files_are_in_a_folder_or_in_a_bucket() {
        assert_eq!(read(""), Ok(None));
        assert_eq!(
            read("files = \"/srv/uploads\""),
            Ok(Some(FilesPlace::Folder(Path::new("/srv/uploads").to_owned())))
        );
        for (text, name, prefix) in
            [("s3://files", "files", ""), ("s3://files/", "files", ""), ("s3://my.files/a b/c/", "my.files", "a b/c")]
        {
            let lines = format!("files = \"{text}\"\nfiles_environment_file = \"key.env\"\ntls = \"as-url\"");
            let Ok(Some(FilesPlace::Bucket(bucket))) = read(&lines) else { panic!("{text}") };
            assert_eq!((bucket.name.as_str(), bucket.prefix.as_str(), bucket.is_network_trusted), (name, prefix, true));
            assert_eq!(bucket.variables.reveal().collect::<Vec<_>>(), [("AWS_SECRET_ACCESS_KEY", "hunter2")]);
            assert!(!format!("{bucket:?}").contains("hunter2"));
        }
        for (lines, said) in [
            ("files = \"uploads\"", "source.files: \"uploads\" is no absolute path"),
            ("files = \"s3://\"", "source.files: \"\" is no bucket"),
            ("files = \"s3://a b/c\"", "source.files: \"a b\" is no bucket"),
            ("files = \"s3://a/../b\"", "source.files: \"../b\" is no prefix"),
            ("files = \"s3://a/b//c\"", "source.files: \"b//c\" is no prefix"),
            ("files_environment_file = \"key.env\"", "source.files_environment_file: is of no use without a bucket"),
            (
                "files = \"/srv\"\nfiles_environment_file = \"key.env\"",
                "source.files_environment_file: is of no use without a bucket",
            ),
        ] {
            let problems = read(lines).unwrap_err();
            assert!(problems.contains(said) && problems.lines().count() == 1, "{lines}: {problems}");
        }
    }

    #[test]
    fn plain_http_leaves_this_machine_only_where_the_network_is_trusted() {
        let bucket = |is_network_trusted| {
            let (name, prefix, variables) = ("files".to_owned(), String::new(), Variables::default());
            Bucket { name, prefix, variables, is_network_trusted }
        };
        for (endpoint, may) in [
            ("https://s3.example", true),
            ("http://127.0.0.1:9000", true),
            ("http://[::1]:9000/x", true),
            ("http://localhost", true),
            ("http://minio:9000", false),
            ("HTTP://minio", false),
        ] {
            assert_eq!(bucket(false).may_ask(endpoint), may, "{endpoint}");
            assert!(bucket(true).may_ask(endpoint));
        }
        assert_eq!(bucket(false).to_string(), "s3://files");
    }
}
