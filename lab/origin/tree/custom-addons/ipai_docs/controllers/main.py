from odoo import http

RELEASE = "base"


class DocsController(http.Controller):
    @http.route("/ipai_docs/release", type="http", auth="none", save_session=False)
    def release(self, **_kwargs):
        return "ipai_docs %s\n" % RELEASE
