//! What the compiler says of frequent mistakes, word for word. `cargo xtask check` runs it.
//!
//! The texts in `tests/compiler/` are those of rustc 1.95. After an update of the compiler, run it
//! with `TRYBUILD=overwrite` and read what has changed.

#[test]
fn the_compiler_says_what_to_write() {
    let cases = trybuild::TestCases::new();

    cases.compile_fail("tests/compiler/*.rs");
}
