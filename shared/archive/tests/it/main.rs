//! The archive format's tests through its public interface.

#[cfg(test)]
mod archives;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod received;
#[cfg(test)]
mod received_containers;
#[cfg(test)]
mod received_manifest;
mod received_tenant;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod verify;
#[cfg(test)]
mod verify_zip;
