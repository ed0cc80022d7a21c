//! The catalogue is complete in each shipped language, and the negotiation finds the right one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use http::header::{ACCEPT_LANGUAGE, COOKIE, HeaderMap};

use super::arguments::arguments_of;
use super::catalogue::parse;
use super::{SHIPPED, Texts};
use crate::accounts::Action;
use crate::session::Methods;
use crate::web::text::Text;

/// The files of the library's folder with this ending.
fn files(ending: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, ending, found);
            } else if path.to_str().unwrap().ends_with(ending) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        ending,
        &mut found,
    );
    found.sort();
    found
}

/// All texts that are shipped in a language by name, with the arguments that each uses.
fn shipped(tag: &str) -> BTreeMap<String, BTreeSet<String>> {
    let files = files(&format!("/{tag}.ftl")).into_iter();
    let texts = files.map(|file| parse(fs::read_to_string(file).unwrap()).unwrap());
    texts.flat_map(|texts| arguments_of(&texts)).collect()
}

#[test]
fn every_text_is_in_every_language_with_the_same_arguments() {
    let english = shipped("en");
    assert!(english.len() > 200);
    for tag in SHIPPED {
        assert_eq!(shipped(tag), english, "{tag}");
    }
}

/// The names in `t("…")` of a template.
fn asked_by_template(source: &str) -> impl Iterator<Item = &str> {
    let calls = source.match_indices("t(").filter_map(|(at, _)| {
        let is_in_a_word = source[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let rest = &source[at + 2..];
        let quote = rest.chars().next()?;
        let is_call = !is_in_a_word && matches!(quote, '"' | '\'');
        is_call.then(|| rest[1..].split(quote).next())?
    });
    // `t("method-" ~ …)` asks for one of a list.
    calls.filter(|name| !name.ends_with('-'))
}

/// The names in `Text::named("…")` of our code.
fn asked_by_code(source: &str) -> impl Iterator<Item = &str> {
    let calls = source
        .split("Text::named(\"")
        .chain(source.split("Self::named(\""));
    calls
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|name| name.contains('-'))
}

#[test]
fn every_text_is_used_and_every_used_text_exists() {
    let read = |file: PathBuf| fs::read_to_string(file).unwrap();
    let templates: Vec<_> = files(".html").into_iter().map(read).collect();
    let code: Vec<_> = files(".rs").into_iter().map(read).collect();
    let english = shipped("en");
    let all: BTreeSet<&str> = english.keys().map(String::as_str).collect();

    let mut asked: BTreeSet<&str> = templates
        .iter()
        .flat_map(|one| asked_by_template(one))
        .collect();
    for source in &code {
        asked
            .extend(asked_by_code(source).filter(|name| all.contains(name) || !name.contains(' ')));
    }
    let missing: Vec<_> = asked.difference(&all).collect();
    assert!(missing.is_empty(), "there is no text {missing:?}");

    // In code, a name may be anywhere: any literal counts.
    for source in &code {
        asked.extend(source.split('"'));
    }
    // The last are those of the program, which has a test for each.
    let lists = [
        "method-",
        "action-",
        "activity-",
        "admin-invitation-is-",
        "second-factor-by-",
        "notices-",
        "export-",
        "program-",
    ];
    let of_a_list = |name: &str| lists.iter().any(|list| name.starts_with(list));
    let unused: Vec<_> = all
        .difference(&asked)
        .filter(|name| !of_a_list(name))
        .collect();
    assert!(unused.is_empty(), "no page uses {unused:?}");
}

#[test]
fn every_method_and_every_action_has_a_text() {
    let english = shipped("en");
    for method in Methods::from_bits(u16::MAX).names() {
        assert!(
            english.contains_key(&format!("method-{method}")),
            "{method}"
        );
    }
    for action in Action::ALL {
        let name = action.as_str().replace(' ', "-");
        assert!(english.contains_key(&format!("action-{name}")), "{name}");
    }
}

fn texts(offered: &[&str]) -> Texts {
    let offered: Vec<_> = offered.iter().map(|tag| (*tag).to_owned()).collect();
    let url = "https://example.com".parse().unwrap();
    Texts::new([], None, &offered, &url).unwrap()
}

fn language_for(texts: &Texts, accepted: &str, cookie: &str) -> String {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT_LANGUAGE, accepted.parse().unwrap());
    headers.insert(COOKIE, cookie.parse().unwrap());
    texts.tag(texts.language_of(&headers)).to_owned()
}

#[test]
fn the_language_is_the_chosen_one_or_the_best_by_accept_language_or_the_default() {
    let texts = texts(&["es", "en", "de"]);
    for (accepted, cookie, language) in [
        ("", "", "es"),
        ("fr, it", "", "es"),
        ("de-AT, de;q=0.9, en;q=0.8", "", "de"),
        ("fr, en-GB;q=0.7, de;q=0.3", "", "en"),
        ("de;q=0.1, en;q=0.9", "", "en"),
        ("de;q=0, en;q=0.1", "", "en"),
        ("*, ;;;q=x, 💥", "", "es"),
        ("de", "__Host-language=en", "en"),
        ("de", "__Host-language=fr", "de"),
        ("de", "__Host-language=en; __Host-language=es", "de"),
        ("de", "__Host-language=\"><script>", "de"),
    ] {
        assert_eq!(
            language_for(&texts, accepted, cookie),
            language,
            "{accepted} {cookie}"
        );
    }
}

#[test]
fn a_wrong_language_or_text_is_an_error_that_says_what_to_write() {
    let url = "https://example.com".parse().unwrap();
    let open = |folder: Option<&Path>, offered: &[&str]| {
        let offered: Vec<_> = offered.iter().map(|tag| (*tag).to_owned()).collect();
        Texts::new([], folder, &offered, &url)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert!(
        open(None, &["en", "fr"])
            .unwrap_err()
            .contains("there are de, es")
    );
    assert!(
        open(None, &["en", "en"])
            .unwrap_err()
            .contains("named twice")
    );
    for (name, text, message) in [
        ("de.ftl", "log-in = Los!\nlog-out", "de.ftl: line 2"),
        (
            "de.ftl",
            "log-in = Los, { $name }!",
            "`log-in` gets no argument `$name`",
        ),
        ("deutsch-und-mehr.ftl", "", "name the file by its language"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), text).unwrap();
        let error = open(Some(folder.path()), &[]).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
    assert!(open(Some(Path::new("no such folder")), &[]).is_err());
}

#[test]
fn a_folder_replaces_texts_and_adds_languages() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("de.ftl"), "log-in = Hereinspaziert").unwrap();
    fs::write(folder.path().join("ar.ftl"), "language-name = العربية").unwrap();
    let url = "https://example.com".parse().unwrap();
    let texts = Texts::new([], Some(folder.path()), &[], &url).unwrap();
    let say = |tag, name| texts.say(texts.find(tag).unwrap(), &Text::named(name));

    assert_eq!(say("de", "log-in"), "Hereinspaziert");
    assert_eq!(say("de", "log-out"), "Abmelden");
    assert_eq!(say("ar", "language-name"), "العربية");
    assert_eq!(
        say("ar", "log-out"),
        "Log out",
        "English where it is missing"
    );
    assert_eq!(texts.direction(texts.find("ar").unwrap()), "rtl");
    assert_eq!(texts.direction(texts.find("de").unwrap()), "ltr");
}
