"""Kafka → desk: CloudEvents that publishers send to a topic, by the rules of ``POST /v1/events``.

`inbox` takes a page at a time; `reading` finds the events of a record; `taking` brings them
before the desk; `rejects` publishes what was not taken; `mark` keeps how far it came.
"""
