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

async fn find(_: &str) -> Result<Option<Member>, Infallible> {
    Ok(None)
}

fn main() {
    let _ = LoginManager::new(async |id| find(id.as_str()).await, MemoryStore::new());
}
