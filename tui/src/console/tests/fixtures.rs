//! Made-up answers of the daemon.

use orgvault_shared::api::{Export, Format, OrganizationKey, State};

pub(crate) fn organization_key(slug: &str) -> OrganizationKey {
    let [source, kind, id, name, slug] =
        ["tracker", "organization", &format!("id-{slug}"), &format!("{slug} Inc."), slug].map(str::to_owned);
    OrganizationKey { source, kind, id, name, slug }
}

pub(crate) fn export(gid: u64, slug: &str, state: State) -> Export {
    Export {
        gid: gid.try_into().unwrap(),
        request: 1000.try_into().unwrap(),
        organization: organization_key(slug),
        format: Format::Json,
        entity: None,
        gzip: false,
        state,
        created_at: "2026-01-31T09:29:00Z".parse().unwrap(),
        started_at: None,
        finished_at: None,
        progress: None,
        error: None,
        warnings: Vec::new(),
        counts: Vec::new(),
        bytes: None,
        requested_by: "ada".to_owned(),
        schedule: None,
    }
}
