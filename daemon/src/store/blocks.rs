//! An archive's bytes for those who may not block: each block is read on a thread that may.

use std::io::{self, Read};

use futures_util::{Stream, stream};
use orgvault_archive::ArchiveReader;

/// The next `length` bytes, in blocks of `block`. An archive that got shorter in the meantime is an error, so that
/// nobody takes a part for the whole.
pub(crate) fn blocks(
    reader: ArchiveReader,
    length: u64,
    block: usize,
) -> impl Stream<Item = io::Result<Vec<u8>>> + Send {
    stream::try_unfold((reader, length), move |(reader, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let length = usize::try_from(left).unwrap_or(block).min(block);
        let (reader, bytes) = tokio::task::spawn_blocking(move || read(reader, length)).await??;
        Ok(Some((bytes, (reader, left.saturating_sub(length as u64)))))
    })
}

fn read(mut reader: ArchiveReader, length: usize) -> io::Result<(ArchiveReader, Vec<u8>)> {
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes)?;
    Ok((reader, bytes))
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    #[tokio::test]
    async fn all_comes_in_blocks_and_what_is_cut_short_is_an_error() {
        let read = async |length| {
            let reader = ArchiveReader::new("x", b"0123456789".to_vec());
            blocks(reader, length, 4).map(|block| block.map_err(|error| error.kind())).collect::<Vec<_>>().await
        };
        assert_eq!(read(10).await, [Ok(b"0123".to_vec()), Ok(b"4567".to_vec()), Ok(b"89".to_vec())]);
        assert_eq!(read(0).await, []);
        assert_eq!(read(12).await.last(), Some(&Err(io::ErrorKind::UnexpectedEof)));
    }
}
