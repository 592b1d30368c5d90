//! Whether a file is the tenant's whose it must be.

use std::borrow::Cow;

use orgvault_api::OrganizationKey;

use super::super::ArchiveFault;
use crate::received::{Identity, ReadAs, Saying};

/// So many tenants are told.
const MOST_TOLD: usize = 5;
/// So many characters of each.
const SHOWN: usize = 200;

/// What a file says of whose it is, one for each place that says so.
pub(super) struct Tenants<'a> {
    organization: &'a OrganizationKey,
    places: Vec<Said<'a>>,
}

/// What one place says.
struct Said<'a> {
    identity: &'a Identity,
    /// Rows, or documents, that must say it.
    rows: u64,
    /// Those that do not.
    silent: u64,
    /// What they say, each once.
    found: Vec<String>,
    /// Whether one says what it must.
    is_right: bool,
}

impl<'a> Tenants<'a> {
    pub(super) fn new(read_as: ReadAs<'a>) -> Self {
        let said = |identity| Said { identity, rows: 0, silent: 0, found: Vec::new(), is_right: false };
        Self { organization: read_as.organization, places: read_as.content.identity.iter().map(said).collect() }
    }

    /// Notes what the place of this number says in one row or document: of several ways to it the one that says what
    /// it must counts, or the first.
    pub(super) fn note<'t>(&mut self, place: usize, says: impl Iterator<Item = Cow<'t, str>>) {
        let Some(said) = self.places.get_mut(place) else { return };
        let expected = said.identity.equals.of(self.organization);
        let mut first = None;
        for text in says {
            if text == expected {
                first = Some(text);
                break;
            }
            first.get_or_insert(text);
        }
        said.rows += 1;
        said.is_right |= first.as_deref() == Some(expected);
        match first {
            None => said.silent += 1,
            Some(text) if said.found.iter().any(|found| *found == text) => {}
            Some(text) if said.found.len() <= MOST_TOLD => said.found.push(text.into_owned()),
            Some(_) => {}
        }
    }

    /// What is wrong with it; of a file that was not read to its `end` only what it does say.
    pub(super) fn faults(&self, end: bool) -> impl Iterator<Item = ArchiveFault> {
        let faults = self.places.iter().filter_map(|said| said.fault(self.organization));
        faults.filter(move |fault| end || !matches!(fault, ArchiveFault::NoTenant { .. }))
    }
}

impl Said<'_> {
    fn fault(&self, organization: &OrganizationKey) -> Option<ArchiveFault> {
        let place = self.place();
        let expected = self.identity.equals.of(organization);
        let shown = |text: &String| text.chars().take(SHOWN).collect::<String>();
        match self.identity.rows {
            Saying::Some if self.is_right => return None,
            Saying::Given if self.found.is_empty() => return None,
            _ => {}
        }
        let is_one = self.identity.section.is_some() && self.identity.rows == Saying::Usual;
        match self.found.as_slice() {
            // One object is the tenant's; two are two, whatever they say.
            found if found.len() > 1 || (is_one && self.rows > 1) => {
                let found = found.iter().take(MOST_TOLD).map(shown).collect::<Vec<_>>().join(", ");
                Some(ArchiveFault::SeveralTenants { place, found, expected: expected.to_owned() })
            }
            [found] if found != expected => {
                Some(ArchiveFault::WrongTenant { place, found: shown(found), expected: expected.to_owned() })
            }
            [_] if self.silent == 0 || self.identity.rows == Saying::Given => None,
            _ => Some(ArchiveFault::NoTenant { place }),
        }
    }

    /// Where it stands, for people.
    fn place(&self) -> String {
        let Identity { member, section, pointer, .. } = self.identity;
        let section = section.as_ref().map(|section| format!(" of {section}")).unwrap_or_default();
        let member = member.as_ref().map(|member| format!(" in {member}")).unwrap_or_default();
        format!("{pointer}{section}{member}")
    }
}
