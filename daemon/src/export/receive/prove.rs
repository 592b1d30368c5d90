//! The proof that a received file is whole and the tenant's, and its publishing.

use std::sync::Arc;

use orgvault_api::{ArchiveState, Consistency, Received as Origin, VerifiedAgainst, Warning};
use orgvault_archive::{
    ArchiveFault,
    manifest::{Layout, MANIFEST_VERSION, Manifest, Product, Section},
    received::{ReadAs, ReceivedFile},
    verify::{Expected, Report, VerifyError, read_back},
};

use super::{Failure, Order, fetch::Received, job::Link};
use crate::{
    catalog::ArchiveFilter,
    export::{job::blocking, preflight_warnings},
    source::SourceFault,
    store::{Sealed, Stored},
};

/// As many faults of a file are told.
const TOLD: usize = 5;

impl Order<'_> {
    /// Reads the file back to its end, compares it with the archive before, and publishes it.
    pub(super) async fn prove(&self, link: &Link, received: Received) -> Result<Stored, Failure> {
        self.tell("verifying", link.remote_id(), link.requested_at, None);
        let (rule, organization) = (self.rule.clone(), self.export.organization.clone());
        let scratch = self.shop.config().daemon.state_dir.clone();
        let (sealed, reader, report) = blocking(move || {
            let sealed = received.partial.seal()?;
            let reader =
                sealed.reader().map_err(|cause| VerifyError::Open { name: sealed.name().to_string(), cause })?;
            let report = read_back(
                &reader,
                &Expected {
                    format: rule.format,
                    gzip: rule.gzip,
                    bytes: Some(sealed.bytes()),
                    sha256: sealed.sha256(),
                    sections: None,
                    files: None,
                    layout: &Layout::default(),
                    received: Some(ReadAs {
                        content: &rule.content,
                        organization: &organization,
                        scratch: Some(&scratch),
                    }),
                },
            );
            Ok((sealed, reader, report))
        })
        .await?;
        if !report.ok() {
            return Err(self.unproven(&report));
        }
        let mut manifest = self.manifest(link, &sealed, &report);
        manifest.warnings.extend(self.shrunk(&report).await?);
        manifest.warnings.extend(preflight_warnings::warnings(&manifest, &reader).await);
        let archives = Arc::clone(&self.shop.archives);
        let (published, manifest) = blocking(move || Ok((archives.publish(sealed, &manifest)?, manifest))).await?;
        Ok(Stored::new(published.key, &manifest, ArchiveState::Present))
    }

    /// What is wrong with the file: the worst decides the code.
    fn unproven(&self, report: &Report) -> Failure {
        let fault = |code| match code {
            "wrong_organization" => SourceFault::WrongOrganization,
            "not_an_export" => SourceFault::NotAnExport,
            "truncated" => SourceFault::Truncated,
            _ => SourceFault::ExportDamaged,
        };
        let order = [
            SourceFault::NotAnExport,
            SourceFault::Truncated,
            SourceFault::ExportDamaged,
            SourceFault::WrongOrganization,
        ];
        let found: Vec<SourceFault> = report.faults.iter().map(ArchiveFault::code).map(fault).collect();
        let worst = order.into_iter().find(|fault| found.contains(fault)).unwrap_or(SourceFault::ExportDamaged);
        let words: Vec<String> = report.faults.iter().take(TOLD).map(ToString::to_string).collect();
        if report.faults.iter().any(|fault| fault.code() == "unreadable") {
            // The disk's fault, and none of the file.
            return Failure::Damaged { faults: words };
        }
        self.fault(worst, "take its file for an export", &words.join("; "))
    }

    fn manifest(&self, link: &Link, sealed: &Sealed, report: &Report) -> Manifest {
        let (export, definition) = (self.export, self.source.definition());
        let started_at = export.started_at.unwrap_or(export.created_at);
        let section = |count: &orgvault_api::SectionCount| Section {
            name: count.name.clone(),
            rows: count.rows,
            counted: count.rows,
            ..Section::default()
        };
        let job = link.remote_id().map(str::to_owned);
        Manifest {
            manifest_version: MANIFEST_VERSION,
            orgvault: env!("CARGO_PKG_VERSION").to_owned(),
            gid: export.gid,
            request: export.request,
            file: sealed.name().to_string(),
            format: export.format,
            entity: None,
            gzip: self.rule.gzip,
            importable: false,
            bytes: report.bytes,
            sha256: report.sha256.clone(),
            content_bytes: report.content_bytes,
            organization: export.organization.clone(),
            product: Product { name: definition.name.clone(), measured_on: definition.measured_on.clone() },
            exported_at: started_at,
            finished_at: self.now(),
            snapshot: job.clone().unwrap_or_else(|| export.gid.to_string()),
            server: self.source.location(),
            sections: report.counts.iter().map(section).collect(),
            files: report.files,
            layout: Layout::default(),
            received: Some(ReceivedFile {
                received: Origin {
                    verified_against: VerifiedAgainst::Itself,
                    consistency: Consistency::Unknown,
                    job,
                    requested_at: link.requested_at,
                },
                content: self.rule.content.clone(),
            }),
            warnings: self.warnings(link, report),
        }
    }

    fn warnings(&self, link: &Link, report: &Report) -> Vec<Warning> {
        let told = |code: &str, message: String| Warning { code: code.to_owned(), message, ids: Vec::new() };
        let mut warnings = self.export.warnings.clone();
        warnings.extend(report.warnings.iter().cloned());
        if link.is_adopted {
            let at = link.requested_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            warnings.push(told(
                "adopted_job",
                format!("it shows what the app had when an earlier export asked for it, at {at}"),
            ));
        }
        if self.rule.content.identity.is_empty() {
            let text = "nothing in the file says whose it is: that it is this organization's is the app's word";
            warnings.push(told("tenant_unproven", text.to_owned()));
        }
        warnings
    }

    /// Sections that have less than half of the rows that the archive before has: an app that leaves most of an
    /// organization out says nothing of it.
    async fn shrunk(&self, report: &Report) -> Result<Option<Warning>, Failure> {
        let filter = ArchiveFilter { tenant: Some(self.tenant.clone()) };
        let before = self.shop.catalog.archives(&filter).await?;
        let Some(before) = before.iter().rev().find(|archive| archive.format == self.export.format) else {
            return Ok(None);
        };
        let now = |name: &str| report.counts.iter().find(|count| count.name == name).map_or(0, |count| count.rows);
        let fewer = before.counts.iter().filter(|count| now(&count.name) * 2 < count.rows);
        let ids: Vec<String> =
            fewer.map(|count| format!("{}: {} of {}", count.name, now(&count.name), count.rows)).take(100).collect();
        let message = format!("{} sections have less than half of the rows of the archive before", ids.len());
        Ok((!ids.is_empty()).then(|| Warning { code: "fewer_rows".to_owned(), message, ids }))
    }
}
