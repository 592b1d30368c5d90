//! The keys of the configuration: each is named here once, with its check.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::{
    Access, Config, Daemon, Environment, LogFormat, Reading, Retention, SecretUrl, SourceConfig, SourceLines, Tls,
    coverage, drill, export_api, files, freshness, hook,
    http::http,
    metrics, retention, schedule, scratch, scrub, secret, target,
    values::{absolute_path, accounts, duration, memory, mode, name, optional_group, size, socket_path, some_duration},
};
use crate::checked_toml::{Document, Problems, Table, Unique, Value, read_text};
use orgvault_api::Role;

const MAX_WORKERS: i64 = 64;
const MAX_CONNECTIONS: i64 = 10_000;

/// Reads the file, and what it refers to.
pub(super) fn load(path: &Path) -> Reading {
    let text = match read_text(path) {
        Ok(text) => text,
        Err(problem) => return failed(problem.into()),
    };
    let environment = Environment {
        file: path.to_owned(),
        credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(Into::into),
        config_is_public: fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0),
    };
    let mut reading = parse(&text, &environment);
    // What is read again later is found from anywhere, and its directory can be watched.
    if let Ok(file) = std::path::absolute(path) {
        reading.config.file = file;
    }
    reading
}

/// Reads the text of a configuration file.
pub(super) fn parse(text: &str, environment: &Environment) -> Reading {
    match Document::parse(text, &environment.file) {
        Ok(document) => {
            let (mut reading, problems) = document.read(|root| read(root, environment));
            reading.problems = problems;
            reading
        }
        Err(problems) => failed(problems),
    }
}

fn failed(problems: Problems) -> Reading {
    Reading { config: Config::default(), sources: Vec::new(), problems }
}

/// Reads every key; what is missing or wrong is as by default.
pub(super) fn read(root: &Table<'_>, environment: &Environment) -> Reading {
    let daemon = root.table("daemon", daemon).unwrap_or_default();
    let access = root.table("access", access).unwrap_or_default();
    let http = root.table("http", http).unwrap_or_default();
    let retention = root.table("retention", |table| retention::read(table, &Retention::default())).unwrap_or_default();
    let mut names = Unique::new("name of the source");
    let sources =
        root.tables("source", |table| (source(table, environment, &mut names, &retention), lines(table, environment)));
    let (sources, lines): (Vec<_>, Vec<_>) = sources.into_iter().unzip();
    let mut names = Unique::new("name of the target");
    let targets = root.tables("target", |table| target::read(table, environment, &mut names));
    let mut names = Unique::new("name of the schedule");
    let schedules = root.tables("schedule", |table| schedule::read(table, &mut names, &sources, &retention));
    let mut names = Unique::new("name of the drill");
    let drills = root.tables("drill", |table| drill::read(table, &mut names, &sources));
    let mut names = Unique::new("name of the hook");
    let hooks = root.tables("hook", |table| hook::read(table, environment, &mut names));
    let config = Config {
        file: environment.file.clone(),
        daemon,
        access,
        http,
        sources,
        targets: targets.into_iter().flatten().collect(),
        schedules: schedules.into_iter().flatten().collect(),
        drills: drills.into_iter().flatten().collect(),
        scratch: root.table("scratch", |table| scratch::read(table, environment)).unwrap_or_default(),
        hooks: hooks.into_iter().flatten().collect(),
        retention,
        scrub: root.table("scrub", scrub::read).unwrap_or_default(),
        coverage: root.table("coverage", coverage::read).unwrap_or_default(),
        freshness: root.table("freshness", freshness::read).unwrap_or_default(),
        metrics: root.table("metrics", metrics::read).unwrap_or_default(),
    };
    Reading { config, sources: lines, problems: Problems::default() }
}

fn daemon(table: &Table<'_>) -> Daemon {
    let default = Daemon::default();
    Daemon {
        socket: table.or("socket", default.socket, socket_path),
        socket_mode: table.or("socket_mode", default.socket_mode, mode),
        socket_group: table.optional("socket_group", optional_group),
        state_dir: table.or("state_dir", default.state_dir, absolute_path),
        archive_dir: table.or("archive_dir", default.archive_dir, absolute_path),
        products_dir: table.or("products_dir", default.products_dir, absolute_path),
        watch: table.or("watch", default.watch, Value::boolean),
        rescan: table.or("rescan", default.rescan, some_duration),
        history: table.or("history", default.history, memory),
        min_free: table.or("min_free", default.min_free, size),
        workers: table.or("workers", default.workers, |value| value.integer(1..=MAX_WORKERS)),
        compression_level: table.or("compression_level", default.compression_level, |value| value.integer(1..=9)),
        stop_timeout: table.or("stop_timeout", default.stop_timeout, duration),
        connections_per_user: table
            .or("connections_per_user", default.connections_per_user, |value| value.integer(1..=MAX_CONNECTIONS)),
        log_format: table.or("log_format", default.log_format, |value| {
            value.one_of(&[("text", LogFormat::Text), ("json", LogFormat::Json)])
        }),
        log_level: table.or("log_level", default.log_level, Value::some_text),
    }
}

fn access(table: &Table<'_>) -> Access {
    let default = Access::usual();
    Access {
        owners: table.or("owners", default.owners, accounts),
        admins: table.or("admins", default.admins, accounts),
        viewers: table.or("viewers", default.viewers, accounts),
        seed_export: table.or("seed_export", default.seed_export, |value| {
            value.one_of(&[("admin", Role::Admin), ("viewer", Role::Viewer)])
        }),
    }
}

fn source(table: &Table<'_>, environment: &Environment, names: &mut Unique, rules: &Retention) -> SourceConfig {
    let name = table.required("name", |value| names.check(value, name(value)?));
    let product = table.required("product", Value::some_text);
    let is_api = export_api::is_one(table);
    let api = if is_api { export_api::read(table, environment) } else { None };
    let url = if is_api { None } else { secret::read_url(table, environment) };
    // What is missing was noted: the other keys are looked at all the same.
    let url = url.unwrap_or_else(|| SecretUrl::new(String::new()));
    let default = SourceConfig::new(name.unwrap_or_default(), product.unwrap_or_default(), url);
    let tls = table.or("tls", default.tls, |value| value.one_of(&Tls::NAMES));
    SourceConfig {
        api,
        tls,
        connect_timeout: table.or("connect_timeout", default.connect_timeout, some_duration),
        statement_timeout: table.or("statement_timeout", default.statement_timeout, duration),
        first_row_timeout: table.or("first_row_timeout", default.first_row_timeout, duration),
        stall_timeout: table.or("stall_timeout", default.stall_timeout, some_duration),
        export_timeout: table.or("export_timeout", default.export_timeout, duration),
        strict_schema: table.or("strict_schema", default.strict_schema, Value::boolean),
        files: files::read(table, environment, tls == Tls::AsUrl),
        retention: retention::own(table, rules),
        ..default
    }
}

fn lines(table: &Table<'_>, environment: &Environment) -> SourceLines {
    let url_key = secret::KEYS.into_iter().find(|key| table.has(key)).unwrap_or("url");
    let file = environment.file.clone();
    SourceLines { file, product: table.line_of("product"), url: table.line_of(url_key), url_key }
}
