//! The statements that make a schema again in an empty database.
//!
//! An archive is untrusted. Names and literals are quoted here; types, expressions and definitions are the words of the
//! server that the archive came from, or of whoever changed it, and may do whatever the role may. So they run only in a
//! database that is thrown away, each as one statement of the extended protocol, on a connection that *logged in* as a
//! role that owns this database and is nothing else: from a session of a superuser that took on such a role, a
//! function could come back.

mod make;
mod quoting;
mod relations;
mod sequences;
mod tables;
mod types;

use std::collections::BTreeSet;

use orgvault_archive::full::schema::{Extension, Function, Made, Policy, RowSecurity, Schema, Table};

pub use self::make::{MakeError, make};
use self::quoting::{name, qualified};

/// One statement, and what it makes, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// `table public.users`.
    pub makes: String,
    /// Without a semicolon at its end.
    pub sql: String,
}

/// The statements that make a schema, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ddl {
    /// For the database's owner: the schemas.
    pub schemas: Vec<Statement>,
    /// For a superuser, when the schemas are there: nothing but `CREATE EXTENSION .. WITH SCHEMA ..`.
    pub extensions: Vec<Statement>,
    /// For the owner: collations, types, sequences, functions, tables, their constraints and indexes.
    pub tables: Vec<Statement>,
    /// For the owner, before the rows or after them.
    pub foreign_keys: Vec<Statement>,
    /// For the owner, if wanted: triggers and rules.
    pub triggers: Vec<Statement>,
    /// For the owner, if wanted: policies, each for everybody, and row security itself.
    pub policies: Vec<Statement>,
    /// What cannot be made, each with its kind: `function public.f(integer): its language is c`.
    pub missing: Vec<String>,
}

/// How the definition of a function begins.
const FUNCTION: [&str; 2] = ["CREATE OR REPLACE FUNCTION ", "CREATE OR REPLACE PROCEDURE "];

impl Ddl {
    /// Of a schema.
    #[must_use]
    pub fn of(schema: &Schema) -> Self {
        let mut ddl = Self { missing: schema.undescribed.clone(), ..Self::default() };
        ddl.schemas = schemas(schema).into_iter().map(create_schema).collect();
        ddl.extensions = schema.extensions.iter().map(extension).collect();
        ddl.tables.extend(schema.collations.iter().map(types::collation));
        ddl.tables.extend(sequences::own(schema));
        for made in schema.making_order() {
            ddl.add(schema, &made);
        }
        ddl.tables.extend(sequences::owners(schema));
        ddl.tables.extend(schema.tables.iter().filter_map(relations::defaults));
        ddl.tables.extend(schema.tables.iter().filter_map(relations::constraints));
        for table in &schema.tables {
            let indexes = table.indexes.iter().map(|it| (&it.name, "index", it.definition.as_str()));
            ddl.tables.extend(definitions(table, indexes, &relations::INDEX, &mut ddl.missing));
        }
        ddl.tables.extend(schema.tables.iter().flat_map(relations::parents));
        ddl.foreign_keys = schema.tables.iter().flat_map(relations::foreign_keys).collect();
        for table in &schema.tables {
            ddl.reactions(table);
            ddl.policies.extend(table.policies.iter().map(|it| policy(table, it)));
            ddl.policies.extend(row_security(table));
        }
        ddl.without_nul()
    }

    fn add(&mut self, schema: &Schema, made: &Made) {
        match made {
            Made::Type(name) => {
                let own = schema.types.iter().find(|it| it.name == *name);
                self.tables.extend(own.into_iter().flat_map(types::statements));
            }
            Made::Function { name, arguments } => {
                let own = schema.functions.iter().find(|it| it.name == *name && it.arguments == *arguments);
                if let Some(function) = own {
                    self.function(function);
                }
            }
            Made::Table(name) => self.tables.extend(schema.table(name).map(|it| tables::statement(it, schema))),
        }
    }

    fn function(&mut self, function: &Function) {
        let makes = format!("function {}({})", function.name, function.arguments);
        if matches!(function.language.as_str(), "c" | "internal") {
            self.missing.push(format!("{makes}: its language is {}", function.language));
        } else if FUNCTION.iter().any(|start| function.definition.starts_with(start)) {
            self.tables.push(Statement { makes, sql: function.definition.clone() });
        } else {
            self.missing.push(format!("{makes}: its definition is none"));
        }
    }

    /// Triggers and rules of a table.
    fn reactions(&mut self, table: &Table) {
        let triggers = table.triggers.iter().map(|it| (&it.name, "trigger", it.definition.as_str()));
        self.triggers.extend(definitions(table, triggers, &relations::TRIGGER, &mut self.missing));
        self.triggers.extend(table.triggers.iter().filter(|it| !it.enabled).map(|it| relations::disabled(table, it)));
        let rules = table.rules.iter().map(|it| (&it.name, "rule", it.definition.as_str()));
        self.triggers.extend(definitions(table, rules, &relations::RULE, &mut self.missing));
    }

    /// A NUL would end the text of a statement for the server.
    fn without_nul(mut self) -> Self {
        let lists =
            [&mut self.schemas, &mut self.extensions, &mut self.tables, &mut self.foreign_keys, &mut self.triggers];
        for list in lists.into_iter().chain([&mut self.policies]) {
            for refused in list.extract_if(.., |statement| statement.sql.contains('\0')) {
                self.missing.push(format!("{}: it holds a NUL", refused.makes));
            }
        }
        self
    }
}

/// Statements that are the server's own words as a whole, as far as they begin as such a statement does.
fn definitions<'a>(
    table: &Table,
    found: impl Iterator<Item = (&'a String, &'static str, &'a str)>,
    starts: &[&str],
    missing: &mut Vec<String>,
) -> Vec<Statement> {
    let mut statements = Vec::new();
    for (name, kind, definition) in found {
        let makes = format!("{kind} {name} of {}", table.name);
        if starts.iter().any(|start| definition.starts_with(start)) {
            // Rules come with a semicolon.
            statements.push(Statement { makes, sql: definition.trim_end_matches(';').to_owned() });
        } else {
            missing.push(format!("{makes}: its definition is none"));
        }
    }
    statements
}

/// Every schema that something is in, but the server's own.
fn schemas(schema: &Schema) -> BTreeSet<&str> {
    let names = schema.collations.iter().map(|it| &it.name);
    let names = names.chain(schema.types.iter().map(|it| &it.name));
    let names = names.chain(schema.sequences.iter().map(|it| &it.name));
    let names = names.chain(schema.functions.iter().map(|it| &it.name));
    let names = names.chain(schema.tables.iter().map(|it| &it.name)).map(|it| it.schema.as_str());
    let names = names.chain(schema.extensions.iter().map(|it| it.schema.as_str()));
    names.filter(|name| *name != "pg_catalog").collect()
}

fn create_schema(schema: &str) -> Statement {
    Statement { makes: format!("schema {schema}"), sql: format!("CREATE SCHEMA IF NOT EXISTS {}", name(schema)) }
}

/// The newest version that the server has: the archive's may be gone.
fn extension(extension: &Extension) -> Statement {
    let (own, schema) = (name(&extension.name), name(&extension.schema));
    let sql = format!("CREATE EXTENSION IF NOT EXISTS {own} WITH SCHEMA {schema}");
    Statement { makes: format!("extension {}", extension.name), sql }
}

fn policy(table: &Table, policy: &Policy) -> Statement {
    let kind = if policy.permissive { "PERMISSIVE" } else { "RESTRICTIVE" };
    let command = match policy.command.as_str() {
        command @ ("SELECT" | "INSERT" | "UPDATE" | "DELETE") => command,
        _ => "ALL",
    };
    let (own, of) = (name(&policy.name), qualified(&table.name));
    let mut words = vec![format!("CREATE POLICY {own} ON {of} AS {kind} FOR {command} TO PUBLIC")];
    for (word, expression) in [("USING", &policy.using), ("WITH CHECK", &policy.with_check)] {
        words.extend(expression.iter().map(|expression| format!("{word} ({expression})")));
    }
    Statement { makes: format!("policy {} of {}", policy.name, table.name), sql: words.join(" ") }
}

fn row_security(table: &Table) -> Option<Statement> {
    let words = match table.row_security {
        RowSecurity::Off => return None,
        RowSecurity::Enabled => "ENABLE ROW LEVEL SECURITY",
        RowSecurity::Forced => "ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    };
    let sql = format!("ALTER TABLE {} {words}", qualified(&table.name));
    Some(Statement { makes: format!("row security of {}", table.name), sql })
}
