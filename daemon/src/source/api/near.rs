//! Which hosts a file may come from, as their names are looked up.

use std::{io, net::SocketAddr, sync::Arc};

use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use tokio::net::lookup_host;

use super::address::Reach;

/// How near to this machine a file may lie: not nearer than the API itself, but for its own host.
#[derive(Debug, Clone)]
pub(crate) struct Near {
    base: Url,
}

impl Near {
    pub(super) fn new(base: &Url) -> Self {
        Self { base: base.clone() }
    }

    /// Whether a host that is an address may be asked; one that has to be looked up may for now.
    pub(super) fn allows(&self, url: &Url) -> bool {
        let own = Reach::of_host(&self.base);
        match Reach::of_host(url) {
            None => true,
            Some(_) if url.host() == self.base.host() => true,
            Some(reach) => reach != Reach::Never && reach <= own.unwrap_or(Reach::Public),
        }
    }

    /// What looks hosts up, and gives no address that may not be asked.
    pub(super) fn resolver(&self) -> Arc<dyn Resolve> {
        Arc::new(self.clone())
    }
}

impl Resolve for Near {
    fn resolve(&self, name: Name) -> Resolving {
        let base = self.base.clone();
        Box::pin(async move {
            let looked_up: Vec<SocketAddr> = lookup_host((name.as_str(), 0)).await?.collect();
            let is_own = base.host_str().is_some_and(|own| own.eq_ignore_ascii_case(name.as_str()));
            let nearest = if is_own { Some(Reach::Never) } else { reach_of(&base).await };
            let allowed = |address: &SocketAddr| {
                let reach = Reach::of(address.ip());
                is_own || (reach != Reach::Never && Some(reach) <= nearest.or(Some(Reach::Public)))
            };
            let addresses: Vec<SocketAddr> = looked_up.into_iter().filter(allowed).collect();
            if addresses.is_empty() {
                let words =
                    format!("{} is an address of this machine or network, where no file may come from", name.as_str());
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, words).into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// How near the API itself is.
async fn reach_of(base: &Url) -> Option<Reach> {
    if let Some(reach) = Reach::of_host(base) {
        return Some(reach);
    }
    let host = base.host_str()?;
    lookup_host((host, 0)).await.ok()?.map(|address| Reach::of(address.ip())).max()
}
