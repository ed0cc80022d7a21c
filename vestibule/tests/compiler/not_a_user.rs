use vestibule::login::login_required;

#[derive(Clone)]
struct Member;

fn main() {
    let _ = login_required::<Member>();
}
