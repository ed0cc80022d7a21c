//! The arguments that a text uses.

use std::collections::{BTreeMap, BTreeSet};

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

/// The texts by name, with the arguments that each uses.
pub(super) fn arguments_of(texts: &FluentResource) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    for entry in texts.entries() {
        if let Entry::Message(message) = entry {
            let mut used = BTreeSet::new();
            if let Some(pattern) = &message.value {
                add_of_pattern(pattern, &mut used);
            }
            all.insert(message.id.name.to_owned(), used);
        }
    }
    all
}

fn add_of_pattern(pattern: &Pattern<&str>, used: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            add_of_expression(expression, used);
        }
    }
}

fn add_of_expression(expression: &Expression<&str>, used: &mut BTreeSet<String>) {
    match expression {
        Expression::Inline(inline) => add_of_inline(inline, used),
        Expression::Select { selector, variants } => {
            add_of_inline(selector, used);
            for variant in variants {
                add_of_pattern(&variant.value, used);
            }
        }
    }
}

fn add_of_inline(inline: &InlineExpression<&str>, used: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            used.insert(id.name.to_owned());
        }
        InlineExpression::FunctionReference { arguments, .. } => {
            for positional in &arguments.positional {
                add_of_inline(positional, used);
            }
        }
        InlineExpression::Placeable { expression } => add_of_expression(expression, used),
        _ => {}
    }
}
