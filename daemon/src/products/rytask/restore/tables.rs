//! Which section and key each column comes from.

use orgvault_archive::full::schema::{Column as Described, QualifiedName, SCHEMA_VERSION, Schema, Table as Shape};

/// One table.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// The section whose rows become its rows; the organization is one value.
    pub(super) section: &'static str,
    pub(super) columns: &'static [Column],
}

/// One column.
pub(super) struct Column {
    pub(super) name: &'static str,
    /// As `format_type` has it.
    pub(super) kind: &'static str,
    pub(super) from: From,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// The key of the row, as it is.
    Text(&'static str),
    /// A number or truth value.
    Plain(&'static str),
    /// An instant.
    Instant(&'static str),
    /// A JSON value.
    Json(&'static str),
    /// The organization's id.
    Organization,
    /// The workspace of the project that the key names.
    WorkspaceOf(&'static str),
    /// A new id, in the order of the rows.
    Made,
    /// One of the ids in the list that the key has: each makes a row.
    EachOf(&'static str),
    /// The number that a project's next item comes after.
    Counter,
}

const fn column(name: &'static str, kind: &'static str, from: From) -> Column {
    Column { name, kind, from }
}

const TIME: &str = "timestamp with time zone";
const ID: Column = column("id", "uuid", From::Text("id"));
const ORGANIZATION: Column = column("organization_id", "uuid", From::Organization);
const CREATED: Column = column("created_at", TIME, From::Instant("createdAt"));
const UPDATED: Column = column("updated_at", TIME, From::Instant("updatedAt"));
const DELETED: Column = column("deleted_at", TIME, From::Instant("deletedAt"));
const NAME: Column = column("name", "text", From::Text("name"));
const COLOR: Column = column("color", "text", From::Text("color"));
const PROJECT: Column = column("project_id", "uuid", From::Text("projectId"));
const WORKSPACE_OF_PROJECT: Column = column("workspace_id", "uuid", From::WorkspaceOf("projectId"));
const WORKSPACE: Column = column("workspace_id", "uuid", From::Text("workspaceId"));

/// The tables, parents first.
pub(super) const TABLES: [Table; 12] = [
    Table {
        name: "organizations",
        section: "organization",
        columns: &[
            ID,
            NAME,
            column("slug", "text", From::Text("slug")),
            CREATED,
            column("settings", "jsonb", From::Json("settings")),
        ],
    },
    Table {
        name: "users",
        section: "members",
        columns: &[
            column("id", "uuid", From::Text("userId")),
            ORGANIZATION,
            column("email", "text", From::Text("email")),
            NAME,
        ],
    },
    Table {
        name: "workspaces",
        section: "workspaces",
        columns: &[ID, ORGANIZATION, NAME, column("slug", "text", From::Text("slug")), CREATED],
    },
    Table {
        name: "memberships",
        section: "members",
        columns: &[
            column("id", "uuid", From::Made),
            ORGANIZATION,
            column("user_id", "uuid", From::Text("userId")),
            column("role", "public.role_type", From::Text("role")),
            column("deactivated_at", TIME, From::Instant("deactivatedAt")),
            CREATED,
        ],
    },
    Table {
        name: "projects",
        section: "projects",
        columns: &[
            ID,
            ORGANIZATION,
            WORKSPACE,
            NAME,
            column("key_prefix", "text", From::Text("keyPrefix")),
            column("description", "text", From::Text("description")),
            COLOR,
            column("lead_id", "uuid", From::Text("leadId")),
            column("archived_at", TIME, From::Instant("archivedAt")),
            CREATED,
        ],
    },
    Table {
        name: "project_counters",
        section: "projects",
        columns: &[
            column("project_id", "uuid", From::Text("id")),
            ORGANIZATION,
            column("last_number", "integer", From::Counter),
        ],
    },
    Table {
        name: "statuses",
        section: "statuses",
        columns: &[
            ID,
            ORGANIZATION,
            PROJECT,
            NAME,
            column("category", "public.status_category", From::Text("category")),
            COLOR,
            column("position", "integer", From::Plain("position")),
        ],
    },
    Table { name: "labels", section: "labels", columns: &[ID, ORGANIZATION, WORKSPACE, NAME, COLOR] },
    Table {
        name: "work_items",
        section: "workItems",
        columns: &[
            ID,
            ORGANIZATION,
            WORKSPACE_OF_PROJECT,
            PROJECT,
            column("number", "integer", From::Plain("number")),
            column("title", "text", From::Text("title")),
            column("description", "text", From::Text("description")),
            column("status_id", "uuid", From::Text("statusId")),
            column("priority", "public.priority", From::Text("priority")),
            column("assignee_id", "uuid", From::Text("assigneeId")),
            column("reporter_id", "uuid", From::Text("reporterId")),
            column("parent_id", "uuid", From::Text("parentId")),
            column("estimate_value", "numeric", From::Text("estimateValue")),
            column("start_date", "date", From::Text("startDate")),
            column("end_date", "date", From::Text("endDate")),
            column("due_date", "date", From::Text("dueDate")),
            column("completed_at", TIME, From::Instant("completedAt")),
            CREATED,
            UPDATED,
            DELETED,
            column("source", "public.capture_source", From::Text("source")),
        ],
    },
    Table {
        name: "work_item_labels",
        section: "workItems",
        columns: &[
            ORGANIZATION,
            column("work_item_id", "uuid", From::Text("id")),
            column("label_id", "uuid", From::EachOf("labelIds")),
        ],
    },
    Table {
        name: "comments",
        section: "comments",
        columns: &[
            ID,
            ORGANIZATION,
            column("work_item_id", "uuid", From::Text("workItemId")),
            column("author_id", "uuid", From::Text("authorId")),
            column("parent_id", "uuid", From::Text("parentId")),
            column("body", "text", From::Text("body")),
            CREATED,
            column("edited_at", TIME, From::Instant("editedAt")),
            DELETED,
        ],
    },
    Table {
        name: "time_logs",
        section: "timeLogs",
        columns: &[
            ID,
            ORGANIZATION,
            WORKSPACE_OF_PROJECT,
            PROJECT,
            column("work_item_id", "uuid", From::Text("workItemId")),
            column("user_id", "uuid", From::Text("userId")),
            column("started_at", TIME, From::Instant("startedAt")),
            column("ended_at", TIME, From::Instant("endedAt")),
            column("duration_seconds", "integer", From::Plain("durationSeconds")),
            column("note", "text", From::Text("note")),
            column("billable", "boolean", From::Plain("billable")),
            column("source", "public.time_entry_source", From::Text("source")),
            column("classification", "public.time_entry_class", From::Text("classification")),
            column("classification_overridden", "boolean", From::Plain("classificationOverridden")),
            CREATED,
            DELETED,
        ],
    },
];

/// Keys that say again what other rows say: an item's is its project's prefix and its number.
pub(super) const DERIVED: [(&str, &str); 1] = [("workItems", "key")];

impl From {
    /// The key that it takes.
    pub(super) fn key(self) -> Option<&'static str> {
        match self {
            Self::Text(key)
            | Self::Plain(key)
            | Self::Instant(key)
            | Self::Json(key)
            | Self::EachOf(key)
            | Self::WorkspaceOf(key) => Some(key),
            Self::Organization | Self::Made | Self::Counter => None,
        }
    }
}

/// Whether something is made of the key of a section's rows.
pub(super) fn knows(section: &str, key: &str) -> bool {
    let columns = TABLES.iter().filter(|table| table.section == section).flat_map(|table| table.columns);
    let mut columns = columns.into_iter().filter_map(|column| column.from.key());
    columns.any(|known| known == key) || DERIVED.contains(&(section, key))
}

pub(super) fn named(table: &str) -> QualifiedName {
    QualifiedName { schema: "public".to_owned(), name: table.to_owned() }
}

/// The columns that an archive has values for.
pub(super) fn schema() -> Schema {
    let column = |column: &Column| Described {
        name: column.name.to_owned(),
        kind: column.kind.to_owned(),
        nullable: true,
        ..Described::default()
    };
    let table = |table: &Table| Shape {
        name: named(table.name),
        columns: table.columns.iter().map(column).collect(),
        ..Shape::default()
    };
    let mut tables: Vec<Shape> = TABLES.iter().map(table).collect();
    tables.sort_by(|one, other| one.name.cmp(&other.name));
    Schema { schema_version: SCHEMA_VERSION, encoding: "UTF8".to_owned(), tables, ..Schema::default() }
}
