//! Checking passwords.

use std::net::IpAddr;

use crate::credentials::throttle::{Permit, Subject, Try};
use crate::credentials::{Credentials, Proof, Throttled};
use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::login::{CurrentUser, Epochs, Login, User, UserId};
use crate::password::{Claimant, HashCheck, PasswordHash, Passwords};
use crate::session::Methods;

/// The outcome of checking a credential.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum Check<U> {
    /// The credential is the user's. [`Credentials::proceed`] decides whether they may log in.
    Proved(Proof<U>),
    /// The credential is wrong: the user does not exist, or has another password or none. The user
    /// is only for the log; the response must not reveal which it was.
    Wrong(Option<UserId>),
    /// The credential was not checked, because there were too many wrong tries at this account or
    /// from this network. Answer 429, whether or not the account exists.
    Throttled(Throttled),
}

/// The user with a typed name, and their hash.
type Found<U> = Option<(U, Option<PasswordHash>)>;

/// The user that the visitor claims to be.
struct Claimed {
    /// The canonical form of the typed name, or the id of the logged-in user.
    canonical: String,
    from: Option<IpAddr>,
    /// Whether a log-in may follow. Only then is an outdated hash replaced: the epoch may follow
    /// the hash, and replacing it would end the session of a logged-in user.
    may_log_in: bool,
}

/// How many times a password is checked if its hash keeps changing.
const HASH_TRIES: usize = 3;

impl<U: User> Credentials<U> {
    /// Checks a typed name and a password. Takes the same time whether or not the user exists.
    ///
    /// The [throttle](crate::credentials::throttle) counts the try. If it rejects the try, nothing
    /// is hashed.
    ///
    /// If the password is right and its hash is outdated, replaces the hash. The proof is then of
    /// the user with the new hash, read again from the table.
    ///
    /// # Errors
    /// When the users table or the throttle's counters failed, or the hashing queue is full.
    pub async fn check_password(
        &self,
        login: &Login<U>,
        typed: &str,
        password: &Secret,
    ) -> Result<Check<U>> {
        self.check_realm(login)?;
        self.know_kinds().await;
        // No user can have such a password, so do not look for the user.
        if Passwords::is_too_long(password) {
            return Ok(Check::Wrong(None));
        }
        let (throttle, realm) = (&self.0.throttle, &self.0.realm);
        let (from, now) = (login.address(), login.visit().settings().clock.now());
        let is_stranger = login.visit().devices(login.headers()).is_empty();
        let claimed = self.claimed(typed, from);
        if is_stranger
            && let Some(throttled) = throttle.still_waits(realm, &claimed.canonical, from, now)
        {
            self.reject_try(login, None).await;
            return Ok(Check::Throttled(throttled));
        }
        let found = self.0.users.table().find_with_hash(typed).await?;
        let id = found.as_ref().map(|(user, _)| user.id());
        let subject = match &id {
            Some(id) => Subject::User(id),
            None => Subject::Name(&claimed.canonical),
        };
        let tried = match self.begin_try(login, subject).await? {
            Permit::Granted(tried) => tried,
            Permit::Denied(throttled) => {
                if is_stranger {
                    throttle.note_wait(realm, &claimed.canonical, from, (throttled, now));
                }
                self.reject_try(login, id).await;
                return Ok(Check::Throttled(throttled));
            }
        };
        let user = found.as_ref().map(|(user, _)| user.clone());
        let check = self.compare(&claimed, found, password).await;
        self.judged(login, tried, check, user)
    }

    /// As [`check_password`](Self::check_password), without a throttle.
    #[cfg(test)]
    pub(crate) async fn check_password_from(
        &self,
        from: Option<IpAddr>,
        typed: &str,
        password: &Secret,
    ) -> Result<Check<U>> {
        self.know_kinds().await;
        if Passwords::is_too_long(password) {
            return Ok(Check::Wrong(None));
        }
        let claimed = self.claimed(typed, from);
        let found = self.0.users.table().find_with_hash(typed).await?;
        self.compare(&claimed, found, password).await
    }

    /// Checks the password of a user who is logged in. The try counts for their session. An
    /// outdated hash stays: only a log-in replaces it.
    ///
    /// # Errors
    /// As [`check_password`](Self::check_password).
    pub async fn check_own_password(
        &self,
        login: &Login<U>,
        user: &CurrentUser<U>,
        password: &Secret,
    ) -> Result<Check<U>> {
        let id = user.id();
        if Passwords::is_too_long(password) {
            return Ok(Check::Wrong(Some(id)));
        }
        let tried = match self.begin_own_try(login, user).await? {
            Permit::Granted(tried) => tried,
            Permit::Denied(throttled) => {
                self.reject_try(login, Some(id)).await;
                return Ok(Check::Throttled(throttled));
            }
        };
        let hash = self.0.users.table().hash_of(&id).await?;
        let claimed = Claimed {
            canonical: id.to_string(),
            from: login.address(),
            may_log_in: false,
        };
        let found = Some((U::clone(user), hash));
        let check = self.compare(&claimed, found, password).await;
        self.judged(login, tried, check, Some(U::clone(user)))
    }

    fn claimed(&self, typed: &str, from: Option<IpAddr>) -> Claimed {
        let canonical = self.0.users.table().canonical(typed);
        Claimed {
            canonical,
            from,
            may_log_in: true,
        }
    }

    /// Settles the try at the credential of `user`, if known, by the outcome.
    fn judged(
        &self,
        login: &Login<U>,
        mut tried: Try,
        check: Result<Check<U>>,
        user: Option<U>,
    ) -> Result<Check<U>> {
        match check {
            Ok(Check::Proved(mut proof)) => {
                proof.tried = Some(Box::new(tried));
                Ok(Check::Proved(proof))
            }
            // The credential was not checked, so it was not wrong.
            Err(error) => Err(error),
            Ok(check) => {
                tried.is_wrong = true;
                if let (true, Check::Wrong(id)) = (tried.is_last_free, &check) {
                    self.emit_guessing(login, id.clone());
                }
                if let Some(user) = user {
                    self.note_failed(login, user);
                }
                Ok(check)
            }
        }
    }

    /// Compares a password with a hash, or without one with a stand-in at the same cost.
    async fn compare(
        &self,
        claimed: &Claimed,
        found: Found<U>,
        password: &Secret,
    ) -> Result<Check<U>> {
        let claimant = &Claimant {
            account: Some(&claimed.canonical),
            address: claimed.from,
        };
        let (mut user, mut hash) = match found {
            Some((user, hash)) => (Some(user), hash),
            None => (None, None),
        };
        let id = user.as_ref().map(User::id);
        let table = self.0.users.table();
        for _ in 0..HASH_TRIES {
            // Read the epoch before checking the password, so that a password change in between
            // ends this log-in too.
            let epoch = self.epoch_at_check(claimant, user.as_ref()).await?;
            let check = self.check_hash(claimant, id.as_ref(), password, hash.as_ref());
            let check = check.await?;
            let (Some(id), Some(of_user), Some(checked)) = (&id, user, hash) else {
                return Ok(Check::Wrong(id));
            };
            if check == HashCheck::Wrong {
                return Ok(Check::Wrong(Some(id.clone())));
            }
            let is_replaceable = check == HashCheck::Outdated && claimed.may_log_in;
            let new = match is_replaceable {
                true => self.rehash(claimant, id, password, &checked).await,
                false => None,
            };
            let (of_user, epoch, checked) = match new {
                None => (of_user, epoch, checked),
                // Read the user again, because their epoch may follow the hash.
                Some(new) => {
                    let Some(of_user) = table.load(id.clone()).await? else {
                        return Ok(Check::Wrong(Some(id.clone())));
                    };
                    let epoch = self.epoch_of(&of_user).await?;
                    (of_user, epoch, new)
                }
            };
            // This epoch may have been read after the hash. If the hash is still the same, the
            // epoch does not belong to a newer password.
            let is_late_epoch = is_replaceable || self.0.users.epochs().is_some();
            let now = match is_late_epoch {
                true => table.hash_of(id).await?,
                false => None,
            };
            if !is_late_epoch || now.as_ref().map(PasswordHash::as_str) == Some(checked.as_str()) {
                return Ok(Check::Proved(Proof::new(of_user, epoch, Methods::PASSWORD)));
            }
            // Read the user first, so that their epoch does not belong to a newer password than the
            // hash.
            user = table.load(id.clone()).await?;
            hash = table.hash_of(id).await?;
        }
        Ok(Check::Wrong(id))
    }

    /// The epoch of this user. For an unknown user, also reads an epoch and ignores it, so that the
    /// time of an answer does not reveal whether an account exists.
    async fn epoch_at_check(&self, claimant: &Claimant<'_>, user: Option<&U>) -> Result<i64> {
        match (user, self.0.users.epochs()) {
            (Some(user), _) => self.epoch_of(user).await,
            (None, Some(epochs)) => {
                let name = claimant.account.unwrap_or_default().chars();
                let id: String = name.take(UserId::MAX_CHARS).collect();
                epochs.load(&id.into()).await
            }
            (None, None) => Ok(0),
        }
    }

    async fn check_hash(
        &self,
        claimant: &Claimant<'_>,
        id: Option<&UserId>,
        password: &Secret,
        hash: Option<&PasswordHash>,
    ) -> Result<HashCheck> {
        let passwords = &self.0.passwords;
        match passwords.check(claimant, password, hash).await {
            // The visitor sees the same as without a hash.
            Err(error) if error.is_unusable_hash() => {
                let user = id.map(UserId::as_str);
                tracing::error!(user, %error, "this user cannot log in");
                passwords.check(claimant, password, None).await
            }
            check => check,
        }
    }

    /// Replaces an outdated hash, unless the password was changed since `old` was read. Returns the
    /// new hash. Failure is logged and never blocks the log-in.
    async fn rehash(
        &self,
        claimant: &Claimant<'_>,
        id: &UserId,
        password: &Secret,
        old: &PasswordHash,
    ) -> Option<PasswordHash> {
        let user = id.as_str();
        let replaced = self.try_rehash(claimant, id, password, old).await;
        match &replaced {
            Ok(Some(_)) => tracing::info!(user, "password hashed anew"),
            Ok(None) => tracing::info!(user, "password changed meanwhile, not hashed anew"),
            Err(error) => tracing::warn!(user, %error, "password not hashed anew"),
        }
        replaced.ok().flatten()
    }

    pub(crate) async fn try_rehash(
        &self,
        claimant: &Claimant<'_>,
        id: &UserId,
        password: &Secret,
        old: &PasswordHash,
    ) -> Result<Option<PasswordHash>> {
        let new = self.0.passwords.hash_for(claimant, password).await?;
        let is_replaced = self.0.users.table().replace_hash(id, old, &new).await?;
        Ok(is_replaced.then_some(new))
    }

    /// The user's epoch, combined from the users table and our epochs table.
    pub(super) async fn epoch_of(&self, user: &U) -> Result<i64> {
        Epochs::of(self.0.users.epochs().as_ref(), user).await
    }
}
