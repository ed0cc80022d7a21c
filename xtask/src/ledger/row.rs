//! One requirement or attack, and what shows that it is met.

use anyhow::{Context, bail, ensure};

/// A row of a ledger.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) status: Status,
    /// What is required, or the attack and what must happen.
    pub(super) requirement: String,
    /// Tests as `path/file.rs::test`, or a reason and then tests; with `; ` between them.
    pub(super) evidence: String,
}

/// How a requirement is met. What is met without a test, or not at all, has no place here: it gets
/// a test, or a reason.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Tested,
    Exception,
    Partly,
    Later,
}

impl Status {
    pub(super) const ALL: [Self; 4] = [Self::Tested, Self::Exception, Self::Partly, Self::Later];

    /// The letter in the files.
    fn letter(self) -> &'static str {
        match self {
            Self::Tested => "T",
            Self::Exception => "X",
            Self::Partly => "P",
            Self::Later => "F",
        }
    }

    /// The word on the page.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Tested => "tested",
            Self::Exception => "exception",
            Self::Partly => "partly",
            Self::Later => "later",
        }
    }
}

impl Row {
    pub(super) fn parse(line: &str) -> anyhow::Result<Self> {
        let columns: Vec<_> = line.split('\t').collect();
        let [id, letter, requirement, evidence] = columns[..] else {
            bail!("a row has 4 columns: {line}");
        };
        let columns = [id, letter, requirement, evidence];
        ensure!(
            columns.iter().all(|column| !column.trim().is_empty()),
            "{id}: a column is empty"
        );
        let status = Status::ALL.into_iter().find(|all| all.letter() == letter);
        let row = Self {
            id: id.to_owned(),
            status: status.with_context(|| format!("{id}: {letter} is no status"))?,
            requirement: requirement.to_owned(),
            evidence: evidence.to_owned(),
        };
        let is_named = |test: &str| test.contains(".rs::");
        ensure!(
            row.status != Status::Tested || evidence.split("; ").all(is_named),
            "{id}: name each test as path/file.rs::test"
        );
        Ok(row)
    }

    /// The first part of the id: `6` of `6.2.1`, `A` of `A12`.
    pub(super) fn chapter(&self) -> &str {
        match self.id.split_once('.') {
            Some((chapter, _)) => chapter,
            None => self
                .id
                .trim_end_matches(|digit: char| digit.is_ascii_digit()),
        }
    }
}

/// The file and the name of each test that the row names.
pub(super) fn named_tests(row: &Row) -> impl Iterator<Item = (&str, &str)> {
    let tests = row.evidence.split("; ");
    tests.filter_map(|test| {
        test.split_once("::")
            .filter(|(file, _)| file.ends_with(".rs"))
    })
}
