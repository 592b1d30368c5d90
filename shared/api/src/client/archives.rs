//! What is asked of archives.

use super::{Client, ClientError, Download, route::Route};
use crate::{
    Archive, Archives, Comparison, Pruned, Rebuilt, RestoreAnswer, RestoreRequest, RetentionPlan, RowsPage, SendAnswer,
    SendRequest, Verification, gid::Gid, preflight::Preflight,
};

/// Which archives [`Client::archives`] lists; all of them by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArchiveFilter {
    /// Only those of this source.
    pub source: Option<String>,
    /// Only those of this organization, named as on the command line (`acme`, `tracker/acme`).
    pub organization: Option<String>,
}

/// Which rows of a section [`Client::rows`] reads; the first page by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowsQuery {
    /// [`RowsPage::next`] of the page before.
    pub after: Option<u64>,
    /// At most so many rows.
    pub limit: Option<u64>,
    /// Only rows in which this text occurs.
    pub search: Option<String>,
}

impl Client {
    /// Every archive that `filter` lets through, newest last, page by page.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn archives(&self, filter: &ArchiveFilter) -> Result<Archives, ClientError> {
        let mut archives: Vec<Archive> = Vec::new();
        let mut before: Option<Gid> = None;
        loop {
            let route = Route::new("/v1/archives")
                .query("source", filter.source.as_deref())
                .query("organization", filter.organization.as_deref())
                .query("before", before);
            let page: Archives = self.get(route).await?;
            let ended = page.archives.is_empty() || page.next.is_none();
            archives.extend(page.archives);
            if ended {
                archives.sort_by_key(|archive| (archive.exported_at, archive.gid));
                return Ok(Archives { archives, next: None });
            }
            before = page.next;
        }
    }

    /// One archive.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn archive(&self, gid: Gid) -> Result<Archive, ClientError> {
        self.get(Self::archive_route(gid)).await
    }

    /// Deletes an archive: its file, its manifest and its entry; gives what it was.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn delete_archive(&self, gid: Gid) -> Result<Archive, ClientError> {
        self.send("DELETE", Self::archive_route(gid), None::<&()>).await?.json().await
    }

    /// Keeps an archive from every deletion, or no longer; gives it as it is now.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn pin(&self, gid: Gid, pinned: bool) -> Result<Archive, ClientError> {
        let method = if pinned { "PUT" } else { "DELETE" };
        self.send(method, Self::archive_route(gid).segment("pin"), None::<&()>).await?.json().await
    }

    /// Opens an archive's file for reading from its beginning.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn download(&self, gid: Gid) -> Result<Download, ClientError> {
        let route = Self::archive_route(gid).segment("download");
        Ok(Download::new(self.send("GET", route, None::<&()>).await?))
    }

    /// Opens the signed evidence of an archive, a tar file.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn evidence(&self, gid: Gid) -> Result<Download, ClientError> {
        let route = Self::archive_route(gid).segment("evidence");
        Ok(Download::new(self.send("GET", route, None::<&()>).await?))
    }

    /// Reads an archive's file again and compares it with its manifest. A damaged archive is a
    /// [`Verification`] with faults, not an error.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn verify(&self, gid: Gid) -> Result<Verification, ClientError> {
        self.post(Self::archive_route(gid).segment("verify"), None::<&()>).await
    }

    /// What the app's own importer would say of an archive: that of `product`, or of the product
    /// that the archive comes from. A refusal is a verdict, not an error.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn preflight(&self, gid: Gid, product: Option<&str>) -> Result<Preflight, ClientError> {
        self.post(Self::archive_route(gid).segment("preflight").query("product", product), None::<&()>).await
    }

    /// Hands an archive to a target. That the target refuses is an answer, not an error.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn send_archive(&self, gid: Gid, request: &SendRequest) -> Result<SendAnswer, ClientError> {
        self.post(Self::archive_route(gid).segment("send"), Some(request)).await
    }

    /// Plans a restore, or does the plan that the request names.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn restore(&self, request: &RestoreRequest) -> Result<RestoreAnswer, ClientError> {
        self.post(Route::new("/v1/restores"), Some(request)).await
    }

    /// One page of a section's rows.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn rows(&self, gid: Gid, section: &str, query: &RowsQuery) -> Result<RowsPage, ClientError> {
        let route = Self::archive_route(gid)
            .segment("sections")
            .segment(section)
            .segment("rows")
            .query("after", query.after)
            .query("limit", query.limit)
            .query("search", query.search.as_deref());
        self.get(route).await
    }

    /// Compares two archives, section by section.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn compare(&self, left: Gid, right: Gid) -> Result<Comparison, ClientError> {
        self.get(Self::archive_route(left).segment("compare").segment(right)).await
    }

    /// What retention keeps and drops, if it is applied now.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn retention_plan(&self) -> Result<RetentionPlan, ClientError> {
        self.get(Route::new("/v1/retention/plan")).await
    }

    /// Deletes what retention drops, once the last good archive of each group was read again.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn apply_retention(&self) -> Result<Pruned, ClientError> {
        self.post(Route::new("/v1/retention/apply"), None::<&()>).await
    }

    /// Makes the catalog's list of archives anew from the archive directory.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn rebuild_catalog(&self) -> Result<Rebuilt, ClientError> {
        self.post(Route::new("/v1/catalog/rebuild"), None::<&()>).await
    }

    fn archive_route(gid: Gid) -> Route {
        Route::new("/v1/archives").segment(gid)
    }
}
