//! What the archives that share a snapshot say once.

use orgvault_api::Warning;

use crate::format::ArchivePlan;

/// What is told of the source as a whole. The archives of one snapshot are asked for and looked at together: said
/// by each of forty CSV files, it would hide what is theirs.
const OF_THE_SOURCE: [&str; 2] = ["schema_newer", "tables_unknown"];

/// The warnings of a snapshot that its next archive carries.
pub(super) fn untold(warnings: &[Warning], is_published: bool) -> impl Iterator<Item = &Warning> {
    warnings.iter().filter(move |warning| !is_published || !OF_THE_SOURCE.contains(&warning.code.as_str()))
}

/// Whether rows of the app may name files that the archive holds none of.
pub(super) fn lacks_files(plan: &ArchivePlan) -> bool {
    !plan.definition.files.is_empty() && plan.files.is_none()
}

/// The `named` files of an archive that [lacks][lacks_files] them.
pub(super) fn files_not_included(plan: &ArchivePlan, named: u64) -> Option<Warning> {
    let why = if plan.definition.holds_files(plan.format) {
        "the source does not say in `files` where they are".to_owned()
    } else {
        format!("{} holds none; zip and full do", plan.format)
    };
    let message = format!("{named} files of the app that rows name are not in the archive: {why}");
    (named > 0).then(|| Warning { code: "files_not_included".to_owned(), message, ids: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_of_the_source_is_in_the_first_archive_alone() {
        let warning = |code: &str| Warning { code: code.to_owned(), message: String::new(), ids: Vec::new() };
        let warnings = ["schema_newer", "tables_unknown", "foreign_rows"].map(warning);
        let codes =
            |is_published| untold(&warnings, is_published).map(|warning| warning.code.as_str()).collect::<Vec<_>>();
        assert_eq!(codes(false), ["schema_newer", "tables_unknown", "foreign_rows"]);
        assert_eq!(codes(true), ["foreign_rows"]);
    }
}
