//! `[[target]]`: running instances of apps to which archives can be sent, and databases into which they go back.

use std::{fmt, path::PathBuf, time::Duration};

use hyper::Uri;

use super::{
    Environment, SecretUrl, Tls, Variables,
    secret::{SecretFile, read_url},
    values::{absolute_path, is_loopback, name, some_duration},
    variables,
};
use crate::checked_toml::{Table, Unique, Value};
use orgvault_api::units;
use orgvault_products::{ImportApi, PRODUCTS};

/// Where the token may stand; never in the configuration itself.
const TOKEN_KEYS: [&str; 2] = ["token_file", "token_credential"];
/// The kinds of databases.
const DATABASES: [(&str, DatabaseKind); 2] = [("postgres", DatabaseKind::Postgres), ("sqlite", DatabaseKind::Sqlite)];
/// What a target's command is given the archive's path for.
pub const FILE_PLACEHOLDER: &str = "{file}";
/// One target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetConfig {
    /// What `orgvault send --to` names: `[a-z0-9-]`, at most 40.
    pub name: String,
    /// How it takes archives.
    pub kind: TargetKind,
    /// How long it may do nothing: take no byte, give no answer. For a job over there, or a
    /// command here: how long it may run.
    pub timeout: Duration,
}

/// How a target takes archives. `Debug` shows nothing that may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum TargetKind {
    /// The import API of an app.
    App(Instance),
    /// A database into which organizations are put back.
    Database(TargetDatabase),
    /// A command on this machine.
    Command {
        /// The program and its arguments; `{file}` stands for the archive's path.
        argv: Vec<String>,
        /// What it is given in its environment.
        environment: Variables,
        /// Whose archives it takes: of this product and no other; of all where it is not said.
        product: Option<String>,
    },
}

impl fmt::Debug for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App(instance) => instance.fmt(f),
            Self::Database(database) => database.fmt(f),
            Self::Command { argv, environment, product } => f
                .debug_struct("Command")
                .field("program", &argv.first())
                .field("environment", environment)
                .field("product", product)
                .finish_non_exhaustive(),
        }
    }
}

impl TargetKind {
    /// Its name in the configuration.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::App(instance) => instance.product,
            Self::Database(database) => database.kind.name(),
            Self::Command { .. } => "command",
        }
    }
}

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseKind {
    /// On a PostgreSQL server.
    Postgres,
    /// An SQLite file.
    Sqlite,
}

impl DatabaseKind {
    /// Its name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }
}

/// A database that takes rows back, with a role that may write them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetDatabase {
    /// What kind of database it is.
    pub kind: DatabaseKind,
    /// Where, and as whom.
    pub url: SecretUrl,
    /// How much TLS a connection over the network must have; nothing to a file.
    pub tls: Tls,
    /// For each lock that somebody else holds.
    pub lock_timeout: Duration,
}

/// A running instance of an app that takes archives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Of which product.
    pub product: &'static str,
    /// Where.
    pub server: Server,
    /// The id of the organization over there that takes the data, where the product wants one.
    pub organization: Option<String>,
    /// The most time entries that it has time for in one upload, where there is such a limit.
    pub max_entries: Option<u64>,
}

/// An HTTP server, and how it knows us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// `https://app.example`, without a slash at its end; plain `http` only on this machine.
    pub url: String,
    /// What is sent as `Authorization: Bearer`.
    pub token: Token,
    /// PEM certificates that are trusted instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// For the connection.
    pub connect_timeout: Duration,
    /// The most bytes that it takes in one upload.
    pub max_upload: u64,
}

/// A secret that never shows in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Wraps a token.
    #[must_use]
    pub fn new(token: String) -> Self {
        Self(token)
    }

    /// The token itself: only for sending.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[derive(Clone, Copy)]
enum Kind {
    App(&'static str, ImportApi),
    Database(DatabaseKind),
    Command,
}

/// Reads one target; none where something is wrong, which was noted.
pub(super) fn read(table: &Table<'_>, environment: &Environment, names: &mut Unique) -> Option<TargetConfig> {
    let name = table.required("name", |value| names.check(value, name(value)?));
    let apps = PRODUCTS.iter().filter_map(|product| Some((product.name, Kind::App(product.name, product.import_api?))));
    let databases = DATABASES.map(|(name, kind)| (name, Kind::Database(kind)));
    let kinds: Vec<_> = apps.chain(databases).chain([("command", Kind::Command)]).collect();
    let kind = table.required("kind", |value| value.one_of(&kinds));
    let timeout = table.or("timeout", Duration::from_mins(10), some_duration);
    let kind = match kind {
        Some(Kind::App(product, api)) => {
            let organization = api.into_organization.then(|| table.required("organization", uuid));
            let most = |value: &Value<'_>| value.integer(1..=1_000_000_000);
            let max_entries = api.usual_entries.map(|usual| table.or("max_entries", usual, most));
            let server = server(table, environment, api.usual_upload)?;
            // One that is wanted and not there was noted.
            let organization = if api.into_organization { Some(organization.flatten()?) } else { None };
            TargetKind::App(Instance { product, server, organization, max_entries })
        }
        Some(Kind::Database(kind)) => TargetKind::Database(database(table, environment, kind)?),
        Some(Kind::Command) => {
            let argv = table.required("argv", argv);
            let environment = variables::read(table, environment);
            let product = table.optional("product", product);
            TargetKind::Command { argv: argv?, environment: environment?, product }
        }
        None => {
            // Which keys there may be hangs on the kind: none of them is called unknown.
            table.knows(&TOKEN_KEYS);
            table.knows(&variables::KEYS);
            table.knows(&[
                "organization",
                "url",
                "ca_file",
                "connect_timeout",
                "max_upload",
                "argv",
                "product",
                "max_entries",
                "tls",
                "lock_timeout",
            ]);
            return None;
        }
    };
    Some(TargetConfig { name: name?, kind, timeout })
}

fn database(table: &Table<'_>, environment: &Environment, kind: DatabaseKind) -> Option<TargetDatabase> {
    let url = read_url(table, environment);
    let tls = match kind {
        DatabaseKind::Postgres => table.or("tls", Tls::VerifyFull, |value| value.one_of(&Tls::NAMES)),
        DatabaseKind::Sqlite => Tls::AsUrl,
    };
    let lock_timeout = table.or("lock_timeout", Duration::from_secs(10), some_duration);
    let url = url?;
    if url.reveal().starts_with("sqlite:") != (kind == DatabaseKind::Sqlite) {
        let fix = "write `sqlite:///path` for the kind sqlite, and `postgres://..` for the kind postgres";
        table.refuse("url", format!("is of another database than the kind {}", kind.name()), fix);
        return None;
    }
    Some(TargetDatabase { kind, url, tls, lock_timeout })
}

fn server(table: &Table<'_>, environment: &Environment, usual_upload: u64) -> Option<Server> {
    let url = table.required("url", url);
    let token = token(table, environment);
    let ca_file = table.optional("ca_file", absolute_path);
    let connect_timeout = table.or("connect_timeout", Duration::from_secs(10), some_duration);
    let max_upload = table.or("max_upload", usual_upload, size);
    Some(Server { url: url?, token: token?, ca_file, connect_timeout, max_upload })
}

/// An address whose server proves its name, or one that never leaves this machine.
pub(super) fn url(value: &Value<'_>) -> Option<String> {
    let text = value.text_as("https://app.example")?;
    let form = "write it as \"https://app.example\"";
    let Ok(uri) = text.parse::<Uri>() else { return value.refuse(format!("{text:?} is no URL"), form) };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return value.refuse(format!("{text:?} is no URL"), form);
    };
    if authority.as_str().contains('@') {
        return value.refuse("holds a user or a password", "keep the token in a token_file");
    }
    if text.contains(['?', '#']) {
        return value.refuse(format!("{text:?} has a query or a fragment"), form);
    }
    match scheme {
        "https" => {}
        "http" if is_loopback(authority.host()) => {}
        "http" => {
            return value.refuse(
                format!("{text:?} would carry the token and the data in plain text"),
                "write https; plain http is only for this machine (127.0.0.1, [::1], localhost)",
            );
        }
        _ => return value.refuse(format!("{text:?} is no URL of a web server"), form),
    }
    Some(text.trim_end_matches('/').to_owned())
}

fn uuid(value: &Value<'_>) -> Option<String> {
    let text = value.text_as("018f3c1e-0000-7000-8000-00000000000b")?;
    let dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let fits = |(at, byte): (usize, u8)| if dash(at) { byte == b'-' } else { byte.is_ascii_hexdigit() };
    if text.len() == 36 && text.bytes().enumerate().all(fits) {
        return Some(text.to_ascii_lowercase());
    }
    value.refuse(format!("{text:?} is no id"), "copy the organization's id out of the address of its page")
}

/// The name of a product: which ones there are, the definitions know.
fn product(value: &Value<'_>) -> Option<String> {
    let text = value.text_as("trueppm")?;
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if plain && !text.is_empty() {
        return Some(text.to_owned());
    }
    value.refuse(format!("{text:?} is no name of a product"), "write the `name` of its definition, such as \"trueppm\"")
}

/// A size above zero.
fn size(value: &Value<'_>) -> Option<u64> {
    match units::parse_size(value.text_as("100 MiB")?) {
        Ok(0) => value.refuse("is zero", "write a size above zero"),
        Ok(size) => Some(size),
        Err(error) => value.refuse(error.to_string(), "such as \"100 MiB\""),
    }
}

fn argv(value: &Value<'_>) -> Option<Vec<String>> {
    let argv = value.each(|element| element.text().map(str::to_owned))?;
    let fix = format!("write [\"/path/of/the/program\", \"argument\", \"{FILE_PLACEHOLDER}\"]");
    match argv.first() {
        None => value.refuse("names no program", fix),
        Some(program) if !program.starts_with('/') => {
            value.refuse(format!("{program:?} is no absolute path: no search path is used"), fix)
        }
        Some(_) if !argv.iter().skip(1).any(|argument| argument.contains(FILE_PLACEHOLDER)) => {
            value.refuse(format!("has no {FILE_PLACEHOLDER}, so the program would not know the archive"), fix)
        }
        Some(_) if argv.iter().any(|argument| argument.contains('\0')) => value.refuse("holds a NUL", fix),
        Some(_) => Some(argv),
    }
}

/// Reads the one of `token_file` and `token_credential` that is there.
pub(super) fn token(table: &Table<'_>, environment: &Environment) -> Option<Token> {
    let kept = SecretFile { keys: TOKEN_KEYS, examples: ["app.token", "app-token"], what: "the token", checked };
    kept.read(table, environment, || {
        table.refuse("token_file", "is missing", "add `token_file = ..` or `token_credential = ..`");
        None
    })
}

/// One line that fits a header. Its text is never shown.
fn checked(value: &Value<'_>, text: &str, place: &str) -> Option<Token> {
    let token = text.trim_end_matches(['\n', '\r']);
    if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some(Token::new(token.to_owned()));
    }
    let reason = if token.is_empty() { "is empty" } else { "holds more than one token of visible ASCII" };
    value.refuse(format!("{place}: {reason}"), "write the token into it, and nothing else")
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, path::Path};

    use super::*;
    use crate::Config;

    fn write(directory: &Path, name: &str, text: &str, mode: u32) {
        fs::write(directory.join(name), text).unwrap();
        fs::set_permissions(directory.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn parse(text: &str) -> Result<Config, String> {
        let directory = tempfile::tempdir().unwrap();
        for (name, text, mode) in [
            ("token", "hunter2\r\n", 0o640),
            ("public", "hunter2", 0o644),
            ("empty", "\n", 0o600),
            ("two", "hunter2\nhunter2\n", 0o600),
            ("env", "PASSWORD=hunter2\n", 0o640),
        ] {
            write(directory.path(), name, text, mode);
        }
        let file = directory.path().join("config.toml");
        let environment = Environment { file, credentials: Some(directory.path().to_owned()), config_is_public: true };
        Config::parse(text, &environment)
            .map_err(|problems| problems.to_string().replace(&directory.path().display().to_string(), ""))
    }

    fn with(url: &str) -> String {
        format!("[[target]]\nname = \"a\"\nkind = \"trueppm\"\ntoken_file = \"token\"\nurl = {url:?}\n")
    }

    #[test]
    fn each_kind_has_its_keys_and_defaults() {
        let organization = "018F3C1E-0000-7000-8000-00000000000b";
        let text = format!(
            "{}[[target]]\nname = \"b\"\nkind = \"solidtime\"\nurl = \"https://b\"\ntoken_credential = \"token\"\n\
             organization = {organization:?}\n[[target]]\nname = \"c\"\nkind = \"command\"\nargv = [\"/bin/x\", \"{{file}}\", \"hunter2\"]\n\
             environment_credential = \"env\"\n",
            with("http://127.0.0.1:8000/plans/")
        );
        let targets = parse(&text).unwrap().targets;
        let TargetKind::App(Instance { server, .. }) = &targets[0].kind else { panic!("{targets:?}") };
        assert_eq!((server.url.as_str(), server.max_upload), ("http://127.0.0.1:8000/plans", 5 << 20));
        let TargetKind::App(Instance { max_entries, .. }) = &targets[1].kind else { panic!("{targets:?}") };
        assert_eq!(*max_entries, Some(150_000));
        let TargetKind::App(Instance { server, organization: id, .. }) = &targets[1].kind else {
            panic!("{targets:?}")
        };
        assert_eq!((server.token.reveal(), server.max_upload), ("hunter2", 100 << 20));
        assert_eq!(*id, Some(organization.to_lowercase()));
        let TargetKind::Command { argv, environment, product } = &targets[2].kind else { panic!("{targets:?}") };
        assert_eq!(*product, None, "of every product, where it is not said");
        assert_eq!((argv.len(), environment.reveal().next()), (3, Some(("PASSWORD", "hunter2"))));
        assert_eq!(
            targets.iter().map(|target| target.kind.name()).collect::<Vec<_>>(),
            ["trueppm", "solidtime", "command"]
        );
        assert!(!format!("{targets:?}").contains("hunter2"));
    }

    #[test]
    fn a_database_has_the_url_of_its_kind() {
        let with = |kind: &str, url: &str, more: &str| {
            parse(&format!("[[target]]\nname = \"a\"\nkind = {kind:?}\nurl = {url:?}\n{more}"))
        };
        let target = with("sqlite", "sqlite:///var/lib/app/app.db", "lock_timeout = \"3s\"").unwrap().targets.remove(0);
        let TargetKind::Database(database) = &target.kind else { panic!("{target:?}") };
        assert_eq!((database.kind, target.kind.name()), (DatabaseKind::Sqlite, "sqlite"));
        assert_eq!(database.lock_timeout, Duration::from_secs(3));
        assert!(with("postgres", "postgres:///app", "tls = \"as-url\"").is_ok());
        for (kind, url, more, said) in [
            ("sqlite", "postgres:///app", "", "another database than the kind sqlite"),
            ("postgres", "sqlite:///app.db", "", "another database than the kind postgres"),
            ("sqlite", "sqlite:///app.db", "tls = \"as-url\"", "tls"),
        ] {
            let problems = with(kind, url, more).unwrap_err();
            assert!(problems.contains(said), "{problems}");
        }
    }

    #[test]
    fn plain_http_is_only_for_this_machine() {
        for url in [
            "https://app.example",
            "https://app.example:8443/sub",
            "http://localhost",
            "http://127.0.0.9:80",
            "http://[::1]:8000",
        ] {
            assert!(parse(&with(url)).is_ok(), "{url}");
        }
        for (url, said) in [
            ("http://app.example", "in plain text"),
            ("http://127.0.0.1.example", "in plain text"),
            ("http://localhost.example", "in plain text"),
            ("http://0.0.0.0", "in plain text"),
            ("https://u:hunter2@app.example", "holds a user or a password"),
            ("http://127.0.0.1@app.example", "holds a user or a password"),
            ("https://app.example?x=1", "has a query"),
            ("https://app.example#x", "has a query"),
            ("ftp://app.example", "no URL of a web server"),
            ("app.example", "is no URL"),
            ("/app", "is no URL"),
            ("", "is no URL"),
        ] {
            let problems = parse(&with(url)).unwrap_err();
            assert!(problems.contains(said), "{url}: {problems}");
            assert!(!problems.contains("hunter2"), "{problems}");
        }
    }

    #[test]
    fn every_problem_of_a_target_is_said() {
        let texts = [
            "name = \"A b\"\nkind = \"solidtme\"\nurl = \"https://x\"\nargv = 5\nulr = 1",
            "name = \"a\"\nkind = \"solidtime\"\nurl = \"https://x\"",
            "name = \"a\"\nkind = \"solidtime\"\norganization = \"acme\"\nurl = \"https://x\"\ntoken_file = \"public\"",
            "name = \"b\"\nkind = \"trueppm\"\nurl = \"https://x\"\ntoken_file = \"token\"\ntoken_credential = \"token\"\nmax_upload = \"0 B\"",
            "name = \"c\"\nkind = \"trueppm\"\ntoken_file = \"empty\"\nca_file = \"ca.pem\"\ntimeout = \"0s\"\norganization = \"x\"",
            "name = \"d\"\nkind = \"trueppm\"\nurl = \"https://x\"\ntoken_file = \"two\"",
            "name = \"e\"\nkind = \"command\"\nargv = [\"manage.py\", \"{file}\"]",
            "name = \"f\"\nkind = \"command\"\nargv = [\"/manage.py\", \"file\"]\nurl = \"https://x\"",
            "name = \"g\"\nkind = \"command\"\nargv = []\nenvironment_file = \"public\"",
        ];
        let text: Vec<String> = texts.iter().map(|text| format!("[[target]]\n{text}\n")).collect();
        insta::assert_snapshot!(parse(&text.concat()).unwrap_err());
    }
}
