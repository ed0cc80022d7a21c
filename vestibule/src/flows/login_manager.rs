//! The login manager of a site.

use crate::accounts::Accounts;
use crate::credentials::Credentials;
use crate::error::Result;
use crate::flows::config::{Configure, SiteConfig};
use crate::flows::paths::Paths;
use crate::flows::second_factor_for::FactorRequirement;
use crate::login::{EventRecord, FirstPage, LoginManager, LoginViews, PageUser, UserId};
use crate::pages::Texts;
use crate::web::Flash;

/// The login manager with the site's settings and pages.
///
/// # Errors
/// When a setting is out of range, or the app's own changes failed.
pub(super) fn login_manager<U: PageUser>(
    credentials: &Credentials<U>,
    accounts: Option<&Accounts>,
    paths: &Paths,
    texts: Texts,
    config: &SiteConfig<U>,
) -> Result<LoginManager<U>> {
    let sessions = &config.sessions;
    let login = credentials.login_manager();
    let login = match config.only_queues_mail {
        true => login.unserved_at(config.public_url.clone()),
        false => login.public_url(config.public_url.clone()),
    };
    let login = login
        .trusted_proxies(config.trusted_proxies.clone())
        .views(views(paths))
        .messages(&config.secret_key)
        .anonymous_data(&config.secret_key)
        .expiry(sessions.expiry)
        .remember(sessions.remember.clone())?
        .fresh_for(sessions.fresh_for)
        .session_limit(sessions.limit)
        .cached_sessions(sessions.cached)
        .session_protection(sessions.protection)
        .clock(config.clock.clone())
        .random(config.random.clone());
    // Without one, `config.credentials` may have set it.
    let login = match sessions.realm.is_empty() {
        true => login,
        false => login.realm(&sessions.realm)?,
    };
    let mut login = Configure::all(&config.login, login)?;
    // Ours are names of texts. The app's own messages are for its own function.
    let theirs = login.settings.rejections.localize.take();
    let mut login = login.localize(move |message, headers| {
        let ours = texts.say_by_name(texts.language_of(headers), message);
        ours.unwrap_or_else(|| match &theirs {
            Some(theirs) => theirs(message, headers),
            None => message.to_owned(),
        })
    });
    if let Some(accounts) = accounts {
        let listener = into_security_log(accounts.clone(), credentials.clone());
        login
            .settings
            .listeners
            .add_for(Accounts::notes_event, listener);
    }
    // A password change comes first, then the address, then a second factor, then the app's own
    // required page.
    let theirs = login.settings.rejections.must_visit.clone();
    let change_password = first_page(paths, "change_password", &BESIDES_PASSWORD);
    let verify_email = first_page(paths, "verify_email", &BESIDES_VERIFYING)
        .filter(|_| config.require_verified_email);
    let enrolment = first_page(paths, "factors", &BESIDES_ENROLMENT).map(|page| FirstPage {
        is_enrolment: true,
        ..page
    });
    let requirement = FactorRequirement::of(config);
    Ok(login.first_page(move |logged_in| {
        let user = &logged_in.user;
        let change_password = change_password.as_ref();
        let change_password = change_password.filter(|_| user.must_change_password());
        let verify_email = verify_email.as_ref();
        let verify_email = verify_email.filter(|_| !user.has_verified_email());
        // Users of a request loader have no session, and are the app's own concern.
        let is_ours = logged_in.session.is_some();
        let enrolment = enrolment.as_ref();
        let enrolment =
            enrolment.filter(|_| is_ours && requirement.demands_one_of(user, logged_in.methods()));
        let ours = change_password.or(verify_email).or(enrolment).cloned();
        ours.or_else(|| theirs.as_ref().and_then(|theirs| theirs(logged_in)))
    }))
}

/// The pages for users who must choose a password: one who has none yet needs a fresh log-in for it.
const BESIDES_PASSWORD: [&str; 4] = [
    "confirm_login",
    "passkey_login",
    "passkey_login_options",
    "logout",
];

/// The pages for users who must verify their address: they may have mistyped it, and changing it
/// needs a fresh log-in.
const BESIDES_VERIFYING: [&str; 4] = [
    "resend_verification",
    "change_email",
    "confirm_login",
    "logout",
];

/// The pages for users who must add a second factor, or show the one that they have.
const BESIDES_ENROLMENT: [&str; 8] = [
    "totp",
    "recovery_codes",
    "passkeys",
    "passkey_options",
    "passkey_login",
    "passkey_login_options",
    "confirm_login",
    "logout",
];

/// A ready-made page that users must visit first, if there is one of this name.
fn first_page(paths: &Paths, name: &str, besides: &[&str]) -> Option<FirstPage> {
    let besides = besides.iter().filter_map(|name| paths.get(name));
    Some(FirstPage {
        path: paths.get(name)?.into(),
        besides: besides.map(str::to_owned).collect(),
        is_enrolment: false,
    })
}

/// The names of the messages, which are localized when one is left.
const LOST: &str = "login-form-lost";
const COPIED: &str = "login-cookie-copied";

/// Writes the lines of log-ins and log-outs to the security log, after the response: they neither slow
/// nor fail a log-in.
fn into_security_log<U: PageUser>(
    accounts: Accounts,
    credentials: Credentials<U>,
) -> impl Fn(&EventRecord) + Send + Sync {
    move |record| {
        let (accounts, record) = (accounts.clone(), record.clone());
        credentials.after_response(async move {
            if let Err(error) = accounts.note_event(&record).await {
                let user = record.user.as_ref().map(UserId::as_str);
                tracing::warn!(event = ?record.event, user, %error, "an event is not in the log");
            }
        });
    }
}

/// The pages explain why the visitor is there, except for facts that only the previous page had.
fn views(paths: &Paths) -> LoginViews {
    let mut views = LoginViews::new()
        .login_message(None)
        .refresh_message(None)
        .lost_message(Some(Flash::new("info", LOST)))
        .copied_message(Some(Flash::new("error", COPIED)));
    if let Some(path) = paths.get("login") {
        views = views.login_view(path);
    }
    if let Some(path) = paths.get("confirm_login") {
        views = views.refresh_view(path);
    }
    if let Some(path) = paths.get("second_factor") {
        views = views.second_factor_view(path);
    }
    if let Some(path) = paths.get("verify_email") {
        views = views.verified_email_view(path);
    }
    views
}
