//! One section's rows, from the server to the queue.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{
    copy::{CopyError, Reader},
    describe::SectionPlan,
    session::{Server, Session},
};
use crate::{
    row::{Block, Message, RowSink, WriterGone},
    source::error::{Fault, SourceError},
};

/// Sends the rows of one section in whole blocks; gives how many that were.
///
/// # Errors
/// When the query fails or stalls, or the writer is gone. Then the session has to be dropped.
pub(super) async fn send_rows(
    session: &mut Session,
    plan: &SectionPlan,
    act: &str,
    sink: &RowSink,
) -> Result<u64, SourceError> {
    session.busy = true;
    let server = &session.server;
    let rows = match session.connection.copy_out_raw(&plan.copy).await {
        Ok(stream) => forward(server, stream, plan, act, sink).await,
        Err(error) => Err(SourceError::from_sqlx(&server.name, act, &error)),
    };
    session.busy = match &rows {
        Ok(_) => false,
        // The server's own refusal ended the query.
        Err(error) => matches!(error.kind(), None | Some(Fault::Lost | Fault::Stalled | Fault::Protocol)),
    };
    rows
}

async fn forward(
    server: &Server,
    mut stream: BoxStream<'_, Result<Bytes, sqlx::Error>>,
    plan: &SectionPlan,
    act: &str,
    sink: &RowSink,
) -> Result<u64, SourceError> {
    let torn = |error: CopyError| SourceError::fault(&server.name, Fault::Protocol, act, error.to_string());
    let gone = |WriterGone| SourceError::WriterGone { name: Arc::clone(&server.name) };
    let mut reader = Reader::new(plan.columns.len(), &plan.versioned);
    let mut block = Block::with_capacity();
    let mut patience = Patience::new(server.stall_timeout);
    let mut rows = 0;
    loop {
        let message = match poll_fn(|context| patience.poll_next(&mut stream, context)).await {
            None => return Err(SourceError::stalled(&server.name, act, server.stall_timeout)),
            Some(None) => break,
            Some(Some(message)) => message.map_err(|error| SourceError::from_sqlx(&server.name, act, &error))?,
        };
        reader.feed(&message, &mut block).map_err(torn)?;
        if block.is_full() {
            rows += block.rows();
            let full = std::mem::replace(&mut block, Block::with_capacity());
            sink.send(Message::Rows(full)).await.map_err(gone)?;
        }
    }
    reader.finish().map_err(torn)?;
    if !block.is_empty() {
        rows += block.rows();
        sink.send(Message::Rows(block)).await.map_err(gone)?;
    }
    Ok(rows)
}

/// Waits for the next message, but not for ever. The timer is only touched when nothing is
/// there, which is once for many rows.
struct Patience {
    limit: Duration,
    timer: Pin<Box<Sleep>>,
    /// Something came since the timer was set.
    moved: bool,
}

impl Patience {
    fn new(limit: Duration) -> Self {
        Self { limit, timer: Box::pin(sleep_until(Instant::now() + limit)), moved: false }
    }

    /// None when the limit is over, else what the stream gave.
    fn poll_next<T>(&mut self, stream: &mut BoxStream<'_, T>, context: &mut Context<'_>) -> Poll<Option<Option<T>>> {
        if let Poll::Ready(item) = stream.as_mut().poll_next(context) {
            self.moved = true;
            return Poll::Ready(Some(item));
        }
        if std::mem::take(&mut self.moved) {
            self.timer.as_mut().reset(Instant::now() + self.limit);
        }
        self.timer.as_mut().poll(context).map(|()| None)
    }
}
