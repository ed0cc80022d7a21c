//! Sessions in Redis over TLS: servers and authorities of our own, in temporary folders.
#![cfg(feature = "redis")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../vestibule/tests/support/redis_server.rs"]
mod redis_server;
mod support;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use redis_server::{RedisServer, free_port, join};
use support::{Client, PASSWORD, Program, QUICK, command, refusal_of};
use tempfile::TempDir;

/// Who issues certificates.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
    /// Whether servers get the authority's own certificate for theirs.
    is_its_own_server: bool,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("authority.pem"), issuer.pem()).unwrap();
        Self {
            issuer,
            folder,
            is_its_own_server: false,
        }
    }

    /// Its own certificate.
    fn file(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// Writes a certificate for a host, and its key.
    fn issue(&self, host: &str, folder: &Path) {
        let params = CertificateParams::new([host.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let issued = params.signed_by(&key, &self.issuer).unwrap();
        let (certificate, key) = match self.is_its_own_server {
            true => (self.issuer.pem(), self.issuer.key().serialize_pem()),
            false => (issued.pem(), key.serialize_pem()),
        };
        std::fs::write(folder.join("server.pem"), certificate).unwrap();
        std::fs::write(folder.join("server.key"), key).unwrap();
    }
}

const REDIS_PASSWORD: &str = "hunter2";

/// A server that speaks TLS, and nothing else.
fn serve(authority: &Authority, host: &str, options: &[&str]) -> RedisServer {
    let folder = tempfile::tempdir().unwrap();
    authority.issue(host, folder.path());
    let (port, file) = (free_port(), authority.file());
    let (at, issuer) = (port.to_string(), file.display().to_string());
    let tls = [
        &["--port", "0", "--tls-port", &at][..],
        &["--tls-cert-file", "server.pem"],
        &["--tls-key-file", "server.key"],
        &["--tls-ca-cert-file", &issuer, "--tls-auth-clients", "no"],
        &["--requirepass", REDIS_PASSWORD],
        options,
    ];
    let cli = cli(&["--tls", "--cacert", &issuer]);
    RedisServer::start(port, folder, &tls.concat(), cli)
}

fn serve_without_tls() -> RedisServer {
    let port = free_port();
    let at = port.to_string();
    let options = ["--port", &at, "--requirepass", REDIS_PASSWORD];
    RedisServer::start(port, tempfile::tempdir().unwrap(), &options, cli(&[]))
}

/// What `redis-cli` needs to be let in.
fn cli(more: &[&str]) -> Vec<OsString> {
    let password = ["-a", REDIS_PASSWORD, "--no-auth-warning"];
    [&password[..], more]
        .concat()
        .into_iter()
        .map(OsString::from)
        .collect()
}

/// Where it is, by a scheme.
fn url(server: &RedisServer, scheme: &str) -> String {
    format!("{scheme}://:{REDIS_PASSWORD}@127.0.0.1:{}", server.port)
}

/// Whether a program hears of changes by it, which it begins to when it is asked for a user.
fn is_watched_for(server: &RedisServer, client: &Client) -> bool {
    client.get("/welcome").unwrap();
    server
        .say(&["PUBSUB", "CHANNELS"])
        .contains("{vestibule}:changes")
}

/// Asks until it is so.
fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::yield_now();
    }
}

/// The program, which trusts this authority and no other.
fn trusting(authority: &Authority, folder: &TempDir) -> Command {
    let mut command = command(folder.path());
    command.env("SSL_CERT_FILE", authority.file());
    command.env_remove("SSL_CERT_DIR");
    command
}

fn start(authority: &Authority, folder: &TempDir, url: &str) -> Program {
    let arguments = [&["--session-store", url][..], &QUICK].concat();
    Program::start_by(trusting(authority, folder), &arguments)
}

/// Why the program does not start.
fn refusal(authority: &Authority, url: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = trusting(authority, &folder);
    command.args(["--listen", "127.0.0.1:0", "--session-store", url]);
    let said = refusal_of(&mut command);
    assert!(said.contains("session store"), "{said}");
    assert!(!said.contains(REDIS_PASSWORD), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

const FIELDS: [(&str, &str); 2] = [("username", "alice"), ("password", PASSWORD)];

/// A browser that has registered, logged out and logged in again.
fn logged_in(program: &Program) -> Client {
    let mut client = Client::new(program);
    for path in ["/register", "/logout", "/login"] {
        let answer = client.post(path, &FIELDS).unwrap();
        assert_eq!(answer.status, 303, "{path}: {}", answer.text);
    }
    assert!(client.get("/welcome").unwrap().text.contains("alice"));
    client
}

#[test]
fn sessions_are_kept_and_changes_heard_of_over_tls() {
    let authority = Authority::new("ours");
    let server = serve(&authority, "127.0.0.1", &[]);
    let folder = tempfile::tempdir().unwrap();
    let program = start(
        &authority,
        &folder,
        &format!("{}/1", url(&server, "rediss")),
    );

    let mut client = logged_in(&program);

    let kept = || server.say(&["-n", "1", "KEYS", "{vestibule}:s:*"]);
    assert_ne!(kept(), "");
    eventually("it is watched", || is_watched_for(&server, &client));
    client.post("/logout", &[]).unwrap();
    assert_eq!(client.get("/welcome").unwrap().status, 303);
    assert_eq!(kept(), "");
}

/// Two masters; the one that is asked first has none of the keys, and says who has.
#[test]
fn sessions_are_kept_and_changes_heard_of_over_tls_by_a_cluster() {
    let authority = Authority::new("ours");
    let cluster = ["--cluster-enabled", "yes", "--tls-cluster", "yes"];
    let start_node = || serve(&authority, "127.0.0.1", &cluster);
    let (a, b) = (start_node(), start_node());
    join(&a, &b);
    eventually("the cluster is complete", || {
        a.is_in_whole_cluster() && b.is_in_whole_cluster()
    });
    let folder = tempfile::tempdir().unwrap();
    let first = url(&b, "rediss+cluster");
    let url = format!("{first},:{REDIS_PASSWORD}@127.0.0.1:{}", a.port);
    let program = start(&authority, &folder, &url);

    let mut client = logged_in(&program);

    assert_ne!(a.say(&["DBSIZE"]), "0");
    assert_eq!(b.say(&["DBSIZE"]), "0");
    eventually("it is watched", || is_watched_for(&b, &client));
    client.post("/logout", &[]).unwrap();
    assert_eq!(client.get("/welcome").unwrap().status, 303);
    assert_eq!(a.say(&["KEYS", "{vestibule}:s:*"]), "");
}

#[test]
fn connections_over_tls_that_are_lost_come_back_by_themselves() {
    let authority = Authority::new("ours");
    let server = serve(&authority, "127.0.0.1", &[]);
    let folder = tempfile::tempdir().unwrap();
    let program = start(&authority, &folder, &url(&server, "rediss"));
    let client = logged_in(&program);
    eventually("it is watched", || is_watched_for(&server, &client));

    server.say(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    server.say(&["CLIENT", "KILL", "TYPE", "normal"]);

    eventually("it is watched again", || is_watched_for(&server, &client));
    eventually("it answers again", || {
        client.get("/welcome").unwrap().status == 200
    });
    assert!(client.get("/welcome").unwrap().text.contains("alice"));
}

#[test]
fn a_certificate_of_somebody_unknown_is_refused_with_what_to_do() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let server = serve(&theirs, "127.0.0.1", &[]);

    for scheme in ["rediss", "rediss+cluster"] {
        let said = refusal(&ours, &url(&server, scheme));

        assert!(said.contains("not trusted"), "{said}");
        assert!(said.contains("SSL_CERT_FILE"), "{said}");
    }
    assert_eq!(server.say(&["DBSIZE"]), "0");
}

#[test]
fn a_certificate_for_another_host_is_refused_with_what_to_do() {
    let authority = Authority::new("ours");
    let server = serve(&authority, "redis.example.com", &[]);

    for scheme in ["rediss", "rediss+cluster"] {
        let said = refusal(&authority, &url(&server, scheme));

        assert!(said.contains("redis.example.com"), "{said}");
        assert!(said.contains("for that name"), "{said}");
    }
}

/// As `openssl req -x509` makes it, unless it is told otherwise.
#[test]
fn a_certificate_that_is_an_authority_s_own_is_refused_with_what_to_do() {
    let mut authority = Authority::new("ours");
    authority.is_its_own_server = true;
    let server = serve(&authority, "127.0.0.1", &[]);

    let said = refusal(&authority, &url(&server, "rediss"));

    assert!(said.contains("let it issue one"), "{said}");
}

#[test]
fn a_server_without_tls_is_refused_with_what_to_do() {
    let server = serve_without_tls();
    let authority = Authority::new("ours");

    for scheme in ["rediss", "rediss+cluster"] {
        let said = refusal(&authority, &url(&server, scheme));

        assert!(said.contains("tls-port"), "{said}");
    }
}

#[test]
fn an_address_without_tls_is_refused_by_a_server_with_it_with_what_to_do() {
    let authority = Authority::new("ours");
    let server = serve(&authority, "127.0.0.1", &[]);

    for scheme in ["redis", "redis+cluster"] {
        let said = refusal(&authority, &url(&server, scheme));

        assert!(said.contains("rediss://"), "{said}");
    }
}

/// The authority is trusted: what is refused is the wish not to look.
#[test]
fn an_address_cannot_switch_off_the_look_at_the_certificate() {
    let authority = Authority::new("ours");
    let server = serve(&authority, "127.0.0.1", &[]);

    for scheme in ["rediss", "rediss+cluster", "valkeys"] {
        for end in ["#insecure", "/#insecure", "/0#insecure", "#"] {
            let said = refusal(&authority, &format!("{}{end}", url(&server, scheme)));

            assert!(said.contains("always verified"), "{said}");
        }
    }
}

#[test]
fn authorities_that_cannot_be_read_are_told_at_the_start() {
    let authority = Authority::new("ours");
    let server = serve(&authority, "127.0.0.1", &[]);
    std::fs::remove_file(authority.file()).unwrap();

    let said = refusal(&authority, &url(&server, "rediss"));

    assert!(said.contains("authority.pem"), "{said}");
}
