//! `vestibule doctor`: what is wrong, and what to do about it.

mod mail;
mod timing;

use std::time::Duration;

use anyhow::bail;
use clap::Subcommand;
use vestibule::flows::Site;
use vestibule::password::PasswordAlgorithm;

use super::{open, say};
use crate::settings::Settings;

/// Checks that need more than the settings.
#[derive(Debug, Subcommand)]
pub(crate) enum DoctorCommand {
    /// Measure whether a running program reveals by its response times who has an account. Makes
    /// about 900 log-ins with a wrong password, and as many requests for a new one, which may send
    /// the user five mails. Use it on your own site, while it is idle
    Timing {
        /// Address of the site, such as http://127.0.0.1:5000
        url: String,
        /// Name of a user who exists
        #[arg(long, value_name = "NAME")]
        user: String,
        /// How many pairs of requests to compare, 400 to 5,000
        #[arg(long, value_name = "COUNT", default_value_t = 400, value_parser = clap::value_parser!(u32).range(400..=5_000))]
        pairs: u32,
    },
}

pub(crate) async fn run(command: Option<DoctorCommand>, settings: &Settings) -> anyhow::Result<()> {
    match command {
        Some(DoctorCommand::Timing { url, user, pairs }) => {
            tokio::task::spawn_blocking(move || timing::run(&url, &user, pairs)).await?
        }
        None => check(settings).await,
    }
}

/// A hash that takes less makes guessing cheap; one that takes more makes flooding cheap.
const QUICKEST: Duration = Duration::from_millis(5);
const SLOWEST: Duration = Duration::from_secs(1);

async fn check(settings: &Settings) -> anyhow::Result<()> {
    // Opening the site checks that the database answers and is up to date, and that no pepper is
    // missing.
    let site = open(settings).await?;
    say("ok: the database answers, and no password lacks its pepper")?;
    let hashes = site.credentials().review_hashes().await?;
    let mut unusable = Vec::new();
    for id in &hashes.unusable {
        let account = site.accounts().find_by_id(id).await?;
        unusable.push(account.map_or(id.to_string(), |account| account.name().to_owned()));
    }
    unusable.sort();
    match hashes.outdated {
        0 if hashes.unusable.is_empty() => say("ok: all passwords are hashed as new ones are")?,
        0 => {}
        outdated => say(format!(
            "note: passwords whose hashes differ from new ones: {outdated}; each is rehashed when \
             its user logs in next"
        ))?,
    }
    match site.secrets_under_old_keys().await? {
        0 => {}
        old => say(format!(
            "note: secrets of authenticator apps that an old secret key has encrypted: {old}; each is \
             encrypted by the first key when its app is used next, so keep the old key"
        ))?,
    }
    list_look_alikes(&site).await?;
    list_shared_emails(&site).await?;
    let mail_problem = mail::check(&site, settings).await?;
    let algorithm = settings.passwords.algorithm();
    let took = tokio::task::spawn_blocking(move || algorithm.measure()).await??;
    let millis = took.as_secs_f64() * 1_000.0;
    let is_bcrypt = matches!(algorithm, PasswordAlgorithm::Bcrypt { .. });
    let is_bare_digest = is_bcrypt
        && settings.passwords.bcrypt_long_passwords
        && settings.passwords.pepper_file.is_none();
    let cannot_check = format!(
        "passwords that cannot be checked, because the hash is malformed, of an unknown kind or \
         exceeds the limits; their users cannot log in until `vestibule user set-password`: {}",
        unusable.join(", ")
    );
    let untrusted_proxy = settings.serving.untrusted_proxy();
    let writes = site.is_ready().await.map_err(|error| error.to_string());
    let checks = [
        (
            writes.is_ok(),
            "the database and the session store accept log-ins",
            writes.as_ref().map_or_else(String::as_str, |()| ""),
        ),
        (
            hashes.unusable.is_empty(),
            "every password can be checked",
            &*cannot_check,
        ),
        (
            algorithm.meets_owasp_minimum(),
            "password hashes meet OWASP's minimum",
            "passwords are hashed with less than OWASP's minimum; run `vestibule password calibrate`",
        ),
        (
            took >= QUICKEST,
            "a hash is not too quick",
            "a hash takes less than 5 ms, and so does a guess; run `vestibule password calibrate`",
        ),
        (
            took <= SLOWEST,
            "a hash is not too slow",
            "a hash takes more than a second, and a few visitors keep all others waiting; run \
             `vestibule password calibrate`",
        ),
        (
            !is_bare_digest,
            "no new hash is made from a bare digest",
            "new hashes are made from a password's bare SHA-256, so attackers can try such digests \
             from another breach in place of passwords; set `--pepper-file`, or \
             `--password-algorithm argon2id`",
        ),
        (
            untrusted_proxy.is_none(),
            "each visitor has their own address",
            untrusted_proxy.unwrap_or_default(),
        ),
        (
            mail_problem.is_none(),
            "nothing is wrong with the mail server",
            mail_problem.as_deref().unwrap_or_default(),
        ),
    ];
    say(format!("ok: a hash takes {millis:.1} ms on this machine"))?;
    for (is_well, well, warning) in checks {
        match is_well {
            true => say(format!("ok: {well}"))?,
            false => say(format!("warning: {warning}"))?,
        }
    }
    match checks.iter().filter(|(is_well, ..)| !is_well).count() {
        0 => Ok(()),
        count => bail!("{count} of these checks failed"),
    }
}

/// Lists the accounts whose name looks like that of an older one. Only the operator can tell which
/// of them pose as somebody else.
async fn list_look_alikes(site: &Site) -> anyhow::Result<()> {
    const PAGE: usize = 500;
    let mut after: Option<String> = None;
    loop {
        let page = site.accounts().look_alikes(after.as_deref(), PAGE).await?;
        for found in &page {
            let (name, older) = (&found.username, found.looks_like.as_deref());
            let older = older.unwrap_or("one that is deleted");
            say(format!(
                "note: the username {name} looks like the older {older}; if its user poses as the \
                 other, `vestibule user disable {name}`"
            ))?;
        }
        after = match (page.last(), after) {
            (Some(last), _) => Some(last.canonical_username.clone()),
            (None, None) => return say("ok: no username looks like another one"),
            (None, Some(_)) => return Ok(()),
        };
    }
}

/// Lists the accounts whose mail address belongs to another account too.
async fn list_shared_emails(site: &Site) -> anyhow::Result<()> {
    const PAGE: u64 = 500;
    let mut after: Option<String> = None;
    loop {
        let page = site
            .accounts()
            .shared_emails(after.as_deref(), PAGE)
            .await?;
        for found in &page {
            let (name, email) = (&found.username, &found.email);
            say(format!(
                "note: the mail address {email} of {name} belongs to another account, so {name} \
                 gets no link by it; give {name} an address of their own at /admin"
            ))?;
        }
        after = match (page.last(), after) {
            (Some(last), _) => Some(last.after.clone()),
            (None, None) => return say("ok: no two accounts have the same mail address"),
            (None, Some(_)) => return Ok(()),
        };
    }
}
