//! `vestibule user factors …`: the second factors of a user.

use clap::Subcommand;
use vestibule::accounts::{Account, Actor, ChangeOutcome};
use vestibule::clock::Timestamp;
use vestibule::flows::Site;

use crate::commands::{find, report, say};

/// Commands for the second factors of a user. They never show secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum FactorsCommand {
    /// List a user's second factors: kind, name, when it was added and last used
    List {
        /// Username or mail address
        name: String,
    },
    /// Remove all second factors and recovery codes of a user who has lost them, and end all their
    /// sessions. The password alone logs them in then: check who they are first. With
    /// --factors-reset-wait, this happens later, and the user can stop it
    Reset {
        /// Username or mail address
        name: String,
    },
    /// Call off a removal that --factors-reset-wait delays
    Keep {
        /// Username or mail address
        name: String,
    },
}

pub(super) async fn run(command: FactorsCommand, site: &Site) -> anyhow::Result<()> {
    match command {
        FactorsCommand::List { name } => {
            let account = find(site, &name).await?;
            for factor in site.factors(&account.id).await? {
                let kind = factor.kind.as_str();
                let used = factor.last_used_at.map(|at| at.to_string());
                let used = used.unwrap_or_else(|| "never used".to_owned());
                say(format!(
                    "{kind}\t{}\t{}\t{used}",
                    factor.name, factor.created_at
                ))?;
            }
            let planned = site.factors_reset_at(&account.id).await?;
            planned.map_or(Ok(()), |at| say(planned_removal(&account, at)))
        }
        FactorsCommand::Reset { name } => {
            let account = find(site, &name).await?;
            let change = site.reset_factors(Actor::operator(), &account.id).await?;
            let name = account.name();
            let planned = site.factors_reset_at(&account.id).await?;
            let text = match (planned, &change) {
                (Some(at), _) => planned_removal(&account, at),
                (None, ChangeOutcome::AlreadySo) => format!("{name} has no second factor."),
                (None, _) => {
                    format!("All second factors of {name} are removed; all sessions are ended.")
                }
            };
            match change {
                ChangeOutcome::AlreadySo => say(text),
                _ => report(&change, text),
            }
        }
        FactorsCommand::Keep { name } => {
            let account = find(site, &name).await?;
            let change = site.keep_factors(Actor::operator(), &account.id).await?;
            let name = account.name();
            if change == ChangeOutcome::AlreadySo {
                return say(format!(
                    "No removal of the second factors of {name} is planned."
                ));
            }
            report(&change, format!("The second factors of {name} stay."))
        }
    }
}

fn planned_removal(account: &Account, at: Timestamp) -> String {
    let name = account.name();
    format!(
        "All second factors of {name} will be removed at {at}, unless {name} logs in with one before."
    )
}
