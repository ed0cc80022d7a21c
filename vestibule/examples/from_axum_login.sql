-- The tables of axum-login's example `permissions`, with two users whose password is `hunter42`.
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS permissions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS users_groups (
    user_id INTEGER REFERENCES users (id),
    group_id INTEGER REFERENCES groups (id),
    PRIMARY KEY (user_id, group_id)
);
CREATE TABLE IF NOT EXISTS groups_permissions (
    group_id INTEGER REFERENCES groups (id),
    permission_id INTEGER REFERENCES permissions (id),
    PRIMARY KEY (group_id, permission_id)
);
INSERT OR IGNORE INTO users (id, username, password) VALUES
    (1, 'ferris', '$argon2id$v=19$m=19456,t=2,p=1$dwju4oJFO8s6MhCwE1smJA$QsD/Y/OnAECpSNBp4RxSWZKYy1TzOdcdJn3MqsuEcPQ'),
    (2, 'admin', '$argon2id$v=19$m=19456,t=2,p=1$dwju4oJFO8s6MhCwE1smJA$QsD/Y/OnAECpSNBp4RxSWZKYy1TzOdcdJn3MqsuEcPQ');
INSERT OR IGNORE INTO groups (id, name) VALUES (1, 'users'), (2, 'superusers');
INSERT OR IGNORE INTO permissions (id, name) VALUES (1, 'protected.read'), (2, 'restricted.read');
INSERT OR IGNORE INTO groups_permissions (group_id, permission_id) VALUES (1, 1), (2, 2);
INSERT OR IGNORE INTO users_groups (user_id, group_id) VALUES (1, 1), (2, 1), (2, 2);
