//! What holds for all that vendors got, whatever went wrong, and whatever the reference says.

use std::collections::{BTreeMap, BTreeSet};

use super::life::{Got, Owner, Year};
use super::playbook::{GRANTING, TEMPLATES};
use super::run::is_refused;
use crate::naive::{HOUR, MINUTE, day_of};

impl Year {
    fn owner(&self, got: &Got) -> &Owner {
        &self.owners[&got.touch_no]
    }

    fn is_marketing(owner: &Owner) -> bool {
        let template = match &*owner.key.0 {
            "again" => "expiry_reminder",
            "up_soon" => "points_note",
            "row_1" => "expiry_wished",
            "row_2" => "expiry_popular",
            "row_3" => "top_up",
            "row_4" => "recall",
            "expiry_ladder" => "expiry_reminder",
            "tier_sprint" => "tier_ending",
            other => other,
        };
        TEMPLATES.iter().any(|(id, is_marketing)| *id == template && *is_marketing)
    }

    pub fn assert_promises(&self) {
        self.assert_once();
        self.assert_hours();
        self.assert_caps();
        self.assert_left_alone();
        self.assert_grants();
        self.assert_erased();
        self.shop.world.assert_clean();
    }

    /// An SMS goes out once. Another message may come twice where a run was killed, with one id
    /// and one text.
    fn assert_once(&self) {
        let mut seen: BTreeMap<(i64, &str), Vec<&Got>> = BTreeMap::new();
        for got in &self.got {
            seen.entry((got.touch_no, got.channel)).or_default().push(got);
        }
        for (key, all) in seen {
            let may_repeat = self.was_killed && key.1 != "sms";
            assert!(all.len() == 1 || may_repeat, "seed {}: {all:?}", self.seed);
            assert!(all.iter().all(|one| one.address == all[0].address), "{all:?}");
            assert!(all.iter().all(|one| one.text == all[0].text), "seed {}: {all:?}", self.seed);
        }
    }

    fn assert_hours(&self) {
        for got in &self.got {
            let owner = self.owner(got);
            let minute = (got.at + 8 * HOUR).rem_euclid(24 * HOUR) / MINUTE;
            let within = |(from, until): (i64, i64)| match from < until {
                true => (from..until).contains(&minute),
                false => minute >= from || minute < until,
            };
            let own = got.quiet.unwrap_or((21 * 60, 9 * 60));
            let is_night = got.channel == "sms" && Self::is_marketing(owner);
            let is_night = is_night && within((22 * 60, 8 * 60));
            assert!(!within(own) && !is_night, "seed {}: {got:?} in quiet hours", self.seed);
        }
    }

    fn assert_caps(&self) {
        let mut days: BTreeMap<(usize, i64), BTreeSet<i64>> = BTreeMap::new();
        let mut months: BTreeMap<(usize, i32), BTreeSet<i64>> = BTreeMap::new();
        for got in self.got.iter().filter(|got| Self::is_marketing(self.owner(got))) {
            // What a vendor refused takes no room.
            if is_refused(&got.address) {
                continue;
            }
            days.entry((got.member, day_of(got.at))).or_default().insert(got.touch_no);
            let date = ledger::from_day_number(i32::try_from(day_of(got.at)).unwrap());
            let month = date.to_string()[..7].replace('-', "").parse().unwrap();
            if got.channel == "sms" {
                months.entry((got.member, month)).or_default().insert(got.touch_no);
            }
        }
        for (of, touches) in days {
            assert!(touches.len() <= 1, "seed {}: {of:?} got {touches:?}", self.seed);
        }
        for (of, touches) in months {
            assert!(touches.len() <= 4, "seed {}: {of:?} got {touches:?}", self.seed);
        }
    }

    fn assert_left_alone(&self) {
        for got in &self.got {
            let (owner, person) = (self.owner(got), &self.people[got.member]);
            if !Self::is_marketing(owner) {
                continue;
            }
            let known = crate::naive::Known { id: person.id.clone(), ..Default::default() };
            let is_out = person.naive.is_out(&known, day_of(got.at));
            // The programme's quarter is asked again before a message goes. What was decided of an
            // account went along into another one, which the strategy may hold out.
            let is_out_of = person.naive.is_out_of(&owner.key.0, 10, &person.id);
            let is_out = is_out || is_out_of && !self.absorbing.contains(&got.member);
            assert!(!is_out, "seed {}: {got:?} to one who is left alone", self.seed);
        }
    }

    /// What strategies give is given once for a touch.
    fn assert_grants(&self) {
        let grants =
            "SELECT json_extract(body, '$.reference') || '' FROM entry WHERE kind = 'grant'";
        let grants = self.shop.world.texts(grants);
        let once: BTreeSet<&String> = grants.iter().collect();
        assert_eq!(once.len(), grants.len(), "seed {}: {grants:?}", self.seed);
        let expected: usize = self.people.iter().map(|person| person.given.len()).sum();
        assert_eq!(grants.len(), expected, "seed {}", self.seed);
        let numbers = grants.iter().filter_map(|name| name.split([':', '.']).nth(1)?.parse().ok());
        for no in numbers.collect::<BTreeSet<i64>>() {
            let is_granting = |owner: &Owner| GRANTING.contains(&&*owner.key.0);
            assert!(self.owners.get(&no).is_none_or(is_granting), "seed {}: {no}", self.seed);
        }
    }

    /// Nothing is left of who was erased: no row by its number but that it is gone, and its id and
    /// addresses in no text.
    fn assert_erased(&self) {
        let tables = "SELECT m.name || ' ' || c.name FROM sqlite_schema AS m CROSS JOIN pragma_table_info(m.name) AS c
            WHERE m.type = 'table'";
        for column in self.shop.rows(tables) {
            let (table, column) = column.split_once(' ').unwrap();
            for (no, id, addresses) in &self.erased {
                let by_number = column == "member_no" && table != "departed";
                let mut texts: Vec<&str> = addresses.iter().map(String::as_str).collect();
                texts.push(id);
                let own =
                    if by_number { format!("\"{column}\" = {no} OR ") } else { String::new() };
                let others = texts.iter().map(|text| format!("instr(\"{column}\", '{text}') > 0"));
                // What proves a consent is found by a caller that names the address, by its digest.
                let question = format!(
                    "SELECT '{table}.{column}' FROM \"{table}\" WHERE {own}{}",
                    others.collect::<Vec<_>>().join(" OR ")
                );
                let left = self.shop.rows(&question);
                let is_proof = table == "consent_proof";
                assert!(left.is_empty() || is_proof, "seed {}: {id} in {left:?}", self.seed);
            }
        }
    }

    pub fn count(&self, counts: &mut BTreeMap<String, usize>) {
        let mut add =
            |what: &str, count: usize| *counts.entry(what.to_owned()).or_default() += count;
        for got in &self.got {
            add(&self.owner(got).key.0, 1);
            add(got.channel, 1);
        }
        for row in self.people.iter().flat_map(|person| &person.naive.rows) {
            add(&format!("state {}", row.state), 1);
        }
        for (reason, count) in &*self.reasons.borrow() {
            add(&format!("reason {reason}"), *count);
        }
        add("grants", self.people.iter().map(|person| person.given.len()).sum());
        add("erased", self.erased.len());
        add("merged", self.merged);
        add("messages", self.got.len());
        add("years", 1);
    }
}
