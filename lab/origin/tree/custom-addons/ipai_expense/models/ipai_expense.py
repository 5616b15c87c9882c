from odoo import fields, models


class IpaiExpense(models.Model):
    _name = "ipai.expense"
    _description = "Expense"

    name = fields.Char(required=True)
    amount = fields.Float()
    document_id = fields.Many2one("ipai.document")
