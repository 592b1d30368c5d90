//! The schema and the rows of an archive, into a scratch database.

use std::sync::Arc;

use orgvault_api::{ExportError, Proof, RestoreMode, Verdict};
use orgvault_archive::{
    Expected,
    full::{
        FullArchive,
        schema::{QualifiedName, Schema},
    },
    manifest::Layout,
    read_back,
};
use orgvault_config::SecretUrl;
use sqlx::Connection as _;

use super::{
    fault::DrillFault,
    scratch::{Reached, ScratchError, ScratchFile, connect, is_full},
};
use crate::{
    context::Context,
    restore::{ArchivedFull, ArchivedRows as _, Restore, RestoreError, Target, TargetFault, Tenant},
    schema::{
        ddl::{Ddl, MakeError, Statement, make as make_all},
        sqlite,
    },
    store::Stored,
};

/// `undefined_file`: the extension's files are not there.
const NO_FILE: &str = "58P01";
/// `feature_not_supported`: PostgreSQL 13 and later say so of an extension that is not there.
const NOT_SUPPORTED: &str = "0A000";

/// The scratch database that an archive goes into.
pub(super) enum Onto {
    Server(Box<Reached>),
    File(ScratchFile),
}

impl Onto {
    /// What it calls itself. A file is read by the same library as the source's.
    pub(super) fn version(&self, archive: &ArchivedFull) -> String {
        match self {
            Self::Server(reached) => reached.version.clone(),
            Self::File(_) => archive.schema().server.clone(),
        }
    }

    /// For what reads a source.
    pub(super) fn url(&self) -> SecretUrl {
        match self {
            Self::Server(reached) => reached.owner_url.clone(),
            Self::File(file) => file.url(),
        }
    }

    fn target(&self) -> Target {
        match self {
            Self::Server(reached) => Target::new("scratch", reached.owner.clone()),
            Self::File(file) => file.target(),
        }
    }
}

/// Opens the archive, and reads it through: what is put back has to be what was published.
///
/// # Errors
/// When it is not whole, or another one than the catalog tells of.
pub(super) async fn open(context: &Context, archive: &Stored) -> Result<Arc<ArchivedFull>, DrillFault> {
    let (store, of, archive) = (Arc::clone(&context.archives), archive.reference(), archive.clone());
    let gid = archive.gid;
    let opening = move || {
        let reader = store.open(&of).map_err(|cause| match cause.kind() {
            std::io::ErrorKind::NotFound => DrillFault::Gone { gid },
            _ => unreadable(&cause.to_string()),
        })?;
        let manifest = store.manifest(&of).map_err(|error| unreadable(&error.to_string()))?;
        let layout = Layout::default();
        let told = manifest.as_ref().map_or_else(|| Expected::nothing(archive.format, false, &layout), Expected::of);
        let expected = Expected { bytes: Some(archive.bytes), sha256: Some(&archive.sha256), ..told };
        let faults: Vec<String> = read_back(&reader, &expected).faults.iter().map(ToString::to_string).collect();
        if !faults.is_empty() {
            return Err(found(Verdict::Failed, "archive_damaged", faults.join("; "), "`orgvault verify` says more"));
        }
        let full = FullArchive::open(reader).map_err(|error| unreadable(&error.to_string()))?;
        Ok(Arc::new(ArchivedFull::new(full, archive.sha256.clone())))
    };
    tokio::task::spawn_blocking(opening).await.map_err(|cause| ScratchError::Thread { cause })?
}

fn unreadable(why: &str) -> DrillFault {
    found(Verdict::Failed, "archive_unreadable", why.to_owned(), "`orgvault verify` says more")
}

fn found(verdict: Verdict, code: &str, message: String, hint: &str) -> DrillFault {
    DrillFault::Found { verdict, error: ExportError { code: code.to_owned(), message, hint: hint.to_owned() } }
}

/// The schema of a scratch database: the archive's, without the foreign keys that rows of others are held to, and those
/// that name a table which is not in the archive. What such rows name need not be there.
fn schema(archive: &ArchivedFull, tenant: &Tenant) -> Schema {
    let is_held = |name: &QualifiedName| archive.tables().iter().any(|table| table.name == *name);
    let has_others = |name: &QualifiedName| {
        let named = archive.tables().iter().any(|table| table.name == *name && table.named && table.rows > 0);
        named || tenant.tables.get(name).is_some_and(|table| table.shared)
    };
    let mut schema = archive.schema().clone();
    for table in &mut schema.tables {
        let has_others = has_others(&table.name);
        table.foreign_keys.retain(|key| !has_others && is_held(&key.references));
    }
    schema
}

/// Makes what the rows need: extensions as the superuser, all else as the plain role. Triggers and policies are left
/// out: rows go in as they are.
///
/// # Errors
/// When an extension is not there, which says nothing of the archive, or the schema cannot be made, which does.
pub(super) async fn make(archive: &ArchivedFull, tenant: &Tenant, onto: &Onto) -> Result<(), DrillFault> {
    match onto {
        Onto::Server(reached) => make_on_server(&schema(archive, tenant), reached).await,
        Onto::File(file) => {
            let mut connection = file.make().await?;
            sqlite::make(&mut connection, archive.schema()).await.map_err(|error| refused(&error))?;
            if let Err(error) = connection.close().await {
                tracing::debug!("a scratch file could not be closed: {error}");
            }
            Ok(())
        }
    }
}

async fn make_on_server(schema: &Schema, reached: &Reached) -> Result<(), DrillFault> {
    const ACT: &str = "connect to the scratch database";
    let ddl = Ddl::of(schema);
    let mut owner = connect(&reached.owner, ACT).await?;
    run(&mut owner, &ddl.schemas).await?;
    if !ddl.extensions.is_empty() {
        let mut superuser = connect(&reached.superuser, ACT).await?;
        make_all(&mut superuser, &ddl.extensions).await.map_err(|error| no_extension(&error))?;
        close(superuser).await;
    }
    run(&mut owner, &ddl.tables).await?;
    run(&mut owner, &ddl.foreign_keys).await?;
    close(owner).await;
    Ok(())
}

async fn run(connection: &mut sqlx::PgConnection, statements: &[Statement]) -> Result<(), DrillFault> {
    make_all(connection, statements).await.map_err(|error| refused(&error))
}

async fn close(connection: sqlx::PgConnection) {
    if let Err(error) = connection.close().await {
        tracing::debug!("a connection to a scratch server was lost at its end: {error}");
    }
}

fn no_extension(error: &MakeError) -> DrillFault {
    let MakeError::Refused { makes, source } = error else { return refused(error) };
    let code = source.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
    match code.as_deref() {
        Some(NO_FILE | NOT_SUPPORTED) => {
            let message = format!("the scratch server does not have what {makes} needs: {source}");
            let hint =
                "install the extension's package for the scratch server (Debian: postgresql-contrib, or its own)";
            found(Verdict::Inconclusive, "extension_missing", message, hint)
        }
        _ => refused(error),
    }
}

/// The server refuses the schema, or is gone.
fn refused(error: &MakeError) -> DrillFault {
    let source = match error {
        MakeError::Refused { source, .. } | MakeError::Settings(source) => source,
    };
    let message = format!("{error}: {source}");
    if is_full(source) {
        return found(Verdict::Inconclusive, "scratch_full", message, "make room for the scratch database");
    }
    match source.as_database_error() {
        Some(_) => {
            let hint = "a scratch server of the same version as the source's takes it, where a newer one does not";
            found(Verdict::Inconclusive, "schema_not_made", message, hint)
        }
        None => found(Verdict::Inconclusive, "scratch_lost", message, "look into the daemon's log; then try again"),
    }
}

/// Loads the rows, and proves before the commit that the database gives the same bytes back; gives how many.
///
/// # Errors
/// When the archive's rows do not go in, or are not what it says.
pub(super) async fn load(archive: &Arc<ArchivedFull>, tenant: Tenant, onto: &Onto) -> Result<u64, DrillFault> {
    let restore = Restore {
        target: onto.target(),
        rows: Arc::clone(archive) as _,
        tenant,
        mode: RestoreMode::Scratch,
        renewal: None,
    };
    let restored = restore.apply(None).await.map_err(|error| not_loaded(&error))?;
    Ok(restored.inserted)
}

/// What the server could not do says nothing of the archive; that its rows do not go in, or come out as others, does.
fn not_loaded(error: &RestoreError) -> DrillFault {
    let of_server = matches!(
        error,
        RestoreError::Target {
            fault: TargetFault::Unreachable
                | TargetFault::Login
                | TargetFault::Lost
                | TargetFault::Full
                | TargetFault::Timeout
                | TargetFault::Locked
                | TargetFault::Privilege,
            ..
        } | RestoreError::Thread { .. }
            | RestoreError::Version { .. }
    );
    let words = error.to_string();
    let full = words.contains("No space left on device") || words.contains("File too large");
    let code = match error {
        _ if full => "scratch_full",
        RestoreError::Target { fault: TargetFault::Full, .. } => "scratch_full",
        RestoreError::Target { fault: TargetFault::Lost | TargetFault::Unreachable, .. } => "scratch_lost",
        error => error.code(),
    };
    let verdict = if of_server || full { Verdict::Inconclusive } else { Verdict::Failed };
    found(verdict, code, words, error.hint())
}

/// What [`load`] has proven.
pub(super) fn proven(archive: &ArchivedFull, rows: u64) -> Vec<Proof> {
    let tables = archive.tables().len();
    let proof = |name: &str, message: String| Proof {
        name: name.to_owned(),
        format: None,
        same: true,
        message,
        differences: Vec::new(),
    };
    vec![
        proof("counts", format!("{rows} rows of {tables} tables went back, as many as the archive says")),
        proof("row_hashes", "the database gives every row back with the archive's bytes".to_owned()),
        proof("foreign_keys", "every foreign key leads to a row that is there".to_owned()),
        proof("tenant", "every row is the organization's, by the product's definition".to_owned()),
    ]
}
