# Asks Odoo for a page from inside its own container: host's name, path, text, seconds. Says what a check of a page
# expects: the status and the seconds on one line, and "contains" where the text is there.
import http.client, sys, time
from urllib.parse import urljoin, urlsplit
host, path, text, limit = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])
begin = time.time()
for _ in range(6):
    link = http.client.HTTPConnection("127.0.0.1", 8069, timeout=limit)
    link.request("GET", path, headers={"Host": host})
    answer = link.getresponse()
    body = answer.read(4000000)
    where = urlsplit(urljoin("http://%s%s" % (host, path), answer.getheader("Location") or ""))
    # Redirects are followed in this container, whoever they name.
    if answer.status not in (301, 302, 303, 307, 308):
        break
    path = where.path + ("?" + where.query if where.query else "")
print(answer.status, round(time.time() - begin, 3))
if text and text.encode() in body:
    print("contains")
