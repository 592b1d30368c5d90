//! Every invariant of a PostgreSQL source, looked at one after the other.

use std::sync::Arc;

use orgvault_api::{CheckLine, CheckResult};

use super::{
    Postgres, grants, live,
    session::{Session, Transaction},
    snapshot::text,
};
use crate::source::{
    error::{SourceError, SourceFault},
    sql::{
        check::{self, line},
        release::Release,
    },
};

/// How often two transactions are compared: an own backend each time is no chance.
const POOLER_TRIES: usize = 4;

/// What the role may change among the tables that are read.
const WRITABLE: &str = "
SELECT c.oid::pg_catalog.regclass::text || ' (' || pg_catalog.string_agg(p.name, ', ' ORDER BY p.name) || ')'
FROM pg_catalog.pg_class c
CROSS JOIN (VALUES ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE')) AS p(name)
WHERE c.oid = ANY ('{OIDS}'::oid[])
  AND (pg_catalog.has_table_privilege(c.oid, p.name)
    OR CASE WHEN p.name IN ('INSERT', 'UPDATE') THEN pg_catalog.has_any_column_privilege(c.oid, p.name) END)
GROUP BY c.oid ORDER BY 1";

impl Postgres {
    /// Adds line after line in the order of their names.
    pub(super) async fn look(&self, lines: &mut Vec<CheckLine>, grants: &mut String) -> Result<(), SourceError> {
        let mut session = match self.pool.connect(self.connect_timeout()).await {
            Ok(session) => session,
            Err(error) => {
                if error.kind() == Some(SourceFault::Version) {
                    lines.push(line("reachable", CheckResult::Ok, "the server answers"));
                }
                return Err(error);
            }
        };
        lines.push(line("reachable", CheckResult::Ok, "the server answers"));
        *grants = grants::live(&mut session, &self.definition).await?;
        let standby = session.command("look at the server", "SELECT pg_catalog.pg_is_in_recovery()").await?;
        let is_standby = standby.first().and_then(|row| text(row, 0)) == Some("t");
        let kind = if is_standby { ", a hot standby" } else { "" };
        lines.push(line("version", CheckResult::Ok, format!("{}{kind}", super::version(&session))));
        let pooler = self.pooler(&mut session).await?;
        let is_refused = pooler.result == CheckResult::Failed;
        lines.push(pooler);
        if is_refused {
            return Ok(());
        }

        session.begin(Transaction::Snapshot).await?;
        let opening = live::open(&mut session, &self.definition, "").await?;
        lines.push(read_only(&mut session, &opening.schema.oids(), is_standby).await?);
        session.command("end the snapshot", "COMMIT").await?;

        let differences = self.differences(&opening.schema).await;
        lines.extend(check::of_schema(&self.definition, &differences, self.strict_schema));
        let release = Release::whole(&self.definition, &self.queries);
        let release = release.there(&self.name, super::DRIVER.dialect, &differences)?;
        // In the same connection, which may be the only one that the role is allowed.
        session.begin(Transaction::Statements).await?;
        let listed = self.list(&mut session, &release).await;
        session.command("end the list", "ROLLBACK").await?;
        let ids: Vec<&str> = listed.iter().flatten().map(|one| one.key.id.as_str()).collect();
        lines.push(self.explain(&mut session, &release, &ids, &differences.unreadable).await?);
        lines.push(check::organizations(listed));
        Ok(())
    }

    /// Whether each transaction gets another backend. While a second connection is inside a
    /// transaction, the first has to be on its old backend, and the second not on that one.
    async fn pooler(&self, session: &mut Session) -> Result<CheckLine, SourceError> {
        let own = backend(session).await?;
        for _ in 0..POOLER_TRIES {
            let mut second = match Session::connect(&self.pool.server).await {
                // Each snapshot looks for itself whether it is on the backend of its connection.
                Err(error) if error.kind() == Some(SourceFault::Busy) => {
                    let words = "not compared with a second connection, because the server has none left for this role";
                    return Ok(line("pooler", CheckResult::Ok, words));
                }
                second => second?,
            };
            second.begin(Transaction::Snapshot).await?;
            if backend(&mut second).await? == own || backend(session).await? != own {
                let words = "two transactions of one connection had different backends";
                let error = SourceError::fault(&self.name, SourceFault::Pooler, "use the connection", words);
                return Ok(check::failed("pooler", &error));
            }
        }
        Ok(line("pooler", CheckResult::Ok, "a connection keeps its backend"))
    }
}

async fn backend(session: &mut Session) -> Result<Option<String>, SourceError> {
    let rows = session.command("look for a pooler", "SELECT pg_catalog.pg_backend_pid()").await?;
    Ok(rows.first().and_then(|row| text(row, 0)).map(str::to_owned))
}

/// The transaction is read-only whatever the role may do; a role that may not write at all is
/// the second lock.
async fn read_only(session: &mut Session, oids: &[u32], is_standby: bool) -> Result<CheckLine, SourceError> {
    const ACT: &str = "look at the role's privileges";
    if is_standby {
        return Ok(line("read_only", CheckResult::Ok, "a standby takes no writes"));
    }
    let is_super = session
        .command(ACT, "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user")
        .await?
        .first()
        .and_then(|row| text(row, 0))
        == Some("t");
    let oids = oids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let writable = session.text(ACT, WRITABLE.replace("OIDS", &oids)).await?;
    let role = Arc::from(session.server.options.get_username());
    Ok(read_only_line(&role, is_super, writable.iter().filter_map(|row| text(row, 0)).map(str::to_owned).collect()))
}

fn read_only_line(role: &Arc<str>, is_super: bool, writable: Vec<String>) -> CheckLine {
    let transaction = "orgvault's transactions are read-only all the same";
    let message = match (is_super, writable.is_empty()) {
        (false, true) => return line("read_only", CheckResult::Ok, format!("role {role} cannot write")),
        (true, _) => format!("role {role} is a superuser; {transaction}"),
        (false, false) => format!("role {role} may write; {transaction}"),
    };
    let mut found = line("read_only", CheckResult::Warning, message);
    found.details = if is_super { Vec::new() } else { writable };
    "use a role of its own with the statements of `orgvault check SOURCE --grants`".clone_into(&mut found.hint);
    found
}
