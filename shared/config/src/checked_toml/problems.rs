//! What is wrong with files that an admin wrote: all of it at once.

use std::{fmt, io, path::Path};

use orgvault_api::text::printable;

/// One thing that is wrong with a file: where, what, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileProblem {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1; none where the file as a whole is meant.
    pub line: Option<usize>,
    /// The key with its tables (`daemon.workers`); empty where no key is meant.
    pub key: String,
    /// What is wrong, in a few words. Never holds a value that may be a secret.
    pub reason: String,
    /// What to write or do instead; empty where the reason says it.
    pub fix: String,
}

impl FileProblem {
    /// The file as a whole cannot be used.
    #[must_use]
    pub fn of_file(file: &Path, reason: impl Into<String>, fix: impl Into<String>) -> Self {
        let file = file.display().to_string();
        Self { file, line: None, key: String::new(), reason: reason.into(), fix: fix.into() }
    }

    /// The file or directory cannot be read.
    #[must_use]
    pub fn unreadable(file: &Path, error: &io::Error) -> Self {
        let fix = match error.kind() {
            io::ErrorKind::NotFound => "create it, or name another one",
            io::ErrorKind::PermissionDenied => "let the daemon's user read it",
            _ => "",
        };
        Self::of_file(file, format!("cannot be read: {error}"), fix)
    }
}

impl fmt::Display for FileProblem {
    /// `file:line: key: reason (fix)`, without the parts that are empty.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.file))?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", printable(&self.key))?;
        }
        write!(f, ": {}", printable(&self.reason))?;
        if !self.fix.is_empty() {
            write!(f, " ({})", printable(&self.fix))?;
        }
        Ok(())
    }
}

/// Every problem of one or more files, one line each, in the files' order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Vec<FileProblem>);

impl Problems {
    /// Adds one.
    pub fn push(&mut self, problem: FileProblem) {
        self.0.push(problem);
    }

    /// Adds those of `others`.
    pub fn append(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &FileProblem> {
        self.0.iter()
    }

    /// `value`, where there is no problem.
    ///
    /// # Errors
    /// The problems, where there is one.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Those of one file, by their lines.
    #[must_use]
    pub fn by_line(mut self) -> Self {
        self.0.sort_by_key(|problem| problem.line);
        self
    }
}

impl FromIterator<FileProblem> for Problems {
    fn from_iter<I: IntoIterator<Item = FileProblem>>(problems: I) -> Self {
        Self(problems.into_iter().collect())
    }
}

impl From<FileProblem> for Problems {
    fn from(problem: FileProblem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
