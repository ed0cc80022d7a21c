//! The settings of a site.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::accounts::{Account, Accounts};
use crate::clock::{Clock, Timestamp};
#[cfg(feature = "passkeys")]
use crate::credentials::PasskeyAuthenticators;
use crate::credentials::throttle::{Counters, Throttle, ThrottleLimits};
use crate::credentials::{Credentials, LoginName, ReservedNames};
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::error::{Error, Result};
use crate::flows::on_erase::EraseHook;
use crate::flows::on_export::ExportHook;
use crate::flows::on_register::{RegisterHook, RegistrationOutcome};
use crate::flows::registration_fields::{
    RegistrationField, RegistrationFields, RegistrationValues,
};
use crate::flows::registration_mode::RegistrationMode;
use crate::flows::second_factor_for::SecondFactorFor;
use crate::login::{LoginManager, SessionLimit, SessionProtection, User};
use crate::mail::{Mailer, SharedMailer};
use crate::pages::Looks;
use crate::password::{PasswordConfig, PasswordPolicy, Passwords};
use crate::session::{RememberCookie, SessionExpiry, SessionStore, SharedSessionStore};
use crate::web::{PublicUrl, TrustedProxies};

/// The settings of a [`Site`](crate::flows::Site). Start from [`SiteConfig::new`] and set the
/// fields you need.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SiteConfig<U = Account> {
    /// The address at which browsers reach the site. If it has a path, such as
    /// `https://example.com/app`, all ready-made pages and cookies are below that path. **If another
    /// app runs on the same host, under the same path or under another port, set
    /// [`SessionConfig::realm`] too**, or they may overwrite each other's cookies.
    pub public_url: PublicUrl,
    /// Whether `Strict-Transport-Security` has `includeSubDomains`. Default: no, because then
    /// browsers use https alone for every host below this one, and one without https cannot be
    /// reached for a year.
    pub hsts_include_subdomains: bool,
    /// The key that signs cookies. Anybody who knows it can show messages on our pages. To replace
    /// it, keep the old one as a [fallback](SecretKey::fallback).
    pub secret_key: SecretKey,
    /// The name in titles and at the top of each page. Default: `Vestibule`.
    pub site_name: String,
    /// The app's own start page: a path as browsers see it, such as `/`. The site then has no page
    /// `/` of its own; its links to the start page lead here, and so does the log-in. Default: none;
    /// the site's `/` leads to the log-in or to `/welcome`.
    pub home: Option<String>,
    /// The page after a log-in that no other page asked for; `next` goes before. Also the page for
    /// users who open the login page, and after a changed password or a confirmed log-in without
    /// `next`. Default: [`home`](Self::home), or `/welcome`.
    pub after_login: Option<String>,
    /// The page after a registration. Default: as [`after_login`](Self::after_login).
    pub after_register: Option<String>,
    /// The page after a log-out. Default: the login page.
    pub after_logout: Option<String>,
    /// The path, inside your app, below which all ready-made pages and their static files are, such
    /// as `/auth`, if your app has pages of its own beside them. The cookies are for all pages of
    /// your app. Default: none. The path of the whole app belongs to
    /// [`public_url`](Self::public_url).
    pub path_prefix: Option<String>,
    /// What the pages look like: accent color, logo, links at the foot, files of the app's own.
    pub looks: Looks,
    /// Whether visitors must log in at an address without a route too, with
    /// [`Site::deny_by_default`](crate::flows::Site::deny_by_default), so that they cannot find out
    /// which addresses exist. Default: no, they get 404.
    pub unknown_addresses_need_login: bool,
    /// The domain that passkeys are for, the RP ID of WebAuthn: the host of the
    /// [`public_url`](Self::public_url), or a parent domain such as `example.com` for
    /// `https://login.example.com`. A site at any host below a parent domain can then ask for these
    /// passkeys, so trust all of them. **Another value makes all passkeys useless.** Default: the
    /// host.
    #[cfg(feature = "passkeys")]
    pub passkey_rp_id: Option<String>,
    /// The models of authenticators that may make new passkeys. Default: any, and no attestation is
    /// asked for.
    #[cfg(feature = "passkeys")]
    pub passkey_authenticators: Option<PasskeyAuthenticators>,
    /// A folder with templates that replace the embedded ones of the same name.
    pub templates: Option<PathBuf>,
    /// A folder with files such as `de.ftl` or `fr.ftl`, in [Fluent](https://projectfluent.org)'s
    /// format, whose texts replace the embedded ones of the same name, or add a language. Texts that
    /// a new language lacks are shown in English.
    pub texts: Option<PathBuf>,
    /// The languages of the pages, as tags such as `de`, the default first. Default: all that there
    /// are texts in, English first: `en`, `de`, `es`, and those of the folder
    /// [`texts`](Self::texts).
    pub languages: Vec<String>,
    /// The names of the enabled flows: `register`, `password_login`, `passkeys`, `second_factor`,
    /// `welcome`, `confirm_login`, `reset_password`, `verify_email`, `change_password`,
    /// `change_email`, `account`, `sessions`, `factors`,
    /// `notices`, `export`, `account_log`, `change_username`, `close_account`, `admin`,
    /// `invitations`, `logout`.
    /// Default: all that the users table supports; `change_username` and `close_account` only if
    /// [`users_can_change_username`](Self::users_can_change_username) and
    /// [`users_can_close_account`](Self::users_can_close_account) are set. A flow named here that
    /// the table does not support is an error at the start.
    pub flows: Option<Vec<String>>,
    /// What users log in with, and what visitors register with: a username, a mail address, or
    /// either. Over a table of the app's own, it decides what the pages ask for;
    /// [`PasswordUsers::find_with_hash`](crate::credentials::PasswordUsers::find_with_hash) decides
    /// whom a typed text finds. Default: the username.
    pub log_in_with: LoginName,
    /// Whether users who have not verified a mail address can use nothing but the pages to enter,
    /// verify and mend it. Needs a [`mailer`](Self::mailer). Default: no;
    /// [`Rule::VerifiedEmail`](crate::access::Rule::VerifiedEmail) closes single pages.
    pub require_verified_email: bool,
    /// Who must have a second factor. Such a user can use nothing but the pages to add one until they
    /// have shown it. Default: nobody;
    /// [`Rule::SecondFactor`](crate::access::Rule::SecondFactor) closes single pages.
    pub require_second_factor: SecondFactorFor,
    /// When the requirement starts. Until then these users see a reminder, and can continue without a
    /// second factor. Default: at once.
    pub require_second_factor_from: Option<Timestamp>,
    /// How long a [reset of a user's second factors](crate::flows::Site::reset_factors) waits before it
    /// takes effect. The user is told by mail, and cancels it by showing or adding a factor. So nobody
    /// gets around a factor by persuading an admin. Without effect over a table of the app's own.
    /// Default: zero, so it takes effect at once.
    pub factors_reset_wait: Duration,
    /// Whether users without a second factor, who have verified their address, get a code by mail at
    /// each log-in with the password, in a browser that they do not trust. It protects against
    /// stolen passwords. It is the weakest method: somebody who reads the mail can also choose a new
    /// password. It counts as no second factor. Needs a [`mailer`](Self::mailer). Default: no.
    pub mail_codes: bool,
    /// Who can create an account. Default: every visitor.
    pub registration: RegistrationMode,
    /// How long a temporary password works that an admin or the operator has given a user. Default:
    /// 72 hours ([`Accounts::TEMPORARY_PASSWORDS_LAST`]).
    pub temporary_passwords_last: Duration,
    /// Fields of the registration form besides username and password, for
    /// [`on_register`](Self::on_register). Default: none.
    pub registration_fields: Vec<RegistrationField>,
    /// Whether users can close their own account, on the page `/account/close`, if the accounts are
    /// ours. Default: no. After [`close_grace`](Self::close_grace) the account is erased and cannot be
    /// brought back. What your app keeps about the user stays, unless [`on_erase`](Self::on_erase)
    /// deletes it.
    pub users_can_close_account: bool,
    /// How long users can open an account again that they have closed, by logging in. Default: 14
    /// days. Zero erases it at once.
    pub close_grace: Duration,
    /// Whether users can change their username, on the page `/account/username`, if the accounts are
    /// ours. Default: no. The former name is reserved for its user for 90 days
    /// ([`Accounts::FORMER_NAMES_RESERVED_FOR`]).
    pub users_can_change_username: bool,
    /// Fields that every form may have besides its own, and that are not read. Default: none. Always
    /// ignored are `submit`, `csrf_token`, `g-recaptcha-response`, `h-captcha-response` and
    /// `cf-turnstile-response`. Any other unknown field is rejected, and in JSON these are too.
    pub ignored_fields: Vec<String>,
    /// Usernames that visitors cannot register. The site's name and its host are reserved too.
    /// Default: [`ReservedNames::default`]; add yours by `extend`.
    pub reserved_names: ReservedNames,
    /// How passwords are hashed, and which ones are accepted.
    pub passwords: PasswordConfig,
    /// How long sessions last, and how many a user may have.
    pub sessions: SessionConfig,
    /// How many wrong tries at credentials pass, and how long they make the next one wait.
    pub throttle: ThrottleConfig,
    /// The proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: TrustedProxies,
    /// How long lines of the security log are kept, with [`Site::open`](crate::flows::Site::open).
    /// Default: [`Accounts::SECURITY_LOG_RETENTION`], a year.
    pub security_log_retention: Duration,
    /// Whether the [`mailer`](Self::mailer) tells users of a log-in in a browser that they had not
    /// used before. Default: yes.
    pub new_device_notice: bool,
    /// The clock; tests can set it.
    pub clock: Clock,
    /// The source of randomness; tests can set it.
    pub random: Random,
    pub(super) session_store: Option<SharedSessionStore>,
    pub(super) shared_throttle: Option<Throttle>,
    pub(super) on_register: Option<RegisterHook>,
    pub(super) on_erase: Option<EraseHook>,
    pub(super) on_export: Option<ExportHook<U>>,
    pub(super) mailer: Option<SharedMailer>,
    pub(super) only_queues_mail: bool,
    pub(super) login: Vec<Configure<LoginManager<U>>>,
    pub(super) credentials: Vec<Configure<Credentials<U>>>,
}

/// How long sessions last, and how many a user may have. `Default` is the secure choice.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SessionConfig {
    /// A name that separates the site's cookies and sessions from those of others
    /// ([`LoginManager::realm`]): up to 32 letters, digits and `-`. Changing it logs everybody out.
    /// Default: empty.
    pub realm: String,
    /// When sessions expire.
    pub expiry: SessionExpiry,
    /// How browsers are remembered after the session ends.
    pub remember: RememberCookie,
    /// How long a log-in is fresh after the user showed a credential. Default: 15 minutes.
    pub fresh_for: Duration,
    /// How many sessions a user may have at a time.
    pub limit: SessionLimit,
    /// How many sessions are cached in memory between requests
    /// ([`LoginManager::cached_sessions`]).
    pub cached: usize,
    /// What happens to a session used by another browser.
    pub protection: SessionProtection,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            realm: String::new(),
            expiry: SessionExpiry::default(),
            remember: RememberCookie::default(),
            fresh_for: Duration::from_secs(15 * 60),
            limit: SessionLimit::default(),
            cached: LoginManager::<Account>::CACHED_SESSIONS,
            protection: SessionProtection::default(),
        }
    }
}

/// How wrong tries at credentials are counted. `Default` is the secure choice.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ThrottleConfig {
    /// Whether they are counted. Default: yes. Without, anybody may guess without end, unless a
    /// proxy limits log-ins.
    pub is_on: bool,
    /// The limits.
    pub limits: ThrottleLimits,
}

impl Default for ThrottleConfig {
    fn default() -> Self {
        Self {
            is_on: true,
            limits: ThrottleLimits::default(),
        }
    }
}

/// The app's changes to an object that the site creates.
pub(super) struct Configure<T>(Arc<dyn Fn(T) -> Result<T> + Send + Sync>);

impl<T> Configure<T> {
    fn new(configure: impl Fn(T) -> Result<T> + Send + Sync + 'static) -> Self {
        Self(Arc::new(configure))
    }

    /// Applies all of them in order.
    ///
    /// # Errors
    /// The error of the first one that fails.
    pub(super) fn all(configures: &[Self], made: T) -> Result<T> {
        let mut configures = configures.iter();
        configures.try_fold(made, |made, configure| (configure.0)(made))
    }
}

impl<T> Clone for Configure<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for Configure<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Configure")
    }
}

impl<U: User> SiteConfig<U> {
    /// The secure defaults for a site at `public_url`.
    pub fn new(public_url: PublicUrl, secret_key: SecretKey) -> Self {
        Self {
            public_url,
            hsts_include_subdomains: false,
            secret_key,
            site_name: "Vestibule".to_owned(),
            home: None,
            after_login: None,
            after_register: None,
            after_logout: None,
            path_prefix: None,
            looks: Looks::default(),
            unknown_addresses_need_login: false,
            #[cfg(feature = "passkeys")]
            passkey_rp_id: None,
            #[cfg(feature = "passkeys")]
            passkey_authenticators: None,
            templates: None,
            texts: None,
            languages: Vec::new(),
            flows: None,
            log_in_with: LoginName::default(),
            require_verified_email: false,
            require_second_factor: SecondFactorFor::default(),
            require_second_factor_from: None,
            factors_reset_wait: Duration::ZERO,
            mail_codes: false,
            registration: RegistrationMode::default(),
            temporary_passwords_last: Accounts::TEMPORARY_PASSWORDS_LAST,
            registration_fields: Vec::new(),
            users_can_close_account: false,
            close_grace: Duration::from_hours(14 * 24),
            users_can_change_username: false,
            ignored_fields: Vec::new(),
            reserved_names: ReservedNames::default(),
            passwords: PasswordConfig::default(),
            sessions: SessionConfig::default(),
            throttle: ThrottleConfig::default(),
            trusted_proxies: TrustedProxies::default(),
            security_log_retention: Accounts::SECURITY_LOG_RETENTION,
            new_device_notice: true,
            clock: Clock::default(),
            random: Random::default(),
            session_store: None,
            shared_throttle: None,
            on_register: None,
            on_erase: None,
            on_export: None,
            mailer: None,
            only_queues_mail: false,
            login: Vec::new(),
            credentials: Vec::new(),
        }
    }

    /// Keeps the sessions in `store`. Default: in the site's database.
    pub fn session_store(&mut self, store: impl SessionStore) {
        self.session_store = Some(SharedSessionStore::new(store));
    }

    /// Counts wrong tries in `counters`. Default: in the site's database. All nodes of a site need
    /// the same ones.
    pub fn throttle_counters(&mut self, counters: impl Counters) {
        self.shared_throttle = Some(Throttle::new(counters));
    }

    /// Sends mail to users who have an address: when their password was changed, when they logged in
    /// in a new browser, when somebody guesses their password or used a copy of their remember
    /// cookie. Default: no mail.
    pub fn mailer(&mut self, mailer: impl Mailer) {
        self.mailer = Some(SharedMailer::new(mailer));
    }

    /// Writes mails into the outbox and leaves the sending to other processes with the same
    /// database, for a command that ends soon.
    pub fn only_queue_mail(&mut self) {
        self.only_queues_mail = true;
    }

    /// Configures the site's login manager beyond the fields here: listeners, a request loader, the
    /// app's own handlers.
    ///
    /// ```
    /// # fn sample(mut config: vestibule::flows::SiteConfig) {
    /// config.login(|manager| Ok(manager.on_event(|record| println!("{:?}", record.event))));
    /// # }
    /// ```
    pub fn login(
        &mut self,
        configure: impl Fn(LoginManager<U>) -> Result<LoginManager<U>> + Send + Sync + 'static,
    ) {
        self.login.push(Configure::new(configure));
    }

    /// Configures the site's credentials beyond the fields here, such as which users need a second
    /// factor of the app's own.
    pub fn credentials(
        &mut self,
        configure: impl Fn(Credentials<U>) -> Result<Credentials<U>> + Send + Sync + 'static,
    ) {
        self.credentials.push(Configure::new(configure));
    }

    /// Adds what `hook` returns to what users export of their data at `/account/export`: what your
    /// app keeps about them. Return nothing that lets somebody in, and nothing about others.
    ///
    /// ```
    /// # fn sample(config: &mut vestibule::flows::SiteConfig) {
    /// config.on_export(|account| async move {
    ///     Ok(serde_json::json!({ "newsletter": account.email }))
    /// });
    /// # }
    /// ```
    pub fn on_export<F, Fut, T>(&mut self, hook: F)
    where
        F: Fn(U) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T>> + Send + 'static,
        T: Serialize,
    {
        self.on_export = Some(ExportHook::new(hook));
    }

    /// The app's own fields at the registration.
    ///
    /// # Errors
    /// When one is not valid, or nothing would read them.
    pub(super) fn open_registration_fields(&self) -> Result<RegistrationFields> {
        let fields = RegistrationFields::new(self.registration_fields.clone())?;
        if !fields.is_empty() && self.on_register.is_none() {
            return Err(Error::config(
                "nothing reads `SiteConfig::registration_fields`: set `SiteConfig::on_register`, \
                 which works with `Site::open`",
            ));
        }
        Ok(fields)
    }

    /// The reserved names, with the site's name and its host.
    pub(super) fn all_reserved_names(&self) -> ReservedNames {
        let mut reserved = self.reserved_names.clone();
        reserved.extend([&self.site_name]);
        reserved.extend(self.public_url.host_names());
        reserved
    }

    /// The hashing, and the policy, which knows the words of the site.
    pub(super) fn open_passwords(&self) -> Result<(Passwords, PasswordPolicy)> {
        let mut passwords = self.passwords.clone();
        let name = std::iter::once(&*self.site_name).chain(self.site_name.split_whitespace());
        let words = name.chain(self.public_url.host_names());
        let context = &mut passwords.policy.context_words;
        context.extend(words.map(str::to_owned));
        passwords.open(&self.secret_key, self.random.clone())
    }
}

impl SiteConfig<Account> {
    /// Calls `hook` with each new account and the values of the
    /// [`registration_fields`](Self::registration_fields), before anybody is logged in: to keep a
    /// profile for the account, or to check an invitation.
    ///
    /// If visitors register with a mail address alone, it runs after the response, and a visitor who
    /// is rejected does not see why.
    ///
    /// The account is there already, so a table of yours can refer to it. If `hook` rejects, fails
    /// or panics, the account is deleted again, and nobody gets in. Write all that you write in one
    /// transaction. If the machine stops in between, the account stays without what `hook` writes:
    /// let your app accept that, and ask for it.
    ///
    /// ```
    /// use vestibule::flows::RegistrationOutcome;
    ///
    /// # fn sample(config: &mut vestibule::flows::SiteConfig) {
    /// config.on_register(|account, values| async move {
    ///     if values.get("invitation") != "open sesame" {
    ///         return Ok(RegistrationOutcome::rejected("invitation", "This invitation is not valid."));
    ///     }
    ///     println!("{} is here", account.name());
    ///     Ok(RegistrationOutcome::Accepted)
    /// });
    /// # }
    /// ```
    pub fn on_register<F, Fut>(&mut self, hook: F)
    where
        F: Fn(Account, RegistrationValues) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<RegistrationOutcome>> + Send + 'static,
    {
        self.on_register = Some(RegisterHook::new(hook));
    }

    /// Calls `hook` with each closed account that is about to be erased, to erase what your app keeps
    /// about the user. If it fails or panics, the account stays, and `hook` is called again ten
    /// minutes later. It may also be called again if the process ends in between, so erase what is
    /// there, and accept that nothing is.
    ///
    /// ```
    /// # fn sample(config: &mut vestibule::flows::SiteConfig) {
    /// config.on_erase(|account| async move {
    ///     println!("the photos of {} go", account.id);
    ///     Ok(())
    /// });
    /// # }
    /// ```
    pub fn on_erase<F, Fut>(&mut self, hook: F)
    where
        F: Fn(Account) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.on_erase = Some(EraseHook::new(hook));
    }
}
