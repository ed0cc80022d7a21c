use std::convert::Infallible;

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
    let _ = LoginManager::new(find, "sqlite://app.db");
}
