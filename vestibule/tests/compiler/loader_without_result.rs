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

fn main() {
    let loader = async |_: UserId| Some(Member);
    let _ = LoginManager::<Member>::new(loader, MemoryStore::new());
}
