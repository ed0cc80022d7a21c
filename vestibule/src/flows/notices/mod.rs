//! Mails that tell users what happened to their account, and which of them a user wants.
//!
//! # Steps
//! 1. A log-in, a guess or a change to an account puts a mail into the outbox: changes to our own
//!    accounts in their transaction, others as their events are emitted. A mail says what happened,
//!    when and from where, and links to the page with which users secure their account:
//!    `/forgot-password`, or `/account/sessions` where the site has no such page.
//! 2. `GET /account/notices` has a checkbox for each mail that only informs: log-ins in new
//!    browsers, and many failed log-ins. `POST /account/notices` with the fields that shall be on,
//!    such as `new_device`, stores the choice; as JSON it answers 204. Both need a fresh log-in.
//!
//! # What it protects against
//! Changes and log-ins that their user does not notice. A thief who turns the mails off: a fresh
//! log-in is needed, and mails about passwords, addresses, names, roles and stolen cookies cannot be
//! turned off. Full mailboxes: five mails of a kind in an hour, and one a day about failed log-ins.
//! Names and browsers that would add lines, links or markup to a mail.
//!
//! # What it does not protect against
//! A thief who reads the user's mail, and deletes these.
//!
//! # Settings
//! [`SiteConfig::mailer`](crate::flows::SiteConfig::mailer);
//! [`SiteConfig::new_device_notice`](crate::flows::SiteConfig::new_device_notice).
//!
//! # Needs
//! A mailer. The mails about roles, about failed log-ins and about what an admin did need our own
//! accounts.

mod choices;
mod events;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::routing::get;

use crate::accounts::FAILED_LOGINS;
use crate::flows::flow::{Capability, Flow};
use crate::flows::mails::MailTexts;
use crate::login::PageUser;

pub(super) use events::EventNotice;

/// The mails that only inform.
pub(super) const OPTIONAL: [&str; 2] = ["new_device", FAILED_LOGINS];

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[("notices", "/account/notices")],
        needs: Some(Capability::Mailer),
        routes: |paths| {
            let choices = get(choices::show::<U>).post(choices::choose::<U>);
            Router::new().route(paths.own("notices"), choices)
        },
        templates: &[(choices::TEMPLATE, include_str!("notices.html"))],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        mails: &MAILS,
        ..Flow::new("notices")
    }
}

/// About what others did to an account, and about failed log-ins. Other flows have the mails about
/// what users do there.
const MAILS: [MailTexts; 7] = [
    MailTexts::new(
        FAILED_LOGINS,
        "mail-failed-logins-subject",
        "mail-failed-logins",
    ),
    MailTexts::new(
        "password_set",
        "mail-password-set-subject",
        "mail-password-set",
    ),
    MailTexts::new(
        "role_granted",
        "mail-role-granted-subject",
        "mail-role-granted",
    ),
    MailTexts::new(
        "role_revoked",
        "mail-role-revoked-subject",
        "mail-role-revoked",
    ),
    MailTexts::new(
        "account_disabled",
        "mail-account-disabled-subject",
        "mail-account-disabled",
    ),
    MailTexts::new(
        "account_enabled",
        "mail-account-enabled-subject",
        "mail-account-enabled",
    ),
    MailTexts::new(
        "account_deleted",
        "mail-account-deleted-subject",
        "mail-account-deleted",
    ),
];
