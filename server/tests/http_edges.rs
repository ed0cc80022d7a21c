//! Requests that no browser sends, on raw sockets; and very many connections.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use support::{Client, PASSWORD, Program, QUICK};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// What the program answers to these bytes; the connection is closed after it.
fn answer(program: &Program, request: &str) -> String {
    let mut stream = program.connect();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Attack E5 and I8.
#[test]
fn a_request_that_two_servers_could_read_differently_is_refused() {
    let folder = folder();
    let program = Program::start(&folder, &[]);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";

    for (request, status) in [
        ("GET /login HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET /healthz HTTP/1.1\r\n\r\n".to_owned(), 400),
        (
            "GET /login HTTP/1.1\r\nHost: localhost\r\nHost: b\r\n\r\n".to_owned(),
            400,
        ),
        (
            "GET /login HTTP/1.1\r\nHost: a@b/c?\r\n\r\n".to_owned(),
            400,
        ),
        (
            "GET /login HTTP/1.1\r\nHost: user@localhost\r\n\r\n".to_owned(),
            400,
        ),
        ("GET /login HTTP/1.1\r\nHost: \r\n\r\n".to_owned(), 400),
        (
            "GET /login HTTP/1.1\r\nHost : localhost\r\n\r\n".to_owned(),
            400,
        ),
        (
            "GET http://evil.example/login HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
            400,
        ),
        (
            "CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n\r\n".to_owned(),
            400,
        ),
        (
            "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
            400,
        ),
        (
            format!(
                "POST /login HTTP/1.1\r\nHost: localhost\r\n{form}Content-Length: 6\r\n\
                 Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n\
                 Host: localhost\r\n\r\n"
            ),
            400,
        ),
        (
            format!(
                "POST /login HTTP/1.1\r\nHost: localhost\r\n{form}Content-Length: 3\r\n\
                 Content-Length: 5\r\n\r\na=123"
            ),
            400,
        ),
        (
            "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: \
             application/x-www-form-urlencoded; charset=utf-16\r\nConnection: close\r\nContent-Length: 3\r\n\r\na=1"
                .to_owned(),
            415,
        ),
        (
            "GET /login HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_owned(),
            421,
        ),
        ("GET /login HTTP/1.1\nHost: localhost\n\n".to_owned(), 400),
        (
            "GET /login HTTP/1.1\r\nHost: localhost\r\nX: a\nY: b\r\n\r\n".to_owned(),
            400,
        ),
        (
            "GET /login HTTP/1.1\r\nHost: localhost\r\n\n".to_owned(),
            400,
        ),
        (
            "GET /login HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n".to_owned(),
            421,
        ),
        (
            "GET /login HTTP/1.1\r\nHost: localhost:80\r\nConnection: close\r\n\r\n".to_owned(),
            200,
        ),
        (
            "GET /healthz HTTP/1.1\r\nHost: 10.1.2.3\r\nConnection: close\r\n\r\n".to_owned(),
            200,
        ),
    ] {
        let answer = answer(&program, &request);
        let statuses: Vec<_> = answer.matches("HTTP/1.1 ").collect();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{request}\n{answer}"
        );
        assert_eq!(
            statuses.len(),
            1,
            "one answer and no other\n{request}\n{answer}"
        );
    }
}

#[test]
fn a_visitor_at_another_host_is_shown_where_the_site_is_and_the_log_says_what_to_set() {
    let folder = folder();
    let program = Program::start(&folder, &[]);
    let url = program.url.clone();
    let shown = url.replace('/', "&#x2f;");

    let request = "GET /login HTTP/1.1\r\nHost: nas.example\r\n\r\n";
    let page = answer(&program, request);
    answer(&program, request);

    assert!(page.starts_with("HTTP/1.1 421"), "{page}");
    assert!(page.contains("content-security-policy: "), "{page}");
    assert!(page.contains(&format!("<a href=\"{shown}\">")), "{page}");
    let log = program.terminate();
    let line = log.lines().find(|line| line.contains("another host"));
    let line = line.unwrap();
    for part in ["nas.example", &*url, "--public-url", "--trusted-proxies"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert_eq!(log.matches("another host").count(), 1, "{log}");
}

#[test]
fn a_request_for_another_host_is_rejected_in_the_language_of_its_visitor() {
    let folder = folder();
    // German is for requests that name no language.
    let program = Program::start(&folder, &["--languages", "de,es"]);
    let port = program.address().split(':').nth(1).unwrap();
    let spanish = [
        "Accept-Language: es\r\n".to_owned(),
        format!("Accept-Language: de\r\nCookie: language-{port}=es\r\n"),
    ];
    let rejected = [
        ("PRI * HTTP/2.0\r\n", 505, "HTTP&#x2f;1.1", "HTTP&#x2f;1.1"),
        (
            "CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n",
            400,
            "Dieser Server ist kein Proxy.",
            "Este servidor no es un proxy.",
        ),
        (
            "GET /login HTTP/1.1\r\n",
            400,
            "Sende genau einen Host-Header.",
            "Envía exactamente una cabecera Host.",
        ),
        (
            "GET /login HTTP/1.1\r\nHost: a@b\r\n",
            400,
            "Der Host-Header ist kein Hostname.",
            "La cabecera Host no es un nombre de host.",
        ),
        (
            "GET http://evil.example/login HTTP/1.1\r\nHost: localhost\r\n",
            400,
            "nennen zwei verschiedene Hosts.",
            "nombran dos hosts distintos.",
        ),
        (
            "GET /login HTTP/1.1\r\nHost: nas.example\r\n",
            421,
            "Diese Website hat eine andere Adresse.",
            "Este sitio tiene otra dirección.",
        ),
    ];

    for (request, status, in_german, in_spanish) in rejected {
        let asked = spanish.iter().map(|wish| (wish.as_str(), "es", in_spanish));
        for (wish, tag, text) in asked.chain([("", "de", in_german)]) {
            if status == 505 && !wish.is_empty() {
                // A preface of HTTP/2 has no headers.
                continue;
            }
            let answer = answer(&program, &format!("{request}{wish}\r\n"));
            for part in [
                &*format!("HTTP/1.1 {status}"),
                &*format!("\r\ncontent-language: {tag}\r\n"),
                "\r\nvary: cookie\r\n",
                "\r\nvary: accept-language\r\n",
                text,
            ] {
                assert!(answer.contains(part), "{part}: {request}{wish}\n{answer}");
            }
        }
    }
}

/// I8: also in a later request of the connection, and not after a chunked body, which no browser
/// sends with a form.
#[test]
fn each_request_of_a_connection_is_read_strictly() {
    let folder = folder();
    let program = Program::start(&folder, &[]);
    let post = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let last = "GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let body = "{\n\"username\": \"a\",\n\"password\": \"b\"\n}";
    let length = body.len();
    let whole = format!("{post}Content-Length: {length}\r\n\r\n{body}");
    let chunked =
        format!("{post}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n");
    let statuses = |requests: &str| {
        let answer = answer(&program, requests);
        let answers = answer.split("HTTP/1.1 ").skip(1);
        let statuses = answers.map(|answer| answer[..3].parse::<u16>().unwrap());
        statuses.collect::<Vec<_>>()
    };

    assert_eq!(statuses(&format!("{whole}{whole}{last}")), [401, 401, 200]);
    let bare = last.replacen("\r\n", "\n", 1);
    assert_eq!(statuses(&format!("{whole}{bare}")), [401, 400]);
    assert_eq!(statuses(&format!("{chunked}{last}")), [401]);
}

/// ASVS 13.4.6.
#[test]
fn no_answer_of_the_program_names_what_made_it() {
    let folder = folder();
    let program = Program::start(&folder, &[]);
    for request in [
        "GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "TRACE /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /login HTTP/1.1\r\nHost : localhost\r\n\r\n",
        "GET /login HTTP/1.1\r\n\r\n",
    ] {
        let answer = answer(&program, request).to_lowercase();
        assert!(answer.starts_with("http/1.1 "), "{request}\n{answer}");
        for name in [
            "\r\nserver:",
            "\r\nvia:",
            "x-powered-by",
            "hyper",
            "axum",
            "rust",
            concat!("vestibule/", env!("CARGO_PKG_VERSION")),
            concat!("vestibule ", env!("CARGO_PKG_VERSION")),
        ] {
            assert!(!answer.contains(name), "{name}\n{request}\n{answer}");
        }
    }
}

/// RFC 9110, 10.2.1 and 15.5.6.
#[test]
fn allow_is_in_405_alone_and_names_the_methods_that_the_route_has() {
    const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
    let folder = folder();
    let program = Program::start(&folder, &QUICK);
    let mut client = Client::new(&program);
    let fields = [("username", "alice"), ("password", PASSWORD)];
    client.post("/register", &fields).unwrap();
    let port = program.address().split(':').nth(1).unwrap();
    let alice = format!("Cookie: session-{port}={}\r\n", client.token());
    let mut refused = 0;
    for cookie in ["", &*alice] {
        // The last one ends the session.
        for path in [
            "/",
            "/login",
            "/register",
            "/welcome",
            "/change-password",
            "/account/sessions",
            "/admin",
            "/nowhere",
            "/healthz",
            "/readyz",
            "/static/vestibule.css",
            "/logout",
        ] {
            let answers = METHODS.map(|method| {
                let head = format!(
                    "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                     User-Agent: ureq/3.5.2\r\n{cookie}\r\n"
                );
                answer(&program, &head).to_lowercase()
            });
            let is_405 = |answer: &String| answer.starts_with("http/1.1 405");
            let has = METHODS.iter().zip(&answers);
            let has = has.filter(|(_, answer)| !is_405(answer));
            let has: Vec<_> = has.map(|(method, _)| method.to_lowercase()).collect();
            for answer in &answers {
                let allow = answer.lines().find_map(|line| line.strip_prefix("allow: "));
                let allow = allow.map(|allow| allow.split(',').map(str::trim).collect::<Vec<_>>());
                let expected = is_405(answer).then(|| has.iter().map(String::as_str).collect());
                assert_eq!(allow, expected, "{path} {answer}");
                refused += u32::from(is_405(answer));
            }
        }
    }
    assert!(refused > 40, "{refused}");
}

/// Attack I9.
#[test]
fn http_2_is_not_spoken() {
    let folder = folder();
    let program = Program::start(&folder, &[]);
    let settings_frame = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let preface = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &settings_frame].concat();
    let mut stream = program.connect();
    stream.write_all(&preface).unwrap();
    let mut refused = String::new();
    // An error would be a reset.
    stream.read_to_string(&mut refused).unwrap();

    let upgrade = "GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\n\
                   Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
    let upgraded = answer(&program, upgrade);

    assert!(refused.starts_with("HTTP/1.1 505"), "{refused}");
    assert!(refused.contains("\r\nconnection: close\r\n"), "{refused}");
    assert!(upgraded.starts_with("HTTP/1.1 200"), "{upgraded}");
    assert_eq!(Client::new(&program).get("/login").unwrap().status, 200);
    let log = program.terminate();
    assert!(!log.contains("ERROR"), "{log}");
}

/// Attack I5.
#[test]
fn thousands_of_half_open_requests_of_one_address_keep_nobody_out() {
    let folder = folder();
    let limits = [
        "--max-connections-per-network",
        "50",
        "--max-connections",
        "100",
    ];
    let program = Program::start(&folder, &limits);
    let open = |program: &Program| -> TcpStream {
        let mut stream = program.connect();
        stream
            .write_all(b"GET /login HTTP/1.1\r\nHost: localhost\r\n")
            .ok();
        stream
    };
    let streams: Vec<_> = (0..300).map(|_| open(&program)).collect();

    let started = Instant::now();
    let page = Client::new(&program).get("/login").unwrap();

    assert_eq!(page.status, 200);
    assert!(started.elapsed() < Duration::from_secs(5), "and soon");
    drop(streams);
}
