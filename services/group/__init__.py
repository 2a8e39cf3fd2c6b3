"""Kafka → projection: the consumer group that shares a projection's partitions.

`member` folds what `feed` reads; `sequences` proves that nothing is missing or doubled;
`arrival` says how far all of them are.
"""
