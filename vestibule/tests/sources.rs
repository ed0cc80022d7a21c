//! What holds for all of the source code: no `unsafe`, cryptography only where it is declared, and
//! secrets compared in constant time.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the library or the program, from the workspace's root, and its code without comments
/// and tests.
struct Source {
    file: String,
    code: String,
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    for package in ["vestibule", "server"] {
        read(
            &workspace().join(package).join("src"),
            &format!("{package}/src"),
            &mut sources,
        );
    }
    assert!(sources.len() > 150, "this test sees the code");
    sources
}

fn read(folder: &Path, shown: &str, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let file = format!("{shown}/{name}");
        if path.is_dir() {
            if name != "tests" {
                read(&path, &file, sources);
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let lines = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            let code = lines.map(|line| format!("{line}\n")).collect();
            sources.push(Source { file, code });
        }
    }
}

/// ASVS 1.4.1.
#[test]
fn each_package_forbids_unsafe_code() {
    let workspace = workspace();
    let manifest =
        |folder: &str| fs::read_to_string(workspace.join(folder).join("Cargo.toml")).unwrap();
    let root = manifest(".");
    assert!(root.contains("\n[workspace.lints.rust]\nunsafe_code = \"forbid\"\n"));

    let (_, members) = root.split_once("\nmembers = [").unwrap();
    let members = members.split(']').next().unwrap();
    let members: Vec<_> = members.split('"').skip(1).step_by(2).collect();

    assert!(members.len() >= 4, "{members:?}");
    for member in members {
        assert!(
            manifest(member).contains("\n[lints]\nworkspace = true\n"),
            "{member}"
        );
    }
}

/// The crates that do cryptography, and where they may be named.
const CRYPTOGRAPHY: [(&str, &[&str]); 14] = [
    ("argon2", &["vestibule/src/password/hash/"]),
    ("bcrypt", &["vestibule/src/password/hash/"]),
    ("libsodium_rs", &["vestibule/src/password/hash/"]),
    ("pbkdf2", &["vestibule/src/password/hash/"]),
    ("scrypt", &["vestibule/src/password/hash/"]),
    ("chacha20poly1305", &["vestibule/src/crypto/cipher.rs"]),
    ("getrandom", &["vestibule/src/crypto/random.rs"]),
    ("hkdf", &["vestibule/src/crypto/key.rs"]),
    ("hmac", &["vestibule/src/crypto/"]),
    (
        "sha2",
        &["vestibule/src/crypto/", "vestibule/src/password/hash/"],
    ),
    ("subtle", &["vestibule/src/crypto/digest.rs"]),
    ("rustls", &["vestibule/src/stores/redis/"]),
    // In old hashes by PBKDF2, and in the protocol for breached passwords.
    (
        "sha1",
        &[
            "vestibule/src/password/hash/function.rs",
            "vestibule/src/password/policy/breached/entry.rs",
        ],
    ),
    ("tokio_rustls", &[]),
];

/// Broken algorithms, and other crates for what is done already.
const NOT_USED: [&str; 22] = [
    "aes",
    "aes-gcm",
    "blake2",
    "blake3",
    "cbc",
    "des",
    "ecdsa",
    "ed25519-dalek",
    "fastrand",
    "md-5",
    "md2",
    "md4",
    "md5",
    "openssl",
    "orion",
    "rand",
    "rc4",
    "ring",
    "ripemd",
    "rsa",
    "sha3",
    "sodiumoxide",
];

/// ASVS 11.2.1, 11.4.1 and 11.4.3.
#[test]
fn cryptography_is_done_by_known_crates_where_it_is_declared() {
    let mut seen = [0; CRYPTOGRAPHY.len()];
    for Source { file, code } in sources() {
        for (i, (name, places)) in CRYPTOGRAPHY.iter().enumerate() {
            if !names_crate(&code, name) {
                continue;
            }
            seen[i] += 1;
            let is_declared = places.iter().any(|place| file.starts_with(place));
            assert!(
                is_declared,
                "{file} uses {name}; say in this test that it may"
            );
        }
    }
    for ((name, places), seen) in CRYPTOGRAPHY.iter().zip(seen) {
        assert_eq!(
            seen > 0,
            !places.is_empty(),
            "this test sees where {name} is used"
        );
    }
    for package in ["vestibule", "server"] {
        let manifest = fs::read_to_string(workspace().join(package).join("Cargo.toml")).unwrap();
        for name in NOT_USED {
            assert!(
                !manifest.contains(&format!("\n{name} = ")),
                "{package} depends on {name}"
            );
        }
    }
}

/// Whether a path in the code begins with this crate.
fn names_crate(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    code.match_indices(&path).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        before.is_none_or(|before| !before.is_alphanumeric() && !":_".contains(before))
    })
}

/// What a comparison by `==` could give away by its time.
const SECRET: [&str; 8] = [
    "digest", "hash", "mac", "password", "secret", "seed", "tag", "token",
];

/// The types of what visitors must not guess.
const SECRET_TYPES: [&str; 5] = [
    "RememberDigest",
    "RememberToken",
    "Secret",
    "SecretKey",
    "SessionToken",
];

/// Comparisons of what is called so and is no secret of a visitor's.
const NO_SECRET: [(&str, &str); 4] = [
    // Lengths.
    (
        "vestibule/src/password/hash/bounds.rs",
        "digest == BCRYPT_DIGEST_BYTES",
    ),
    // The type compares in constant time.
    (
        "vestibule/src/login/visit/remembered.rs",
        "remembered.token != token.digest()",
    ),
    ("vestibule/src/stores/memory.rs", "before.token != seen"),
    (
        "vestibule/src/session/remembered.rs",
        "self.token == presented",
    ),
];

/// E8; ASVS 11.2.4.
#[test]
fn secrets_are_compared_in_constant_time() {
    let mut declared = 0;
    for Source { file, code } in sources() {
        for operator in [" == ", " != "] {
            for (at, _) in code.match_indices(operator) {
                let (before, after) = (&code[..at], &code[at + operator.len()..]);
                let left = before
                    .rsplit([' ', '(', '|', '\n', '!', '&', '*'])
                    .next()
                    .unwrap();
                let right = after.split([' ', '\n', ';', ',', '{']).next().unwrap();
                if ![left, right].into_iter().any(is_secret) {
                    continue;
                }
                let found = format!("{left}{operator}{right}");
                let is_declared = NO_SECRET
                    .iter()
                    .any(|(place, text)| *place == file && found.starts_with(text));
                assert!(is_declared, "{file}: {found}: use constant_time_eq");
                declared += 1;
            }
        }
        for name in SECRET_TYPES {
            let declared = code.find(&format!("pub struct {name}"));
            let attributes = declared.map(|at| code[..at].rsplit("\n\n").next().unwrap());
            let is_derived = attributes.is_some_and(|derived| derived.contains("PartialEq"));
            assert!(!is_derived, "{file}: {name} is compared byte by byte");
        }
    }
    assert_eq!(
        declared,
        NO_SECRET.len(),
        "each of the declared ones is there"
    );
}

/// Whether the last name of an expression such as `&self.token.digest()` is one of a secret.
fn is_secret(expression: &str) -> bool {
    let path = expression
        .trim_end_matches(['(', ')'])
        .trim_start_matches(['&', '*', '(']);
    let last = path.rsplit(['.', ':']).next().unwrap_or_default();
    SECRET.contains(&last)
}
