//! Tries at credentials, which the throttle counts.

use std::fmt;
#[cfg(feature = "sql")]
use std::future::Future;
use std::net::IpAddr;

use data_encoding::HEXLOWER;

use crate::credentials::throttle::{
    Counter, CounterKey, CounterKind, Permit, Subject, Try, device_key, session_key,
};
use crate::credentials::{Activity, Credentials, Step, Throttled};
use crate::error::Result;
use crate::login::device::DeviceToken;
use crate::login::pending::PendingLogin;
use crate::login::visit::Visit;
use crate::login::{CurrentUser, Event, Login, User, UserId};
use crate::session::Methods;

/// Whether a second factor may be tried.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum SecondFactor<U> {
    /// It may be tried once. A dropped try stays counted as a wrong one.
    MayTry(FactorTry<U>),
    /// There were too many wrong tries. Answer 429, and do not check the factor.
    Throttled(Throttled),
}

/// One counted try at the second factor of a pending log-in, from
/// [`Credentials::try_second_factor`].
#[must_use = "log in a user who shows the factor by `second_factor_shown` and `proceed`"]
pub struct FactorTry<U> {
    pub(super) pending: PendingLogin<U>,
    pub(super) tried: Box<Try>,
}

impl<U: User> FactorTry<U> {
    /// The user who has shown the first factor. They are not logged in yet.
    pub fn user(&self) -> &U {
        self.pending.user()
    }
}

impl<U> fmt::Debug for FactorTry<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FactorTry")
    }
}

impl<U: User> Credentials<U> {
    /// Counts a try at the second factor of a log-in, before it is checked.
    ///
    /// # Errors
    /// When the throttle's counters failed.
    pub async fn try_second_factor(
        &self,
        login: &Login<U>,
        pending: PendingLogin<U>,
    ) -> Result<SecondFactor<U>> {
        self.try_factor(login, pending, Methods::OTHER).await
    }

    /// As [`try_second_factor`](Self::try_second_factor), for a factor of this method.
    pub(super) async fn try_factor(
        &self,
        login: &Login<U>,
        pending: PendingLogin<U>,
        method: Methods,
    ) -> Result<SecondFactor<U>> {
        let id = pending.user().id();
        let permit = match self.begin_factor_try(login, &id, method).await? {
            Permit::Granted(of_factor) => match self.begin_try(login, Subject::User(&id)).await? {
                Permit::Granted(tried) => Ok((of_factor, tried)),
                Permit::Denied(throttled) => Err(throttled),
            },
            Permit::Denied(throttled) => Err(throttled),
        };
        Ok(match permit {
            Ok((mut of_factor, mut tried)) => {
                // Both stay counted until the app shows that it was right.
                (of_factor.is_wrong, tried.is_wrong) = (true, true);
                if tried.is_last_free {
                    self.emit_guessing(login, Some(id));
                }
                let tried = Box::new(tried);
                SecondFactor::MayTry(FactorTry { pending, tried })
            }
            Err(throttled) => {
                self.reject_try(login, Some(id)).await;
                SecondFactor::Throttled(throttled)
            }
        })
    }

    /// Counts a try at a second factor. A user who gets codes by mail has no other way, so their
    /// counter is never closed; each code has few tries anyway. Nobody can guess a recovery code, so it does not count at the
    /// counter of guesses, and works while that one is closed.
    pub(super) async fn begin_factor_try(
        &self,
        login: &Login<U>,
        id: &UserId,
        method: Methods,
    ) -> Result<Permit> {
        if method == Methods::RECOVERY_CODE {
            return Ok(Permit::Granted(Try::default()));
        }
        let now = login.visit().settings().clock.now();
        let may_close = method != Methods::MAIL_CODE;
        let throttle = &self.0.throttle;
        throttle
            .begin_factor((&self.0.realm, id), may_close, now)
            .await
    }

    /// Counts a try at a credential of `subject`, made by this request's browser.
    pub(super) async fn begin_try(&self, login: &Login<U>, subject: Subject<'_>) -> Result<Permit> {
        let throttle = &self.0.throttle;
        let account = throttle.account(&self.0.realm, subject);
        let devices = devices_of(login, &account);
        let now = login.visit().settings().clock.now();
        throttle
            .begin(&account, login.address(), &devices, now)
            .await
    }

    /// The counters of the browser at the account of this user.
    #[cfg(feature = "passkeys")]
    pub(super) fn known_devices(&self, login: &Login<U>, user: &UserId) -> Vec<CounterKey> {
        let account = self.0.throttle.account(&self.0.realm, Subject::User(user));
        devices_of(login, &account)
    }

    /// Counts a try at the password of the logged-in user. Their session has its own counter, so
    /// strangers who guess cannot block it, and a thief of the session has few tries.
    pub(super) async fn begin_own_try(
        &self,
        login: &Login<U>,
        user: &CurrentUser<U>,
    ) -> Result<Permit> {
        let Some(session) = user.session() else {
            return self.begin_try(login, Subject::User(&user.id())).await;
        };
        let id = match session.remembered {
            Some(remembered) => HEXLOWER.encode(remembered.as_bytes()),
            None => session.public_id.clone(),
        };
        let now = login.visit().settings().clock.now();
        self.0
            .throttle
            .begin_in_session(session_key(&id), now)
            .await
    }

    /// Settles a try by whether it gave a proof.
    pub(super) fn settle(
        &self,
        login: &Login<U>,
        id: &UserId,
        tried: Option<Box<Try>>,
        step: &Result<Step<U>>,
    ) {
        let mut tried = tried.unwrap_or_default();
        match step {
            Ok(Step::LoggedIn { .. }) if tried.is_in_session => self.0.throttle.confirmed(*tried),
            Ok(Step::LoggedIn { .. }) => self.settle_logged_in(login, id, *tried),
            Ok(Step::SecondFactor) => self.0.throttle.first_factor_shown(*tried),
            // Counts as a wrong try, because the visitor gets the same response.
            Ok(Step::Inactive) => tried.is_wrong = true,
            _ => {}
        }
    }

    /// Makes the browser a known one, with a new token.
    fn settle_logged_in(&self, login: &Login<U>, id: &UserId, tried: Try) {
        let throttle = &self.0.throttle;
        if !throttle.is_on() {
            return;
        }
        let visit = login.visit();
        let account = throttle.account(&self.0.realm, Subject::User(id));
        let token = match DeviceToken::generate(&visit.settings().random) {
            Ok(token) => token,
            Err(error) => {
                tracing::warn!(%error, "a browser is not known at its next log-in");
                return;
            }
        };
        let tokens = visit.devices(login.headers());
        let replaced = tried.device.and_then(|index| tokens.get(index));
        let replaced = replaced.map(|token| key_of(token, &account));
        let new = key_of(&token, &account);
        let (index, now) = (tried.device, visit.settings().clock.now());
        let known_for = Visit::<U>::DEVICE_KNOWN_FOR;
        let (told, user) = (visit.clone(), Some(id.clone()));
        let tell_new = async move { told.emit_for(Event::NewDevice, user).await };
        throttle.logged_in(tried, &account, (new, replaced), now, known_for, tell_new);
        visit.set_device(tokens, index, token);
    }

    /// Clears the counters of this user's account, if the store of counters responds.
    pub(super) async fn clear_tries_of(&self, id: &UserId) {
        if let Err(error) = self.0.throttle.clear_user(&self.0.realm, id).await {
            tracing::warn!(user = id.as_str(), %error, "wrong tries still count");
        }
    }

    /// Clears the wrong codes of this user's second factors, if the store of counters responds.
    #[cfg(feature = "sql")]
    pub(crate) async fn clear_factor_tries(&self, id: &UserId) {
        if let Err(error) = self.0.throttle.clear_factor(&self.0.realm, id).await {
            tracing::warn!(user = id.as_str(), %error, "wrong codes still count");
        }
    }

    /// Whether somebody may have kept this user from showing a second factor, by wrong tries.
    ///
    /// # Errors
    /// When the throttle's counters failed.
    #[cfg(feature = "sql")]
    pub(crate) async fn may_be_kept_out(
        &self,
        id: &UserId,
        now: crate::clock::Timestamp,
    ) -> Result<bool> {
        let throttle = &self.0.throttle;
        throttle.may_keep_out(&self.0.realm, id, now).await
    }

    /// Clears the wrong tries at the account with this name, or at this name if no account has it.
    /// The next try need not wait. Returns the number of counters cleared.
    ///
    /// # Errors
    /// When the users table or the throttle's counters failed.
    pub async fn clear_throttle(&self, typed: &str) -> Result<u64> {
        let (table, realm) = (self.0.users.table(), &self.0.realm);
        let throttle = &self.0.throttle;
        match table.find_with_hash(typed).await? {
            Some((user, _)) => {
                let id = user.id();
                let cleared = throttle.clear_user(realm, &id).await?;
                Ok(cleared + throttle.clear_factor(realm, &id).await?)
            }
            None => throttle.clear_name(realm, &table.canonical(typed)).await,
        }
    }

    /// Clears the wrong tries of the network of this address. Returns the number of counters
    /// cleared.
    ///
    /// # Errors
    /// When the throttle's counters failed.
    pub async fn clear_throttle_of_network(&self, address: IpAddr) -> Result<u64> {
        self.0.throttle.clear_network(address).await
    }

    /// Some hundred counters of this kind, ordered by name, starting after `after`. Some may be
    /// forgotten.
    ///
    /// # Errors
    /// When the throttle's counters failed.
    pub async fn throttle_counters(
        &self,
        kind: CounterKind,
        after: Option<&CounterKey>,
    ) -> Result<Vec<Counter>> {
        self.0.throttle.list(kind, after).await
    }

    /// Until when the browsers are known in which this user has logged in.
    #[cfg(feature = "sql")]
    pub(crate) async fn known_browsers(
        &self,
        id: &UserId,
        now: crate::clock::Timestamp,
    ) -> Result<Vec<crate::clock::Timestamp>> {
        let (throttle, realm) = (&self.0.throttle, &self.0.realm);
        throttle.known_browsers(realm, id, now).await
    }

    /// Runs something that the response does not wait for.
    #[cfg(feature = "sql")]
    pub(crate) fn after_response(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.throttle.after_response(task);
    }

    /// Waits for all that the responses did not wait for.
    #[cfg(feature = "sql")]
    pub(crate) async fn settled(&self) {
        self.0.throttle.settled().await;
    }

    /// Emits the event for a rejected try, and lets other requests go first.
    pub(super) async fn reject_try(&self, login: &Login<U>, id: Option<UserId>) {
        login
            .visit()
            .emit_for_if_wanted(Event::LoginThrottled, id)
            .await;
        self.0.throttle.give_way().await;
    }

    /// Emits that strangers have used up the free tries at an account. Runs after the response, so
    /// that its time does not reveal whether the account exists.
    pub(super) fn emit_guessing(&self, login: &Login<U>, id: Option<UserId>) {
        let visit = login.visit().clone();
        let emit = async move { visit.emit_for(Event::GuessingSuspected, id).await };
        self.0.throttle.after_response(emit);
    }

    /// Notes a wrong try in the activity log. Runs after the response, so that its time does not
    /// reveal whether the account exists.
    pub(super) fn note_failed(&self, login: &Login<U>, user: U) {
        if self.0.users.log().is_none() {
            return;
        }
        let (credentials, from) = (self.clone(), login.sender());
        self.0.throttle.after_response(async move {
            let Some(log) = credentials.0.users.log() else {
                return;
            };
            if let Err(error) = log.note(&user, Activity::LoginFailed, &from).await {
                let user = user.id();
                tracing::warn!(user = user.as_str(), %error, "a failed log-in is not in the log");
            }
        });
    }
}

/// The counters of the browser at this account, one for each token that it sent.
fn devices_of<U: User>(login: &Login<U>, account: &CounterKey) -> Vec<CounterKey> {
    let devices = login.visit().devices(login.headers());
    devices.iter().map(|token| key_of(token, account)).collect()
}

fn key_of(token: &DeviceToken, account: &CounterKey) -> CounterKey {
    device_key(account, &token.digest_for(account.as_str()))
}
