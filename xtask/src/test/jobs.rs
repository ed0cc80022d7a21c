//! Commands that run two at a time.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use anyhow::{Context, bail};

/// One job computes while the other waits for its database or its browser. With more at a time,
/// a slow machine would miss the time limits of some tests.
const AT_A_TIME: usize = 2;

/// A command with a title for people.
pub(super) struct Job {
    pub(super) title: String,
    pub(super) command: Command,
}

/// A job that did not succeed.
struct Failed {
    title: String,
    output: File,
}

/// Runs all of them, even after one failed. The output of each is printed in one piece, that of the
/// failed ones last, and after it the names of the failed tests with their panics, because a CI
/// service may show only the end of a long output.
pub(super) fn run_all(jobs: Vec<Job>) -> anyhow::Result<()> {
    let queue = Mutex::new(jobs.into_iter());
    // A function of its own, so that the lock is released before the job runs.
    let next = || queue.lock().expect("no worker panics").next();
    let work = || {
        let mut failed = Vec::new();
        while let Some(job) = next() {
            failed.extend(run(job)?);
        }
        anyhow::Ok(failed)
    };
    let failed = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(work)).collect();
        let results = workers.into_iter().map(|worker| worker.join());
        let results = results.map(|failed| failed.expect("no worker panics"));
        results.collect::<anyhow::Result<Vec<_>>>()
    })?;

    let (mut titles, mut summary) = (Vec::new(), String::new());
    for mut job in failed.into_iter().flatten() {
        print(&format!("{} failed:", job.title), &mut job.output)?;
        summary += &format!("\n{} failed:\n{}", job.title, failures(&mut job.output)?);
        titles.push(job.title);
    }
    if !titles.is_empty() {
        writeln!(io::stdout(), "\nWhat failed:\n{summary}")?;
        bail!("failed: {}", titles.join(", "));
    }
    Ok(())
}

/// The failed tests in an output, and its panics with the lines that follow them; the last lines of
/// an output with neither.
fn failures(output: &mut File) -> anyhow::Result<String> {
    const LINES: usize = 12;

    let mut bytes = Vec::new();
    output.rewind()?;
    output.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<_> = text.lines().collect();
    let mut shown = String::new();
    let mut until = 0;
    for (at, line) in lines.iter().enumerate() {
        if line.contains("panicked at") {
            until = at + LINES;
        }
        if at < until || line.ends_with("... FAILED") {
            shown += &format!("{}\n", line.chars().take(1_000).collect::<String>());
        }
    }
    if shown.is_empty() {
        let from = lines.len().saturating_sub(LINES);
        shown = lines[from..].join("\n") + "\n";
    }
    Ok(shown)
}

fn run(mut job: Job) -> anyhow::Result<Option<Failed>> {
    let started = Instant::now();
    // A file and not a pipe: a process that outlives its test would keep a pipe open.
    let mut output = tempfile::tempfile()?;
    // The place of a panic is enough, and backtraces would hide it.
    let command = job.command.env("RUST_BACKTRACE", "0");
    let command = command.stdout(output.try_clone()?);
    let status = command.stderr(output.try_clone()?).status();
    let status = status.with_context(|| format!("cannot start {}", job.title))?;

    let (title, seconds) = (job.title, started.elapsed().as_secs_f64());
    if status.success() {
        print(&format!("{title}: ok, {seconds:.1} s"), &mut output)?;
        return Ok(None);
    }
    writeln!(
        io::stdout(),
        "\n{title}: {status}; its output follows below"
    )?;
    Ok(Some(Failed { title, output }))
}

fn print(heading: &str, output: &mut File) -> anyhow::Result<()> {
    output.rewind()?;
    let mut out = io::stdout().lock();
    writeln!(out, "\n{heading}")?;
    io::copy(output, &mut out)?;
    Ok(())
}
