//! A reset of all factors that waits, so that a user for whom somebody else asked can stop it.

use std::time::Duration;

use serde_json::json;

use super::{JSON, LIST, RECOVERY_CODES, list, log_in};
use crate::accounts::{Action, Actor, ChangeOutcome};
use crate::session::UserId;
use crate::testing::{Mailbox, PASSWORD, TestApp, TestAuthenticator, TestClient};

const WAIT: Duration = Duration::from_hours(3 * 24);
const MINUTE: Duration = Duration::from_mins(1);

/// Alice, who has an authenticator app and a mail address, on a site where a reset waits three days.
struct Case {
    app: TestApp,
    mailbox: Mailbox,
    alice: TestClient,
    phone: TestAuthenticator,
    id: UserId,
}

impl Case {
    async fn new() -> Self {
        let (app, mailbox) =
            TestApp::with_mail_and(|config| config.factors_reset_wait = WAIT).await;
        let alice = app.registered("alice").await;
        app.set_email("alice", "alice@example.com").await;
        app.log_in(&alice, "alice").await;
        let phone = app.add_totp(&alice).await;
        let id = app.account("alice").await.id;
        app.clock.advance(MINUTE);
        Self {
            app,
            mailbox,
            alice,
            phone,
            id,
        }
    }

    /// The operator asks for the reset.
    async fn ask(&self) -> ChangeOutcome {
        let operator = Actor::operator();
        let asked = self.app.site.reset_factors(operator, &self.id).await;
        asked.unwrap()
    }

    async fn after_wait(&self) {
        self.app.clock.advance(WAIT + MINUTE);
    }

    /// Whether the password alone logs alice in.
    async fn password_suffices(&self) -> bool {
        let fields = [("username", "alice"), ("password", PASSWORD)];
        let response = self.app.browser().post("/login", &fields).await;
        match response.location() {
            Some("/welcome") => true,
            Some("/login/factor") => false,
            _ => panic!("{}", response.text()),
        }
    }

    async fn logged(&self, action: Action) -> usize {
        let accounts = self.app.site.accounts();
        let lines = accounts.security_log(Some(&self.id), None, 100).await;
        let lines = lines.unwrap();
        let of_action = lines.iter().filter(|line| line.action == action.as_str());
        of_action.count()
    }
}

#[tokio::test]
async fn a_planned_reset_is_told_and_takes_place_when_the_wait_is_over() {
    let case = Case::new().await;

    assert_eq!(case.ask().await, ChangeOutcome::Done);

    let mail = case.mailbox.of_kind("factors_reset_planned", 1).await;
    let day = "2027-01-18 08:01 UTC";
    assert!(mail[0].text().contains(day), "{}", mail[0].text());
    let page = case.alice.get(LIST).await;
    assert!(page.text().contains("An administrator was asked to remove"));
    let listed = list(&case.alice).await;
    assert_eq!(listed["reset_at"], "2027-01-18T08:01:00Z");
    assert_eq!(case.ask().await, ChangeOutcome::AlreadySo);
    case.app.clock.advance(WAIT - MINUTE);
    assert!(!case.password_suffices().await, "not yet");
    case.app.clock.advance(2 * MINUTE);

    assert!(case.password_suffices().await);

    case.mailbox.of_kind("factors_reset", 1).await;
    assert!(case.app.site.factors(&case.id).await.unwrap().is_empty());
    let ended = case.alice.get("/welcome").await;
    assert_ne!(ended.status, 200, "the sessions have ended");
    assert_eq!(case.logged(Action::FactorsReset).await, 1);
    assert_eq!(case.app.site.reset_due_factors().await.unwrap(), 0);
}

/// Attack: somebody tells the admin that they are alice, and have lost the phone.
#[tokio::test]
async fn whoever_shows_a_factor_keeps_all_of_them() {
    for by in ["app", "recovery code", "confirmation", "new app"] {
        let case = Case::new().await;
        let code = [("code", &*case.phone.next_code())];
        let confirmed = case.alice.post("/confirm-login", &code).await;
        assert!(confirmed.location().is_some(), "{}", confirmed.text());
        let made = case.alice.post_json(RECOVERY_CODES, &json!({})).await;
        let recovery = made.json()["codes"][0].as_str().unwrap().to_owned();
        case.app.clock.advance(MINUTE);
        assert_eq!(case.ask().await, ChangeOutcome::Done);
        case.app.clock.advance(MINUTE);

        match by {
            "app" => drop(log_in(&case.app, &case.phone).await),
            "recovery code" => {
                let browser = case.app.browser();
                case.app.log_in(&browser, "alice").await;
                let done = browser.post("/login/factor", &[("code", &recovery)]).await;
                assert_eq!(done.location(), Some("/welcome"));
            }
            "confirmation" => {
                let code = [("code", &*case.phone.next_code())];
                let done = case.alice.post("/confirm-login", &code).await;
                assert!(done.location().is_some(), "{}", done.text());
            }
            _ => drop(case.app.add_totp(&case.alice).await),
        }

        let at = case.app.site.factors_reset_at(&case.id).await.unwrap();
        assert_eq!(at, None, "{by}");
        case.after_wait().await;
        assert!(!case.password_suffices().await, "{by}");
        case.mailbox.of_kind("factors_kept", 1).await;
        assert_eq!(case.logged(Action::FactorsKept).await, 1, "{by}");
        assert_eq!(case.logged(Action::FactorsReset).await, 0, "{by}");
        // It can be asked for again.
        assert_eq!(case.ask().await, ChangeOutcome::Done, "{by}");
    }
}

#[cfg(feature = "passkeys")]
#[tokio::test]
async fn a_passkey_that_is_shown_stops_a_planned_reset() {
    use crate::testing::TestPasskey;

    let case = Case::new().await;
    let mut passkey = TestPasskey::new(1);
    let options = case
        .alice
        .post_json("/account/passkeys/options", &json!({}))
        .await;
    let added = case
        .alice
        .post_json("/account/passkeys", &passkey.create(&options.json()))
        .await;
    assert_eq!(added.status, 201, "{}", added.text());
    case.app.clock.advance(MINUTE);
    assert_eq!(case.ask().await, ChangeOutcome::Done);
    case.app.clock.advance(MINUTE);

    let browser = case.app.browser();
    let options = browser
        .post_json("/login/passkey/options", &json!({}))
        .await;
    let shown = passkey.get(&options.json());
    let done = browser.post_json("/login/passkey", &shown).await;
    assert_eq!(done.status, 200, "{}", done.text());

    case.after_wait().await;
    assert!(!case.password_suffices().await);
}

#[tokio::test]
async fn a_factor_that_was_used_before_somebody_asked_stops_nothing() {
    let case = Case::new().await;
    log_in(&case.app, &case.phone).await;
    case.app.clock.advance(MINUTE);
    assert_eq!(case.ask().await, ChangeOutcome::Done);
    // Nor do a password alone, a trusted browser or a wrong code.
    let browser = case.app.browser();
    case.app.log_in(&browser, "alice").await;
    browser.post("/login/factor", &[("code", "000000")]).await;

    case.after_wait().await;

    assert!(case.password_suffices().await);
}

#[tokio::test]
async fn a_user_who_has_removed_their_factors_loses_nothing_more() {
    let case = Case::new().await;
    assert_eq!(case.ask().await, ChangeOutcome::Done);
    let id = list(&case.alice).await["factors"][0]["id"].clone();
    let path = format!("{LIST}/{}/remove", id.as_str().unwrap());
    let removed = case.alice.post_json(&path, &json!({})).await;
    assert_eq!(removed.status, 200, "{}", removed.text());

    case.after_wait().await;

    assert_eq!(case.app.site.reset_due_factors().await.unwrap(), 0);
    assert_eq!(case.logged(Action::FactorsReset).await, 0);
}

#[tokio::test]
async fn of_many_nodes_one_makes_a_planned_reset() {
    let case = Case::new().await;
    assert_eq!(case.ask().await, ChangeOutcome::Done);
    case.after_wait().await;
    let mut nodes = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let site = case.app.site.clone();
        nodes.spawn(async move { crate::database::retried(|| site.reset_due_factors()).await });
    }

    let made: u64 = nodes.join_all().await.into_iter().map(Result::unwrap).sum();

    assert_eq!(made, 1);
    assert_eq!(case.logged(Action::FactorsReset).await, 1);
    assert_eq!(case.mailbox.of_kind("factors_reset", 1).await.len(), 1);
}

#[tokio::test]
async fn an_admin_sees_a_planned_reset_and_calls_it_off() {
    let case = Case::new().await;
    let carol = case.app.registered("carol").await;
    case.app.grant("carol", "admin").await;
    case.app.log_in(&carol, "carol").await;
    let path = format!("/admin/users/{}", case.id);
    let before = carol.get(&path).await;
    assert!(before.text().contains("when the wait is over"));

    let asked = carol.post(&format!("{path}/reset-factors"), &[]).await;
    let page = carol.get(asked.location().unwrap()).await;
    let says = "All second factors will be removed on 2027-01-18 08:01 UTC, unless";
    assert!(page.text().contains(says), "{}", page.text());
    assert!(page.text().contains("Keep the second factors"));
    let view = carol.get_with(&path, &JSON).await.json();
    assert_eq!(view["factors_reset_at"], "2027-01-18T08:01:00Z");
    let by_alice = case.alice.post(&format!("{path}/keep-factors"), &[]).await;
    assert_eq!(by_alice.status, 403);
    let kept = carol.post(&format!("{path}/keep-factors"), &[]).await;
    let page = carol.get(kept.location().unwrap()).await;
    assert!(
        page.text()
            .contains("The second factors will not be removed.")
    );
    case.mailbox.of_kind("factors_kept", 1).await;

    case.after_wait().await;
    assert!(!case.password_suffices().await);
}

#[tokio::test]
async fn a_planned_reset_of_a_deleted_account_is_forgotten() {
    let case = Case::new().await;
    assert_eq!(case.ask().await, ChangeOutcome::Done);
    let operator = case.app.site.accounts().by(Actor::operator());
    assert_eq!(
        operator.delete(&case.id).await.unwrap(),
        ChangeOutcome::Done
    );
    case.after_wait().await;

    assert_eq!(
        case.app.site.factors_reset_at(&case.id).await.unwrap(),
        None
    );
    assert_eq!(case.app.site.reset_due_factors().await.unwrap(), 0);
}
