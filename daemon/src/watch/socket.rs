//! Notices that the socket's file is gone, by which the daemon is found, and makes it again.

use std::{sync::Arc, time::Duration};

use tokio::{net::UnixListener, sync::watch};
use tokio_util::sync::CancellationToken;

use crate::{
    context::Context,
    server::{SocketError, SocketFile, SocketState},
};

/// How often it is looked for.
const LOOK: Duration = Duration::from_secs(5);

/// What the status says where nobody can find the daemon.
const NOTICE: &str = "socket";

/// Looks for the socket's file until the stop; a new socket is sent to `rebound`.
pub async fn watch_socket(
    shop: Arc<Context>,
    file: Option<Arc<SocketFile>>,
    rebound: watch::Sender<Option<Arc<UnixListener>>>,
    end: CancellationToken,
) {
    let Some(file) = file else { return end.cancelled().await };
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = end.cancelled() => return,
        }
        let message = match look(&file, &rebound) {
            Ok(message) => message,
            Err(error) => Some(error.to_string()),
        };
        shop.notices.set(NOTICE, message);
    }
}

fn look(file: &SocketFile, rebound: &watch::Sender<Option<Arc<UnixListener>>>) -> Result<Option<String>, SocketError> {
    let path = file.path().display();
    match file.state()? {
        SocketState::There => Ok(None),
        SocketState::Another => Ok(Some(format!("{path} is not this daemon's socket any more: restart it"))),
        SocketState::Gone => match file.bind_again()? {
            Some(listener) => {
                tracing::warn!(socket = %path, "the socket's file was gone and is made again");
                rebound.send_replace(Some(Arc::new(listener)));
                Ok(None)
            }
            None => Ok(Some(format!(
                "{path}, the socket of the service manager, is gone: `systemctl restart orgvaultd.socket` makes it again"
            ))),
        },
    }
}
