//! The mail to users whose account was deleted.

use crate::flows::notices::{Notice, Recipient};
use crate::login::Event;

pub(super) const ACCOUNT_DELETED: Notice = (Event::AccountDeleted, write);

fn write(to: &Recipient<'_>) -> (String, String) {
    let (name, site, url) = (to.name, to.site_name, to.public_url);
    let subject = format!("Your account at {site} was deleted");
    let text = format!(
        "Hello {name},\n\n\
         your account at {site} was deleted a moment ago, by somebody who knew your password.\n\n\
         If that was you, there is nothing to do. If not, contact the administrator of {url}, and \
         change this password wherever else you use it.\n"
    );
    (subject, text)
}
