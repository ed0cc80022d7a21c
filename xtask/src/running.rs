//! `cargo xtask running`: runs the commands of the book's part on running the program, in order, on a
//! throw-away machine (`docs/deploy/machine.sh`).
//!
//! A code block of a chapter is one of these:
//!
//! - a block of `sh`: it is run;
//! - any block after the comment `<!-- file: PATH -->`: it is written to that file;
//! - any block after `<!-- not run: WHY -->`: it is left out.
//!
//! A comment that begins with a line `<!-- run` and ends with a line `-->` holds commands that the
//! book does not show, such as checks of what a command did.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use crate::{EVERYTHING, cargo, packages, run, target_folder, workspace};

const FOLDER: &str = "docs/src/running";

/// The programs of the chapters, and the packages that have them.
const PROGRAMS: [(&str, &str); 12] = [
    ("caddy", "caddy"),
    ("curl", "curl"),
    ("fail2ban-regex", "fail2ban"),
    ("ip", "iproute2"),
    ("mariadbd", "mariadb-server"),
    ("nginx", "nginx"),
    ("openssl", "openssl"),
    ("pg_createcluster", "postgresql"),
    ("promtool", "prometheus"),
    ("redis-server", "redis-server"),
    ("sqlite3", "sqlite3"),
    ("systemd-analyze", "systemd"),
];

pub(crate) fn run_all() -> anyhow::Result<()> {
    packages::install(&packages::missing(&PROGRAMS))?;
    cargo(&[&["build"], &EVERYTHING[..], &["--bin", "vestibule"]].concat())?;
    let script = tempfile::NamedTempFile::new()?;
    fs::write(script.path(), script_of(&chapters(workspace()?)?)?)?;
    let mut machine = Command::new(workspace()?.join("docs/deploy/machine.sh"));
    let program = target_folder()?.join("debug/vestibule");
    run(machine.arg(script.path()).arg(program))
}

/// A chapter's name and its text.
type Chapter = (String, String);

/// The chapters in the order of the book.
fn chapters(workspace: &Path) -> anyhow::Result<Vec<Chapter>> {
    let summary = fs::read_to_string(workspace.join("docs/src/SUMMARY.md"))?;
    let links = summary.lines().filter_map(|line| {
        let (_, link) = line.split_once("(running/")?;
        link.strip_suffix(')')
    });
    let mut chapters = Vec::new();
    for name in links {
        let text = fs::read_to_string(workspace.join(FOLDER).join(name));
        chapters.push((name.to_owned(), text.context(name.to_owned())?));
    }
    Ok(chapters)
}

fn script_of(chapters: &[Chapter]) -> anyhow::Result<String> {
    let mut script = "set -Eeuo pipefail\nat=\n\
        trap 'echo \"failed: $at\" >&2; tail -n 20 /var/log/vestibule.log >&2 || true' ERR\n"
        .to_owned();
    for (name, text) in chapters {
        for step in steps(name, text)? {
            let at = format!("{FOLDER}/{name}:{}", step.line);
            writeln!(script, "at={at}")?;
            match step.action {
                Action::Run(commands) => {
                    writeln!(
                        script,
                        "echo \"== $at\" >&2\nset -x\n{commands}\n{{ set +x; }} 2>/dev/null"
                    )?;
                }
                Action::Check(commands) => writeln!(script, "{{\n{commands}\n}} >/dev/null")?,
                Action::Write(path, text) => {
                    writeln!(script, "mkdir --parents \"$(dirname {path})\"")?;
                    writeln!(script, "cat >{path} <<'END OF FILE'\n{text}\nEND OF FILE")?;
                }
                Action::Leave(why) => writeln!(script, "echo '== {at} is not run: {why}' >&2")?,
            }
        }
    }
    script += "echo 'ok: each command of the chapters' >&2\n";
    Ok(script)
}

struct Step {
    line: usize,
    action: Action,
}

enum Action {
    Run(String),
    /// As `Run`, without its output.
    Check(String),
    Write(String, String),
    Leave(String),
}

/// What a chapter has to do, in order. An error if a block is none of the kinds.
fn steps(chapter: &str, text: &str) -> anyhow::Result<Vec<Step>> {
    let mut steps = Vec::new();
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    let mut comment = None;
    while let Some((at, line)) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        let mut until = |end: &str| {
            let inside = lines.by_ref().map(|(_, line)| line);
            let inside = inside.take_while(|line| line.trim() != end);
            let inside = inside.map(|line| line.get(indent..).unwrap_or_default());
            inside.collect::<Vec<_>>().join("\n")
        };
        let line = line.trim();
        let action = if line == "<!-- run" {
            Action::Check(until("-->"))
        } else if let Some(language) = line.strip_prefix("```") {
            let text = until("```");
            match (comment.take(), language) {
                (Some(Comment::File(path)), _) => Action::Write(path, text),
                (Some(Comment::NotRun(why)), _) => Action::Leave(why),
                (None, "sh") => Action::Run(text),
                // Doctests run it.
                (None, "rust") => continue,
                (None, _) => bail!(
                    "{chapter}:{at}: say before this block what to do with it: `<!-- file: PATH -->` \
                     or `<!-- not run: WHY -->`"
                ),
            }
        } else {
            comment = Comment::read(line).or(comment);
            continue;
        };
        steps.push(Step { line: at, action });
    }
    Ok(steps)
}

enum Comment {
    File(String),
    NotRun(String),
}

impl Comment {
    fn read(line: &str) -> Option<Self> {
        let text = line.strip_prefix("<!--")?.strip_suffix("-->")?.trim();
        let (kind, rest) = text.split_once(": ")?;
        match kind {
            "file" => Some(Self::File(rest.to_owned())),
            "not run" => Some(Self::NotRun(rest.to_owned())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{chapters, script_of};
    use crate::workspace;

    #[test]
    fn each_block_of_the_chapters_is_run_or_says_why_not() {
        let chapters = chapters(workspace().unwrap()).unwrap();

        let script = script_of(&chapters).unwrap();

        assert!(chapters.len() > 5, "{}", chapters.len());
        assert!(script.contains("\nsudo systemctl restart vestibule\n"));
        let untold = [("a.md".to_owned(), "```toml\nlisten = 1\n```\n".to_owned())];
        assert!(script_of(&untold).is_err());
    }
}
