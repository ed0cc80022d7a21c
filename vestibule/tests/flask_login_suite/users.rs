//! The user type.

use vestibule::login::{User, UserId};

#[derive(Clone)]
struct Minimal;

impl User for Minimal {
    fn id(&self) -> UserId {
        7_i64.into()
    }
}

/// `TestMixins.test_default_values`, `test_get_id_from_id_attribute`
#[test]
fn a_user_is_active_and_has_an_id_and_needs_to_say_no_more() {
    assert!(Minimal.is_active());
    assert_eq!(Minimal.id(), UserId::from("7"));
}
