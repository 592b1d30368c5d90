//! Collations and types.

use orgvault_archive::full::schema::{Attribute, Collation, Constraint, QualifiedName, Type, TypeKind};

use super::{
    Statement,
    quoting::{literal, name, qualified},
};

pub(super) fn collation(collation: &Collation) -> Statement {
    let provider = match collation.provider.as_str() {
        provider @ ("icu" | "builtin") => provider,
        _ => "libc",
    };
    let mut options = vec![format!("provider = {provider}")];
    match &collation.character_locale {
        Some(locale) => {
            options.push(format!("lc_collate = {}", literal(&collation.locale)));
            options.push(format!("lc_ctype = {}", literal(locale)));
        }
        None => options.push(format!("locale = {}", literal(&collation.locale))),
    }
    options.extend(collation.rules.iter().map(|rules| format!("rules = {}", literal(rules))));
    if !collation.deterministic {
        options.push("deterministic = false".to_owned());
    }
    let sql = format!("CREATE COLLATION {} ({})", qualified(&collation.name), options.join(", "));
    Statement { makes: format!("collation {}", collation.name), sql }
}

/// The type itself, and the checks of a domain.
pub(super) fn statements(of: &Type) -> Vec<Statement> {
    let words = match &of.kind {
        TypeKind::Enum { labels } => {
            let labels: Vec<String> = labels.iter().map(|label| literal(label)).collect();
            format!("AS ENUM ({})", labels.join(", "))
        }
        TypeKind::Domain { base, not_null, default, collation, checks } => {
            let default = default.as_ref().map(|default| format!(" DEFAULT {default}")).unwrap_or_default();
            let not_null = if *not_null { " NOT NULL" } else { "" };
            let words = format!("AS {base}{}{default}{not_null}", collate(collation.as_ref()));
            return domain(&of.name, &words, checks);
        }
        TypeKind::Composite { attributes } => {
            let attributes: Vec<String> = attributes.iter().map(attribute).collect();
            format!("AS ({})", attributes.join(", "))
        }
        TypeKind::Range { subtype, collation, operator_class, difference, multirange } => {
            let mut options = vec![format!("SUBTYPE = {subtype}")];
            let names = [
                ("SUBTYPE_OPCLASS", operator_class),
                ("COLLATION", collation),
                ("SUBTYPE_DIFF", difference),
                ("MULTIRANGE_TYPE_NAME", multirange),
            ];
            let given = names.into_iter().filter_map(|(option, name)| Some((option, name.as_ref()?)));
            options.extend(given.map(|(option, name)| format!("{option} = {}", qualified(name))));
            format!("AS RANGE ({})", options.join(", "))
        }
    };
    vec![Statement { makes: makes(&of.name), sql: format!("CREATE TYPE {} {words}", qualified(&of.name)) }]
}

/// Its checks come in statements of their own: one that old values may break is not part of any other.
fn domain(own: &QualifiedName, words: &str, checks: &[Constraint]) -> Vec<Statement> {
    let quoted = qualified(own);
    let mut statements = vec![Statement { makes: makes(own), sql: format!("CREATE DOMAIN {quoted} {words}") }];
    statements.extend(checks.iter().map(|check| {
        let sql = format!("ALTER DOMAIN {quoted} ADD CONSTRAINT {} {}", name(&check.name), check.definition);
        Statement { makes: format!("check {} of {own}", check.name), sql }
    }));
    statements
}

fn makes(own: &QualifiedName) -> String {
    format!("type {own}")
}

fn attribute(attribute: &Attribute) -> String {
    format!("{} {}{}", name(&attribute.name), attribute.kind, collate(attribute.collation.as_ref()))
}

pub(super) fn collate(collation: Option<&QualifiedName>) -> String {
    collation.map(|collation| format!(" COLLATE {}", qualified(collation))).unwrap_or_default()
}
