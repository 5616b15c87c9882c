from odoo import http

RELEASE = "base"


class ExpenseController(http.Controller):
    @http.route("/ipai_expense/release", type="http", auth="none", save_session=False)
    def release(self, **_kwargs):
        return "ipai_expense %s\n" % RELEASE
