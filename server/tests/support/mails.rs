//! Mails that arrived, as files of a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until a folder has this many mails, and returns them.
pub(crate) fn arrive(folder: &Path, count: usize) -> Vec<Arrived> {
    let mut found = Vec::new();
    eventually(&format!("{count} mails"), || {
        found = arrived(folder);
        found.len() >= count
    });
    found
}

/// Waits for the mail, of which there are `count`, whose link leads to the page at `path`. Returns
/// the link of the last one.
pub(crate) fn link_to(folder: &Path, path: &str, count: usize) -> String {
    let mut links = Vec::new();
    eventually(&format!("{count} links to {path}"), || {
        let mails = arrived(folder);
        links = mails.iter().filter_map(Arrived::find_link).collect();
        links.retain(|link| link.contains(&format!("{path}?token=")));
        links.len() >= count
    });
    links.remove(count - 1)
}

/// The mails in a folder, in the order of their names.
pub(crate) fn arrived(folder: &Path) -> Vec<Arrived> {
    let Ok(files) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "eml"));
    files.sort();
    let mails = files
        .into_iter()
        .map(|file| Arrived(fs::read_to_string(file).unwrap()));
    mails.collect()
}

/// A mail as it went over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Arrived(String);

impl Arrived {
    pub(crate) fn header(&self, name: &str) -> &str {
        let (head, _) = self.0.split_once("\r\n\r\n").unwrap();
        let start = format!("{name}: ");
        let mut lines = head.lines().filter_map(|line| line.strip_prefix(&start));
        lines
            .next()
            .unwrap_or_else(|| panic!("no {name} in {head}"))
    }

    /// Its first part, decoded from quoted-printable (RFC 2045, section 6.7), which is the text.
    pub(crate) fn text(&self) -> String {
        let (_, part) = self.0.split_once("text/plain").unwrap();
        let (_, body) = part.split_once("\r\n\r\n").unwrap();
        let body = body.split("\r\n--").next().unwrap();
        let body = body.replace("=\r\n", "").replace("\r\n", "\n");
        let mut parts = body.split('=');
        let mut bytes = parts.next().unwrap().as_bytes().to_vec();
        for part in parts {
            let (code, rest) = part.split_at(2);
            bytes.push(u8::from_str_radix(code, 16).unwrap());
            bytes.extend(rest.as_bytes());
        }
        String::from_utf8(bytes).unwrap()
    }

    /// Its link, which is on a line of its own.
    pub(crate) fn link(&self) -> String {
        let link = self.find_link();
        link.unwrap_or_else(|| panic!("no link in {}", self.text()))
    }

    fn find_link(&self) -> Option<String> {
        let text = self.text();
        let mut lines = text.lines();
        let link = lines.find(|line| line.starts_with("http") && line.contains("?token="));
        link.map(str::to_owned)
    }

    /// The token of its link.
    pub(crate) fn token(&self) -> String {
        self.link().split_once("?token=").unwrap().1.to_owned()
    }
}

/// Asks until it is so.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "never: {what}");
        // Leaves the processor to the program.
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
