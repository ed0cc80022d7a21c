//! [`Text`]: a text for a visitor whose language is not yet known.

use std::fmt;
use std::time::Duration;

/// A text for a visitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Text {
    /// A text of the catalogue, by its name, with its arguments by name.
    Named(&'static str, Vec<(&'static str, Argument)>),
    /// A text that is already in the visitor's language, or that the app wrote.
    #[cfg_attr(
        not(feature = "sql"),
        expect(dead_code, reason = "only pages have such texts")
    )]
    AsIs(String),
}

/// An argument of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Argument {
    Number(u64),
    Words(String),
    /// Another text of the catalogue, such as `3 minutes`.
    Text(Box<Text>),
}

impl Text {
    /// The text with this name. `pages/texts` and each flow's folder have them.
    pub(crate) fn named(name: &'static str) -> Self {
        Self::Named(name, Vec::new())
    }

    /// Adds an argument.
    pub(crate) fn with(mut self, name: &'static str, argument: impl Into<Argument>) -> Self {
        if let Self::Named(_, arguments) = &mut self {
            arguments.push((name, argument.into()));
        }
        self
    }
}

impl From<u64> for Argument {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<usize> for Argument {
    fn from(number: usize) -> Self {
        Self::Number(u64::try_from(number).unwrap_or(u64::MAX))
    }
}

impl From<&str> for Argument {
    fn from(words: &str) -> Self {
        Self::Words(words.to_owned())
    }
}

impl From<String> for Argument {
    fn from(words: String) -> Self {
        Self::Words(words)
    }
}

impl From<Text> for Argument {
    fn from(text: Text) -> Self {
        Self::Text(Box::new(text))
    }
}

/// A wait as people say it, rounded up: `8 seconds`, `3 minutes`. As an argument it is in the
/// visitor's language.
pub(crate) struct InWords(pub(crate) Duration);

impl InWords {
    /// The number and its unit.
    fn count(&self) -> (u64, Unit) {
        match whole_seconds(self.0) {
            seconds @ 0..100 => (seconds, Unit::Second),
            seconds @ 100..5_400 => (seconds.div_ceil(60), Unit::Minute),
            seconds => (seconds.div_ceil(3_600), Unit::Hour),
        }
    }
}

enum Unit {
    Second,
    Minute,
    Hour,
}

/// In English.
impl fmt::Display for InWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = self.count();
        let unit = match unit {
            Unit::Second => "second",
            Unit::Minute => "minute",
            Unit::Hour => "hour",
        };
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "{count} {unit}{plural}")
    }
}

impl From<InWords> for Argument {
    fn from(wait: InWords) -> Self {
        let (count, unit) = wait.count();
        let text = Text::named(match unit {
            Unit::Second => "wait-seconds",
            Unit::Minute => "wait-minutes",
            Unit::Hour => "wait-hours",
        });
        Self::Text(Box::new(text.with("count", count)))
    }
}

/// Whole seconds, rounded up, at least 1.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis().div_ceil(1_000).max(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::InWords;

    #[test]
    fn a_wait_is_said_as_people_say_it() {
        let said = |millis| InWords(Duration::from_millis(millis)).to_string();

        assert_eq!(said(0), "1 second");
        assert_eq!(said(1_001), "2 seconds");
        assert_eq!(said(100_000), "2 minutes");
        assert_eq!(said(15 * 60_000), "15 minutes");
        assert_eq!(said(90 * 60_000), "2 hours");
    }
}
