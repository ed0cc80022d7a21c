//! Ready-made pages: register, log in, welcome, confirm a log-in, change the password, sessions,
//! activity, administer, log out.
//!
//! [`Site`] combines them, over our own accounts or the app's own users table. Each flow is one
//! folder, with its paths, routes, actions, templates, mails and tests. To remove a flow, delete
//! its folder, its `mod` line and its line in the list of flows.

mod account;
mod account_log;
mod admin;
mod advice;
mod answer;
mod change_email;
mod change_password;
mod change_username;
mod close_account;
mod config;
mod confirm_login;
mod current_user;
mod destination;
mod export;
mod factor_reset;
mod factor_user;
mod factor_view;
mod factors;
mod flow;
mod form;
mod invitations;
mod language;
mod link_token;
mod list_page;
mod login_manager;
mod login_step;
mod logout;
mod mailing;
mod mails;
mod misplaced;
mod notices;
mod objections;
mod on_erase;
mod on_export;
mod on_register;
mod own_line;
mod page;
#[cfg(feature = "passkeys")]
mod passkeys;
mod password_login;
mod paths;
mod readiness;
mod register;
mod registration_fields;
mod registration_mode;
mod reset_password;
mod second_factor;
mod second_factor_for;
mod session_view;
mod sessions;
mod site;
mod submitted;
#[cfg(test)]
mod tests;
mod throttled;
mod verify_email;
mod welcome;

pub use crate::pages::Looks;
pub use config::{SessionConfig, SiteConfig, ThrottleConfig};
pub use on_register::RegistrationOutcome;
pub use page::Page;
pub use registration_fields::{RegistrationField, RegistrationValues};
pub use registration_mode::RegistrationMode;
pub use second_factor_for::SecondFactorFor;
pub use site::Site;

use crate::accounts::Account;
use crate::credentials::Users;
use crate::error::{Error, Result};
use crate::login::PageUser;
use flow::{Capability, Flow};

/// The flows for any users table, in the order a visitor meets them.
fn flows_for_all<U: PageUser>() -> Vec<Flow<U>> {
    vec![
        register::flow(),
        password_login::flow(),
        #[cfg(feature = "passkeys")]
        passkeys::flow(),
        second_factor::flow(),
        welcome::flow(),
        confirm_login::flow(),
        reset_password::flow(),
        verify_email::flow(),
        change_password::flow(),
        change_email::flow(),
        account::flow(),
        sessions::flow(),
        factors::flow(),
        notices::flow(),
        export::flow(),
        logout::flow(),
        language::flow(),
    ]
}

/// All flows, including those that need our own accounts.
fn flows_for_accounts() -> Vec<Flow<Account>> {
    let mut flows = flows_for_all();
    #[cfg(feature = "passkeys")]
    flows.push(register::by_passkey::flow());
    flows.push(account_log::flow());
    flows.push(change_username::flow());
    flows.push(close_account::flow());
    flows.push(admin::flow());
    flows.push(invitations::flow());
    flows
}

/// The named flows, or by default those that the users table supports, besides those that are
/// turned on one by one.
///
/// # Errors
/// When a named flow does not exist, or the table does not support it.
fn choose<U: PageUser>(
    flows: Vec<Flow<U>>,
    users: &Users<U>,
    config: &SiteConfig<U>,
) -> Result<Vec<Flow<U>>> {
    let lacks = |flow: &Flow<U>| {
        flow.needs.filter(|capability| match capability {
            Capability::Registrar => {
                !users.can_register() || config.registration == RegistrationMode::Closed
            }
            Capability::Mailer => config.mailer.is_none(),
            Capability::Mail => config.mailer.is_none() || !users.have_emails(),
        })
    };
    let Some(named) = &config.flows else {
        let is_on = |flow: &Flow<U>| flow.is_on.is_none_or(|is_on| is_on(config));
        let mut flows = flows;
        flows.retain(|flow| lacks(flow).is_none() && is_on(flow));
        return Ok(flows);
    };
    for name in named {
        let Some(flow) = flows.iter().find(|flow| flow.name == name) else {
            let names: Vec<_> = flows.iter().map(|flow| flow.name).collect();
            return Err(Error::config(format!(
                "there is no flow `{name}`; there are {}",
                names.join(", ")
            )));
        };
        if let Some(capability) = lacks(flow) {
            let advice = capability.advice();
            return Err(Error::config(format!(
                "the flow `{name}` {advice}; or leave the flow out"
            )));
        }
    }
    let is_named = |flow: &Flow<U>| named.iter().any(|name| name == flow.name);
    Ok(flows.into_iter().filter(is_named).collect())
}
