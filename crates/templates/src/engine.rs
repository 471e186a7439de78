//! Runs a text: the engine with what texts need and nothing else, and with a bound on its work.

use std::cell::Cell;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, escape_formatter};

use crate::filters;
use crate::grammar::{self, Wrong};
use crate::template::Language;
use crate::variables::Day;

/// What a text may take: an instruction is one, 64 bytes of what it makes are one. So no text makes
/// more than 1.3 MB.
const FUEL: u64 = 20_000;
/// Frames of the engine; two loops within each other take two.
const MAX_FRAMES: usize = 40;

/// What all texts of a piece of work may take together. One text takes at most [`FUEL`] of it.
pub(crate) struct Fuel(Cell<u64>);

impl Fuel {
    pub(crate) const fn of(all: u64) -> Self {
        Self(Cell::new(all))
    }

    /// Nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.get() == 0
    }
}

/// Shows a text with these variables, in at most so many characters. With `is_html`, what variables
/// show is escaped.
pub(crate) fn show(
    fuel: &Fuel,
    source: &str,
    values: &Value,
    language: Language,
    is_html: bool,
    most: usize,
) -> Result<String, Wrong> {
    grammar::read(source)?;
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_recursion_limit(MAX_FRAMES);
    let most_fuel = FUEL.min(fuel.0.get());
    environment.set_fuel(Some(most_fuel));
    let escape = move |_: &str| if is_html { AutoEscape::Html } else { AutoEscape::None };
    environment.set_auto_escape_callback(escape);
    environment.set_formatter(|out, state, value| {
        if value.is_none() { Err(unknown()) } else { escape_formatter(out, state, value) }
    });
    environment.add_filter("date", move |value: Value, style: Option<String>| {
        let day = value.downcast_object_ref::<Day>().ok_or_else(unknown)?;
        Ok::<_, Error>(filters::date(day.0, style.as_deref().unwrap_or_default(), language))
    });
    environment.add_filter("number", |value: Value, places: Option<usize>| {
        let number = value.as_i64().ok_or_else(unknown)?;
        Ok::<_, Error>(filters::number(number, places.unwrap_or_default().min(4)))
    });
    environment.add_filter("mask", |value: Value| {
        Ok::<_, Error>(filters::mask(value.as_str().ok_or_else(unknown)?))
    });
    environment.add_filter("truncate", |value: Value, most: usize| {
        Ok::<_, Error>(filters::truncate(value.as_str().ok_or_else(unknown)?, most))
    });
    let template = environment.template_from_str(source).map_err(|error| told(&error))?;
    let outcome = template.render_captured(values.clone());
    // What a text took that failed is not told.
    let taken = outcome.as_ref().map_or(most_fuel, |shown| {
        shown.state().fuel_levels().map_or(most_fuel, |(taken, _)| taken.max(1))
    });
    fuel.0.set(fuel.0.get().saturating_sub(taken));
    let shown = outcome.map_err(|error| told(&error))?.into_output();
    match shown.chars().count() {
        count if count > most => Err(format!("shows {count} characters, more than {most}")),
        _ => Ok(shown),
    }
}

fn unknown() -> Error {
    Error::new(ErrorKind::UndefinedError, "shows what is not known")
}

fn told(error: &Error) -> Wrong {
    let what = match error.kind() {
        ErrorKind::OutOfFuel => "does or shows too much".to_owned(),
        // A part of what is `none` or of a list that is shorter.
        ErrorKind::UndefinedError => "shows what is not known".to_owned(),
        kind => error.detail().map_or_else(|| kind.to_string(), str::to_owned),
    };
    error.line().map_or(what.clone(), |line| format!("line {line}: {what}"))
}
