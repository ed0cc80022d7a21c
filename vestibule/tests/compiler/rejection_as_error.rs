use vestibule::access::Rule;
use vestibule::{Error, Login};
use vestibule::login::{User, UserId};

#[derive(Clone)]
struct Member;

impl User for Member {
    fn id(&self) -> UserId {
        1_i64.into()
    }
}

async fn page(login: Login<Member>) -> Result<String, Error> {
    login.require(Rule::Login).await?;
    Ok("for members".to_owned())
}

fn main() {
    let _ = page;
}
