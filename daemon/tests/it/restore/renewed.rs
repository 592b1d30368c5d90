//! An organization that comes back beside the one that is there, under another id.

use std::{str::FromStr as _, sync::Arc};

use orgvault_api::{RestoreFinding, RestoreMode};
use orgvault_daemon::restore::{Renewal, Restore, Target, Tenant, TenantReference, TenantTable};
use orgvault_testing::postgres::Database;
use sqlx::postgres::PgConnectOptions;

use super::{
    codes,
    fixture::{Archive, bolt, filled, fingerprint, named, restore},
};

const APP: &str = include_str!("renewed.sql");
const ACME: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const COPY: &str = "cccccccc-0000-4000-8000-000000000001";
const OTHER_COPY: &str = "dddddddd-0000-4000-8000-000000000001";
const TABLES: [(&str, &str, bool); 8] = [
    ("teams", "id = $1", false),
    ("users", "id IN (SELECT owner_id FROM teams WHERE id = $1)", true),
    ("boards", "team_id = $1", false),
    ("cards", "board_id IN (SELECT b.id FROM boards b WHERE b.team_id = $1)", false),
    ("seen", "team_id = $1", false),
    ("counters", "team_id = $1", false),
    ("labels", "team_id = $1", false),
    ("rates", "team_id = $1", false),
];

/// Everything of a team in words that have no ids: what names what is told by names and numbers.
const SHAPE: &str = "
SELECT 'team', t.name, t.slug, u.email, NULL, NULL, NULL FROM teams t LEFT JOIN users u ON u.id = t.owner_id WHERE t.id = $1
UNION ALL SELECT 'board', b.name, (f.board_id = b.id)::text, f.number::text, left(b.public_id::text, 14), NULL, NULL
  FROM boards b JOIN cards f ON f.id = b.first_card WHERE b.team_id = $1
UNION ALL SELECT 'card', b.name, c.number::text, pb.name || p.number, c.title, concat_ws(' ', c.about, c.link = '/c/' || c.id), concat_ws(' ', c.tags, c.refs)
  FROM cards c JOIN boards b ON b.id = c.board_id LEFT JOIN cards p ON p.id = c.parent_id LEFT JOIN boards pb ON pb.id = p.board_id
  WHERE b.team_id = $1
UNION ALL SELECT 'seen', b.name, c.number::text, u.email, NULL, NULL, NULL
  FROM seen s JOIN cards c ON c.id = s.card_id JOIN boards b ON b.id = c.board_id AND b.team_id = s.team_id
  JOIN users u ON u.id = s.user_id WHERE s.team_id = $1
UNION ALL SELECT 'counter', next::text, NULL, NULL, NULL, NULL, NULL FROM counters WHERE team_id = $1
UNION ALL SELECT 'label', name, NULL, NULL, NULL, NULL, NULL FROM labels WHERE team_id = $1
UNION ALL SELECT 'rate', kind, value::text, NULL, NULL, NULL, NULL FROM rates WHERE team_id = $1
ORDER BY 1, 2, 3, 4";

fn app(more: &str) -> Database {
    let database = Database::new();
    database.psql(APP);
    database.psql(more);
    database
}

async fn acme(database: &Database) -> Arc<Archive> {
    Arc::new(Archive::of_tables(database, &TABLES, ACME).await)
}

fn renewed(target: &Database, archive: &Arc<Archive>, id: &str) -> Restore {
    let table = |(name, condition, shared): (&str, &str, bool)| {
        (named(name), TenantTable { condition: Some(condition.to_owned()), shared })
    };
    let reference = |child: &str, column: &str, parent: &str| TenantReference {
        child: named(child),
        column: column.to_owned(),
        parent: Some(named(parent)),
        referenced: "id".to_owned(),
    };
    let references = vec![reference("seen", "card_id", "cards"), reference("teams", "owner_id", "users")];
    Restore {
        target: Target::new("test", PgConnectOptions::from_str(&target.admin_url()).unwrap()),
        rows: Arc::<Archive>::clone(archive),
        tenant: Tenant { id: id.to_owned(), tables: TABLES.into_iter().map(table).collect(), references },
        mode: RestoreMode::Scratch,
        renewal: Some(Renewal { from: ACME.to_owned() }),
    }
}

fn shape(database: &Database, team: &str) -> String {
    database.psql(&SHAPE.replace("$1", &format!("'{team}'")))
}

/// The hash of every row of a team, its ids too.
fn rows(database: &Database, team: &str) -> String {
    let rows = |(table, condition, _): (&str, &str, bool)| {
        let condition = condition.replace("$1", &format!("'{team}'"));
        format!("SELECT '{table}', md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM {table} t WHERE {condition}")
    };
    database.psql(&TABLES.map(rows).join(" UNION ALL "))
}

#[tokio::test]
async fn an_organization_comes_back_twice_beside_itself() {
    let target = app("");
    let archive = acme(&target).await;
    let was = [ACME, "bbbbbbbb-0000-4000-8000-000000000001"].map(|team| rows(&target, team));
    let wanted = shape(&target, ACME);
    for copy in [COPY, OTHER_COPY] {
        let restore = renewed(&target, &archive, copy);
        let before = fingerprint(&target);
        let plan = restore.plan().await.unwrap();
        assert!(plan.possible && plan.findings.is_empty(), "{plan:#?}");
        assert_eq!((plan.organization.as_str(), plan.new_id.as_deref()), (ACME, Some(copy)));
        assert_eq!(restore.plan().await.unwrap(), plan, "it is the same whenever it is made");
        assert_eq!(fingerprint(&target), before, "a plan writes nothing");
        // Numbers that the app takes in between are no reason for another plan.
        target.psql("SELECT nextval('cards_id_seq'), nextval('labels_id_seq')");
        let done = restore.apply(Some(&plan.id)).await.unwrap();
        assert_eq!((done.inserted, done.deleted), (13, 0));
        assert_eq!(shape(&target, copy), wanted);
        let now = [ACME, "bbbbbbbb-0000-4000-8000-000000000001"].map(|team| rows(&target, team));
        assert_eq!(now, was, "who was there has the same rows");
    }
    // A UUID that begins with a time keeps it, and a text its length where it is long enough.
    let ids = format!(
        "SELECT string_agg(length(id)::text || left(public_id::text, 18), ' ' ORDER BY name DESC) FROM boards WHERE team_id = '{COPY}'"
    );
    assert_eq!(target.psql(&ids).split('-').take(2).collect::<Vec<_>>(), ["250190b0a1", "2222"]);
    let next = "WITH c AS (INSERT INTO cards (board_id, number) SELECT id, 99 FROM boards RETURNING id)
        SELECT count(*) = 7 FROM c; INSERT INTO labels (team_id, name) SELECT id, 'next' FROM teams";
    assert_eq!(target.psql(next), "t");
}

#[tokio::test]
async fn the_same_archive_and_id_give_the_same_ids() {
    let (one, two) = (app(""), app(""));
    let archive = acme(&one).await;
    for target in [&one, &two] {
        renewed(target, &archive, COPY).apply(None).await.unwrap();
    }
    assert_eq!(rows(&one, COPY), rows(&two, COPY));
    assert_ne!(rows(&one, COPY), rows(&one, ACME));
}

#[tokio::test]
async fn numbers_come_from_the_sequence_and_circles_are_followed() {
    let target = filled(Database::new());
    let archive = Arc::new(Archive::of(&target, "41").await);
    let others = bolt(&target);
    target.psql("SELECT setval('projects_id_seq', 100); UPDATE orgs SET slug = 'old-acme' WHERE id = 41");
    let mut again = restore(&target, &archive, RestoreMode::Scratch);
    again.tenant.id = "77".to_owned();
    again.renewal = Some(Renewal { from: "41".to_owned() });
    let plan = again.plan().await.unwrap();
    assert!(plan.possible, "{plan:#?}");
    let first: Vec<(&str, u64, Option<i64>)> =
        plan.ids.iter().map(|it| (it.column.as_str(), it.ids, it.first)).collect();
    let wanted =
        [("public.events.id", 2, Some(3)), ("public.projects.id", 2, Some(101)), ("public.tasks.id", 4, Some(521))];
    assert_eq!(first.iter().copied().collect::<std::collections::BTreeSet<_>>(), wanted.into());
    again.apply(Some(&plan.id)).await.unwrap();
    let tasks = "SELECT string_agg(concat_ws(':', t.id, t.parent_id, t.project_id), ' ' ORDER BY t.id)
        FROM tasks t JOIN projects p ON p.id = t.project_id WHERE p.org_id = 77";
    assert_eq!(target.psql(tasks), "521:531:101 526:102 531:521:101 536:536:101");
    assert_eq!(bolt(&target), others);
    let next = "INSERT INTO orgs (name, slug) VALUES ('C', 'c') RETURNING id";
    assert_eq!(target.psql(next), "78");
}

/// The only finding of a plan, which blocks it; and nothing changed.
async fn blocked(target: &Database, archive: &Arc<Archive>, id: &str) -> RestoreFinding {
    let before = fingerprint(target);
    let restore = renewed(target, archive, id);
    let plan = restore.plan().await.unwrap();
    assert!(!plan.possible, "{plan:#?}");
    assert_eq!(restore.apply(Some(&plan.id)).await.unwrap_err().code(), "plan_blocked");
    assert_eq!(fingerprint(target), before);
    assert_eq!(plan.findings.len(), 1, "{plan:#?}");
    plan.findings.into_iter().next().unwrap()
}

#[tokio::test]
async fn an_old_id_that_nobody_declared_is_named() {
    for (change, table, key) in [
        (r#"UPDATE cards SET about = '{"a": [{"cardId": 10}]}' WHERE id = 4"#, "cards", "4"),
        (r#"UPDATE cards SET about = '{"label_ids": [99, 2]}' WHERE id = 4"#, "cards", "4"),
        (r#"UPDATE cards SET title = '{"id": "7"}' WHERE id = 4"#, "cards", "4"),
        (r#"UPDATE cards SET about = to_jsonb('{"card_id": 7}'::text) WHERE id = 4"#, "cards", "4"),
        ("UPDATE cards SET tags = 'card_id=>7' WHERE id = 4", "cards", "4"),
        (r#"UPDATE cards SET about = '{"team": "AAAAAAAA-0000-4000-8000-000000000001"}' WHERE id = 4"#, "cards", "4"),
        ("UPDATE cards SET title = 'see xaaaaaaaa000040008000000000000001!' WHERE id = 7", "cards", "7"),
        ("UPDATE cards SET title = 'b/ckx0001abcdefghijklmnopqr/c' WHERE id = 7", "cards", "7"),
        ("UPDATE cards SET refs = '{x,Done}' WHERE id = 7", "cards", "7"),
        ("ALTER TABLE labels ADD board text; UPDATE labels SET board = 'Done' WHERE id = 2", "labels", "2"),
        ("ALTER TABLE labels ADD rate_id integer; UPDATE labels SET rate_id = 10 WHERE id = 2", "labels", "2"),
        ("ALTER TABLE labels ADD subject_id text; UPDATE labels SET subject_id = '10' WHERE id = 2", "labels", "2"),
        (
            "ALTER TABLE labels ADD boards uuid[]; UPDATE labels SET boards = ARRAY(SELECT public_id FROM boards) WHERE id = 2",
            "labels",
            "2",
        ),
    ] {
        let target = app(change);
        let archive = acme(&target).await;
        let found = blocked(&target, &archive, COPY).await;
        let place = (found.code.as_str(), found.table.as_str(), found.keys.join(" "));
        assert_eq!(place, ("id_elsewhere", format!("public.{table}").as_str(), key.to_owned()), "{change}");
    }
}

#[tokio::test]
async fn what_keeps_an_organization_from_coming_back_under_another_id_is_told() {
    let target = app("CREATE UNIQUE INDEX slugs ON teams (lower(slug))");
    let archive = acme(&target).await;
    let found = blocked(&target, &archive, COPY).await;
    assert_eq!((found.code.as_str(), found.keys.join(" ")), ("unique_held", ACME.to_owned()));
    target.psql("DROP INDEX slugs");
    for (id, code) in [("77", "new_id_refused"), (ACME, "new_id_refused"), (&COPY.to_uppercase(), "new_id_refused")] {
        assert_eq!(blocked(&target, &archive, id).await.code, code, "{id}");
    }
    renewed(&target, &archive, COPY).apply(None).await.unwrap();
    let plan = renewed(&target, &archive, COPY).plan().await.unwrap();
    assert!(codes(&plan).contains(&"!tenant_present".to_owned()), "{plan:#?}");

    let mut unknown = renewed(&target, &archive, OTHER_COPY);
    for (table, condition) in [("teams", "id IN (SELECT $1::uuid)"), ("counters", "team_id IN (SELECT $1::uuid)")] {
        unknown.tenant.tables.get_mut(&named(table)).unwrap().condition = Some(condition.to_owned());
    }
    assert_eq!(codes(&unknown.plan().await.unwrap()), ["!organization_unknown"]);
}

#[tokio::test]
async fn numbers_beyond_a_type_and_texts_beyond_a_length_are_refused() {
    let target = app("ALTER TABLE labels ALTER id TYPE smallint; SELECT setval('labels_id_seq', 32766)");
    let archive = acme(&target).await;
    assert_eq!(blocked(&target, &archive, COPY).await.code, "sequence_exhausted");
    let target = app("ALTER TABLE labels DROP id, ADD code varchar(8); UPDATE labels SET code = 'l-' || name;
        ALTER TABLE labels ADD PRIMARY KEY (code)");
    let archive = acme(&target).await;
    let found = blocked(&target, &archive, COPY).await;
    assert_eq!((found.code.as_str(), found.table.as_str()), ("new_id_refused", "public.labels"));
}

#[tokio::test]
async fn numbers_are_taken_before_rows_are_written_so_that_the_app_takes_others() {
    let target = app("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$;
        CREATE TRIGGER no BEFORE INSERT ON labels FOR EACH ROW WHEN (NEW.team_id = 'cccccccc-0000-4000-8000-000000000001')
        EXECUTE FUNCTION no()");
    let archive = acme(&target).await;
    let restore = renewed(&target, &archive, COPY);
    let plan = restore.plan().await.unwrap();
    assert_eq!(target.psql("SELECT last_value FROM labels_id_seq"), "3", "a plan takes none");
    assert_eq!(restore.apply(Some(&plan.id)).await.unwrap_err().code(), "refused_by_trigger");
    assert_eq!(target.psql("SELECT nextval('labels_id_seq')"), "6");
}
