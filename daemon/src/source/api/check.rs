//! What `check` says of an export API.

use orgvault_api::{CheckLine, CheckResult};

use super::{ApiSource, NoAnswer, answer::Answer, client::Question, limiter::Ask};
use crate::{
    product::api::Method,
    source::{Listed, SourceError},
};

/// So far a clock may be off before it is told, in seconds.
const CLOCK: i64 = 60;
const ACT: &str = "ask whose the token is";

impl ApiSource {
    /// Whether it is there, whose the token is, what it may see, whether the clocks agree, and what it may be asked for.
    pub(in crate::source) async fn check(&self) -> Vec<CheckLine> {
        let answered = self.ask_first().await;
        let mut lines = vec![self.reachable(&answered)];
        if let Ok(answer) = &answered {
            lines.push(self.token(answer));
            lines.push(organizations(self.organizations().await));
            lines.push(self.clock(answer));
        } else {
            let skipped = |name| line(name, CheckResult::Skipped, "the API did not answer".to_owned());
            lines.extend(["token", "organizations", "clock"].map(skipped));
        }
        lines.push(self.limits());
        lines
    }

    /// What `sources` shows where a database has its version: whether the API answers.
    ///
    /// # Errors
    /// When it does not, or refuses the token.
    pub(in crate::source) async fn version(&self) -> Result<String, SourceError> {
        let answer = self.ask_first().await.map_err(|none| none.error)?;
        let is_known = self.client.api.whoami.is_some() || self.client.api.list.is_some();
        if is_known && (!answer.is_success() || answer.is_refused(&self.client.api.errors)) {
            return Err(self.client.refused(&answer, ACT));
        }
        Ok("export API".to_owned())
    }

    async fn ask_first(&self) -> Result<Answer, NoAnswer> {
        let api = &self.client.api;
        let whose = api.whoami.as_ref().map(|whoami| whoami.path.clone());
        let path = whose.or_else(|| Some(api.list.as_ref()?.path.clone())).unwrap_or_else(|| "/".to_owned());
        let question = Question { method: Method::Get, path, body: None, ask: Ask::Usual, act: ACT.to_owned() };
        self.client.ask(&question).await
    }

    fn reachable(&self, answered: &Result<Answer, NoAnswer>) -> CheckLine {
        match answered {
            Ok(_) => line("reachable", CheckResult::Ok, format!("{} answers", self.location())),
            Err(none) => failed("reachable", &none.error),
        }
    }

    fn token(&self, answer: &Answer) -> CheckLine {
        let (api, refused) = (&self.client.api, answer.is_refused(&self.client.api.errors));
        if api.whoami.is_none() && api.list.is_none() {
            let unknown = answer.status != 401 && answer.status != 403;
            let text = "the API does not say whose it is: the first export shows whether it may".to_owned();
            return if unknown {
                line("token", CheckResult::Ok, text)
            } else {
                failed("token", &self.client.refused(answer, ACT))
            };
        }
        if !answer.is_success() || refused {
            return failed("token", &self.client.refused(answer, ACT));
        }
        let name =
            api.whoami.as_ref().and_then(|whoami| whoami.name.iter().find_map(|pointer| answer.text_at(pointer)));
        let text = name.map_or_else(
            || "it is taken".to_owned(),
            |name| format!("it is of {}", orgvault_api::text::printable(&name)),
        );
        line("token", CheckResult::Ok, text)
    }

    fn clock(&self, answer: &Answer) -> CheckLine {
        let Some(ahead) = answer.ahead(self.client.clock.now()).map(|ahead| ahead.num_seconds()) else {
            return line("clock", CheckResult::Ok, "the server does not tell its time".to_owned());
        };
        if ahead.abs() < CLOCK {
            return line("clock", CheckResult::Ok, "it agrees with the server's".to_owned());
        }
        let side = if ahead > 0 { "behind" } else { "ahead of" };
        let text = format!("the clock of this machine is {} s {side} the server's", ahead.abs());
        let hint = "let this machine keep its time (chrony, systemd-timesyncd): links are valid for minutes";
        CheckLine { hint: hint.to_owned(), ..line("clock", CheckResult::Warning, text) }
    }

    fn limits(&self) -> CheckLine {
        let limits = &self.client.api.limits;
        let text = format!(
            "at most {} requests in {} s and {} jobs at a time are asked for, as the definition says",
            limits.requests,
            limits.per.as_secs_f64(),
            limits.jobs
        );
        line("limits", CheckResult::Ok, text)
    }
}

fn organizations(listed: Result<Vec<Listed>, SourceError>) -> CheckLine {
    match listed {
        Ok(listed) if listed.is_empty() => {
            let hint = "give the token's user a role in an organization, or name some in `organizations`".to_owned();
            CheckLine { hint, ..line("organizations", CheckResult::Warning, "the token sees none".to_owned()) }
        }
        Ok(listed) => line("organizations", CheckResult::Ok, format!("{} can be exported", listed.len())),
        Err(error) => failed("organizations", &error),
    }
}

fn line(name: &str, result: CheckResult, message: String) -> CheckLine {
    CheckLine { name: name.to_owned(), result, message, details: Vec::new(), hint: String::new() }
}

fn failed(name: &str, error: &SourceError) -> CheckLine {
    CheckLine { hint: error.hint().to_owned(), ..line(name, CheckResult::Failed, error.to_string()) }
}
