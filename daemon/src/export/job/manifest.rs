//! What an archive must contain, said before it is written and beside it.

use orgvault_api::{Export, Format, Progress, SectionProgress, Warning};
use orgvault_archive::manifest::{Dropped, FILE_LIST, Layout, MANIFEST_VERSION, Manifest, Product, Section};

use super::Opened;
use crate::{
    export::once,
    format::{ArchivePlan, Written},
    source::{Snapshot, SourceError},
};

/// How far an export is that has written nothing yet.
pub(super) fn expected(plan: &ArchivePlan) -> Progress {
    let section = |(&index, &rows_expected): (&usize, &u64)| {
        let name = plan.definition.sections.get(index).map(|section| section.name.clone()).unwrap_or_default();
        SectionProgress { name, rows: 0, rows_expected }
    };
    let sections = plan.sections.iter().zip(plan.counted.iter()).map(section).collect();
    Progress { rows_expected: plan.counted.iter().sum(), sections, ..Progress::default() }
}

/// What the archive must contain. Its name, size and hash are known when it was read back.
pub(super) fn manifest(
    export: &Export,
    plan: &ArchivePlan,
    (opened, told): (&Opened, &[Warning]),
    written: &Written,
    headers: Vec<Vec<String>>,
) -> Manifest {
    let definition = &plan.definition;
    let member = |name: &str| definition.sections.iter().find(|section| section.name == name)?.member.clone();
    let sections =
        written.counts.iter().zip(plan.counted.iter()).zip(headers).map(|((count, &counted), columns)| Section {
            name: count.name.clone(),
            rows: count.rows,
            counted,
            dropped: dropped(written, &count.name),
            member: if matches!(plan.format, Format::Zip | Format::Full) { member(&count.name) } else { None },
            columns,
        });
    let untold = once::untold(told, opened.published);
    Manifest {
        manifest_version: MANIFEST_VERSION,
        orgvault: env!("CARGO_PKG_VERSION").to_owned(),
        gid: plan.gid,
        request: export.request,
        file: String::new(),
        format: plan.format,
        entity: export.entity.clone(),
        gzip: plan.gzip,
        importable: plan.importable,
        bytes: 0,
        sha256: String::new(),
        content_bytes: 0,
        organization: plan.organization.clone(),
        product: Product { name: definition.name.clone(), measured_on: definition.measured_on.clone() },
        exported_at: plan.started_at,
        finished_at: plan.started_at,
        snapshot: opened.snapshot.id().to_owned(),
        server: opened.snapshot.server().to_owned(),
        sections: sections.collect(),
        files: written.files,
        layout: Layout {
            counts_key: definition.json.counts_key.clone().filter(|_| plan.format == Format::Json),
            meta_member: definition.zip.meta_member.clone().filter(|_| plan.format == Format::Zip),
            file_list: written.files.map(|_| FILE_LIST.to_owned()),
        },
        received: None,
        warnings: export.warnings.iter().chain(untold).chain(&written.warnings).cloned().collect(),
    }
}

/// The rows of a section that the format left out.
fn dropped(written: &Written, section: &str) -> Vec<Dropped> {
    let rows = written.dropped.iter().filter(|dropped| dropped.section == section);
    rows.map(|dropped| Dropped { rule: dropped.rule.clone(), rows: dropped.rows }).collect()
}

/// The CSV headers of the sections; empty ones where the format has none.
pub(super) async fn headers(snapshot: &mut Snapshot, plan: &ArchivePlan) -> Result<Vec<Vec<String>>, SourceError> {
    let tabular = matches!(plan.format, Format::Csv | Format::Zip | Format::Full);
    let mut headers = Vec::with_capacity(plan.sections.len());
    for &index in plan.sections.iter() {
        let header = match plan.definition.sections.get(index) {
            Some(section) if tabular && section.csv.is_empty() => {
                snapshot.columns(index).await?.iter().map(|column| column.name.clone()).collect()
            }
            Some(section) if tabular => section.csv.iter().map(|(header, _)| header.clone()).collect(),
            _ => Vec::new(),
        };
        headers.push(header);
    }
    Ok(headers)
}
