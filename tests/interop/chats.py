"""Fakes of vendors of push messages and chats, and a gateway of the merchant's. SDKs verify
signatures and tokens, build the bodies that ours are compared with, and sign and encrypt posts."""

import base64
import json
import secrets as random
from unittest import mock
from urllib.parse import urlencode

import google.auth._helpers
import google.auth.jwt
import jpush
import standardwebhooks
import standardwebhooks.webhooks
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from wechatpy import WeChatClient
from wechatpy.crypto import WeChatCrypto
from wechatpy.enterprise import WeChatClient as WecomClient
from wechatpy.enterprise.crypto import WeChatCrypto as WecomCrypto
from wechatpy.utils import WeChatSigner

from vendor import Answer, Post, Vendor, demand

AES = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"


class Jpush(Vendor):
    """Basic authentication, and the body that jpush builds."""

    name, reports = "jpush", False
    key, secret = "app-key-of-jpush", "sec-of-jpush"

    def __init__(self, port):
        super().__init__(port)
        self.reserved = set()

    def account(self):
        return {"app_key": self.key, "base_url": self.origin}, {"master_secret": self.secret}

    def kind(self, request):
        return "reserve" if request.path == "/v3/push/cid" else "send"

    def authorized(self, request):
        ours = base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()
        demand(request.header("authorization") == f"Basic {ours}", "another key")

    def reserve(self, request):
        self.authorized(request)
        fresh = [f"{self.key}-{self.number()}" for _ in range(int(request.pairs()["count"]))]
        self.reserved.update(fresh)
        return Answer(200, {"cidlist": fresh})

    def check(self, request):
        demand(request.path == "/v3/push", "another path")
        self.authorized(request)
        body = request.json()
        demand(body["cid"] in self.reserved, "what was not reserved")
        (to,) = body["audience"]["registration_id"]
        android = body["notification"]["android"]
        title, text, extras = android["title"], android["alert"], android["extras"]
        push = jpush.JPush(self.key, self.secret).create_push()
        push.platform, push.audience = jpush.all_, jpush.registration_id(to)
        ios = jpush.ios(alert={"title": title, "body": text}, badge=None, extras=extras)
        ios.pop("badge", None)
        push.notification = jpush.notification(
            ios=ios, android=jpush.android(text, title=title, extras=extras))
        push.options = {"time_to_live": 86400, "apns_production": True}
        push.cid = body["cid"]
        demand(json.loads(json.dumps(push.payload)) == body, "another body than the SDK builds")
        return {"to": to, "id": extras["id"], "text": text, "reserved": body["cid"]}

    def taken(self, request, number):
        return Answer(200, {"sendno": "0", "msg_id": f"182{number}"}), f"182{number}"

    def refused(self, code):
        return Answer(400, {"error": {"code": int(code), "message": "m"}})


class Fcm(Vendor):
    """The JSON Web Token of the service account by google-auth."""

    name, reports = "fcm", False
    who = "push@demo.iam.gserviceaccount.com"

    def __init__(self, port):
        super().__init__(port)
        self.key = rsa.generate_private_key(65537, 2048)

    def pem(self):
        form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, form, plain).decode()

    def public(self):
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, form)

    def account(self):
        settings = {"project_id": "demo", "client_email": self.who, "private_key_id": "key1",
                    "base_url": self.origin, "token_url": self.origin + "/token"}
        return settings, {"private_key": self.pem()}

    def kind(self, request):
        return "token" if request.path == "/token" else "send"

    def token(self, request, code):
        form = request.form()
        demand(form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer", "another grant")
        with self.clock((google.auth._helpers, "utcnow")):
            claims = google.auth.jwt.decode(
                form["assertion"], certs={"key1": self.public()}, audience=self.origin + "/token",
                clock_skew_in_seconds=60)
        demand(claims["iss"] == self.who, "another account")
        scope = "https://www.googleapis.com/auth/firebase.messaging"
        demand(claims["scope"] == scope, "another scope")
        if code:
            return Answer(400, {"error": code, "error_description": "m"})
        self.tokens = [f"ya29.{self.number()}"]
        return Answer(200, {"access_token": self.tokens[0], "expires_in": 3599,
                            "token_type": "Bearer"})

    def check(self, request):
        demand(request.path == "/v1/projects/demo/messages:send", "another path")
        bearer = request.header("authorization").removeprefix("Bearer ")
        demand(bearer in self.tokens, "a token that counts no more")
        message = request.json()["message"]
        return {"to": message["token"], "id": message["data"]["id"], "token": bearer,
                "text": message["notification"]["body"]}

    def taken(self, request, number):
        name = f"projects/demo/messages/{number}"
        return Answer(200, {"name": name}), name

    def refused(self, code):
        detail = {"errorCode": code}
        if code == "INVALID_ARGUMENT":
            detail = {"fieldViolations": [{"field": "message.data", "description": "m"}]}
        if code == "INVALID_ARGUMENT of the device":
            code, detail = "INVALID_ARGUMENT", {"errorCode": "INVALID_ARGUMENT"}
        error = {"code": 400, "status": code, "message": "m", "details": [detail]}
        return Answer(400, {"error": error})


class Tencent(Vendor):
    """What WeCom and WeChat share: tokens in the address, codes under HTTP 200, and posts."""

    app_id = ""
    secret, callback_token = "sec-of-wechat", "tok1"
    token_path = ""
    crypto = None

    def own_secrets(self, name):
        return {name: self.secret, "callback_token": self.callback_token, "encoding_aes_key": AES}

    def kind(self, request):
        return "token" if request.path == self.token_path else "send"

    def fresh_token(self):
        self.tokens = [f"token/{self.number()}+="]
        return Answer(200, {"errcode": 0, "errmsg": "ok", "access_token": self.tokens[0],
                            "expires_in": 7200})

    def bearer(self, request):
        token = request.pairs()["access_token"]
        demand(token in self.tokens, "a token that counts no more")
        return token

    def built(self, client, call):
        """The path and body of a call of the SDK, which sends nothing."""
        with mock.patch.object(client, "_request", return_value={}) as sent:
            call(client.message)
        said = sent.call_args.kwargs
        return said["url_or_endpoint"], json.loads(json.dumps(said["data"]))

    def taken(self, request, number):
        return Answer(200, {"errcode": 0, "errmsg": "ok", "msgid": number}), str(number)

    def refused(self, code):
        return Answer(200, {"errcode": int(code), "errmsg": "m"})

    def event(self, what, sent):
        raise NotImplementedError

    def sealed(self, text, forged):
        """A text as the SDK encrypts it, and the query by which it is known."""
        token = "tok-of-others" if forged else self.callback_token
        crypto = self.crypto(token, AES, self.app_id)
        nonce, instant = random.token_hex(5), str(self.second())
        sealed = crypto.encrypt_message(text, nonce, instant)
        signature = sealed.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
        query = {"msg_signature": signature, "timestamp": instant, "nonce": nonce}
        return sealed, query

    def question(self, forged):
        raise NotImplementedError

    def report(self, what, sent, url, forged):
        if what == "asks":
            return self.question(forged)
        said = {"ToUserName": "gh_1", "FromUserName": sent["to"], "CreateTime": self.second(),
                "MsgType": "event"} | self.event(what, sent)
        parts = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in said.items())
        sealed, query = self.sealed(f"<xml>{parts}</xml>", forged)
        return Post(sealed, {"content-type": "text/xml"}, urlencode(query))


class WecomApp(Tencent):
    name, app_id, token_path = "wecom_app", "ww1", "/cgi-bin/gettoken"
    crypto = WecomCrypto

    def account(self):
        settings = {"corp_id": self.app_id, "agent_id": 1000002, "base_url": self.origin}
        return settings, self.own_secrets("secret")

    def token(self, request, code):
        demand(request.pairs() == {"corpid": self.app_id, "corpsecret": self.secret}, "another key")
        return self.refused(code) if code else self.fresh_token()

    def check(self, request):
        token, body = self.bearer(request), request.json()
        card, to = body["textcard"], body["touser"]
        client = WecomClient(self.app_id, self.secret)
        address, own = self.built(client, lambda message: message.send_text_card(
            1000002, to, card["title"], card["description"], card["url"]))
        demand(request.path == "/cgi-bin/" + address, "another path")
        # What the SDK leaves empty or as it is by default, and what asks to drop repetitions.
        own = {name: value for name, value in own.items() if value != ""}
        own["textcard"].pop("btntxt", None)
        ours = {name: value for name, value in body.items() if "duplicate" not in name}
        demand(ours == own, f"another body than the SDK builds: {own}")
        demand(body["enable_duplicate_check"] == 1, "repetitions are not dropped")
        return {"to": to, "id": None, "text": card["description"], "token": token}

    def taken(self, request, number):
        body = {"errcode": 0, "errmsg": "ok", "invaliduser": "", "msgid": f"m{number}"}
        return Answer(200, body), f"m{number}"

    def refused(self, code):
        if code.endswith("user"):
            return lambda request: Answer(
                200, {"errcode": 0, "errmsg": "ok", code: request.json()["touser"]})
        return super().refused(code)

    def question(self, forged):
        echo = random.token_hex(10)
        sealed, query = self.sealed(echo, forged)
        query["echostr"] = sealed.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
        return Post("", {}, urlencode(query), echo)

    def event(self, what, sent):
        demand(what == "leaves", "WeCom reports nothing else")
        return {"Event": "unsubscribe", "AgentID": 1000002}


class WecomRobot(Tencent):
    name, reports = "wecom_robot", False
    key = "633a31f6-77f9-4bc6-9745-120ec1fefc27"

    def account(self):
        return {"base_url": self.origin}, {"key": self.key}

    def check(self, request):
        demand(request.path == "/cgi-bin/webhook/send", "another path")
        demand(request.pairs() == {"key": self.key}, "another key")
        body = request.json()
        demand(body["msgtype"] == "text", "another kind")
        return {"to": None, "id": None, "text": body["text"]["content"]}

    def taken(self, request, number):
        return Answer(200, {"errcode": 0, "errmsg": "ok"}), None


class WechatTemplate(Tencent):
    name, app_id, token_path = "wechat_template", "wx1", "/cgi-bin/stable_token"
    crypto = WeChatCrypto

    def account(self):
        return {"app_id": self.app_id, "base_url": self.origin}, self.own_secrets("app_secret")

    def token(self, request, code):
        own = {"grant_type": "client_credential", "appid": self.app_id, "secret": self.secret,
               "force_refresh": False}
        demand(request.json() == own, "another key")
        return self.refused(code) if code else self.fresh_token()

    def check(self, request):
        token, body = self.bearer(request), request.json()
        to, data = body["touser"], body["data"]
        client = WeChatClient(self.app_id, self.secret)
        address, own = self.built(client, lambda message: message.send_template(
            to, "T_1", data, url=body["url"]))
        demand(request.path == "/cgi-bin/" + address, "another path")
        ours = {name: value for name, value in body.items() if name != "client_msg_id"}
        demand(ours == own, f"another body than the SDK builds: {own}")
        return {"to": to, "id": body["client_msg_id"], "text": data["points"]["value"],
                "token": token}

    def question(self, forged):
        echo, nonce, instant = random.token_hex(10), random.token_hex(5), str(self.second())
        signer = WeChatSigner()
        signer.add_data("tok-of-others" if forged else self.callback_token, instant, nonce)
        query = {"signature": signer.signature, "timestamp": instant, "nonce": nonce,
                 "echostr": echo}
        return Post("", {}, urlencode(query), echo)

    def event(self, what, sent):
        if what == "leaves":
            return {"Event": "unsubscribe"}
        status = {"delivered": "success", "gone": "failed:user block"}[what]
        return {"Event": "TEMPLATESENDJOBFINISH", "MsgID": sent["provider_id"], "Status": status}


class WechatSubscribe(WechatTemplate):
    name = "wechat_subscribe"

    def check(self, request):
        token, body = self.bearer(request), request.json()
        demand(request.path == "/cgi-bin/message/subscribe/send", "another path")
        demand(body["template_id"] == "T_1", "another template")
        demand(body["miniprogram_state"] == "formal", "another state")
        return {"to": body["touser"], "id": None, "text": body["data"]["points"]["value"],
                "token": token}

    def event(self, what, sent):
        demand(what != "leaves", "WeChat reports no such thing")
        code = {"delivered": 0, "gone": 43101}[what]
        return {"Event": "subscribe_msg_sent_event", "TemplateId": "T_1",
                "MsgID": sent["provider_id"], "ErrorCode": code, "ErrorStatus": "s"}


class Gateway(Vendor):
    """Standard Webhooks by standardwebhooks, both ways."""

    name, told_where = "webhook", True
    key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    other = "whsec_b3RoZXIgc2VjcmV0IG9mIGFub3RoZXIgb25lIQ=="

    def account(self):
        settings = {"url": self.origin + "/send", "channel": "push"}
        return settings, {"signing_secret": self.key}

    def check(self, request):
        demand(request.path == "/send" and request.query == "", "another path")
        with self.clock((standardwebhooks.webhooks, "datetime")):
            body = standardwebhooks.Webhook(self.key).verify(request.body, request.headers)
        demand(body["id"] == request.header("webhook-id"), "another id")
        return {"to": body["to"], "id": body["id"], "text": body["text"],
                "callback_url": body["callback_url"]}

    def taken(self, request, number):
        return Answer(202, {"id": f"g{number}"}), f"g{number}"

    def report(self, what, sent, url, forged):
        item = {"provider_id": sent["provider_id"], "to": sent["to"]}
        item["state"] = {"delivered": "delivered", "gone": "bounced", "leaves": "unsubscribed"}[what]
        body, number = json.dumps([item]), f"r-{self.number()}"
        signer = standardwebhooks.Webhook(self.other if forged else self.key)
        headers = {"webhook-id": number, "webhook-timestamp": str(self.second()),
                   "webhook-signature": signer.sign(number, self.instant(), body)}
        return Post(body, headers | {"content-type": "application/json"})


ALL = (Jpush, Fcm, WecomApp, WecomRobot, WechatTemplate, WechatSubscribe, Gateway)
