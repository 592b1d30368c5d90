//! A section of a snapshot, written by an encoder.

use orgvault_daemon::{
    format::{Encoder, FormatError},
    row::{Message, RowSink},
    source::Snapshot,
};
use tokio::sync::mpsc;

/// What the pipeline does, in one thread; how many rows were sent.
pub(crate) async fn encode<W>(
    snapshot: &mut Snapshot,
    index: usize,
    encoder: &mut dyn Encoder<W>,
) -> Result<u64, FormatError> {
    let (queue, mut messages) = mpsc::channel(4);
    let sink = RowSink::new(queue);
    let sending = async {
        let sent = snapshot.rows(index, &sink).await;
        drop(sink);
        sent.unwrap()
    };
    let encoding = async {
        let mut result = Ok(());
        while let Some(message) = messages.recv().await {
            result = result.and_then(|()| match message {
                Message::Begin { section, columns } => encoder.begin(section, &columns),
                Message::Rows(block) => encoder.rows(&block),
                Message::End => encoder.end(),
                Message::Finish => unreachable!("nothing here sends it"),
            });
        }
        result
    };
    let (sent, wrote) = tokio::join!(sending, encoding);
    wrote.map(|()| sent)
}
