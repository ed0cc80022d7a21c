//! Commands for roles.

use crate::support::{Client, PASSWORD, Program};
use crate::{folder, soon, user, vestibule};

#[test]
fn roles_are_added_given_permissions_and_given_to_users_and_taken_away_again() {
    let folder = folder();
    let said = |arguments: &[&str]| {
        let (succeeded, said) = vestibule(folder.path(), arguments, PASSWORD);
        assert!(succeeded, "{arguments:?}: {said}");
        said
    };
    said(&["user", "add", "alice"]);

    said(&["role", "add", "editor"]);
    assert_eq!(
        said(&["role", "allow", "editor", "posts.edit"]),
        "The role editor has the permission posts.edit.\n"
    );
    assert_eq!(
        said(&["user", "grant", "Alice", "editor"]),
        "alice has the role editor, and is logged out everywhere.\n"
    );
    said(&["user", "grant", "alice", "admin"]);
    assert_eq!(
        said(&["user", "grant", "alice", "admin"]),
        "Nothing to change.\n"
    );
    assert_eq!(said(&["user", "list"]), "alice\tactive\tadmin,editor\n");
    assert_eq!(
        said(&["role", "list"]),
        "admin\t\t1\neditor\tposts.edit\t1\n"
    );
    assert_eq!(
        said(&["user", "revoke", "alice", "admin"]).lines().next(),
        Some("alice no longer has the role admin.")
    );
    said(&["role", "forbid", "editor", "posts.edit"]);
    said(&["role", "remove", "editor"]);
    assert_eq!(said(&["role", "list"]), "admin\t\t0\n");
    assert_eq!(said(&["user", "list"]), "alice\tactive\t\n");
    let (succeeded, refused) = user(folder.path(), &["delete", "alice"], "alicia\n");
    assert!(
        !succeeded && refused.contains("nothing was deleted"),
        "{refused}"
    );
    let gone = said(&["user", "delete", "alice", "--yes"]);
    assert!(
        gone.contains("Nobody can use the pages below /admin now"),
        "{gone}"
    );
    assert_eq!(said(&["user", "list"]), "");
}

#[test]
fn a_ghost_user_or_role_is_refused_with_the_nearest_name() {
    let folder = folder();
    let folder = folder.path();
    assert!(user(folder, &["add", "alice"], PASSWORD).0);
    assert!(vestibule(folder, &["role", "add", "editor"], "").0);

    for (arguments, said) in [
        (
            &["user", "grant", "alcie", "editor"][..],
            "there is no user alcie; did you mean alice?",
        ),
        (
            &["user", "grant", "zz top", "editor"],
            "there is no user zz top",
        ),
        (
            &["user", "grant", "alice", "edtior"],
            "There is no such role. Did you mean editor?",
        ),
        (
            &["user", "revoke", "alice", "ghost"],
            "There is no such role. `vestibule role list`",
        ),
        (
            &["user", "grant", "alice", "Editor"],
            "`Editor` cannot be the name of a role",
        ),
        (&["role", "add", "editor"], "This name is taken."),
        (&["role", "add", "chief editor"], "lowercase letters a to z"),
        (
            &["role", "remove", "admin"],
            "The role admin can't be removed.",
        ),
        (&["role", "remove", "edito"], "Did you mean editor?"),
        (
            &["role", "allow", "editor", "All!"],
            "`All!` cannot be the name of a permission",
        ),
        (
            &["role", "forbid", "editor", "a.b"],
            "The role has no such permission.",
        ),
        (&["session", "list", "alcie"], "did you mean alice?"),
        (
            &["session", "revoke", "alice", "ghost"],
            "That session has already ended.",
        ),
    ] {
        let (succeeded, output) = vestibule(folder, arguments, "");
        assert!(!succeeded, "{arguments:?}");
        assert!(output.contains(said), "{said} in {output}");
    }
    let (_, listed) = user(folder, &["list"], "");
    assert_eq!(listed, "alice\tactive\t\n");
}

/// The first admin is made here, and by no page.
#[test]
fn a_running_program_soon_knows_of_a_new_admin_and_of_one_no_more() {
    let folder = folder();
    let program = Program::start(&folder, &[]);
    let mut client = Client::new(&program);
    let fields = [("username", "alice"), ("password", PASSWORD)];
    client.post("/register", &fields).unwrap();
    assert_eq!(client.get("/admin").unwrap().status, 403);

    let admin_is =
        |client: &Client, status| soon(|| client.get("/admin").unwrap().status == status);
    assert!(user(folder.path(), &["grant", "alice", "admin"], "").0);
    // The session from before gains nothing.
    admin_is(&client, 303);
    client.post("/login", &fields).unwrap();
    admin_is(&client, 200);
    assert!(user(folder.path(), &["revoke", "alice", "admin"], "").0);
    admin_is(&client, 403);
}
