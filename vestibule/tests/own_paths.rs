//! A site whose pages are where the app wants them: with a start page of the app's own, below a
//! prefix, and behind a proxy that removes a path.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::convert::Infallible;

use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{StatusCode, Uri};
use tower::ServiceExt;
use vestibule::accounts::{ADMIN, Account, Actor};
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;
use vestibule::flows::{Site, SiteConfig};
use vestibule::login::{LoginOutcome, User, UserId, login_required};
use vestibule::stores::MemoryStore;
use vestibule::testing::{Mailbox, PASSWORD, TestApp, TestClient, fresh_database};
use vestibule::web::PublicUrl;
use vestibule::{CurrentUser, Error, Login, LoginManager};

const ALICE: [(&str, &str); 2] = [("username", "alice"), ("password", PASSWORD)];

fn own(path: &str) -> Option<String> {
    Some(path.to_owned())
}

#[tokio::test]
async fn an_app_has_its_own_start_page_and_pages_after_each_flow() {
    let app = TestApp::with(|config| {
        config.home = own("/");
        config.after_login = own("/dashboard?tab=1");
        config.after_register = own("/tour");
        config.after_logout = own("/bye");
    });
    let mine = Router::new().route("/", get(async || "the app's own"));
    let app = app.await.routes(mine);
    let browser = app.browser();

    assert_eq!(browser.get("/").await.text(), "the app's own");
    assert!(browser.get("/login").await.text().contains("href=\"/\""));
    let registered = browser.post("/register", &ALICE).await;
    assert_eq!(registered.location(), Some("/tour"));
    let login = browser.get("/login").await;
    assert_eq!(login.location(), Some("/dashboard?tab=1"));
    let left = browser.post("/logout", &[]).await;
    assert_eq!(left.location(), Some("/bye"));
    let back = browser.post("/login", &ALICE).await;
    assert_eq!(back.location(), Some("/dashboard?tab=1"));
    let confirmed = browser.post("/confirm-login", &ALICE[1..]).await;
    assert_eq!(confirmed.location(), Some("/dashboard?tab=1"));
    assert!(!app.site.public_routes().any(|route| route == "/"));
}

#[tokio::test]
async fn the_start_page_is_where_a_log_in_leads_unless_a_page_asked_for_it() {
    let app = TestApp::with(|config| config.home = own("/start")).await;
    let browser = app.browser();

    let registered = browser.post("/register", &ALICE).await;
    assert_eq!(registered.location(), Some("/start"));
    browser.post("/logout", &[]).await;
    let asked = [&ALICE[..], &[("next", "/reports")]].concat();
    let logged_in = browser.post("/login", &asked).await;
    assert_eq!(logged_in.location(), Some("/reports"));
    browser.post("/logout", &[]).await;
    let elsewhere = [&ALICE[..], &[("next", "//evil.example")]].concat();
    let logged_in = browser.post("/login", &elsewhere).await;
    assert_eq!(logged_in.location(), Some("/start"));
}

/// As F1 for `next`: a setting is checked like one.
#[tokio::test]
async fn a_page_elsewhere_or_one_that_redirects_back_is_an_error_at_the_start() {
    type Set = fn(&mut SiteConfig, &str);
    let home: Set = |config, path| config.home = own(path);
    let after_login: Set = |config, path| config.after_login = own(path);
    let after_register: Set = |config, path| config.after_register = own(path);
    let after_logout: Set = |config, path| config.after_logout = own(path);
    let path_prefix: Set = |config, path| config.path_prefix = own(path);
    for (set, path, is_accepted) in [
        (home, "/", true),
        (home, "//evil.example", false),
        (home, "https://evil.example", false),
        (home, "/login", false),
        (after_login, "/welcome", true),
        (after_login, "/\\evil.example", false),
        (after_login, "/", false),
        (after_login, "/login?a=1", false),
        (after_login, "/register", false),
        (after_register, "/tour", true),
        (after_register, "/confirm-login", false),
        (after_register, "tour", false),
        (after_logout, "/login", true),
        (after_logout, "/", true),
        (after_logout, "/logout", false),
        (after_logout, "", false),
        (path_prefix, "/auth", true),
        (path_prefix, "/a/b-c.d", true),
        (path_prefix, "auth", false),
        (path_prefix, "/auth/", false),
        (path_prefix, "/", false),
        (path_prefix, "//evil.example", false),
        (path_prefix, "/{id}", false),
        (path_prefix, "/..", false),
        (path_prefix, "/a%2fb", false),
    ] {
        let key = SecretKey::generate(&Random::system()).unwrap();
        let mut config = SiteConfig::new("https://example.com".parse().unwrap(), key);
        set(&mut config, path);

        let opened = Site::open(fresh_database().await, config).await;

        match opened {
            Ok(_) => assert!(is_accepted, "{path}"),
            Err(error) => {
                assert!(error.is_config() && !is_accepted, "{path}: {error}");
                assert!(error.to_string().contains(&format!("`{path}`")), "{error}");
            }
        }
    }
}

/// The values of these attributes in a page.
fn links(html: &str) -> impl Iterator<Item = String> {
    let html = html.replace("&#x2f;", "/").replace("&amp;", "&");
    let parts: Vec<_> = ["href=\"", "action=\"", "src=\""]
        .into_iter()
        .flat_map(|attribute| html.split(attribute).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .filter(|link| !link.starts_with('#'))
        .map(str::to_owned)
        .collect();
    parts.into_iter()
}

/// Registers, administers, is asked for a new password and for a fresh log-in, follows every link,
/// and finds each page and each redirect below `base`.
async fn stays_below(base: &str, app: &TestApp, browser: &TestClient) {
    let at = |path: &str| format!("{base}{path}");
    let below = |found: &str| found == base || found.starts_with(&at("/"));
    let asked = browser.get(&at("/welcome?a=1")).await;
    let next = at("/welcome?a=1").replace('/', "%2F");
    let next = next.replace('?', "%3F").replace('=', "%3D");
    assert_eq!(asked.location(), Some(&*at(&format!("/login?next={next}"))));
    let registered = browser.post(&at("/register"), &ALICE).await;
    assert_eq!(registered.location(), Some(&*at("/welcome")));
    app.grant("alice", ADMIN).await;
    let alice = app.account("alice").await;
    let operator = app.site.accounts().by(Actor::operator());
    let _ = operator.demand_new_password(&alice.id).await.unwrap();
    let next = at("/welcome?a=1");
    let back = [&ALICE[..], &[("next", &*next)]].concat();
    let logged_in = browser.post(&at("/login"), &back).await;
    assert_eq!(logged_in.location(), Some(&*at("/welcome?a=1")));
    let must = browser.get(&at("/welcome")).await;
    let must = must.location().unwrap().to_owned();
    assert!(must.starts_with(&at("/change-password?next=")), "{must}");
    assert_eq!(browser.get(&must).await.status, StatusCode::OK);
    let new = [
        ("current_password", PASSWORD),
        ("new_password", "another correct horse battery"),
    ];
    let changed = browser.post(&at("/change-password"), &new).await;
    assert_eq!(changed.location(), Some(&*at("/welcome")));

    let first = ["/welcome", "/change-password", "/admin", "/nowhere"];
    let mut open: Vec<_> = first.iter().map(|path| at(path)).collect();
    open.push(app.site.path("index").unwrap().to_owned());
    let mut seen = BTreeSet::new();
    while let Some(path) = open.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        assert!(below(&path), "{path}");
        let page = browser.get(&path).await;
        let is_there = page.status != StatusCode::NOT_FOUND;
        assert!(is_there || path.ends_with("/nowhere"), "{path}");
        open.extend(page.location().map(str::to_owned));
        open.extend(links(page.text()));
    }
    for part in [
        "/static/vestibule.css?",
        "/admin/users/",
        "/account/sessions",
        "/account/log",
    ] {
        let part = at(part);
        assert!(seen.iter().any(|path| path.starts_with(&part)), "{part}");
    }
    app.clock.advance(std::time::Duration::from_secs(60 * 60));
    let id = alice.id.as_str();
    let page = at(&format!("/admin/users/{id}"));
    let from = format!("https://example.com{page}");
    let form = "application/x-www-form-urlencoded";
    let headers = [("referer", &*from), ("content-type", form)];
    let confirm = browser
        .post_with(&format!("{page}/grant"), &headers, "role=editor")
        .await;
    let confirm = confirm.location().unwrap().to_owned();
    let to = at("/confirm-login?next=");
    assert!(confirm.starts_with(&to), "{confirm}");
    assert!(confirm.ends_with(&page.replace('/', "%2F")), "{confirm}");
    let left = browser.post(&at("/logout"), &[]).await;
    assert_eq!(left.location(), Some(&*at("/login")));
}

async fn hello(user: CurrentUser<Account>) -> String {
    format!("Hello {}", user.name())
}

#[tokio::test]
async fn below_a_prefix_every_page_and_redirect_stays_there() {
    let app = TestApp::with(|config| config.path_prefix = own("/auth")).await;
    let public: Vec<_> = app.site.public_routes().map(str::to_owned).collect();
    assert!(public.contains(&"/auth/login".to_owned()), "{public:?}");
    let denied = login_required::<Account>().except(public.iter().map(String::as_str));
    let mine = Router::new().route("/hello", get(hello));
    let routes = app.site.routes().merge(mine).layer(denied);
    let browser = TestClient::new(app.site.wrap(routes)).host("example.com");

    let style = browser.get("/auth/static/vestibule.css").await;
    assert_eq!(style.status, StatusCode::OK, "public");
    let asked = browser.get("/hello").await;
    assert_eq!(asked.location(), Some("/auth/login?next=%2Fhello"));
    stays_below("/auth", &app, &browser).await;
    let new = [ALICE[0], ("password", "another correct horse battery")];
    browser.post("/auth/login", &new).await;
    assert_eq!(browser.get("/hello").await.text(), "Hello alice");
    assert_eq!(browser.get("/login").await.status, StatusCode::NOT_FOUND);
}

/// A proxy that passes on what is below `/app`, without that.
fn behind_proxy(app: Router) -> Router {
    Router::new().fallback(async move |mut request: Request| -> Response {
        let asked = request.uri().to_string();
        let Some(rest) = asked
            .strip_prefix("/app")
            .filter(|rest| rest.starts_with('/'))
        else {
            return StatusCode::NOT_FOUND.into_response();
        };
        *request.uri_mut() = rest.parse::<Uri>().unwrap();
        // The app is another process, and does not see it.
        request.extensions_mut().remove::<OriginalUri>();
        app.oneshot(request).await.unwrap()
    })
}

#[tokio::test]
async fn behind_a_proxy_that_removes_a_path_every_page_and_redirect_has_it() {
    let app = TestApp::with(|config| {
        let url: PublicUrl = "https://example.com/app".parse().unwrap();
        config.public_url = url.proxy_removes_path();
    });
    let app = app.await;
    let mine = Router::new().route("/hello", get(hello));
    let routes = app.site.routes().merge(mine);
    let browser = TestClient::new(behind_proxy(app.site.wrap(routes))).host("example.com");

    says_hello_below("/app", &app, &browser).await;
}

#[tokio::test]
async fn below_the_path_of_the_public_url_every_page_and_redirect_stays_there() {
    let app = TestApp::with(|config| {
        config.public_url = "https://example.com/app".parse().unwrap();
    });
    let app = app.await;
    let mine = Router::new().route("/hello", get(hello));
    let mine = app.site.public_url().nest(mine);
    let app = app.routes(mine);
    let browser = app.browser();

    says_hello_below("/app", &app, &browser).await;
}

/// As [`stays_below`], with a page of the app's own.
async fn says_hello_below(base: &str, app: &TestApp, browser: &TestClient) {
    let hello = format!("{base}/hello");
    let asked = browser.get(&hello).await;
    let next = hello.replace('/', "%2F");
    let login = format!("{base}/login?next={next}");
    assert_eq!(asked.location(), Some(&*login));
    stays_below(base, app, browser).await;
    let new = [ALICE[0], ("password", "another correct horse battery")];
    let back = [&new[..], &[("next", &*hello)]].concat();
    let back = browser.post(&format!("{base}/login"), &back).await;
    assert_eq!(back.location(), Some(&*hello));
    assert_eq!(browser.get(&hello).await.text(), "Hello alice");
}

#[tokio::test]
async fn a_path_of_the_app_and_a_prefix_in_it_are_both_in_front() {
    let url: PublicUrl = "https://example.com/app".parse().unwrap();
    for (url, login) in [
        (url.clone(), "/app/auth/login"),
        (url.proxy_removes_path(), "/auth/login"),
    ] {
        let is_removed = url.route_path().is_empty();
        let app = TestApp::with(|config| {
            config.public_url = url;
            config.path_prefix = own("/auth");
        });
        let app = app.await;
        let router = match is_removed {
            true => behind_proxy(app.site.router()),
            false => app.site.router(),
        };
        let browser = TestClient::new(router).host("example.com");

        stays_below("/app/auth", &app, &browser).await;
        assert_eq!(app.site.path("login"), Some("/app/auth/login"));
        assert!(app.site.public_routes().any(|route| route == login));
    }
}

/// A proxy has its own rules for `/app/admin`, and each page one address.
#[tokio::test]
async fn no_page_has_a_second_address_below_a_path() {
    let url: PublicUrl = "https://example.com/app".parse().unwrap();
    for url in [url.clone(), url.proxy_removes_path()] {
        let base = url.route_path().to_owned();
        let app = TestApp::with(|config| config.public_url = url).await;
        let browser = app.registered("alice").await;

        for page in ["/login", "/welcome", "/static/icon.svg", "/"] {
            let there = browser.get(&format!("{base}{page}")).await;
            assert_ne!(there.status, StatusCode::NOT_FOUND, "{base}{page}");
            for other in ["", "/app", "/app/app", "/other", "/App"] {
                if other != base {
                    let path = format!("{other}{page}");
                    let nothing = browser.get(&path).await;
                    assert_eq!(nothing.status, StatusCode::NOT_FOUND, "{path}");
                }
            }
        }
    }
}

/// A page of another app of the host may be anybody's.
#[tokio::test]
async fn next_leads_to_no_other_app_of_the_host() {
    let app = TestApp::with(|config| {
        config.public_url = "https://example.com/app".parse().unwrap();
    });
    let app = app.await;
    let browser = app.registered("alice").await;

    for other in [
        "/",
        "/other",
        "/application",
        "/app/../other",
        "/app/..%2fother",
    ] {
        browser.post("/app/logout", &[]).await;
        let back = [&ALICE[..], &[("next", other)]].concat();
        let logged_in = browser.post("/app/login", &back).await;
        assert_eq!(logged_in.location(), Some("/app/welcome"), "{other}");
        let confirmed = [ALICE[1], ("next", other)];
        let confirmed = browser.post("/app/confirm-login", &confirmed).await;
        assert_eq!(confirmed.location(), Some("/app/welcome"), "{other}");
    }
    browser.post("/app/logout", &[]).await;
    let from_other = [("referer", "https://example.com/other/page")];
    let asked = browser.post_with("/app/confirm-login", &from_other, "");
    assert_eq!(asked.await.location(), Some("/app/login"));
}

#[tokio::test]
async fn a_mail_leads_to_the_path_of_the_public_url() {
    let mailbox = Mailbox::new();
    let app = TestApp::with(|config| {
        config.public_url = "https://example.com/app".parse().unwrap();
        config.mailer(mailbox.clone());
    });
    let app = app.await;
    let alice = app.registered("alice").await;
    let operator = app.site.accounts().by(Actor::operator());
    let email = "alice@example.com".parse().unwrap();
    let id = app.account("alice").await.id;
    let _ = operator.set_email(&id, Some(&email)).await.unwrap();

    let new = [
        ("current_password", PASSWORD),
        ("new_password", "another correct horse battery"),
    ];
    alice.post("/app/change-password", &new).await;

    let mail = &mailbox.received(1).await[0];
    assert!(mail.text().contains("https://example.com/app"), "{mail:?}");
}

#[derive(Clone)]
struct Member;

impl User for Member {
    fn id(&self) -> UserId {
        "alice".into()
    }
}

/// Without the ready-made pages.
#[tokio::test]
async fn a_login_manager_alone_stays_below_the_path_too() {
    let url: PublicUrl = "https://example.com/app".parse().unwrap();
    for url in [url.clone(), url.proxy_removes_path()] {
        let find = async |_: UserId| Ok::<_, Infallible>(Some(Member));
        let manager = LoginManager::new(find, MemoryStore::new())
            .public_url(url.clone())
            .login_view("/app/login");
        let log_in = async |login: Login<Member>| -> Result<String, Error> {
            assert_eq!(login.log_in(&Member).await?, LoginOutcome::LoggedIn);
            Ok(login.next().or("nowhere").to_owned())
        };
        let mine = Router::new()
            .route("/me", get(async |_: CurrentUser<Member>| "alice"))
            .route("/login", post(log_in));
        let base = url.route_path().to_owned();
        let routes = url.nest(mine).layer(manager.layer());
        let visitor = TestClient::new(routes);

        let asked = visitor.get(&format!("{base}/me")).await;
        let login = "/app/login?next=%2Fapp%2Fme";
        assert_eq!(asked.location(), Some(login), "{base}");
        for (next, leads_to) in [
            ("/app/me", "/app/me"),
            ("/me", "nowhere"),
            ("/other/page", "nowhere"),
            ("/app/..%252fother", "nowhere"),
        ] {
            let login = format!("{base}/login?next={next}");
            let logged_in = visitor.post(&login, &[]).await;
            assert_eq!(logged_in.text(), leads_to, "{next}");
            let cookies = logged_in.set_cookies();
            let session = cookies.first().unwrap();
            assert!(session.starts_with("__Secure-session-app="), "{session}");
            assert!(session.ends_with("; Path=/app"), "{session}");
        }
    }
}

/// Two sites, each with users of its own and the default realm, as a proxy shows them on one host.
async fn on_one_host(outer: &str, inner: &str) -> TestClient {
    let site = async |url: &str| {
        let app = TestApp::with(|config| config.public_url = url.parse().unwrap());
        app.await.site
    };
    let (outer, inner) = (site(outer).await, site(inner).await);
    let host = outer.public_url().origin();
    let host = host.split("//").last().unwrap().to_owned();
    let below = format!("{}/", inner.public_url().path());
    let (outer, inner) = (outer.router(), inner.router());
    let both = Router::new().fallback(async move |request: Request| -> Response {
        let site = match request.uri().path().starts_with(&below) {
            true => inner,
            false => outer,
        };
        site.oneshot(request).await.unwrap()
    });
    TestClient::new(both).host(&host)
}

#[tokio::test]
async fn two_apps_below_two_paths_of_one_host_leave_each_others_log_ins_alone() {
    for (outer, inner) in [
        ("https://example.com/shop", "https://example.com/blog"),
        ("https://example.com", "https://example.com/auth"),
        ("https://example.com/auth", "https://example.com/auth/admin"),
        ("http://localhost:5000", "http://localhost:5000/auth"),
        (
            "http://localhost:5000/auth",
            "http://localhost:5000/auth/admin",
        ),
    ] {
        let browser = on_one_host(outer, inner).await;
        let path = |url: &str| url.parse::<PublicUrl>().unwrap().path().to_owned();
        let bases = [path(outer), path(inner)];
        let is_in = async |base: &str| {
            let welcome = browser.get(&format!("{base}/welcome")).await;
            welcome.status == StatusCode::OK
        };

        for base in &bases {
            let remembered = [&ALICE[..], &[("remember", "on")]].concat();
            let (register, login) = (format!("{base}/register"), format!("{base}/login"));
            browser.post(&register, &ALICE).await;
            browser.post(&format!("{base}/logout"), &[]).await;
            browser.post(&login, &remembered).await;
        }
        for _ in 0..2 {
            for base in &bases {
                assert!(is_in(base).await, "{base} of {outer}, {inner}");
            }
            // Each app must find its remember cookie too.
            browser.restart();
        }
        let [outer_base, inner_base] = &bases;
        browser.post(&format!("{outer_base}/logout"), &[]).await;
        assert!(
            !is_in(outer_base).await && is_in(inner_base).await,
            "{outer}"
        );
    }
}
