//! One section's rows, from the server to the queue.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use tokio::time::timeout;

use super::{
    copy::{CopyError, Reader},
    csv::Lines,
    describe::{Layout, SectionPlan},
    session::{Server, Session},
};
use crate::{
    row::{Block, Message, RowSink, WriterGone},
    source::{
        error::{SourceError, SourceFault},
        sql::stall::{StallTimeout, Stalled},
    },
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
    // The server says that rows follow only together with the first ones, and a sort gives them
    // when it is done.
    let first = if server.first_row_timeout.is_zero() { Duration::MAX } else { server.first_row_timeout };
    let rows = match timeout(first, session.connection.copy_out_raw(&plan.copy)).await {
        Ok(Ok(stream)) => forward(server, stream, plan, act, sink).await,
        Ok(Err(error)) => Err(SourceError::from_sqlx(&server.name, act, &error)),
        Err(_elapsed) => Err(SourceError::stalled(&server.name, act, first)),
    };
    let rows = rows.map_err(|error| session.backend.judge(error));
    session.busy = match &rows {
        Ok(_) => false,
        // The server's own refusal ended the query.
        Err(error) => {
            matches!(error.kind(), None | Some(SourceFault::Lost | SourceFault::Stalled | SourceFault::Protocol))
        }
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
    let torn = |error: CopyError| match error {
        CopyError::TooLong { column, bytes } => SourceError::TooLong {
            name: Arc::clone(&server.name),
            act: act.to_owned(),
            column: plan.columns.get(column).map(|column| column.name.clone()).unwrap_or_default(),
            bytes,
        },
        error => SourceError::fault(&server.name, SourceFault::Protocol, act, error.to_string()),
    };
    let gone = |WriterGone| SourceError::WriterGone { name: Arc::clone(&server.name) };
    let mut reader = Rows::new(plan);
    let mut block = Block::with_capacity();
    let mut stall = StallTimeout::new(server.first_row_timeout, server.stall_timeout);
    let mut rows = 0;
    loop {
        let message = match stall.next(&mut stream).await {
            Err(Stalled) => return Err(SourceError::stalled(&server.name, act, server.stall_timeout)),
            Ok(None) => break,
            Ok(Some(message)) => message.map_err(|error| SourceError::from_sqlx(&server.name, act, &error))?,
        };
        reader.feed(&message, &mut block).map_err(torn)?;
        if block.is_full() {
            rows += block.rows();
            let full = std::mem::replace(&mut block, Block::with_capacity());
            sink.send(Message::Rows(full)).await.map_err(gone)?;
            stall.renew();
        }
    }
    reader.finish().map_err(torn)?;
    if !block.is_empty() {
        rows += block.rows();
        sink.send(Message::Rows(block)).await.map_err(gone)?;
    }
    Ok(rows)
}

/// Takes the stream apart into whole rows.
enum Rows<'p> {
    Binary(Reader<'p>),
    Csv(Lines),
}

impl<'p> Rows<'p> {
    fn new(plan: &'p SectionPlan) -> Self {
        match &plan.layout {
            Layout::Binary(versioned) => Self::Binary(Reader::new(plan.columns.len(), versioned)),
            Layout::Csv => Self::Csv(Lines::default()),
        }
    }

    fn feed(&mut self, message: &[u8], block: &mut Block) -> Result<(), CopyError> {
        match self {
            Self::Binary(reader) => reader.feed(message, block),
            Self::Csv(lines) => {
                lines.feed(message, block);
                Ok(())
            }
        }
    }

    fn finish(&self) -> Result<(), CopyError> {
        match self {
            Self::Binary(reader) => reader.finish(),
            Self::Csv(lines) => lines.finish(),
        }
    }
}
