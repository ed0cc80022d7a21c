use axum::body::Body;
use axum::extract::Request;
use http::header::CONTENT_TYPE;

use super::{BadSubmission, Submitted};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

async fn submit(content_type: &str, body: impl Into<Body>) -> Result<Submitted, BadSubmission> {
    let request = Request::builder()
        .header(CONTENT_TYPE, content_type)
        .body(body.into())
        .unwrap();
    Submitted::read(request, &["tracking".to_owned()].into()).await
}

#[tokio::test]
async fn a_form_and_a_json_object_read_alike() {
    let mut form = submit(FORM, "username=Ren%C3%A9+X&remember=on")
        .await
        .unwrap();
    let mut json = submit(JSON, r#"{"username":"René X","remember":true}"#)
        .await
        .unwrap();

    for submitted in [&mut form, &mut json] {
        assert_eq!(submitted.take("username"), "René X");
        assert_eq!(submitted.take("remember"), "on");
        assert_eq!(submitted.take("password"), "");
    }
}

#[tokio::test]
async fn what_two_readers_could_understand_differently_is_refused() {
    let repeated = BadSubmission::Repeated("a".to_owned());
    let nul = BadSubmission::Nul("a".to_owned());
    for (content_type, body, refusal) in [
        (FORM, &b"a=1&a=2"[..], &repeated),
        (JSON, br#"{"a":"1","a":"2"}"#, &repeated),
        (FORM, b"a=%00", &nul),
        (JSON, br#"{"a":"\u0000"}"#, &nul),
        (FORM, b"a=%ff", &BadSubmission::NotUtf8),
        (FORM, b"a=\xff", &BadSubmission::NotUtf8),
        (JSON, b"{\"a\":\"\xff\"}", &BadSubmission::NotUtf8),
        (JSON, br#"{"a":"\ud800"}"#, &BadSubmission::NotJson),
        (JSON, br#"{"a":{"b":"c"}}"#, &BadSubmission::NotJson),
        (JSON, br#"{"a":1}"#, &BadSubmission::NotJson),
        (JSON, b"[]", &BadSubmission::NotJson),
        (JSON, b"", &BadSubmission::NotJson),
        ("text/plain", b"a=1", &BadSubmission::WrongType),
        (
            "application/x-www-form-urlencoded; charset=utf-16",
            b"a=1",
            &BadSubmission::WrongCharset,
        ),
        (
            "application/json; x=1; Charset=\"iso-8859-1\"",
            b"{}",
            &BadSubmission::WrongCharset,
        ),
        ("multipart/form-data", b"a=1", &BadSubmission::WrongType),
    ] {
        let refused = submit(content_type, body).await.unwrap_err();

        assert_eq!(&refused, refusal);
    }
}

#[tokio::test]
async fn more_than_the_limit_is_refused_unread() {
    let body = format!("password={}", "a".repeat(1_000_000));

    let refused = submit(FORM, body).await.unwrap_err();

    assert_eq!(refused, BadSubmission::TooLarge);
}

#[tokio::test]
async fn a_field_nobody_asked_for_is_named() {
    let submitted = submit(FORM, "username=x&role=admin").await.unwrap();

    let refused = submitted.only(&["username"]).unwrap_err();

    let text = format!("{:?}", refused.text());
    assert!(text.contains("\"role\""), "{text}");
}

#[tokio::test]
async fn what_libraries_add_to_a_form_is_left_out_and_never_read_in_place_of_a_field() {
    let added = "username=x&submit=Go&csrf_token=a&g-recaptcha-response=b&tracking=c";
    let form = submit(FORM, added).await.unwrap();
    assert!(form.only(&["username"]).is_ok());
    for (content_type, body) in [
        (JSON, r#"{"username":"x","csrf_token":"a"}"#),
        (JSON, r#"{"username":"x","tracking":"c"}"#),
        (FORM, "username=x&Submit=Go"),
    ] {
        let submitted = submit(content_type, body).await.unwrap();
        assert!(submitted.only(&["username"]).is_err(), "{body}");
    }
    let repeated = submit(FORM, "username=x&submit=a&submit=b").await;
    assert!(repeated.is_err());

    let mut known = submit(FORM, "tracking=c").await.unwrap();
    assert_eq!(known.take("tracking"), "c", "of a form that has it");
}
