//! The limits of the throttle, and their defaults.

use std::time::Duration;

use crate::credentials::throttle::{Rate, Streak};

/// The limits of the throttle. The book's page about the throttle lists the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThrottleLimits {
    /// Wrong tries in a row at one account, by strangers.
    pub account: Streak,
    /// Wrong tries in a row at one account, by strangers in one network.
    pub pair: Streak,
    /// Wrong tries by strangers in one network. Set fewer than in `overall`, so that one network
    /// alone cannot use up the overall limit.
    pub network: Rate,
    /// Wrong tries by all strangers together.
    pub overall: Rate,
    /// Wrong tries in a row in a browser that the account knows. After
    /// [`closed_after`](Streak::closed_after) of them, it counts as a stranger again.
    pub device: Streak,
    /// Wrong tries in a row at the password of the logged-in user.
    pub session: Streak,
    /// Wrong codes in a row of an account's second factors, whoever sends them. A right password
    /// does not end the row. After [`closed_after`](Streak::closed_after) of them, no code of an
    /// authenticator app works until the user shows another factor, such as a recovery code (NIST SP
    /// 800-63B-4, 3.2.2: at most 100).
    pub factor: Streak,
    /// Registrations from one network, whether or not they succeed.
    pub registrations: Rate,
    /// Registrations from all networks.
    pub all_registrations: Rate,
    /// Requests from one network that send a mail, such as for a forgotten password.
    pub mails: Rate,
    /// Links and codes from mails that did not work, from one network.
    pub tokens: Rate,
    /// Requests from one network, of visitors who are not logged in, for the options of a passkey.
    /// Each takes a row of a table for five minutes. A browser sends one for each view of the login
    /// page.
    pub ceremonies: Rate,
}

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

impl Default for ThrottleLimits {
    fn default() -> Self {
        Self {
            account: Streak {
                free: 20,
                first: Duration::from_secs(5),
                longest: 15 * MINUTE,
                closed_after: Some(100),
                forgotten_after: None,
            },
            pair: Streak {
                free: 5,
                first: Duration::from_secs(2),
                longest: 60 * MINUTE,
                closed_after: None,
                forgotten_after: Some(DAY),
            },
            network: Rate {
                burst: 50,
                each: Duration::from_secs(30),
            },
            overall: Rate {
                burst: 200,
                each: Duration::from_millis(600),
            },
            device: Streak {
                free: 5,
                first: Duration::from_secs(2),
                longest: 15 * MINUTE,
                closed_after: Some(20),
                forgotten_after: Some(365 * DAY),
            },
            session: Streak {
                free: 5,
                first: Duration::from_secs(2),
                longest: 15 * MINUTE,
                closed_after: Some(20),
                forgotten_after: Some(30 * DAY),
            },
            factor: Streak {
                free: 5,
                first: Duration::from_secs(2),
                longest: 15 * MINUTE,
                closed_after: Some(100),
                forgotten_after: None,
            },
            registrations: Rate {
                burst: 30,
                each: MINUTE,
            },
            all_registrations: Rate {
                burst: 200,
                each: Duration::from_millis(600),
            },
            mails: Rate {
                burst: 30,
                each: MINUTE,
            },
            tokens: Rate {
                burst: 60,
                each: MINUTE,
            },
            ceremonies: Rate {
                burst: 300,
                each: Duration::from_secs(1),
            },
        }
    }
}
