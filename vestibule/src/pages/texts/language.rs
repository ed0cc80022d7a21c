//! The best of the offered languages for a visitor.

use fluent_langneg::{NegotiationStrategy, negotiate_languages};
use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;
use unic_langid::LanguageIdentifier;

/// More entries than this are not read. Browsers send fewer.
const MAX_ENTRIES: usize = 20;

/// The best of the `offered` languages by `Accept-Language` (RFC 9110 section 12.5.4), if it names
/// one of them.
pub(super) fn best(headers: &HeaderMap, offered: &[LanguageIdentifier]) -> Option<usize> {
    let entries = headers.get_all(ACCEPT_LANGUAGE).iter();
    let entries = entries.filter_map(|value| value.to_str().ok());
    let entries = entries.flat_map(|value| value.split(',')).take(MAX_ENTRIES);
    let mut wanted: Vec<_> = entries.filter_map(parse).collect();
    // Stable: of those with the same weight, the first is wanted most.
    wanted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    let wanted: Vec<_> = wanted.into_iter().map(|(_, language)| language).collect();
    let best = negotiate_languages(&wanted, offered, None, NegotiationStrategy::Lookup);
    let best = *best.first()?;
    offered.iter().position(|language| language == best)
}

/// One entry, with its weight in thousandths. `None` if it is not acceptable, or names no language.
fn parse(entry: &str) -> Option<(u16, LanguageIdentifier)> {
    let mut parts = entry.split(';').map(str::trim);
    let language = parts.next()?.parse().ok()?;
    let weight = parts
        .find_map(|parameter| parameter.strip_prefix("q="))
        .map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0));
    let weight = (weight.clamp(0.0, 1.0) * 1000.0) as u16;
    (weight > 0).then_some((weight, language))
}
