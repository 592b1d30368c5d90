//! Which database it is, and whether the session is one that proofs can be made in.

use orgvault_api::{RestoreDatabase, RestoreFinding, RestoreMode};

use crate::restore::{
    error::RestoreError,
    finding::Code,
    session::{Session, text},
};

/// Which database it is.
pub(super) async fn database(session: &mut Session) -> Result<RestoreDatabase, RestoreError> {
    const ACT: &str = "ask which database it is";
    let sql = "SELECT pg_catalog.current_setting('server_version'), d.datname, s.system_identifier::text, d.oid \
               FROM pg_catalog.pg_database d, pg_catalog.pg_control_system() s \
               WHERE d.datname = pg_catalog.current_database()";
    let rows = session.rows(ACT, sql.to_owned()).await?;
    let get = |column| rows.first().map(|row| text(row, column)).unwrap_or_default();
    let version = get(0).split(' ').next().unwrap_or_default().to_owned();
    let oid = get(3).parse().unwrap_or_default();
    Ok(RestoreDatabase { server: format!("PostgreSQL {version}"), name: get(1), system: get(2), oid })
}

/// A session that replicates checks no foreign key, and one that does not count says nothing of what triggers write.
pub(super) async fn session(session: &mut Session, mode: RestoreMode) -> Result<Vec<RestoreFinding>, RestoreError> {
    let sql =
        "SELECT pg_catalog.current_setting('session_replication_role'), pg_catalog.current_setting('track_counts')";
    let rows = session.rows("ask for the session's settings", sql.to_owned()).await?;
    let get = |column| rows.first().map(|row| text(row, column)).unwrap_or_default();
    let (role, counts) = (get(0), get(1));
    let mut findings = Vec::new();
    if role != "origin" {
        let message = format!("session_replication_role is {role}: foreign keys would not be checked");
        findings.push(Code::ReplicationRole.found(mode, "", message));
    }
    if counts != "on" {
        let message = format!("track_counts is {counts}: nothing could prove that no other row was changed");
        findings.push(Code::TrackCounts.found(mode, "", message));
    }
    Ok(findings)
}
