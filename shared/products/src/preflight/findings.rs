//! Collects findings in bounded memory.

use orgvault_api::preflight::{Finding, Preflight, Severity, Total, Verdict};

const KEPT_OF_EACH_CODE: u64 = 100;
const SHOWN_ID: usize = 64;

/// Where in the archive a finding is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Location<'a> {
    /// The member; empty for the archive as a whole.
    pub(crate) file: &'a str,
    /// The line on which the row starts.
    pub(crate) line: Option<u64>,
    /// The row's id, as bytes of the member.
    pub(crate) id: Option<&'a [u8]>,
}

impl<'a> Location<'a> {
    /// A whole member.
    pub(crate) fn file(file: &'a str) -> Self {
        Self { file, line: None, id: None }
    }
}

/// The findings so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    kept: Vec<Finding>,
    totals: Vec<Total>,
}

impl Findings {
    /// The importer refuses the file.
    pub(crate) fn refuse(&mut self, code: &str, place: Location<'_>, message: impl Into<String>) {
        self.add(Severity::Refuses, code, place, message.into());
    }

    /// The importer stores something else.
    pub(crate) fn change(&mut self, code: &str, place: Location<'_>, message: impl Into<String>) {
        self.add(Severity::Changes, code, place, message.into());
    }

    fn add(&mut self, severity: Severity, code: &str, place: Location<'_>, message: String) {
        let known = self.totals.iter_mut().find(|total| total.code == code && total.severity == severity);
        let count = if let Some(total) = known {
            total.count += 1;
            total.count
        } else {
            self.totals.push(Total { code: code.to_owned(), severity, count: 1 });
            1
        };
        if count <= KEPT_OF_EACH_CODE {
            let id = place.id.map(|id| String::from_utf8_lossy(id).chars().take(SHOWN_ID).collect());
            self.kept.push(Finding {
                severity,
                code: code.to_owned(),
                file: place.file.to_owned(),
                line: place.line,
                id,
                message,
            });
        }
    }

    /// The verdict on all of it.
    pub(crate) fn into_preflight(self, product: &str) -> Preflight {
        let refused = self.totals.iter().any(|total| total.severity == Severity::Refuses);
        Preflight {
            product: product.to_owned(),
            verdict: if refused { Verdict::Refused } else { Verdict::Accepted },
            findings: self.kept,
            totals: self.totals,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_bounded_list_and_counts_all() {
        let mut findings = Findings::default();
        for line in 0..1000 {
            findings.change("rate_cast", Location { file: "x", line: Some(line), id: Some(&[b'a'; 500]) }, "m");
        }
        let preflight = findings.into_preflight("solidtime");
        assert_eq!(preflight.verdict, Verdict::Accepted);
        assert_eq!(preflight.findings.len(), 100);
        assert_eq!(preflight.findings[0].id.as_ref().unwrap().len(), SHOWN_ID);
        assert_eq!(preflight.totals, [Total { code: "rate_cast".into(), severity: Severity::Changes, count: 1000 }]);
    }
}
