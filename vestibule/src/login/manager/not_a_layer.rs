//! The compiler's message for `.layer(manager)`.

use tower::Layer;

use crate::login::{LoginLayer, LoginManager, LoginService, User};

/// No type implements it, so the implementation of `Layer` below never applies. It exists for the
/// message, which cannot be on `Layer` because that trait is not ours.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a `LoginManager` is not a layer, it makes one",
    label = "write `manager.layer()`",
    note = "`.layer(manager.layer())`: call it once, because each call begins with an empty cache"
)]
pub trait IsLayer<U> {
    fn made(&self) -> LoginLayer<U>;
}

#[doc(hidden)]
impl<U: User, S> Layer<S> for LoginManager<U>
where
    Self: IsLayer<U>,
{
    type Service = LoginService<U, S>;

    fn layer(&self, inner: S) -> Self::Service {
        self.made().layer(inner)
    }
}

/// A router also requires a layer to be `Clone`, and the compiler would report that first.
#[doc(hidden)]
impl<U: User> Clone for LoginManager<U>
where
    Self: IsLayer<U>,
{
    fn clone(&self) -> Self {
        unreachable!("no type implements `IsLayer`")
    }
}
