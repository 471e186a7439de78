//! Reads what callgrind writes: for each function the instructions of its own, and for each call
//! how often it was made and the instructions spent in it. Names are written out once and then
//! called by their number.

use anyhow::{Context as _, Result};
use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// The object of code that no file holds, such as the compiled code of guests.
const NO_FILE: &str = "???";

#[derive(Default)]
pub struct Profile {
    pub instructions: u64,
    /// Those of code that no file holds.
    pub guest_instructions: u64,
    called: HashMap<String, Called>,
}

#[derive(Default, Clone, Copy)]
pub struct Called {
    pub times: u64,
    /// With those of the functions that it called in turn.
    pub instructions: u64,
}

impl Profile {
    pub fn read(file: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let mut profile = Self::default();
        let (mut objects, mut functions) = (Names::default(), Names::default());
        let mut is_guest = false;
        let mut callee = String::new();
        // The line after a call tells what was spent in it.
        let mut times = None;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("ob=") {
                is_guest = objects.get(name) == NO_FILE;
            } else if let Some(name) = line.strip_prefix("cob=") {
                objects.get(name);
            } else if let Some(name) = line.strip_prefix("fn=") {
                functions.get(name);
            } else if let Some(name) = line.strip_prefix("cfn=") {
                callee = functions.get(name);
            } else if let Some(call) = line.strip_prefix("calls=") {
                times = call.split(' ').next().and_then(|times| times.parse::<u64>().ok());
            } else if let Some(instructions) = cost(line) {
                if let Some(times) = times.take() {
                    let called = profile.called.entry(callee.clone()).or_default();
                    called.times += times;
                    called.instructions += instructions;
                } else {
                    profile.instructions += instructions;
                    profile.guest_instructions += if is_guest { instructions } else { 0 };
                }
            }
        }
        profile
    }

    /// The sum over all functions with such a name.
    pub fn called(&self, is_one: impl Fn(&str) -> bool) -> Called {
        let found = self.called.iter().filter(|(name, _)| is_one(without_depth(name)));
        found.fold(Called::default(), |sum, (_, called)| Called {
            times: sum.times + called.times,
            instructions: sum.instructions + called.instructions,
        })
    }
}

/// A function that is called while it runs has the depth behind its name: `step'2`. Where stacks
/// are switched, as those of guests are, callgrind takes other calls for such, too.
fn without_depth(name: &str) -> &str {
    match name.rsplit_once('\'') {
        Some((name, depth)) if depth.parse::<u32>().is_ok() => name,
        _ => name,
    }
}

/// A line of costs begins with a position, which may be relative (`+3`, `-2`, `*`).
fn cost(line: &str) -> Option<u64> {
    if !line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
        return None;
    }
    line.split(' ').nth(1)?.parse().ok()
}

/// Names by number.
#[derive(Default)]
struct Names(HashMap<String, String>);

impl Names {
    /// The name of `(3) name`, or of `(3)` when it was written before.
    fn get(&mut self, text: &str) -> String {
        let Some((number, name)) = text.split_once(')') else { return text.to_owned() };
        match name.strip_prefix(' ') {
            Some(name) => {
                self.0.insert(number.to_owned(), name.to_owned());
                name.to_owned()
            }
            None => self.0.get(number).cloned().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_costs_and_calls_are_told_apart() {
        let text = "version: 1\nevents: Ir\n\nob=(1) /bin/host\nfl=(1) ???\nfn=(1) main\n0 10\ncob=(2) ???\ncfn=(2) 0x0000beef\ncalls=3 0\n0 500\n+2 1\n\nob=(2)\nfn=(2)\n0 400\ncob=(1)\ncfn=(3) step'2\ncalls=2 0\n* 100\n\nob=(1)\nfn=(3)\n0 100\n\ntotals: 511\n";
        let profile = Profile::parse(text);
        assert_eq!((profile.instructions, profile.guest_instructions), (511, 400));
        let step = profile.called(|name| name == "step");
        assert_eq!((step.times, step.instructions), (2, 100));
        assert_eq!(profile.called(|name| name.starts_with("0x")).instructions, 500);
        assert_eq!(profile.called(|_| false).times, 0);
    }
}
