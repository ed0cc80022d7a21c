//! `vestibule throttle …`: lists and clears the counts of wrong tries.

use anyhow::bail;
use clap::Subcommand;
use ipnet::IpNet;
use vestibule::accounts::Account;
use vestibule::clock::Clock;
use vestibule::credentials::throttle::{Counter, CounterKind, Tally};
use vestibule::flows::Site;
use vestibule::login::{UserId, UserLoader};

use super::{open, say};
use crate::settings::Settings;

/// Commands for wrong tries. A running program applies a change within a second.
#[derive(Debug, Subcommand)]
pub(crate) enum ThrottleCommand {
    /// List what is counted, by account and by network: kind, name, how many wrong passwords,
    /// codes, registrations, requests for mails or wrong links, and when the next one is accepted
    List,
    /// Forget the wrong passwords and codes at an account or from a network
    Clear {
        /// Username, or a network such as 198.51.100.0/24
        name_or_network: String,
    },
}

/// The kinds of counters that an operator can do something about.
const SHOWN: [CounterKind; 10] = [
    CounterKind::Account,
    CounterKind::Factor,
    CounterKind::Name,
    CounterKind::Network,
    CounterKind::Overall,
    CounterKind::Registrations,
    CounterKind::AllRegistrations,
    CounterKind::Mails,
    CounterKind::Tokens,
    CounterKind::Ceremonies,
];

pub(crate) async fn run(command: ThrottleCommand, settings: &Settings) -> anyhow::Result<()> {
    let site = open(settings).await?;
    match command {
        ThrottleCommand::List => {
            for kind in SHOWN {
                list(&site, kind).await?;
            }
            Ok(())
        }
        ThrottleCommand::Clear { name_or_network } => clear(&site, &name_or_network).await,
    }
}

async fn list(site: &Site, kind: CounterKind) -> anyhow::Result<()> {
    let credentials = site.credentials();
    let mut after = None;
    loop {
        let counters = credentials.throttle_counters(kind, after.as_ref()).await?;
        let Some(last) = counters.last() else {
            return Ok(());
        };
        after = Some(last.key.clone());
        let now = Clock::system().now();
        for counter in &counters {
            if counter.tally.tries > 0 && !counter.tally.is_forgotten(now) {
                show(site, counter).await?;
            }
        }
    }
}

async fn show(site: &Site, counter: &Counter) -> anyhow::Result<()> {
    let (key, tally) = (&counter.key, counter.tally);
    let (kind, name) = match key.kind() {
        CounterKind::Account => ("account", name_of(site, key.subject()).await?),
        CounterKind::Factor => ("second factor", name_of(site, key.subject()).await?),
        CounterKind::Name => ("unknown name", "not kept".to_owned()),
        CounterKind::Network => ("network", key.subject().to_owned()),
        CounterKind::Registrations => ("registrations", key.subject().to_owned()),
        CounterKind::AllRegistrations => ("all registrations", String::new()),
        CounterKind::Mails => ("mails", key.subject().to_owned()),
        CounterKind::Tokens => ("links", key.subject().to_owned()),
        CounterKind::Ceremonies => ("passkey options", key.subject().to_owned()),
        _ => ("all strangers", String::new()),
    };
    let next = if tally.open_at == Tally::CLOSED {
        "closed".to_owned()
    } else if tally.is_open(Clock::system().now()) {
        "now".to_owned()
    } else {
        vestibule::clock::Timestamp::from_millis(tally.open_at).to_string()
    };
    say(format!("{kind}\t{name}\t{}\t{next}", tally.tries))
}

/// The username of a counter's account. The counter's subject is the realm, a `/` and the id.
async fn name_of(site: &Site, subject: &str) -> anyhow::Result<String> {
    let id = subject.split_once('/').map_or(subject, |(_, id)| id);
    let account: Option<Account> = site.accounts().load(UserId::from(id)).await?;
    Ok(account.map_or_else(
        || format!("deleted user {id}"),
        |account| account.name().to_owned(),
    ))
}

async fn clear(site: &Site, name_or_network: &str) -> anyhow::Result<()> {
    let credentials = site.credentials();
    let address = name_or_network.parse();
    let network = name_or_network
        .parse::<IpNet>()
        .map(|network| network.addr());
    let cleared = match address.or(network) {
        Ok(address) => credentials.clear_throttle_of_network(address).await?,
        Err(_) => credentials.clear_throttle(name_or_network).await?,
    };
    if cleared == 0 {
        bail!(
            "no wrong tries are counted for {name_or_network}; `vestibule throttle list` shows all \
             that are"
        );
    }
    say(format!(
        "The wrong tries of {name_or_network} are forgotten."
    ))
}
