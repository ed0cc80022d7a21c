//! The outbox sends each mail, once, whatever the mail server, the node or the clock does.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Delivery, LASTS, Letter, MIGRATIONS, MailState, Outbox, PER_HOUR, QueuedMail};
use crate::clock::{Clock, Timestamp};
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::database::Database;
use crate::error::Error;
use crate::mail::{Mail, Mailer, SharedMailer};
use crate::testing::fresh_database;

/// What the mail server does next; accepts when there is nothing left.
#[derive(Clone, Default)]
struct Server {
    answers: Arc<Mutex<VecDeque<Error>>>,
    accepted: Arc<Mutex<Vec<Mail>>>,
    asked: Arc<Mutex<usize>>,
}

impl Mailer for Server {
    async fn send(&self, mail: Mail) -> crate::Result<()> {
        *self.asked.lock().unwrap() += 1;
        match self.answers.lock().unwrap().pop_front() {
            Some(error) => Err(error),
            None => {
                self.accepted.lock().unwrap().push(mail);
                Ok(())
            }
        }
    }
}

impl Server {
    fn then(&self, error: Error) {
        self.answers.lock().unwrap().push_back(error);
    }

    fn texts(&self) -> Vec<String> {
        let accepted = self.accepted.lock().unwrap();
        accepted.iter().map(|mail| mail.text().to_owned()).collect()
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

struct Node {
    outbox: Outbox,
    delivery: Delivery,
    clock: Clock,
}

fn key() -> SecretKey {
    SecretKey::generate(&Random::insecure_seeded(1)).unwrap()
}

/// A node on this database, with a clock of its own.
fn node(database: &Database, server: &Server, key: &SecretKey) -> Node {
    let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
    let outbox = Outbox::new(database.clone(), key, clock.clone(), Random::system());
    let delivery = Delivery::new(
        outbox.clone(),
        SharedMailer::new(server.clone()),
        Arc::new(|_, to, _, values| {
            let link = values.get("link").cloned().unwrap_or_default();
            Ok(Mail::new(to, "Subject", link))
        }),
    );
    Node {
        outbox,
        delivery,
        clock,
    }
}

async fn new_node() -> (Node, Server, Database) {
    let database = fresh_database().await;
    database.migrate(MIGRATIONS).await.unwrap();
    let server = Server::default();
    (node(&database, &server, &key()), server, database)
}

fn letter(link: &str) -> Letter {
    letter_to("alice@example.com", link)
}

fn letter_to(to: &str, link: &str) -> Letter {
    Letter::new("notice", to.parse().unwrap(), "en").with("link", link)
}

impl Node {
    async fn put(&self, link: &str) {
        assert!(self.outbox.put(&letter(link)).await.unwrap());
    }

    async fn send(&self) -> usize {
        self.delivery.send_due().await.unwrap()
    }

    async fn list(&self) -> Vec<QueuedMail> {
        self.outbox.list(None, None, 100).await.unwrap()
    }

    async fn state(&self) -> MailState {
        self.list().await[0].state
    }
}

#[tokio::test]
async fn a_mail_is_sent_once_with_an_id_and_its_text_is_erased() {
    let (node, server, database) = new_node().await;
    node.put("https://example.com/s3cret").await;

    assert_eq!((node.send().await, node.send().await), (1, 0));

    assert_eq!(server.texts(), ["https://example.com/s3cret"]);
    let mails = node.list().await;
    assert_eq!((mails.len(), mails[0].state), (1, MailState::Sent));
    assert_eq!(mails[0].to, "alice@example.com");
    let sent = server.accepted.lock().unwrap()[0].clone();
    assert_eq!((sent.id(), sent.kind()), (Some(&*mails[0].id), "notice"));
    let row = row(&database).await;
    assert_eq!(row.sealed, None);
}

async fn row(database: &Database) -> super::row::Model {
    use sea_orm::EntityTrait;

    let row = super::row::Entity::find().one(database.connection()).await;
    row.unwrap().unwrap()
}

/// Attack: a copy of the database. ASVS 6.4.1, attack E7.
#[tokio::test]
async fn a_copy_of_the_database_does_not_tell_what_is_in_a_mail() {
    let (node, server, database) = new_node().await;
    node.put("https://example.com/s3cret").await;
    let row = row(&database).await;

    let sealed = row.sealed.unwrap();
    assert!(!sealed.contains("s3cret") && !sealed.contains("example"));

    // Nor can a node with another key send it.
    let other = SecretKey::generate(&Random::system()).unwrap();
    let stranger = self::node(&database, &server, &other);
    assert_eq!(stranger.send().await, 0);
    assert_eq!(server.asked(), 0);
    assert_eq!(stranger.state().await, MailState::Failed);
}

#[tokio::test]
async fn a_rolled_back_change_sends_no_mail() {
    let (node, server, database) = new_node().await;
    let transaction = database.connection().begin().await.unwrap();
    let is_put = node.outbox.put_in(&letter("x"), &transaction).await;
    assert!(is_put.unwrap());
    transaction.rollback().await.unwrap();

    assert_eq!(node.send().await, 0);
    assert_eq!(server.asked(), 0);
}

/// Greylisting, a server that is down, one that hangs up in the middle.
#[tokio::test]
async fn a_mail_that_was_not_accepted_is_tried_again_after_longer_and_longer_waits() {
    let (node, server, _) = new_node().await;
    for _ in 0..3 {
        server.then(Error::mail("450 come back later"));
    }
    node.put("x").await;

    assert_eq!(node.send().await, 0);
    let mail = node.list().await.remove(0);
    assert_eq!((mail.state, mail.tries), (MailState::Waiting, 1));
    let said = mail.last_error.unwrap();
    assert!(said.contains("450 come back later"), "{said}");
    assert_eq!(node.send().await, 0);
    assert_eq!(server.asked(), 1, "not at once");
    for (wait, asked) in [(5, 2), (5, 2), (15, 3), (60, 4)] {
        node.clock.advance(Duration::from_secs(wait));
        node.send().await;
        assert_eq!(server.asked(), asked, "{wait}");
    }
    assert_eq!(server.texts(), ["x"]);
    assert_eq!(node.state().await, MailState::Sent);
}

#[tokio::test]
async fn a_rejected_mail_is_given_up_at_once_and_others_are_not() {
    let (node, server, _) = new_node().await;
    node.put("first").await;
    server.then(Error::undeliverable("550 no such user"));
    node.send().await;
    node.put("second").await;

    assert_eq!(node.send().await, 1);

    assert_eq!(server.texts(), ["second"]);
    let failed = node.outbox.list(Some(MailState::Failed), None, 9).await;
    let failed = failed.unwrap();
    assert_eq!(failed.len(), 1);
    node.clock.advance(Duration::from_hours(24));
    assert_eq!(node.send().await, 0);
    // The operator has mended the cause.
    assert_eq!(node.outbox.retry_all().await.unwrap(), 1);
    assert_eq!(node.send().await, 1);
    assert_eq!(server.texts(), ["second", "first"]);
}

#[tokio::test]
async fn a_mail_whose_link_no_longer_works_is_not_sent() {
    let (node, server, _) = new_node().await;
    let short = letter("x").lasting(Duration::from_mins(30));
    assert!(node.outbox.put(&short).await.unwrap());
    server.then(Error::mail("down"));
    node.send().await;
    node.clock.advance(Duration::from_mins(31));

    assert_eq!(node.send().await, 0);
    assert_eq!((server.asked(), node.state().await), (1, MailState::Failed));
    assert_eq!(node.outbox.retry_all().await.unwrap(), 0);
    assert!(LASTS > Duration::from_hours(24));
}

#[tokio::test]
async fn an_operator_sends_all_that_wait_at_once() {
    let (node, server, _) = new_node().await;
    for _ in 0..2 {
        server.then(Error::mail("down"));
    }
    node.put("a").await;
    node.put("b").await;
    node.send().await;

    assert_eq!(node.outbox.retry_all().await.unwrap(), 2);
    assert_eq!(node.send().await, 2);
}

#[tokio::test]
async fn of_two_nodes_one_sends_a_mail() {
    let (one, server, database) = new_node().await;
    let two = node(&database, &server, &key());
    for i in 0..40 {
        let to = format!("user{i}@example.com");
        let is_put = one.outbox.put(&letter_to(&to, &to)).await.unwrap();
        assert!(is_put);
    }

    let (a, b) = tokio::join!(one.send(), two.send());

    assert_eq!(a + b, 40);
    let mut texts = server.texts();
    texts.sort();
    texts.dedup();
    assert_eq!((texts.len(), server.asked()), (40, 40));
}

/// A crash between sending and marking.
#[tokio::test]
async fn a_mail_of_a_node_that_crashed_is_sent_by_another_when_its_lease_ends() {
    let (crashed, server, database) = new_node().await;
    crashed.put("x").await;
    let hanging = Delivery::new(
        crashed.outbox.clone(),
        SharedMailer::new(async |_: Mail| {
            std::future::pending::<()>().await;
            Ok::<_, Error>(())
        }),
        Arc::new(|_, to, _, _| Ok(Mail::new(to, "Subject", ""))),
    );
    let task = tokio::spawn(async move { hanging.send_due().await });
    while row(&database).await.tries == 0 {
        tokio::task::yield_now().await;
    }
    task.abort();
    let other = node(&database, &server, &key());

    assert_eq!(other.outbox.retry_all().await.unwrap(), 0);
    assert_eq!(other.send().await, 0, "the lease");
    other.clock.advance(super::delivery::LEASE);
    assert_eq!(other.send().await, 1);
    assert_eq!(server.texts(), ["x"]);
}

/// Attack E9: somebody floods a mailbox from here.
#[tokio::test]
async fn an_address_gets_five_mails_of_a_kind_in_an_hour() {
    let (node, server, _) = new_node().await;
    let mut put = 0;
    for _ in 0..20 {
        put += usize::from(node.outbox.put(&letter("x")).await.unwrap());
    }
    assert_eq!(put as u64, PER_HOUR);
    let other_kind = Letter {
        kind: "other",
        ..letter("y")
    };
    assert!(node.outbox.put(&other_kind).await.unwrap());
    let bob = letter_to("bob@example.com", "z");
    assert!(node.outbox.put(&bob).await.unwrap());
    assert_eq!(node.send().await, 7);
    assert_eq!(server.asked(), 7);
    node.clock.advance(Duration::from_hours(1));
    assert!(node.outbox.put(&letter("x")).await.unwrap());
}

/// Attack: 50 requests at once.
#[tokio::test]
async fn of_many_at_once_that_strangers_cause_one_is_written() {
    let (node, _, _) = new_node().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let outbox = node.outbox.clone();
        tasks.spawn(async move {
            let letter = letter("x").once_in(Duration::from_mins(1));
            crate::database::retried(|| outbox.put(&letter)).await
        });
    }
    let mut put = 0;
    while let Some(outcome) = tasks.join_next().await {
        put += usize::from(outcome.unwrap().unwrap());
    }
    assert_eq!(put, 1);
    node.clock.advance(Duration::from_mins(1));
    let letter = letter("x").once_in(Duration::from_mins(1));
    assert!(node.outbox.put(&letter).await.unwrap());
}

#[tokio::test]
async fn sent_mails_are_swept_after_a_week_and_failed_ones_after_a_month() {
    let (node, server, _) = new_node().await;
    server.then(Error::undeliverable("no"));
    node.put("failed").await;
    node.send().await;
    node.put("sent").await;
    node.send().await;
    for (days, left) in [(6, 2), (2, 1), (23, 0)] {
        node.clock.advance(Duration::from_hours(24 * days));
        node.outbox.sweep().await.unwrap();
        assert_eq!(node.list().await.len(), left, "{days}");
    }
}

/// The clock jumps past the lease while the mail server takes its time.
#[tokio::test]
async fn a_mail_under_way_is_not_begun_again_when_the_clock_jumps() {
    let (node, server, database) = new_node().await;
    node.put("x").await;
    let goes_on = Arc::new(tokio::sync::Notify::new());
    let slow_mailer = {
        let (goes_on, server) = (goes_on.clone(), server.clone());
        move |mail: Mail| {
            let (goes_on, server) = (goes_on.clone(), server.clone());
            async move {
                server.send(mail).await?;
                // The first takes its time. A second one would be accepted at once.
                if server.asked() == 1 {
                    goes_on.notified().await;
                }
                Ok::<_, Error>(())
            }
        }
    };
    let slow = Delivery::new(
        node.outbox.clone(),
        SharedMailer::new(slow_mailer),
        Arc::new(|_, to, _, _| Ok(Mail::new(to, "Subject", "x"))),
    );
    let first = tokio::spawn({
        let slow = slow.clone();
        async move { slow.send_due().await.unwrap() }
    });
    while server.asked() == 0 {
        tokio::task::yield_now().await;
    }
    node.clock.advance(Duration::from_hours(1));

    let again = slow.send_due().await.unwrap();

    goes_on.notify_one();
    assert_eq!((again, first.await.unwrap()), (0, 1));
    assert_eq!(server.asked(), 1);
    assert_eq!(row(&database).await.state, "sent");
}

/// A clock that is set back must not keep a mail for long, and one set forward must not lose it.
#[tokio::test]
async fn a_clock_that_steps_loses_no_mail() {
    let (node, server, _) = new_node().await;
    let then = node.clock.now();
    node.put("x").await;
    node.clock.set(then - Duration::from_secs(30));
    assert_eq!(node.send().await, 0);
    node.clock.set(then + Duration::from_hours(2));
    assert_eq!(node.send().await, 1);
    assert_eq!(server.texts(), ["x"]);
}
