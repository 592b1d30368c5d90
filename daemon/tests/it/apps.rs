//! The definitions that come with orgvault, on the tables of the apps that they are for, with rows of two tenants in
//! each table.

use std::{collections::BTreeMap, io::Cursor, sync::Arc};

use chrono::DateTime;
use orgvault_api::{CheckResult, Format, OrganizationKey, gid::Gid};
use orgvault_config::SourceConfig;
use orgvault_daemon::{
    format::{ArchivePlan, encoder},
    product::{Definition, Products},
    source::{Snapshot, Source},
};
use orgvault_testing::{
    apps::{App, Tenant, tenant_of},
    postgres::Database,
};
use serde_json::Value;

use crate::{
    encode::encode,
    source::fixture::{config, source_with},
};

/// Columns whose names say that somebody else should not know them, and that a role may read.
const READABLE_SECRETS: &str = "
SELECT c.relname || '.' || a.attname
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
  AND a.attname ~* 'passw|secret|token|hash|salt|otp_|mfa_|private_key|credential|certificate|license_?key|api_?key|session_data|session_key|backup_code|provider_config|auth_config|ldap_|saml_|oidc_|jwt|smtp_'
  AND a.attname !~ '^(smtp|imap)_(address|port|domain|enable|authentication|openssl)|_mfa$'
  AND has_column_privilege('ROLE', c.oid, a.attnum, 'SELECT')
ORDER BY 1";

/// Columns that hold a secret, or may hold one, and whose names do not say so.
const UNNAMED_SECRETS: [(&str, &[&str]); 5] = [
    (
        "chatwoot",
        &[
            "accounts.internal_attributes",
            "agent_bots.bot_config",
            "audits.audited_changes",
            "channel_api.identifier",
            "channel_email.imap_login",
            "channel_email.smtp_login",
            "installation_configs.serialized_value",
            "integrations_hooks.settings",
            "notification_subscriptions.subscription_attributes",
        ],
    ),
    ("docmost", &["auth_providers.settings", "user_sessions.metadata"]),
    (
        "outline",
        &[
            "authentication_providers.settings",
            "integrations.settings",
            "webhook_deliveries.requestHeaders",
            "webhook_deliveries.responseHeaders",
        ],
    ),
    (
        "plane",
        &[
            "exporters.url",
            "github_repositories.config",
            "importers.config",
            "importers.metadata",
            "instance_configurations.value",
            "slack_project_syncs.data",
            "slack_project_syncs.webhook_url",
            "social_login_connections.extra_data",
            "webhook_logs.request_headers",
            "webhook_logs.response_headers",
            "workspace_integrations.config",
            "workspace_integrations.metadata",
        ],
    ),
    ("planka", &["config.smtp_user", "notification_service.url"]),
];

/// Those of these columns that a role may read; one that is not there is an error.
fn readable_unnamed(database: &Database, name: &str) -> Vec<&'static str> {
    let (_, columns) = UNNAMED_SECRETS.iter().find(|(app, _)| *app == name).unwrap();
    let is_readable = |column: &&&str| {
        let (table, column) = column.split_once('.').unwrap();
        let role = database.role();
        database.psql(&format!("SELECT has_column_privilege('{role}', '{table}', '{column}', 'SELECT')")) != "f"
    };
    columns.iter().filter(is_readable).copied().collect()
}

/// A database of an app, and the source that reads it with exactly the rights that it asks for.
async fn app(name: &str) -> (Database, Source) {
    let database = App::named(name).database();
    let config = SourceConfig { product: name.to_owned(), ..config(&database.url()) };
    let definition = Products::embedded().unwrap().get(name).unwrap().clone();
    let source = source_with(config, Definition::clone(&definition));
    database.psql(&source.check().await.grants);
    (database, source)
}

fn plan(snapshot: &Snapshot, organization: &OrganizationKey, format: Format, entity: Option<&str>) -> Arc<ArchivePlan> {
    let definition = snapshot.definition();
    Arc::new(ArchivePlan {
        gid: Gid::try_from(1).unwrap(),
        organization: organization.clone(),
        definition: Arc::clone(definition),
        format,
        sections: definition.sections_of(format, entity).unwrap(),
        files: None,
        counted: Arc::default(),
        gzip: false,
        importable: false,
        level: 1,
        started_at: DateTime::parse_from_rfc3339("2026-06-11T12:00:00Z").unwrap().to_utc(),
    })
}

/// Every archive of an organization: its bytes by format and entity.
async fn archives(source: &Source, organization: &OrganizationKey) -> BTreeMap<String, Vec<u8>> {
    let mut snapshot = source.snapshot(&organization.id).await.unwrap();
    let definition = Arc::clone(snapshot.definition());
    let counted = snapshot.counts().await.unwrap();
    let mut archives = BTreeMap::new();
    for format in [Format::Json, Format::Csv, Format::Zip] {
        for entity in definition.archives_of(format) {
            let plan = plan(&snapshot, organization, format, entity);
            let mut encoder = encoder(Arc::clone(&plan), Cursor::new(Vec::new())).unwrap();
            for &index in plan.sections.iter() {
                let sent = encode(&mut snapshot, index, &mut *encoder).await.unwrap();
                assert_eq!(sent, counted[index], "{}", definition.sections[index].name);
            }
            let (out, _written) = encoder.finish().unwrap();
            archives.insert(format!("{format} {}", entity.unwrap_or_default()), out.into_inner());
        }
    }
    assert_eq!(snapshot.warnings().await.unwrap(), []);
    snapshot.finish().await.unwrap();
    archives
}

/// The tenants that are named anywhere in a value.
fn tenants(value: &Value, found: &mut Vec<(Tenant, String)>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| tenants(value, found)),
        Value::Object(members) => members.values().for_each(|value| tenants(value, found)),
        Value::String(text) => found.extend(tenant_of(text).map(|tenant| (tenant, text.clone()))),
        Value::Number(number) => {
            found.extend(tenant_of(&number.to_string()).map(|tenant| (tenant, number.to_string())));
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// What is not shared names rows of its own tenant, and of nobody's.
fn names_no_other(definition: &Definition, document: &Value, own: Tenant) {
    for section in definition.sections.iter().filter(|section| !definition.tables[&section.table].is_shared) {
        let mut found = Vec::new();
        tenants(&document[&section.name], &mut found);
        found.retain(|(tenant, _)| ![0, own].contains(tenant));
        assert!(found.is_empty(), "{} of tenant {own} names {found:?}", section.name);
    }
}

/// Each row of each section's table is in the archive of one tenant, and of a shared one in at least one.
fn covers(database: &Database, definition: &Definition, documents: &[Value]) {
    for section in &definition.sections {
        let table = format!("SELECT count(*) FROM \"{}\"", section.table);
        let there: usize = database.psql(&table).parse().unwrap();
        let rows = |document: &Value| match &document[&section.name] {
            Value::Array(rows) => rows.len(),
            _ => 1,
        };
        let exported: Vec<usize> = documents.iter().map(rows).collect();
        if definition.tables[&section.table].is_shared {
            assert!(exported.iter().all(|rows| *rows > 0), "{}: {exported:?}", section.name);
        } else {
            assert_eq!(exported.iter().sum::<usize>(), there, "{}: {exported:?}", section.name);
        }
    }
}

/// Whoever a row of the archive names is among its people.
fn has_its_people(document: &Value) {
    let people: Vec<&Value> = document["users"].as_array().unwrap().iter().map(|user| &user["id"]).collect();
    let sections = document.as_object().unwrap().iter().filter_map(|(name, rows)| Some((name, rows.as_array()?)));
    for (section, row) in sections.flat_map(|(name, rows)| rows.iter().map(move |row| (name, row))) {
        let named = row.as_object().unwrap().iter();
        let mut named = named.filter(|(column, id)| column.ends_with("user_id") && !id.is_null());
        assert!(named.all(|(_, id)| people.contains(&id)), "{section}: {row} names somebody else");
    }
}

/// Everything that a definition promises on its app.
async fn holds(name: &str) {
    let (database, source) = app(name).await;
    // Where the files of the app are kept, nobody said.
    for line in source.check().await.lines.into_iter().filter(|line| line.name != "files") {
        assert_eq!(line.result, CheckResult::Ok, "{line:?}");
    }
    let readable = database.psql(&READABLE_SECRETS.replace("ROLE", database.role()));
    assert_eq!(readable, "", "the role may read secrets of {name}");
    assert_eq!(readable_unnamed(&database, name), [""; 0], "the role may read secrets of {name}");
    let definition = Arc::clone(source.definition());
    let live: Vec<String> = database
        .psql("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")
        .lines()
        .map(str::to_owned)
        .collect();
    assert!(live.iter().all(|table| definition.tables.contains_key(table)), "each table is classified");
    let mut documents = Vec::new();
    let organizations = source.organizations().await.unwrap();
    assert_eq!(organizations.len(), 2, "{organizations:?}");
    for organization in &organizations {
        let archives = archives(&source, &organization.key).await;
        assert_eq!(archives, self::archives(&source, &organization.key).await, "the same rows give the same bytes");
        let document: Value = serde_json::from_slice(&archives["json "]).unwrap();
        names_no_other(&definition, &document, tenant_of(&organization.key.id).unwrap());
        documents.push(document);
    }
    covers(&database, &definition, &documents);
}

#[tokio::test]
async fn plane_is_exported_whole() {
    holds("plane").await;
}

#[tokio::test]
async fn docmost_is_exported_whole() {
    holds("docmost").await;
}

#[tokio::test]
async fn outline_is_exported_whole() {
    holds("outline").await;
}

#[tokio::test]
async fn chatwoot_is_exported_whole() {
    holds("chatwoot").await;
}

#[tokio::test]
async fn planka_is_exported_whole() {
    holds("planka").await;
}

#[tokio::test]
async fn planka_has_whoever_only_follows_a_card_or_a_board_or_likes_a_project() {
    let (database, source) = app("planka").await;
    let rows = ["board_subscription.user_id", "card_subscription.user_id", "notification.creator_user_id"];
    for (id, row) in (9001..).zip(rows.into_iter().chain(["notification.user_id", "project_favorite.user_id"])) {
        let (table, column) = row.split_once('.').unwrap();
        database.psql(&format!(
            "INSERT INTO user_account SELECT (jsonb_populate_record(someone,
                jsonb_build_object('id', {id}, 'email', '{id}', 'username', '{id}', 'api_key_hash', '{id}'))).*
            FROM user_account someone LIMIT 1;
            UPDATE {table} SET {column} = {id} WHERE id = (SELECT min(id) FROM {table})"
        ));
    }
    for organization in source.organizations().await.unwrap() {
        has_its_people(&serde_json::from_slice(&archives(&source, &organization.key).await["json "]).unwrap());
    }
}
