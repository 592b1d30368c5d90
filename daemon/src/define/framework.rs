//! Tables of frameworks, by their names: migrations, queues, sessions of browsers.

/// What such a table is, where the name is one.
pub(super) fn of(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let name = name.as_str();
    EXACT.iter().find(|(_, names)| names.contains(&name)).map(|(what, _)| *what).or_else(|| {
        PREFIXES
            .iter()
            .find(|(_, prefixes)| prefixes.iter().any(|prefix| name.starts_with(prefix)))
            .map(|(what, _)| *what)
    })
}

const MIGRATIONS: &str = "it says which migrations of the schema were run";
const QUEUE: &str = "it is a queue of background jobs";
const SESSIONS: &str = "it holds sessions of browsers";
const CACHE: &str = "it is a cache";
const FRAMEWORK: &str = "it belongs to the framework";
const GEO: &str = "it belongs to an extension of the database";

const EXACT: [(&str, &[&str]); 6] = [
    (
        MIGRATIONS,
        &[
            "schema_migrations",
            "schema_migration",
            "ar_internal_metadata",
            "data_migrations",
            "django_migrations",
            "kysely_migration",
            "kysely_migration_lock",
            "knex_migrations",
            "knex_migrations_lock",
            "migration_lock",
            "migrations_lock",
            "sequelizemeta",
            "sequelizedata",
            "_prisma_migrations",
            "__drizzle_migrations",
            "drizzle_migrations",
            "flyway_schema_history",
            "schema_version",
            "schema_info",
            "databasechangelog",
            "databasechangeloglock",
            "alembic_version",
            "alembic_versions",
            "goose_db_version",
            "gorp_migrations",
            "migrations",
            "migration",
            "typeorm_metadata",
            "typeorm_migrations",
            "mikro_orm_migrations",
            "__efmigrationshistory",
            "pgmigrations",
            "phinxlog",
            "doctrine_migration_versions",
            "migration_versions",
            "schema_history",
            "dbmate_migrations",
            "refinery_schema_history",
            "_sqlx_migrations",
            "__diesel_schema_migrations",
            "darwin_migrations",
            "atlas_schema_revisions",
            "bun_migrations",
            "bun_migration_locks",
            "versions_migrations",
        ],
    ),
    (
        QUEUE,
        &[
            "jobs",
            "job_batches",
            "failed_jobs",
            "delayed_jobs",
            "que_jobs",
            "que_lockers",
            "queue_classic_jobs",
            "background_tasks",
            "background_jobs",
            "fang_tasks",
            "river_job",
            "river_leader",
            "river_queue",
            "river_client",
            "river_migration",
            "jobqueue",
            "telescope_entries",
            "telescope_entries_tags",
            "telescope_monitoring",
            "messenger_messages",
            "procrastinate_jobs",
        ],
    ),
    (SESSIONS, &["sessions", "session", "django_session", "user_session_store", "tower_sessions", "connect_sessions"]),
    (CACHE, &["cache", "cache_locks", "django_cache", "cache_table"]),
    (
        FRAMEWORK,
        &[
            "auth_permission",
            "auth_group",
            "auth_group_permissions",
            "django_content_type",
            "django_admin_log",
            "django_site",
            "password_resets",
            "password_reset_tokens",
        ],
    ),
    (GEO, &["spatial_ref_sys", "geometry_columns", "geography_columns", "raster_columns", "raster_overviews"]),
];

const PREFIXES: [(&str, &[&str]); 4] = [
    (
        QUEUE,
        &[
            "django_celery_",
            "celery_",
            "djcelery_",
            "django_q_",
            "solid_queue_",
            "good_job",
            "oban_",
            "pgboss_",
            "pgboss.",
            "graphile_worker",
            "_private_jobs",
            "procrastinate_",
            "qrtz_",
            "hangfire_",
            "pulse_",
        ],
    ),
    (CACHE, &["solid_cache_", "solid_cable_"]),
    (MIGRATIONS, &["_prisma_migration", "knex_migrations", "sequelizemeta", "__efmigrations", "kysely_migration"]),
    (FRAMEWORK, &["django_", "pg_stat_statements"]),
];

/// What such a schema is, where a whole one belongs to a framework.
pub(super) fn of_schema(schema: &str) -> Option<&'static str> {
    match schema {
        "pgboss" | "graphile_worker" | "oban" | "hangfire" | "procrastinate" => Some(QUEUE),
        "drizzle" => Some(MIGRATIONS),
        _ => None,
    }
}
