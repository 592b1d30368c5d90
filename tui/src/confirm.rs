//! Asks for something typed again before it is done for good.

use std::io::{self, BufRead};

use orgvault_api::text::printable;

use crate::exit::Failure;

/// What is said where an archive stays.
pub(crate) const NOTHING_DELETED: &str = "nothing was deleted";
/// What is said where a plan is not done.
pub(crate) const NOTHING_RESTORED: &str = "nothing was restored";

/// Whether the next line of `answers` is `word`; `nothing` is what happens otherwise.
///
/// # Errors
/// When there is no line (nobody is there to answer), or it is something else.
pub(crate) fn typed_again(word: &str, answers: &mut impl BufRead, nothing: &str) -> Result<(), Failure> {
    let mut answer = String::new();
    let read = answers.read_line(&mut answer).map_err(|error: io::Error| {
        Failure::caused("not_confirmed", "cannot read the answer from standard input", &error)
    })?;
    if read == 0 {
        let message = format!("{nothing}: nobody answered on standard input");
        return Err(Failure::new(crate::exit::Exit::Failed, "not_confirmed", message)
            .hint(format_args!("a script says `--yes {}`", printable(word))));
    }
    same(word, answer.trim(), nothing)
}

/// Whether `text` is exactly `word`; `nothing` is what happens otherwise.
///
/// # Errors
/// When it is something else.
pub(crate) fn same(word: &str, text: &str, nothing: &str) -> Result<(), Failure> {
    if text == word {
        return Ok(());
    }
    let message = format!("{nothing}: `{text}` is not {}", printable(word));
    Err(Failure::usage(message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn only_the_same_word_is_a_yes() {
        let ask =
            |answer: &str| typed_again("1234", &mut answer.as_bytes(), NOTHING_DELETED).map_err(|failure| failure.exit);
        assert_eq!(ask("1234\n"), Ok(()));
        assert_eq!(ask(" 1234 "), Ok(()));
        for wrong in ["y\n", "yes\n", "12345\n", "01234\n", "\n"] {
            assert_eq!(ask(wrong), Err(Exit::Usage), "{wrong:?}");
        }
        assert_eq!(ask(""), Err(Exit::Failed));
    }
}
