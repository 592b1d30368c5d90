//! `orgvault dial-stdio`: standard input and output become a connection to the daemon.

use orgvault_api::client::ClientError;
use tokio::{
    io::{self, AsyncWriteExt, copy, stdin, stdout},
    net::UnixStream,
};

use crate::{
    exit::{Exit, Failure},
    session::Session,
};

/// Takes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "What `orgvault --host USER@SERVER` runs on the server. Speaks HTTP, for programs.")]
pub(crate) struct Args {}

/// Copies both ways until the daemon ends the connection.
pub(crate) async fn run(session: &Session) -> Result<Exit, Failure> {
    let socket = session.client.socket();
    let unreachable = |source| ClientError::Unreachable { socket: socket.to_owned(), source };
    let (mut from, mut to) = UnixStream::connect(socket).await.map_err(unreachable)?.into_split();
    let up = async move {
        copy(&mut stdin(), &mut to).await?;
        to.shutdown().await
    };
    let down = async move {
        copy(&mut from, &mut stdout()).await?;
        stdout().flush().await
    };
    tokio::pin!(up, down);
    // The daemon's end of the connection decides; what is typed after it goes nowhere.
    let ended: io::Result<()> = tokio::select! {
        ended = &mut down => ended,
        asked = &mut up => match asked {
            Ok(()) => down.await,
            Err(error) => Err(error),
        },
    };
    match ended {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::caused("connection_lost", "the connection to orgvaultd broke", &error))
        }
        _ => Ok(Exit::Ok),
    }
}
