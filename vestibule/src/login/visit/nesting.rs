//! Nested login managers on one route.

use std::any::{Any, TypeId};
use std::sync::Arc;

use crate::login::User;
use crate::login::visit::Visit;

/// The visit of the innermost login manager around the handler.
#[derive(Clone)]
pub(super) struct Innermost {
    pub(super) visit: Arc<dyn AnyVisit>,
    /// User types being loaded for this request.
    hidden: Vec<TypeId>,
}

/// A visit of any user type.
pub(super) trait AnyVisit: Any + Send + Sync {
    fn realm(&self) -> &str;

    fn outer(&self) -> Option<&Innermost>;
}

impl<U: User> AnyVisit for Visit<U> {
    fn realm(&self) -> &str {
        &self.settings().realm
    }

    fn outer(&self) -> Option<&Innermost> {
        self.outer.as_ref()
    }
}

impl Innermost {
    pub(super) fn new(visit: Arc<dyn AnyVisit>) -> Self {
        let hidden = Vec::new();
        Self { visit, hidden }
    }

    /// The innermost visit with users of this type.
    pub(super) fn of<U: User>(&self) -> Option<Arc<Visit<U>>> {
        if self.hidden.contains(&TypeId::of::<U>()) {
            return None;
        }
        let visit: Arc<dyn Any + Send + Sync> = self.visit.clone();
        visit.downcast().ok().or_else(|| self.visit.outer()?.of())
    }

    /// Hides the visit while its own user is being loaded; asking for it then would deadlock.
    pub(super) fn hide<U: User>(&mut self) {
        self.hidden.push(TypeId::of::<U>());
    }

    /// Whether this login manager, or an outer one, has this realm, and so the same cookies, or
    /// this user type, and so would hide the other.
    pub(super) fn clashes_with<U: User>(&self, realm: &str) -> bool {
        let visit: &dyn Any = &*self.visit;
        self.visit.realm() == realm
            || visit.is::<Visit<U>>()
            || (self.visit.outer()).is_some_and(|outer| outer.clashes_with::<U>(realm))
    }
}
