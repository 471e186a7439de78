//! What people call the fields of conditions. Only pages ask for these names, so they stand apart
//! from the tables, which every component that decides links in.

use super::{Field, MemberField};

impl Field {
    /// What people call it, in Chinese and in English.
    #[must_use]
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Event => ("事件", "event"),
            Self::EventReference => ("单号", "reference"),
            Self::EventChannel => ("渠道", "channel"),
            Self::EventStore => ("门店", "store"),
            Self::EventDate => ("日期", "date"),
            Self::EventYear => ("年份", "year"),
            Self::EventMonth => ("月份", "month"),
            Self::EventDay => ("几号", "day of the month"),
            Self::EventWeekday => ("星期", "weekday"),
            Self::EventHour => ("小时", "hour"),
            Self::EventStreakDays => ("连续天数", "days in a row"),
            Self::OrderAmountMinor => ("订单金额", "order amount"),
            Self::OrderQuantity => ("订单件数", "units of the order"),
            Self::OrderCategories => ("订单品类", "categories of the order"),
            Self::OrderSkus => ("订单商品", "articles of the order"),
            Self::MemberId => ("会员", "member"),
            Self::MemberTier => ("等级", "tier"),
            Self::MemberTierDaysLeft => ("等级剩余天数", "days until the tier ends"),
            Self::MemberBalance => ("积分余额", "balance"),
            Self::MemberIsNew => ("首次出现", "first time known"),
            Self::MemberDays => ("入会天数", "days since joining"),
            Self::MemberOrders => ("历史订单数", "orders of the member"),
            Self::MemberSpendMinor => ("累计消费", "spent so far"),
            Self::MemberGrowth => ("成长值", "growth"),
            Self::MemberTags => ("标签", "tags"),
            Self::MemberBirthMonth => ("生日月份", "month of birth"),
            Self::MemberBirthDay => ("生日日期", "day of birth"),
            Self::LineCategory => ("商品行品类", "category of the line"),
            Self::LineSku => ("商品行商品", "article of the line"),
            Self::LineAmountMinor => ("商品行金额", "amount of the line"),
            Self::LineQuantity => ("商品行件数", "units of the line"),
        }
    }
}

impl MemberField {
    /// What people call it, in Chinese and in English.
    #[must_use]
    pub fn names(&self) -> (String, String) {
        let (chinese, english) = match self {
            Self::Orders(days) => {
                return (format!("近 {days} 天订单数"), format!("orders of {days} days"));
            }
            Self::Spend(days) => {
                return (format!("近 {days} 天消费"), format!("spent in {days} days"));
            }
            Self::Expiring(days) => {
                let english = format!("points that end within {days} days");
                return (format!("{days} 天内到期积分"), english);
            }
            Self::Redeemed(days) => {
                return (format!("近 {days} 天使用积分"), format!("points used in {days} days"));
            }
            Self::Id => ("会员", "member"),
            Self::AverageOrder => ("近 365 天客单价", "average order of 365 days"),
            Self::OrdersEver => ("历史订单数", "orders ever"),
            Self::DaysSinceOrder => ("距上次下单天数", "days since the last order"),
            Self::DaysSinceLogin => ("距上次登录天数", "days since the last login"),
            Self::DaysSinceSeen => ("距上次活跃天数", "days since last seen"),
            Self::DaysSinceRedeem => ("距上次使用积分天数", "days since points were used"),
            Self::Days => ("入会天数", "days since joining"),
            Self::Balance => ("积分余额", "balance"),
            Self::DaysToExpiry => ("距积分到期天数", "days until points end"),
            Self::Tier => ("等级", "tier"),
            Self::TierDaysLeft => ("等级剩余天数", "days until the tier ends"),
            Self::TierMissing => ("距下一等级差额", "missing to the next tier"),
            Self::Age => ("年龄", "age"),
            Self::BirthMonth => ("生日月份", "month of birth"),
            Self::BirthDay => ("生日日期", "day of birth"),
            Self::HomeStore => ("归属门店", "home store"),
            Self::Tags => ("标签", "tags"),
            Self::CategoryShare(_) => ("品类消费占比(%)", "share of a category (%)"),
            Self::Recency => ("RFM 最近一次消费得分", "RFM score of recency"),
            Self::Frequency => ("RFM 消费频次得分", "RFM score of frequency"),
            Self::Money => ("RFM 消费金额得分", "RFM score of money"),
            Self::Group => ("RFM 客户分组", "RFM group"),
        };
        (chinese.to_owned(), english.to_owned())
    }

    /// Whether its values are minor units.
    #[must_use]
    pub fn is_money(&self) -> bool {
        matches!(self, Self::Spend(_) | Self::AverageOrder)
    }
}
