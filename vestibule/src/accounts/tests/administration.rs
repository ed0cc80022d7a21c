//! Roles, changes by an actor, and the security log.

use std::time::Duration;

use super::{QUICK, credentials};
use crate::accounts::{ADMIN, Account, Accounts, Action, Actor, ChangeOutcome, MIGRATIONS};
use crate::clock::{Clock, Timestamp};
use crate::credentials::{Activity, ActivityLog, Check, PasswordUsers, Username};
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::database::{Database, Migrations};
use crate::login::{Sender, User, UserLoader};
use crate::password::{PasswordHash, Passwords};
use crate::session::{DataValues, Replaced, Session, SessionId, SessionStore, SessionToken};
use crate::stores::MemoryStore;
use crate::testing::fresh_database;

/// Accounts of a database in memory with these users.
pub(super) async fn accounts_of(names: &[&str]) -> Accounts {
    accounts_in(&fresh_database().await, names).await
}

pub(super) async fn accounts_in(database: &Database, names: &[&str]) -> Accounts {
    database.migrate(MIGRATIONS).await.unwrap();
    let passwords = Passwords::new(QUICK).unwrap();
    let accounts = Accounts::new(database.clone(), passwords, MemoryStore::new())
        .clock(Clock::manual(Timestamp::from_millis(1_800_000_000_000)));
    register(&accounts, names).await;
    accounts
}

async fn register(accounts: &Accounts, names: &[&str]) {
    for name in names {
        let name: Username = name.parse().unwrap();
        let _ = accounts.register(&name, &Secret::from("a")).await.unwrap();
    }
}

pub(super) async fn account(accounts: &Accounts, name: &str) -> Account {
    let name: Username = name.parse().unwrap();
    accounts.find(name.as_str()).await.unwrap().unwrap()
}

/// Makes `name` an admin, and returns them as an actor.
pub(super) async fn admin(accounts: &Accounts, name: &str) -> Actor {
    let id = account(accounts, name).await.id;
    let operator = accounts.by(Actor::operator());
    let admin = ADMIN.parse().unwrap();
    let _ = operator.grant_role(&id, &admin).await.unwrap();
    // With the role they have a new epoch.
    Actor::user(&account(accounts, name).await, admin)
}

async fn lines(accounts: &Accounts) -> usize {
    let log = accounts.security_log(None, None, 1_000).await;
    log.unwrap().len()
}

#[tokio::test]
async fn roles_and_their_permissions_come_with_the_user_by_every_way_and_go_at_once() {
    let accounts = accounts_of(&["alice", "bob"]).await;
    let alice = account(&accounts, "alice").await;
    let operator = accounts.by(Actor::operator());
    let (editor, writer) = ("editor".parse().unwrap(), "writer".parse().unwrap());
    let (edit, write) = (
        "posts.edit".parse().unwrap(),
        "posts.write".parse().unwrap(),
    );

    for change in [
        operator.add_role(&editor).await,
        operator.add_role(&writer).await,
        operator.allow(&editor, &edit).await,
        operator.allow(&editor, &write).await,
        operator.allow(&writer, &write).await,
        operator.grant_role(&alice.id, &editor).await,
        operator.grant_role(&alice.id, &writer).await,
    ] {
        assert_eq!(change.unwrap(), ChangeOutcome::Done);
    }

    let loaded = accounts.load(alice.id.clone()).await.unwrap().unwrap();
    let listed = accounts.list(None, 10).await.unwrap();
    let password = Secret::from("a");
    let checked = credentials(&accounts)
        .check_password_from(None, "alice", &password)
        .await;
    let Check::Proved(checked) = checked.unwrap() else {
        panic!("the right password");
    };
    let found = account(&accounts, "alice").await;
    for alice in [&loaded, &listed[0], checked.user(), &found] {
        assert_eq!(alice.rights.roles(), ["editor", "writer"]);
        assert_eq!(alice.rights.permissions(), ["posts.edit", "posts.write"]);
        assert!(alice.has_role("editor") && alice.can("posts.edit"));
    }
    assert_eq!(listed[1].rights.roles(), [""; 0], "bob has none");
    let can = async |permission: &str| account(&accounts, "alice").await.can(permission);
    assert_eq!(
        operator.forbid(&editor, &write).await.unwrap(),
        ChangeOutcome::Done
    );
    assert!(can("posts.write").await, "she has it by another role");
    let revoked = operator.revoke_role(&alice.id, &writer).await;
    assert_eq!(revoked.unwrap(), ChangeOutcome::Done);
    assert!(!can("posts.write").await && can("posts.edit").await);
    assert_eq!(
        operator.remove_role(&editor).await.unwrap(),
        ChangeOutcome::Done
    );
    let alice = account(&accounts, "alice").await;
    assert_eq!(alice.rights.roles(), [""; 0]);
}

#[tokio::test]
async fn what_there_is_none_of_is_refused_with_the_nearest_name() {
    let accounts = accounts_of(&["alice", "bob"]).await;
    let alice = account(&accounts, "alice").await;
    let operator = accounts.by(Actor::operator());
    let (admin, ghost) = (ADMIN.parse().unwrap(), "admni".parse().unwrap());
    let (edit, typo) = ("posts.edit".parse().unwrap(), "posts.edti".parse().unwrap());
    let _ = operator.allow(&admin, &edit).await.unwrap();
    let nobody = "nobody".into();

    for refused in [
        operator.grant_role(&alice.id, &ghost).await,
        operator.revoke_role(&alice.id, &ghost).await,
        operator.remove_role(&ghost).await,
        operator.allow(&ghost, &edit).await,
        operator.forbid(&ghost, &edit).await,
    ] {
        let nearest = Some("admin".to_owned());
        assert_eq!(refused.unwrap(), ChangeOutcome::NoSuchRole(nearest));
    }
    let nearest = Some("posts.edit".to_owned());
    let refused = operator.forbid(&admin, &typo).await;
    assert_eq!(refused.unwrap(), ChangeOutcome::NoSuchPermission(nearest));
    for refused in [
        operator.grant_role(&nobody, &admin).await,
        operator.disable(&nobody).await,
        operator.delete(&nobody).await,
        operator.set_password(&nobody, &Secret::from("b")).await,
        operator.end_sessions(&nobody).await,
    ] {
        assert_eq!(refused.unwrap(), ChangeOutcome::NoSuchUser);
    }
    let nearest = async |name: &str| accounts.nearest_username(name).await.unwrap();
    assert_eq!(nearest("alcie").await.as_deref(), Some("alice"));
    assert_eq!(nearest("lice").await.as_deref(), Some("alice"));
    assert_eq!(nearest("zzzzzz").await, None);
}

#[tokio::test]
async fn doing_it_again_changes_nothing_and_is_not_logged() {
    let accounts = accounts_of(&["alice"]).await;
    let alice = account(&accounts, "alice").await;
    let operator = accounts.by(Actor::operator());
    let (admin, edit) = (ADMIN.parse().unwrap(), "posts.edit".parse().unwrap());
    let _ = operator.grant_role(&alice.id, &admin).await.unwrap();
    let _ = operator.allow(&admin, &edit).await.unwrap();
    let _ = operator.disable(&alice.id).await.unwrap();
    let _ = operator.demand_new_password(&alice.id).await.unwrap();
    let before = lines(&accounts).await;

    for again in [
        operator.grant_role(&alice.id, &admin).await,
        operator.allow(&admin, &edit).await,
        operator.disable(&alice.id).await,
        operator.demand_new_password(&alice.id).await,
    ] {
        assert_eq!(again.unwrap(), ChangeOutcome::AlreadySo);
    }
    let taken = operator.add_role(&admin).await;
    assert_eq!(taken.unwrap(), ChangeOutcome::NameTaken);
    let kept = operator.remove_role(&admin).await;
    assert_eq!(kept.unwrap(), ChangeOutcome::BuiltIn);
    assert_eq!(lines(&accounts).await, before);
}

/// H6: the last admin.
#[tokio::test]
async fn the_last_admin_cannot_disable_demote_or_delete_themself() {
    let accounts = accounts_of(&["carol", "dave", "erin"]).await;
    let carol = admin(&accounts, "carol").await;
    let id = account(&accounts, "carol").await.id;
    let role = ADMIN.parse().unwrap();
    // Another admin exists, but is disabled.
    let dave = admin(&accounts, "dave").await;
    let dave_id = account(&accounts, "dave").await.id;
    let themself = accounts.by(carol);
    let _ = themself.disable(&dave_id).await.unwrap();

    for refused in [
        themself.disable(&id).await,
        themself.revoke_role(&id, &role).await,
        themself.delete(&id).await,
    ] {
        assert_eq!(refused.unwrap(), ChangeOutcome::LastAdmin);
    }
    let still = account(&accounts, "carol").await;
    assert!(!still.is_disabled && still.has_role(ADMIN));

    let _ = themself.enable(&dave_id).await.unwrap();
    let revoked = themself.revoke_role(&id, &role).await;
    assert_eq!(revoked.unwrap(), ChangeOutcome::Done);
    // A change that dave began before he was disabled is rejected.
    let late = accounts.by(dave).delete(&dave_id).await;
    assert_eq!(late.unwrap(), ChangeOutcome::ActorLacksRole);
    let dave = admin(&accounts, "dave").await;
    let refused = accounts.by(dave).delete(&dave_id).await;
    assert_eq!(refused.unwrap(), ChangeOutcome::LastAdmin);
    // The operator can add another admin at any time, and must be able to lock out a thief.
    let operator = accounts.by(Actor::operator());
    assert_eq!(
        operator.disable(&dave_id).await.unwrap(),
        ChangeOutcome::Done
    );
}

/// H6: two admins who remove each other's role at the same time.
#[tokio::test(flavor = "multi_thread")]
async fn of_admins_who_demote_one_another_at_once_one_is_left() {
    // SQLite in memory has one connection, so there would be no race.
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/site.db?mode=rwc", folder.path().display());
    let on_file = Database::connect(&url).await.unwrap();
    for database in [on_file, fresh_database().await] {
        database.migrate(MIGRATIONS).await.unwrap();
        let passwords = Passwords::new(QUICK).unwrap();
        let accounts = Accounts::new(database, passwords, MemoryStore::new());
        register(&accounts, &["carol", "dave"]).await;
        demote_one_another(&accounts).await;
    }
}

async fn demote_one_another(accounts: &Accounts) {
    for _ in 0..25 {
        let carol = admin(accounts, "carol").await;
        let dave = admin(accounts, "dave").await;
        let mut tasks = Vec::new();
        for (actor, other) in [(carol, "dave"), (dave, "carol")] {
            let other = account(accounts, other).await.id;
            let accounts = accounts.clone();
            let role = ADMIN.parse().unwrap();
            tasks.push(tokio::spawn(async move {
                accounts.by(actor).revoke_role(&other, &role).await
            }));
        }
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await.unwrap().unwrap());
        }

        assert!(outcomes.contains(&ChangeOutcome::Done), "{outcomes:?}");
        assert!(
            outcomes.contains(&ChangeOutcome::ActorLacksRole),
            "{outcomes:?}"
        );
    }
}

/// H5: the role was removed after the guard accepted the request.
#[tokio::test]
async fn whoever_has_lost_the_role_meanwhile_changes_nothing_and_leaves_no_line() {
    let accounts = accounts_of(&["carol", "dave"]).await;
    let late = accounts.by(admin(&accounts, "carol").await);
    let id = account(&accounts, "carol").await.id;
    let dave = account(&accounts, "dave").await.id;
    let role = ADMIN.parse().unwrap();
    let operator = accounts.by(Actor::operator());
    let is_refused = async |why: &str| {
        let before = lines(&accounts).await;
        for change in [
            late.add(&"fred".parse().unwrap(), &Secret::from("f")).await,
            late.set_email(&dave, Some(&"d@example.com".parse().unwrap()))
                .await,
            late.grant_role(&dave, &role).await,
            late.revoke_role(&id, &role).await,
            late.disable(&dave).await,
            late.delete(&dave).await,
            late.set_password(&dave, &Secret::from("b")).await,
            late.demand_new_password(&dave).await,
            late.end_session(&dave, "any").await,
            late.end_sessions(&dave).await,
            late.add_role(&"editor".parse().unwrap()).await,
            late.remove_role(&"editor".parse().unwrap()).await,
            late.allow(&role, &"a.b".parse().unwrap()).await,
            late.forbid(&role, &"a.b".parse().unwrap()).await,
        ] {
            assert_eq!(change.unwrap(), ChangeOutcome::ActorLacksRole, "{why}");
        }
        assert_eq!(lines(&accounts).await, before, "{why}");
    };

    let _ = operator.demand_new_password(&id).await.unwrap();
    is_refused("who must choose another password").await;
    let password = Secret::from("c");
    let _ = operator.set_password(&id, &password).await.unwrap();
    let _ = operator.disable(&id).await.unwrap();
    is_refused("who is disabled").await;
    let _ = operator.enable(&id).await.unwrap();
    let _ = operator.revoke_role(&id, &role).await.unwrap();
    is_refused("who is no admin any more").await;
    let _ = operator.delete(&id).await.unwrap();
    is_refused("who is gone").await;
    let dave = account(&accounts, "dave").await;
    assert!(!dave.is_disabled && dave.rights.roles().is_empty());
}

#[tokio::test]
async fn each_change_is_a_line_that_says_who_did_what_to_whom_from_where() {
    let accounts = accounts_of(&["alice"]).await;
    let alice = account(&accounts, "alice").await;
    let actor = admin(&accounts, "alice").await.at("192.0.2.7".parse().ok());

    let editor = "editor".parse().unwrap();
    let _ = accounts.by(actor).add_role(&editor).await.unwrap();
    let operator = accounts.by(Actor::operator());
    let _ = operator.disable(&alice.id).await.unwrap();

    let log = accounts.security_log(None, None, 100).await.unwrap();
    let line = |action: Action| {
        let mut lines = log.iter();
        lines.find(|line| line.action == action.as_str()).unwrap()
    };
    let added = line(Action::RoleAdded);
    assert_eq!(added.actor, "alice");
    assert_eq!(added.actor_id.as_ref(), Some(&alice.id));
    assert_eq!(added.address.as_deref(), Some("192.0.2.7"));
    assert_eq!(added.detail.as_deref(), Some("editor"));
    assert_eq!(added.username, None);
    let disabled = line(Action::AccountDisabled);
    assert_eq!(disabled.actor, "command line");
    assert_eq!(disabled.actor_id, None);
    assert_eq!(disabled.username.as_deref(), Some("alice"));
    let of_alice = accounts.security_log(Some(&alice.id), None, 100).await;
    let of_alice = of_alice.unwrap();
    assert_eq!(of_alice.len(), 3, "added, granted, disabled: {of_alice:?}");
}

#[tokio::test]
async fn tables_without_roles_are_brought_up_to_date_and_keep_their_users() {
    let before = Migrations {
        owner: "accounts",
        steps: &MIGRATIONS.steps[..1],
    };
    let database = fresh_database().await;
    database.migrate(before).await.unwrap();
    let old = "INSERT INTO users (id, username, canonical_username, is_disabled, session_epoch, \
               created_at, updated_at) VALUES ('1', 'Old', 'old', FALSE, 3, 1, 2)";
    sea_orm::ConnectionTrait::execute_unprepared(database.connection(), old)
        .await
        .unwrap();

    database.migrate(MIGRATIONS).await.unwrap();

    let passwords = Passwords::new(QUICK).unwrap();
    let accounts = Accounts::new(database, passwords, MemoryStore::new());
    let old = account(&accounts, "old").await;
    assert_eq!((old.name(), old.session_epoch), ("Old", 3));
    assert!(!old.must_change_password && old.rights.roles().is_empty());
    let roles = accounts.roles().await.unwrap();
    assert_eq!(roles.len(), 1, "the role admin is there");
    assert_eq!(roles[0].name, ADMIN);
}

async fn begin_session(store: &MemoryStore, account: &Account, public_id: &str) -> SessionId {
    let id = SessionToken::generate(&Random::default()).unwrap().id("");
    let (user, epoch) = (account.id.clone(), account.session_epoch);
    let now = Timestamp::from_millis(1_800_000_000_000);
    let hour = Duration::from_hours(1);
    let session = Session::new(id, public_id.to_owned(), user, epoch, now, hour);
    store
        .create(session, DataValues::new(), None, Replaced::default())
        .await
        .unwrap();
    id
}

/// A change and its line in the log are stored together, or not at all.
#[tokio::test]
async fn without_a_line_in_the_log_nothing_is_changed() {
    let database = Database::connect("sqlite::memory:").await.unwrap();
    database.migrate(MIGRATIONS).await.unwrap();
    let passwords = Passwords::new(QUICK).unwrap();
    let store = MemoryStore::new();
    let accounts = Accounts::new(database, passwords, store.clone());
    register(&accounts, &["alice"]).await;
    let alice = account(&accounts, "alice").await;
    let operator = accounts.by(Actor::operator());
    let no_line = "CREATE TRIGGER no_line BEFORE INSERT ON security_log \
                   BEGIN SELECT RAISE(ABORT, 'full'); END";
    let connection = accounts.inner.database.connection();
    sea_orm::ConnectionTrait::execute_unprepared(connection, no_line)
        .await
        .unwrap();

    let session = begin_session(&store, &alice, "one").await;
    let admin = ADMIN.parse().unwrap();
    for change in [
        operator.end_session(&alice.id, "one").await,
        operator.grant_role(&alice.id, &admin).await,
        operator.disable(&alice.id).await,
        operator.demand_new_password(&alice.id).await,
        operator.end_sessions(&alice.id).await,
        operator.set_password(&alice.id, &Secret::from("b")).await,
        operator.delete(&alice.id).await,
        operator
            .add(&"bob".parse().unwrap(), &Secret::from("b"))
            .await,
        operator.add_role(&"editor".parse().unwrap()).await,
    ] {
        assert!(change.unwrap_err().is_store());
    }

    assert_eq!(account(&accounts, "alice").await, alice);
    assert!(store.load(session).await.unwrap().is_some());
    for activity in [Activity::SessionEnded("one"), Activity::OtherSessionsEnded] {
        let noted = accounts.note(&alice, activity, &Sender::at(None)).await;
        assert!(noted.unwrap_err().is_store());
    }
    let changed = accounts
        .set_hash(&alice, &hash("c").await, &Sender::at(None))
        .await;
    assert!(changed.unwrap_err().is_store());
    let password = Secret::from("a");
    let check = credentials(&accounts)
        .check_password_from(None, "alice", &password)
        .await;
    assert!(matches!(check.unwrap(), Check::Proved(proof) if *proof.user() == alice));
    assert_eq!(accounts.role_names().await.unwrap(), [ADMIN]);
    assert_eq!(accounts.list(None, 10).await.unwrap().len(), 1);
}

/// A requirement added after the old password was checked still applies.
#[tokio::test]
async fn a_change_under_way_does_not_do_for_a_demand_that_came_after_it() {
    let accounts = accounts_of(&["alice"]).await;
    let alice = account(&accounts, "alice").await;
    let operator = accounts.by(Actor::operator());
    let _ = operator.demand_new_password(&alice.id).await.unwrap();

    let changed = accounts
        .set_hash(&alice, &hash("b").await, &Sender::at(None))
        .await;

    assert_eq!(changed.unwrap(), None);
    let alice = account(&accounts, "alice").await;
    assert!(alice.must_change_password);
    let changed = accounts
        .set_hash(&alice, &hash("b").await, &Sender::at(None))
        .await;
    assert!(!changed.unwrap().unwrap().must_change_password);
}

async fn hash(password: &str) -> PasswordHash {
    let passwords = Passwords::new(QUICK).unwrap();
    passwords.hash(&Secret::from(password)).await.unwrap()
}

#[tokio::test]
async fn sessions_that_are_over_are_not_listed() {
    let store = MemoryStore::new();
    let database = Database::connect("sqlite::memory:").await.unwrap();
    database.migrate(MIGRATIONS).await.unwrap();
    let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
    let passwords = Passwords::new(QUICK).unwrap();
    let accounts = Accounts::new(database, passwords, store.clone()).clock(clock.clone());
    register(&accounts, &["alice"]).await;
    let alice = account(&accounts, "alice").await;
    for (name, epoch, lifetime) in [("alive", 0, 60), ("expired", 0, 1), ("of before", 7, 60)] {
        let token = SessionToken::generate(&Random::default()).unwrap();
        let lifetime = Duration::from_secs(lifetime);
        let (id, user) = (token.id(""), alice.id.clone());
        let session = Session::new(id, name.to_owned(), user, epoch, clock.now(), lifetime);
        store
            .create(session, DataValues::new(), None, Replaced::default())
            .await
            .unwrap();
    }
    clock.advance(Duration::from_secs(2));

    let listed = accounts.sessions(&alice, None, 10).await.unwrap();

    let names: Vec<_> = listed.iter().map(|session| &*session.public_id).collect();
    assert_eq!(names, ["alive"]);
}

/// A log-in whose password was checked just before would begin its session just after.
#[tokio::test]
async fn what_ends_all_sessions_ends_a_log_in_under_way_too() {
    let accounts = accounts_of(&["alice"]).await;
    let id = account(&accounts, "alice").await.id;
    let operator = accounts.by(Actor::operator());
    let password = Secret::from("b");
    let mut epoch = account(&accounts, "alice").await.session_epoch;

    for change in 0..3 {
        let change = match change {
            0 => operator.end_sessions(&id).await,
            1 => operator.set_password(&id, &password).await,
            _ => operator.disable(&id).await,
        };
        assert_eq!(change.unwrap(), ChangeOutcome::Done);
        let now = account(&accounts, "alice").await.session_epoch;
        assert_ne!(now, epoch);
        epoch = now;
    }
}
