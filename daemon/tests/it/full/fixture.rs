//! Two teams with everything that is easily lost, and archives of them.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::DateTime;
use orgvault_api::{Format, OrganizationKey, gid::Gid};
use orgvault_archive::{ArchiveReader, full::FullArchive};
use orgvault_daemon::{
    format::{ArchivePlan, encoder},
    product,
    source::{Source, SourceError},
};
use orgvault_testing::postgres::Database;
use tempfile::TempDir;

use crate::{
    encode::encode,
    source::fixture::{config, source_with},
};

/// The tables of the teams, and their rows.
pub(crate) const TEAMS: &str = include_str!("teams.sql");
/// What is said of them.
pub(crate) const DEFINITION: &str = include_str!("teams.toml");

/// A database of teams, and a source that may read it.
pub(crate) fn teams(sql: &str) -> (Database, Source) {
    let database = Database::new();
    database.psql(sql);
    database.psql(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}", database.role()));
    let definition = product::parse(DEFINITION, Path::new("teams.toml")).unwrap();
    let source = source_with(config(&database.url()), definition);
    (database, source)
}

pub(crate) fn team(id: u32) -> OrganizationKey {
    OrganizationKey {
        source: "tracker".to_owned(),
        id: id.to_string(),
        name: format!("Team {id}"),
        slug: format!("team-{id}"),
        kind: "organization".to_owned(),
    }
}

/// An archive on disk.
pub(crate) struct Made {
    pub(crate) path: PathBuf,
    _folder: TempDir,
}

impl Made {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap()
    }

    pub(crate) fn open(&self) -> FullArchive {
        FullArchive::open(ArchiveReader::in_place(&self.path).unwrap()).unwrap()
    }
}

/// Exports an organization as `full`; the counts of all tables are compared with what was sent.
pub(crate) async fn full(source: &Source, organization: &OrganizationKey) -> Result<Made, SourceError> {
    let mut snapshot = source.snapshot(&organization.id).await?;
    snapshot.show_tables().await?;
    let definition = Arc::clone(snapshot.definition());
    let counted: Arc<[u64]> = snapshot.counts().await?.into();
    let plan = Arc::new(ArchivePlan {
        gid: Gid::try_from(1).unwrap(),
        organization: organization.clone(),
        sections: definition.sections_of(Format::Full, None).unwrap(),
        definition,
        format: Format::Full,
        counted: Arc::clone(&counted),
        files: None,
        gzip: false,
        importable: false,
        level: 1,
        started_at: DateTime::parse_from_rfc3339("2026-06-11T12:00:00Z").unwrap().to_utc(),
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("20260611T120000Z-1.full");
    let mut encoder = encoder(Arc::clone(&plan), File::create_new(&path).unwrap()).unwrap();
    for &index in plan.sections.iter() {
        let sent = encode(&mut snapshot, index, &mut *encoder).await.unwrap();
        assert_eq!(sent, counted[index], "{}", plan.definition.sections[index].name);
    }
    encoder.finish().unwrap();
    snapshot.finish().await?;
    Ok(Made { path, _folder: folder })
}
