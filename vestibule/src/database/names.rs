//! The names of our tables, with the prefix that the app has chosen.

use std::sync::Arc;

use sea_orm::DbBackend;

use crate::error::{Error, Result};

/// The tables whose names do not begin with [`OURS`]. Names of indexes and foreign keys begin with
/// the name of their table and `_`. No column has such a name.
const TABLES: [&str; 10] = [
    "former_usernames",
    "passwords",
    "remembered_logins",
    "role_permissions",
    "roles",
    "security_log",
    "session_data",
    "sessions",
    "user_roles",
    "users",
];

/// The prefix of all other tables, and of all triggers and functions.
pub(super) const OURS: &str = "vestibule_";

/// The prefix of our names, which the app has chosen. Clones are cheap.
#[derive(Debug, Clone, Default)]
pub(crate) struct TableNames {
    prefix: Arc<str>,
}

impl TableNames {
    /// The length of the longest prefix. Our longest name has 47 characters, and PostgreSQL cuts
    /// names after 63.
    const MAX_PREFIX_CHARS: usize = 16;

    /// Names that begin with `prefix`.
    ///
    /// # Errors
    /// When it is longer than 16 characters, has other characters than `a` to `z`, `0` to `9` and
    /// `_`, or does not begin with a letter.
    pub(super) fn with_prefix(prefix: &str) -> Result<Self> {
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let begins_with_letter = prefix.starts_with(|c: char| c.is_ascii_lowercase());
        let is_right = prefix.is_empty()
            || begins_with_letter
                && prefix.len() <= Self::MAX_PREFIX_CHARS
                && prefix.chars().all(is_allowed);
        if !is_right {
            return Err(Error::config(format!(
                "the table prefix `{prefix}` cannot be used: write at most {} lower-case letters, \
                 digits and `_`, and begin with a letter, as in `vestibule_`",
                Self::MAX_PREFIX_CHARS
            )));
        }
        Ok(Self {
            prefix: prefix.into(),
        })
    }

    /// The name in the database, with the prefix.
    pub(crate) fn of(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The statement, with the prefix before each quoted name of ours.
    pub(super) fn put_into(&self, sql: String, backend: DbBackend) -> String {
        const TEXT: char = '\'';
        if self.prefix.is_empty() {
            return sql;
        }
        let quote = match backend {
            DbBackend::MySql => '`',
            _ => '"',
        };
        let mut prefixed = String::with_capacity(2 * sql.len());
        let mut rest = &*sql;
        while let Some((before, from)) = rest.find([quote, TEXT]).map(|at| rest.split_at(at)) {
            let opening = if from.starts_with(TEXT) { TEXT } else { quote };
            let Some(end) = from[1..].find(opening).map(|end| end + 1) else {
                break;
            };
            let name = &from[1..end];
            prefixed.push_str(before);
            prefixed.push(opening);
            if opening == quote && is_ours(name) {
                prefixed.push_str(&self.prefix);
            }
            prefixed.push_str(name);
            prefixed.push(opening);
            rest = &from[end + 1..];
        }
        prefixed.push_str(rest);
        prefixed
    }
}

/// Whether this name, without the prefix, is one of ours.
pub(super) fn is_ours(name: &str) -> bool {
    let is_of = |table: &&str| {
        let rest = name.strip_prefix(*table);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    name.starts_with(OURS) || TABLES.iter().any(is_of)
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;

    use super::TableNames;

    #[test]
    fn the_prefix_comes_before_quoted_names_of_ours_and_nothing_else() {
        let names = TableNames::with_prefix("v_").unwrap();
        for (sql, prefixed) in [
            (
                r#"SELECT "id" FROM "users""#,
                r#"SELECT "id" FROM "v_users""#,
            ),
            (
                r#"SELECT "sessions"."id" AS "A_id", 'a "users" b', users FROM "sessions""#,
                r#"SELECT "v_sessions"."id" AS "A_id", 'a "users" b', users FROM "v_sessions""#,
            ),
            (
                r#"CREATE INDEX "users_email" ON "users" ("user_id", "users2")"#,
                r#"CREATE INDEX "v_users_email" ON "v_users" ("user_id", "users2")"#,
            ),
            (r#"'' '' "roles" 'x"#, r#"'' '' "v_roles" 'x"#),
        ] {
            let given = names.put_into(sql.to_owned(), DbBackend::Postgres);
            assert_eq!(given, prefixed);

            let given = names.put_into(sql.replace('"', "`"), DbBackend::MySql);
            assert_eq!(given, prefixed.replace('"', "`"));
        }
    }

    #[test]
    fn without_a_prefix_nothing_changes() {
        let sql = r#"SELECT "id" FROM "users""#;

        let given = TableNames::default().put_into(sql.to_owned(), DbBackend::Sqlite);

        assert_eq!(given, sql);
    }

    #[test]
    fn a_prefix_is_a_short_plain_name() {
        for right in ["", "v", "vestibule_", "a1_", "sixteen_letters_"] {
            assert!(TableNames::with_prefix(right).is_ok(), "{right}");
        }
        for wrong in [
            "_v",
            "1v",
            "V_",
            "v-",
            "v\"",
            "v_é",
            "v ",
            "seventeen_letters",
        ] {
            let error = TableNames::with_prefix(wrong).unwrap_err();
            assert!(error.is_config(), "{wrong}");
        }
    }
}
