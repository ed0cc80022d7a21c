//! The address of the login page.

use vestibule::login::login_url;

/// `test_make_next_param`, `test_login_url_generation`,
/// `test_login_url_generation_with_view`
#[test]
fn the_login_url_has_the_way_back_as_far_as_it_must() {
    let here = "http://localhost".parse().unwrap();
    for (view, expected) in [
        ("/login", "/login?next=%2Fprotected"),
        (
            "https://auth.localhost/login",
            "https://auth.localhost/login?next=http%3A%2F%2Flocalhost%2Fprotected",
        ),
        ("/login?affil=cgnu", "/login?affil=cgnu&next=%2Fprotected"),
    ] {
        assert_eq!(login_url(view, "/protected", &here), expected);
    }
}
