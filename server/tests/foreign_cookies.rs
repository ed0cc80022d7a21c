//! What a sibling host can do to our cookies in a real browser: A8 and A11.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, Request};
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, HeaderValue, SET_COOKIE};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::serve::Listener;
use support::PASSWORD;
use support::visit::Visit;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt;
use vestibule::crypto::{key::SecretKey, random::Random};
use vestibule::database::Database;
use vestibule::flows::{Site, SiteConfig};

/// The site at `https://app.test`, and the attacker's at `https://evil.app.test`, which sets
/// the cookies that its query names.
struct Hosts {
    app: String,
    /// The path of the app.
    path: &'static str,
    evil: String,
    router: Router,
}

impl Hosts {
    async fn start() -> Self {
        Self::below("").await
    }

    /// With the app below a path of its host.
    async fn below(path: &'static str) -> Self {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = tcp.local_addr().unwrap().port();
        let app = format!("https://app.test:{port}{path}");
        let key = SecretKey::generate(&Random::system()).unwrap();
        let database = Database::connect("sqlite::memory:").await.unwrap();
        let config = SiteConfig::new(app.parse().unwrap(), key);
        let router = Site::open(database, config).await.unwrap().router();
        let served = router.clone().layer(from_fn(evil_host));
        let tls = Tls {
            tcp,
            acceptor: acceptor(),
        };
        tokio::spawn(async { axum::serve(tls, served).await });
        Self {
            app,
            path,
            evil: format!("https://evil.app.test:{port}"),
            router,
        }
    }

    /// A session token of the attacker's own.
    async fn evil_token(&self) -> String {
        let request = Request::post(format!("{}/register", self.path))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("username=mallory&password={PASSWORD}")))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let cookies = response.headers().get_all(SET_COOKIE);
        let session = cookies.iter().find_map(|cookie| {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, token) = pair.split_once('=').unwrap();
            let is_it = name.starts_with("__") && name.contains("-session");
            is_it.then(|| token.to_owned())
        });
        session.unwrap()
    }

    fn setting(&self, cookies: &[String]) -> String {
        let mut url = format!("{}/?", self.evil);
        for cookie in cookies {
            let cookie = cookie
                .replace(';', "%3B")
                .replace(' ', "%20")
                .replace('=', "%3D");
            url.push_str(&format!("set={cookie}&"));
        }
        url
    }
}

async fn evil_host(
    Query(cookies): Query<Vec<(String, String)>>,
    request: Request,
    next: Next,
) -> Response {
    let host = request.headers().get(HOST).unwrap().to_str().unwrap();
    if request.uri().path() == "/other" {
        return format!("other app: {:?}", request.headers().get(COOKIE)).into_response();
    }
    if !host.starts_with("evil.") {
        return next.run(request).await;
    }
    let mut response = "evil".into_response();
    for (_, cookie) in cookies {
        let cookie = HeaderValue::try_from(cookie).unwrap();
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

struct Tls {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, address) = self.tcp.accept().await.unwrap();
            // A browser that looks twice at the certificate hangs up once.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

fn acceptor() -> TlsAcceptor {
    let names = ["app.test".to_owned(), "evil.app.test".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn browser() -> Visit {
    Visit::begin_with(&[
        "host-resolver-rules=MAP *.test 127.0.0.1",
        "ignore-certificate-errors",
    ])
    .await
}

/// A8: a sibling host throws its own session's cookie at our name before the victim logs in.
#[tokio::test]
async fn a_sibling_host_cannot_put_its_session_in_place_of_ours() {
    let hosts = Hosts::start().await;
    let token = hosts.evil_token().await;
    let visit = browser().await;
    let thrown = [
        format!("__Host-session={token}; Domain=app.test; Path=/; Secure"),
        format!("__Host-session={token}; Domain=app.test; Path=/welcome; Secure"),
        format!("__host-session={token}; Domain=app.test; Path=/; Secure"),
        format!("__Secure-session={token}; Domain=app.test; Path=/; Secure"),
        format!("session={token}; Domain=app.test; Path=/"),
        format!("=__Host-session={token}; Domain=app.test; Path=/; Secure"),
    ];

    visit.open(&hosts.setting(&thrown)).await;
    visit.shows("/", "evil").await;

    visit.open(&format!("{}/welcome", hosts.app)).await;
    let page = visit.shows("/login", "Log in").await;
    assert!(!page.contains("mallory"), "{page}");
    visit.open(&format!("{}/register", hosts.app)).await;
    visit.shows("/register", "Create an account").await;
    visit.fill_in_and_send().await;
    visit.shows("/welcome", "alice").await;
    visit.open(&hosts.setting(&thrown)).await;
    visit.shows("/", "evil").await;
    visit.open(&format!("{}/welcome", hosts.app)).await;
    let page = visit.shows("/welcome", "alice").await;
    assert!(!page.contains("mallory"), "{page}");
    visit.end().await;
}

/// Below a path the prefix is `__Secure-`, so a sibling host can set such a cookie.
#[tokio::test]
async fn below_a_path_our_cookies_go_to_no_other_app_and_a_sibling_host_logs_out_at_worst() {
    let hosts = Hosts::below("/auth").await;
    let token = hosts.evil_token().await;
    let visit = browser().await;
    visit.open(&format!("{}/register", hosts.app)).await;
    visit.shows("/auth/register", "Create an account").await;
    visit.fill_in_and_send().await;
    visit.shows("/auth/welcome", "alice").await;
    visit.open(&format!("{}/", hosts.app)).await;
    visit.shows("/auth/welcome", "alice").await;

    visit.open(&hosts.app.replace("/auth", "/other")).await;
    let page = visit.shows("/other", "other app: None").await;
    assert!(!page.contains("session"), "{page}");

    let thrown = ["/auth", "/auth/welcome", "/"]
        .map(|path| format!("__Secure-session-auth={token}; Domain=app.test; Path={path}; Secure"));
    visit.open(&hosts.setting(&thrown)).await;
    visit.shows("/", "evil").await;
    visit.open(&format!("{}/welcome", hosts.app)).await;
    let page = visit.shows("/auth/login", "Log in").await;
    assert!(!page.contains("mallory"), "{page}");
    visit.end().await;
}

/// A11: a sibling host fills the browser's jar until ours falls out.
#[tokio::test]
async fn a_jar_that_runs_over_logs_out_at_worst() {
    let hosts = Hosts::start().await;
    let token = hosts.evil_token().await;
    let visit = browser().await;
    visit.open(&format!("{}/register", hosts.app)).await;
    visit.shows("/register", "Create an account").await;
    visit.fill_in_and_send().await;
    visit.shows("/welcome", "alice").await;

    // In parts, as a header has only so much room.
    for part in 0..10 {
        let flood: Vec<_> = (0..35)
            .map(|i| format!("c{part}x{i}=1; Domain=app.test; Path=/; Secure; Max-Age=99999"))
            .chain([format!(
                "__Host-session={token}; Domain=app.test; Path=/; Secure"
            )])
            .collect();
        visit.open(&hosts.setting(&flood)).await;
        visit.shows("/", "evil").await;
    }

    visit.open(&format!("{}/login", hosts.app)).await;
    let page = visit.page_shown().await;
    assert!(
        page.contains("alice") || page.contains("Create an account"),
        "{page}"
    );
    assert!(!page.contains("mallory"), "{page}");
    visit.end().await;
}
