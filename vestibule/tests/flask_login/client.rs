//! A browser, as far as the scripts need one.

use std::collections::BTreeMap;
use std::time::Duration;

use cookie::{Cookie, Expiration};
use ureq::http::{HeaderMap, HeaderValue, Request};
use url::{Position, Url};

use crate::flask_login::script::Action;

pub(crate) struct Client {
    agent: ureq::Agent,
    url: String,
    user_agent: &'static str,
    cookies: Cookies,
    copied: Cookies,
    last: HeaderMap,
}

type Cookies = BTreeMap<String, Kept>;

#[derive(Debug, Clone)]
struct Kept {
    value: String,
    outlives_the_browser: bool,
}

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(30)));
        Self {
            agent: config.build().new_agent(),
            url: url.to_owned(),
            user_agent: "Browser/1",
            cookies: Cookies::new(),
            copied: Cookies::new(),
            last: HeaderMap::new(),
        }
    }

    /// Does it, and says what came of it, in the words of [`Step`](super::script::Step).
    pub(crate) fn act(&mut self, action: Action) -> String {
        match action {
            Action::Request {
                method,
                path,
                header,
            } => return self.request(method, path, header),
            Action::LookAtRememberCookie => return self.remember_cookie(),
            Action::LookForCookies => {
                let is_any_set = self.last.contains_key("set-cookie");
                return if is_any_set { "set" } else { "left alone" }.to_owned();
            }
            Action::CloseBrowser => self.cookies.retain(|_, kept| kept.outlives_the_browser),
            Action::UserAgent(name) => self.user_agent = name,
            Action::CopyCookies => self.copied.clone_from(&self.cookies),
            Action::BringCopiedCookies => self.cookies.clone_from(&self.copied),
            Action::SpoilCookie(start) => {
                let mut cookies = self.cookies.iter_mut();
                let (_, kept) = cookies.find(|(name, _)| name.starts_with(start)).unwrap();
                kept.value = "foo".to_owned();
            }
        }
        String::new()
    }

    fn request(&mut self, method: &str, path: &str, header: Option<(&str, &str)>) -> String {
        let cookies = self.cookies.iter();
        let cookies = cookies.map(|(name, kept)| format!("{name}={}", kept.value));
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("user-agent", self.user_agent)
            .header("cookie", cookies.collect::<Vec<_>>().join("; "));
        if let Some((name, value)) = header {
            request = request.header(name, value.replace("{url}", &self.url));
        }
        let mut response = self.agent.run(request.body(()).unwrap()).unwrap();
        self.last = response.headers().clone();
        for (cookie, lasts) in set_cookies(&self.last) {
            let name = cookie.name().to_owned();
            if lasts.is_some_and(|lasts| lasts <= time::Duration::ZERO) {
                self.cookies.remove(&name);
                continue;
            }
            let kept = Kept {
                value: cookie.value().to_owned(),
                outlives_the_browser: lasts.is_some(),
            };
            self.cookies.insert(name, kept);
        }
        match response.status() {
            status if status.is_success() => response.body_mut().read_to_string().unwrap(),
            status if status.is_redirection() => {
                let location = text(&self.last["location"]);
                format!("-> {}", self.without_own_address(location))
            }
            status => status.as_u16().to_string(),
        }
    }

    /// The two apps have addresses of their own, which make no difference.
    fn without_own_address(&self, location: &str) -> String {
        let own = Url::parse(&self.url).unwrap();
        let url = own.join(location).unwrap();
        let location = match url.origin() == own.origin() {
            true => &url[Position::BeforePath..],
            false => location,
        };
        let port = own.port().unwrap();
        location.replace(&format!("127.0.0.1%3A{port}"), "OWN-ADDRESS")
    }

    /// In minutes, as the clock may strike between an expiry and the `Date` beside it.
    fn remember_cookie(&self) -> String {
        let is_it = |(cookie, _): &(Cookie, _)| cookie.name().starts_with("remember");
        match set_cookies(&self.last).into_iter().find(is_it) {
            None => "left alone".to_owned(),
            Some((_, None)) => "set until the browser closes".to_owned(),
            Some((_, Some(lasts))) if lasts <= time::Duration::ZERO => "removed".to_owned(),
            Some((_, Some(lasts))) => {
                let minutes = (lasts.whole_seconds() + 30) / 60;
                format!("set for {minutes} minutes")
            }
        }
    }
}

/// The cookies that an answer sets, and how long from then they last, where that is said.
fn set_cookies(answer: &HeaderMap) -> Vec<(Cookie<'_>, Option<time::Duration>)> {
    // `Date` is written as `Expires` is, so that one parser reads both.
    let date = answer.get("date").map(text).unwrap_or_default();
    let date = Cookie::parse(format!("date=; expires={date}")).unwrap();
    let until = |expires: Option<Expiration>| Some(expires?.datetime()? - date.expires_datetime()?);
    answer
        .get_all("set-cookie")
        .iter()
        .map(|header| {
            let cookie = Cookie::parse(text(header)).unwrap();
            let lasts = cookie.max_age().or_else(|| until(cookie.expires()));
            (cookie, lasts)
        })
        .collect()
}

fn text(header: &HeaderValue) -> &str {
    header.to_str().unwrap()
}
