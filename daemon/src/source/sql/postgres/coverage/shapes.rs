//! The ways in which a section's query can be asked for all organizations at once. Which one is the
//! cheapest depends on the server's version, its indexes, and how many organizations there are: a query
//! that is merged with them is one pass, unless it has an IN that PostgreSQL before 17 would ask again
//! for each pair of a row and an organization; then one that is asked organization by organization is
//! cheaper, and one whose IN is a join the cheapest.

use super::statement::Part;
use crate::sql::{joined, without_order};

/// Every way. What does not depend on the organization has one.
pub(super) fn of(part: &Part) -> Vec<Part> {
    let rows = without_order(&part.rows);
    if part.id_type.is_none() {
        return vec![part.with(rows.to_owned())];
    }
    // OFFSET keeps the query apart.
    let apart = format!("SELECT * FROM (\n{rows}\n) AS orgvault_apart OFFSET 0");
    [Some(rows.to_owned()), joined(rows), Some(apart)].into_iter().flatten().map(|rows| part.with(rows)).collect()
}

/// What the whole of a plan costs by its first line: `Hash Join  (cost=1.5..42.25 rows=9 width=4)`.
pub(super) fn cost(plan: &str) -> Option<f64> {
    let (_, costs) = plan.split_once("(cost=")?;
    costs.split_once("..")?.1.split_once(' ')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_of_a_plan_is_that_of_all_of_its_rows() {
        assert_eq!(cost("Hash Join  (cost=1.50..42.25 rows=9 width=4)"), Some(42.25));
        assert_eq!(cost("Seq Scan on a"), None);
    }
}
