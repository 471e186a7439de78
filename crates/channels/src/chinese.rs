//! Why accounts are paused, in Chinese: for people who see to them. The reasons themselves are
//! those of the vendors' tables, in English.

/// Reasons of the tables with what people in China call them.
const REASONS: [(&str, &str); 113] = [
    ("a request was repeated", "请求重复"),
    ("a sub-account may not do this", "子账号无权操作"),
    ("app_id is missing", "缺少 app_id"),
    ("app_key or master_secret is not taken", "app_key 或 master_secret 无效"),
    ("does not take the signature", "对方不接受签名"),
    ("from_name is not taken", "发信人名称不被接受"),
    ("has nothing at this address", "该地址没有服务"),
    ("is gone", "该地址已停用"),
    ("its secrets cannot be read", "密钥无法读取,请重新填写"),
    ("its settings are wrong", "账号设置有误"),
    ("its vendor is not known", "未知的服务商"),
    ("sdk_app_id is not of this account", "sdk_app_id 不属于该账号"),
    ("sending is switched off", "发送功能已关闭"),
    ("signature and template are for tests", "签名和模板仅供测试"),
    ("signature and template are of different kinds", "签名与模板类型不一致"),
    ("signature or template is for tests", "签名或模板仅供测试"),
    ("something is wrong with the account", "账号异常"),
    ("takes no posts at this address", "该地址不接受 POST 请求"),
    ("the account is banned from sending", "账号被禁止发送"),
    ("the account is for tests", "账号仅供测试"),
    ("the account is frozen", "账号已被冻结"),
    ("the account is not active", "账号未启用"),
    ("the account is out of money", "账号欠费"),
    ("the account is suspended", "账号已被停用"),
    ("the account lacks a resource", "账号缺少资源"),
    ("the account may not do this", "账号无权操作"),
    ("the account may not send", "账号无发送权限"),
    ("the account or its token is not taken", "账号或令牌无效"),
    ("the account wants another token", "账号需要其他类型的令牌"),
    ("the address of a link is not trusted", "链接域名不受信任"),
    ("the application is too old for this", "应用版本过低"),
    ("the application may not see this member", "成员不在应用可见范围内"),
    ("the application may not send", "应用无发送权限"),
    ("the clocks differ too much", "服务器时间相差过大"),
    ("the company has no such member", "企业没有该成员"),
    ("the company has no such member, or the application none", "企业没有该成员,或应用无权限"),
    ("the company is not certified", "企业未认证"),
    ("the configuration set does not exist", "配置集不存在"),
    ("the device is not known, or away for long", "设备不存在或长期不活跃"),
    ("the device's token is of another project", "设备令牌属于其他项目"),
    ("the extension cannot be used", "扩展码不可用"),
    ("the id is none", "成员 ID 无效"),
    ("the key is none: the robot may have left the group", "机器人密钥无效,机器人可能已被移出群"),
    ("the key is not known", "访问密钥不存在"),
    ("the key is not taken, or the account is out of messages", "密钥无效或发送额度已用完"),
    ("the key is over", "密钥已过期"),
    ("the key may not send", "密钥无发送权限"),
    ("the key may not send, or the sender is not verified", "密钥无发送权限,或发件人未验证"),
    ("the key of Apple or of web push is not taken", "苹果或网页推送的密钥无效"),
    ("the key or its secret is not taken", "密钥无效"),
    ("the kind of token is not taken", "令牌类型无效"),
    ("the messaging service has no sender", "消息服务没有发送号码"),
    ("the openid is none of this account", "openid 不属于该公众号"),
    ("the openid is none of this programme", "openid 不属于该小程序"),
    ("the package of SMS is used up", "短信套餐包已用完"),
    ("the papers are not approved", "资质未审核通过"),
    ("the private key, client_email or clock is not right", "私钥、client_email 或时间有误"),
    ("the programme is frozen", "小程序已被冻结"),
    ("the programme may not send", "小程序无发送权限"),
    ("the robot is not in the group", "机器人不在群里"),
    ("the robot is switched off", "机器人已停用"),
    ("the secret is frozen", "密钥已被冻结"),
    ("the secret is missing", "缺少密钥"),
    ("the secret is not that of app_id", "密钥与 app_id 不匹配"),
    ("the secret is not that of the application", "密钥与应用不匹配"),
    ("the secret is not that of the key", "密钥不匹配"),
    ("the secret may not use this application", "密钥无权使用该应用"),
    ("the sender is frozen", "发信地址已被冻结"),
    ("the sender is not registered", "发送号码未注册"),
    ("the sender may not send this kind", "发送方不能发送此类消息"),
    ("the sender's domain is not verified", "发信域名未验证"),
    ("the sender's number cannot send", "发送号码不支持短信"),
    ("the sender's number is none", "发送号码无效"),
    ("the sender's number is not Twilio's", "发送号码不是 Twilio 的号码"),
    ("the sender's number is not of this account", "发送号码不属于该账号"),
    ("the server's address is not on the account's list", "服务器 IP 不在账号白名单内"),
    ("the server's address is not on the application's list", "服务器 IP 不在应用白名单内"),
    ("the server's address is not on the list", "服务器 IP 不在白名单内"),
    ("the server's address is not on the programme's list", "服务器 IP 不在小程序白名单内"),
    ("the server's address may not send", "服务器 IP 不允许发送"),
    ("the service account may not send", "服务账号无发送权限"),
    ("the service is not switched on", "服务未开通"),
    ("the signature cannot be used", "签名不可用"),
    ("the signature does not match", "请求签名不匹配"),
    ("the signature is missing", "缺少签名"),
    ("the signature is not allowed", "签名不被允许"),
    ("the signature is not approved", "签名未报备"),
    ("the signature is not registered with the operators", "签名未在运营商完成实名报备"),
    ("the signature is not whole", "请求签名不完整"),
    ("the template is not approved", "模板未审核通过"),
    ("the token counts no more", "令牌已失效"),
    ("the token is missing", "缺少令牌"),
    ("the token is not taken", "令牌无效"),
    ("the token is over", "令牌已过期"),
    ("there are no more extensions", "扩展码已用完"),
    ("there is no signature", "没有签名"),
    ("there is no such API", "接口不存在"),
    ("there is no such account", "账号不存在"),
    ("there is no such agent_id", "agent_id 不存在"),
    ("there is no such app_id", "app_id 不存在"),
    ("there is no such app_key", "app_key 不存在"),
    ("there is no such corp_id", "corp_id 不存在"),
    ("there is no such messaging service", "消息服务不存在"),
    ("there is no such project", "项目不存在"),
    ("there is no such region", "地域不存在"),
    ("there is no such sdk_app_id", "sdk_app_id 不存在"),
    ("there is no such sender", "发送方不存在"),
    ("there is no such service account", "服务账号不存在"),
    ("there is no such tag", "标签不存在"),
    ("there is no such template", "模板不存在"),
    ("there is no template", "没有模板"),
    ("two signatures have one extension", "两个签名使用同一扩展码"),
    ("wants https", "必须使用 https"),
];

/// A reason as [`crate::Outcome`] tells it, in Chinese, with the vendor's code behind it; `None`
/// for one that no table has.
#[must_use]
pub fn in_chinese(why: &str) -> Option<String> {
    let (reason, code) = match why.rsplit_once(" (") {
        Some((reason, code)) => (reason, code.strip_suffix(')')),
        None => (why, None),
    };
    let (_, chinese) = REASONS.iter().find(|(english, _)| *english == reason)?;
    Some(code.map_or_else(|| (*chinese).to_owned(), |code| format!("{chinese}（{code}）")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Vendor;
    use crate::table::{Row, Then};

    #[test]
    fn each_reason_to_pause_is_told_in_chinese() {
        let mut untold = Vec::new();
        for vendor in Vendor::ALL {
            let rows = vendor.table().rows.iter();
            let pauses =
                |row: &&Row| row.is_doubtful || matches!(row.then, Then::Pause | Then::Renew);
            for row in rows.filter(pauses) {
                if in_chinese(row.text).is_none() {
                    untold.push(row.text);
                }
            }
        }
        assert_eq!(untold, [""; 0]);
        let approved = in_chinese("the signature is not approved (isv.SMS_SIGN_ILLEGAL)");
        assert_eq!(approved.as_deref(), Some("签名未报备（isv.SMS_SIGN_ILLEGAL）"));
        assert_eq!(in_chinese("answers HTTP 403"), None);
    }
}
