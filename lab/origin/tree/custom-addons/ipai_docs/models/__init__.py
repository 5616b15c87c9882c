from . import ipai_document
