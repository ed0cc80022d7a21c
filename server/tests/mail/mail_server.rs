//! A mail server of a test's own: aiosmtpd, on a free port, with its mails in a temporary folder.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use crate::support::Killed;
use crate::support::mails::{Arrived, arrived, eventually};

/// This machine, by an address that is not a loopback one: what goes there needs TLS. Linux connects
/// to itself.
pub(crate) const ELSEWHERE: &str = "0.0.0.0";

/// Who may send by a server with TLS.
pub(crate) const LOGIN: (&str, &str) = ("app", "hunter2");

/// Issues certificates for mail servers.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("authority.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    /// The file for `--smtp-ca-file`.
    pub(crate) fn file(&self) -> String {
        let file = self.folder.path().join("authority.pem");
        file.display().to_string()
    }

    /// Writes a certificate for a host, and its key.
    fn issue(&self, host: &str, folder: &Path) {
        let params = CertificateParams::new([host.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let issued = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(folder.join("server.pem"), issued.pem()).unwrap();
        fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
    }
}

/// How a server speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tls {
    None,
    /// By STARTTLS.
    Upgraded,
    Implicit,
}

/// A server that ends with the test.
pub(crate) struct MailServer {
    child: Killed,
    pub(crate) port: u16,
    folder: TempDir,
}

impl MailServer {
    /// One without TLS or a log-in.
    pub(crate) fn start() -> Self {
        Self::start_at(0)
    }

    pub(crate) fn start_at(port: u16) -> Self {
        Self::run(port, tempfile::tempdir().unwrap(), &[])
    }

    /// One whose certificate is for this host.
    pub(crate) fn start_with(tls: Tls, authority: &Authority, host: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        authority.issue(host, folder.path());
        let file = |name: &str| folder.path().join(name).display().to_string();
        let (certificate, key) = (file("server.pem"), file("server.key"));
        let login = format!("{}:{}", LOGIN.0, LOGIN.1);
        let mode = match tls {
            Tls::None => return Self::run(0, folder, &[]),
            Tls::Upgraded => "starttls",
            Tls::Implicit => "implicit",
        };
        let options = ["--tls", mode, "--certificate", &certificate, "--key", &key];
        Self::run(0, folder, &[&options[..], &["--login", &login]].concat())
    }

    fn run(port: u16, folder: TempDir, options: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/server.py");
        let child = Command::new(python())
            .arg(script)
            .arg(folder.path())
            .args(["--port", &port.to_string()])
            .args(options)
            .stdout(Stdio::piped())
            .spawn();
        let mut child = Killed(child.expect("`cargo xtask test` installs aiosmtpd"));
        let mut line = String::new();
        let stdout = child.0.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("the port of the mail server");
        Self {
            child,
            port,
            folder,
        }
    }

    /// Its address without TLS.
    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// Ends it. Returns its port.
    pub(crate) fn stop(self) -> u16 {
        drop(self.child);
        self.port
    }

    /// The mails so far, in the order of their arrival.
    pub(crate) fn mails(&self) -> Vec<Arrived> {
        arrived(self.folder.path())
    }

    /// Waits for this many mails to `address`, and returns them.
    pub(crate) fn mails_to(&self, address: &str, count: usize) -> Vec<Arrived> {
        let mut found = Vec::new();
        eventually(&format!("{count} mails to {address}"), || {
            found = self.mails();
            found.retain(|mail| mail.header("X-To") == address);
            found.len() >= count
        });
        found
    }
}

/// The interpreter that has aiosmtpd.
fn python() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("../aiosmtpd/bin/python")
}
