//! The classification as a pure function: facts and answers in, what each table is out.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    classify::{Class, Classes, classify},
    link::Schema,
};
use crate::source::survey::{Answer, Answers, Ask, ColumnFacts, Facts, ForeignKey, Kind, Question, TableFacts};

/// One table in a line: `cards: id, list_id! -> lists, name text; unique list_id name`. The first column
/// is the primary key, and columns are integers where no type stands behind them.
fn facts(lines: &str) -> Facts {
    let lines: Vec<&str> = lines.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let name = |line: &&str| line.split(':').next().unwrap().to_owned();
    let names: Vec<String> = lines.iter().map(name).collect();
    let tables = lines.iter().map(|line| table(line, &names)).collect();
    Facts { database: "app".to_owned(), server: "PostgreSQL".to_owned(), tables, role: String::new() }
}

fn table(line: &str, names: &[String]) -> TableFacts {
    let (name, rest) = line.split_once(':').unwrap();
    let mut parts = rest.split(';');
    let mut table = TableFacts { name: name.to_owned(), is_readable: true, ..TableFacts::default() };
    for text in parts.next().unwrap().split(',').map(str::trim) {
        let (column, target) =
            text.split_once("->").map_or((text, None), |(column, target)| (column.trim(), Some(target.trim())));
        let (column, kind) = column.split_once(' ').unwrap_or((column, "int"));
        let kind = match kind {
            "text" => Kind::Text,
            "uuid" => Kind::Uuid,
            _ => Kind::Integer,
        };
        let is_first = table.columns.is_empty();
        let name = column.trim_end_matches('!').to_owned();
        let is_nullable = !is_first && !column.ends_with('!');
        if let Some(target) = target {
            let place = names.iter().position(|name| name == target).unwrap();
            table.foreign_keys.push(ForeignKey {
                columns: vec![name.clone()],
                table: place,
                keys: vec!["id".to_owned()],
            });
        }
        table.columns.push(ColumnFacts { name, kind, is_nullable, is_orderable: true, ..ColumnFacts::default() });
    }
    table.primary_key = vec![table.columns[0].name.clone()];
    table.unique = parts.map(|key| key.split_whitespace().skip(1).map(str::to_owned).collect()).collect();
    table
}

/// Asks until nothing is left; `answer` has all answers.
fn classes(facts: &Facts, tenant: &str, answer: impl Fn(&str, &Ask) -> Answer) -> Classes {
    let place = facts.tables.iter().position(|table| table.name == tenant).unwrap();
    let schema = Schema::new(facts, place, &[]);
    let mut answers = Answers::new();
    for _ in 0..20 {
        let classes = classify(&schema, &answers);
        if classes.wanted.is_empty() {
            return classes;
        }
        let told = |question: &Question| (question.clone(), answer(&facts.tables[question.table].name, &question.ask));
        answers.extend(classes.wanted.iter().map(told).collect::<Vec<_>>());
    }
    panic!("it asks for ever");
}

/// Every table has ten rows, all links are set, and all values are there.
fn all_is_well(_: &str, ask: &Ask) -> Answer {
    match ask {
        Ask::Rows => Answer::Count(10),
        ask if ask.is_of_values() => Answer::Values(Vec::new()),
        _ => Answer::Count(0),
    }
}

fn nothing_is_there(_: &str, ask: &Ask) -> Answer {
    if ask.is_of_values() { Answer::Values(Vec::new()) } else { Answer::Count(0) }
}

/// What each table is, in a word, by name.
fn words_of(facts: &Facts, classes: &Classes) -> BTreeMap<String, String> {
    let word = |class: &Class| match class {
        Class::Owned(_) => "owned".to_owned(),
        Class::Shared(_) => "shared".to_owned(),
        Class::Excluded(why) => format!("excluded: {why}"),
        Class::Undecided(why) => format!("undecided: {why}"),
    };
    classes.tables.iter().map(|(place, class)| (facts.tables[*place].name.clone(), word(class))).collect()
}

#[test]
fn ownership_does_not_go_through_what_is_shared() {
    let facts = facts(
        "workspaces: id, owner_id! -> users
         users: id, avatar_id -> files, email text
         files: id, workspace_id -> workspaces
         members: id, workspace_id! -> workspaces, user_id! -> users; unique workspace_id user_id
         accounts: id, user_id! -> users, access_token text
         account_logs: id, account_id! -> accounts
         settings: id, value text, created_by_id -> users",
    );
    let found = words_of(&facts, &classes(&facts, "workspaces", all_is_well));
    assert_eq!(found["users"], "shared");
    let theirs = "excluded: belongs to users, whom several organizations share";
    assert_eq!((found["accounts"].as_str(), found["account_logs"].as_str()), (theirs, theirs));
    assert_eq!(found["settings"], "excluded: nothing in it leads to workspaces: it belongs to the installation");
    assert_eq!((found["files"].as_str(), found["members"].as_str()), ("owned", "owned"));
}

#[test]
fn a_circle_of_links_ends() {
    let facts = facts(
        "teams: id, main_board_id! -> boards
         boards: id, team_id! -> teams, first_list_id! -> lists
         lists: id, board_id! -> boards
         eggs: id, hen_id! -> hens
         hens: id, egg_id! -> eggs",
    );
    let found = words_of(&facts, &classes(&facts, "teams", all_is_well));
    assert_eq!((found["boards"].as_str(), found["lists"].as_str()), ("owned", "owned"));
    assert!(found["eggs"].starts_with("excluded: nothing") && found["hens"].starts_with("excluded: nothing"));
}

#[test]
fn a_link_that_may_be_null_is_decided_by_rows_alone() {
    let facts = facts(
        "teams: id\nboards: id, team_id! -> teams\nnotes: id, board_id -> boards\nuploads: id, note_id -> notes, board_id -> boards",
    );
    let found = words_of(&facts, &classes(&facts, "teams", all_is_well));
    assert_eq!((found["notes"].as_str(), found["uploads"].as_str()), ("owned", "owned"));
    let found = words_of(&facts, &classes(&facts, "teams", nothing_is_there));
    assert_eq!(
        found["notes"],
        "undecided: board_id names a row of boards and may be NULL: there are no rows to see whether it always is set"
    );
    let some = |table: &str, ask: &Ask| match ask {
        Ask::Unset(columns) if columns.len() == 1 => Answer::Count(4),
        other => all_is_well(table, other),
    };
    let found = words_of(&facts, &classes(&facts, "teams", some));
    assert!(found["notes"].ends_with("4 of 10 rows have none"), "{found:?}");
    let unread = |_: &str, _: &Ask| Answer::Unknown("permission denied".to_owned());
    let found = words_of(&facts, &classes(&facts, "teams", unread));
    assert!(found["notes"].ends_with("its rows could not be asked"), "{found:?}");
}

#[test]
fn names_count_where_there_are_no_foreign_keys_and_rows_prove_them() {
    let facts = facts(
        "project: id, name text
         board: id, projectId!
         card: id, boardId!
         task: id, cardId!, assigneeUserId
         project_manager: id, project_id!, user_id!; unique project_id user_id
         user_account: id, email text
         session_log: id, user_id!
         reading: id, chart_id!",
    );
    let found = words_of(&facts, &classes(&facts, "project", all_is_well));
    for owned in ["board", "card", "task", "project_manager"] {
        assert_eq!(found[owned], "owned", "{owned}");
    }
    assert_eq!(found["user_account"], "shared");
    assert!(found["session_log"].starts_with("undecided") || found["session_log"].starts_with("excluded"), "{found:?}");
    assert_eq!(found["reading"], "undecided: chart_id may name a row of some table");
    let strays = |table: &str, ask: &Ask| match ask {
        Ask::Strays { .. } if table == "task" => Answer::Count(3),
        other => all_is_well(table, other),
    };
    let found = words_of(&facts, &classes(&facts, "project", strays));
    assert_eq!(found["task"], "undecided: cardId may name a row of card: 3 of 10 values are not there");
}

#[test]
fn what_a_person_chose_is_no_way() {
    let facts = facts(
        "workspaces: id\nprofiles: id, last_workspace_id, default_workspace_id -> workspaces\njobs: id, queue text\nuser_jobs: id, workspace_id! -> workspaces",
    );
    let found = words_of(&facts, &classes(&facts, "workspaces", all_is_well));
    assert!(found["profiles"].starts_with("excluded: nothing in it leads"), "{found:?}");
    assert_eq!(
        (found["jobs"].as_str(), found["user_jobs"].as_str()),
        ("excluded: it is a queue of background jobs", "owned")
    );
}

#[test]
fn a_table_with_a_framework_s_name_and_a_tenant_column_is_the_app_s_own() {
    let facts = facts("workspaces: id\njobs: id, workspace_id!\nsessions: id, job_id! -> jobs");
    let found = words_of(&facts, &classes(&facts, "workspaces", all_is_well));
    assert_eq!((found["jobs"].as_str(), found["sessions"].as_str()), ("owned", "owned"));
}

#[test]
fn two_thousand_tables_are_classified() {
    let mut lines = "tenants: id\nusers: id\nt0: id, tenant_id! -> tenants, user_id! -> users\n".to_owned();
    for number in 1..2_000 {
        let (named, linked) = (number - 1, number / 2);
        writeln!(lines, "t{number}: id, t{named}_id! -> t{linked}, author_id -> users, name text").unwrap();
    }
    let facts = facts(&lines);
    let found = words_of(&facts, &classes(&facts, "tenants", all_is_well));
    assert_eq!(found.values().filter(|word| *word == "owned").count(), 2_001);
    assert_eq!(found["users"], "shared");
}

#[test]
fn one_of_several_links_is_always_set_and_what_names_the_row_agrees() {
    let facts = facts(
        "projects: id
         boards: id, project_id! -> projects
         cards: id, board_id! -> boards
         groups: id, board_id -> boards, card_id -> cards
         fields: id, group_id -> groups
         field_values: id, card_id! -> cards, group_id! -> groups, field_id! -> fields",
    );
    let rows = |table: &str, ask: &Ask| match ask {
        Ask::Unset(columns) if table == "groups" && columns.len() == 1 => Answer::Count(5),
        other => all_is_well(table, other),
    };
    let found = words_of(&facts, &classes(&facts, "projects", rows));
    assert_eq!((found["groups"].as_str(), found["fields"].as_str()), ("owned", "owned"), "{found:?}");
    let differ = |table: &str, ask: &Ask| match ask {
        Ask::Differ(..) => Answer::Count(1),
        other => rows(table, other),
    };
    let found = words_of(&facts, &classes(&facts, "projects", differ));
    assert_eq!((found["groups"].as_str(), found["fields"].as_str()), ("shared", "shared"), "{found:?}");
}

#[test]
fn what_hangs_on_an_undecided_table_is_not_left_out_in_silence() {
    let facts = facts(
        "teams: id
         boards: id, team_id! -> teams
         invoices: id, board_id -> boards, tariff_id! -> tariffs
         invoice_lines: id, invoice_id! -> invoices
         tariffs: id, name text
         settings: id, value text",
    );
    let found = words_of(&facts, &classes(&facts, "teams", nothing_is_there));
    assert_eq!(found["invoice_lines"], "undecided: invoice_id names a row of invoices, which is undecided");
    assert_eq!(found["tariffs"], "undecided: rows of invoices, which is undecided, name its rows");
    assert!(found["settings"].starts_with("excluded: nothing"), "{found:?}");
}

#[test]
fn a_column_named_for_the_organization_whose_values_are_none_is_not_taken_for_shared() {
    let facts = facts(
        "teams: id
         projects: id, team_id! -> teams, coupon_id! -> coupons
         coupons: id, team_id!
         daily_counts: team_id, day!",
    );
    let strays = |table: &str, ask: &Ask| match ask {
        Ask::Strays { .. } if table != "projects" => Answer::Count(10),
        other => all_is_well(table, other),
    };
    let mut facts = facts;
    facts.tables[3].primary_key = vec!["team_id".to_owned(), "day".to_owned()];
    let found = words_of(&facts, &classes(&facts, "teams", strays));
    for table in ["coupons", "daily_counts"] {
        assert_eq!(
            found[table], "undecided: team_id may name a row of teams: 10 of 10 values are not there",
            "{table}"
        );
    }
}

#[test]
fn values_that_are_all_organizations_count_where_ids_are_of_one_table_alone() {
    let facts = facts(
        "projects: id text, name text
         programs: id text, workspaceId! text, stripeId! text
         rewards: id text, programId! text
         links: id text, workspaceId text, sourceWorkspaceId text
         drafts: id text, workspaceId! text",
    );
    let answer = |ids: &'static str| {
        move |table: &str, ask: &Ask| match (table, ask) {
            ("drafts", _) => nothing_is_there(table, ask),
            (_, Ask::Values(_)) => Answer::Values(vec![ids.to_owned()]),
            (_, Ask::Strays { columns, .. }) if columns == &["stripeId"] => Answer::Count(10),
            (_, other) => all_is_well(table, other),
        }
    };
    let found = words_of(&facts, &classes(&facts, "projects", answer("prj_acme_1")));
    for table in ["programs", "rewards", "links", "drafts"] {
        assert_eq!(found[table], "owned", "{table}: {found:?}");
    }
    let found = words_of(&facts, &classes(&facts, "projects", answer("1")));
    assert_eq!(found["programs"], "undecided: workspaceId may name a row of some table", "{found:?}");
}

#[test]
fn of_two_tables_that_are_called_so_rows_decide_for_the_one_of_the_same_label() {
    let facts = facts(
        "teams: id
         clients: id, team_id! -> teams
         oauth_clients: id, name text
         oauth_tokens: id, client_id!",
    );
    let strays = |table: &str, ask: &Ask| match ask {
        Ask::Strays { target: 1, .. } if table == "oauth_tokens" => Answer::Count(10),
        other => all_is_well(table, other),
    };
    let found = words_of(&facts, &classes(&facts, "teams", strays));
    assert!(found["oauth_tokens"].starts_with("excluded: nothing"), "{found:?}");
    let found = words_of(&facts, &classes(&facts, "teams", all_is_well));
    assert_eq!(found["oauth_tokens"], "owned");
}

#[test]
fn of_tables_that_a_part_of_a_name_may_mean_the_likest_that_rows_prove_holds() {
    let facts = facts(
        "project: id
         project_manager: id, project_id!, user_id!; unique project_id user_id
         user_account: id, email text
         identity_provider_user: id, user_id!
         user_settings: id, user_id!",
    );
    let named = |table: usize| facts.tables[table].name.clone();
    let rows = |table: &str, ask: &Ask| match ask {
        Ask::Strays { target, columns, .. } if columns == &["user_id"] && named(*target) != "user_account" => {
            Answer::Count(9)
        }
        other => all_is_well(table, other),
    };
    let found = words_of(&facts, &classes(&facts, "project", rows));
    assert_eq!(found["user_account"], "shared", "{found:?}");
    assert_eq!(found["user_settings"], "excluded: belongs to user_account, whom several organizations share");
}
