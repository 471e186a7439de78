//! One file for each vendor's wire format, with its table of answers beside it.

pub(crate) mod aliyun_sms;
pub(crate) mod direct_mail;
pub(crate) mod fcm;
pub(crate) mod jpush;
pub(crate) mod sendgrid;
pub(crate) mod ses;
pub(crate) mod tencent_sms;
pub(crate) mod twilio;
pub(crate) mod webhook;
mod wechat;
pub(crate) mod wechat_subscribe;
pub(crate) mod wechat_template;
pub(crate) mod wecom_app;
pub(crate) mod wecom_robot;
