//! Asks for something typed again before it is done for good.

use std::io::{self, BufRead};

use orgvault_api::gid::Gid;

use crate::exit::Failure;

/// Whether the next line of `answers` is `gid`.
///
/// # Errors
/// When there is no line (nobody is there to answer), or it is something else.
pub(crate) fn typed_again(gid: Gid, answers: &mut impl BufRead) -> Result<(), Failure> {
    let mut answer = String::new();
    let read = answers.read_line(&mut answer).map_err(|error: io::Error| {
        Failure::caused("not_confirmed", "cannot read the answer from standard input", &error)
    })?;
    if read == 0 {
        let message = "nothing was deleted: nobody answered on standard input";
        return Err(Failure::new(crate::exit::Exit::Failed, "not_confirmed", message)
            .hint(format_args!("a script says `--yes {gid}`")));
    }
    same(gid, answer.trim())
}

/// Whether `text` is exactly `gid`.
///
/// # Errors
/// When it is something else.
pub(crate) fn same(gid: Gid, text: &str) -> Result<(), Failure> {
    if text == gid.to_string() {
        return Ok(());
    }
    let message = format_args!("nothing was deleted: `{text}` is not {gid}").to_string();
    Err(Failure::usage(message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn only_the_same_gid_is_a_yes() {
        let gid: Gid = "1234".parse().unwrap();
        let ask = |answer: &str| typed_again(gid, &mut answer.as_bytes()).map_err(|failure| failure.exit);
        assert_eq!(ask("1234\n"), Ok(()));
        assert_eq!(ask(" 1234 "), Ok(()));
        for wrong in ["y\n", "yes\n", "12345\n", "01234\n", "\n"] {
            assert_eq!(ask(wrong), Err(Exit::Usage), "{wrong:?}");
        }
        assert_eq!(ask(""), Err(Exit::Failed));
    }
}
