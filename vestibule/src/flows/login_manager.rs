//! The login manager of a site.

use std::sync::Arc;

use crate::credentials::Credentials;
use crate::error::Result;
use crate::flows::config::{Configure, SiteConfig};
use crate::flows::paths::Paths;
use crate::login::{LoginManager, LoginViews, PageUser};
use crate::pages::Texts;
use crate::web::Flash;

/// The login manager with the site's settings and pages.
///
/// # Errors
/// When a setting is out of range, or the app's own changes failed.
pub(super) fn login_manager<U: PageUser>(
    credentials: &Credentials<U>,
    paths: &Paths,
    texts: Texts,
    config: &SiteConfig<U>,
) -> Result<LoginManager<U>> {
    let sessions = &config.sessions;
    let login = credentials
        .login_manager()
        .public_url(config.public_url.clone())
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
    let login = login.localize(move |message, headers| {
        let ours = texts.say_by_name(texts.language_of(headers), message);
        ours.unwrap_or_else(|| match &theirs {
            Some(theirs) => theirs(message, headers),
            None => message.to_owned(),
        })
    });
    // A password change comes before the app's own required page.
    let theirs = login.settings.rejections.must_visit.clone();
    let change_password: Option<Arc<str>> = paths.get("change_password").map(Into::into);
    Ok(login.must_visit(move |user: &U| {
        let change_password = change_password
            .clone()
            .filter(|_| user.must_change_password());
        change_password.or_else(|| theirs.as_ref().and_then(|theirs| theirs(user)))
    }))
}

/// The names of the messages, which are localized when one is left.
const LOST: &str = "login-form-lost";
const COPIED: &str = "login-cookie-copied";

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
    views
}
