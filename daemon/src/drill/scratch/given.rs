//! A scratch database on a given server.

use std::{
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    str::FromStr as _,
};

use orgvault_config::SecretUrl;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};

use super::{
    Reached, ScratchError, Wanted, connect,
    home::blocking,
    left::{self, Left, Made},
    server,
};
use crate::source::cluster::{self, Cluster};

const CONNECT: &str = "connect to the scratch server";
/// How the names of databases and roles begin that are ours to drop.
const PREFIX: &str = "orgvault_drill_";

/// A database that is ours on a server that is not.
#[derive(Debug)]
pub(super) struct Given {
    url: SecretUrl,
    name: String,
    directory: PathBuf,
    left: Left,
}

impl Given {
    /// Writes down what is going to be made.
    pub(super) async fn prepare(wanted: &Wanted, url: &SecretUrl) -> Result<Self, ScratchError> {
        let name = format!("{PREFIX}{}", wanted.gid);
        let (state_dir, gid) = (wanted.state_dir.clone(), wanted.gid);
        let directory = left::directory(&state_dir).join(format!("{}{gid}", left::PREFIX));
        let made = [Made::Database(name.clone()), Made::Directory(directory.clone())];
        let making = directory.clone();
        let prepare = move || {
            let left = Left::write(&state_dir, gid, &made)?;
            let made = std::fs::DirBuilder::new().mode(0o700).create(&making);
            made.map_err(|cause| ScratchError::directory("make", &making, cause))?;
            Ok(left)
        };
        let left = blocking(prepare).await?;
        Ok(Self { url: url.clone(), name, directory, left })
    }

    /// For files of the drill.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Which server it is.
    pub(super) async fn cluster(&self) -> Result<Cluster, ScratchError> {
        const ACT: &str = "ask the scratch server which it is";
        let mut connection = connect(&options(&self.url)?, CONNECT).await?;
        let failed = |cause| ScratchError::database(ACT, cause);
        let may = sqlx::query_scalar::<_, bool>(cluster::MAY_ASK).fetch_one(&mut connection).await.map_err(failed)?;
        let system = if may {
            Some(sqlx::query_scalar(cluster::SYSTEM).fetch_one(&mut connection).await.map_err(failed)?)
        } else {
            None
        };
        let started = sqlx::query_scalar(cluster::STARTED).fetch_one(&mut connection).await.map_err(failed)?;
        close(connection).await;
        Ok(Cluster { system, started })
    }

    /// Makes the database. Where the URL's role is a superuser, a plain one is made for all but extensions.
    pub(super) async fn open(&self, wanted: &Wanted) -> Result<Reached, ScratchError> {
        let own = options(&self.url)?;
        let mut connection = connect(&own, CONNECT).await?;
        let owner = if is_superuser(&mut connection).await? {
            let password = secret()?;
            let make = format!("CREATE ROLE {} LOGIN BYPASSRLS PASSWORD '{password}'", self.name);
            server::run_sql(&mut connection, "make the role of a drill", make).await?;
            Some(password)
        } else {
            None
        };
        let of = if owner.is_some() { format!(" OWNER {}", self.name) } else { String::new() };
        let encoding: String =
            wanted.encoding.chars().filter(|one| one.is_ascii_alphanumeric() || *one == '_').collect();
        let locale = if encoding == "UTF8" { "C.UTF-8" } else { "C" };
        let make = format!(
            "CREATE DATABASE {}{of} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE '{locale}' LC_CTYPE '{locale}'",
            self.name
        );
        server::run_sql(&mut connection, "make a scratch database", make).await?;
        let version = server::version(&mut connection).await?;
        close(connection).await;
        self.reached(own, owner.as_deref(), version)
    }

    fn reached(&self, own: PgConnectOptions, password: Option<&str>, version: String) -> Result<Reached, ScratchError> {
        let superuser = own.database(&self.name);
        let owner = match password {
            Some(password) => superuser.clone().username(&self.name).password(password),
            None => superuser.clone(),
        };
        let owner_url = SecretUrl::new(with(&self.url, &self.name, password)?);
        Ok(Reached { superuser, owner, owner_url, version })
    }

    /// Drops it.
    pub(super) async fn remove(self) -> Result<(), ScratchError> {
        drop_database(&self.url, &self.name).await?;
        let (left, directory) = (self.left, self.directory);
        blocking(move || left::remove(&directory).and_then(|()| left.forget())).await
    }
}

/// The same URL with another database, and another role where there is a password for it.
fn with(url: &SecretUrl, database: &str, password: Option<&str>) -> Result<String, ScratchError> {
    let odd =
        |text: &str| ScratchError::Database { act: CONNECT, cause: Box::new(sqlx::Error::Configuration(text.into())) };
    let (scheme, rest) = url.reveal().split_once("://").ok_or_else(|| odd("it is no URL"))?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, _) = place.split_once('/').unwrap_or((place, ""));
    let (credentials, host) = authority.rsplit_once('@').map_or(("", authority), |(own, host)| (own, host));
    let kept = |pair: &&str| !pair.starts_with("dbname=") && (password.is_none() || !is_credential(pair));
    let query = query.split('&').filter(|pair| !pair.is_empty()).filter(kept).collect::<Vec<_>>().join("&");
    let credentials = password.map_or_else(|| credentials.to_owned(), |password| format!("{database}:{password}"));
    let at = if credentials.is_empty() { "" } else { "@" };
    // A user before no host is not read: it goes into the query.
    if let (true, Some(password)) = (host.is_empty(), password) {
        let more = if query.is_empty() { "" } else { "&" };
        return Ok(format!("{scheme}:///{database}?{query}{more}user={database}&password={password}"));
    }
    let mark = if query.is_empty() { "" } else { "?" };
    Ok(format!("{scheme}://{credentials}{at}{host}/{database}{mark}{query}"))
}

fn is_credential(pair: &str) -> bool {
    pair.starts_with("user=") || pair.starts_with("password=")
}

/// Drops a database of ours and its role; where there is none, it is well.
pub(super) async fn drop_database(url: &SecretUrl, name: &str) -> Result<(), ScratchError> {
    if !name.strip_prefix(PREFIX).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit())) {
        return Ok(());
    }
    let mut connection = connect(&options(url)?, CONNECT).await?;
    let alive = "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = $1";
    let ended = sqlx::query(alive).bind(name).execute(&mut connection).await;
    ended.map_err(|cause| ScratchError::database("end the connections of a scratch database", cause))?;
    let drop_it = format!("DROP DATABASE IF EXISTS {name}");
    server::run_sql(&mut connection, "drop a scratch database", drop_it).await?;
    if is_superuser(&mut connection).await? {
        let role = format!("DROP ROLE IF EXISTS {name}");
        server::run_sql(&mut connection, "drop the role of a drill", role).await?;
    }
    close(connection).await;
    Ok(())
}

pub(super) async fn close(connection: PgConnection) {
    if let Err(error) = connection.close().await {
        tracing::debug!("a connection to a scratch server was lost at its end: {error}");
    }
}

fn options(url: &SecretUrl) -> Result<PgConnectOptions, ScratchError> {
    let options = PgConnectOptions::from_str(url.reveal()).map_err(|cause| ScratchError::database(CONNECT, cause))?;
    Ok(options.application_name("orgvault").extra_float_digits(None).disable_statement_logging())
}

async fn is_superuser(connection: &mut PgConnection) -> Result<bool, ScratchError> {
    const ACT: &str = "ask the scratch server who we are";
    let asked = "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user";
    let is = sqlx::query_scalar::<_, bool>(AssertSqlSafe(asked.to_owned())).fetch_one(connection).await;
    is.map_err(|cause| ScratchError::database(ACT, cause))
}

fn secret() -> Result<String, ScratchError> {
    let mut bytes = [0_u8; 24];
    getrandom::fill(&mut bytes).map_err(|cause| {
        let cause = sqlx::Error::Configuration(cause.to_string().into());
        ScratchError::database("make a password", cause)
    })?;
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or_default());
    Ok(bytes.iter().flat_map(digits).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_and_the_role_of_a_url_are_replaced() {
        let of = |url: &str, password| with(&SecretUrl::new(url.to_owned()), "d", password).unwrap();
        for (url, plain, as_another) in [
            (
                "postgres://u:p@h:5433/x?sslmode=require",
                "postgres://u:p@h:5433/d?sslmode=require",
                "postgres://d:w@h:5433/d?sslmode=require",
            ),
            (
                "postgres:///x?host=/run/pg&user=u",
                "postgres:///d?host=/run/pg&user=u",
                "postgres:///d?host=/run/pg&user=d&password=w",
            ),
            ("postgresql://h", "postgresql://h/d", "postgresql://d:w@h/d"),
            ("postgres://u@h/?dbname=x", "postgres://u@h/d", "postgres://d:w@h/d"),
        ] {
            assert_eq!([of(url, None), of(url, Some("w"))], [plain, as_another], "{url}");
        }
    }
}
