# Reads `login<TAB>what Odoo keeps of its password` and says the logins whose password is the login itself, as Odoo's own data
# has it. The last line says `end`: without it nobody knows who is missing. What is kept is a hash of passlib's, or the password as it is until somebody logged in with it.
import base64
import hashlib
import hmac
import sys


def bits(text):
    return base64.b64decode(text.replace(".", "+") + "=" * (-len(text) % 4))


def fits(login, kept):
    parts = kept.split("$")
    if len(parts) != 5 or parts[1] != "pbkdf2-sha512":
        return kept == login
    # Odoo's own are below a million; what somebody put there is no reason to count for hours.
    rounds = min(int(parts[2]), 2_000_000)
    return hmac.compare_digest(hashlib.pbkdf2_hmac("sha512", login.encode(), bits(parts[3]), rounds), bits(parts[4]))


lines = sys.stdin.read().splitlines()
if lines[-1:] != ["end"]:
    sys.exit("the database did not say whose passwords it keeps")
for line in lines[:-1]:
    login, _, kept = line.partition("\t")
    if fits(login, kept):
        print("known\t" + login)
