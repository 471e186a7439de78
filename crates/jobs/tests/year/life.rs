//! What members do in a year, in the ledger, in the second database, and in the reference.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use jobs::{Job, Messaging};
use ledger::{Frozen, MemberId, Origin, Timestamp};
use reach::{Channel, Purpose};
use rules::operations::{Change, Erase, Freeze, Merge, ProfileChange, Redeem, Restore};
use rules::{Expiry, GrantRule, QualifyingPeriod};
use serde_json::json;
use store::{BehaviourRow, Lots, Native, Submission, begin_reach, entries_to_hear, rare_states};

use super::person::{Booked, Contact, Message, Person, midnight};
use super::playbook::{COSTS, TEMPLATES, book, document};
use crate::naive::{DAY, HOUR, MINUTE, Naive, day_of};
use crate::random::Random;
use crate::support::{World, purchase, wait};
use crate::touch::Shop;

/// 2026-03-01.
pub const FIRST_DAY: i64 = 20_513;
const DAYS: i64 = 365;
const MEMBERS: i64 = 16;
const CHANNELS: [&str; 5] = ["push", "email", "wechat", "wecom", "sms"];
/// Where scores begin: days since the last order, orders, and spend in minor units.
pub const CUTS: [[i64; 4]; 3] =
    [[7, 20, 45, 90], [1, 2, 4, 8], [50_000, 150_000, 400_000, 1_000_000]];
/// Messages go out at these minutes of a day.
const TICKS: [i64; 4] = [605, 740, 1_080, 1_290];

/// What goes wrong in a year.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trouble {
    pub twice: bool,
    pub late: bool,
    pub killed: bool,
    pub rivals: bool,
}

/// A message as a vendor got it.
#[derive(Debug, Clone)]
pub struct Got {
    pub at: i64,
    pub channel: &'static str,
    pub touch_no: i64,
    /// Whose touch it was at that time, and the own quiet hours of that member then.
    pub member: usize,
    pub address: String,
    pub text: String,
    pub quiet: Option<(i64, i64)>,
}

/// Whose touch it is.
#[derive(Debug, Clone)]
pub struct Owner {
    pub member: usize,
    pub key: (String, i64, String),
}

pub struct Year {
    pub seed: u64,
    pub random: Random,
    pub trouble: Trouble,
    pub shop: Shop,
    pub people: Vec<Person>,
    /// All that vendors got, and by whom touches are, by their numbers.
    pub got: Vec<Got>,
    pub owners: BTreeMap<i64, Owner>,
    /// Entries that were heard, and folded; `None` before the first run.
    pub heard: Option<i64>,
    pub folded: i64,
    /// The last day that was decided.
    pub through: i64,
    pub sent: Vec<Message>,
    pub erased: Vec<(i64, String, Vec<String>)>,
    pub merged: usize,
    /// Those who took another account over.
    pub absorbing: BTreeSet<usize>,
    pub was_killed: bool,
    /// Touches of which nobody knows what became of the SMS.
    pub doubted: BTreeSet<i64>,
    /// Runs went side by side, or were killed.
    pub was_disturbed: bool,
    /// All touches are compared after each run.
    pub is_watched: bool,
    /// Somebody was erased since the last fold; and once a year somebody to whom a message is due.
    pub has_erased: bool,
    pub has_erased_waiting: bool,
    /// The reference of a member to whom nothing happened.
    fresh: Naive,
    /// What strategies have used of their budgets, by the month.
    pub used: BTreeMap<String, BTreeMap<String, (i64, i64)>>,
    /// How often messages were suppressed, by the reason.
    pub reasons: RefCell<BTreeMap<String, usize>>,
}

impl Year {
    pub fn begin(seed: u64, mut random: Random) -> Self {
        let trouble = match seed {
            0 => Trouble::default(),
            1 => Trouble { twice: true, late: true, killed: true, rivals: true },
            _ => Trouble {
                twice: random.chance(50),
                late: random.chance(50),
                killed: random.chance(60),
                rivals: random.chance(50),
            },
        };
        let start = Timestamp(midnight(FIRST_DAY - 40) + 10 * HOUR).to_string();
        let (world, reach) = (World::new(&start), Native::in_memory().unwrap());
        wait(begin_reach(&reach, &reach)).unwrap();
        world.publish(|document| {
            document.purchase.expiry = "short".into();
            let days = |days| Expiry::Days { days, round_up_to: None };
            document.expiry.insert("short".into(), days(100));
            document.expiry.insert("brief".into(), days(20));
            for (name, grant) in [
                ("redeem_exclusive", "wished"),
                ("birthday_gift", "birthday"),
                ("tier_sprint", "sprint"),
            ] {
                let coupon = json!({"off_minor": 1_000, "expiry": "brief"});
                document.coupons.insert(name.into(), serde_json::from_value(coupon).unwrap());
                let rule: GrantRule = serde_json::from_value(json!({"coupon": name})).unwrap();
                document.grants.insert(grant.into(), rule);
            }
            let tiers = document.tiers.as_mut().unwrap();
            tiers.period = QualifyingPeriod::RollingMonths { months: 3 };
        });
        // One year in four has the ready-made playbook alone.
        let has_more = seed % 4 != 3;
        let cost_minor = COSTS.iter().map(|(channel, _, cost)| (*channel, *cost)).collect();
        let playbook = document(has_more);
        let messaging = Messaging { playbook, version: 3, cost_minor, ..Messaging::default() };
        let mut shop = Shop { world, reach, messaging };
        for (id, is_marketing) in TEMPLATES {
            let purpose = if is_marketing { Purpose::Marketing } else { Purpose::Service };
            shop.template(id, purpose, "余额 {{ balance }}，拒收请回复R");
        }
        for channel in [Channel::Push, Channel::Email, Channel::Wechat, Channel::Wecom] {
            shop.gateway(channel);
        }
        shop.sms();
        let cuts = json!({"days": CUTS[0], "orders": CUTS[1], "spend_minor": CUTS[2],
            "members": 100, "sums": [300, 300, 300]});
        let text = format!("INSERT INTO rfm_cuts VALUES (1, 1, {}, '{cuts}')", FIRST_DAY - 1);
        shop.reach.connection().execute(&text, []).unwrap();
        let mut year = Self {
            seed,
            random,
            trouble,
            shop,
            people: Vec::new(),
            got: Vec::new(),
            owners: BTreeMap::new(),
            heard: None,
            folded: 0,
            through: FIRST_DAY - 1,
            sent: Vec::new(),
            erased: Vec::new(),
            merged: 0,
            absorbing: BTreeSet::new(),
            was_killed: trouble.killed,
            doubted: BTreeSet::new(),
            was_disturbed: trouble.killed || trouble.rivals,
            is_watched: std::env::var("ACCRUE_HISTORY").is_ok_and(|of| !of.contains("..")),
            has_erased: false,
            has_erased_waiting: false,
            fresh: fresh(has_more),
            used: BTreeMap::new(),
            reasons: RefCell::default(),
        };
        (0..MEMBERS).for_each(|place| year.join(place));
        year
    }

    pub fn now(&self) -> i64 {
        self.shop.world.now.get().0
    }

    pub fn set(&self, now: i64) {
        self.shop.world.now.set(Timestamp(now));
    }

    /// A member comes, with a birthday, some addresses and some consents.
    fn join(&mut self, place: i64) {
        let id = format!("m{}-{place:02}", self.seed);
        let spend = self.random.between(1_000, if place % 3 == 0 { 60_000 } else { 900_000 });
        self.shop.world.earn([id.clone()], &purchase(spend));
        let birthday = *self.random.pick(&[(2, 29), (2, 28), (3, 1), (12, 31), (5, 17), (9, 9)]);
        let told = format!("1992-{:02}-{:02}", birthday.0, birthday.1);
        let change = ProfileChange {
            attributes: [("birthday".to_owned(), Some(told))].into(),
            ..ProfileChange::default()
        };
        assert!(self.order(&id, Change(change)));
        let naive = self.fresh.clone();
        let person = Person {
            no: self.shop.no(&id),
            id,
            is_gone: false,
            orders: vec![(self.now(), spend)],
            redeems: vec![],
            logins: vec![],
            birthday,
            contacts: BTreeMap::new(),
            said: vec![],
            quiet: None,
            is_frozen: false,
            ups: vec![],
            naive,
            posts: vec![],
            given: BTreeSet::new(),
        };
        self.people.push(person);
        let member = self.people.len() - 1;
        for channel in CHANNELS {
            if self.random.chance(75) {
                self.open_contact(member, channel);
            }
            if self.random.chance(75) {
                self.say(member, "marketing", channel, true);
            }
        }
        if self.random.chance(60) {
            self.log_in(member);
        }
        if self.random.chance(20) {
            let hours = *self.random.pick(&[(22 * 60, 8 * 60), (600, 780), (1_200, 660)]);
            let no = self.people[member].no;
            self.write(&format!(
                "INSERT INTO preference VALUES (1, {no}, NULL, {}, {}, 1, NULL, 0, 'test')",
                hours.0, hours.1
            ));
            self.people[member].quiet = Some(hours);
        }
    }

    pub fn write(&self, text: &str) {
        assert_eq!(self.shop.reach.connection().execute(text, []).unwrap(), 1, "{text}");
    }

    /// True unless it is refused.
    fn order(&self, id: &str, operation: impl rules::Operation + 'static) -> bool {
        let origin = Origin { actor: "test".into(), ..Origin::default() };
        let member = MemberId::new(id).unwrap();
        let submission = Submission::new(member, operation, origin);
        let outcomes = self.shop.world.try_order(&[submission], Lots::All);
        matches!(outcomes[0], store::Outcome::Done(_))
    }

    fn open_contact(&mut self, member: usize, channel: &'static str) {
        let (no, now) = (self.people[member].no, self.now());
        // Addresses are told again under other numbers.
        let refuses = self.random.chance(12);
        let mark = i64::from(refuses) + 2 * self.random.below(4);
        let address = match channel {
            "sms" => format!("+86138{:02}00{no:04}", mark),
            "email" => format!("email{no}-{mark}@shop.example"),
            _ => format!("{channel}-{no}-{mark}"),
        };
        self.write(&format!(
            "INSERT INTO contact VALUES (1, {no}, '{channel}', '{address}', 'digest-{address}', 'open', NULL, {now}, 'test')"
        ));
        let contact = Contact { address, is_open: true, refuses };
        self.people[member].contacts.insert(channel, contact);
    }

    fn say(&mut self, member: usize, of: &'static str, channel: &'static str, is_yes: bool) {
        let (no, now) = (self.people[member].no, self.now());
        let decision = if is_yes { "given" } else { "withdrawn" };
        self.write(&format!(
            "INSERT INTO consent (programme_no, member_no, purpose, channel, decision, digest, at, source, recorded_at,
             recorded_by) VALUES (1, {no}, '{of}', '{channel}', '{decision}', '', {now}, 'form', {now}, 'test')"
        ));
        self.people[member].said.push((of, channel, now, is_yes));
    }

    fn log_in(&mut self, member: usize) {
        let now = self.now();
        let row = BehaviourRow {
            programme_no: 1,
            member_no: self.people[member].no,
            key: format!("login-{now}-{}", self.people[member].no),
            day: i32::try_from(day_of(now)).unwrap(),
            kind: "login".into(),
            item: None,
            category: None,
            value_minor: None,
            occurred_at: now,
            channel: None,
            session: None,
        };
        assert_eq!(wait(store::report_behaviour(&self.shop.reach, &[row])).unwrap(), [true]);
        self.people[member].logins.push(now);
    }

    /// Something that a member does, or that is done to it.
    fn act(&mut self) {
        let member = self.random.below(self.people.len() as i64) as usize;
        let (now, id) = (self.now(), self.people[member].id.clone());
        let channel = *self.random.pick(&CHANNELS);
        if self.people[member].is_gone {
            return;
        }
        match self.random.below(1_000) {
            // A third of the members seldom buy.
            0..=249 if !member.is_multiple_of(3) || self.random.chance(10) => {
                let most = if member % 3 == 1 { 1_500_000 } else { 60_000 };
                let spend = self.random.between(500, most);
                let is_frozen = self.people[member].is_frozen;
                let event = rules::operations::Earn(purchase(spend));
                assert!(self.order(&id, event) != is_frozen, "a freeze refuses it");
                if !is_frozen {
                    self.people[member].orders.push((now, spend));
                }
            }
            250..=329 => {
                let points = self.random.between(1, 1_500);
                if self.order(&id, Redeem { points }) {
                    self.people[member].redeems.push(now);
                }
            }
            330..=429 if !member.is_multiple_of(4) => self.log_in(member),
            430..=479 => match self.people[member].contacts.remove(channel) {
                Some(_) => {
                    let no = self.people[member].no;
                    self.write(&format!(
                        "DELETE FROM contact WHERE member_no = {no} AND channel = '{channel}'"
                    ));
                }
                None => self.open_contact(member, channel),
            },
            480..=529 => {
                let is_yes = self.random.chance(75);
                self.say(member, "marketing", channel, is_yes);
            }
            530..=544 => {
                let is_yes = self.random.chance(60);
                self.say(member, "service", channel, is_yes);
            }
            // Frozen accounts are few, or most messages would have this reason.
            545..=564 if self.people[member].is_frozen || self.random.chance(25) => {
                let both = Frozen { earning: true, spending: true };
                let is_frozen = !self.people[member].is_frozen;
                let done = match is_frozen {
                    true => self.order(&id, Freeze(both)),
                    false => self.order(&id, Restore(both)),
                };
                assert!(done);
                self.people[member].is_frozen = is_frozen;
            }
            565..=584 => {
                // A person follows the link of the last message of the ladder.
                let no = self.people[member].no;
                let rows = &mut self.people[member].naive.rows;
                let is_one = |row: &&mut crate::naive::Row| {
                    row.strategy == "expiry_ladder"
                        && row.state == "sent"
                        && row.responded.is_none()
                };
                if let Some(row) = rows.iter_mut().rev().find(is_one) {
                    row.responded = Some(now);
                    // Of two accounts that became one, both may have got the message.
                    let text = format!(
                        "UPDATE touch SET responded_at = {now} WHERE no = (
                           SELECT max(no) FROM touch WHERE member_no = {no} AND strategy = '{}' AND node = {} AND cycle = '{}'
                           AND state = 'sent' AND responded_at IS NULL)",
                        row.strategy, row.node, row.cycle
                    );
                    self.write(&text);
                }
            }
            585..=588 => self.erase(member),
            589..=594 => self.merge(member),
            _ => {}
        }
    }

    /// Once a year somebody is erased to whom a message is due.
    pub fn erase_waiting(&mut self) {
        let now = self.now();
        let is_due = |person: &Person| {
            person.posts.iter().flat_map(|post| &post.waits).any(|wait| wait.ask <= now)
        };
        if now < midnight(FIRST_DAY + 200) || self.has_erased_waiting {
            return;
        }
        if let Some(member) = self.people.iter().position(is_due) {
            self.has_erased_waiting = true;
            self.erase(member);
        }
    }

    fn erase(&mut self, member: usize) {
        let person = &mut self.people[member];
        person.is_gone = true;
        person.naive.rows.clear();
        person.posts.clear();
        let addresses = person.contacts.values().map(|one| one.address.clone()).collect();
        self.erased.push((person.no, person.id.clone(), addresses));
        let id = person.id.clone();
        self.has_erased = true;
        assert!(self.order(&id, Erase));
    }

    fn merge(&mut self, into: usize) {
        let from = self.random.below(self.people.len() as i64) as usize;
        let [one, other] = [into, from].map(|at| &self.people[at]);
        if from == into || other.is_gone || other.is_frozen || one.is_frozen {
            return;
        }
        let (id, from_id) = (one.id.clone(), MemberId::new(other.id.as_str()).unwrap());
        assert!(self.order(&id, Merge { from: from_id }));
        let mut other = std::mem::replace(&mut self.people[from], ghost());
        self.people[into].absorb(&mut other);
        self.people[from] = other;
        for owner in self.owners.values_mut().filter(|owner| owner.member == from) {
            owner.member = into;
        }
        // What is kept of the other account is this one's from the fold on.
        self.shop.fold();
        self.folded = self.shop.world.number("SELECT max(no) FROM entry");
        self.merged += 1;
        self.absorbing.insert(into);
    }

    /// What the books say of a member.
    pub fn booked(&self, no: i64) -> Booked {
        let sql = &self.shop.world.sql;
        let mut prepared = sql
            .connection()
            .prepare_cached(
                "SELECT expires_at, remaining FROM lot WHERE member_no = ?1 AND remaining > 0",
            )
            .unwrap();
        let lots = prepared.query_map([no], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let tier_until = "SELECT tier_until FROM member WHERE no = ?1";
        let rare = wait(rare_states(sql, &[no])).unwrap().remove(&no).unwrap_or_default();
        Booked {
            lots: lots.map(Result::unwrap).collect(),
            tier_until: sql.connection().query_row(tier_until, [no], |row| row.get(0)).unwrap(),
            coupons: rare.coupons.into_iter().map(|one| (one.id, one.ends_at.unwrap().0)).collect(),
        }
    }

    /// Who came to a higher tier since it was heard last, in the order of the books.
    pub fn hear(&mut self) -> BTreeSet<usize> {
        let sql = &self.shop.world.sql;
        let mut concerned = BTreeSet::new();
        let last = self.shop.world.number("SELECT max(no) FROM entry");
        let Some(mut heard) = self.heard.replace(last) else { return concerned };
        loop {
            let entries = wait(entries_to_hear(sql, heard, 1_000)).unwrap();
            let Some(next) = entries.last().map(|entry| entry.no) else { return concerned };
            heard = next;
            for entry in entries {
                let Some((from, to)) = entry.tier else { continue };
                let rank = |id: &str| {
                    ["member", "silver", "gold"]
                        .iter()
                        .position(|one| *one == id)
                        .map_or(0, |at| at + 1)
                };
                let is_up = rank(&to) > from.as_deref().map_or(0, rank);
                let is_one = |person: &Person| person.no == entry.member_no && !person.is_gone;
                if let Some(place) = self.people.iter().position(is_one).filter(|_| is_up) {
                    self.people[place].ups.push((entry.at.0, entry.id));
                    concerned.insert(place);
                }
            }
        }
    }

    pub fn live(&mut self) {
        // Forty days before the first night.
        for day in FIRST_DAY - 40..FIRST_DAY {
            for second in 0..self.random.below(12) {
                self.set(midnight(day) + 11 * HOUR + second * 1_000);
                self.act();
            }
        }
        for day in FIRST_DAY..FIRST_DAY + DAYS {
            self.day(day);
        }
        // What waits finds its end.
        for day in FIRST_DAY + DAYS..FIRST_DAY + DAYS + 34 {
            self.trouble = Trouble::default();
            self.set(midnight(day) + 20 * MINUTE);
            self.shop.world.run(Job::Night);
            self.set(midnight(day) + 605 * MINUTE);
            self.tick();
        }
        let over = format!("SELECT touch_no || '' FROM outbox WHERE until_at <= {}", self.now());
        assert_eq!(self.shop.rows(&over), [""; 0], "seed {}: waits for ever", self.seed);
    }

    /// A day: the books' night, the decisions, what members do, and messages.
    fn day(&mut self, day: i64) {
        self.set(midnight(day) + 20 * MINUTE);
        self.shop.world.run(Job::Night);
        let skips = self.trouble.late && self.random.chance(25);
        if !skips {
            self.set(midnight(day) + 2 * HOUR);
            self.tick();
        }
        let count = self.random.below(13);
        let mut minutes: Vec<(i64, bool)> =
            (0..count).map(|_| (self.random.between(125, 1_435), false)).collect();
        let away = self.trouble.late && self.random.chance(10);
        let here = |_: &i64| !away;
        for minute in TICKS.into_iter().filter(here) {
            if !self.trouble.late || self.random.chance(60) {
                minutes.retain(|(of, _)| !(minute..minute + 12).contains(of));
                minutes.push((minute, true));
            }
        }
        minutes.sort_unstable();
        for (place, (minute, is_tick)) in minutes.into_iter().enumerate() {
            self.set(midnight(day) + minute * MINUTE + place as i64);
            if is_tick { self.tick() } else { self.act() }
        }
    }
}

fn fresh(has_more: bool) -> Naive {
    Naive { book: book(has_more), rows: vec![], used: BTreeMap::new(), through: 0 }
}

/// Stands in while a member is moved.
fn ghost() -> Person {
    Person {
        id: String::new(),
        no: 0,
        is_gone: true,
        orders: vec![],
        redeems: vec![],
        logins: vec![],
        birthday: (1, 1),
        contacts: BTreeMap::new(),
        said: vec![],
        quiet: None,
        is_frozen: false,
        ups: vec![],
        naive: fresh(false),
        posts: vec![],
        given: BTreeSet::new(),
    }
}

/// The day of an instant, in a text.
pub fn text_of(at: i64) -> String {
    Timestamp(at + 8 * HOUR).to_string().replace('Z', "") + &format!(" (day {})", at / DAY)
}
