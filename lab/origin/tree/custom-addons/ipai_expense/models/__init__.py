from . import ipai_expense
