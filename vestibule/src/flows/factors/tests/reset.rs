//! A planned reset of all factors. Somebody else may have asked for it, so its user can cancel it.

use std::time::Duration;

use serde_json::json;

use super::{JSON, LIST, RECOVERY_CODES, list, log_in};
use crate::accounts::{Action, Actor, ChangeOutcome};
use crate::session::UserId;
use crate::testing::{Mailbox, PASSWORD, TestApp, TestAuthenticator, TestClient};

const WAIT: Duration = Duration::from_hours(3 * 24);
const MINUTE: Duration = Duration::from_mins(1);
const CANCEL: &str = "/account/factors/cancel-reset";

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

    /// The operator asks for the reset, and it is planned.
    async fn plan(&self) {
        let due_at = self.app.clock.now() + WAIT;
        assert_eq!(self.ask().await, ChangeOutcome::Planned(due_at));
    }

    async fn is_planned(&self) -> bool {
        let at = self.app.site.factors_reset_at(&self.id).await;
        at.unwrap().is_some()
    }

    fn after_wait(&self) {
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
async fn a_planned_reset_is_told_and_takes_effect_when_the_wait_is_over() {
    let case = Case::new().await;

    case.plan().await;

    let mail = case.mailbox.of_kind("factors_reset_planned", 1).await;
    let day = "2027-01-18 08:01 UTC";
    assert!(mail[0].text().contains(day), "{}", mail[0].text());
    let page = case.alice.get("/account").await;
    assert!(page.text().contains("Keep my second factors"));
    let account = case.alice.get_with("/account", &JSON).await.json();
    assert_eq!(account["factors_reset_at"], "2027-01-18T08:01:00Z");
    case.app.clock.advance(MINUTE);
    let again = case.ask().await;
    let planned = ChangeOutcome::Planned(case.app.clock.now() + WAIT - MINUTE);
    assert_eq!(again, planned, "the time stays");
    case.app.clock.advance(WAIT - 2 * MINUTE);
    assert!(!case.password_suffices().await, "not yet");
    case.app.clock.advance(2 * MINUTE);

    assert!(case.password_suffices().await);

    case.mailbox.of_kind("factors_reset", 1).await;
    assert!(case.app.site.factors(&case.id).await.unwrap().is_empty());
    let ended = case.alice.get("/welcome").await;
    assert_ne!(ended.status, 200, "the sessions have ended");
    assert_eq!(case.logged(Action::FactorsReset).await, 1);
    assert_eq!(case.logged(Action::FactorsResetPlanned).await, 1);
    let mails = case.mailbox.mails();
    let planned = mails
        .iter()
        .filter(|mail| mail.kind() == "factors_reset_planned");
    assert_eq!(planned.count(), 1);
    assert_eq!(case.app.site.reset_due_factors().await.unwrap(), 0);
}

/// Attack: somebody tells the admin that they are alice, and have lost the phone.
#[tokio::test]
async fn whoever_shows_a_factor_cancels_the_reset() {
    for by in ["log-in", "recovery code", "confirmation", "another app"] {
        let case = Case::new().await;
        let code = [("code", &*case.phone.next_code())];
        let confirmed = case.alice.post("/confirm-login", &code).await;
        assert!(confirmed.location().is_some(), "{}", confirmed.text());
        let made = case.alice.post_json(RECOVERY_CODES, &json!({})).await;
        let recovery = made.json()["codes"][0].as_str().unwrap().to_owned();
        case.plan().await;

        match by {
            "log-in" => drop(log_in(&case.app, &case.phone).await),
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

        assert!(!case.is_planned().await, "{by}");
        case.mailbox.of_kind("factors_reset_cancelled", 1).await;
        assert_eq!(case.logged(Action::FactorsResetCancelled).await, 1, "{by}");
        case.after_wait();
        assert!(!case.password_suffices().await, "{by}");
        // It can be asked for again.
        case.plan().await;
    }
}

/// Attack: the thief has found the page on which the user removes a factor that was shown.
#[tokio::test]
async fn a_factor_that_is_shown_and_removed_keeps_the_others() {
    let case = Case::new().await;
    let second = case.app.add_totp(&case.alice).await;
    case.plan().await;
    let alice = log_in(&case.app, &second).await;
    let id = list(&alice).await["factors"][1]["id"].clone();
    let path = format!("{LIST}/{}/remove", id.as_str().unwrap());
    let removed = alice.post_json(&path, &json!({})).await;
    assert_eq!(removed.status, 200, "{}", removed.text());

    case.after_wait();

    assert!(!case.password_suffices().await);
}

#[cfg(feature = "passkeys")]
#[tokio::test]
async fn a_passkey_that_is_shown_cancels_the_reset() {
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
    case.plan().await;

    let browser = case.app.browser();
    let nothing = json!({});
    let options = browser.post_json("/login/passkey/options", &nothing).await;
    let shown = passkey.get(&options.json());
    let done = browser.post_json("/login/passkey", &shown).await;
    assert_eq!(done.status, 200, "{}", done.text());

    assert!(!case.is_planned().await);
    case.after_wait();
    assert!(!case.password_suffices().await);
}

#[tokio::test]
async fn a_user_cancels_the_reset_in_any_open_session() {
    let case = Case::new().await;
    case.plan().await;
    // No longer fresh, and no factor at hand.
    case.app.clock.advance(Duration::from_hours(2));

    let kept = case.alice.post(CANCEL, &[]).await;

    assert_eq!(kept.location(), Some("/account"));
    let page = case.alice.get("/account").await;
    assert!(page.text().contains("Your second factors stay."));
    case.mailbox.of_kind("factors_reset_cancelled", 1).await;
    assert!(!case.is_planned().await);
    let stranger = case.app.browser().post_json(CANCEL, &json!({})).await;
    assert_eq!(stranger.status, 401);
    // There is nothing left to cancel.
    case.alice.post(CANCEL, &[]).await;
    assert_eq!(case.logged(Action::FactorsResetCancelled).await, 1);
}

#[tokio::test]
async fn a_password_a_trusted_browser_and_a_wrong_code_cancel_nothing() {
    let case = Case::new().await;
    let trusted = case.app.browser();
    case.app.log_in(&trusted, "alice").await;
    let code = case.phone.next_code();
    let fields = [("code", &*code), ("trust", "on")];
    trusted.post("/login/factor", &fields).await;
    trusted.post("/logout", &[]).await;
    case.plan().await;

    case.app.log_in(&trusted, "alice").await;
    assert_eq!(trusted.get("/welcome").await.status, 200, "it is trusted");
    let browser = case.app.browser();
    case.app.log_in(&browser, "alice").await;
    browser.post("/login/factor", &[("code", "000000")]).await;

    assert!(case.is_planned().await);
    case.after_wait();
    assert!(case.password_suffices().await);
}

/// Attack: with the password, a thief enters wrong codes, so that no code works, or only now and then,
/// and asks for the reset then.
#[tokio::test]
async fn a_thief_who_uses_up_the_tries_does_not_get_the_reset() {
    let case = Case::new().await;
    let thief = case.app.browser();
    for _ in 0..20 {
        case.app.log_in(&thief, "alice").await;
        thief.post("/login/factor", &[("code", "000000")]).await;
        case.app.clock.advance(Duration::from_mins(20));
    }
    case.plan().await;
    case.after_wait();

    assert!(!case.password_suffices().await);

    assert!(!case.is_planned().await);
    case.mailbox.of_kind("factors_reset_cancelled", 1).await;
    assert_eq!(case.logged(Action::FactorsReset).await, 0);
}

/// Attack: the admin disables the account because of the mail, and enables it later.
#[tokio::test]
async fn a_disabled_user_keeps_the_factors() {
    let case = Case::new().await;
    case.plan().await;
    let operator = case.app.site.accounts().by(Actor::operator());
    assert_eq!(
        operator.disable(&case.id).await.unwrap(),
        ChangeOutcome::Done
    );
    assert!(!case.is_planned().await);
    case.mailbox.of_kind("factors_reset_cancelled", 1).await;
    assert_eq!(case.ask().await, ChangeOutcome::NotActive);
    case.after_wait();
    assert_eq!(
        operator.enable(&case.id).await.unwrap(),
        ChangeOutcome::Done
    );

    assert!(!case.password_suffices().await);
}

#[tokio::test]
async fn a_reset_of_a_user_without_factors_is_not_planned_or_forgotten() {
    let case = Case::new().await;
    case.plan().await;
    let id = list(&case.alice).await["factors"][0]["id"].clone();
    let path = format!("{LIST}/{}/remove", id.as_str().unwrap());
    let removed = case.alice.post_json(&path, &json!({})).await;
    assert_eq!(removed.status, 200, "{}", removed.text());

    assert!(!case.is_planned().await);
    assert_eq!(case.ask().await, ChangeOutcome::AlreadySo);
}

#[tokio::test]
async fn of_many_nodes_one_carries_out_a_planned_reset() {
    let case = Case::new().await;
    case.plan().await;
    case.after_wait();
    let mut nodes = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let site = case.app.site.clone();
        nodes.spawn(async move { site.reset_due_factors().await });
    }

    let made = nodes.join_all().await.into_iter().map(Result::unwrap);

    assert_eq!(made.sum::<u64>(), 1);
    assert_eq!(case.logged(Action::FactorsReset).await, 1);
    assert_eq!(case.mailbox.of_kind("factors_reset", 1).await.len(), 1);
}

#[tokio::test]
async fn an_admin_sees_a_planned_reset_and_cancels_it() {
    let case = Case::new().await;
    let carol = case.app.registered("carol").await;
    case.app.grant("carol", "admin").await;
    case.app.log_in(&carol, "carol").await;
    let path = format!("/admin/users/{}", case.id);
    let cancel = format!("{path}/cancel-factors-reset");
    let before = carol.get(&path).await;
    assert!(before.text().contains("when the wait is over"));

    let asked = carol.post(&format!("{path}/reset-factors"), &[]).await;
    let page = carol.get(asked.location().unwrap()).await;
    let says = "All second factors will be removed on 2027-01-18 08:01 UTC, unless";
    assert!(page.text().contains(says), "{}", page.text());
    assert!(page.text().contains("Cancel the reset"));
    let view = carol.get_with(&path, &JSON).await.json();
    assert_eq!(view["factors_reset_at"], "2027-01-18T08:01:00Z");
    let by_alice = case.alice.post(&cancel, &[]).await;
    assert_eq!(by_alice.status, 403);
    let cancelled = carol.post(&cancel, &[]).await;
    let page = carol.get(cancelled.location().unwrap()).await;
    assert!(page.text().contains("The reset has been cancelled."));
    case.mailbox.of_kind("factors_reset_cancelled", 1).await;

    case.after_wait();
    assert!(!case.password_suffices().await);
}

#[tokio::test]
async fn a_planned_reset_of_a_deleted_account_is_forgotten() {
    let case = Case::new().await;
    case.plan().await;
    let operator = case.app.site.accounts().by(Actor::operator());
    assert_eq!(
        operator.delete(&case.id).await.unwrap(),
        ChangeOutcome::Done
    );
    case.after_wait();

    assert!(!case.is_planned().await);
    assert_eq!(case.app.site.reset_due_factors().await.unwrap(), 0);
}
