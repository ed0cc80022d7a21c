//! The part of the book's page that shows the ledgers.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::ledger::row::{Row, Status};
use crate::ledger::{Ledger, heads};

/// What stands below this line is written by `cargo xtask ledger --write`.
const WRITTEN_BELOW: &str = "<!-- cargo xtask ledger --write -->\n";

/// The statuses whose rows are listed, with the headings of their tables and of their evidence.
const LISTED: [(Status, &str, &str); 3] = [
    (Status::Exception, "Exceptions", "reason"),
    (Status::Partly, "Met in part", "what is missing"),
    (Status::Later, "Later", "why"),
];

fn path(workspace: &Path) -> PathBuf {
    workspace.join("docs/src/ledger.md")
}

/// The page as it is, up to the line and below it.
fn read(workspace: &Path) -> anyhow::Result<(String, String)> {
    let page = fs::read_to_string(path(workspace)).context("docs/src/ledger.md")?;
    let parts = page.split_once(WRITTEN_BELOW);
    let (by_hand, written) = parts.context("docs/src/ledger.md has not the line")?;
    Ok((by_hand.to_owned(), written.to_owned()))
}

pub(super) fn write(workspace: &Path, ledgers: &[Ledger]) -> anyhow::Result<()> {
    let (by_hand, _) = read(workspace)?;
    let page = [&*by_hand, WRITTEN_BELOW, &tables(ledgers)].concat();
    Ok(fs::write(path(workspace), page)?)
}

/// Says what the page should show, if it shows something else.
pub(super) fn difference(workspace: &Path, ledgers: &[Ledger]) -> anyhow::Result<Option<String>> {
    let (_, written) = read(workspace)?;
    let tables = tables(ledgers);
    let message = || {
        format!(
            "docs/src/ledger.md is out of date: `cargo xtask ledger --write`. It says:\n{tables}"
        )
    };
    Ok((written != tables).then(message))
}

fn tables(ledgers: &[Ledger]) -> String {
    let mut page = String::new();
    for ledger in ledgers {
        page += &format!("\n## {}\n\n", ledger.source.title);
        page += &line(&["chapter"], &heads());
        page += &line(&["---"], &vec!["---:"; heads().len()]);
        for (chapter, counts) in ledger.counts() {
            let counts: Vec<_> = counts.iter().map(usize::to_string).collect();
            let counts: Vec<_> = counts.iter().map(String::as_str).collect();
            page += &line(&[&chapter], &counts);
        }
    }
    for (status, title, evidence) in LISTED {
        let all = ledgers.iter().flat_map(|ledger| &ledger.rows);
        let rows: Vec<&Row> = all.filter(|row| row.status == status).collect();
        if rows.is_empty() {
            continue;
        }
        page += &format!("\n## {title}\n\n");
        page += &line(&["id", "requirement or attack", evidence], &[]);
        page += &line(&["---"; 3], &[]);
        for row in rows {
            page += &line(&[&row.id, &row.requirement, &shown(&row.evidence)], &[]);
        }
    }
    page
}

/// The evidence without the folders of the tests.
fn shown(evidence: &str) -> String {
    let parts = evidence
        .split("; ")
        .map(|part| match part.split_once(".rs::") {
            Some((_, test)) => format!("`{test}`"),
            None => part.to_owned(),
        });
    parts.collect::<Vec<_>>().join("; ")
}

fn line(cells: &[&str], more: &[&str]) -> String {
    format!("| {} |\n", [cells, more].concat().join(" | "))
}
