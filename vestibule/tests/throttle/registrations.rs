//! Limits on registrations.

use std::net::IpAddr;
use std::time::Duration;

use http::StatusCode;
use vestibule::credentials::throttle::CounterKind;
use vestibule::testing::{PASSWORD, TestApp};

use crate::{WRONG, stranger, try_login};

/// B11: accounts by the thousand, and with them the hashing queue.
#[tokio::test]
async fn one_network_registers_so_many_and_then_one_a_minute() {
    let app = TestApp::new().await;
    let register = async |number: u8, name: String| {
        let fields = [("username", &*name), ("password", PASSWORD)];
        stranger(&app, number).post("/register", &fields).await
    };
    for number in 0..30 {
        let made = register(1, format!("user{number}")).await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{number}");
    }

    let rejected = register(1, "one-more".to_owned()).await;

    assert_eq!(rejected.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(rejected.header("retry-after"), Some("60"));
    assert!(
        rejected.text().contains("Try again in 60 seconds"),
        "in words"
    );
    assert!(
        rejected.text().contains("one-more"),
        "and the name stays in the form"
    );
    let taken = register(1, "user1".to_owned()).await;
    assert_eq!(
        taken.status,
        StatusCode::TOO_MANY_REQUESTS,
        "names too are not asked for"
    );
    let elsewhere = register(2, "elsewhere".to_owned()).await;
    assert_eq!(elsewhere.status, StatusCode::SEE_OTHER);
    let logged_in = try_login(&stranger(&app, 1), "user1", PASSWORD).await;
    assert_eq!(logged_in.status, StatusCode::SEE_OTHER, "a log-in is none");
    app.clock.advance(Duration::from_mins(1));
    let later = register(1, "later".to_owned()).await;
    assert_eq!(later.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn all_networks_together_register_three_hundred_at_most_in_a_minute() {
    let app = TestApp::new().await;
    let mut made = 0;
    for second in 0..60_u8 {
        for number in 0..10_u8 {
            let name = format!("user{second}-{number}");
            let fields = [("username", &*name), ("password", PASSWORD)];
            let registered = stranger(&app, second).post("/register", &fields).await;
            made += u32::from(registered.status == StatusCode::SEE_OTHER);
        }
        app.clock.advance(Duration::from_secs(1));
    }

    assert!((250..=300).contains(&made), "{made}");
}

#[tokio::test]
async fn a_registration_under_a_taken_name_takes_none_from_the_others() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let all = async || {
        let kind = CounterKind::AllRegistrations;
        let counters = app.site.credentials().throttle_counters(kind, None);
        let counters = counters.await.unwrap();
        counters
            .into_iter()
            .map(|counter| counter.tally.tries)
            .sum::<u32>()
    };
    assert_eq!(all().await, 1);

    let fields = [("username", "alice"), ("password", WRONG)];
    let taken = stranger(&app, 1).post("/register", &fields).await;

    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(all().await, 1);
}

#[tokio::test]
async fn a_network_that_is_cleared_may_try_and_register_again() {
    let app = TestApp::with(|config| {
        config.throttle.limits.network.burst = 1;
        config.throttle.limits.registrations.burst = 1;
    })
    .await;
    let address = IpAddr::from([198, 51, 1, 200]);
    let tried = async || try_login(&stranger(&app, 1), "nobody", WRONG).await.status;
    let registered = async |name| {
        let fields = [("username", name), ("password", PASSWORD)];
        stranger(&app, 1).post("/register", &fields).await.status
    };
    for status in [StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS] {
        assert_eq!(tried().await, status);
    }
    assert_eq!(registered("alice").await, StatusCode::SEE_OTHER);
    assert_eq!(registered("bobby").await, StatusCode::TOO_MANY_REQUESTS);

    let credentials = app.site.credentials();
    let counters = credentials.clear_throttle_of_network(address).await;

    assert_eq!(counters.unwrap(), 2, "of log-ins, and of registrations");
    assert_eq!(tried().await, StatusCode::UNAUTHORIZED);
    assert_eq!(registered("bobby").await, StatusCode::SEE_OTHER);
}
