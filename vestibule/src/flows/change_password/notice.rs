//! The mail to users whose password was changed.

use crate::flows::notices::{Notice, Recipient};
use crate::login::Event;

pub(super) const PASSWORD_CHANGED: Notice = (Event::PasswordChanged, write);

fn write(to: &Recipient<'_>) -> (String, String) {
    let (name, site, url) = (to.name, to.site_name, to.public_url);
    let subject = format!("Your password at {site} was changed");
    let text = format!(
        "Hello {name},\n\n\
         your password at {site} was changed a moment ago, and every browser but the one that \
         did it is logged out.\n\n\
         If that was you, there is nothing to do. If not, somebody knew your old password and \
         has your account: write to those who run {url} at once.\n"
    );
    (subject, text)
}
