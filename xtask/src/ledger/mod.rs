//! `cargo xtask ledger`: which requirements and attacks of `docs/security/` have a test.

mod page;
mod row;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, bail, ensure};

use crate::ledger::row::{Row, Status, named_tests};
use crate::workspace;

/// A file of `docs/security/`, with the titles of its chapters. The chapter of a row is the start
/// of its id.
struct Source {
    file: &'static str,
    title: &'static str,
    chapters: &'static [(&'static str, &'static str)],
}

const ASVS: Source = Source {
    file: "docs/security/asvs.tsv",
    title: "OWASP ASVS 5.0",
    chapters: &[
        ("1", "Encoding and sanitization"),
        ("2", "Validation and business logic"),
        ("3", "Web frontend security"),
        ("4", "API and web service"),
        ("6", "Authentication"),
        ("7", "Session management"),
        ("8", "Authorization"),
        ("9", "Self-contained tokens"),
        ("11", "Cryptography"),
        ("12", "Secure communication"),
        ("13", "Configuration"),
        ("14", "Data protection"),
        ("15", "Secure coding and architecture"),
        ("16", "Security logging and error handling"),
    ],
};

const ATTACKS: Source = Source {
    file: "docs/security/attacks.tsv",
    title: "Attacks",
    chapters: &[
        ("A", "Sessions and cookies"),
        ("B", "Enumeration and guessing"),
        ("C", "Passwords"),
        ("D", "Names and addresses"),
        ("E", "Tokens and links"),
        ("F", "Cross-site requests and browsers"),
        ("G", "Second factors and passkeys"),
        ("H", "Authorization"),
        ("I", "Injection, transport, resources"),
    ],
};

/// The rows of one file.
struct Ledger {
    source: Source,
    rows: Vec<Row>,
}

/// Prints the score of each file and chapter, and fails if a row or the page is wrong.
/// With `write`, the page is written first.
pub(crate) fn run(write: bool) -> anyhow::Result<()> {
    let workspace = workspace()?;
    let ledgers = read(workspace)?;
    if write {
        page::write(workspace, &ledgers)?;
    }
    for ledger in &ledgers {
        writeln!(io::stdout(), "{}\n{}", ledger.source.title, ledger.score())?;
    }
    let mut wrong = wrong_rows(workspace, &ledgers);
    wrong.extend(page::difference(workspace, &ledgers)?);
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

fn read(workspace: &Path) -> anyhow::Result<Vec<Ledger>> {
    let ledgers = [ASVS, ATTACKS].map(|source| {
        let text = fs::read_to_string(workspace.join(source.file)).context(source.file)?;
        Ledger::parse(source, &text)
    });
    ledgers.into_iter().collect()
}

/// Says what is wrong with the rows: ids that come twice, chapters that there are not, and tests
/// that there are not.
fn wrong_rows(workspace: &Path, ledgers: &[Ledger]) -> Vec<String> {
    let mut files = BTreeMap::new();
    let mut wrong = Vec::new();
    for ledger in ledgers {
        let mut seen = BTreeSet::new();
        for row in &ledger.rows {
            let mut say = |what: String| wrong.push(format!("{}: {what}", row.id));
            if !seen.insert(&row.id) {
                say("the id comes twice".to_owned());
            }
            if ledger.chapter_of(row).is_none() {
                say("there is no such chapter".to_owned());
            }
            for (file, test) in named_tests(row) {
                let code = files
                    .entry(file.to_owned())
                    .or_insert_with(|| fs::read_to_string(workspace.join(file)).ok());
                let Some(code) = code else {
                    say(format!("there is no file {file}"));
                    continue;
                };
                if !code.contains(&format!("fn {test}(")) {
                    say(format!("{file} has no test {test}"));
                }
            }
        }
    }
    wrong
}

impl Ledger {
    /// Reads the rows, of four columns each.
    fn parse(source: Source, text: &str) -> anyhow::Result<Self> {
        let mut lines = text.lines();
        ensure!(
            lines.next() == Some("id\tstatus\trequirement\tevidence"),
            "{}: the first line names the columns",
            source.file
        );
        let rows: anyhow::Result<_> = lines.map(Row::parse).collect();
        let rows = rows.context(source.file)?;
        Ok(Self { source, rows })
    }

    /// The index of the row's chapter.
    fn chapter_of(&self, row: &Row) -> Option<usize> {
        let chapters = self.source.chapters.iter();
        let mut ids = chapters.map(|(id, _)| id);
        ids.position(|id| *id == row.chapter())
    }

    /// How many rows have each status, for each chapter and in all.
    fn score(&self) -> String {
        let mut table = format!("{:40}{}\n", "", heads().join("  "));
        for (chapter, counts) in self.counts() {
            let counts: Vec<_> = (counts.iter().zip(heads()))
                .map(|(count, head)| format!("{count:>width$}", width = head.len()))
                .collect();
            table += &format!("{chapter:40}{}\n", counts.join("  "));
        }
        table
    }

    /// The title of each chapter with its number of rows and the numbers by status; all in the end.
    fn counts(&self) -> Vec<(String, Vec<usize>)> {
        let chapters = self.source.chapters.iter();
        let counted = chapters.map(|(id, title)| {
            let rows = self.rows.iter().filter(|row| row.chapter() == *id);
            (format!("{id} {title}"), count(&rows.collect::<Vec<_>>()))
        });
        let all = (
            "All".to_owned(),
            count(&self.rows.iter().collect::<Vec<_>>()),
        );
        counted.chain([all]).collect()
    }
}

/// What the numbers of [`Ledger::counts`] count.
fn heads() -> Vec<&'static str> {
    let statuses = Status::ALL.iter().map(|status| status.word());
    ["rows"].into_iter().chain(statuses).collect()
}

fn count(rows: &[&Row]) -> Vec<usize> {
    let of = |status| rows.iter().filter(|row| row.status == status).count();
    let by_status = Status::ALL.into_iter().map(of);
    [rows.len()].into_iter().chain(by_status).collect()
}

#[cfg(test)]
mod tests {
    use super::{ATTACKS, Ledger, page, read, wrong_rows};
    use crate::workspace;

    #[test]
    fn each_row_is_right_and_the_page_shows_it() {
        let workspace = workspace().unwrap();
        let ledgers = read(workspace).unwrap();

        let wrong = wrong_rows(workspace, &ledgers);

        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        if let Some(difference) = page::difference(workspace, &ledgers).unwrap() {
            panic!("{difference}");
        }
    }

    fn ledger(rows: &str) -> anyhow::Result<Ledger> {
        Ledger::parse(
            ATTACKS,
            &format!("id\tstatus\trequirement\tevidence\n{rows}"),
        )
    }

    #[test]
    fn a_row_that_names_no_test_or_reason_is_refused() {
        for (row, what) in [
            ("A1\tT\tFixation", "4 columns"),
            ("A1\tM\tFixation\tit holds", "status"),
            ("A1\tT\t\ta.rs::b", "empty"),
            ("A1\tF\tFixation\t", "empty"),
            ("A1\tT\tFixation\tseen", "path/file.rs::test"),
        ] {
            let refused = ledger(row).err().unwrap();
            assert!(format!("{refused:#}").contains(what), "{row}: {refused:#}");
        }
    }

    #[test]
    fn an_id_that_comes_twice_and_a_test_that_is_gone_are_found() {
        let this = "xtask/src/ledger/mod.rs";
        let rows = format!(
            "A1\tT\tFixation\t{this}::an_id_that_comes_twice_and_a_test_that_is_gone_are_found\n\
             A1\tX\tFixation\ta reason\n\
             A2\tT\tMore\t{this}::not_there; none.rs::not_there\n\
             Z1\tX\tMore\ta reason"
        );

        let wrong = wrong_rows(workspace().unwrap(), &[ledger(&rows).unwrap()]);

        assert_eq!(
            wrong,
            [
                "A1: the id comes twice",
                "A2: xtask/src/ledger/mod.rs has no test not_there",
                "A2: there is no file none.rs",
                "Z1: there is no such chapter",
            ]
        );
    }
}
