//! RyTask's definition, a source and the encoders together: the bytes that RyTask's own export
//! writes for the same rows, from PostgreSQL and from SQLite.

mod restored;

use std::{io::Cursor, path::Path, sync::Arc};

use chrono::DateTime;
use orgvault_api::{Format, OrganizationKey, Warning, gid::Gid};
use orgvault_daemon::{
    format::{ArchivePlan, FormatError, Written, encoder},
    product::Definition,
    source::{Snapshot, Source},
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use crate::{
    encode::encode,
    source::fixture::{granted, rytask, source},
};
use orgvault_testing::postgres::Database;

/// Rows that both databases take.
const ROWS: &str = include_str!("format.sql");
const ORG: &str = "00000000-0000-7000-8000-0000000000d0";

const JSON: &str = concat!(
    r#"{"format":"rytask.workspace-export","version":1,"exportedAt":"2026-06-11T12:00:00.000Z","#,
    r#""organization":{"id":"00000000-0000-7000-8000-0000000000d0","name":"Org \"D\", Ltd \\ é🚀","slug":"","#,
    r#""settings":{"10":[{"2":0,"a":100000000000000000000}],"b":1,"big":12345678901234567000},"createdAt":"1969-12-31T23:59:59.999Z"},"#,
    r#""workspaces":[{"id":"00000000-0000-7000-8000-0000000000d1","name":"Main","slug":"","createdAt":"2026-02-01T00:00:00.000Z"}],"#,
    r#""members":[{"userId":"00000000-0000-7000-8000-0000000000e2","email":"e@x.test","name":"Of another organization","role":"GUEST","#,
    r#""deactivatedAt":null,"createdAt":"2026-02-04T00:00:00.000Z"},"#,
    r#"{"userId":"00000000-0000-7000-8000-0000000000d2","email":"d@x.test","name":"=Member()","role":"OWNER","#,
    r#""deactivatedAt":"2026-02-03T04:05:06.700Z","createdAt":"2026-02-04T00:00:00.000Z"}],"#,
    r##""projects":[{"id":"00000000-0000-7000-8000-0000000000d6","workspaceId":"00000000-0000-7000-8000-0000000000d1","name":"Main","##,
    r##""keyPrefix":"@AB","description":"","color":"#6B7280","leadId":null,"archivedAt":"2026-02-06T00:00:00.000Z","##,
    r#""createdAt":"2026-02-05T00:00:00.000Z"}],"#,
    r##""statuses":[{"id":"00000000-0000-7000-8000-0000000000d7","projectId":"00000000-0000-7000-8000-0000000000d6","name":"To Do","##,
    r##""category":"UNSTARTED","color":"#6B7280","position":-3}],"##,
    r##""labels":[{"id":"00000000-0000-7000-8000-0000000000d8","workspaceId":"00000000-0000-7000-8000-0000000000d1","name":"bug","##,
    r##""color":"#3B82F6"}],"##,
    r#""workItems":[{"id":"00000000-0000-7000-8000-0000000000d9","projectId":"00000000-0000-7000-8000-0000000000d6","key":"@AB--1","#,
    r#""number":-1,"title":"\t=1+1; tab","description":"a,b \"c\"\nd","statusId":"00000000-0000-7000-8000-0000000000d7","#,
    r#""priority":"URGENT","source":"WEB","assigneeId":null,"reporterId":"00000000-0000-7000-8000-0000000000d2","parentId":null,"#,
    r#""labelIds":["00000000-0000-7000-8000-0000000000d8","00000000-0000-7000-8000-0000000000f8"],"estimateValue":"1.50","#,
    r#""startDate":"2026-06-12","endDate":null,"dueDate":"2026-06-13","completedAt":"2026-02-08T07:06:05.432Z","#,
    r#""createdAt":"2026-02-09T00:00:00.000Z","updatedAt":"2026-02-09T00:00:00.001Z","deletedAt":null},"#,
    r#"{"id":"00000000-0000-7000-8000-0000000000da","projectId":"00000000-0000-7000-8000-0000000000e6","key":"-0","number":0,"#,
    r#""title":"","description":null,"statusId":"00000000-0000-7000-8000-0000000000d7","priority":"NONE","source":"API","#,
    r#""assigneeId":null,"reporterId":null,"parentId":null,"labelIds":[],"estimateValue":null,"startDate":null,"endDate":null,"#,
    r#""dueDate":null,"completedAt":null,"createdAt":"2026-02-09T00:00:00.000Z","updatedAt":"2026-02-09T00:00:00.000Z","#,
    r#""deletedAt":"2026-02-10T00:00:00.000Z"}],"#,
    r#""comments":[{"id":"00000000-0000-7000-8000-0000000000db","workItemId":"00000000-0000-7000-8000-0000000000e9","#,
    r#""authorId":"00000000-0000-7000-8000-0000000000e2","parentId":"00000000-0000-7000-8000-0000000000eb","#,
    r#""body":"on an item of another organization","createdAt":"2026-02-10T00:00:00.000Z","editedAt":null,"#,
    r#""deletedAt":"2026-02-12T00:00:00.000Z"}],"#,
    r#""timeLogs":[{"id":"00000000-0000-7000-8000-0000000000dc","projectId":"00000000-0000-7000-8000-0000000000d6","#,
    r#""workItemId":"00000000-0000-7000-8000-0000000000d9","userId":"00000000-0000-7000-8000-0000000000d2","#,
    r#""startedAt":"2026-02-11T08:00:00.250Z","endedAt":"2026-02-11T09:00:00.750Z","durationSeconds":3600,"note":"say \"hi\"","#,
    r#""billable":true,"source":"TIMER","classification":"PLANNED","classificationOverridden":false,"#,
    r#""createdAt":"2026-02-11T09:00:00.000Z","deletedAt":null},"#,
    r#"{"id":"00000000-0000-7000-8000-0000000000dd","projectId":"00000000-0000-7000-8000-0000000000d6","#,
    r#""workItemId":"00000000-0000-7000-8000-0000000000d9","userId":null,"startedAt":"2026-02-11T08:00:00.000Z","#,
    r#""endedAt":"2026-02-11T09:00:00.000Z","durationSeconds":3600,"note":null,"billable":false,"source":"MANUAL","#,
    r#""classification":"INTERRUPTION","classificationOverridden":true,"createdAt":"2026-02-11T09:00:00.000Z","#,
    r#""deletedAt":"2026-02-12T00:00:00.000Z"}],"#,
    r#""counts":{"workspaces":1,"members":2,"projects":1,"statuses":1,"labels":1,"workItems":2,"comments":1,"timeLogs":2}}"#,
);

const WORK_ITEMS: &str = "\
key,title,status_id,priority,source,assignee_id,reporter_id,parent_id,estimate_value,start_date,end_date,due_date,completed_at,created_at,updated_at,deleted_at,label_ids,description
@AB--1,\t=1+1; tab,00000000-0000-7000-8000-0000000000d7,URGENT,WEB,,00000000-0000-7000-8000-0000000000d2,,1.50,2026-06-12,,2026-06-13,2026-02-08T07:06:05.432Z,2026-02-09T00:00:00.000Z,2026-02-09T00:00:00.001Z,,00000000-0000-7000-8000-0000000000d8 00000000-0000-7000-8000-0000000000f8,\"a,b \"\"c\"\"
d\"
-0,,00000000-0000-7000-8000-0000000000d7,NONE,API,,,,,,,,,2026-02-09T00:00:00.000Z,2026-02-09T00:00:00.000Z,2026-02-10T00:00:00.000Z,,
";

const TIME_LOGS: &str = "\
id,project_id,work_item_id,user_id,started_at,ended_at,duration_seconds,classification,classification_overridden,source,billable,note,created_at,deleted_at
00000000-0000-7000-8000-0000000000dc,00000000-0000-7000-8000-0000000000d6,00000000-0000-7000-8000-0000000000d9,00000000-0000-7000-8000-0000000000d2,2026-02-11T08:00:00.250Z,2026-02-11T09:00:00.750Z,3600,PLANNED,false,TIMER,true,\"say \"\"hi\"\"\",2026-02-11T09:00:00.000Z,
00000000-0000-7000-8000-0000000000dd,00000000-0000-7000-8000-0000000000d6,00000000-0000-7000-8000-0000000000d9,,2026-02-11T08:00:00.000Z,2026-02-11T09:00:00.000Z,3600,INTERRUPTION,true,MANUAL,false,,2026-02-11T09:00:00.000Z,2026-02-12T00:00:00.000Z
";

fn plan(definition: &Arc<Definition>, format: Format, entity: Option<&str>) -> ArchivePlan {
    let organization = OrganizationKey {
        source: "tracker".to_owned(),
        kind: "organization".to_owned(),
        id: ORG.to_owned(),
        name: "D".to_owned(),
        slug: String::new(),
    };
    ArchivePlan {
        gid: Gid::try_from(1).unwrap(),
        organization,
        definition: Arc::clone(definition),
        format,
        sections: definition.sections_of(format, entity).unwrap(),
        counted: Arc::default(),
        gzip: false,
        importable: false,
        level: 6,
        started_at: DateTime::parse_from_rfc3339("2026-06-11T12:00:00Z").unwrap().to_utc(),
        files: None,
    }
}

async fn export(
    snapshot: &mut Snapshot,
    definition: &Arc<Definition>,
    format: Format,
    entity: Option<&str>,
) -> Result<(String, Written), FormatError> {
    let plan = Arc::new(plan(definition, format, entity));
    let mut encoder = encoder(Arc::clone(&plan), Cursor::new(Vec::new()))?;
    for &index in plan.sections.iter() {
        encode(snapshot, index, &mut *encoder).await?;
    }
    let (out, written) = encoder.finish()?;
    Ok((String::from_utf8(out.into_inner()).unwrap(), written))
}

/// The organization's archive and both CSVs are what RyTask writes, to the byte.
async fn exports_byte_for_byte(source: &Source) {
    let mut snapshot = source.snapshot(ORG).await.unwrap();
    let definition = Arc::clone(source.definition());
    let (json, written) = export(&mut snapshot, &definition, Format::Json, None).await.unwrap();
    assert_eq!(json, JSON);
    assert_eq!(written.warnings[0].ids, [format!("organizations {ORG}: settings.big")]);
    let counts: Vec<u64> = written.counts.iter().map(|count| count.rows).collect();
    assert_eq!(counts, snapshot.counts().await.unwrap());
    let (work_items, _) = export(&mut snapshot, &definition, Format::Csv, Some("work-items")).await.unwrap();
    assert_eq!(work_items, WORK_ITEMS);
    let (time_logs, _) = export(&mut snapshot, &definition, Format::Csv, Some("time-logs")).await.unwrap();
    assert_eq!(time_logs, TIME_LOGS);
    let foreign = |warning: Warning| (warning.code, warning.ids);
    let warnings: Vec<_> = snapshot.warnings().await.unwrap().into_iter().map(foreign).collect();
    let expected = ["00000000-0000-7000-8000-0000000000d3", "00000000-0000-7000-8000-0000000000da"];
    assert_eq!(warnings, expected.map(|id| ("foreign_rows".to_owned(), vec![id.to_owned()])));
    snapshot.finish().await.unwrap();
}

#[tokio::test]
async fn rytask_on_postgresql_is_byte_for_byte() {
    let database = Database::rytask();
    database.psql(ROWS);
    exports_byte_for_byte(&granted(&database)).await;
}

/// Tables with every column that the definition knows, as SQLite takes them: without types.
fn sqlite_tables(definition: &Definition) -> String {
    let mut sql = String::new();
    let read = definition.tables.iter().filter(|(_, table)| !table.reads.is_empty());
    for (name, table) in read {
        let columns: Vec<&str> = table.reads.iter().chain(table.known.iter().flatten()).map(String::as_str).collect();
        sql.extend(["CREATE TABLE ", name, " (", &columns.join(", "), ");\n"]);
    }
    sql
}

async fn sqlite(file: &Path, sql: String) {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn rytask_on_sqlite_is_byte_for_byte() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("rytask.sqlite");
    sqlite(&file, sqlite_tables(&rytask()) + ROWS).await;
    exports_byte_for_byte(&source(&format!("sqlite://{}", file.display()), rytask())).await;
}

#[tokio::test]
async fn odd_values_of_postgresql_are_written_as_rytask_writes_them() {
    let database = Database::rytask();
    database.psql(ROWS);
    database.psql(&format!(
        "UPDATE work_items SET estimate_value = 'NaN', start_date = 'infinity', end_date = '0044-03-15 BC',
           due_date = '10000-01-01', completed_at = '275760-09-13 00:00:00.000999Z', created_at = '0050-02-03 00:00:00Z',
           updated_at = '10000-01-01 00:00:00Z' WHERE number = 0 AND organization_id = '{ORG}';
         UPDATE organizations SET settings = '\"{{\\\"b\\\":1,\\\"0\\\":[1.0]}}\"' WHERE id = '{ORG}'"
    ));
    let source = granted(&database);
    let mut snapshot = source.snapshot(ORG).await.unwrap();
    let (json, written) = export(&mut snapshot, source.definition(), Format::Json, None).await.unwrap();
    let dates = r#""estimateValue":"NaN","startDate":"infinity","endDate":"0044-03-15 BC","dueDate":"10000-01-01","#;
    let instants = r#""completedAt":"+275760-09-13T00:00:00.000Z","createdAt":"0050-02-03T00:00:00.000Z","updatedAt":"+010000-01-01T00:00:00.000Z""#;
    assert!(json.contains(&format!("{dates}{instants}")), "{json}");
    assert!(json.contains(r#""settings":{"0":[1],"b":1},"#), "{json}");
    assert_eq!(written.warnings, []);
    snapshot.finish().await.unwrap();
}

#[tokio::test]
async fn an_instant_beyond_the_format_names_table_id_and_column() {
    let database = Database::rytask();
    database.psql(ROWS);
    let source = granted(&database);
    for (instant, shown) in [
        ("infinity", "infinity"),
        ("-infinity", "-infinity"),
        ("0001-12-31 23:59:59.999999Z BC", "0001-12-31 23:59:59.999+00 BC"),
        ("275760-09-13 00:00:00.001Z", "275760-09-13 00:00:00.001+00"),
    ] {
        database.psql(&format!(
            "UPDATE time_logs SET ended_at = '{instant}' WHERE id = '{ORG}'::uuid OR note = 'say \"hi\"'"
        ));
        let mut snapshot = source.snapshot(ORG).await.unwrap();
        for (format, entity) in [(Format::Json, None), (Format::Csv, Some("time-logs"))] {
            let error = export(&mut snapshot, source.definition(), format, entity).await.unwrap_err();
            let expected = format!(
                "time_logs.endedAt of row 00000000-0000-7000-8000-0000000000dc holds {shown}, which {format} cannot hold"
            );
            assert_eq!(error.to_string(), expected);
        }
        snapshot.finish().await.unwrap();
    }
}
