//! Listeners for events.

use std::sync::{Arc, Mutex};

use vestibule::clock::{Clock, Timestamp};
use vestibule::login::{Event, EventRecord};

use crate::{browser, manager};

#[tokio::test]
async fn each_event_says_who_where_and_by_which_session() {
    let heard = Arc::<Mutex<Vec<EventRecord>>>::default();
    let listener = {
        let heard = heard.clone();
        move |record: &EventRecord| heard.lock().unwrap().push(record.clone())
    };
    let clock = Clock::manual(Timestamp::from_millis(7));
    let browser = browser(manager().clock(clock).on_event(listener))
        .user_agent("UA/1")
        .address("192.0.2.1".parse().unwrap());

    browser.post("/in", &[]).await;

    let heard = heard.lock().unwrap();
    let [record] = &heard[..] else {
        panic!("one event: {heard:?}");
    };
    assert_eq!(record.event, Event::LoggedIn);
    assert_eq!(record.user, Some("alice".into()));
    assert_eq!(record.session.as_ref().unwrap().len(), 24);
    assert_eq!(record.address, "192.0.2.1".parse().ok());
    assert_eq!(record.user_agent.as_deref(), Some("UA/1"));
    assert_eq!(record.at, Timestamp::from_millis(7));
}

/// An audit log follows a session by its public id.
#[tokio::test]
async fn a_session_keeps_its_public_id_when_it_is_confirmed() {
    let heard = Arc::<Mutex<Vec<EventRecord>>>::default();
    let listener = {
        let heard = heard.clone();
        move |record: &EventRecord| heard.lock().unwrap().push(record.clone())
    };
    let browser = browser(manager().on_event(listener));

    browser.post("/in", &[]).await;
    browser.post("/confirm-it", &[]).await;

    let heard = heard.lock().unwrap();
    let session = |event| {
        let mut told = heard.iter().filter(|record| record.event == event);
        told.next().unwrap().session.clone()
    };
    assert!(session(Event::LoggedIn).is_some());
    assert_eq!(session(Event::LoggedIn), session(Event::LoginConfirmed));
}

#[tokio::test]
async fn a_listener_that_waits_has_heard_before_the_answer_is_out() {
    let heard = Arc::<Mutex<Vec<Event>>>::default();
    let listener = {
        let heard = heard.clone();
        move |record: EventRecord| {
            let heard = heard.clone();
            async move {
                tokio::task::yield_now().await;
                heard.lock().unwrap().push(record.event);
            }
        }
    };
    let browser = browser(manager().on_event_async(listener));

    browser.post("/in", &[]).await;
    browser.post("/elsewhere", &[]).await;

    let expected = [Event::LoggedIn, Event::Accessed, Event::LoggedOutElsewhere];
    assert_eq!(*heard.lock().unwrap(), expected);
}
