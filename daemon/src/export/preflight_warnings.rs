//! What the app's own importer would say of a finished archive, told on the night of the backup
//! and not on the day of the restore.

use orgvault_api::{
    PREFLIGHT, Warning,
    preflight::{Finding, Preflight, Total},
};
use orgvault_archive::{ArchiveReader, manifest::Manifest};
use orgvault_products::preflight::{PreflightError, is_importable, preflight_of};

/// One warning for each thing that the importer would refuse or change; none where no importer
/// takes such archives. An archive that preflight cannot read is no worse a backup, so that is
/// only logged.
pub(super) async fn warnings(manifest: &Manifest, archive: &ArchiveReader) -> Vec<Warning> {
    let product = manifest.product.name.clone();
    if manifest.gzip || !is_importable(&product, manifest.format) {
        return Vec::new();
    }
    let archive = archive.again();
    // On a thread of its own, so that even a panic of it does not end the export.
    match tokio::task::spawn_blocking(move || preflight_of(&product, &archive)).await {
        Ok(found) => told(manifest, found),
        Err(cause) => {
            tracing::error!(gid = %manifest.gid, "preflight died, and no warning of it is kept: {cause}");
            Vec::new()
        }
    }
}

fn told(manifest: &Manifest, found: Result<Preflight, PreflightError>) -> Vec<Warning> {
    match found {
        Ok(found) => found.totals.iter().map(|total| warning(&found, total)).collect(),
        Err(error) => {
            tracing::error!(gid = %manifest.gid, "preflight failed, and no warning of it is kept: {error}");
            Vec::new()
        }
    }
}

/// The warning of one code: how often, and the first finding in full.
fn warning(found: &Preflight, total: &Total) -> Warning {
    let of_it = || found.findings.iter().filter(|it| it.code == total.code && it.severity == total.severity);
    let would = total.severity.would();
    let times = if total.count == 1 { String::new() } else { format!(" ({} times)", total.count) };
    let first = of_it().next().map(|first| format!(": {}", sentence(first))).unwrap_or_default();
    let mut ids: Vec<String> = of_it().filter_map(|finding| finding.id.clone()).collect();
    ids.dedup();
    Warning {
        code: format!("{PREFLIGHT}{}", total.code),
        message: format!("{}'s importer would {would}{times}{first}", found.product),
        ids,
    }
}

fn sentence(finding: &Finding) -> String {
    let Finding { file, line, message, .. } = finding;
    match line {
        Some(line) => format!("{file} line {line}: {message}"),
        None if file.is_empty() => message.clone(),
        None => format!("{file}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use orgvault_api::{
        Format,
        preflight::{Severity, Verdict, refuses},
    };

    use std::io;

    use orgvault_archive::Ranges;

    use super::*;

    fn finding(severity: Severity, line: Option<u64>, id: Option<&str>) -> Finding {
        let (code, file, message) = ("name_empty".to_owned(), "tags.csv".to_owned(), "the name is blank".to_owned());
        Finding { severity, code, file, line, id: id.map(str::to_owned), message }
    }

    struct Unreadable;

    impl Ranges for Unreadable {
        fn size(&self) -> u64 {
            100
        }

        fn read_at(&self, _buffer: &mut [u8], _offset: u64) -> io::Result<usize> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }

    #[tokio::test]
    async fn a_preflight_that_fails_costs_no_export() {
        let text = include_bytes!("../../../shared/archive/tests/fixtures/manifest-v1.json");
        let mut manifest: Manifest = serde_json::from_slice(text).unwrap();
        manifest.product.name = "solidtime".to_owned();
        (manifest.format, manifest.gzip) = (Format::Zip, false);
        assert_eq!(warnings(&manifest, &ArchiveReader::new("x.zip", Unreadable)).await, []);
        let empty = ArchiveReader::new("x.zip", Vec::new());
        assert_eq!(warnings(&manifest, &empty).await[0].code, "preflight_invalid_zip");
        manifest.format = Format::Json;
        assert_eq!(warnings(&manifest, &empty).await, []);
    }

    #[test]
    fn each_code_is_one_warning_with_its_ids() {
        let total = |severity, count| Total { code: "name_empty".to_owned(), severity, count };
        let found = Preflight {
            product: "solidtime".to_owned(),
            verdict: Verdict::Refused,
            findings: vec![
                finding(Severity::Refuses, Some(2), Some("a")),
                finding(Severity::Changes, None, None),
                finding(Severity::Refuses, Some(3), Some("b")),
            ],
            totals: vec![total(Severity::Refuses, 700), total(Severity::Changes, 1)],
        };
        let warnings: Vec<Warning> = found.totals.iter().map(|total| warning(&found, total)).collect();
        assert_eq!(warnings.iter().map(refuses).collect::<Vec<_>>(), [true, false]);
        insta::assert_json_snapshot!(warnings, @r#"
        [
          {
            "code": "preflight_name_empty",
            "message": "solidtime's importer would refuse the archive (700 times): tags.csv line 2: the name is blank",
            "ids": [
              "a",
              "b"
            ]
          },
          {
            "code": "preflight_name_empty",
            "message": "solidtime's importer would change what it imports: tags.csv: the name is blank"
          }
        ]
        "#);
    }

    #[test]
    fn what_a_row_holds_can_be_taken_out_again() {
        let total = Total { code: "merged_member".to_owned(), severity: Severity::Changes, count: 2 };
        let message = "the e-mail \"ada: x@example.org\" is an earlier member's: both become one person".to_owned();
        let named = Finding { message, code: total.code.clone(), ..finding(Severity::Changes, Some(2), Some("ada")) };
        let found = Preflight {
            product: "solidtime".to_owned(),
            verdict: Verdict::Accepted,
            findings: vec![named],
            totals: vec![total.clone()],
        };
        let Warning { code, message, ids } = warning(&found, &total).without_rows();
        assert_eq!(code, "preflight_merged_member");
        assert_eq!(message, "solidtime's importer would change what it imports (2 times)");
        assert_eq!(ids, [""; 0]);
    }
}
