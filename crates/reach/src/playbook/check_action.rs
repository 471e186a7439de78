//! What makes an action one that can be published.

use super::check::{Check, MAX_AMOUNT};
use super::{Action, TASK_ROLES, Task, TaskTo};

impl Check<'_> {
    fn task(&mut self, at: &str, task: &Task) {
        let name = format!("{at}/name");
        match (task.to, &task.name) {
            (TaskTo::Role, Some(role)) => {
                let is_known = TASK_ROLES.contains(&role.as_str());
                self.named(name, is_known, "role of people");
            }
            (TaskTo::Person, Some(person)) => self.text(name, person, 64),
            (TaskTo::Role | TaskTo::Person, None) => {
                self.fault(name, "must be told: which role or person");
            }
            (_, Some(_)) => self.fault(name, "goes with role and person alone"),
            (_, None) => {}
        }
        self.names_of(&format!("{at}/text"), &task.text, 200, 300);
        if task.text.is_empty() {
            self.fault(format!("{at}/text"), "needs zh-CN or en");
        }
        self.number(format!("{at}/due_in_hours"), task.due_in_hours.into(), 1, 720);
    }

    /// All that is wrong with what a strategy or a node does beside its message.
    pub(super) fn action(&mut self, at: &str, action: &Action) {
        if let Some(recommend) = &action.recommend {
            let at = format!("{at}/recommend");
            if !(1..=5).contains(&recommend.from.len()) {
                self.fault(format!("{at}/from"), "must be 1 to 5");
            }
            self.distinct(&format!("{at}/from"), &recommend.from);
            for (place, from) in recommend.from.iter().enumerate().take(5) {
                let at = format!("{at}/from/{place}");
                match from.strip_prefix("pool:") {
                    Some(pool) => self.id(&at, pool),
                    None if matches!(from.as_str(), "viewed" | "favourited" | "popular") => {}
                    None => {
                        self.fault(at, "must be viewed, favourited, popular or pool: and a name");
                    }
                }
            }
            let (least, most) = (recommend.points_at_least, recommend.points_at_most);
            for (name, points) in [("points_at_least", least), ("points_at_most", most)] {
                self.number(format!("{at}/{name}"), points.unwrap_or(0), 0, MAX_AMOUNT);
            }
            if least.zip(most).is_some_and(|(least, most)| most < least) {
                self.fault(format!("{at}/points_at_most"), "must not be below points_at_least");
            }
            self.number(format!("{at}/count"), recommend.count.into(), 1, 10);
        }
        if let Some(grant) = &action.grant {
            let at = format!("{at}/grant");
            if grant.name.is_some() == grant.coupon.is_some() {
                self.fault(at, "needs name or coupon, and not both");
            } else if !self.knows(|known| grant.of(&known.grants).is_some()) {
                let what = "grant of the rulebook, or several bring this coupon";
                self.fault(at, format!("names no {what}"));
            }
        }
        if let Some(task) = &action.task {
            self.task(&format!("{at}/task"), task);
        }
        if let Some(tag) = &action.set_tag {
            self.named(
                format!("{at}/set_tag"),
                self.knows(|known| known.tags.contains(tag)),
                "tag",
            );
        }
        if let Some(attribute) = &action.set_attribute {
            self.text(format!("{at}/set_attribute/name"), &attribute.name, 64);
            self.text(format!("{at}/set_attribute/value"), &attribute.value, 200);
            if attribute.name == rules::COPIED_TAGS {
                self.fault(format!("{at}/set_attribute/name"), "is kept for the member's tags");
            }
        }
    }
}
