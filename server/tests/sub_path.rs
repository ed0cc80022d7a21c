//! The program below a path of its host, behind a proxy that removes the path and without one.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::net::TcpListener;

use support::{Client, PASSWORD, Program};

/// The program at a public URL with the path `/auth`, and a client that asks it directly.
fn start(folder: &tempfile::TempDir, settings: &[&str]) -> (Program, Client) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap().to_string();
    drop(port);
    let url = format!("http://{address}/auth");
    let arguments = ["--listen", &*address, "--public-url", &*url];
    let program = Program::start(folder, &[&arguments[..], settings].concat());
    assert_eq!(program.url, url, "the address to open");
    (program, Client::to(&format!("http://{address}")))
}

#[test]
fn all_pages_are_below_the_path_of_the_public_url_and_the_probes_are_at_both_places() {
    let folder = tempfile::tempdir().unwrap();
    let (program, mut client) = start(&folder, &[]);

    for index in ["/auth", "/auth/"] {
        let index = client.get(index).unwrap();
        assert_eq!(index.location.as_deref(), Some("/auth/login"));
    }
    let fields = [("username", "alice"), ("password", PASSWORD)];
    let registered = client.post("/auth/register", &fields).unwrap();
    assert_eq!(registered.location.as_deref(), Some("/auth/welcome"));
    assert_eq!(client.get("/auth/welcome").unwrap().status, 200);
    for probe in ["/healthz", "/readyz", "/auth/healthz", "/auth/readyz"] {
        assert_eq!(client.get(probe).unwrap().status, 200, "{probe}");
    }
    for outside in ["/", "/login", "/welcome", "/auth/auth/login"] {
        assert_eq!(client.get(outside).unwrap().status, 404, "{outside}");
    }
    let log = program.terminate();
    assert_eq!(log.matches("--proxy-removes-path true").count(), 1, "{log}");
}

#[test]
fn behind_a_proxy_that_removes_the_path_only_the_links_have_it() {
    let folder = tempfile::tempdir().unwrap();
    let (program, client) = start(&folder, &["--proxy-removes-path", "true"]);

    let welcome = client.get("/welcome").unwrap();
    let login = "/auth/login?next=%2Fauth%2Fwelcome";
    assert_eq!(welcome.location.as_deref(), Some(login));
    assert!(client.get("/login").unwrap().text.contains("/auth/login"));
    assert_eq!(client.get("/healthz").unwrap().status, 200);
    assert_eq!(client.get("/auth/login").unwrap().status, 404);
    let log = program.terminate();
    assert_eq!(
        log.matches("--proxy-removes-path false").count(),
        1,
        "{log}"
    );
}
