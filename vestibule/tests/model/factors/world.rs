//! The site itself: the browsers and the authenticator apps of a user.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use vestibule::accounts::{Account, Actor, ChangeOutcome};
use vestibule::login::UserId;
use vestibule::mail::Mail;
use vestibule::session::Methods;
use vestibule::stores::MemoryStore;
use vestibule::testing::{
    Mailbox, TestApp, TestAuthenticator, TestClient, TestPasskey, TestResponse, fresh_database,
};
use vestibule::{CurrentUser, Error};

use super::flaws::{FlawedDatabase, PlantedFlaw};
use super::{Answer, Code, FactorStep, MAIL_TAKES, SeenUser};
use crate::flawed_store::FlawedStore;
use crate::{BROWSERS, user_agent};

const LIST: &str = "/account/factors";
const JSON: [(&str, &str); 1] = [("accept", "application/json")];

/// One site for all histories of a run. Each history has a user of its own.
pub(super) struct World {
    app: TestApp,
    flawed: Option<FlawedDatabase>,
    /// The mails with a link for a new password.
    links: Arc<Mutex<UnboundedReceiver<Mail>>>,
    histories: u32,
    user: UserId,
    username: String,
    passwords: u32,
    browsers: Vec<TestClient>,
    /// The browser in which the user reads mail.
    elsewhere: TestClient,
    /// All factors that were ever added, with their ids.
    factors: Vec<(Held, String)>,
    /// How many passkeys there are in all histories.
    passkeys: u32,
    /// All sets of recovery codes, the present one last.
    recovery_codes: Vec<Vec<String>>,
    last_code: Option<String>,
}

/// What the user, or a thief, holds in their hands.
enum Held {
    App(TestAuthenticator),
    Passkey(Box<TestPasskey>),
}

async fn see(user: Option<CurrentUser<Account>>) -> String {
    let Some(user) = user else {
        return String::new();
    };
    let last = user.session().unwrap().confirmed_by;
    let shows = |method| last.contains(method);
    let factors = [
        Methods::TOTP,
        Methods::RECOVERY_CODE,
        Methods::PASSKEY,
        Methods::VERIFIED_PASSKEY,
    ];
    format!(
        "{} {} {} {}",
        user.is_fresh(),
        user.is_remembered(),
        user.methods().has_second_factor(),
        factors.into_iter().any(shows),
    )
}

impl World {
    pub(super) async fn new(flaw: PlantedFlaw) -> Self {
        let (flawed, database) = match flaw {
            PlantedFlaw::OfFactors(flaw) => {
                let (flawed, database) = FlawedDatabase::new(flaw).await;
                (Some(flawed), database)
            }
            _ => (None, fresh_database().await),
        };
        let (arrive, links) = unbounded_channel();
        let app = TestApp::on(database, |config| {
            config.session_store(FlawedStore {
                store: MemoryStore::new(),
                flaw: match flaw {
                    PlantedFlaw::OfSessions(flaw) => Some(flaw),
                    _ => None,
                },
            });
            // The rules know no throttle.
            config.throttle.is_on = false;
            config.mailer(move |mail: Mail| async move {
                if mail.kind() == "reset_password" {
                    arrive.send(mail).unwrap();
                }
                Ok::<_, Error>(())
            });
        });
        let app = app.await.routes(Router::new().route("/see", get(see)));
        let browser = |i| {
            let browser = app.browser();
            browser.user_agent(&format!("UA/{}", user_agent(i)))
        };
        Self {
            browsers: (0..BROWSERS).map(browser).collect(),
            elsewhere: app.browser(),
            app,
            flawed,
            links: Arc::new(Mutex::new(links)),
            histories: 0,
            user: "".into(),
            username: String::new(),
            passwords: 0,
            factors: Vec::new(),
            passkeys: 0,
            recovery_codes: Vec::new(),
            last_code: None,
        }
    }

    /// The time in seconds.
    pub(super) fn now(&self) -> i64 {
        self.app.clock.now().as_millis() / 1_000
    }

    /// Begins a history, with a new user.
    pub(super) async fn begin(&mut self) {
        self.histories += 1;
        self.username = format!("user{}", self.histories);
        self.passwords += 1;
        let operator = self.app.site.accounts().by(Actor::operator());
        let username = self.username.parse().unwrap();
        let added = operator.add(&username, &self.password().into()).await;
        assert_eq!(added.unwrap(), ChangeOutcome::Done);
        self.user = self.app.account(&self.username).await.id;
        self.browsers.iter().for_each(forget_cookies);
        self.factors.clear();
        self.recovery_codes.clear();
        self.last_code = None;
    }

    fn password(&self) -> String {
        format!("correct horse battery staple {}", self.passwords)
    }

    fn email(&self) -> String {
        format!("{}@example.com", self.username)
    }

    pub(super) async fn take(&mut self, step: FactorStep) -> Answer {
        if let Some(flawed) = &mut self.flawed {
            flawed.plant(step).await;
        }
        let answer = self.take_step(step).await;
        if let Some(flawed) = &mut self.flawed {
            flawed.remove(step).await;
        }
        answer
    }

    async fn take_step(&mut self, step: FactorStep) -> Answer {
        match step {
            FactorStep::LogIn { browser, remember } => {
                let remember = if remember { "on" } else { "" };
                let fields = json!({
                    "username": self.username, "password": self.password(), "remember": remember,
                });
                self.post(browser, "/login", &fields).await
            }
            FactorStep::ShowCode {
                browser,
                code,
                trust,
            } => {
                let code = self.code(code);
                let trust = if trust { "on" } else { "" };
                let fields = json!({ "code": code, "trust": trust });
                self.post(browser, "/login/factor", &fields).await
            }
            FactorStep::ShowPasskey {
                browser,
                factor,
                trust,
            } => self.show_passkey(browser, factor, trust).await,
            FactorStep::ConfirmByPassword(browser) => {
                let fields = json!({ "password": self.password() });
                self.post(browser, "/confirm-login", &fields).await
            }
            FactorStep::AddApp(browser) => self.add_app(browser).await,
            FactorStep::AddPasskey(browser) => self.add_passkey(browser).await,
            FactorStep::RemoveFactor(browser, factor) => {
                let id = self.factors.get(factor).map_or("none", |(_, id)| id);
                let path = format!("{LIST}/{id}/remove");
                self.post(browser, &path, &json!({})).await
            }
            FactorStep::PrintRecoveryCodes(browser) => {
                let path = format!("{LIST}/recovery-codes");
                let response = self.browsers[browser].post_json(&path, &json!({})).await;
                if response.status.is_success() {
                    let codes = response.json()["codes"].take();
                    self.recovery_codes
                        .push(serde_json::from_value(codes).unwrap());
                }
                answer(&response)
            }
            FactorStep::ChangePassword(browser) => {
                let current = self.password();
                self.passwords += 1;
                let fields = json!({
                    "current_password": current, "new_password": self.password(),
                });
                let answer = self.post(browser, "/change-password", &fields).await;
                if answer != Answer::Done {
                    self.passwords -= 1;
                }
                answer
            }
            FactorStep::ResetPassword => self.reset_password().await,
            FactorStep::SetPassword => {
                self.passwords += 1;
                let operator = self.app.site.accounts().by(Actor::operator());
                let password = self.password().into();
                outcome(operator.set_password(&self.user, &password).await.unwrap())
            }
            FactorStep::ResetFactors => {
                let operator = Actor::operator();
                let reset = self.app.site.reset_factors(operator, &self.user).await;
                outcome(reset.unwrap())
            }
            FactorStep::Visit(browser) => self.visit(browser).await,
            FactorStep::LogOut(browser) => self.post(browser, "/logout", &json!({})).await,
            // The site learns nothing of these.
            FactorStep::LoseFactor(_) => Answer::Done,
            FactorStep::CloseBrowser(browser) => {
                self.browsers[browser].restart();
                Answer::Done
            }
            FactorStep::Steal { from, to } => {
                if from != to {
                    let copies = self.browsers[from].stolen();
                    let thief = &self.browsers[to];
                    forget_cookies(thief);
                    copies.hand_over(thief);
                }
                Answer::Done
            }
            FactorStep::Wait(seconds) => {
                self.wait(seconds);
                Answer::Done
            }
        }
    }

    fn wait(&self, seconds: i64) {
        let waited = Duration::from_secs(seconds.unsigned_abs());
        self.app.clock.advance(waited);
    }

    async fn post(&self, browser: usize, path: &str, fields: &Value) -> Answer {
        answer(&self.browsers[browser].post_json(path, fields).await)
    }

    fn code(&mut self, code: Code) -> String {
        match code {
            Code::OfApp(app) => {
                let Held::App(app) = &self.factors[app].0 else {
                    unreachable!("the rules skip it");
                };
                let code = app.code();
                self.last_code = Some(code.clone());
                code
            }
            Code::LastAgain => self.last_code.clone().unwrap(),
            Code::Recovery(code) => self.recovery_codes.last().unwrap()[code].clone(),
            Code::OldRecovery(code) => self.recovery_codes[0][code].clone(),
            Code::Wrong => "abcd-efgh-ijkm-npqr".to_owned(),
        }
    }

    async fn add_app(&mut self, browser: usize) -> Answer {
        let page = format!("{LIST}/totp");
        let browser = &self.browsers[browser];
        let offer = browser.get_with(&page, &JSON).await;
        if offer.status != StatusCode::OK {
            return answer(&offer);
        }
        let key = offer.json()["secret"].take();
        let app = TestAuthenticator::new(key.as_str().unwrap(), &self.app.clock);
        let fields = json!({ "code": app.code() });
        let added = browser.post_json(&page, &fields).await;
        if added.status == StatusCode::CREATED {
            let id = added.json()["id"].as_str().unwrap().to_owned();
            self.factors.push((Held::App(app), id));
        }
        answer(&added)
    }

    async fn add_passkey(&mut self, browser: usize) -> Answer {
        let page = "/account/passkeys";
        let browser = &self.browsers[browser];
        let options = format!("{page}/options");
        let options = browser.post_json(&options, &json!({})).await;
        if options.status != StatusCode::OK {
            return answer(&options);
        }
        self.passkeys += 1;
        let mut passkey = TestPasskey::new(self.passkeys);
        let made = passkey.create(&options.json());
        let added = browser.post_json(page, &made).await;
        if added.status == StatusCode::CREATED {
            let id = added.json()["id"].as_str().unwrap().to_owned();
            self.factors.push((Held::Passkey(Box::new(passkey)), id));
        }
        answer(&added)
    }

    async fn show_passkey(&mut self, browser: usize, factor: usize, trust: bool) -> Answer {
        let browser = &self.browsers[browser];
        let page = "/login/passkey";
        let options = format!("{page}/options");
        let options = browser.post_json(&options, &json!({})).await;
        let Some((Held::Passkey(passkey), _)) = self.factors.get_mut(factor) else {
            unreachable!("the rules skip it");
        };
        let mut shown = passkey.get(&options.json());
        shown["trust"] = trust.into();
        answer(&browser.post_json(page, &shown).await)
    }

    async fn reset_password(&mut self) -> Answer {
        self.wait(MAIL_TAKES);
        self.passwords += 1;
        // With an address from the beginning, each step would send a mail.
        self.app.set_email(&self.username, &self.email()).await;
        let browser = &self.elsewhere;
        let fields = json!({ "email": self.email() });
        let asked = browser.post_json("/forgot-password", &fields).await;
        assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.text());
        let mail = self.links.lock().await.recv().await.unwrap();
        assert_eq!(mail.to().as_str(), self.email());
        let link = Mailbox::link(&mail);
        let token = link.split_once("token=").unwrap().1;
        let fields = json!({ "token": token, "password": self.password() });
        let answer = answer(&browser.post_json("/reset-password", &fields).await);
        let operator = self.app.site.accounts().by(Actor::operator());
        let removed = operator.set_email(&self.user, None).await;
        assert_eq!(removed.unwrap(), ChangeOutcome::Done);
        answer
    }

    async fn visit(&self, browser: usize) -> Answer {
        let response = self.browsers[browser].get("/see").await;
        let mut facts = response.text().split(' ').map(|fact| fact == "true");
        let mut fact = || facts.next().unwrap();
        Answer::Seen((!response.text().is_empty()).then(|| SeenUser {
            is_fresh: fact(),
            is_remembered: fact(),
            has_shown_factor: fact(),
            has_shown_factor_last: fact(),
        }))
    }
}

fn forget_cookies(browser: &TestClient) {
    for name in browser.cookie_names() {
        browser.forget_cookie(&name);
    }
}

fn answer(response: &TestResponse) -> Answer {
    let json = match response.text() {
        "" => Value::Null,
        _ => response.json(),
    };
    match (response.status.as_u16(), json["code"].as_str()) {
        (200, _) if json["step"] == "second_factor" => Answer::SecondFactorNeeded,
        (200 | 201 | 204, _) => Answer::Done,
        (_, Some("second_factor_required")) => Answer::SecondFactorNeeded,
        (_, Some("fresh_login_required")) => Answer::FreshLoginNeeded,
        (401, _) => Answer::Rejected,
        (404, _) => Answer::Missing,
        (409, _) => Answer::Conflict,
        (status, _) => Answer::Unexpected(format!("{status} {json}")),
    }
}

fn outcome(change: ChangeOutcome) -> Answer {
    match change {
        ChangeOutcome::Done => Answer::Done,
        ChangeOutcome::AlreadySo => Answer::Missing,
        other => Answer::Unexpected(format!("{other:?}")),
    }
}
