"""Makes vectors.json: ID tokens of joserfc and PyJWT, right ones and wrong ones.

    python3 -m venv v && v/bin/pip install joserfc==1.8.0 pyjwt==2.15.1 cryptography==50.0.2
    v/bin/python vectors.py > vectors.json
"""

import base64
import hmac
import json

import jwt as pyjwt
from cryptography.hazmat.primitives import serialization
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

NOW = 1_773_108_000
rsa = RSAKey.generate_key(2048, {"kid": "r1", "use": "sig"})
rsa2 = RSAKey.generate_key(3072, {"kid": "r2", "alg": "RS256"})
small = RSAKey.generate_key(1024, {"kid": "small"})
ec = ECKey.generate_key("P-256", {"kid": "e1", "use": "sig", "alg": "ES256"})
p384 = ECKey.generate_key("P-384", {"kid": "e384"})
thief = RSAKey.generate_key(2048, {"kid": "r1"})
enc = RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"})

sets = {
    "all": [rsa, rsa2, ec, small, p384, enc],
    "one": [rsa],
    "none": [],
}
jwks = {name: {"keys": [key.as_dict(private=False) for key in keys]} for name, keys in sets.items()}

CLAIMS = {"iss": "https://id.example", "sub": "248289761001", "aud": "accrue", "nonce": "n-1", "exp": NOW + 300, "iat": NOW - 5, "amr": ["pwd", "otp"]}


def claims(**changes):
    changed = {**CLAIMS, **changes}
    return json.dumps({name: value for name, value in changed.items() if value is not ...})


registry = jws.JWSRegistry(algorithms=["RS256", "ES256", "HS256", "PS256", "RS512", "ES384"], strict_check_header=False)


def sign(head, body, key):
    return jws.serialize_compact(head, body, key, registry=registry)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


R, E = {"alg": "RS256", "kid": "r1"}, {"alg": "ES256", "kid": "e1"}
good = sign(R, claims(), rsa)
good_ec = sign(E, claims(), ec)
pem = rsa.as_pem(private=False)
modulus = rsa.as_dict(private=False)["n"].encode()


def hs256(head, body, key):
    # The libraries refuse public keys as secrets, so this forgery is made by hand.
    signed = b64(json.dumps(head).encode()) + "." + b64(body.encode())
    return signed + "." + b64(hmac.digest(key, signed.encode(), "sha256"))


cases = []


def case(name, token, outcome="", keys="all"):
    cases.append({"name": name, "token": token, "keys": keys, "outcome": outcome})


case("RS256", good)
case("ES256", good_ec)
case("RS256 of PyJWT", pyjwt.encode(json.loads(claims()), rsa.raw_value, algorithm="RS256", headers={"kid": "r1"}))
case("ES256 of PyJWT", pyjwt.encode(json.loads(claims()), ec.raw_value, algorithm="ES256", headers={"kid": "e1"}))
case("3072 bits", sign({"alg": "RS256", "kid": "r2"}, claims(), rsa2))
case("no id of a key, and one key", sign({"alg": "RS256"}, claims(), rsa), keys="one")
case("no id of a key, and several", sign({"alg": "RS256"}, claims(), rsa), "has no key that is known")
case("no id of a key, and one of this kind", sign({"alg": "ES256"}, claims(), ec))
case("no keys", good, "has no key that is known", "none")
case("unknown key", sign({"alg": "RS256", "kid": "r9"}, claims(), rsa), "has no key that is known")
case("of another's key under that id", sign(R, claims(), thief), "is not signed by the provider")
case("a key in the head", sign({**R, "jwk": thief.as_dict(private=False)}, claims(), thief), "is not signed by the provider")
case("the key of the other kind", sign({"alg": "RS256", "kid": "e1"}, claims(), rsa), "has no key that is known")
case("a key to encrypt with", sign({"alg": "RS256", "kid": "enc"}, claims(), RSAKey.import_key(enc.raw_value)), "has no key that is known")
case("1024 bits", sign({"alg": "RS256", "kid": "small"}, claims(), small), "is not signed by the provider")
case("P-384 as P-256", sign({"alg": "ES256", "kid": "e384"}, claims(), ec), "has no key that is known")
case("unsigned", b64(b'{"alg":"none"}') + "." + b64(claims().encode()) + ".", "has no key that is known")
case("unsigned, with an id", b64(b'{"alg":"none","kid":"r1"}') + "." + b64(claims().encode()) + ".", "has no key that is known")
case("unsigned, as RS256", b64(b'{"alg":"RS256","kid":"r1"}') + "." + b64(claims().encode()) + ".", "is not signed by the provider")
case("HS256 with the public key as PEM", hs256({"alg": "HS256", "kid": "r1"}, claims(), pem), "has no key that is known")
case("HS256 with the modulus", hs256({"alg": "HS256", "kid": "r1"}, claims(), modulus), "has no key that is known")
case("HS256 with the client's secret", hs256({"alg": "HS256"}, claims(), b"secret-of-the-client-1234567890123456"), "has no key that is known")
case("PS256", sign({"alg": "PS256", "kid": "r1"}, claims(), rsa), "has no key that is known")
case("RS512", sign({"alg": "RS512", "kid": "r1"}, claims(), rsa), "has no key that is known")
case("ES384", sign({"alg": "ES384", "kid": "e384"}, claims(), p384), "has no key that is known")
head, body, signature = good.split(".")
other = b64(claims(sub="1").encode())
case("another body", f"{head}.{other}.{signature}", "is not signed by the provider")
case("a signature that was cut", f"{head}.{body}." + b64(base64.urlsafe_b64decode(signature + "==")[:-3]), "is not signed by the provider")
case("an empty signature", f"{head}.{body}.", "is not signed by the provider")
case("no signature", f"{head}.{body}", "is no token")
case("four parts", good + ".x", "has an unreadable signature")
case("nothing", "", "is no token")
case("padded", good + "=", "has an unreadable signature")
case("zeros", good_ec.rsplit(".", 1)[0] + "." + b64(bytes(64)), "is not signed by the provider")
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec as curves

der = ec.raw_value.sign(good_ec.rsplit(".", 1)[0].encode(), curves.ECDSA(hashes.SHA256()))
case("ES256 as DER", good_ec.rsplit(".", 1)[0] + "." + b64(der), "is not signed by the provider")
case("an extension", b64(b'{"alg":"RS256","kid":"r1","crit":["x"],"x":1}') + f".{body}.{signature}", "needs an extension")
case("no object", sign(R, "[]", rsa), "has an unreadable body")
case("no JSON", sign(R, "x", rsa), "has an unreadable body")
for name, changes, outcome in [
    ("another provider", {"iss": "https://evil.example"}, "is of another provider"),
    ("almost that provider", {"iss": "https://id.example/"}, "is of another provider"),
    ("no provider", {"iss": ...}, "is of another provider"),
    ("for another", {"aud": "other"}, "is for others"),
    ("for nobody", {"aud": ...}, "is for others"),
    ("for nobody in a list", {"aud": []}, "is for others"),
    ("for us in a list", {"aud": ["accrue"]}, ""),
    ("for two, asked for by us", {"aud": ["other", "accrue"], "azp": "accrue"}, ""),
    ("for two", {"aud": ["other", "accrue"]}, "is for several, and not asked for by us"),
    ("for two, asked for by the other", {"aud": ["other", "accrue"], "azp": "other"}, "is for several, and not asked for by us"),
    ("asked for by another", {"azp": "other"}, "was asked for by others"),
    ("over", {"exp": NOW - 60}, "is over"),
    ("over for less than a minute", {"exp": NOW - 59}, ""),
    ("without an end", {"exp": ...}, "is over"),
    ("an end that is a text", {"exp": str(NOW + 300)}, "is over"),
    ("not yet", {"nbf": NOW + 61}, "does not count yet"),
    ("in a moment", {"nbf": NOW + 60}, ""),
    ("from the future", {"iat": NOW + 61}, "is from the future"),
    ("from nowhen", {"iat": ...}, "is from the future"),
    ("another nonce", {"nonce": "n-2"}, "does not answer what we asked"),
    ("no nonce", {"nonce": ...}, "does not answer what we asked"),
    ("an empty nonce", {"nonce": ""}, "does not answer what we asked"),
    ("nobody", {"sub": ...}, "names nobody"),
    ("an empty name", {"sub": ""}, "names nobody"),
    ("a long name", {"sub": "x" * 256}, "names nobody"),
]:
    case(name, sign(R, claims(**changes), rsa), outcome)
print(json.dumps({"now": NOW, "issuer": "https://id.example", "client": "accrue", "nonce": "n-1", "keys": jwks, "cases": cases}, indent=1))
