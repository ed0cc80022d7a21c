//! Whether mail is set up and reaches the mail server.

use vestibule::flows::Site;
use vestibule::mail::MailState;

use super::super::{public_url, say};
use crate::settings::{MailSettings, Settings};

/// Counts the mails that wait or failed, and tries the mail server. Returns what is wrong with it.
pub(super) async fn check(site: &Site, settings: &Settings) -> anyhow::Result<Option<String>> {
    let Some(mailer) = settings.mailer(&public_url(settings)?)? else {
        say(format!("note: {}", MailSettings::NO_MAIL))?;
        return Ok(None);
    };
    let waiting = site.count_mails(MailState::Waiting).await?;
    say(format!("ok: {mailer} is set up, and {waiting} mails wait"))?;
    match site.count_mails(MailState::Failed).await? {
        0 => say("ok: no mail has failed")?,
        failed => say(format!(
            "note: mails that failed in the last 30 days: {failed}; `vestibule mail list --state \
             failed` says why, and `vestibule mail retry` sends those again that are still of use"
        ))?,
    }
    let answer = mailer.check().await;
    Ok(answer.err().map(|error| {
        format!(
            "{mailer} takes no mail: {error}; mend the settings or the server, and then run \
             `vestibule mail retry`"
        )
    }))
}
