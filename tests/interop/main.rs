//! The whole chain against fakes of vendors that verify with the vendors' own SDKs: the real
//! components in the real host send, and take reports. The fakes are Python, so `cargo xtask
//! interop` runs this; `cargo test` leaves it out.
#![cfg(test)]

mod batches;
mod desk;
mod fakes;
mod reports;
mod rows;
mod troubles;

use channels::Vendor;

/// Everything that a vendor can answer and post.
fn meets(vendor: Vendor) {
    let mut desk = desk::Desk::open(vendor);
    rows::every_row_is_asked_once(&mut desk);
    troubles::what_no_table_tells(&mut desk);
    reports::good_ones_count_and_forged_ones_do_not(&mut desk);
    batches::members_share_requests(&mut desk);
    desk.tells_no_secret();
}

macro_rules! vendors {
    ($($name:ident = $vendor:ident,)+) => {
        $(
            #[test]
            #[ignore = "`cargo xtask interop` runs it, with Python"]
            fn $name() {
                meets(Vendor::$vendor);
            }
        )+

        #[test]
        fn every_vendor_is_met() {
            assert_eq!([$(Vendor::$vendor),+].len(), Vendor::ALL.len());
        }
    };
}

vendors! {
    aliyun_sms = AliyunSms,
    tencent_sms = TencentSms,
    twilio = Twilio,
    direct_mail = DirectMail,
    ses = Ses,
    sendgrid = Sendgrid,
    jpush = Jpush,
    fcm = Fcm,
    wecom_app = WecomApp,
    wecom_robot = WecomRobot,
    wechat_template = WechatTemplate,
    wechat_subscribe = WechatSubscribe,
    webhook = Webhook,
}
