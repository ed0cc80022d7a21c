use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http_body_util::BodyExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::{DIGITS, assert_fails, review, review_of};
use crate::password::{BreachedPasswords, Objection};
use crate::testing::log::Log;

/// A service on its own port, which records all requests.
struct Service {
    url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

#[derive(Debug, Clone)]
struct Seen {
    method: String,
    uri: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Service {
    async fn start<R: IntoResponse>(
        answer: impl Fn() -> R + Clone + Send + Sync + 'static,
    ) -> Self {
        Self::answering(move || {
            let answer = answer.clone();
            async move { answer().into_response() }
        })
        .await
    }

    async fn answering<F>(answer: impl Fn() -> F + Clone + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Response> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Vec<_>>>::default();
        let noted = seen.clone();
        let app = Router::new().fallback(move |request: Request| {
            let (noted, answer) = (noted.clone(), answer.clone());
            async move {
                let (head, body) = request.into_parts();
                let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
                let headers = head.headers.iter();
                let mut headers: Vec<_> = headers
                    .map(|(name, value)| (name.to_string(), text(value)))
                    .collect();
                headers.sort();
                let body = body.collect().await.unwrap().to_bytes().to_vec();
                noted.lock().unwrap().push(Seen {
                    method: head.method.to_string(),
                    uri: head.uri.to_string(),
                    headers,
                    body,
                });
                answer().await
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, seen }
    }

    /// Has a long time-out, for a busy machine.
    fn breached(&self) -> BreachedPasswords {
        let breached = BreachedPasswords::from_url(&self.url).unwrap();
        breached.timeout(Duration::from_secs(30))
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// An answer with the remaining digits.
fn found() -> String {
    format!("{}:1\r\n{}:2", "0".repeat(35), &DIGITS[5..])
}

#[tokio::test]
async fn five_digits_leave_the_machine_and_never_more() {
    let service = Service::start(found).await;

    let said = review(&service.breached()).await;

    assert_eq!(said, Some(Objection::Breached));
    let [seen] = &service.seen()[..] else {
        panic!("{:?}", service.seen());
    };
    assert_eq!(seen.method, "GET");
    assert_eq!(seen.uri, "/range/ABF7A");
    let names: Vec<_> = seen.headers.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["accept", "add-padding", "host", "user-agent"]);
    assert!(
        seen.headers
            .contains(&("add-padding".into(), "true".into()))
    );
    let agent = &seen.headers[3].1;
    assert!(agent.starts_with("vestibule/"), "{agent}");
    assert!(seen.body.is_empty());
    let all = format!("{seen:?}").to_uppercase();
    for at in 1..DIGITS.len() - 5 {
        assert!(!all.contains(&DIGITS[at..at + 5]), "{all}");
    }
}

#[tokio::test]
async fn an_address_may_have_a_path() {
    let service = Service::start(found).await;
    for base in ["/mirror", "/mirror/"] {
        let base = format!("{}{base}", service.url);
        let breached = BreachedPasswords::from_url(&base).unwrap();
        let breached = breached.timeout(Duration::from_secs(30));
        assert_eq!(review(&breached).await, Some(Objection::Breached));
    }

    assert!(
        service
            .seen()
            .iter()
            .all(|seen| seen.uri == "/mirror/range/ABF7A")
    );
}

#[tokio::test]
async fn a_password_that_is_not_in_the_answer_is_accepted_and_so_is_padding() {
    let rest = &DIGITS[5..];
    for (answer, is_found) in [
        (format!("{}:3", "0".repeat(35)), false),
        (format!("{rest}:0"), false),
        (format!("{rest}:000\r\n{}:1", "F".repeat(35)), false),
        (format!("{}:0\n{rest}:1\n", "0".repeat(35)), true),
        (format!("{}:12\r\n", rest.to_lowercase()), true),
    ] {
        let shown = answer.clone();
        let service = Service::start(move || answer.clone()).await;

        // With `fail_closed` a failure would be rejected.
        let said = review(&service.breached().fail_closed(true)).await;
        assert_eq!(said, is_found.then_some(Objection::Breached), "{shown}");
    }
}

#[tokio::test]
async fn an_answer_that_is_none_is_a_failure() {
    let rest = &DIGITS[5..];
    for (status, answer) in [
        (500, found()),
        (404, String::new()),
        (429, found()),
        (204, String::new()),
        (206, found()),
        (200, String::new()),
        (200, "\r\n\r\n".to_owned()),
        (200, "<html>Welcome to the hotel</html>".to_owned()),
        (200, format!("{rest}\n")),
        (200, format!("{rest}:\n")),
        (200, format!("{DIGITS}:1\n")),
        (200, format!("{}:1\n", &rest[1..])),
        // A match does not make up for a malformed line.
        (200, format!("{rest}:1\ngarbage")),
        (
            200,
            format!("{}:1\n", "0".repeat(35)).repeat(30_000) + &found(),
        ),
    ] {
        let shown = format!("{status} {}", answer.get(..100).unwrap_or(&answer));
        let status = StatusCode::from_u16(status).unwrap();
        let service = Service::start(move || (status, answer.clone())).await;

        assert_fails(&service.breached(), &shown).await;
    }
}

#[tokio::test]
async fn an_answer_cut_off_is_a_failure() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // Closing a connection with unread bytes would reset it.
            std::io::Read::read(&mut stream, &mut [0; 1024]).unwrap();
            let body = found();
            let len = body.len() + 40;
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{body}\r\n"
            )
            .unwrap();
        }
    });

    assert_fails(&BreachedPasswords::from_url(&url).unwrap(), "cut off").await;
}

#[tokio::test]
async fn a_service_that_is_down_or_hangs_is_a_failure_within_the_time_out() {
    let started = Instant::now();
    let timeout = Duration::from_millis(50);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    // It accepts connections, and never answers.
    let hanging = BreachedPasswords::from_url(&url).unwrap();
    assert_fails(&hanging.timeout(timeout), "hanging").await;
    drop(free);
    let down = BreachedPasswords::from_url(&url).unwrap();
    assert_fails(&down, "down").await;

    let service = Service::answering(std::future::pending).await;
    let breached = service.breached().timeout(timeout);
    assert_fails(&breached, "never answers").await;
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Service::start(found).await;
    for redirect in [Redirect::temporary, Redirect::permanent, Redirect::to] {
        let to = format!("{}/range/ABF7A", elsewhere.url);
        let service = Service::start(move || redirect(&to)).await;

        assert_fails(&service.breached(), "redirect").await;
        assert_eq!(service.seen().len(), 2);
    }

    assert!(elsewhere.seen().is_empty(), "{:?}", elsewhere.seen());
}

/// A service that never answers, with eight visitors waiting for it.
async fn eight_waiting() -> (Service, BreachedPasswords, JoinSet<Option<Objection>>) {
    let (arrived, mut arrivals) = tokio::sync::mpsc::unbounded_channel();
    let service = Service::answering(move || {
        arrived.send(()).unwrap();
        std::future::pending()
    })
    .await;
    let breached = service.breached().fail_closed(true);
    let mut waiting = JoinSet::new();
    for _ in 0..8 {
        let breached = breached.clone();
        waiting.spawn(async move { review(&breached).await });
    }
    for _ in 0..8 {
        arrivals.recv().await.unwrap();
    }
    (
        service,
        breached.timeout(Duration::from_millis(50)),
        waiting,
    )
}

#[tokio::test]
async fn a_flood_asks_for_eight_at_a_time() {
    let (service, breached, waiting) = eight_waiting().await;

    let mut flood = JoinSet::new();
    for _ in 0..40 {
        let breached = breached.clone();
        flood.spawn(async move { review(&breached).await });
    }
    let said = flood.join_all().await;

    assert_eq!(said, vec![Some(Objection::Unchecked); 40]);
    assert_eq!(service.seen().len(), 8);
    assert_eq!(waiting.len(), 8);
}

/// A flood of visitors who disconnect starts no more threads than a flood of visitors who wait.
#[tokio::test]
async fn whoever_goes_away_leaves_the_place_taken_until_its_thread_is_free() {
    let (service, breached, mut waiting) = eight_waiting().await;

    waiting.shutdown().await;
    let next = review(&breached).await;

    assert_eq!(next, Some(Objection::Unchecked));
    assert_eq!(service.seen().len(), 8);
}

#[test]
fn what_is_known_of_a_password_goes_nowhere_in_the_open() {
    for base in [
        "https://api.pwnedpasswords.com",
        "https://hashes.example/mirror/",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "http://localhost",
    ] {
        BreachedPasswords::from_url(base).unwrap();
    }
    for (base, why) in [
        ("http://api.pwnedpasswords.com", "needs https"),
        ("http://10.0.0.1", "needs https"),
        ("http://localhost.example", "needs https"),
        ("http://127.0.0.1.example", "needs https"),
        ("ftp://127.0.0.1", "neither http nor https"),
        ("https://alice:hunter2@hashes.example", "a user name"),
        ("https://hashes.example/?key=hunter2", "a query"),
        ("https://hashes.example/#hunter2", "a fragment"),
        ("hashes.txt", "relative URL"),
        ("https://", "empty host"),
    ] {
        let error = BreachedPasswords::from_url(base).unwrap_err();
        let said = error.to_string();
        assert!(error.is_config() && said.contains(why), "{base}: {said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    let base = "https://hashes.example/hunter2";
    let shown = format!("{:?}", BreachedPasswords::from_url(base).unwrap());
    assert!(
        shown.contains("hashes.example") && !shown.contains("hunter2"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_failure_is_logged_without_a_digit_of_the_hash() {
    let (_folder, path) = super::file(DIGITS);
    let file = super::open(&path);
    std::fs::write(&path, "garbage").unwrap();
    let failing = Service::start(|| (StatusCode::BAD_GATEWAY, found())).await;
    let garbage = Service::start(|| format!("{DIGITS}:1")).await;
    let long = Service::start(|| "0".repeat(2_000_000)).await;
    let hanging = Service::answering(std::future::pending).await;
    let hanging = hanging.breached().timeout(Duration::from_millis(50));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let down = format!("http://{}", free.local_addr().unwrap());
    let down = BreachedPasswords::from_url(&down).unwrap();
    drop(free);
    for (breached, cause) in [
        (file, "it is not of the form"),
        (failing.breached(), "it answered 502"),
        (garbage.breached(), "its answer is not of the form"),
        (long.breached(), "its answer is too long"),
        (hanging, "it took too long"),
        (down, "refused"),
    ] {
        let log = Log::default();
        let logging = log.begin();

        let accepted = review_of(&breached, super::PASSWORD).await;

        drop(logging);
        let log = log.text();
        assert_eq!(accepted, None);
        assert!(log.contains("WARN") && log.contains(cause), "{log}");
        assert!(!log.contains("horse"), "{log}");
        // The port is arbitrary, and may equal five of these digits.
        let without_port = |part: &str| {
            part.trim_start_matches(|c: char| c.is_ascii_digit())
                .to_uppercase()
        };
        let log: String = log.split("127.0.0.1:").map(without_port).collect();
        for at in 0..DIGITS.len() - 5 {
            assert!(!log.contains(&DIGITS[at..at + 5]), "{log}");
        }
    }
}
