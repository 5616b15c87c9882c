import time

from odoo import http

RELEASE = "base"


class DocsController(http.Controller):
    @http.route("/ipai_docs/release", type="http", auth="none", save_session=False)
    def release(self, **_kwargs):
        return "ipai_docs %s\n" % RELEASE

    @http.route("/ipai_docs/slow", type="http", auth="none", save_session=False)
    def slow(self, s="20", **_kwargs):
        time.sleep(min(float(s), 600))
        return "slow, ipai_docs %s\n" % RELEASE
