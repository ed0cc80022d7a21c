//! The program behind a proxy that reaches it over a Unix socket.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use support::{PASSWORD, Program, QUICK, command, refusal};
use tempfile::{TempDir, tempdir};

fn socket_in(folder: &TempDir) -> PathBuf {
    folder.path().join("vestibule.sock")
}

/// The program, at a socket in this folder.
fn start(folder: &TempDir, arguments: &[&str]) -> Program {
    let listen = format!("unix:{}", socket_in(folder).display());
    let at = ["--listen", &listen, "--public-url", "https://example.com"];
    Program::start(folder, &[&at[..], &QUICK, arguments].concat())
}

/// Asks as a proxy does.
fn ask(socket: &Path, request: &str, headers: &str, body: &str) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    let length = body.len();
    write!(
        stream,
        "{request} HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n{headers}\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn pages_are_served_over_a_socket_that_is_removed_at_the_end() {
    let folder = tempdir().unwrap();
    let socket = socket_in(&folder);
    let program = start(&folder, &["--trusted-proxies", "unix"]);
    assert_eq!(program.url, "https://example.com");

    let page = ask(&socket, "GET /login", "", "");
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let body = format!("username=alice&password={}", PASSWORD.replace(' ', "+"));
    let forwarded = "X-Forwarded-For: 6.6.6.6, 203.0.113.7\r\n";
    let registered = ask(&socket, "POST /register", forwarded, &body);
    assert!(registered.starts_with("HTTP/1.1 303"), "{registered}");
    assert!(registered.contains("__Host-session="), "{registered}");

    let log = program.terminate();
    assert!(!socket.exists());
    assert!(log.contains("address=203.0.113.7"), "{log}");
    assert!(!log.contains("6.6.6.6"), "{log}");
    assert!(!log.contains("--trusted-proxies"), "{log}");
}

/// Attack: a visitor chooses an address.
#[test]
fn a_proxy_at_the_socket_that_is_not_trusted_is_a_warning_and_its_header_is_not_read() {
    let folder = tempdir().unwrap();
    let socket = socket_in(&folder);
    let program = start(&folder, &["--trusted-proxies", "127.0.0.1"]);

    let forwarded = "X-Forwarded-For: 203.0.113.7\r\n";
    let wrong = ask(&socket, "POST /login", forwarded, "username=a&password=b");

    assert!(wrong.starts_with("HTTP/1.1 401"), "{wrong}");
    let log = program.terminate();
    assert!(log.contains("set `--trusted-proxies unix`"), "{log}");
    assert!(log.contains("event=LoginFailed"), "{log}");
    assert!(!log.contains("203.0.113.7"), "{log}");
}

#[test]
fn the_socket_of_a_program_that_was_killed_is_replaced_and_that_of_one_that_runs_is_not() {
    let folder = tempdir().unwrap();
    let socket = socket_in(&folder);
    start(&folder, &[]).kill();
    assert!(socket.exists(), "nobody could remove it");

    let program = start(&folder, &[]);

    let listen = format!("unix:{}", socket.display());
    let second = ["--listen", &listen, "--public-url", "https://example.com"];
    let said = refusal(folder.path(), &second);
    assert!(said.contains("another program listens there"), "{said}");
    let page = ask(&socket, "GET /login", "", "");
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    program.terminate();
}

#[test]
fn a_file_that_is_no_socket_of_ours_is_not_removed() {
    let folder = tempdir().unwrap();
    let socket = socket_in(&folder);
    let listen = format!("unix:{}", socket.display());
    let arguments = ["--listen", &listen, "--public-url", "https://example.com"];
    std::fs::write(&socket, "a letter").unwrap();

    let said = refusal(folder.path(), &arguments);
    assert!(said.contains("is not a socket"), "{said}");
    assert_eq!(std::fs::read_to_string(&socket).unwrap(), "a letter");
    std::fs::remove_file(&socket).unwrap();

    let elsewhere = folder.path().join("elsewhere");
    std::fs::write(&elsewhere, "a letter").unwrap();
    std::os::unix::fs::symlink(&elsewhere, &socket).unwrap();
    let said = refusal(folder.path(), &arguments);
    assert!(said.contains("is not a socket"), "{said}");
    assert!(elsewhere.exists());
    std::fs::remove_file(&socket).unwrap();

    // Another program has replaced it meanwhile.
    let program = start(&folder, &[]);
    std::fs::remove_file(&socket).unwrap();
    let theirs = UnixListener::bind(&socket).unwrap();
    program.terminate();
    assert!(socket.symlink_metadata().unwrap().file_type().is_socket());
    drop(theirs);
}

#[test]
fn the_mode_of_the_socket_is_what_the_umask_leaves() {
    let folder = tempdir().unwrap();
    let socket = socket_in(&folder);
    let listen = format!("unix:{}", socket.display());
    let program = env!("CARGO_BIN_EXE_vestibule");
    let mut by_shell = std::process::Command::new("sh");
    by_shell.current_dir(folder.path());
    let script = format!("umask 007; exec {program} \"$0\" \"$@\"");
    by_shell.args(["-c", &script]);
    let arguments = ["--listen", &listen, "--public-url", "https://example.com"];
    let program = Program::start_by(by_shell, &arguments);

    let mode = socket.metadata().unwrap().permissions().mode();

    assert_eq!(mode & 0o777, 0o770);
    program.terminate();
}

#[test]
fn a_socket_needs_a_public_url_and_a_name_and_a_folder() {
    let folder = tempdir().unwrap();
    let missing = folder.path().join("missing/vestibule.sock");
    let missing = format!("unix:{}", missing.display());
    let long = format!("unix:{}", "x".repeat(200));
    let url = ["--public-url", "https://example.com"];
    for (arguments, advice) in [
        (
            &["--listen", "unix:v.sock"][..],
            "--public-url https://example.com",
        ),
        (&["--listen", "unix:"], "unix:/run/vestibule.sock"),
        (
            &[&["--listen", &*missing][..], &url].concat(),
            "folder does not exist",
        ),
        (&[&["--listen", &*long][..], &url].concat(), "107 bytes"),
        (&["--metrics-listen", "unix:v.sock"], "127.0.0.1:5000"),
    ] {
        let said = refusal(folder.path(), arguments);
        assert!(said.contains(advice), "{said}");
    }
    // A command does not need the socket.
    let listed = command(folder.path())
        .args(["user", "list", "--listen", "unix:v.sock"])
        .status();
    assert!(listed.unwrap().success());
}

/// With nginx in front, which `cargo xtask test` installs.
#[cfg(feature = "browser-tests")]
mod nginx {
    use std::process::Child;
    use std::time::{Duration, Instant};

    use super::*;

    /// Ends with the test.
    struct Nginx {
        child: Child,
        front: PathBuf,
    }

    impl Nginx {
        /// Listens at a socket too, so that the test needs no free port.
        fn start(folder: &TempDir) -> Self {
            let front = folder.path().join("front.sock");
            let (at, to) = (front.display(), socket_in(folder));
            let (to, here) = (to.display(), folder.path().display());
            let config = format!(
                "pid {here}/nginx.pid;\nerror_log {here}/nginx.log;\ndaemon off;\n\
                 master_process off;\n\
                 events {{}}\nhttp {{\n  access_log off;\n  client_body_temp_path {here}/body;\n\
                 proxy_temp_path {here}/proxy;\n  fastcgi_temp_path {here}/fastcgi;\n\
                 uwsgi_temp_path {here}/uwsgi;\n  scgi_temp_path {here}/scgi;\n\
                 server {{\n    listen unix:{at};\n    location / {{\n\
                 proxy_pass http://unix:{to};\n      proxy_http_version 1.1;\n\
                 proxy_set_header Host $host;\n      proxy_set_header Connection \"\";\n\
                 proxy_set_header X-Forwarded-For 203.0.113.7;\n    }}\n  }}\n}}\n"
            );
            let file = folder.path().join("nginx.conf");
            std::fs::write(&file, config).unwrap();
            let log = folder.path().join("nginx.log");
            let child = std::process::Command::new("nginx")
                .arg("-e")
                .arg(log)
                .arg("-c")
                .arg(file)
                .spawn()
                .expect("nginx: `cargo xtask test` installs it");
            let started = Instant::now();
            while UnixStream::connect(&front).is_err() {
                assert!(started.elapsed() < Duration::from_secs(30), "it starts");
                std::thread::yield_now();
            }
            Self { child, front }
        }
    }

    impl Drop for Nginx {
        fn drop(&mut self) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }

    #[test]
    fn a_log_in_through_nginx_has_the_address_of_its_visitor() {
        let folder = tempdir().unwrap();
        let program = start(&folder, &["--trusted-proxies", "unix"]);
        let nginx = Nginx::start(&folder);

        let body = format!("username=alice&password={}", PASSWORD.replace(' ', "+"));
        let registered = ask(&nginx.front, "POST /register", "", &body);
        let page = ask(&nginx.front, "GET /login", "", "");

        assert!(registered.starts_with("HTTP/1.1 303"), "{registered}");
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        drop(nginx);
        let log = program.terminate();
        assert!(log.contains("address=203.0.113.7"), "{log}");
    }
}
