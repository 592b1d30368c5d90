//! `--plain`: the same daemon line by line, with numbered menus: no boxes, no colours, nothing
//! that moves.

mod answers;
mod lists;

use std::time::Duration;

use orgvault_api::{
    ExportRequest, Organization, Role, Status,
    client::{ArchiveFilter, ClientError, ExportFilter},
    text::printable,
};

use self::answers::Answers;
use crate::{
    exit::{Exit, Failure},
    follow::{FollowedExports, follow},
    lines::{Lines, paragraph},
    names,
    progress::Progress,
    session::Session,
};

/// How long a daemon that goes away in the middle of an export is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

const MENU: &str = "
1 status
2 organizations
3 export an organization
4 exports
5 archives of an organization
6 verify an archive
q quit
What? ";

/// One run of the menu.
struct Plain<'s> {
    session: &'s mut Session,
    answers: Answers,
    read_only: bool,
    role: Role,
}

/// Runs until `q`, or the end of standard input.
///
/// # Errors
/// When the daemon does not answer at the start, or nothing can be written.
pub(super) async fn run(read_only: bool, session: &mut Session) -> Result<Exit, Failure> {
    let status = session.client.status().await?;
    let mut plain = Plain { role: status.role, session, answers: Answers::new(), read_only };
    plain.say(&greeting(&status))?;
    loop {
        plain.say(MENU)?;
        let Some(answer) = plain.answers.next().await? else { return Ok(Exit::Ok) };
        let done = match answer.as_str() {
            "1" => plain.status().await,
            "2" => plain.organizations().await.map(|_| ()),
            "3" => plain.export().await,
            "4" => plain.exports().await,
            "5" => plain.archives().await,
            "6" => plain.verify().await,
            "q" | "quit" | "exit" => return Ok(Exit::Ok),
            "" => Ok(()),
            other => plain.say(&format!("{} is not in the menu\n", printable(other))),
        };
        plain.told(done)?;
    }
}

fn greeting(status: &Status) -> String {
    format!(
        "orgvault, line by line. orgvaultd {} answers, and you are {}.\n",
        printable(&status.version),
        status.role.name()
    )
}

impl Plain<'_> {
    fn say(&mut self, text: &str) -> Result<(), Failure> {
        self.session.out.print(text)
    }

    /// What the daemon refuses is told, and the menu goes on; a pipe that nobody reads
    /// ends it.
    fn told(&mut self, done: Result<(), Failure>) -> Result<(), Failure> {
        match done {
            Err(failure) if failure.code == "output" => Err(failure),
            Err(failure) => {
                let mut text = String::new();
                text.line(format_args!("not done: {}", paragraph(&failure.message, 2)));
                for line in failure.hint.lines() {
                    text.line(format_args!("  {}", printable(line)));
                }
                self.say(&text)
            }
            Ok(()) => Ok(()),
        }
    }

    async fn status(&mut self) -> Result<(), Failure> {
        let status = self.session.client.status().await?;
        self.say(&lists::status(&status))
    }

    /// Lists the organizations with their numbers.
    async fn organizations(&mut self) -> Result<Vec<Organization>, Failure> {
        let listed = match self.session.client.organizations_with_history(None, 14).await {
            Err(ClientError::Problem(problem)) if problem.code == "invalid_query" => {
                self.session.client.organizations(None).await?
            }
            listed => listed?,
        };
        let now = self.session.clock.now();
        self.say(&lists::organizations(&listed, now))?;
        Ok(listed.organizations)
    }

    /// Which organization, by its number in the list or by its name; none where nothing is said.
    async fn pick(&mut self) -> Result<Option<String>, Failure> {
        let organizations = self.organizations().await?;
        self.say("Which one, by number or name? ")?;
        let Some(answer) = self.answers.next().await?.filter(|answer| !answer.is_empty()) else { return Ok(None) };
        let numbered = answer.parse::<usize>().ok().and_then(|number| organizations.get(number.checked_sub(1)?));
        Ok(Some(numbered.map_or(answer, |one| names::exact(&one.key.tenant()))))
    }

    async fn export(&mut self) -> Result<(), Failure> {
        if self.read_only {
            return self.say("not done: this console was started with --read-only\n");
        }
        if self.role < Role::Admin {
            let text = format!("not done: this needs the role admin, and you are {}: ask an owner\n", self.role.name());
            return self.say(&text);
        }
        let Some(name) = self.pick().await? else { return Ok(()) };
        let request = ExportRequest { organizations: vec![name], ..ExportRequest::default() };
        let mut followed = FollowedExports::new(self.session.client.start_exports(&request).await?);
        let mut progress = Progress::lines();
        follow(&self.session.client, &mut followed, PATIENCE, &mut progress).await?;
        let now = self.session.clock.now();
        self.say(&lists::exports(followed.exports(), now))
    }

    async fn exports(&mut self) -> Result<(), Failure> {
        let filter = ExportFilter { limit: Some(20), ..ExportFilter::default() };
        let listed = self.session.client.exports(&filter).await?;
        let now = self.session.clock.now();
        self.say(&lists::exports(&listed.exports, now))
    }

    async fn archives(&mut self) -> Result<(), Failure> {
        let Some(name) = self.pick().await? else { return Ok(()) };
        let filter = ArchiveFilter { organization: Some(name), ..ArchiveFilter::default() };
        let listed = self.session.client.archives(&filter).await?;
        let now = self.session.clock.now();
        self.say(&lists::archives(&listed.archives, now))
    }

    async fn verify(&mut self) -> Result<(), Failure> {
        self.say("Which archive, by gid? ")?;
        let Some(answer) = self.answers.next().await?.filter(|answer| !answer.is_empty()) else { return Ok(()) };
        let gid = answer.parse().map_err(|error| Failure::usage(format_args!("{error}")))?;
        let found = self.session.client.verify(gid).await?;
        self.say(&lists::verification(&found))
    }
}
