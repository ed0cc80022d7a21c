//! Random sequences of all that can happen to a login, over three browsers and two processes
//! that share a store: at each request the rules of a small table decide what must be seen.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use proptest::prelude::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use proptest::{collection, prop_oneof};
use vestibule::clock::{Clock, Timestamp};
use vestibule::credentials::{Check, Credentials, PasswordUsers, SecondFactor, Users};
use vestibule::crypto::random::Random;
use vestibule::login::{Epoch, Sender, User, UserId, UserLoader};
use vestibule::password::{PasswordAlgorithm, PasswordHash, Passwords};
use vestibule::session::{
    DataChanges, DataOutcome, DataValues, Ended, InvalidationFeed, Listed, ListedSession, Methods,
    RememberDigest, RememberSeed, RememberedId, RememberedLogin, Replaced, Session, SessionExpiry,
    SessionId, SessionStore, Update,
};
use vestibule::stores::MemoryStore;
use vestibule::testing::TestClient;
use vestibule::{CurrentUser, Login, LoginManager, Result};

const BROWSERS: usize = 3;
const PROCESSES: usize = 2;
const IDLE: i64 = 14 * DAY;
const ABSOLUTE: i64 = 30 * DAY;
const REMEMBERED: i64 = 30 * DAY;
const FRESH_FOR: i64 = 15 * 60;
const GRACE: i64 = 30;
const PENDING: i64 = 10 * 60;
const TOUCH_EVERY: i64 = 60;
/// How long a session lasts that a just-replaced token began.
const FROM_REPLACED: i64 = 10 * 60;
const DAY: i64 = 24 * 3_600;

/// The user agent of a browser. Two browsers have the same one.
fn user_agent(browser: usize) -> usize {
    browser / 2
}

/// What can happen. Numbers are browsers, then processes.
#[derive(Debug, Clone, Copy)]
enum Step {
    LogIn {
        browser: usize,
        process: usize,
        remember: bool,
        is_fresh: bool,
    },
    /// The password, of a log-in that needs a second factor.
    ShowPassword {
        browser: usize,
        process: usize,
        remember: bool,
    },
    /// The second factor, which is right.
    ShowCode(usize, usize),
    Visit(usize, usize),
    Confirm(usize, usize),
    LogOut(usize, usize),
    CloseBrowser(usize),
    /// One browser gets copies of another's cookies.
    Steal {
        from: usize,
        to: usize,
    },
    RevokeAll,
    ChangePassword,
    SetActive(bool),
    /// The clock goes on by seconds.
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let browser = 0..BROWSERS;
    let at = (0..BROWSERS, 0..PROCESSES);
    prop_oneof![
        4 => (at.clone(), proptest::bool::ANY, proptest::bool::weighted(0.8)).prop_map(
            |((browser, process), remember, is_fresh)| Step::LogIn {
                browser, process, remember, is_fresh,
            },
        ),
        3 => (at.clone(), proptest::bool::ANY).prop_map(|((browser, process), remember)| {
            Step::ShowPassword { browser, process, remember }
        }),
        3 => at.clone().prop_map(|(browser, process)| Step::ShowCode(browser, process)),
        8 => at.clone().prop_map(|(browser, process)| Step::Visit(browser, process)),
        2 => at.clone().prop_map(|(browser, process)| Step::Confirm(browser, process)),
        1 => at.prop_map(|(browser, process)| Step::LogOut(browser, process)),
        4 => browser.clone().prop_map(Step::CloseBrowser),
        2 => (browser.clone(), browser).prop_map(|(from, to)| Step::Steal { from, to }),
        1 => proptest::strategy::Just(Step::RevokeAll),
        1 => proptest::strategy::Just(Step::ChangePassword),
        1 => proptest::bool::weighted(0.7).prop_map(Step::SetActive),
        4 => proptest::sample::select(vec![
            1, GRACE - 1, GRACE, PENDING - 1, PENDING, FRESH_FOR - 1, FRESH_FOR, DAY, IDLE - 1, IDLE, REMEMBERED,
        ]).prop_map(Step::Wait),
    ]
}

/// What a request shows: nobody, or the user, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nobody,
    User { is_fresh: bool, is_remembered: bool },
}

// ---- The rules.

#[derive(Default)]
struct Table {
    now: i64,
    epoch: i64,
    is_inactive: bool,
    next: usize,
    sessions: HashMap<usize, TableSession>,
    logins: HashMap<usize, TableLogin>,
    pending: HashMap<usize, TablePending>,
    browsers: [TableBrowser; BROWSERS],
}

#[derive(Clone, Copy)]
struct TableSession {
    epoch: i64,
    user_agent: usize,
    seen_at: i64,
    shown_at: i64,
    ends_at: i64,
    is_fresh: bool,
    login: Option<usize>,
    /// Whether a token that had just been replaced began it.
    is_from_replaced: bool,
    began_at: i64,
    renewed_from: Option<usize>,
}

#[derive(Clone, Copy)]
struct TableLogin {
    epoch: i64,
    began_at: i64,
    token: usize,
    previous: Option<usize>,
    rotated_at: i64,
}

/// A log-in that is proved in part.
#[derive(Clone, Copy)]
struct TablePending {
    epoch: i64,
    user_agent: usize,
    began_at: i64,
    remember: bool,
}

/// The cookies.
#[derive(Clone, Copy, Default)]
struct TableBrowser {
    pending: Option<usize>,
    session: Option<usize>,
    remember: Option<(usize, usize)>,
}

impl Table {
    fn new_id(&mut self) -> usize {
        self.next += 1;
        self.next
    }

    fn end_login(&mut self, login: usize) {
        self.logins.remove(&login);
        self.sessions
            .retain(|_, session| session.login != Some(login));
    }

    /// Also under the id that it was renewed as.
    fn end_session(&mut self, id: usize) {
        let renewed = self.sessions.iter();
        let mut renewed = renewed.filter(|(_, session)| session.renewed_from == Some(id));
        let id = renewed.next().map_or(id, |(id, _)| *id);
        if let Some(login) = self.sessions.remove(&id).and_then(|ended| ended.login) {
            self.end_login(login);
        }
    }

    fn log_in(&mut self, browser: usize, remember: bool, is_fresh: bool) {
        if self.is_inactive {
            return;
        }
        let before = self.browsers[browser];
        if let Some(pending) = before.pending {
            self.pending.remove(&pending);
        }
        if let Some(session) = before.session {
            self.end_session(session);
        }
        if let Some((login, _)) = before.remember {
            self.end_login(login);
        }
        let remember = remember.then(|| {
            let (id, token) = (self.new_id(), self.new_id());
            let login = TableLogin {
                epoch: self.epoch,
                began_at: self.now,
                token,
                previous: None,
                rotated_at: self.now,
            };
            self.logins.insert(id, login);
            (id, token)
        });
        let login = remember.map(|(id, _)| id);
        let session = self.begin(browser, is_fresh, login, self.now, i64::MAX);
        self.browsers[browser] = TableBrowser {
            pending: None,
            session: Some(session),
            remember,
        };
    }

    fn show_password(&mut self, browser: usize, remember: bool) {
        if self.is_inactive {
            return;
        }
        if let Some(before) = self.browsers[browser].pending {
            self.pending.remove(&before);
        }
        let id = self.new_id();
        let pending = TablePending {
            epoch: self.epoch,
            user_agent: user_agent(browser),
            began_at: self.now,
            remember,
        };
        self.pending.insert(id, pending);
        self.browsers[browser].pending = Some(id);
    }

    fn show_code(&mut self, browser: usize) {
        let Some(id) = self.browsers[browser].pending else {
            return;
        };
        let Some(pending) = self.pending.get(&id).copied() else {
            return;
        };
        if self.now >= pending.began_at + PENDING {
            return;
        }
        if pending.user_agent != user_agent(browser) || pending.epoch != self.epoch {
            self.pending.remove(&id);
            return;
        }
        self.log_in(browser, pending.remember, true);
    }

    fn begin(
        &mut self,
        browser: usize,
        is_fresh: bool,
        login: Option<usize>,
        shown_at: i64,
        latest: i64,
    ) -> usize {
        let id = self.new_id();
        let session = TableSession {
            epoch: self.epoch,
            user_agent: user_agent(browser),
            seen_at: self.now,
            shown_at,
            ends_at: (self.now + ABSOLUTE).min(latest),
            is_fresh,
            login,
            is_from_replaced: false,
            began_at: self.now,
            renewed_from: None,
        };
        self.sessions.insert(id, session);
        id
    }

    fn visit(&mut self, browser: usize) -> Seen {
        self.by_session(browser)
            .or_else(|| self.by_remember_cookie(browser))
            .unwrap_or(Seen::Nobody)
    }

    fn by_session(&mut self, browser: usize) -> Option<Seen> {
        let cookies = self.browsers[browser];
        let id = cookies.session?;
        let (now, epoch) = (self.now, self.epoch);
        let session = self.sessions.get_mut(&id)?;
        if now >= session.ends_at || now >= session.seen_at + IDLE {
            return None;
        }
        if session.epoch != epoch {
            self.end_session(id);
            return None;
        }
        if self.is_inactive {
            return None;
        }
        if session.user_agent != user_agent(browser) {
            session.is_fresh = false;
        }
        if now - session.seen_at >= TOUCH_EVERY {
            let before = *session;
            session.seen_at = now;
            if self.is_of_copied_cookie(before) {
                self.end_copied(browser, before.login?);
                return None;
            }
        }
        let session = self.sessions[&id];
        let login = cookies.remember.map(|(login, _)| login);
        Some(Seen::User {
            is_fresh: session.is_fresh && now - session.shown_at < FRESH_FOR,
            is_remembered: login.is_some() && login == session.login,
        })
    }

    fn by_remember_cookie(&mut self, browser: usize) -> Option<Seen> {
        let (id, token) = self.browsers[browser].remember?;
        let login = *self.logins.get(&id)?;
        if self.now >= login.began_at + REMEMBERED {
            return None;
        }
        let is_current = login.token == token;
        let is_just_replaced = login.previous == Some(token) && self.now - login.rotated_at < GRACE;
        let of_login = || self.sessions.values().filter(|of| of.login == Some(id));
        let is_replaced_elsewhere = of_login().any(|of| {
            !of.is_from_replaced
                && of.began_at == login.rotated_at
                && of.user_agent != user_agent(browser)
        });
        if !is_current && (!is_just_replaced || is_replaced_elsewhere) {
            self.end_copied(browser, id);
            return None;
        }
        if login.epoch != self.epoch {
            self.end_login(id);
            return None;
        }
        if self.is_inactive {
            return None;
        }
        let mut successor = login.token;
        if is_current {
            successor = self.new_id();
            let rotated = TableLogin {
                token: successor,
                previous: Some(token),
                rotated_at: self.now,
                ..login
            };
            self.logins.insert(id, rotated);
        }
        let mut latest = login.began_at + ABSOLUTE.max(REMEMBERED);
        if !is_current {
            latest = latest.min(self.now + FROM_REPLACED);
        }
        self.sessions
            .retain(|_, of| of.login != Some(id) || of.is_from_replaced == is_current);
        let session = self.begin(browser, false, Some(id), login.began_at, latest);
        self.sessions.entry(session).and_modify(|session| {
            session.is_from_replaced = !is_current;
        });
        self.browsers[browser].session = Some(session);
        self.browsers[browser].remember = Some((id, successor));
        Some(Seen::User {
            is_fresh: false,
            is_remembered: true,
        })
    }

    /// Both sessions of a remembered login are in use, when a browser would have only one of them.
    fn is_of_copied_cookie(&self, session: TableSession) -> bool {
        let over_at = session.began_at + GRACE;
        let used_before = over_at.max(session.seen_at);
        let is_other = |other: &TableSession| {
            other.login == session.login && !other.is_from_replaced && other.seen_at >= used_before
        };
        session.is_from_replaced
            && session.seen_at > session.began_at
            && self.now >= over_at
            && self.sessions.values().any(is_other)
    }

    fn end_copied(&mut self, browser: usize, login: usize) {
        self.end_login(login);
        self.browsers[browser].session = None;
        self.browsers[browser].remember = None;
    }

    fn confirm(&mut self, browser: usize) {
        if self.visit(browser) == Seen::Nobody {
            return;
        }
        let old = self.browsers[browser].session.unwrap();
        let before = self.sessions.remove(&old).unwrap();
        let session = self.begin(browser, true, before.login, self.now, i64::MAX);
        let renewed = self.sessions.get_mut(&session).unwrap();
        renewed.is_from_replaced = before.is_from_replaced;
        renewed.renewed_from = Some(old);
        self.browsers[browser].session = Some(session);
    }

    fn log_out(&mut self, browser: usize) {
        let cookies = std::mem::take(&mut self.browsers[browser]);
        if let Some(pending) = cookies.pending {
            self.pending.remove(&pending);
        }
        if let Some(session) = cookies.session {
            self.end_session(session);
        }
        if let Some((login, _)) = cookies.remember {
            self.end_login(login);
        }
    }

    fn end_all(&mut self) {
        self.sessions.clear();
        self.logins.clear();
        self.pending.clear();
    }
}

// ---- The thing itself.

#[derive(Clone, Copy)]
struct Member {
    epoch: i64,
    is_active: bool,
}

impl User for Member {
    fn id(&self) -> UserId {
        "alice".into()
    }

    fn is_active(&self) -> bool {
        self.is_active
    }

    fn session_epoch(&self) -> Epoch {
        self.epoch.into()
    }
}

#[derive(Clone)]
struct Members(Arc<Mutex<Member>>);

impl Members {
    fn alice(&self) -> Member {
        *self.0.lock().unwrap()
    }
}

struct World {
    clock: Clock,
    members: Members,
    store: FlawedStore,
    /// For each process its browsers; the cookies of a browser are carried from one to the other.
    processes: Vec<Vec<TestClient>>,
}

async fn see(user: Option<CurrentUser<Member>>) -> String {
    user.map_or_else(String::new, |user| {
        format!("{} {}", user.is_fresh(), user.is_remembered())
    })
}

impl World {
    fn new(flaw: Option<Flaw>) -> Self {
        let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
        let members = Members(Arc::new(Mutex::new(Member {
            epoch: 0,
            is_active: true,
        })));
        let store = FlawedStore {
            store: MemoryStore::new(),
            flaw,
        };
        let processes = (0..PROCESSES as u64)
            .map(|seed| {
                let app = process(&members, &store, &clock, Random::insecure_seeded(seed));
                let browser =
                    |i| TestClient::new(app.clone()).user_agent(&format!("UA/{}", user_agent(i)));
                (0..BROWSERS).map(browser).collect()
            })
            .collect();
        Self {
            clock,
            members,
            store,
            processes,
        }
    }

    /// The browser, at this process, with the cookies that it has.
    fn at(&self, browser: usize, process: usize) -> &TestClient {
        let here = &self.processes[process][browser];
        let there = &self.processes[1 - process][browser];
        // The last process that a browser spoke to has its cookies.
        if !there.cookie_names().is_empty() {
            there.hand_over(here);
        }
        here
    }

    async fn visit(&self, browser: usize, process: usize) -> Seen {
        let response = self.at(browser, process).get("/see").await;
        match response.text().split_once(' ') {
            None => Seen::Nobody,
            Some((is_fresh, is_remembered)) => Seen::User {
                is_fresh: is_fresh == "true",
                is_remembered: is_remembered == "true",
            },
        }
    }

    async fn take(&self, step: Step) {
        match step {
            Step::LogIn {
                browser,
                process,
                remember,
                is_fresh,
            } => {
                let path = format!("/in/{remember}/{is_fresh}");
                self.at(browser, process).post(&path, &[]).await;
            }
            Step::ShowPassword {
                browser,
                process,
                remember,
            } => {
                let path = format!("/password/{remember}");
                self.at(browser, process).post(&path, &[]).await;
            }
            Step::ShowCode(browser, process) => {
                self.at(browser, process).post("/code", &[]).await;
            }
            Step::Visit(browser, process) => drop(self.visit(browser, process).await),
            Step::Confirm(browser, process) => {
                self.at(browser, process).post("/confirm", &[]).await;
            }
            Step::LogOut(browser, process) => {
                self.at(browser, process).post("/out", &[]).await;
            }
            Step::CloseBrowser(browser) => self.at(browser, 0).restart(),
            Step::Steal { from, to } if from == to => {}
            Step::Steal { from, to } => {
                let copies = self.at(from, 0).stolen();
                let thief = self.at(to, 0);
                for name in thief.cookie_names() {
                    thief.forget_cookie(&name);
                }
                copies.hand_over(thief);
            }
            Step::RevokeAll => self.revoke_all().await,
            Step::ChangePassword => {
                self.members.0.lock().unwrap().epoch += 1;
                self.revoke_all().await;
            }
            Step::SetActive(is_active) => self.members.0.lock().unwrap().is_active = is_active,
            Step::Wait(seconds) => {
                self.clock
                    .advance(Duration::from_secs(seconds.unsigned_abs()));
            }
        }
    }
}

impl World {
    async fn revoke_all(&self) {
        for realm in ["/pending", ""] {
            let alice = "alice".into();
            self.store.revoke_user(realm, &alice, None).await.unwrap();
        }
    }
}

/// The one password of the one user, hashed once for all histories.
static PASSWORD: LazyLock<(Passwords, PasswordHash)> = LazyLock::new(|| {
    let quick = PasswordAlgorithm::Argon2id {
        memory_kib: 8,
        passes: 1,
    };
    let hash = "$argon2id$v=19$m=8,t=1,p=1$I2+GtuEYdfQdS7qO9QBMog\
                $1Fyb0rhsDuThSmG7CzWQAPTZRjcxui6mACLHxwHBykk";
    let passwords = Passwords::new(quick).unwrap();
    (passwords, PasswordHash::from_stored(hash))
});

impl UserLoader<Member> for Members {
    async fn load(&self, _: UserId) -> Result<Option<Member>> {
        Ok(Some(self.alice()))
    }
}

impl PasswordUsers<Member> for Members {
    async fn find_with_hash(&self, _: &str) -> Result<Option<(Member, Option<PasswordHash>)>> {
        Ok(Some((self.alice(), Some(PASSWORD.1.clone()))))
    }

    async fn hash_of(&self, _: &UserId) -> Result<Option<PasswordHash>> {
        Ok(Some(PASSWORD.1.clone()))
    }

    async fn replace_hash(&self, _: &UserId, _: &PasswordHash, _: &PasswordHash) -> Result<bool> {
        Ok(false)
    }

    async fn set_hash(&self, _: &Member, _: &PasswordHash, _: &Sender) -> Result<Option<Member>> {
        Ok(None)
    }
}

fn process(members: &Members, store: &FlawedStore, clock: &Clock, random: Random) -> Router {
    let loader = {
        let members = members.clone();
        move |_| {
            let alice = members.alice();
            async move { Ok::<_, Infallible>(Some(alice)) }
        }
    };
    let log_in = {
        let members = members.clone();
        move |login: Login<Member>,
              axum::extract::Path((remember, is_fresh)): axum::extract::Path<(bool, bool)>| {
            let alice = members.alice();
            async move {
                let mut log_in = login.log_in(&alice);
                if remember {
                    log_in = log_in.remember();
                }
                if !is_fresh {
                    log_in = log_in.not_fresh();
                }
                log_in.await.map(|outcome| format!("{outcome:?}"))
            }
        }
    };
    let out = |login: Login<Member>| async move { login.log_out().await };
    let confirm = |login: Login<Member>| async move { login.confirm().await.map(|_| ()) };
    let credentials = Credentials::new(
        Users::new(members.clone()),
        PASSWORD.0.clone(),
        store.clone(),
    )
    .second_factor(|_| async { Ok(true) });
    let show_password = {
        let credentials = credentials.clone();
        move |login: Login<Member>, axum::extract::Path(remember): axum::extract::Path<bool>| {
            let credentials = credentials.clone();
            async move {
                let password = "correct horse battery staple".into();
                let check = credentials.check_password(&login, "alice", &password);
                if let Check::Proved(proof) = check.await? {
                    let proof = proof.remember(remember);
                    let _ = credentials.proceed(&login, proof).await?;
                }
                Ok::<_, vestibule::Error>(())
            }
        }
    };
    let show_code = move |login: Login<Member>| {
        let credentials = credentials.clone();
        async move {
            if let Some(pending) = login.pending().await? {
                let tried = credentials.try_second_factor(&login, pending).await?;
                let SecondFactor::MayTry(tried) = tried else {
                    return Ok(());
                };
                let proof = credentials.second_factor_shown(tried, Methods::TOTP);
                let _ = credentials.proceed(&login, proof).await?;
            }
            Ok::<_, vestibule::Error>(())
        }
    };
    let manager = LoginManager::new(loader, store.clone())
        .clock(clock.clone())
        .random(random)
        .fresh_for(Duration::from_secs(FRESH_FOR.unsigned_abs()));
    Router::new()
        .route("/in/{remember}/{is_fresh}", post(log_in))
        .route("/password/{remember}", post(show_password))
        .route("/code", post(show_code))
        .route("/see", get(see))
        .route("/confirm", post(confirm))
        .route("/out", post(out))
        .layer(manager.layer())
}

/// Takes all steps, and compares what each visit shows; at the end every browser visits once.
async fn run(steps: &[Step], flaw: Option<Flaw>) -> Result<(), TestCaseError> {
    let world = World::new(flaw);
    let mut table = Table::default();
    let last_looks = (0..BROWSERS).map(|browser| Step::Visit(browser, 0));
    for (i, step) in steps.iter().copied().chain(last_looks).enumerate() {
        if let Step::Visit(browser, process) = step {
            let seen = world.visit(browser, process).await;
            let expected = table.visit(browser);
            if seen != expected {
                let told = format!("step {i}, {step:?}: {seen:?}, and by the rules {expected:?}");
                return Err(TestCaseError::fail(told));
            }
            continue;
        }
        world.take(step).await;
        match step {
            Step::LogIn {
                browser,
                remember,
                is_fresh,
                ..
            } => table.log_in(browser, remember, is_fresh),
            Step::ShowPassword {
                browser, remember, ..
            } => table.show_password(browser, remember),
            Step::ShowCode(browser, _) => table.show_code(browser),
            Step::Visit(..) => {}
            Step::Confirm(browser, _) => table.confirm(browser),
            Step::LogOut(browser, _) => table.log_out(browser),
            Step::CloseBrowser(browser) => {
                table.browsers[browser].session = None;
                table.browsers[browser].pending = None;
            }
            Step::Steal { from, to } => table.browsers[to] = table.browsers[from],
            Step::RevokeAll => table.end_all(),
            Step::ChangePassword => {
                table.epoch += 1;
                table.end_all();
            }
            Step::SetActive(is_active) => table.is_inactive = !is_active,
            Step::Wait(seconds) => table.now += seconds,
        }
    }
    Ok(())
}

fn check(cases: u32, flaw: Option<Flaw>) -> Result<(), TestError<Vec<Step>>> {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    TestRunner::new_with_rng(config, random).run(&collection::vec(step(), 1..40), |steps| {
        runtime.block_on(run(&steps, flaw))
    })
}

#[test]
fn ten_thousand_histories_go_by_the_rules() {
    if let Err(error) = check(10_000, None) {
        panic!("{error}");
    }
}

#[test]
fn every_planted_flaw_is_found() {
    for flaw in [
        Flaw::RevokeSparesTheRemembered,
        Flaw::TokensAreUsedTwice,
        Flaw::RenewLeavesTheOldSession,
        Flaw::TheftEndsTheTokenAlone,
        Flaw::ReplacedIsNotEnded,
        Flaw::StaleIsForgotten,
        Flaw::PendingIsUsedTwice,
        Flaw::RevokeSparesThePending,
    ] {
        match check(10_000, Some(flaw)) {
            Err(TestError::Fail(_, steps)) => assert!(steps.len() < 12, "{flaw:?}: {steps:#?}"),
            other => panic!("{flaw:?} was not found: {other:?}"),
        }
    }
}

/// What a store can get wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    RevokeSparesTheRemembered,
    TokensAreUsedTwice,
    RenewLeavesTheOldSession,
    TheftEndsTheTokenAlone,
    ReplacedIsNotEnded,
    StaleIsForgotten,
    PendingIsUsedTwice,
    RevokeSparesThePending,
}

/// A store, with a flaw or without.
#[derive(Clone)]
struct FlawedStore {
    store: MemoryStore,
    flaw: Option<Flaw>,
}

impl SessionStore for FlawedStore {
    async fn create(
        &self,
        session: Session,
        data: DataValues,
        remembered: Option<RememberedLogin>,
        replaced: Replaced,
    ) -> Result<()> {
        let replaced = match self.flaw {
            Some(Flaw::ReplacedIsNotEnded) => Replaced::default(),
            _ => replaced,
        };
        self.store.create(session, data, remembered, replaced).await
    }

    fn load(&self, id: SessionId) -> impl Future<Output = Result<Option<Session>>> + Send {
        self.store.load(id)
    }

    fn touch(&self, ids: &[SessionId], at: Timestamp) -> impl Future<Output = Result<u64>> + Send {
        self.store.touch(ids, at)
    }

    async fn mark_stale(&self, id: SessionId) -> Result<bool> {
        if self.flaw == Some(Flaw::StaleIsForgotten) {
            return Ok(true);
        }
        self.store.mark_stale(id).await
    }

    async fn renew(&self, session: Session, old: SessionId) -> Result<bool> {
        if self.flaw == Some(Flaw::RenewLeavesTheOldSession) {
            let created = self
                .store
                .create(session, DataValues::new(), None, Replaced::default());
            return created.await.map(|()| true);
        }
        self.store.renew(session, old).await
    }

    /// Made anew from what a store would have kept, as any store outside the library must.
    async fn load_remembered(&self, id: RememberedId) -> Result<Option<RememberedLogin>> {
        let kept = self.store.load_remembered(id).await?;
        Ok(kept.map(|kept| {
            let (user_id, epoch) = (kept.user_id.as_str().into(), kept.user_epoch);
            let (id, token) = (kept.id.as_bytes(), kept.token.as_bytes());
            let mut login = RememberedLogin::new(
                RememberedId::from_bytes(*id),
                RememberDigest::from_bytes(*token),
                user_id,
                epoch,
                kept.created_at,
                kept.duration,
            );
            login.previous = kept.previous;
            login.seed = RememberSeed::from_bytes(*kept.seed.as_bytes());
            login.rotated_at = kept.rotated_at;
            login.expires_at = kept.expires_at;
            login
        }))
    }

    async fn resume(
        &self,
        session: Session,
        data: DataValues,
        remembered: RememberedLogin,
        seen: RememberDigest,
    ) -> Result<bool> {
        let mut remembered = remembered;
        if self.flaw == Some(Flaw::TokensAreUsedTwice) {
            remembered.token = seen;
        }
        self.store.resume(session, data, remembered, seen).await
    }

    fn extend_remembered(
        &self,
        id: RememberedId,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<bool>> + Send {
        self.store.extend_remembered(id, expires_at)
    }

    async fn revoke(&self, id: SessionId) -> Result<bool> {
        if self.flaw == Some(Flaw::PendingIsUsedTwice) {
            let found = self.store.load(id).await?;
            if found.is_some_and(|session| session.realm == "/pending") {
                return Ok(true);
            }
        }
        self.store.revoke(id).await
    }

    async fn revoke_remembered(&self, id: RememberedId) -> Result<bool> {
        if self.flaw == Some(Flaw::TheftEndsTheTokenAlone) {
            return Ok(true);
        }
        self.store.revoke_remembered(id).await
    }

    async fn revoke_user(
        &self,
        realm: &str,
        user_id: &UserId,
        keep: Option<SessionId>,
    ) -> Result<u64> {
        if self.flaw == Some(Flaw::RevokeSparesTheRemembered) {
            return Ok(0);
        }
        if self.flaw == Some(Flaw::RevokeSparesThePending) && realm == "/pending" {
            return Ok(0);
        }
        self.store.revoke_user(realm, user_id, keep).await
    }

    async fn list_user(
        &self,
        realm: &str,
        user_id: &UserId,
        after: Option<ListedSession>,
        limit: usize,
    ) -> Result<Vec<Session>> {
        self.store.list_user(realm, user_id, after, limit).await
    }

    async fn list_remembered(&self, id: RememberedId) -> Result<Vec<Session>> {
        self.store.list_remembered(id).await
    }

    async fn load_by_public_id(
        &self,
        realm: &str,
        user_id: &UserId,
        public_id: &str,
    ) -> Result<Option<Session>> {
        self.store
            .load_by_public_id(realm, user_id, public_id)
            .await
    }

    fn sweep(
        &self,
        realm: &str,
        expiry: SessionExpiry,
        now: Timestamp,
    ) -> impl Future<Output = Result<u64>> + Send {
        self.store.sweep(realm, expiry, now)
    }

    async fn list(&self, listed: Listed<'_>) -> Result<Vec<Session>> {
        self.store.list(listed).await
    }

    async fn update(&self, update: Update<'_>) -> Result<u64> {
        self.store.update(update).await
    }

    async fn end(&self, ended: Ended<'_>) -> Result<u64> {
        self.store.end(ended).await
    }

    fn feed(&self) -> Option<&InvalidationFeed> {
        self.store.feed()
    }

    async fn load_data(&self, id: SessionId) -> Result<DataValues> {
        self.store.load_data(id).await
    }

    async fn change_data(&self, id: SessionId, changes: &DataChanges) -> Result<DataOutcome> {
        self.store.change_data(id, changes).await
    }
}
