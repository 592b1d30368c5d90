use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt};

use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;
use crate::{calendar::Calendar, checked_toml::Document};

const EXAMPLE: &str = include_str!("../../../config.example.toml");

/// Something wrong in nearly every line.
const BROKEN: &str = r#"worker = 4

[deamon]
workers = 2

[daemon]
socket = "run/orgvault.sock"
socket_mode = "0888"
socket_group = "a b"
state_dir = 7
workers = 0
worker = 3
compression_level = "6"
stop_timeout = 30
connections_per_user = 99999999999999999999
log_format = "jsno"
log_level = " "

[access]
owners = "root"
admins = ["@", "ok", 5,
  "@a:b"]

[[source]]
name = "Tracker"
product = ""
url = "mysql://u:hunter2@h/db"
tls = "none"
connect_timeout = "0s"
stall_timeout = "90"
export_timeout = "5 parsecs"
strict_schema = "yes"

[[source]]
name = "tracker"
url_flie = "x"

[[source]]
name = "tracker"
product = "rytask"
url = "sqlite:///var/lib/app.db"
url_file = "/nonexistent/tracker.url"
"#;

fn environment() -> Environment {
    Environment { file: "config.toml".into(), ..Environment::default() }
}

/// What the admin sees.
fn problems(text: &str) -> String {
    Config::parse(text, &environment()).unwrap_err().to_string()
}

fn source(lines: &str) -> String {
    format!("[[source]]\nname = \"tracker\"\nproduct = \"rytask\"\n{lines}\n")
}

/// The example with each default and each further source taken into use.
fn uncommented() -> String {
    let uncomment = |line: &str| {
        let key = |rest: &str| {
            rest.split_once(" = ")
                .is_some_and(|(key, _)| key.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase()))
        };
        let rest = line.strip_prefix('#').filter(|rest| rest.starts_with('[') || key(rest));
        format!("{}\n", rest.unwrap_or(line))
    };
    EXAMPLE.lines().map(uncomment).collect()
}

/// A directory with what the example refers to.
fn example_environment() -> (tempfile::TempDir, Environment) {
    let directory = tempfile::tempdir().unwrap();
    let url = "postgres://orgvault:secret@db.example/rytask\n";
    for (name, text) in [
        ("tracker-eu.url", url),
        ("tracker-us", url),
        ("tracker-eu-new.url", url),
        ("tracker-us-new", url),
        ("time-new.token", "s3cret.token\n"),
        ("asana.token", "s3cret.token\n"),
        ("asana-eu", "s3cret.token\n"),
        ("plans-token", "tppm_0123"),
        ("plans-env", "DATABASE_PASSWORD=s3cret\n"),
        ("plans-here.env", "DATABASE_PASSWORD=s3cret\n"),
        ("mail.env", "SMTP_PASSWORD=s3cret\n"),
        ("page-env", "PAGER_TOKEN=s3cret\n"),
        ("tracker-eu-files.env", "AWS_SECRET_ACCESS_KEY=s3cret\n"),
        ("tracker-us-files", "AWS_SECRET_ACCESS_KEY=s3cret\n"),
    ] {
        fs::write(directory.path().join(name), text).unwrap();
        fs::set_permissions(directory.path().join(name), fs::Permissions::from_mode(0o640)).unwrap();
    }
    let environment = Environment {
        file: directory.path().join("config.toml"),
        credentials: Some(directory.path().to_owned()),
        config_is_public: true,
    };
    (directory, environment)
}

#[test]
fn the_example_is_valid_and_its_comments_show_the_defaults() {
    let (_directory, environment) = example_environment();
    let short = Config::parse(EXAMPLE, &environment).unwrap();
    let long = Config::parse(&uncommented(), &environment).unwrap();
    assert_eq!(short.daemon, long.daemon);
    assert_eq!(short.access, long.access);
    assert_eq!(short.sources, long.sources[..1]);
    assert_eq!(long.sources.len(), 5);
    assert_eq!(long.sources[1].url.reveal(), "postgres://orgvault:secret@db.example/rytask");
    assert_eq!(long.sources[1].url, long.sources[2].url);
    assert!(short.schedules.is_empty() && short.hooks.is_empty());
    let Config { schedules, .. } = long;
    let calendar = Calendar::new("0 2 * * *", Tz::UTC).unwrap();
    // The example writes the table, which is as by default.
    let retention = Some(Retention::default());
    assert_eq!(schedules[0], ScheduleConfig { retention, ..ScheduleConfig::new("nightly".to_owned(), calendar) });
}

#[test]
fn the_example_has_every_key_that_is_read_and_no_other() {
    let (_directory, environment) = example_environment();
    let text = uncommented();
    let document = Document::parse(&text, &environment.file).unwrap();
    let (_, problems, asked) = document.read_and_list(|root| read::read(root, &environment));
    assert!(problems.is_empty(), "{problems}");
    let mut table = "";
    let mut shown = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[') {
            table = name.trim_matches(['[', ']']);
            shown.insert(table.to_owned());
        } else if let Some((key, _)) = line.split_once(" = ") {
            shown.insert(format!("{table}.{key}"));
        }
    }
    assert_eq!(shown, asked);
}

#[test]
fn an_empty_file_is_all_defaults() {
    let config = Config::parse("", &environment()).unwrap();
    assert_eq!(config, Config { file: "config.toml".into(), access: Access::usual(), ..Config::default() });
}

#[test]
fn every_problem_is_said_at_once_with_its_line() {
    insta::assert_snapshot!(problems("[daemon]\nsocket_mode = 0666\n"), @r"config.toml:2: column 15: not TOML: unexpected leading zero");
    insta::assert_snapshot!(problems(BROKEN), @r#"
    config.toml:1: worker: is no known key (known keys: access, coverage, daemon, drill, freshness, hook, http, metrics, retention, schedule, scratch, scrub, source, target)
    config.toml:3: deamon: is no known key (did you mean `daemon`?)
    config.toml:7: daemon.socket: "run/orgvault.sock" is no absolute path (begin it with /)
    config.toml:8: daemon.socket_mode: "0888" is no mode (write it in octal, such as "0666" or "0660")
    config.toml:9: daemon.socket_group: "a b" is no user or group (write a user as "root", a group as "@orgvault")
    config.toml:10: daemon.state_dir: is an integer, expected a string (write it as "/var/lib/orgvault")
    config.toml:11: daemon.workers: is 0 (write an integer from 1 to 64, without quotes)
    config.toml:12: daemon.worker: is no known key (did you mean `workers`?)
    config.toml:13: daemon.compression_level: is a string, expected an integer (write an integer from 1 to 9, without quotes)
    config.toml:14: daemon.stop_timeout: is an integer, expected a string (write it as "90s")
    config.toml:15: daemon.connections_per_user: is 99999999999999999999 (write an integer from 1 to 10000, without quotes)
    config.toml:16: daemon.log_format: is "jsno" (did you mean "json"? one of "text", "json")
    config.toml:17: daemon.log_level: is empty (write something here)
    config.toml:20: access.owners: is a string, expected an array (write [..] around it)
    config.toml:21: access.admins: "" is no user or group (write a user as "root", a group as "@orgvault")
    config.toml:21: access.admins: is an integer, expected a string (write it as "root")
    config.toml:22: access.admins: "a:b" is no user or group (write a user as "root", a group as "@orgvault")
    config.toml:25: source.name: "Tracker" is no name (write 1 to 40 of a-z, 0-9 and -, no - first)
    config.toml:26: source.product: is empty (write something here)
    config.toml:27: source.url: is no URL of a known database (write one URL: postgres://.. or sqlite://..)
    config.toml:28: source.tls: is "none" (one of "verify-full", "as-url")
    config.toml:29: source.connect_timeout: is zero (write a duration above zero)
    config.toml:30: source.stall_timeout: "90" has no unit: expected "90s", if that is meant (such as "500ms", "90s", "1h30m")
    config.toml:31: source.export_timeout: "parsecs" is no unit of a duration: expected w, d, h, m, s, ms (such as "500ms", "90s", "1h30m")
    config.toml:32: source.strict_schema: is a string, expected a boolean (write true or false, without quotes)
    config.toml:34: source.product: is missing (add `product = ..`)
    config.toml:34: source.url: is missing (add `url = ..`, `url_file = ..` or `url_credential = ..`; for an export API `token_file = ..`)
    config.toml:36: source.url_flie: is no known key (did you mean `url_file`?)
    config.toml:39: source.name: "tracker" is the name of the source in line 35 already (choose another one)
    config.toml:42: source.url_file: /nonexistent/tracker.url: cannot be read: No such file or directory (os error 2) (write the database's URL into it, and let the daemon's user read it)
    config.toml:42: source.url_file: is there beside `url` (keep one of url, url_file and url_credential)
    "#);
}

#[test]
fn tables_of_the_wrong_kind_are_said() {
    insta::assert_snapshot!(problems("daemon = 5\naccess = []\nsource = \"tracker\"\n"), @r"
    config.toml:1: daemon: is an integer, expected a table (see config.example.toml and docs/products.md)
    config.toml:2: access: is an array, expected a table (see config.example.toml and docs/products.md)
    config.toml:3: source: is a string, expected an array (write [..] around it)
    ");
    insta::assert_snapshot!(problems("[source]\nname = \"tracker\"\n[[daemon]]\n"), @r"
    config.toml:1: source: is a table, expected an array (write [[source]])
    config.toml:3: daemon: is an array, expected a table (see config.example.toml and docs/products.md)
    ");
}

#[test]
fn the_history_is_a_day_or_more_or_all_of_it() {
    let history = |text: &str| {
        let file = format!("[daemon]\nhistory = \"{text}\"");
        Config::parse(&file, &environment()).map(|config| config.daemon.history)
    };
    assert_eq!(history("1d").unwrap(), Duration::from_hours(24));
    assert_eq!(history("0s").unwrap(), Duration::ZERO);
    assert!(history("23h").unwrap_err().to_string().contains("is less than a day"));
}

#[test]
fn a_text_that_is_no_toml_is_one_problem_with_line_and_column() {
    let mut said = Vec::new();
    for text in [
        "[daemon\n",
        "[daemon]\nworkers = \n",
        "[daemon]\nworkers = 2\n\nworkers = 3\n",
        "a = \"ü\" b\n",
        "[access]\nowners = [\"root\"\n",
    ] {
        said.push(problems(text));
    }
    insta::assert_snapshot!(said.join("\n"), @r"
    config.toml:1: column 8: not TOML: unclosed table, expected `]`
    config.toml:2: column 11: not TOML: string values must be quoted, expected literal string
    config.toml:4: column 1: not TOML: duplicate key
    config.toml:1: column 9: not TOML: unexpected key or value, expected newline, `#`
    config.toml:2: column 17: not TOML: unclosed array, expected `]`
    ");
}

#[test]
fn a_url_is_found_in_each_of_its_places() {
    let (directory, environment) = example_environment();
    let absolute = directory.path().join("tracker-eu.url");
    for line in [
        "url = \"postgres://orgvault@db.example/rytask\"".to_owned(),
        "url_file = \"tracker-eu.url\"".to_owned(),
        format!("url_file = {absolute:?}"),
        "url_credential = \"tracker-us\"".to_owned(),
    ] {
        let config = Config::parse(&source(&line), &environment).unwrap();
        assert!(config.sources[0].url.reveal().ends_with("db.example/rytask"), "{line}");
    }
}

#[test]
fn a_named_pipe_in_place_of_a_file_is_not_waited_for() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let (directory, environment) = example_environment();
    let pipe = directory.path().join("pipe.url");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR, 0).unwrap();
    for said in [
        Config::parse(&source("url_file = \"pipe.url\""), &environment).unwrap_err().to_string(),
        Config::load(&pipe).unwrap_err().to_string(),
    ] {
        assert!(said.contains("it is a named pipe and not a file"), "{said}");
    }
}

#[test]
fn a_byte_order_mark_is_in_no_key_and_no_secret() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| fs::write(directory.path().join(name), text).unwrap();
    write("t.url", "\u{feff}postgres://orgvault@db.example/rytask\n".as_bytes());
    write("t.token", "\u{feff}abc\r\n".as_bytes());
    fs::set_permissions(directory.path().join("t.token"), fs::Permissions::from_mode(0o600)).unwrap();
    let target =
        "[[target]]\nname = \"t\"\nkind = \"trueppm\"\nurl = \"https://t.example\"\ntoken_file = \"t.token\"\n";
    write("config.toml", format!("\u{feff}{}{target}", source("url_file = \"t.url\"")).as_bytes());
    let config = Config::load(&directory.path().join("config.toml")).unwrap();
    assert_eq!(config.sources[0].url.reveal(), "postgres://orgvault@db.example/rytask");
    let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain("postgres://h/db".bytes().flat_map(|byte| [byte, 0])).collect();
    write("t.url", &wide);
    let said = Config::load(&directory.path().join("config.toml")).unwrap_err().to_string();
    assert!(said.contains("t.url: cannot be read: it is UTF-16 and not UTF-8"), "{said}");
}

#[test]
fn a_url_that_cannot_be_had_is_a_problem_that_shows_no_secret() {
    let (directory, environment) = example_environment();
    let write = |name: &str, text: &str, mode: u32| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    };
    write("public.url", "postgres://u:hunter2@h/db", 0o644);
    write("empty.url", "\n", 0o600);
    write("two.url", "postgres://u:hunter2@h/db\npostgres://u:hunter2@h/db\n", 0o600);
    write("other.url", "hunter2", 0o600);
    let text: String = [
        "",
        "url = \"postgres://u:hunter2@h/db\"",
        "url = \"postgres://u@h/db\"\nurl_credential = \"tracker-us\"",
        "url_file = \"public.url\"",
        "url_file = \"empty.url\"",
        "url_file = \"two.url\"",
        "url_file = \"other.url\"",
        "url_file = \"missing.url\"",
        "url_credential = \"../tracker-us\"",
        "url_credential = \"missing\"",
    ]
    .iter()
    .enumerate()
    .map(|(index, line)| source(line).replace("\"tracker\"", &format!("\"tracker-{index}\"")))
    .collect();
    let said = Config::parse(&text, &environment).unwrap_err().to_string();
    assert!(!said.contains("hunter2"), "{said}");
    let said = said.replace(&directory.path().display().to_string(), "/etc/orgvault");
    insta::assert_snapshot!(said, @r#"
    /etc/orgvault/config.toml:1: source.url: is missing (add `url = ..`, `url_file = ..` or `url_credential = ..`; for an export API `token_file = ..`)
    /etc/orgvault/config.toml:8: source.url: holds a password, and every user can read this file (chmod o-r /etc/orgvault/config.toml, or keep it in a url_file)
    /etc/orgvault/config.toml:13: source.url_credential: is there beside `url` (keep one of url, url_file and url_credential)
    /etc/orgvault/config.toml:17: source.url_file: /etc/orgvault/public.url: holds a password, and every user can read it (chmod o-r /etc/orgvault/public.url)
    /etc/orgvault/config.toml:21: source.url_file: /etc/orgvault/empty.url: is empty (write one URL: postgres://.. or sqlite://..)
    /etc/orgvault/config.toml:25: source.url_file: /etc/orgvault/two.url: has blanks or more than one line (write one URL: postgres://.. or sqlite://..)
    /etc/orgvault/config.toml:29: source.url_file: /etc/orgvault/other.url: is no URL of a known database (write one URL: postgres://.. or sqlite://..)
    /etc/orgvault/config.toml:33: source.url_file: /etc/orgvault/missing.url: cannot be read: No such file or directory (os error 2) (write the database's URL into it, and let the daemon's user read it)
    /etc/orgvault/config.toml:37: source.url_credential: "../tracker-us" is no credential's name (write the NAME of LoadCredential=NAME:PATH)
    /etc/orgvault/config.toml:41: source.url_credential: /etc/orgvault/missing: cannot be read: No such file or directory (os error 2) (write the database's URL into it, and let the daemon's user read it)
    "#);
    let without = Environment { credentials: None, ..environment };
    let said = Config::parse(&source("url_credential = \"tracker-us\""), &without).unwrap_err().to_string();
    assert!(said.contains("$CREDENTIALS_DIRECTORY is not set (add LoadCredential=tracker-us:PATH"), "{said}");
}

#[test]
fn a_loaded_file_must_not_show_its_password_to_everybody() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    fs::write(&path, source("url = \"postgres://u:hunter2@h/db\"")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    let said = Config::load(&path).unwrap_err().to_string();
    assert!(
        said.contains(&format!(
            "config.toml:4: source.url: holds a password, and every user can read this file (chmod o-r {}",
            path.display()
        )),
        "{said}"
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let config = Config::load(&path).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn a_file_that_cannot_be_read_is_a_problem() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    let missing = Config::load(&path).unwrap_err().to_string();
    assert_eq!(
        missing,
        format!(
            "{}: cannot be read: No such file or directory (os error 2) (create it, or name another one)",
            path.display()
        )
    );
    fs::write(&path, b"[daemon]\nsocket = \"/\xff\"\n").unwrap();
    let invalid = Config::load(&path).unwrap_err().to_string();
    assert_eq!(
        invalid,
        format!("{}: invalid utf-8 sequence of 1 bytes from index 20 (save it as UTF-8)", path.display())
    );
}

#[test]
fn an_unknown_product_is_named_with_its_line_and_what_was_meant() {
    let reading = Reading::parse(&source("url = \"sqlite:///app.db\"").replace("rytask", "rytaks"), &environment());
    let said = reading.sources[0].unknown_product("rytaks", &["rytask", "solidtime"]).to_string();
    insta::assert_snapshot!(said, @r#"config.toml:3: source.product: there is no product "rytaks" (did you mean "rytask"? known: rytask, solidtime; your own go into products_dir)"#);
    assert!(reading.finish().is_ok());
}

proptest! {
    #[test]
    fn any_text_is_answered_and_control_characters_are_shown_as_escapes(text: String) {
        if let Err(problems) = Config::parse(&text, &environment()) {
            prop_assert!(problems.to_string().lines().all(|line| line.starts_with("config.toml:")));
            prop_assert!(!problems.to_string().contains(|c: char| c.is_control() && c != '\n'));
        }
    }

    /// One character of the example changed: the answer is the example's own, or a problem.
    #[test]
    fn a_typing_error_in_the_example_is_noticed_or_harmless(at in 0..EXAMPLE.len(), character in "[a-z0-9=\"\\[\\]\n#]") {
        let (_directory, environment) = example_environment();
        let at = (0..=at).rev().find(|at| EXAMPLE.is_char_boundary(*at)).unwrap();
        let mut text = EXAMPLE.to_owned();
        text.insert_str(at, &character);
        if let Err(problems) = Config::parse(&text, &environment) {
            prop_assert!(problems.iter().all(|problem| problem.line.is_some()));
        }
    }
}
