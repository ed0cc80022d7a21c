//! The rules for all session stores.

mod counters;
mod data;
mod nodes;
mod remembered;
mod sessions;

pub use counters::counters_conformance;

use std::task::Poll;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::crypto::random::Random;
use crate::session::{
    DataValues, Methods, RememberToken, RememberedLogin, Replaced, Session, SessionStore,
    SessionToken, UserId,
};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);

/// How often to repeat a race of two calls, and how many calls to run at once in larger races.
const RACES: usize = 50;

/// Checks that a store follows the rules of [`SessionStore`]. Run it on an empty store of your own,
/// because it ends and sweeps existing sessions.
///
/// ```
/// # #[tokio::main] async fn main() {
/// use vestibule::stores::MemoryStore;
/// use vestibule::testing::store_conformance;
///
/// store_conformance(MemoryStore::new()).await;
/// # }
/// ```
///
/// # Panics
/// At the first rule that the store breaks; the message names it.
pub async fn store_conformance(store: impl SessionStore) {
    let made = Sessions::default();
    sessions::what_is_created_is_loaded_as_it_was(&store, &made).await;
    sessions::an_id_is_created_once(&store, &made).await;
    sessions::a_replaced_session_is_gone(&store, &made).await;
    sessions::what_is_revoked_stays_revoked(&store, &made).await;
    sessions::all_sessions_of_a_user_end_but_the_kept_one(&store, &made).await;
    sessions::the_sessions_of_a_user_are_listed_and_nobody_elses(&store, &made).await;
    sessions::a_user_s_sessions_are_listed_in_pages(&store, &made).await;
    sessions::a_session_is_found_by_its_public_id_among_its_user_s(&store, &made).await;
    sessions::a_session_may_be_an_anonymous_visitor_s(&store, &made).await;
    sessions::a_session_may_be_a_log_in_proved_in_part(&store, &made).await;
    sessions::the_sweep_takes_the_expired_only(&store, &made).await;
    sessions::the_sweep_takes_all_that_has_expired(&store, &made).await;
    sessions::a_session_that_is_touched_while_it_is_swept_is_there_or_not(&store, &made).await;
    sessions::what_changes_is_told(&store, &made).await;
    sessions::a_late_touch_in_a_race_revives_nothing(&store, &made).await;
    sessions::a_renewed_session_takes_the_place_of_the_old_one(&store, &made).await;
    sessions::ending_a_session_ends_what_it_was_renewed_as(&store, &made).await;
    sessions::what_a_kept_session_was_renewed_as_is_kept(&store, &made).await;
    sessions::nothing_is_renewed_past_its_end_in_a_race(&store, &made).await;
    sessions::a_stale_session_stays_stale(&store, &made).await;
    sessions::a_check_of_writes_changes_no_session(&store, &made).await;
    remembered::a_remembered_login_is_loaded_as_it_was(&store, &made).await;
    remembered::a_remember_token_is_used_once(&store, &made).await;
    remembered::of_uses_in_a_race_one_succeeds(&store, &made).await;
    remembered::a_remembered_login_has_two_sessions_at_most(&store, &made).await;
    remembered::a_remembered_login_and_its_sessions_end_together(&store, &made).await;
    remembered::ending_all_of_a_user_spares_what_the_kept_session_came_of(&store, &made).await;
    remembered::nothing_is_resumed_after_the_end_in_a_race(&store, &made).await;
    remembered::a_forgotten_browser_is_swept(&store, &made).await;
    data::values_are_written_one_by_one(&store, &made).await;
    data::values_begin_with_their_session(&store, &made).await;
    data::values_end_with_their_session(&store, &made).await;
    data::values_go_on_with_a_renewed_session(&store, &made).await;
    data::there_is_a_limit_to_them(&store, &made).await;
    data::there_may_be_very_many(&store, &made).await;
    data::parallel_writes_undo_nothing_and_keep_the_limit(&store, &made).await;
    data::a_late_write_in_a_race_revives_nothing(&store, &made).await;
    data::a_write_beside_a_renewal_is_not_lost(&store, &made).await;
}

/// Checks that two nodes follow those rules together: two handles of one empty store, each with its
/// own connection, as in two copies of a program.
///
/// ```
/// # #[tokio::main] async fn main() {
/// use vestibule::stores::MemoryStore;
/// use vestibule::testing::two_nodes_conformance;
///
/// let store = MemoryStore::new();
/// two_nodes_conformance(store.clone(), store).await;
/// # }
/// ```
///
/// # Panics
/// At the first rule that they break; the message names it.
pub async fn two_nodes_conformance(here: impl SessionStore, there: impl SessionStore) {
    let made = Sessions::default();
    nodes::what_one_writes_the_other_reads(&here, &there, &made).await;
    nodes::what_one_ends_is_ended_for_both_in_a_race(&here, &there, &made).await;
    nodes::nothing_is_resumed_at_one_after_the_end_at_the_other(&here, &there, &made).await;
    nodes::a_remember_token_is_used_once_at_one_of_them(&here, &there, &made).await;
    nodes::writes_at_both_undo_nothing(&here, &there, &made).await;
    nodes::what_one_touches_while_both_sweep_is_there_or_not(&here, &there, &made).await;
}

async fn create(store: &impl SessionStore, session: &Session) {
    let created = store
        .create(
            session.clone(),
            DataValues::new(),
            None,
            Replaced::default(),
        )
        .await;
    created.expect("create");
}

/// Creates different sessions.
#[derive(Default)]
struct Sessions(Random);

impl Sessions {
    fn of(&self, user_id: &str) -> Session {
        let token = SessionToken::generate(&self.0).expect("random bytes");
        let public_id = data_encoding::HEXLOWER.encode(&token.id("").as_bytes()[..12]);
        let user_id = UserId::from(user_id);
        let mut session = Session::new(token.id(""), public_id, user_id, 7, NOW, HOUR);
        session.user_agent = Some("Mozilla/5.0 (佐藤)".to_owned());
        session.address = "2001:db8::1".parse().ok();
        session.methods = Methods::PASSWORD | Methods::TOTP;
        session.confirmed_by = Methods::TOTP;
        session
    }

    /// A session and the remembered login that began with it, both in `store`.
    async fn remembered(&self, store: &impl SessionStore, user_id: &str) -> Remembered {
        let token = RememberToken::generate(&self.0).expect("random bytes");
        let mut session = self.of(user_id);
        session.remembered = Some(token.id(""));
        let mut login = RememberedLogin::new(
            token.id(""),
            token.digest(),
            UserId::from(user_id),
            7,
            NOW,
            HOUR,
        );
        login.methods = Methods::PASSWORD | Methods::RECOVERY_CODE;
        login.confirmed_by = Methods::RECOVERY_CODE;
        let created = store
            .create(
                session.clone(),
                DataValues::new(),
                Some(login.clone()),
                Replaced::default(),
            )
            .await;
        created.expect("create");
        Remembered {
            session,
            login,
            token,
        }
    }

    /// A session resumed from a remembered login.
    fn resumed(&self, login: &RememberedLogin) -> Session {
        let mut session = self.of(login.user_id.as_str());
        session.remembered = Some(login.id);
        session.is_fresh = false;
        session
    }
}

struct Remembered {
    session: Session,
    login: RememberedLogin,
    token: RememberToken,
}

/// Runs futures at the same time.
async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut is_done = true;
        for (future, output) in &mut futures {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *output = Some(value),
                    Poll::Pending => is_done = false,
                }
            }
        }
        if is_done {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    futures
        .into_iter()
        .filter_map(|(_, output)| output)
        .collect()
}
