//! Attack A18: a copy of a remember cookie, used by a thief; and owners who only look like one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use vestibule::accounts::Actor;
use vestibule::login::Event;
use vestibule::testing::{Mailbox, PASSWORD};

use crate::{DAY, REMEMBER, Target, is_in, with_remember};

const GRACE: Duration = Duration::from_secs(30);

/// A18: the thief first, then the owner; and the other way round.
#[tokio::test]
async fn the_second_use_of_a_stolen_remember_cookie_ends_it_for_both() {
    for thief_is_first in [true, false] {
        let target = Target::new().await;
        let (owner, thief) = target.copied().await;
        let (first, second) = if thief_is_first {
            (&thief, &owner)
        } else {
            (&owner, &thief)
        };

        assert!(is_in(first).await, "whoever comes first cannot be told");
        target.app.clock.advance(GRACE);
        assert!(!is_in(second).await);

        assert!(!is_in(first).await, "the session that came of it is ended");
        first.restart();
        assert!(!is_in(first).await, "and what came after the stolen token");
        assert_eq!(target.count(Event::RememberCookieReused), 1);
        assert_eq!(target.rows("remembered_logins").await, 0);
        assert_eq!(
            second.cookie_names(),
            ["__Host-device", "__Host-flash"],
            "it forgets"
        );
        let page = second.get("/login").await;
        assert!(page.text().contains("somebody used a copy"), "and is told");
        let fresh = target.remembered().await;
        assert!(is_in(&fresh).await, "a new log-in is a new one");
    }
}

/// A18: the owner is told, where there is an address, beside the request.
#[tokio::test]
async fn the_owner_of_a_stolen_login_gets_a_mail() {
    let mailbox = Mailbox::new();
    let target = Target::with(|config| config.mailer(mailbox.clone())).await;
    let id = target.alice().await.id;
    let email = "alice@example.com".parse().unwrap();
    let accounts = target.app.site.accounts();
    let _ = accounts
        .by(Actor::operator())
        .set_email(&id, Some(&email))
        .await
        .unwrap();
    let (owner, thief) = target.copied().await;

    is_in(&thief).await;
    target.app.clock.advance(GRACE);
    is_in(&owner).await;

    // The other is about the log-in, whose browser is new.
    let mut mails = mailbox.received(2).await;
    mails.retain(|mail| !mail.subject().starts_with("New log-in"));
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to().as_str(), "alice@example.com");
    assert!(mails[0].text().starts_with("Hello alice,"));
    assert!(mails[0].text().contains("log in at https://example.com"));
    assert!(!mails[0].subject().contains('\n'));
}

/// A18: a wrong secret with the right name can only be a copy.
#[tokio::test]
async fn a_wrong_secret_for_a_known_remembered_login_is_theft() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    let token = browser.cookie(REMEMBER).unwrap();
    let last = if token.ends_with('A') { 'B' } else { 'A' };
    let wrong = format!("{}{last}", &token[..63]);

    assert!(!is_in(&with_remember(&target, &wrong)).await);

    assert_eq!(target.count(Event::RememberCookieReused), 1);
    browser.restart();
    assert!(!is_in(&browser).await);
}

/// A18: tabs that a browser opens together all use the one token it has.
#[tokio::test]
async fn parallel_tabs_are_one_browser_and_end_up_with_one_token() {
    let target = Arc::new(Target::new().await);
    let browser = target.remembered().await;
    browser.restart();
    let tabs: Vec<_> = (0..20).map(|_| browser.stolen()).collect();

    let visits: Vec<_> = tabs
        .into_iter()
        .map(|tab| {
            tokio::spawn(async move {
                assert!(is_in(&tab).await);
                tab
            })
        })
        .collect();
    let mut tokens = BTreeSet::new();
    let mut last = None;
    for visit in visits {
        let tab = visit.await.unwrap();
        tokens.insert(tab.cookie(REMEMBER).unwrap());
        last = Some(tab);
    }

    assert_eq!(tokens.len(), 1, "whichever answer came last");
    assert_ne!(tokens.first(), browser.cookie(REMEMBER).as_ref());
    assert_eq!(target.rows("remembered_logins").await, 1, "one family");
    assert_eq!(target.count(Event::RememberCookieReused), 0);
    let last = last.unwrap();
    target.app.clock.advance(DAY);
    last.restart();
    assert!(is_in(&last).await, "and the browser is still remembered");
}

/// A18: the thief uses the copy within the grace period, and then only the session that it began.
#[tokio::test]
async fn a_copy_used_within_the_grace_period_is_found_out_when_both_go_on() {
    for thief_is_first in [true, false] {
        let target = Target::new().await;
        let (owner, thief) = target.copied().await;
        let (first, second) = if thief_is_first {
            (&thief, &owner)
        } else {
            (&owner, &thief)
        };
        assert!(is_in(first).await && is_in(second).await);

        // Each session's last use is written once a minute.
        for is_second_there in [true, false] {
            target.app.clock.advance(Duration::from_mins(1));
            assert!(is_in(first).await);
            assert_eq!(is_in(second).await, is_second_there);
        }

        assert_eq!(target.count(Event::RememberCookieReused), 1);
        assert_eq!(target.rows("remembered_logins").await, 0);
        let page = second.get("/login").await;
        assert!(page.text().contains("somebody used a copy"), "it is told");
        for browser in [&owner, &thief] {
            browser.restart();
            assert!(!is_in(browser).await, "and the login with them");
        }
    }
}

/// A18: the owner has the session that a just-replaced token began, and shows the password there.
#[tokio::test]
async fn a_confirmed_session_still_tells_of_the_copy() {
    let target = Target::new().await;
    let (owner, thief) = target.copied().await;
    assert!(is_in(&thief).await && is_in(&owner).await);
    let fields = [("password", PASSWORD)];
    owner.post("/confirm-login", &fields).await;
    assert_eq!(owner.get("/sensitive").await.text(), "sensitive");

    for _ in 0..2 {
        target.app.clock.advance(Duration::from_mins(1));
        is_in(&thief).await;
        is_in(&owner).await;
    }

    assert_eq!(target.count(Event::RememberCookieReused), 1);
    assert!(!is_in(&thief).await);
}

/// A18: a browser sends one user agent, so two of them are two browsers.
#[tokio::test]
async fn a_copy_used_by_another_browser_within_the_grace_period_ends_the_login() {
    let target = Target::new().await;
    let owner = target.app.browser().user_agent("Firefox");
    target.log_in(&owner, true).await;
    owner.restart();
    let thief = owner.stolen().user_agent("curl");

    assert!(is_in(&owner).await);
    assert!(!is_in(&thief).await);

    assert_eq!(target.count(Event::RememberCookieReused), 1);
    assert!(!is_in(&owner).await);
}

#[tokio::test]
async fn within_a_longer_grace_period_both_sessions_of_one_token_may_be_used() {
    let grace = Duration::from_mins(5);
    let target = Target::with(|config| config.sessions.remember.grace = grace).await;
    let (first, second) = target.copied().await;
    assert!(is_in(&first).await && is_in(&second).await);

    for _ in 0..4 {
        target.app.clock.advance(Duration::from_mins(1));
        assert!(is_in(&first).await && is_in(&second).await);
    }

    assert_eq!(target.count(Event::RememberCookieReused), 0);
}

/// A18: a thief who is alone in the second session must use the next token soon.
#[tokio::test]
async fn a_session_of_a_replaced_token_is_marked_and_soon_over() {
    let target = Target::new().await;
    let (owner, thief) = target.copied().await;
    assert!(is_in(&owner).await && is_in(&thief).await);

    let json = [("accept", "application/json")];
    let listed = thief.get_with("/account/sessions", &json).await.json();
    let this = listed["sessions"].as_array().unwrap().iter();
    let this = this.clone().find(|session| session["is_this"] == true);
    assert_eq!(this.unwrap()["is_from_replaced_token"], true);
    let page = thief.get("/account/sessions").await;
    assert!(page.text().contains("or with a copy of its cookie"));
    let asked = thief.get("/sensitive").await;
    assert!(asked.location().unwrap().starts_with("/confirm-login"));

    target.app.clock.advance(Duration::from_mins(10));
    assert!(is_in(&thief).await, "by the next token");
    target.app.clock.advance(GRACE);
    assert!(!is_in(&owner).await, "whose session that ended");
    assert_eq!(target.count(Event::RememberCookieReused), 1);
    assert!(!is_in(&thief).await);
}

/// A18: from the same browser and network as the owner, the copy looks like the owner's session.
#[tokio::test]
async fn the_owners_list_shows_the_session_that_a_copy_began_beside_their_own() {
    let target = Target::new().await;
    let (owner, thief) = target.copied().await;
    assert!(is_in(&owner).await && is_in(&thief).await);

    let json = [("accept", "application/json")];
    let listed = owner.get_with("/account/sessions", &json).await.json();
    let sessions = listed["sessions"].as_array().unwrap();

    let same = sessions
        .iter()
        .filter(|session| session["is_same_login"] == true);
    let is_copy = same.map(|session| session["is_from_replaced_token"] == true);
    assert_eq!(is_copy.collect::<Vec<_>>(), [true]);
}

/// A18: whichever answer came last, a browser goes on with one session, for as long as it likes.
#[tokio::test]
async fn a_browser_whose_tabs_used_one_token_goes_on_undisturbed() {
    for keeps_last in [true, false] {
        let target = Target::new().await;
        let browser = target.remembered().await;
        browser.restart();
        let tab = browser.stolen();
        assert!(is_in(&browser).await && is_in(&tab).await);
        let browser = if keeps_last { tab } else { browser };

        for _ in 0..60 {
            target.app.clock.advance(Duration::from_secs(61));
            assert!(is_in(&browser).await);
        }

        assert_eq!(target.count(Event::RememberCookieReused), 0);
        target.app.clock.advance(DAY);
        browser.restart();
        assert!(is_in(&browser).await);
    }
}

/// A18: an answer that never arrived.
#[tokio::test]
async fn a_lost_answer_does_not_make_the_owner_a_thief() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    browser.restart();
    let lost = browser.stolen();
    lost.get("/welcome").await;

    target.app.clock.advance(GRACE - Duration::from_secs(1));
    assert!(is_in(&browser).await);

    target.app.clock.advance(DAY);
    browser.restart();
    assert!(is_in(&browser).await);
    assert_eq!(target.count(Event::RememberCookieReused), 0);
}

/// A page that panics: the answer still brings the next token.
#[tokio::test]
async fn a_page_that_panics_does_not_make_the_owner_a_thief() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    browser.restart();

    let broken = browser.get("/panics").await;

    assert_eq!(broken.status, StatusCode::INTERNAL_SERVER_ERROR);
    target.app.clock.advance(GRACE);
    browser.restart();
    assert!(is_in(&browser).await);
    assert_eq!(target.count(Event::RememberCookieReused), 0);
}

/// A page that asks who this is when its answer has begun: no token could go with it any more.
#[tokio::test]
async fn a_stream_that_asks_late_does_not_make_the_owner_a_thief() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    assert_eq!(browser.get("/stream").await.text(), "alice");
    browser.restart();

    assert_eq!(browser.get("/stream").await.text(), "nobody");

    target.app.clock.advance(GRACE);
    assert!(is_in(&browser).await);
    assert_eq!(target.count(Event::RememberCookieReused), 0);
}
