//! What the tests in this folder share.

use std::convert::Infallible;

use crate::login::{LoginManager, User, UserId};
use crate::stores::MemoryStore;

/// The only user.
#[derive(Clone)]
pub(super) struct Member;

impl User for Member {
    fn id(&self) -> UserId {
        "alice".into()
    }
}

/// A login manager with a store of its own, for this user alone.
pub(super) fn manager() -> LoginManager<Member> {
    let find = async |_: UserId| Ok::<_, Infallible>(Some(Member));
    LoginManager::new(find, MemoryStore::new())
}
