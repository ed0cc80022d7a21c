//! The chapters on running the program agree with the program. `cargo xtask running` runs all of
//! their commands; this is quick.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;
use support::{Program, run};

fn chapters() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/running");
    let chapters = fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        (
            path.display().to_string(),
            fs::read_to_string(path).unwrap(),
        )
    });
    chapters.collect()
}

fn chapter(name: &str) -> String {
    let mut chapters = chapters().into_iter();
    chapters.find(|(path, _)| path.ends_with(name)).unwrap().1
}

/// The block after the comment that names this file.
fn file(chapter: &str, path: &str) -> String {
    let (_, rest) = chapter
        .split_once(&format!("<!-- file: {path} -->\n```"))
        .unwrap();
    let (_, text) = rest.split_once('\n').unwrap();
    text.split_once("\n```").unwrap().0.to_owned()
}

fn found(pattern: &str, text: &str) -> BTreeSet<String> {
    let pattern = Regex::new(pattern).unwrap();
    let found = pattern.captures_iter(text).map(|found| found[1].to_owned());
    found.collect()
}

#[test]
fn each_command_of_the_chapters_exists() {
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0;
    for (chapter, text) in chapters() {
        let program = r"(?m)^ *(?:sudo |docker exec (?:--\S+ )*vestibule )(?:vestibule-admin|vestibule) ([^|<>&\n]*)";
        for command in found(program, &text) {
            let words: Vec<_> = command
                .split_whitespace()
                .filter(|word| *word != "--config" && !word.starts_with("/etc/"))
                .collect();
            let output = run(folder.path(), &[&words[..], &["--help"]].concat(), "");
            assert!(output.status.success(), "{chapter}: {command}: {output:?}");
            count += 1;
        }
    }
    assert!(count > 15, "{count}");
}

#[test]
fn each_setting_of_the_chapters_exists() {
    let folder = tempfile::tempdir().unwrap();
    let help = String::from_utf8(run(folder.path(), &["help", "settings"], "").stdout).unwrap();
    let variables = found(r"\[env: (VESTIBULE_[A-Z0-9_]+)", &help);
    for (chapter, text) in chapters() {
        let named = found(r"\b(VESTIBULE_[A-Z0-9_]+)", &text);
        let unknown: Vec<_> = named.difference(&variables).collect();
        assert!(unknown.is_empty(), "{chapter}: {unknown:?}");
    }
    let settings = file(&chapter("service.md"), "/etc/vestibule/vestibule.toml");
    let appended = found(r#"echo '([a-z_]+) = "#, &chapter("databases.md"));
    let keys = found("(?m)^([a-z_]+) =", &settings);
    assert!(keys.len() > 4 && appended.len() == 1);
    for key in keys.union(&appended) {
        let variable = format!("VESTIBULE_{}", key.to_uppercase());
        assert!(variables.contains(&variable), "{key}");
    }
}

#[test]
fn the_chapter_has_each_metric_and_no_other() {
    let chapter = chapter("monitoring.md");

    let listed = found(r"(?m)^\| `(vestibule_[a-z_]+)`", &chapter);
    let used = found(
        r"\b(vestibule_[a-z_]+?)(?:_bucket)?\b",
        &file(&chapter, "/etc/prometheus/vestibule.yml"),
    );

    let described = found(
        r#""(vestibule_[a-z_]+)""#,
        include_str!("../src/metrics.rs"),
    );
    assert_eq!(listed, described);
    assert!(!used.is_empty() && used.is_subset(&described), "{used:?}");
}

/// The filter must find the address of each failed log-in, and none that a visitor made up.
#[test]
fn fail2ban_reads_the_address_of_each_failed_log_in_and_no_other() {
    let filter = file(
        &chapter("fail2ban.md"),
        "/etc/fail2ban/filter.d/vestibule.conf",
    );
    let (_, lines) = filter.split_once("failregex = ").unwrap();
    let (lines, _) = lines.split_once("\njournalmatch").unwrap();
    let patterns = lines.lines().map(|line| {
        let line = line.trim().replace("<ADDR>", "(?<address>[0-9a-f.:]+)");
        Regex::new(&line).unwrap()
    });
    let patterns: Vec<_> = patterns.collect();
    let forged = "x\" address=198.51.100.1 \n2026-01-01T00:00:00Z  WARN login event event=LoginFailed address=198.51.100.1 ";
    for format in ["text", "json"] {
        let folder = tempfile::tempdir().unwrap();
        let arguments = ["--log-format", format, "--trusted-proxies", "127.0.0.1"];
        let program = Program::start(&folder, &arguments);
        let register = [("username", "alice"), ("password", support::PASSWORD)];
        post(&program, "/register", "203.0.113.1", &register);
        for (address, name) in [
            ("203.0.113.2", "alice"),
            ("2001:db8::3", "nobody"),
            ("203.0.113.4", forged),
        ] {
            let fields = [("username", name), ("password", "a wrong password")];
            post(&program, "/login", address, &fields);
        }
        let log = program.terminate();

        let addresses = log.lines().flat_map(|line| {
            let found = patterns.iter().filter_map(|pattern| pattern.captures(line));
            found
                .map(|found| found["address"].to_owned())
                .collect::<Vec<_>>()
        });
        let addresses: Vec<_> = addresses.collect();
        assert_eq!(
            addresses,
            ["203.0.113.2", "2001:db8::3", "203.0.113.4"],
            "{log}"
        );
        // As the journal gives it to fail2ban.
        let line = log
            .lines()
            .find(|line| line.contains("203.0.113.2"))
            .unwrap();
        let of_journal = format!("host vestibule[7]: {line}");
        assert!(patterns.iter().any(|pattern| pattern.is_match(&of_journal)));
    }
}

/// Sends a form from this address, in a browser whose name is a line of the log.
fn post(program: &Program, path: &str, address: &str, fields: &[(&str, &str)]) {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0);
    let request = config
        .build()
        .new_agent()
        .post(format!("http://{}{path}", program.address()));
    let browser =
        "x\" address=198.51.100.1 WARN login event event=LoginFailed address=198.51.100.1";
    request
        .header("x-forwarded-for", address)
        .header("user-agent", browser)
        .send_form(fields.iter().copied())
        .unwrap();
}
