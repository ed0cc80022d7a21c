//! Sessions in Redis over TLS: servers and authorities of our own, in temporary folders.
#![cfg(feature = "redis")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use support::{Client, PASSWORD, Program, QUICK, command, refusal_of};
use tempfile::TempDir;
use vestibule::crypto::random::Random;

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

/// A server that ends with the test.
struct Server {
    child: Child,
    port: u16,
    /// The certificate of the authority that it has its own of, if it speaks TLS.
    authority: Option<PathBuf>,
    _folder: TempDir,
}

const REDIS_PASSWORD: &str = "hunter2";

impl Server {
    /// One that speaks TLS, and nothing else.
    fn start(authority: &Authority, host: &str, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        authority.issue(host, folder.path());
        let port = free_port();
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--tls-port", &port.to_string()]);
        command.args(["--tls-cert-file", "server.pem"]);
        command.args(["--tls-key-file", "server.key"]);
        command.arg("--tls-ca-cert-file").arg(authority.file());
        command.args(["--tls-auth-clients", "no"]).args(options);
        Self::spawn(command, port, Some(authority.file()), folder)
    }

    fn without_tls() -> Self {
        let port = free_port();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string()]);
        Self::spawn(command, port, None, tempfile::tempdir().unwrap())
    }

    fn spawn(mut command: Command, port: u16, authority: Option<PathBuf>, folder: TempDir) -> Self {
        let child = command
            .args(["--bind", "127.0.0.1", "--requirepass", REDIS_PASSWORD])
            .args(["--save", "", "--appendonly", "no"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server: `cargo xtask test` installs it");
        let server = Self {
            child,
            port,
            authority,
            _folder: folder,
        };
        eventually("it starts", || server.say(&["PING"]) == "PONG");
        server
    }

    /// Where it is, by a scheme.
    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://:{REDIS_PASSWORD}@127.0.0.1:{}", self.port)
    }

    /// What it answers to a command.
    fn say(&self, words: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        if let Some(authority) = &self.authority {
            command.args(["--tls", "--cacert"]).arg(authority);
        }
        let output = command
            .args(words)
            .env("REDISCLI_AUTH", REDIS_PASSWORD)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Whether a program hears of changes by it, which it begins to when it is asked for a user.
    fn is_watched_for(&self, client: &Client) -> bool {
        client.get("/welcome").unwrap();
        self.say(&["PUBSUB", "CHANNELS"])
            .contains("{vestibule}:changes")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Below the ephemeral ports, and with room for that of the cluster's bus, 10,000 above.
fn free_port() -> u16 {
    loop {
        let random = u16::from_le_bytes(Random::system().bytes().unwrap());
        let port = 12_000 + random % 18_000;
        let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if is_free(port) && is_free(port + 10_000) {
            return port;
        }
    }
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
    let server = Server::start(&authority, "127.0.0.1", &[]);
    let folder = tempfile::tempdir().unwrap();
    let program = start(&authority, &folder, &format!("{}/1", server.url("rediss")));

    let mut client = logged_in(&program);

    let kept = || server.say(&["-n", "1", "KEYS", "{vestibule}:s:*"]);
    assert_ne!(kept(), "");
    eventually("it is watched", || server.is_watched_for(&client));
    client.post("/logout", &[]).unwrap();
    assert_eq!(client.get("/welcome").unwrap().status, 303);
    assert_eq!(kept(), "");
}

/// Two masters; the one that is asked first has none of the keys, and says who has.
#[test]
fn sessions_are_kept_and_changes_heard_of_over_tls_by_a_cluster() {
    let authority = Authority::new("ours");
    let cluster = ["--cluster-enabled", "yes", "--tls-cluster", "yes"];
    let start_node = || Server::start(&authority, "127.0.0.1", &cluster);
    let (a, b) = (start_node(), start_node());
    a.say(&["CLUSTER", "ADDSLOTSRANGE", "0", "16000"]);
    b.say(&["CLUSTER", "ADDSLOTSRANGE", "16001", "16383"]);
    a.say(&["CLUSTER", "MEET", "127.0.0.1", &b.port.to_string()]);
    eventually("the cluster is complete", || {
        let is_ok = |server: &Server| {
            server
                .say(&["CLUSTER", "INFO"])
                .contains("cluster_state:ok")
        };
        is_ok(&a) && is_ok(&b)
    });
    let folder = tempfile::tempdir().unwrap();
    let first = b.url("rediss+cluster");
    let url = format!("{first},:{REDIS_PASSWORD}@127.0.0.1:{}", a.port);
    let program = start(&authority, &folder, &url);

    let mut client = logged_in(&program);

    assert_ne!(a.say(&["DBSIZE"]), "0");
    assert_eq!(b.say(&["DBSIZE"]), "0");
    eventually("it is watched", || b.is_watched_for(&client));
    client.post("/logout", &[]).unwrap();
    assert_eq!(client.get("/welcome").unwrap().status, 303);
    assert_eq!(a.say(&["DBSIZE"]), "0");
}

#[test]
fn connections_over_tls_that_are_lost_come_back_by_themselves() {
    let authority = Authority::new("ours");
    let server = Server::start(&authority, "127.0.0.1", &[]);
    let folder = tempfile::tempdir().unwrap();
    let program = start(&authority, &folder, &server.url("rediss"));
    let client = logged_in(&program);
    eventually("it is watched", || server.is_watched_for(&client));

    server.say(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    server.say(&["CLIENT", "KILL", "TYPE", "normal"]);

    eventually("it is watched again", || server.is_watched_for(&client));
    eventually("it answers again", || {
        client.get("/welcome").unwrap().status == 200
    });
    assert!(client.get("/welcome").unwrap().text.contains("alice"));
}

#[test]
fn a_certificate_of_somebody_unknown_is_refused_with_what_to_do() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let server = Server::start(&theirs, "127.0.0.1", &[]);

    for scheme in ["rediss", "rediss+cluster"] {
        let said = refusal(&ours, &server.url(scheme));

        assert!(said.contains("not trusted"), "{said}");
        assert!(said.contains("SSL_CERT_FILE"), "{said}");
    }
    assert_eq!(server.say(&["DBSIZE"]), "0");
}

#[test]
fn a_certificate_for_another_host_is_refused_with_what_to_do() {
    let authority = Authority::new("ours");
    let server = Server::start(&authority, "redis.example.com", &[]);

    for scheme in ["rediss", "rediss+cluster"] {
        let said = refusal(&authority, &server.url(scheme));

        assert!(said.contains("redis.example.com"), "{said}");
        assert!(said.contains("for that name"), "{said}");
    }
}

/// As `openssl req -x509` makes it, unless it is told otherwise.
#[test]
fn a_certificate_that_is_an_authority_s_own_is_refused_with_what_to_do() {
    let mut authority = Authority::new("ours");
    authority.is_its_own_server = true;
    let server = Server::start(&authority, "127.0.0.1", &[]);

    let said = refusal(&authority, &server.url("rediss"));

    assert!(said.contains("let it issue one"), "{said}");
}

#[test]
fn a_server_without_tls_is_refused_with_what_to_do() {
    let server = Server::without_tls();
    let authority = Authority::new("ours");

    for scheme in ["rediss", "rediss+cluster"] {
        let said = refusal(&authority, &server.url(scheme));

        assert!(said.contains("tls-port"), "{said}");
    }
}

#[test]
fn an_address_without_tls_is_refused_by_a_server_with_it_with_what_to_do() {
    let authority = Authority::new("ours");
    let server = Server::start(&authority, "127.0.0.1", &[]);

    for scheme in ["redis", "redis+cluster"] {
        let said = refusal(&authority, &server.url(scheme));

        assert!(said.contains("rediss://"), "{said}");
    }
}

/// The authority is trusted: what is refused is the wish not to look.
#[test]
fn an_address_cannot_switch_off_the_look_at_the_certificate() {
    let authority = Authority::new("ours");
    let server = Server::start(&authority, "127.0.0.1", &[]);

    for scheme in ["rediss", "rediss+cluster", "valkeys"] {
        for end in ["#insecure", "/#insecure", "/0#insecure", "#"] {
            let said = refusal(&authority, &format!("{}{end}", server.url(scheme)));

            assert!(said.contains("always verified"), "{said}");
        }
    }
}

#[test]
fn authorities_that_cannot_be_read_are_told_at_the_start() {
    let authority = Authority::new("ours");
    let server = Server::start(&authority, "127.0.0.1", &[]);
    std::fs::remove_file(authority.file()).unwrap();

    let said = refusal(&authority, &server.url("rediss"));

    assert!(said.contains("authority.pem"), "{said}");
}
