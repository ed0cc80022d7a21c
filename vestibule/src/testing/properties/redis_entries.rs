//! What the session store reads from Redis.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::crypto::random::Random;
use crate::session::json::{hex, of_login, of_session, to_login, to_session};
use crate::session::{RememberCookie, RememberToken, RememberedLogin, Session, SessionExpiry};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// Checks the three fields of an entry, one in each line: the entry is rejected, or it stays the
/// same when it is written and read again, and can be used, whatever its numbers are.
///
/// # Panics
/// When this does not hold.
pub fn redis_entries(lines: &[u8]) {
    let Ok(text) = str::from_utf8(lines) else {
        return;
    };
    let mut lines = text.splitn(3, '\n').map(str::to_owned);
    let (data, second) = (lines.next(), lines.next());
    let third = lines.next().and_then(|number| number.trim().parse().ok());

    let fields = (data.clone(), second.clone(), third);
    if let Ok(Some(session)) = to_session(fields) {
        same_session_again(&session);
        used(&session);
    }
    if let Ok(Some(login)) = to_login((data, second, third)) {
        same_login_again(&login);
        used_to_log_in(&login);
    }
}

fn same_session_again(session: &Session) {
    let fields = (
        Some(of_session(session).expect("JSON")),
        Some(String::from(if session.is_fresh { "1" } else { "0" })),
        Some(session.last_seen_at.as_millis()),
    );
    assert_eq!(
        to_session(fields).expect("an entry").as_ref(),
        Some(session)
    );
}

fn same_login_again(login: &RememberedLogin) {
    let fields = (
        Some(of_login(login).expect("JSON")),
        Some(hex(login.token.as_bytes())),
        Some(login.expires_at.as_millis()),
    );
    assert_eq!(to_login(fields).expect("an entry").as_ref(), Some(login));
}

fn used(session: &Session) {
    let expiry = SessionExpiry::default();
    let is_alive = expiry.is_alive(session, NOW);
    assert!(!is_alive || session.expires_at > NOW, "over, and yet alive");
    let _ = expiry.is_touch_due(session, NOW);
    for shown in [session.created_at, session.last_seen_at, session.expires_at] {
        assert!(!shown.to_string().is_empty());
    }
}

fn used_to_log_in(login: &RememberedLogin) {
    let random = Random::insecure_seeded(1);
    let token = RememberToken::generate(&random).expect("seeded bytes");
    let _ = login.is_alive(NOW);
    let _ = login.judge(&token, NOW, Duration::from_secs(30));
    let (rotated, token) = login.rotated(&token, &random, NOW).expect("seeded bytes");
    let cookie = RememberCookie::default().of("", None);
    let cookie = cookie.set(&token, &rotated, NOW).to_string();
    assert!(cookie.starts_with("__Host-remember="), "{cookie}");
}
