//! Opening a site: its tables, its stores, its pages and its login manager.

use std::any::TypeId;
use std::sync::{Arc, OnceLock, Weak};

use super::{Inner, Site};
use crate::accounts::{self, Account, Accounts};
use crate::clock::Regularly;
use crate::credentials::factors::Factors;
use crate::credentials::tokens::{TOKEN_MIGRATIONS, Tokens};
use crate::credentials::{
    self, Credentials, FACTOR_MIGRATIONS, LoginName, MailTokens, Throttle, Users,
};
use crate::database::{Database, Migrations};
use crate::error::{Error, Result};
use crate::flows::config::{Configure, SiteConfig};
use crate::flows::destination::Destinations;
use crate::flows::flow::Flow;
use crate::flows::login_manager::login_manager;
use crate::flows::mailing::Mailing;
use crate::flows::mails::{MailTexts, composer};
use crate::flows::misplaced::Told;
#[cfg(feature = "passkeys")]
use crate::flows::passkeys;
use crate::flows::paths::{Paths, path_prefix};
use crate::flows::readiness::Readiness;
use crate::flows::registration_mode::RegistrationMode;
use crate::flows::second_factor_for::{FactorRequirement, SecondFactorFor};
use crate::flows::{choose, flows_for_accounts, flows_for_all};
use crate::login::{EventRecord, PageUser};
use crate::mail;
use crate::mail::outbox::{Delivery, Outbox};
use crate::pages::{Pages, StaticFiles, StrictTransport, Texts};
use crate::password::{PasswordPolicy, Passwords};
use crate::session::SharedSessionStore;
use crate::stores::{SqlCounters, SqlStore, sql};

/// The parts of a site, besides its settings.
struct Parts<U> {
    database: Database,
    /// Those of the users, which have been run.
    migrations: Migrations,
    sessions: SharedSessionStore,
    passwords: Passwords,
    policy: PasswordPolicy,
    users: Users<U>,
    accounts: Option<Accounts>,
    outbox: Option<Outbox>,
    flows: Vec<Flow<U>>,
}

impl Site<Account> {
    /// Migrates our tables in `database` and creates the site.
    ///
    /// # Errors
    /// When the database failed, a template does not compile or a parameter is out of range.
    pub async fn open(database: Database, config: SiteConfig) -> Result<Self> {
        check_names(accounts::MIGRATIONS, &database, &config).await?;
        database.migrate(accounts::MIGRATIONS).await?;
        let sessions = open_sessions(&database, config.session_store.clone()).await?;
        let (passwords, policy) = config.open_passwords()?;
        let accounts = Accounts::with_store(database.clone(), passwords.clone(), sessions.clone())
            .clock(config.clock.clone())
            .random(config.random.clone())
            .log_in_with(config.log_in_with)
            .security_log_retention(config.security_log_retention)
            .temporary_passwords_last(config.temporary_passwords_last)
            .approves_registrations(config.registration == RegistrationMode::Approval);
        let outbox = open_outbox(&database, &config).await?;
        let accounts = match &outbox {
            Some(outbox) => accounts.outbox(outbox.clone()),
            None => accounts,
        };
        accounts.check_peppers().await?;
        accounts.fill_skeletons().await?;
        accounts.fill_canonical_emails().await?;
        let users = Users::new(accounts.clone())
            .registrar(accounts.clone())
            .activity_log(accounts.clone())
            .emails(accounts.clone());
        let parts = Parts {
            flows: flows_for_accounts(),
            database,
            migrations: accounts::MIGRATIONS,
            sessions,
            passwords,
            policy,
            users,
            accounts: Some(accounts),
            outbox,
        };
        Self::assemble(parts, config).await
    }
}

impl<U: PageUser> Site<U> {
    /// Creates a site over the app's own users table. `database` is migrated, and holds our tables
    /// for sessions and for what the users table lacks. Pages that need a capability the table
    /// lacks do not exist.
    ///
    /// # Errors
    /// As [`open`](Site::open); and when [`SiteConfig::flows`] names a flow that the table does not
    /// support.
    pub async fn over(database: Database, users: Users<U>, config: SiteConfig<U>) -> Result<Self> {
        if TypeId::of::<U>() == TypeId::of::<Account>() {
            return Err(Error::config("for our own accounts use `Site::open`"));
        }
        check_names(credentials::MIGRATIONS, &database, &config).await?;
        database.migrate(credentials::MIGRATIONS).await?;
        let sessions = open_sessions(&database, config.session_store.clone()).await?;
        let (passwords, policy) = config.open_passwords()?;
        let outbox = open_outbox(&database, &config).await?;
        let parts = Parts {
            flows: flows_for_all(),
            users: users.epochs_in(&database),
            database,
            migrations: credentials::MIGRATIONS,
            sessions,
            passwords,
            policy,
            accounts: None,
            outbox,
        };
        Self::assemble(parts, config).await
    }

    async fn assemble(parts: Parts<U>, config: SiteConfig<U>) -> Result<Self> {
        let Parts {
            database,
            migrations,
            sessions,
            passwords,
            policy,
            users,
            accounts,
            outbox,
            flows,
        } = parts;
        config
            .registration
            .check(accounts.is_some(), outbox.is_some())?;
        let flows = choose(flows, &users, &config)?;
        for migrations in flows.iter().flat_map(|flow| flow.migrations) {
            database.migrate(*migrations).await?;
        }
        check_mail(&flows, accounts.is_some(), &config)?;
        check_factors(&flows, &config)?;
        #[cfg(feature = "passkeys")]
        check_passkeys(&flows)?;
        let prefix = path_prefix(config.path_prefix.as_deref())?;
        let (url, home) = (&config.public_url, config.home.as_deref());
        let below = |app| {
            let pages = flows.iter().flat_map(|flow| flow.paths);
            Paths::of(pages, (app, &prefix), home.is_none())
        };
        let routes = below(url.route_path());
        let paths = below(url.path()).starting_at(home, format!("{}/", url.path()));
        let destinations = Destinations::of(&config, &routes, &paths)?;
        let throttle = open_throttle(&database, &config).await?;
        let credentials = Credentials::with_store(users, passwords, sessions.clone());
        let credentials = credentials.throttle(throttle);
        let credentials = Configure::all(&config.credentials, credentials)?;
        let this = ThisSite::default();
        let texts = Texts::new(
            flows.iter().filter_map(|flow| flow.texts),
            config.texts.as_deref(),
            &config.languages,
            &config.public_url,
        )?;
        let login = login_manager(
            &credentials,
            accounts.as_ref(),
            &paths,
            texts.clone(),
            &config,
        )?;
        let login = match &outbox {
            Some(_) => {
                let this = this.clone();
                login.on_event(move |record| {
                    if let Some(site) = this.site() {
                        site.notify(record);
                    }
                })
            }
            None => login,
        };
        let mut login = login;
        if accounts.is_some() {
            let this = this.clone();
            let erase = move |_: &EventRecord| {
                if let Some(site) = this.site() {
                    site.erase_if_due();
                }
            };
            let listeners = &mut login.settings.listeners;
            listeners.add_for(Self::is_time_to_erase, erase);
        }
        let (realm, expiry) = (login.settings.realm.clone(), login.settings.sessions.expiry);
        let credentials = credentials.realm(&realm);
        database.migrate(FACTOR_MIGRATIONS).await?;
        let key = &config.secret_key;
        let (clock, random) = (&config.clock, &config.random);
        let factors = Factors::new(&database, &realm, key, clock, random);
        #[cfg(feature = "passkeys")]
        let factors = match flows.iter().any(|flow| flow.name == passkeys::NAME) {
            true => factors.passkeys(open_passkeys(&database, &realm, &config)?),
            false => factors,
        };
        let credentials = credentials
            .with_factors(factors.clone())
            .may_lack_passwords(accounts.is_some());
        let credentials = match &outbox {
            Some(outbox) => credentials.mail_codes(config.mail_codes).mail(MailTokens {
                tokens: Tokens::new(
                    database.clone(),
                    &realm,
                    &config.secret_key,
                    config.clock.clone(),
                    config.random.clone(),
                ),
                outbox: outbox.clone(),
            }),
            None => credentials,
        };
        let accounts =
            accounts.map(|accounts| accounts.realm(&realm).expiry(expiry).factors(factors));
        credentials.read_kinds_if_due();
        let templates: Vec<_> = flows
            .iter()
            .flat_map(|flow| flow.templates)
            .copied()
            .collect();
        let static_files = flows.iter().flat_map(|flow| flow.static_files).copied();
        let static_files =
            StaticFiles::new(static_files, &config.looks, routes.base(), paths.base())?;
        let reserved_names = config.all_reserved_names();
        let registration_fields = config.open_registration_fields()?;
        let pages = Pages::new(
            &templates,
            config.templates.as_deref(),
            paths.iter().map(|(name, path)| (name, path.to_owned())),
            &static_files,
            texts,
            &config.site_name,
            &config.looks,
        )?;
        let factor_requirement = FactorRequirement::of(&config);
        let mailing = outbox.zip(config.mailer).map(|(outbox, mailer)| {
            let mails = flows.iter().flat_map(|flow| flow.mails).collect();
            let (name, url) = (config.site_name.clone(), &config.public_url);
            let not_me = ["forgot_password", "sessions"];
            let not_me = not_me.into_iter().find_map(|page| paths.get(page));
            let not_me = not_me.map(|path| format!("{}{path}", url.origin()));
            let mails: Vec<&MailTexts> = mails;
            outbox.belongs_to(&realm, mails.iter().map(|mail| mail.kind).collect());
            let compose = composer(pages.clone(), mails, name, url, not_me);
            let delivery = Delivery::new(outbox.clone(), mailer, compose);
            Mailing { outbox, delivery }
        });
        let site = Self(Arc::new(Inner {
            pages,
            site_name: config.site_name.clone(),
            policy,
            reserved_names,
            log_in_with: config.log_in_with,
            registration: config.registration,
            factor_requirement,
            registration_fields,
            on_register: config.on_register,
            on_erase: config.on_erase,
            on_export: config.on_export,
            close_grace: config.close_grace,
            erased: Regularly::default(),
            resets_checked: Regularly::default(),
            factors_reset_wait: config.factors_reset_wait,
            clock: config.clock,
            ignored_fields: config.ignored_fields.into(),
            strict_transport: match config.public_url.is_https() {
                false => StrictTransport::Off,
                true if config.hsts_include_subdomains => StrictTransport::Subdomains,
                true => StrictTransport::Host,
            },
            public_url: config.public_url,
            unknown_addresses_need_login: config.unknown_addresses_need_login,
            mailing,
            notifies_new_device: config.new_device_notice,
            credentials,
            flows,
            paths,
            routes,
            nesting_told: Told::default(),
            proxy_told: Told::default(),
            destinations,
            static_files,
            login: login.layer(),
            readiness: Readiness::of(database, migrations, &sessions),
            accounts,
        }));
        this.is(&site);
        if let Some(mailing) = &site.0.mailing
            && !config.only_queues_mail
        {
            mailing.delivery.start();
        }
        Ok(site)
    }
}

/// The site, for the listeners of its own login manager. They do not keep it, so that a site that
/// nobody else keeps is dropped: sending ends, and its connections to the database close.
struct ThisSite<U>(Arc<OnceLock<Weak<Inner<U>>>>);

impl<U> ThisSite<U> {
    fn is(&self, site: &Site<U>) {
        self.0.set(Arc::downgrade(&site.0)).ok();
    }

    fn site(&self) -> Option<Site<U>> {
        Some(Site(self.0.get()?.upgrade()?))
    }
}

impl<U> Clone for ThisSite<U> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<U> Default for ThisSite<U> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// Checks that users can add and show a second factor if they must have one.
fn check_factors<U>(flows: &[Flow<U>], config: &SiteConfig<U>) -> Result<()> {
    let has = |name: &str| flows.iter().any(|flow| flow.name == name);
    if config.require_second_factor == SecondFactorFor::None
        && config.require_second_factor_from.is_some()
    {
        return Err(Error::config(
            "`SiteConfig::require_second_factor_from` says from when on, and \
             `SiteConfig::require_second_factor` for nobody: set it to `Admins` or `All`",
        ));
    }
    if config.require_second_factor != SecondFactorFor::None
        && !(has("factors") && has("second_factor"))
    {
        return Err(Error::config(
            "`SiteConfig::require_second_factor` needs the flows `factors` and `second_factor`",
        ));
    }
    Ok(())
}

/// Checks that the flows are there which `register_by_passkey` is a part of.
#[cfg(feature = "passkeys")]
fn check_passkeys<U>(flows: &[Flow<U>]) -> Result<()> {
    let has = |name: &str| flows.iter().any(|flow| flow.name == name);
    if has("register_by_passkey") && !(has("register") && has(passkeys::NAME)) {
        return Err(Error::config(
            "the flow `register_by_passkey` needs the flows `register` and `passkeys`",
        ));
    }
    Ok(())
}

/// Checks that there is mail where a setting needs it.
fn check_mail<U>(flows: &[Flow<U>], is_ours: bool, config: &SiteConfig<U>) -> Result<()> {
    let has = |name: &str| flows.iter().any(|flow| flow.name == name);
    if config.require_verified_email && !has("verify_email") {
        return Err(Error::config(
            "`SiteConfig::require_verified_email` needs the flow `verify_email`, which sends mail: \
             set `SiteConfig::mailer`",
        ));
    }
    if config.mail_codes && !(has("verify_email") && has("second_factor")) {
        return Err(Error::config(
            "`SiteConfig::mail_codes` needs the flows `verify_email` and `second_factor`, and sends \
             mail: set `SiteConfig::mailer`",
        ));
    }
    let by_email = is_ours && config.log_in_with == LoginName::Email;
    if by_email && has("register") && !has("verify_email") {
        return Err(Error::config(
            "visitors register by mail address alone, which needs the flow `verify_email`: set \
             `SiteConfig::mailer`, or leave the flow `register` out",
        ));
    }
    if !config.factors_reset_wait.is_zero() && config.mailer.is_none() {
        tracing::warn!(
            "a reset of second factors waits, but without mail its user learns of it only on \
             `/account`"
        );
    }
    Ok(())
}

/// Checks the names of all tables that the site needs, before it creates the first.
async fn check_names<U>(
    of_users: Migrations,
    database: &Database,
    config: &SiteConfig<U>,
) -> Result<()> {
    let mut parts = vec![of_users, FACTOR_MIGRATIONS];
    if config.session_store.is_none() {
        parts.push(sql::MIGRATIONS);
    }
    if config.throttle.is_on && config.shared_throttle.is_none() {
        parts.push(sql::COUNTER_MIGRATIONS);
    }
    if config.mailer.is_some() {
        parts.push(mail::MIGRATIONS);
        parts.push(TOKEN_MIGRATIONS);
    }
    #[cfg(feature = "passkeys")]
    if passkeys::is_enabled(config) {
        parts.push(credentials::PASSKEY_MIGRATIONS);
    }
    database.check_names(&parts).await
}

/// The outbox, if the site sends mail.
async fn open_outbox<U>(database: &Database, config: &SiteConfig<U>) -> Result<Option<Outbox>> {
    if config.mailer.is_none() {
        return Ok(None);
    }
    database.migrate(mail::MIGRATIONS).await?;
    database.migrate(TOKEN_MIGRATIONS).await?;
    Ok(Some(Outbox::new(
        database.clone(),
        &config.secret_key,
        config.clock.clone(),
        config.random.clone(),
    )))
}

#[cfg(feature = "passkeys")]
fn open_passkeys<U>(
    database: &Database,
    realm: &str,
    config: &SiteConfig<U>,
) -> Result<credentials::passkeys::Passkeys> {
    let host = passkeys::host_of(&config.public_url);
    let rp_id = config.passkey_rp_id.clone().or(host);
    let site = credentials::passkeys::Site {
        rp_id: &rp_id.unwrap_or_default(),
        name: &config.site_name,
        origin: &config.public_url.origin(),
        authenticators: config.passkey_authenticators.as_ref(),
    };
    let sources = (config.clock.clone(), config.random.clone());
    credentials::passkeys::Passkeys::new(database.clone(), realm, &site, sources)
}

async fn open_sessions(
    database: &Database,
    store: Option<SharedSessionStore>,
) -> Result<SharedSessionStore> {
    if let Some(store) = store {
        return Ok(store);
    }
    database.migrate(sql::MIGRATIONS).await?;
    Ok(SharedSessionStore::new(SqlStore::new(database.clone())))
}

async fn open_throttle<U>(database: &Database, config: &SiteConfig<U>) -> Result<Throttle> {
    if !config.throttle.is_on {
        return Ok(Throttle::off());
    }
    let throttle = match &config.shared_throttle {
        Some(throttle) => throttle.clone(),
        None => {
            database.migrate(sql::COUNTER_MIGRATIONS).await?;
            Throttle::new(SqlCounters::new(database.clone()))
        }
    };
    let throttle = throttle.limits(config.throttle.limits.clone());
    Ok(throttle.key(&config.secret_key))
}
