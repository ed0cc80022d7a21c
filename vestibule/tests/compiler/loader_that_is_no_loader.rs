use std::sync::Mutex;

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

struct Members(Mutex<Vec<Member>>);

fn main() {
    let members = Members(Mutex::default());
    let _ = LoginManager::<Member>::new(members, MemoryStore::new());
}
