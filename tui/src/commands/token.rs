//! `orgvault token`: service accounts and their tokens.

use clap::Subcommand;
use orgvault_api::{NewToken, Role, Token, TokenRequest, Tokens, text::printable};

use crate::{
    exit::{Exit, Failure},
    lines::Lines,
    names::{self, NAME_WIDTH},
    session::Session,
    table::{Cell, Look, Table},
    units,
};

/// What to do with tokens.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  orgvault token add backup --role admin 'tracker/*'    of the organizations that are there now
  orgvault token add monitoring --role viewer --all --expires 90d
  orgvault token list
  orgvault token revoke backup

Options of `add`:
  --role viewer|admin   what it may do
  --all                 every organization, those that are yet to come too
  --expires DURATION    how long it is taken, such as 90d")]
pub(crate) struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Make a token, and show it once
    Add(Add),
    /// List the tokens
    List,
    /// Revoke a token, and with it its download links
    Revoke {
        /// The service account
        name: String,
    },
}

#[derive(Debug, clap::Args)]
struct Add {
    /// The service account: 1 to 40 of a-z, 0-9 and -
    name: String,
    /// Which organizations: names or globs, resolved to ids now
    #[arg(value_name = "ORG", required_unless_present = "all", conflicts_with = "all")]
    organizations: Vec<String>,
    /// Every organization, those that are yet to come too
    #[arg(long)]
    all: bool,
    /// What it may do
    #[arg(long, value_parser = role, value_name = "ROLE")]
    role: Role,
    /// How long it is taken, such as 90d
    #[arg(long, value_name = "DURATION")]
    expires: Option<String>,
}

fn role(text: &str) -> Result<Role, String> {
    match text {
        "viewer" => Ok(Role::Viewer),
        "admin" => Ok(Role::Admin),
        _ => Err("a token is a viewer or an admin".to_owned()),
    }
}

/// Asks the daemon and prints what it says.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    match &args.act {
        Act::Add(add) => {
            let made = session.client.add_token(&add.request()).await?;
            session.out.show(&made, |look| made_lines(&made, look))?;
        }
        Act::List => {
            let tokens = session.client.tokens().await?;
            session.out.show(&tokens, |look| list_lines(&tokens, look))?;
        }
        Act::Revoke { name } => {
            let token = session.client.revoke_token(name).await?;
            session.out.show(&token, |_look| format!("revoked {}\n", printable(&token.name)))?;
        }
    }
    Ok(Exit::Ok)
}

impl Add {
    fn request(&self) -> TokenRequest {
        TokenRequest {
            name: self.name.clone(),
            role: self.role,
            organizations: self.organizations.clone(),
            all: self.all,
            expires: self.expires.clone(),
        }
    }
}

/// The secret stands alone on its line, so that it is easily copied.
fn made_lines(made: &NewToken, _look: Look) -> String {
    let NewToken { token, secret } = made;
    let mut text = format!("{secret}\n");
    text.line(format_args!("{}: {}, {}", printable(&token.name), token.role.name(), scope(token)));
    for key in token.organizations.iter().flatten() {
        let id = printable(&key.id).into_owned();
        text.line(format_args!("  {} (id {id})", printable(&names::organization(key))));
    }
    if let Some(at) = token.expires_at {
        text.line(format_args!("until {}", units::time(at)));
    }
    text.line("This is the only time that it is shown.");
    text
}

fn list_lines(tokens: &Tokens, look: Look) -> String {
    let mut table = Table::new(&["NAME", "ROLE", "ORGANIZATIONS", "MADE", "BY", "UNTIL", "LAST USED"]);
    for token in &tokens.tokens {
        table.row([
            Cell::from(&token.name),
            token.role.name().into(),
            scope(token).into(),
            units::time(token.created_at).into(),
            Cell::cut(&token.created_by, NAME_WIDTH),
            token.expires_at.map(units::time).unwrap_or_default().into(),
            token.last_used_at.map(units::time).unwrap_or_default().into(),
        ]);
    }
    let mut text = table.lines(look);
    if tokens.tokens.is_empty() {
        text.push_str("no tokens\n");
    }
    text
}

fn scope(token: &Token) -> String {
    token.organizations.as_ref().map_or_else(|| "all".to_owned(), |keys| keys.len().to_string())
}
