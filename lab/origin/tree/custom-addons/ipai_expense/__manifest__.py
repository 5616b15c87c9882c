{
    "name": "InsightPulse Expenses",
    "version": "14.0.1.0.0",
    "summary": "Expenses of the house",
    "author": "InsightPulse",
    "license": "LGPL-3",
    "category": "Human Resources",
    "depends": ["base", "web", "ipai_docs"],
    "data": [
        "security/ir.model.access.csv",
        "views/ipai_expense_views.xml",
    ],
    "installable": True,
}
