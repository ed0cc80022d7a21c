use axum::Router;
use vestibule::login::login_required;
use vestibule::login::{User, UserId};

#[derive(Clone)]
struct Member;

impl User for Member {
    fn id(&self) -> UserId {
        1_i64.into()
    }
}

fn main() {
    let _: Router = Router::new().route_layer(login_required());
}
