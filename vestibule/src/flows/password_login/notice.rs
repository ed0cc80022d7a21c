//! The mail to users whose remember cookie was copied.

use crate::flows::notices::{Notice, Recipient};
use crate::login::Event;

pub(super) const REMEMBER_COOKIE_REUSED: Notice = (Event::RememberCookieReused, write);

fn write(to: &Recipient<'_>) -> (String, String) {
    let (name, site, url) = (to.name, to.site_name, to.public_url);
    let subject = format!("Somebody may have a copy of your login at {site}");
    let text = format!(
        "Hello {name},\n\n\
         a browser that stays logged in to {site} as you was used in two places, as if \
         somebody had a copy of what it remembers. It is logged out now, in both.\n\n\
         If you copied or restored that browser yourself, there is nothing to do but to log \
         in again. If not, look for what is wrong with that device, then log in at {url} and \
         choose another password.\n"
    );
    (subject, text)
}
