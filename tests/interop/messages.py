"""Fakes of vendors of SMS and e-mail. What they verify is computed again by the vendors' SDKs."""

import base64
import datetime
import hashlib
import json
from urllib.parse import parse_qsl, urlencode, urlsplit

from alibabacloud_openapi_util.client import Client as Alibaba
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sendgrid import SendGridAPIClient
from sendgrid.helpers.eventwebhook import EventWebhook
from Tea.request import TeaRequest
from tencentcloud.common import credential
from tencentcloud.common.abstract_client import AbstractClient
from tencentcloud.common.http.request import RequestInternal
from twilio.request_validator import RequestValidator
from twilio.rest import Client as Twilio

from vendor import Answer, Post, Vendor, demand


def digest(body):
    return hashlib.sha256(body).hexdigest()


class Alibabacloud(Vendor):
    """What both services of Alibaba Cloud verify: ACS3-HMAC-SHA256 by alibabacloud-openapi-util."""

    key_id, secret = "LTAI5tInterop", "sec-of-alibaba"
    action = version = ""

    def signed(self, request):
        header = request.header
        demand(header("x-acs-action") == self.action, "another action")
        demand(header("x-acs-version") == self.version, "another version")
        demand(header("host") == self.host, "another host")
        at = datetime.datetime.fromisoformat(header("x-acs-date").replace("Z", "+00:00"))
        self.is_near(at.timestamp(), "x-acs-date", 900)
        demand(len(header("x-acs-signature-nonce")) >= 16, "no nonce")
        sent = digest(request.body)
        demand(header("x-acs-content-sha256") == sent, "another digest of the body")
        own = TeaRequest()
        own.method, own.pathname, own.query = request.method, request.path, request.pairs()
        names = ("host", "content-type")
        own.headers = {
            name: value for name, value in request.headers.items()
            if name in names or name.startswith("x-acs-")
        }
        ours = Alibaba.get_authorization(own, "ACS3-HMAC-SHA256", sent, self.key_id, self.secret)
        demand(ours == header("authorization"), "another signature")


class AliyunSms(Alibabacloud):
    name, action, version = "aliyun_sms", "SendSms", "2017-05-25"

    def account(self):
        settings = {"access_key_id": self.key_id, "sign_name": "小店", "base_url": self.origin}
        return settings, {"access_key_secret": self.secret}

    def check(self, request):
        self.signed(request)
        pairs = request.pairs()
        demand(pairs["SignName"] == "小店" and pairs["TemplateCode"] == "T_1", "another template")
        values = json.loads(pairs["TemplateParam"])
        number = pairs["PhoneNumbers"]
        to = "+86" + number if len(number) == 11 else "+" + number
        return {"to": to, "id": pairs["OutId"], "text": values["points"]}

    def taken(self, request, number):
        body = {"Code": "OK", "Message": "OK", "RequestId": "r", "BizId": f"9006^{number}"}
        return Answer(200, body), body["BizId"]

    def refused(self, code):
        return Answer(200, {"Code": code, "Message": "m", "RequestId": "r"})

    def report(self, what, sent, url, forged):
        local = self.instant() + datetime.timedelta(hours=8)
        at = local.strftime("%Y-%m-%d %H:%M:%S")
        number = sent["to"].removeprefix("+86")
        if what == "leaves":
            item = {"phone_number": number, "content": "R", "send_time": at, "sign_name": "小店"}
        else:
            item = {
                "phone_number": number, "success": what == "delivered", "send_time": at,
                "report_time": at, "err_msg": "m", "sms_size": "1", "biz_id": sent["provider_id"],
                "err_code": "DELIVERED" if what == "delivered" else "MOBILE_IN_BLACK",
                "out_id": sent["id"],
            }
        return Post(json.dumps([item]), {"content-type": "application/json"})


class DirectMail(Alibabacloud):
    name, action, version = "direct_mail", "SingleSendMail", "2015-11-23"

    def account(self):
        settings = {"access_key_id": self.key_id, "from": "post@shop.example", "from_name": "小店",
                    "base_url": self.origin}
        return settings, {"access_key_secret": self.secret}

    def check(self, request):
        self.signed(request)
        form = request.form()
        demand(form["AccountName"] == "post@shop.example", "another sender")
        headers = json.loads(form["Headers"])
        demand(headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click", "no way out")
        return {"to": form["ToAddress"], "id": headers["X-Notify-Message-ID"],
                "text": form["HtmlBody"]}

    def taken(self, request, number):
        return Answer(200, {"EnvId": f"6000{number}", "RequestId": "r"}), f"6000{number}"

    def refused(self, code):
        return Answer(400, {"Code": code, "Message": "m", "RequestId": "r"})

    def report(self, what, sent, url, forged):
        kinds = {"delivered": "dm:Deliver:Succeed", "gone": "dm:Deliver:Fail",
                 "leaves": "dm:Feedback:UnSubscribe"}
        data = {"rcpt": sent["to"], "env_id": sent["provider_id"], "failed_type": "SmtpNxBox",
                "header": {"X-Notify-Message-ID": sent["id"]}}
        event = {"type": kinds[what], "time": self.instant().isoformat(), "data": data}
        return Post(json.dumps(event), {"content-type": "application/json"})


class TencentSms(Vendor):
    """TC3-HMAC-SHA256 by tencentcloud-sdk-python-common."""

    name = "tencent_sms"
    secret_id, secret_key = "AKIDinterop", "sec-of-tencent"

    def account(self):
        settings = {"secret_id": self.secret_id, "sdk_app_id": "1400000001", "sign_name": "小店",
                    "base_url": self.origin}
        return settings, {"secret_key": self.secret_key}

    def check(self, request):
        header = request.header
        demand(header("x-tc-action") == "SendSms", "another action")
        demand(header("x-tc-version") == "2021-01-11", "another version")
        self.is_near(int(header("x-tc-timestamp")), "x-tc-timestamp")
        client = AbstractClient(credential.Credential(self.secret_id, self.secret_key), "")
        client._service = "sms"
        own = RequestInternal(self.host, request.method, request.path)
        own.data = request.text()
        own.header = {"Content-Type": header("content-type"), "Host": header("host"),
                      "X-TC-Timestamp": header("x-tc-timestamp")}
        day = self.instant().strftime("%Y-%m-%d")
        signature = client._get_tc3_signature({}, own, day, "sms", self.secret_key)
        ours = (f"TC3-HMAC-SHA256 Credential={self.secret_id}/{day}/sms/tc3_request, "
                f"SignedHeaders=content-type;host, Signature={signature}")
        demand(header("authorization") == ours, "another signature")
        body = request.json()
        demand(body["TemplateId"] == "T_1" and body["SignName"] == "小店", "another template")
        numbers = body["PhoneNumberSet"]
        demand(1 <= len(numbers) <= 200, "too many numbers")
        demand(len(set(numbers)) == len(numbers), "a number stands twice")
        # All are of mainland China, or none is.
        demand(len({number.startswith("+86") for number in numbers}) == 1,
               "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber")
        return {"to": numbers[0], "all": numbers, "id": body["SessionContext"],
                "text": body["TemplateParamSet"][0]}

    def status(self, request, code, serial):
        """One status for each number, in the order of theirs: the last number first."""
        numbers = request.json()["PhoneNumberSet"]
        statuses = [
            {"SerialNo": serial and f"{serial}:{number[1:]}", "PhoneNumber": number, "Fee": 1,
             "Code": code, "Message": "m"} for number in reversed(numbers)
        ]
        return Answer(200, {"Response": {"SendStatusSet": statuses, "RequestId": "r"}})

    def taken(self, request, number):
        first = request.json()["PhoneNumberSet"][0]
        return self.status(request, "Ok", f"2028:{number}"), f"2028:{number}:{first[1:]}"

    def refused(self, code):
        # What is wrong with one number stands in its status.
        of_all = code.startswith("UnsupportedOperation")
        if ("PhoneNumber" in code and not of_all) or code.startswith(("MK", "MB")):
            return lambda request: self.status(request, code, "")
        error = {"Code": code, "Message": "m"}
        return Answer(200, {"Response": {"Error": error, "RequestId": "r"}})

    def report(self, what, sent, url, forged):
        mobile = sent["to"].removeprefix("+86")
        if what == "leaves":
            item = {"nationcode": "86", "mobile": mobile, "text": "TD", "sign": "小店",
                    "time": self.second(), "extend": ""}
            return Post(json.dumps(item), {"content-type": "application/json"})
        local = self.instant() + datetime.timedelta(hours=8)
        item = {
            "user_receive_time": local.strftime("%Y-%m-%d %H:%M:%S"), "nationcode": "86",
            "mobile": mobile, "sid": sent["provider_id"], "description": "m",
            "report_status": "SUCCESS" if what == "delivered" else "FAIL",
            "errmsg": "DELIVRD" if what == "delivered" else "MK:0001",
        }
        return Post(json.dumps([item]), {"content-type": "application/json"})


class TwilioSms(Vendor):
    """Basic authentication and signatures of status callbacks by twilio."""

    name, told_where = "twilio", True
    sid, auth_token = "AC" + "0123456789abcdef" * 2, "token-of-twilio"

    def account(self):
        settings = {"account_sid": self.sid, "from": "+15005550006", "base_url": self.origin}
        return settings, {"auth_token": self.auth_token}

    def check(self, request):
        demand(request.path == f"/2010-04-01/Accounts/{self.sid}/Messages.json", "another path")
        name, secret = Twilio(self.sid, self.auth_token).auth
        ours = base64.b64encode(f"{name}:{secret}".encode()).decode()
        demand(request.header("authorization") == f"Basic {ours}", "another key")
        form = request.form()
        demand(form["From"] == "+15005550006", "another sender")
        told = form["StatusCallback"]
        return {"to": form["To"], "id": dict(parse_qsl(urlsplit(told).query))["m"],
                "text": form["Body"], "callback_url": told}

    def taken(self, request, number):
        sid = f"SM{number:032x}"
        return Answer(201, {"sid": sid, "status": "queued", "error_code": None}), sid

    def refused(self, code):
        return Answer(400, {"code": int(code), "message": "m", "status": 400})

    def report(self, what, sent, url, forged):
        if what == "leaves":
            form = {"MessageSid": "SMback", "From": sent["to"], "To": "+15005550006",
                    "Body": "Stop", "OptOutType": "STOP"}
        else:
            status = {"delivered": "delivered", "gone": "undelivered"}[what]
            form = {"MessageSid": sent["provider_id"], "SmsSid": sent["provider_id"],
                    "AccountSid": self.sid, "From": "+15005550006", "To": sent["to"],
                    "MessageStatus": status, "ApiVersion": "2010-04-01"}
            if what == "gone":
                form["ErrorCode"] = "30005"
        key = "token-of-others" if forged else self.auth_token
        signature = RequestValidator(key).compute_signature(url, form)
        headers = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8",
                   "x-twilio-signature": signature}
        return Post(urlencode(form), headers)


class Ses(Vendor):
    """Signature Version 4 by botocore."""

    name = "ses"
    key_id, secret, region = "AKIAINTEROP", "sec-of-amazon", "eu-west-1"
    topic = "arn:aws:sns:eu-west-1:1:mail"

    def account(self):
        settings = {"region": self.region, "access_key_id": self.key_id, "base_url": self.origin,
                    "from": "post@shop.example", "from_name": "小店", "topic_arn": self.topic}
        return settings, {"secret_access_key": self.secret}

    def check(self, request):
        demand(request.path == "/v2/email/outbound-emails", "another path")
        stamp = request.header("x-amz-date")
        at = datetime.datetime.strptime(stamp + "+0000", "%Y%m%dT%H%M%SZ%z")
        self.is_near(at.timestamp(), "x-amz-date")
        sent = request.header("authorization")
        names = sent.split("SignedHeaders=")[1].split(",")[0].split(";")
        demand({"host", "x-amz-date"} <= set(names), "host or instant is not signed")
        fields = {name: request.header(name) for name in names}
        own = AWSRequest(request.method, self.origin + request.path, headers=fields,
                         data=request.body)
        own.context["timestamp"] = stamp
        signer = SigV4Auth(Credentials(self.key_id, self.secret), "ses", self.region)
        text = signer.string_to_sign(own, signer.canonical_request(own))
        demand(sent.endswith(f"Signature={signer.signature(text, own)}"), "another signature")
        demand(f"Credential={signer.scope(own)}," in sent, "another scope")
        body = request.json()
        (to,) = body["Destination"]["ToAddresses"]
        simple = body["Content"]["Simple"]
        (tag,) = body["EmailTags"]
        demand(len(simple["Headers"]) == 2, "no way out")
        return {"to": to, "id": tag["Value"], "text": simple["Body"]["Html"]["Data"]}

    def taken(self, request, number):
        return Answer(200, {"MessageId": f"0100-{number}"}), f"0100-{number}"

    def refused(self, code):
        return Answer(400, {"message": "m"}, {"x-amzn-errortype": f"{code}:http://internal.amazon"})

    def report(self, what, sent, url, forged):
        event = {"mail": {"messageId": sent["provider_id"], "tags": {"accrue_id": [sent["id"]]}}}
        at = {"timestamp": self.instant().isoformat().replace("+00:00", "Z")}
        if what == "delivered":
            event |= {"eventType": "Delivery", "delivery": at | {"recipients": [sent["to"]]}}
        elif what == "gone":
            who = [{"emailAddress": sent["to"]}]
            bounce = at | {"bounceType": "Permanent", "bouncedRecipients": who}
            event |= {"eventType": "Bounce", "bounce": bounce}
        else:
            event |= {"eventType": "Subscription", "subscription": at}
        topic = self.topic + "-of-others" if forged else self.topic
        note = {"Type": "Notification", "TopicArn": topic, "Message": json.dumps(event)}
        return Post(json.dumps(note), {"content-type": "text/plain; charset=UTF-8"})


class Sendgrid(Vendor):
    """The bearer and signed events by sendgrid."""

    name = "sendgrid"
    api_key = "SG.key-of-sendgrid"

    def __init__(self, port):
        super().__init__(port)
        self.key, self.other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        spki = self.key.public_key().public_bytes(serialization.Encoding.DER, form)
        self.public = base64.b64encode(spki).decode()

    def account(self):
        settings = {"from": "post@shop.example", "event_public_key": self.public,
                    "base_url": self.origin}
        return settings, {"api_key": self.api_key}

    def check(self, request):
        demand(request.path == "/v3/mail/send", "another path")
        ours = SendGridAPIClient(self.api_key)._default_headers["Authorization"]
        demand(request.header("authorization") == ours, "another key")
        body = request.json()
        (one,) = body["personalizations"]
        (to,) = one["to"]
        (content,) = body["content"]
        demand(body["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click", "no way out")
        return {"to": to["email"], "id": body["custom_args"]["accrue_id"], "text": content["value"]}

    def taken(self, request, number):
        return Answer(202, None, {"x-message-id": f"sg{number}"}), f"sg{number}"

    def report(self, what, sent, url, forged):
        kinds = {"delivered": "delivered", "gone": "bounce", "leaves": "unsubscribe"}
        number = self.number()
        event = {"email": sent["to"], "timestamp": self.second(), "event": kinds[what],
                 "sg_event_id": f"event-{number}", "accrue_id": sent["id"],
                 "sg_message_id": f"{sent['provider_id']}.recvd-1.0"}
        body, instant = json.dumps([event]) + "\r\n", str(self.second())
        signer = self.other if forged else self.key
        der = signer.sign((instant + body).encode(), ec.ECDSA(hashes.SHA256()))
        signature = base64.b64encode(der).decode()
        holds = EventWebhook(self.public).verify_signature(body, signature, instant)
        demand(holds != forged, "the SDK itself takes it otherwise")
        name = "x-twilio-email-event-webhook-"
        return Post(body, {"content-type": "application/json", name + "signature": signature,
                           name + "timestamp": instant})


ALL = (AliyunSms, TencentSms, TwilioSms, DirectMail, Ses, Sendgrid)
