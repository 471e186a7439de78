"""Makes crates/channels/tests/vectors/*.json: requests and posts signed by the vendors' own
libraries. Tests of the crate read the files; this is run by hand when a case is added.

    cargo xtask interop
    cp tests/interop/package.json target/interop/ && npm install --prefix target/interop
    target/interop/bin/python tests/interop/channels_vectors.py target/interop

Keys are made once and kept in the vectors, so that another run changes nothing but signatures that
have chance in them (ECDSA) and messages that begin with random bytes.
"""

import base64
import datetime
import hashlib
import json
import pathlib
import subprocess
import sys
from unittest import mock
from urllib.parse import quote, urlencode

import jpush
import jwt
import standardwebhooks
from alibabacloud_openapi_util.client import Client as Alibaba
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from Tea.request import TeaRequest
from tencentcloud.common import credential
from tencentcloud.common.abstract_client import AbstractClient
from tencentcloud.common.http.request import RequestInternal
from twilio.request_validator import RequestValidator
from wechatpy.crypto import WeChatCrypto

HERE = pathlib.Path(__file__).resolve().parents[2]
OUT = HERE / "crates/channels/tests/vectors"
NODE = pathlib.Path(sys.argv[1]).resolve()
NOW = 1_773_108_123_456
SECOND = NOW // 1000
INSTANT = datetime.datetime.fromtimestamp(SECOND, datetime.timezone.utc)


def compact(value):
    """JSON as the crate writes it: names in order, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def write(name, cases):
    OUT.mkdir(parents=True, exist_ok=True)
    text = json.dumps(cases, indent=1, ensure_ascii=False, sort_keys=True)
    (OUT / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def kept(name, make):
    """A key of an earlier run, or a new one."""
    path = OUT / f"{name}.json"
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))["key"]
    return make()


def node(script, *arguments):
    command = ["node", "-e", script, *arguments]
    return subprocess.run(command, cwd=NODE, check=True, capture_output=True, text=True).stdout


def message(**fields):
    return {"id": "t-1", "title": "", "text": "", "parameters": [], **fields}


# ── Alibaba Cloud ────────────────────────────────────────────────────────────────────────────────


def acs3(host, action, version, query, body, nonce, secret):
    request = TeaRequest()
    request.method, request.pathname, request.query = "POST", "/", query
    digest = hashlib.sha256((body or "").encode()).hexdigest()
    request.headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-version": version,
        "x-acs-date": INSTANT.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-content-sha256": digest,
    }
    if body is not None:
        request.headers["content-type"] = "application/x-www-form-urlencoded"
    return Alibaba.get_authorization(request, "ACS3-HMAC-SHA256", digest, "LTAI5tExample", secret)


def aliyun_sms():
    cases = []
    for name, to, number, sign, parameters in [
        ("mainland", "+8613812345678", "13812345678", "阿克鲁", [["points", "500"], ["days", "7"]]),
        ("abroad", "+85261234567", "85261234567", "Accrue", [["name", "Ann O'Neil & Co. (x*y)~+%"]]),
        ("no parameters", "+8613812345678", "13812345678", "A b", []),
        ("line ends and quotes", "+8613812345678", "13812345678", "Z", [["t", 'a"b\\c\nd/e?f=g']]),
    ]:
        query = {
            "PhoneNumbers": number,
            "SignName": sign,
            "TemplateCode": "SMS_123",
            "TemplateParam": compact(dict(parameters)),
            "OutId": "t-1",
        }
        authorization = acs3("dysmsapi.aliyuncs.com", "SendSms", "2017-05-25", query, None, "n1", "sec-1")
        cases.append({
            "name": name,
            "vendor": "aliyun_sms",
            "settings": {"access_key_id": "LTAI5tExample", "sign_name": sign},
            "secrets": {"access_key_secret": "sec-1"},
            "message": message(to=to, vendor_template_id="SMS_123", parameters=parameters),
            "nonce": "n1",
            "url_has": [f"{key}={quote(value, safe='~')}" for key, value in query.items()],
            "headers": {"authorization": authorization},
        })
    return cases


def direct_mail():
    cases = []
    for name, title, text, link in [
        ("plain", "Points end", "<p>Hello</p>", None),
        ("Chinese, with one call to unsubscribe", "积分即将过期", "<p>您好 & 再见</p>\n" * 3, "https://r.example/u/x"),
    ]:
        headers = {"X-Notify-Message-ID": "t-1"}
        if link:
            headers["List-Unsubscribe"] = f"<{link}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        form = [
            ("AccountName", "post@shop.example"),
            ("AddressType", "1"),
            ("ReplyToAddress", "false"),
            ("ToAddress", "ann@mail.example"),
            ("Subject", title),
            ("HtmlBody", text),
            ("Headers", compact(headers)),
            ("FromAlias", "小店"),
        ]
        body = urlencode(form, quote_via=quote, safe="~")
        authorization = acs3("dm.aliyuncs.com", "SingleSendMail", "2015-11-23", {}, body, "n2", "sec-2")
        cases.append({
            "name": name,
            "vendor": "direct_mail",
            "settings": {"access_key_id": "LTAI5tExample", "from": "post@shop.example", "from_name": "小店"},
            "secrets": {"access_key_secret": "sec-2"},
            "message": message(to="ann@mail.example", title=title, text=text, unsubscribe_link=link),
            "nonce": "n2",
            "url_has": ["https://dm.aliyuncs.com/"],
            "body": body,
            "headers": {"authorization": authorization},
        })
    return cases


# ── Tencent Cloud ────────────────────────────────────────────────────────────────────────────────


def tencent_sms():
    cases = []
    for name, parameters in [("two", [["1", "500"], ["2", "明天"]]), ("none", []), ("quotes", [["1", 'a"b\\']])]:
        body = compact({
            "PhoneNumberSet": ["+8613812345678"],
            "SmsSdkAppId": "1400000001",
            "SignName": "阿克鲁",
            "TemplateId": "449739",
            "TemplateParamSet": [value for _, value in parameters],
            "SessionContext": "t-1",
        })
        client = AbstractClient(credential.Credential("AKIDexample", "sec-3"), "ap-guangzhou")
        client._service = "sms"
        request = RequestInternal("sms.tencentcloudapi.com", "POST", "/")
        request.data = body
        request.header = {
            "Content-Type": "application/json; charset=utf-8",
            "Host": "sms.tencentcloudapi.com",
            "X-TC-Timestamp": str(SECOND),
        }
        day = INSTANT.strftime("%Y-%m-%d")
        signature = client._get_tc3_signature({}, request, day, "sms", "sec-3")
        authorization = (
            f"TC3-HMAC-SHA256 Credential=AKIDexample/{day}/sms/tc3_request, "
            f"SignedHeaders=content-type;host, Signature={signature}"
        )
        cases.append({
            "name": name,
            "vendor": "tencent_sms",
            "settings": {"secret_id": "AKIDexample", "sdk_app_id": "1400000001", "sign_name": "阿克鲁"},
            "secrets": {"secret_key": "sec-3"},
            "message": message(to="+8613812345678", vendor_template_id="449739", parameters=parameters),
            "nonce": "n",
            "url_has": ["https://sms.tencentcloudapi.com/"],
            "body": body,
            "headers": {"authorization": authorization, "x-tc-timestamp": str(SECOND)},
        })
    return cases


# ── Amazon ───────────────────────────────────────────────────────────────────────────────────────


def ses():
    cases = []
    for name, title, text, link in [
        ("plain", "Points end", "<p>Hello</p>", None),
        ("Chinese, with one call to unsubscribe", "积分", "<p>您好</p>", "https://r.example/u/x"),
    ]:
        part = lambda data: {"Data": data, "Charset": "UTF-8"}
        simple = {"Subject": part(title), "Body": {"Html": part(text)}}
        if link:
            simple["Headers"] = [
                {"Name": "List-Unsubscribe", "Value": f"<{link}>"},
                {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
            ]
        body = compact({
            "FromEmailAddress": '"The Shop" <post@shop.example>',
            "Destination": {"ToAddresses": ["ann@mail.example"]},
            "Content": {"Simple": simple},
            "EmailTags": [{"Name": "accrue_id", "Value": "t-1"}],
        })
        url = "https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails"
        request = AWSRequest("POST", url, headers={"content-type": "application/json"}, data=body.encode())
        with mock.patch("botocore.auth.get_current_datetime", return_value=INSTANT, create=True), \
                mock.patch("botocore.compat.get_current_datetime", return_value=INSTANT, create=True):
            SigV4Auth(Credentials("AKIAEXAMPLE", "sec-4"), "ses", "eu-west-1").add_auth(request)
        assert request.headers["X-Amz-Date"] == INSTANT.strftime("%Y%m%dT%H%M%SZ"), "another clock"
        cases.append({
            "name": name,
            "vendor": "ses",
            "settings": {
                "region": "eu-west-1",
                "access_key_id": "AKIAEXAMPLE",
                "from": "post@shop.example",
                "from_name": "The Shop",
            },
            "secrets": {"secret_access_key": "sec-4"},
            "message": message(to="ann@mail.example", title=title, text=text, unsubscribe_link=link),
            "nonce": "n",
            "url_has": [url],
            "body": body,
            "headers": {"authorization": request.headers["Authorization"]},
        })
    return cases


# ── JPush ────────────────────────────────────────────────────────────────────────────────────────


def jpush_payload():
    push = jpush.JPush("appkey1", "master1").create_push()
    push.platform = jpush.all_
    push.audience = jpush.registration_id("1507bfd3f7c466c355c")
    extras = {"id": "t-1", "link": "https://r.example/l/x"}
    ios = jpush.ios(alert={"title": "积分", "body": "500 分"}, badge=None, extras=extras)
    ios.pop("badge", None)
    android = jpush.android("500 分", title="积分", extras=extras)
    push.notification = jpush.notification(ios=ios, android=android)
    push.options = {"time_to_live": 86400, "apns_production": True}
    push.cid = "appkey1-uuid1"
    return [{
        "name": "a title and a link",
        "vendor": "jpush",
        "settings": {"app_key": "appkey1"},
        "secrets": {"master_secret": "master1"},
        "message": message(
            to="1507bfd3f7c466c355c", title="积分", text="500 分",
            link="https://r.example/l/x", reserved="appkey1-uuid1",
        ),
        "nonce": "n",
        "url_has": ["https://api.jpush.cn/v3/push"],
        "body": compact(push.payload),
        "headers": {"authorization": "Basic " + base64.b64encode(b"appkey1:master1").decode()},
    }]


# ── Generic webhook ──────────────────────────────────────────────────────────────────────────────

WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def webhook():
    body = compact({
        "type": "message", "channel": "sms", "id": "t-1", "to": "+8613812345678", "title": "",
        "text": "您好", "vendor_template_id": None, "parameters": {"points": "500"},
        "link": "https://r.example/l/x", "unsubscribe_link": None, "callback_url": None,
    })
    signature = standardwebhooks.Webhook(WHSEC).sign("t-1", INSTANT, body)
    return [{
        "name": "a message",
        "vendor": "webhook",
        "settings": {"url": "https://gateway.example/send", "channel": "sms"},
        "secrets": {"signing_secret": WHSEC},
        "message": message(
            to="+8613812345678", text="您好", parameters=[["points", "500"]], link="https://r.example/l/x",
        ),
        "nonce": "n",
        "url_has": ["https://gateway.example/send"],
        "body": body,
        "headers": {
            "webhook-id": "t-1", "webhook-timestamp": str(SECOND), "webhook-signature": signature,
        },
    }]


# ── Firebase ─────────────────────────────────────────────────────────────────────────────────────


def pem(key):
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, plain).decode()


def fcm():
    key = kept("fcm", lambda: pem(rsa.generate_private_key(65537, 2048)))
    small = pem(rsa.generate_private_key(65537, 1024)) if not (OUT / "fcm.json").exists() else \
        json.loads((OUT / "fcm.json").read_text(encoding="utf-8"))["small_key"]
    claims = {
        "aud": "https://oauth2.googleapis.com/token",
        "exp": SECOND + 3600,
        "iat": SECOND,
        "iss": "push@demo.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/firebase.messaging",
    }
    return {
        "key": key,
        "small_key": small,
        "assertion": jwt.encode(claims, key, "RS256", {"kid": "kid1"}),
        "assertion_without_id": jwt.encode(claims, key, "RS256"),
    }


# ── Posts of vendors ─────────────────────────────────────────────────────────────────────────────


def twilio():
    validator, cases = RequestValidator("sec-5"), []
    for name, url, form in [
        ("delivered", "https://a.example/v1/callbacks/tw/s3",
         [("MessageSid", "SM1"), ("MessageStatus", "delivered"), ("To", "+15005550006")]),
        ("undelivered, with a query", "https://a.example/v1/callbacks/tw/s3?x=1&y=%20",
         [("MessageSid", "SM2"), ("MessageStatus", "undelivered"), ("ErrorCode", "30005"), ("To", "+15005550006")]),
        ("an answer", "https://a.example/v1/callbacks/tw/s3",
         [("MessageSid", "SM3"), ("From", "+15005550006"), ("Body", "Stop 我"), ("OptOutType", "STOP")]),
        ("signs of many kinds", "https://a.example/v1/callbacks/tw/s3",
         [("MessageSid", "SM4"), ("From", "+15005550006"), ("Body", "a+b c&d=e%20/'\"\r\n é 😀")]),
    ]:
        cases.append({
            "name": name, "url": url, "body": urlencode(form),
            "signature": validator.compute_signature(url, dict(form)),
        })
    return {"auth_token": "sec-5", "cases": cases}


def sendgrid():
    def make():
        return pem(ec.generate_private_key(ec.SECP256R1()))

    key = kept("sendgrid", make)
    private = serialization.load_pem_private_key(key.encode(), None)
    spki = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    public = base64.b64encode(spki).decode()
    other = ec.generate_private_key(ec.SECP256R1())
    verify = """
      const {EventWebhook} = require('@sendgrid/eventwebhook');
      const [key, body, signature, instant] = process.argv.slice(1);
      const own = new EventWebhook();
      const pem = `-----BEGIN PUBLIC KEY-----\\n${key}\\n-----END PUBLIC KEY-----`;
      console.log(own.verifySignature(own.convertPublicKeyToECDSA(pem), body, signature, instant));
    """
    events = compact([
        {"email": "ann@mail.example", "timestamp": SECOND, "event": "delivered",
         "sg_message_id": "abc.filter1.1.0", "accrue_id": "t-1"},
        {"email": "bob@mail.example", "timestamp": SECOND, "event": "spamreport",
         "sg_message_id": "def.filter1.1.0", "accrue_id": "t-2"},
    ]) + "\r\n"
    cases = []
    for name, signer, body, instant in [
        ("signed", private, events, str(SECOND)),
        ("signed again", private, events, str(SECOND + 1)),
        ("empty", private, "[]", str(SECOND)),
        ("by another key", other, events, str(SECOND)),
    ]:
        for _ in range(4):
            der = signer.sign((instant + body).encode(), ec.ECDSA(hashes.SHA256()))
            signature = base64.b64encode(der).decode()
            says = node(verify, public, body, signature, instant).strip() == "true"
            assert says == (signer is private), name
            cases.append({
                "name": name, "body": body, "timestamp": instant, "signature": signature, "holds": says,
            })
    return {"key": key, "public": public, "cases": cases}


AES = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"


def encrypted():
    """WeCom's own library and wechatpy encrypt; the crate opens."""
    script = """
      const {encrypt, getSignature} = require('@wecom/crypto');
      const [token, key, id, text, instant, nonce] = process.argv.slice(1);
      const sealed = encrypt(key, text, id);
      console.log(JSON.stringify({sealed, signature: getSignature(token, instant, nonce, sealed)}));
    """
    leaves = (
        "<xml><ToUserName><![CDATA[ww1]]></ToUserName><FromUserName><![CDATA[zhangsan]]></FromUserName>"
        f"<CreateTime>{SECOND}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        "<Event><![CDATA[unsubscribe]]></Event><AgentID>1</AgentID></xml>"
    )
    finished = (
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oia2Tj]]></FromUserName>"
        f"<CreateTime>{SECOND}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        "<Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>200163836</MsgID>"
        "<Status><![CDATA[success]]></Status></xml>"
    )
    cases = []
    for name, receiver, text in [
        ("a question", "ww1", "3735928559"),
        ("a member leaves", "ww1", leaves),
        ("for another company", "ww2", leaves),
        ("one byte", "ww1", "x"),
        ("exactly one block", "ww1", "x" * 9),
        ("Chinese", "ww1", leaves.replace("zhangsan", "张三")),
    ]:
        own = json.loads(node(script, "tok1", AES, receiver, text, str(SECOND), "n1"))
        cases.append({"name": name, "by": "@wecom/crypto", "text": text, "holds": receiver == "ww1", **own})
    wechat = []
    for name, receiver, text in [("a message is finished", "wx1", finished), ("of another account", "wx2", finished)]:
        sealed = WeChatCrypto("tok1", AES, receiver).encrypt_message(text, "n1", str(SECOND))
        field = lambda tag: sealed.split(f"<{tag}><![CDATA[")[1].split("]]>")[0]
        wechat.append({
            "name": name, "by": "wechatpy", "text": text, "holds": receiver == "wx1",
            "sealed": field("Encrypt"), "signature": field("MsgSignature"),
        })
    return {"token": "tok1", "aes_key": AES, "timestamp": str(SECOND), "nonce": "n1",
            "wecom": cases, "wechat": wechat, "finished": finished, "leaves": leaves}


def webhook_callback():
    cases = []
    body = compact([{"id": "t-1", "state": "delivered"}, {"id": "t-2", "state": "failed", "contact": "invalid"}])
    for name, age, secret, outcome in [
        ("signed", 0, WHSEC, "taken"),
        ("five minutes old", 300, WHSEC, "taken"),
        ("older", 301, WHSEC, "old"),
        ("of the future", -301, WHSEC, "old"),
        ("by another secret", 0, "whsec_" + base64.b64encode(b"x" * 32).decode(), "forged"),
    ]:
        at = INSTANT - datetime.timedelta(seconds=age)
        cases.append({
            "name": name, "body": body, "id": "r-1", "timestamp": str(SECOND - age), "outcome": outcome,
            "signature": standardwebhooks.Webhook(secret).sign("r-1", at, body),
        })
    return {"secret": WHSEC, "cases": cases}


requests = aliyun_sms() + direct_mail() + tencent_sms() + ses() + jpush_payload() + webhook()
write("requests", {"now_ms": NOW, "cases": requests})
write("fcm", fcm())
write("twilio", twilio())
write("sendgrid", sendgrid())
write("encrypted", encrypted())
write("webhook", webhook_callback())
print(len(requests), "requests")
