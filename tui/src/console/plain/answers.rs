//! What is typed, line by line.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Stdin, Take, stdin};

use crate::exit::Failure;

/// No answer is longer.
const LONGEST: u64 = 4096;

/// The lines of standard input.
pub(super) struct Answers(BufReader<Take<Stdin>>);

impl Answers {
    /// From now on.
    pub(super) fn new() -> Self {
        Self(BufReader::new(stdin().take(LONGEST)))
    }

    /// The next line without blanks around it; none at the end.
    ///
    /// # Errors
    /// When standard input cannot be read.
    pub(super) async fn next(&mut self) -> Result<Option<String>, Failure> {
        let mut line = Vec::new();
        self.0.get_mut().set_limit(LONGEST);
        let read = self.0.read_until(b'\n', &mut line).await;
        let read = read.map_err(|error| Failure::caused("input", "cannot read what is typed", &error))?;
        Ok((read > 0).then(|| String::from_utf8_lossy(&line).trim().to_owned()))
    }
}
