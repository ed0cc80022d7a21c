use std::convert::Infallible;

use vestibule::LoginManager;
use vestibule::stores::MemoryStore;
use vestibule::login::{User, UserId};

#[derive(Clone)]
struct Member;

impl User for Member {
    fn id(&self) -> UserId {
        1_i64.into()
    }
}

struct Pool;

impl Pool {
    async fn find(&self, _: &str) -> Result<Option<Member>, Infallible> {
        Ok(None)
    }
}

fn main() {
    // `Pool` cannot be cloned.
    let pool = Pool;
    let loader = async move |id: UserId| pool.find(id.as_str()).await;
    let _ = LoginManager::new(loader, MemoryStore::new());
}
