//! How the program sends mail.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use vestibule::mail::{FolderMailer, MailFrom};
use vestibule::web::PublicUrl;

use crate::mailer::ProgramMailer;

/// How the program sends mail.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Mail")]
pub(crate) struct MailSettings {
    /// Mail server that sends the program's mails: smtps://USER:PASSWORD@HOST, or smtp://… with
    /// STARTTLS, which only a server on this machine may lack [default: no mail]
    #[arg(
        long,
        env = "VESTIBULE_SMTP_URL",
        value_name = "URL",
        hide_env_values = true,
        hide_default_value = true,
        global = true
    )]
    smtp_url: Option<String>,

    /// File with the password for the mail server, in place of one in the URL
    #[arg(
        long,
        env = "VESTIBULE_SMTP_PASSWORD_FILE",
        value_name = "FILE",
        global = true
    )]
    smtp_password_file: Option<PathBuf>,

    /// File of certificates, as PEM: a mail server whose certificate one of them has issued is
    /// trusted too
    #[arg(
        long,
        env = "VESTIBULE_SMTP_CA_FILE",
        value_name = "FILE",
        global = true
    )]
    smtp_ca_file: Option<PathBuf>,

    /// Sender of all mails: noreply@example.com, or "Example <noreply@example.com>"
    #[arg(
        long,
        env = "VESTIBULE_MAIL_FROM",
        value_name = "SENDER",
        global = true
    )]
    mail_from: Option<String>,

    /// Folder to write mails to, as files, in place of sending them: to try the program out
    #[arg(
        long,
        env = "VESTIBULE_MAIL_FOLDER",
        value_name = "FOLDER",
        global = true
    )]
    mail_folder: Option<PathBuf>,
}

impl MailSettings {
    /// What the start says if there is no mail.
    pub(crate) const NO_MAIL: &str = "no mail is set up, so nobody can reset a forgotten password \
        by mail; set --smtp-url and --mail-from, or --mail-folder to try it out";

    /// What sends the mails; `None` if no mail is set up.
    ///
    /// # Errors
    /// When a setting is not valid, contradicts another one or lacks one, or when a file cannot be
    /// read.
    pub(crate) fn mailer(
        &self,
        site_name: &str,
        public_url: &PublicUrl,
    ) -> anyhow::Result<Option<ProgramMailer>> {
        let from = self.mail_from.as_deref();
        let from = from.map(str::parse::<MailFrom>).transpose();
        let from = from.map_err(|error| anyhow::anyhow!("the setting --mail-from: {error}"))?;
        let from = from.map(|from| from.or_named(site_name));
        match (&self.smtp_url, &self.mail_folder) {
            (Some(_), Some(_)) => bail!(
                "--smtp-url and --mail-folder are both set; keep --smtp-url to send mail, or \
                 --mail-folder to try the program out"
            ),
            (Some(url), None) => match from {
                Some(from) => Ok(Some(self.smtp(url, from)?)),
                None => bail!(
                    "--smtp-url is set without a sender of the mails; set one your mail server \
                     accepts, as in --mail-from noreply@example.com"
                ),
            },
            (None, _) if self.smtp_password_file.is_some() || self.smtp_ca_file.is_some() => bail!(
                "--smtp-password-file and --smtp-ca-file have no effect without a mail server; set \
                 --smtp-url"
            ),
            (None, Some(folder)) => {
                let from = match from {
                    Some(from) => from,
                    None => sender_of(site_name, public_url)?,
                };
                Ok(Some(ProgramMailer::Folder(FolderMailer::new(
                    folder, from,
                )?)))
            }
            (None, None) => Ok(None),
        }
    }

    #[cfg(feature = "smtp")]
    fn smtp(&self, url: &str, from: MailFrom) -> anyhow::Result<ProgramMailer> {
        use anyhow::Context;
        use vestibule::crypto::secret::Secret;
        use vestibule::mail::{SmtpMailer, SmtpUrl};

        let mut url: SmtpUrl = url.parse()?;
        if let Some(file) = &self.smtp_password_file {
            let shown = file.display();
            let password = std::fs::read_to_string(file).map(Secret::from);
            let password = password.with_context(|| format!("cannot read {shown}"))?;
            let password = password.expose().trim_end_matches(['\r', '\n']);
            url = url
                .password(Secret::from(password))
                .context("the setting --smtp-password-file")?;
        }
        let mailer = match &self.smtp_ca_file {
            None => SmtpMailer::new(url, from),
            Some(file) => {
                let shown = file.display();
                let authorities = std::fs::read(file);
                let authorities = authorities.with_context(|| format!("cannot read {shown}"))?;
                SmtpMailer::with_authorities(url, from, &authorities)
            }
        };
        Ok(ProgramMailer::Smtp(mailer?))
    }

    #[cfg(not(feature = "smtp"))]
    fn smtp(&self, _: &str, _: MailFrom) -> anyhow::Result<ProgramMailer> {
        bail!("this build has no SMTP: build it with the feature `smtp`")
    }
}

/// The sender of a site that has none: `noreply` at its host. No mail address has an IP address.
fn sender_of(site_name: &str, public_url: &PublicUrl) -> anyhow::Result<MailFrom> {
    let origin = public_url.origin();
    let host = origin.split_once("://").map_or("", |(_, host)| host);
    let host = host.split(':').next().unwrap_or_default();
    let from = format!("noreply@{host}").parse::<MailFrom>();
    let from = from.or_else(|_| "noreply@localhost".parse())?;
    Ok(from.or_named(site_name))
}

#[cfg(test)]
mod tests {
    use super::sender_of;

    #[test]
    fn a_site_without_a_sender_sends_from_its_own_host() {
        for (url, from) in [
            ("https://example.com/auth", "Ours <noreply@example.com>"),
            ("http://localhost:5000", "Ours <noreply@localhost>"),
            ("http://127.0.0.1:5000", "Ours <noreply@localhost>"),
            ("http://[::1]:5000", "Ours <noreply@localhost>"),
        ] {
            let from_url = sender_of("Ours", &url.parse().unwrap()).unwrap();
            assert_eq!(from_url.to_string(), from, "{url}");
        }
    }
}
