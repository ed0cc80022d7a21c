//! A sorted file of hashes, searched on disk.

use std::cmp::Ordering;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::password::policy::breached::entry::{Entry, HashDigits};
use crate::password::policy::breached::failure::Failure;

/// The path of a file of hashes. Each look-up opens the file itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HashFile(PathBuf);

/// The maximum length of a line, newline included: 40 digits, a colon, and a count of any size.
const MAX_LINE_BYTES: usize = 128;

/// How many digits a line may have. With 16 digits, an unlisted password has the digits of a listed
/// one, and is rejected, with a probability of the list's length over 2^64.
const DIGITS_PER_LINE: RangeInclusive<usize> = 16..=HashDigits::LEN;

/// The check at start-up reads some lines at each of this many places.
const PROBES: u64 = 128;
const LINES_PER_PROBE: usize = 4;

const WRONG_FORMAT: &str = "it is not of the form: a line for each password, sorted, with the 40 \
                    hexadecimal digits of its SHA-1 or at least the first 16, as many in every \
                    line";

impl HashFile {
    /// # Errors
    /// When the file is missing, empty, or evidently in another format.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let checked = Lines::open(path).and_then(|mut lines| lines.check());
        let shown = path.display();
        checked.map_err(|why| {
            Error::config(format!(
                "cannot look up breached passwords in {shown}: {why}"
            ))
        })?;
        Ok(Self(path.to_owned()))
    }

    pub(super) fn contains(&self, digits: &HashDigits) -> Result<bool, Failure> {
        Lines::open(&self.0)?.contains(digits)
    }
}

impl fmt::Display for HashFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

/// The lines of an open file.
struct Lines {
    file: File,
    size_bytes: u64,
    digits_per_line: usize,
}

struct Line {
    /// The offset of its first byte.
    start: u64,
    /// The offset of the next line.
    end: u64,
    /// In upper case.
    digits: Vec<u8>,
    is_padding: bool,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, Failure> {
        // Opening a pipe would block until another process writes to it.
        if !std::fs::metadata(path)?.is_file() {
            return Err(Failure::Malformed("it is not a file"));
        }
        let file = File::open(path)?;
        let size_bytes = file.metadata()?.len();
        let mut lines = Self {
            file,
            size_bytes,
            digits_per_line: 0,
        };
        let Some(first) = lines.line_from(0)? else {
            return Err(Failure::Malformed("it is empty"));
        };
        lines.digits_per_line = first.digits.len();
        match lines.digits_per_line {
            32 => Err(Failure::Malformed(
                "its lines have 32 digits, as hashes by NTLM or MD5 have; take the list by SHA-1",
            )),
            digits if DIGITS_PER_LINE.contains(&digits) => Ok(lines),
            _ => Err(Failure::Malformed(WRONG_FORMAT)),
        }
    }

    /// Checks a sample of the lines, and the last ones.
    fn check(&mut self) -> Result<(), Failure> {
        let mut last = None;
        for probe in 0..PROBES {
            self.check_from(self.size_bytes / PROBES * probe, LINES_PER_PROBE, &mut last)?;
        }
        let tail = self.size_bytes.saturating_sub(2 * MAX_LINE_BYTES as u64);
        self.check_from(tail, usize::MAX, &mut last)
    }

    /// Checks that `count` lines from `place` on are sorted, and come after the `last` line checked
    /// before.
    fn check_from(
        &mut self,
        place: u64,
        count: usize,
        last: &mut Option<Line>,
    ) -> Result<(), Failure> {
        let mut next = place;
        for _ in 0..count {
            let Some(line) = self.line_from(next)? else {
                break;
            };
            next = line.end;
            match last {
                // In a small file two places have the same lines.
                Some(last) if line.start <= last.start => {}
                Some(last) if line.digits < last.digits => {
                    return Err(Failure::Malformed(
                        "its lines are not sorted by hash; `LC_ALL=C sort` sorts them",
                    ));
                }
                _ => *last = Some(line),
            }
        }
        Ok(())
    }

    fn contains(&mut self, digits: &HashDigits) -> Result<bool, Failure> {
        let wanted = &digits.0.as_bytes()[..self.digits_per_line];
        // Binary search by byte offset. Every line that starts before `low` is less than `wanted`;
        // the first line that starts at or after `high` is not.
        let (mut low, mut high) = (0, self.size_bytes);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.line_from(middle)? {
                Some(line) if (*line.digits).cmp(wanted) == Ordering::Less => low = line.end,
                _ => high = middle,
            }
        }
        while let Some(line) = self.line_from(low)?
            && line.digits == wanted
        {
            if !line.is_padding {
                return Ok(true);
            }
            low = line.end;
        }
        Ok(false)
    }

    /// The first line that starts at or after this offset.
    fn line_from(&mut self, at: u64) -> Result<Option<Line>, Failure> {
        let mut buffer = [0; 2 * MAX_LINE_BYTES];
        // The byte before shows whether a line starts exactly here.
        let from = at.saturating_sub(1);
        let read = self.read(from, &mut buffer)?;
        let is_all = from + read.len() as u64 >= self.size_bytes;
        let start = match memchr::memchr(b'\n', read) {
            _ if at == 0 => 0,
            Some(end) => end + 1,
            None if is_all => return Ok(None),
            None => return Err(Failure::Malformed(WRONG_FORMAT)),
        };
        let line = &read[start..];
        if line.is_empty() && is_all {
            return Ok(None);
        }
        let (line, len) = match memchr::memchr(b'\n', line) {
            Some(end) => (&line[..end], end + 1),
            None if is_all => (line, line.len()),
            None => return Err(Failure::Malformed(WRONG_FORMAT)),
        };
        let entry = Entry::parse(line).ok_or(Failure::Malformed(WRONG_FORMAT))?;
        if self.digits_per_line != 0 && entry.digits.len() != self.digits_per_line {
            return Err(Failure::Malformed(WRONG_FORMAT));
        }
        let start = from + start as u64;
        Ok(Some(Line {
            start,
            end: start + len as u64,
            digits: entry.digits.to_ascii_uppercase(),
            is_padding: entry.is_padding(),
        }))
    }

    /// Fills the buffer from this offset on, up to the end of the file.
    fn read<'a>(&mut self, from: u64, buffer: &'a mut [u8]) -> Result<&'a [u8], Failure> {
        self.file.seek(SeekFrom::Start(from))?;
        let mut len = 0;
        while len < buffer.len() {
            match self.file.read(&mut buffer[len..]) {
                Ok(0) => break,
                Ok(read) => len += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(&buffer[..len])
    }
}
