"""Webhooks: telling the programs of an organisation at once what happened to its cases, as ids, signed and in order."""
