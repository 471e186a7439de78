//! Processor seconds of processes, user and system, read from /proc. Where there is no /proc the
//! figures are zero.

use std::fs;

/// Of one process with all its threads.
pub fn seconds(process: u32) -> f64 {
    stat(process).map_or(0.0, |stat| seconds_of(stat.own))
}

/// Of a process and its children, also those that have ended.
pub fn seconds_of_family(process: u32) -> f64 {
    let Some(parent) = stat(process) else { return 0.0 };
    let others = fs::read_dir("/proc").into_iter().flatten().filter_map(|entry| {
        let name = entry.ok()?.file_name();
        stat(name.to_str()?.parse().ok()?).filter(|stat| stat.parent == process)
    });
    seconds_of(parent.own + parent.ended_children + others.map(|stat| stat.own).sum::<u64>())
}

/// Linux shows all processor times in hundredths of a second.
fn seconds_of(ticks: u64) -> f64 {
    f64::from(u32::try_from(ticks).unwrap_or(u32::MAX)) / 100.0
}

#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    own: u64,
    /// Children that the process has waited for.
    ended_children: u64,
}

fn stat(process: u32) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// The program's name, in brackets, may contain anything.
fn parse(stat: &str) -> Option<Stat> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(1);
    let parent = fields.next()?.parse().ok()?;
    let mut ticks = fields.skip(9).map(|field| field.parse::<u64>().ok());
    let mut two = || Some(ticks.next()?? + ticks.next()??);
    Some(Stat { parent, own: two()?, ended_children: two()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_proc_is_read_whatever_the_name() {
        let line = "42 (a) 1 (b) S 7 42 42 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 1 0 99";
        let expected = Stat { parent: 7, own: 120, ended_children: 7 };
        assert_eq!(parse(line), Some(expected));
        assert_eq!(parse("42 (a) S 7"), None);
    }

    #[test]
    fn a_family_is_at_least_its_parent() {
        let own = std::process::id();
        let busy = std::time::Instant::now();
        while busy.elapsed().as_millis() < 50 {
            std::hint::black_box(parse("42 (a) S 7 1"));
        }
        let (alone, family) = (seconds(own), seconds_of_family(own));
        assert!(!fs::exists("/proc/self/stat").unwrap() || alone > 0.0);
        assert!(family >= alone, "{family} {alone}");
    }
}
