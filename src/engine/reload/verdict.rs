//! What became of a configuration, to be told.

use crate::config::{Diag, Diags, Severity};
use core::fmt;

/// A configuration that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Virtual routers: how many there are, are new, are gone.
    pub instances: (usize, usize, usize),
    /// Virtual servers.
    pub services: usize,
    /// What there is to say about it, each with its place.
    pub warnings: Vec<Box<str>>,
}

/// A configuration that was not accepted: the running one stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why, in one sentence.
    pub reason: Box<str>,
    /// The faults, each with its place.
    pub faults: Vec<Box<str>>,
}

/// The errors of a configuration, in words without their place.
pub fn errors(diags: &Diags) -> Vec<Box<str>> {
    let errors = diags.iter().filter(|d| d.severity >= Severity::Error);
    errors.map(|d| d.text.as_str().into()).collect()
}

/// Messages of a configuration, each with its place.
pub(super) fn said<'a>(which: impl Iterator<Item = &'a Diag>, diags: &Diags) -> Vec<Box<str>> {
    let line = |d: &Diag| {
        let place = match diags.place(d) {
            Some((file, line, column)) => format!("{file}:{line}:{column}: "),
            None => String::new(),
        };
        let hint = match &d.hint {
            Some(hint) => format!(" ({hint})"),
            None => String::new(),
        };
        format!("{place}{}{hint}", d.text).into()
    };
    which.map(line).collect()
}

impl Refused {
    /// What keeps a configuration from being run in the place of one with the errors `known`.
    pub(super) fn of(diags: &Diags, known: &[Box<str>]) -> Option<Self> {
        let errors = || diags.iter().filter(|d| d.severity >= Severity::Error);
        let mut known = known.to_vec();
        // As often as before: no news.
        let fresh = errors().filter(|error| {
            let before = known.iter().position(|k| **k == *error.text);
            before.map(|at| known.swap_remove(at)).is_none()
        });
        let fresh = said(fresh, diags);
        let whole = [
            (diags.missing_file, "the file cannot be read"),
            (diags.fatal(), "the new one cannot be used"),
            (
                diags.broken_syntax(),
                "a brace or a quote is missing in the new one",
            ),
        ];
        let whole = whole.into_iter().find(|(is, _)| *is);
        let (reason, faults) = match (whole, fresh.len()) {
            (Some((_, reason)), _) => (reason.to_owned(), said(errors(), diags)),
            (None, 0) => return None,
            (None, 1) => (
                "the new one has an error that this one has not".to_owned(),
                fresh,
            ),
            (None, n) => (
                format!("the new one has {n} errors that this one has not"),
                fresh,
            ),
        };
        Some(Refused {
            reason: format!("the running configuration stays: {reason}").into(),
            faults,
        })
    }

    pub(super) fn because(reason: &str) -> Self {
        Refused {
            reason: format!("no reload now: {reason}").into(),
            faults: Vec::new(),
        }
    }
}

impl fmt::Display for Refused {
    /// The reason, then a line for each fault.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        self.faults
            .iter()
            .try_for_each(|line| write!(f, "\n{line}"))
    }
}

impl fmt::Display for Applied {
    /// One line; the warnings are apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (all, new, gone) = self.instances;
        let s = if all == 1 { "" } else { "s" };
        write!(
            f,
            "configuration accepted: {all} vrrp_instance{s} ({new} new, {gone} removed)"
        )?;
        match self.services {
            0 => Ok(()),
            1 => f.write_str(", 1 virtual_server"),
            n => write!(f, ", {n} virtual_servers"),
        }
    }
}
