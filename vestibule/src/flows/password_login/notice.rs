//! The mails to users who logged in in a new browser, whose remember cookie was copied, or whose
//! password somebody guesses.

use crate::flows::notices::{Notice, Recipient};
use crate::login::Event;

pub(super) const REMEMBER_COOKIE_REUSED: Notice = (Event::RememberCookieReused, copied);

pub(super) const GUESSING_SUSPECTED: Notice = (Event::GuessingSuspected, guessing);

pub(super) const NEW_DEVICE: Notice = (Event::NewDevice, new_device);

fn new_device(to: &Recipient<'_>) -> (String, String) {
    let (name, site, url) = (to.name, to.site_name, to.public_url);
    let subject = format!("New log-in to {site}");
    let text = format!(
        "Hello {name},\n\n\
         somebody has just logged in to {site} as you, in a browser that is new for your \
         account.\n\n\
         If it was you, there is nothing to do. If not, somebody knows your password: log in at \
         {url}, change your password, and end the sessions that you do not recognize.\n"
    );
    (subject, text)
}

fn copied(to: &Recipient<'_>) -> (String, String) {
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

fn guessing(to: &Recipient<'_>) -> (String, String) {
    let (name, site, url) = (to.name, to.site_name, to.public_url);
    let subject = format!("Somebody is trying to guess your password at {site}");
    let text = format!(
        "Hello {name},\n\n\
         somebody has tried many wrong passwords for your account at {site}. They are not in. \
         From now on each further try has to wait.\n\n\
         If it was you, there is nothing to do. If not, check that your password is one that you \
         use nowhere else. You can log in as before in a browser that you have used for it. In a \
         new one you may have to wait, for as long as somebody goes on: {url}\n"
    );
    (subject, text)
}
