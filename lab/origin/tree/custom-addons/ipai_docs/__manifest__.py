{
    "name": "InsightPulse Documents",
    "version": "14.0.1.0.0",
    "summary": "Documents of the house",
    "author": "InsightPulse",
    "license": "LGPL-3",
    "category": "Productivity",
    "depends": ["base", "web"],
    "data": [
        "security/ir.model.access.csv",
        "views/ipai_document_views.xml",
    ],
    "installable": True,
    "application": True,
}
