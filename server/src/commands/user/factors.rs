//! `vestibule user factors …`: the second factors of a user.

use clap::Subcommand;
use vestibule::accounts::{Actor, ChangeOutcome};
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
    /// --factors-reset-wait, this is planned, and the user can cancel it
    Reset {
        /// Username or mail address
        name: String,
    },
    /// Cancel a reset that is planned
    CancelReset {
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
            planned.map_or(Ok(()), |at| say(ChangeOutcome::Planned(at)))
        }
        FactorsCommand::Reset { name } => {
            let account = find(site, &name).await?;
            let change = site.reset_factors(Actor::operator(), &account.id).await?;
            let name = account.name();
            if change == ChangeOutcome::AlreadySo {
                return say(format!("{name} has no second factor."));
            }
            let done = format!("All second factors of {name} are removed; all sessions are ended.");
            report(&change, done)
        }
        FactorsCommand::CancelReset { name } => {
            let account = find(site, &name).await?;
            let operator = Actor::operator();
            let change = site.cancel_factors_reset(operator, &account.id).await?;
            let name = account.name();
            if change == ChangeOutcome::AlreadySo {
                return say(format!(
                    "No reset of the second factors of {name} is planned."
                ));
            }
            report(&change, format!("The second factors of {name} stay."))
        }
    }
}
