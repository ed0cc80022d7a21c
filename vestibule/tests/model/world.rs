//! The library itself: browsers, processes and their store.

use std::convert::Infallible;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use vestibule::clock::{Clock, Timestamp};
use vestibule::credentials::{Check, Credentials, PasswordUsers, SecondFactor, Users};
use vestibule::crypto::random::Random;
use vestibule::login::{Epoch, Sender, User, UserId, UserLoader};
use vestibule::password::{PasswordAlgorithm, PasswordHash, Passwords};
use vestibule::session::{Methods, SessionStore};
use vestibule::stores::MemoryStore;
use vestibule::testing::TestClient;
use vestibule::{CurrentUser, Login, LoginManager, Result};

use crate::flawed_store::{Flaw, FlawedStore};
use crate::{BROWSERS, FRESH_FOR, PROCESSES, Seen, Step, user_agent};

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

pub(crate) struct World {
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
    pub(crate) fn new(flaw: Option<Flaw>) -> Self {
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

    pub(crate) async fn visit(&self, browser: usize, process: usize) -> Seen {
        let response = self.at(browser, process).get("/see").await;
        match response.text().split_once(' ') {
            None => Seen::Nobody,
            Some((is_fresh, is_remembered)) => Seen::User {
                is_fresh: is_fresh == "true",
                is_remembered: is_remembered == "true",
            },
        }
    }

    pub(crate) async fn take(&self, step: Step) {
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
