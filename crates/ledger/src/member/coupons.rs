//! Coupons of a member that can be used.

use super::Member;
use crate::entry::Entry;
use crate::fault::Fault;
use crate::kind::Coupons;
use crate::kind::{Coupon, coupon_code};

impl Member {
    /// The open coupon with that code.
    #[must_use]
    pub fn coupon(&self, code: &str) -> Option<&Coupon> {
        self.coupons.iter().find(|coupon| coupon.code == code)
    }

    /// Issues, ends or puts back coupons. A reversal takes away those that its redemption issued,
    /// and puts back the one whose use it undoes; which of the two it may do is told by what it
    /// corrects, which the audit knows.
    pub(super) fn keep_coupons(&mut self, entry: &Entry) -> Result<(), Fault> {
        for (index, coupon) in entry.effects.coupons.iter().enumerate() {
            let open = self.coupons.iter().position(|open| open == coupon);
            let is_known = self.coupon(&coupon.code).is_some();
            match entry.kind().row().coupons {
                Coupons::Ends => drop(self.coupons.remove(open.ok_or(Fault::Coupon)?)),
                // The account that is closed takes its coupons from its books.
                Coupons::Moves if entry.carried().is_none() => {
                    drop(self.coupons.remove(open.ok_or(Fault::Coupon)?))
                }
                Coupons::Moves if !is_known => self.coupons.push(coupon.clone()),
                Coupons::Undoes => match open {
                    Some(at) => drop(self.coupons.remove(at)),
                    None if is_known => return Err(Fault::Coupon),
                    None => self.coupons.push(coupon.clone()),
                },
                Coupons::Issues
                    if !is_known
                        && coupon.code == coupon_code(&entry.programme, entry.id, index) =>
                {
                    self.coupons.push(coupon.clone())
                }
                Coupons::Issues | Coupons::Moves | Coupons::Nothing => {
                    return Err(Fault::Coupon);
                }
            }
        }
        Ok(())
    }
}
