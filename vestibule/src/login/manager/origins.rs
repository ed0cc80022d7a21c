//! Other origins that may send requests that change something.

use crate::error::Result;
use crate::login::route::Route;
use crate::login::{LoginManager, User};
use crate::web::PublicUrl;

/// The origins, besides the app's own, that may send requests that change something.
#[derive(Debug, Default)]
pub(crate) struct OriginSettings {
    /// As browsers send them.
    pub(crate) trusted: Vec<String>,
    /// Routes that are not checked.
    pub(crate) exempt: Vec<Route>,
}

impl<U: User> LoginManager<U> {
    /// Accepts forms, scripts and WebSockets from another origin too, such as a front end at
    /// `https://app.example.com`. Call it once for each. It is a scheme, a host, and the port if it
    /// is not the default; subdomains are not included. Default: only the app's own origin.
    ///
    /// Every page of that origin can then act as the logged-in user, so do not trust one on which
    /// others can publish pages. The session cookie comes only from origins of the same
    /// [site](https://developer.mozilla.org/en-US/docs/Glossary/Site), such as `example.com` with
    /// all its subdomains.
    ///
    /// ```
    /// # use vestibule::login::{LoginManager, User, UserId};
    /// # use vestibule::stores::MemoryStore;
    /// # #[derive(Clone)] struct Member;
    /// # impl User for Member { fn id(&self) -> UserId { 1_i64.into() } }
    /// # async fn find(id: UserId) -> Result<Option<Member>, std::io::Error> { Ok(None) }
    /// # fn main() -> Result<(), vestibule::Error> {
    /// let manager = LoginManager::new(find, MemoryStore::new())
    ///     .public_url("https://api.example.com".parse()?)
    ///     .trusted_origin("https://app.example.com")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When it is not an origin: if it has a path, a query, a password or a wildcard, is `null`, or
    /// is plain http to another host than this machine ([`Error::is_config`](crate::Error::is_config)).
    pub fn trusted_origin(mut self, origin: &str) -> Result<Self> {
        let origin = PublicUrl::origin_of(origin, "a trusted origin")?.origin();
        self.settings.origins.trusted.push(origin);
        Ok(self)
    }

    /// Exempts these routes from the origin check, for all methods or for one. Write them as on the
    /// router, nested ones with the prefix: `POST /apple/callback`. For callbacks of an identity
    /// provider that come as a form (`response_mode=form_post`), and for webhooks.
    ///
    /// Any site can then send visitors there, so the handler must check something that only the
    /// right sender knows: the `state` of a log-in that this app began, or a signature. The
    /// browser sends no session cookie with such a POST (`SameSite=Lax`), so the handler sees an
    /// anonymous visitor. To compare `state` with a value of the visitor, redirect to a GET route
    /// (303), which gets the cookies.
    ///
    /// The layer must be added by [`Router::layer`](axum::Router::layer), which knows the routes.
    ///
    /// ```
    /// # use vestibule::login::{LoginManager, User, UserId};
    /// # use vestibule::stores::MemoryStore;
    /// # #[derive(Clone)] struct Member;
    /// # impl User for Member { fn id(&self) -> UserId { 1_i64.into() } }
    /// # async fn find(id: UserId) -> Result<Option<Member>, std::io::Error> { Ok(None) }
    /// # fn main() -> Result<(), vestibule::Error> {
    /// let manager = LoginManager::new(find, MemoryStore::new())
    ///     .allow_cross_origin(["POST /apple/callback"])?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When one is not a path, or a method and a path ([`Error::is_config`](crate::Error::is_config)).
    pub fn allow_cross_origin<R: Into<String>>(
        mut self,
        routes: impl IntoIterator<Item = R>,
    ) -> Result<Self> {
        for route in routes {
            let route = Route::from(route.into());
            route.check()?;
            self.settings.origins.exempt.push(route);
        }
        Ok(self)
    }
}
