use std::convert::Infallible;

use axum::Router;
use vestibule::LoginManager;
use vestibule::login::{User, UserId};

#[derive(Clone)]
struct Member;

impl User for Member {
    fn id(&self) -> UserId {
        1_i64.into()
    }
}

async fn find(_: UserId) -> Result<Option<Member>, Infallible> {
    Ok(None)
}

fn main() {
    let manager = LoginManager::new(find, vestibule::stores::MemoryStore::new());
    let _: Router = Router::new().layer(manager);
}
