from odoo import fields, models


class IpaiDocument(models.Model):
    _name = "ipai.document"
    _description = "Document"

    name = fields.Char(required=True)
    body = fields.Text()
    pages = fields.Integer(default=1)
