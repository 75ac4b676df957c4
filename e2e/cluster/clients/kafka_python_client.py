"""One order to kafka-python: JSON on stdin, the answer as JSON on stdout. Bytes travel as latin-1 text."""
import json
import sys
import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic

order = json.load(sys.stdin)
common = {"bootstrap_servers": order["bootstrap"].split(",")}
WITHIN_S = 30


def to_bytes(text):
    return None if text is None else text.encode("latin-1")


def to_text(value):
    return None if value is None else value.decode("latin-1")


def caught_up(ask, is_new):
    """Brokers learn of a change one after the other: asks until it is new, and gives what was told last."""
    deadline = time.monotonic() + 10
    while True:
        answer = ask()
        if is_new(answer) or time.monotonic() > deadline:
            return answer
        time.sleep(0.02)


def create(name, partitions, replication_factor):
    admin = KafkaAdminClient(**common)
    admin.create_topics([NewTopic(name, partitions, replication_factor)])
    admin.close()


def produce(topic, codec, records):
    # Its version in Debian knows no idempotence yet: one request in flight keeps the order.
    producer = KafkaProducer(
        **common,
        acks="all",
        retries=100,
        max_in_flight_requests_per_connection=1,
        linger_ms=10,
        compression_type=None if codec == "none" else codec,
    )
    futures = [
        producer.send(
            topic,
            partition=record["partition"],
            key=to_bytes(record["key"]),
            value=to_bytes(record["value"]),
            headers=[(name, to_bytes(value)) for name, value in record["headers"]],
            timestamp_ms=record["timestamp"],
        )
        for record in records
    ]
    producer.flush(WITHIN_S)
    for future in futures:
        future.get(WITHIN_S)
    producer.close()


def consume(topic, group, count):
    consumer = KafkaConsumer(
        topic,
        **common,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        session_timeout_ms=10000,
        fetch_max_wait_ms=100,
        consumer_timeout_ms=WITHIN_S * 1000,
    )
    consumed = []
    for message in consumer:
        consumed.append({
            "partition": message.partition,
            "offset": message.offset,
            "key": to_text(message.key),
            "value": to_text(message.value),
            "headers": [[name, to_text(value)] for name, value in message.headers],
            "timestamp": message.timestamp,
        })
        if len(consumed) == count:
            break
    consumer.commit()
    consumer.close()
    if len(consumed) < count:
        raise SystemExit(f"only {len(consumed)} of {count} records came")
    return consumed


def lag(topic, group, partitions):
    consumer = KafkaConsumer(**common, group_id=group, enable_auto_commit=False)
    asked = [TopicPartition(topic, partition) for partition in range(partitions)]
    ends = consumer.end_offsets(asked)
    answer = [{"partition": each.partition, "committed": consumer.committed(each), "end": ends[each]} for each in asked]
    consumer.close()
    return answer


def administer(topic, retention_ms):
    admin = KafkaAdminClient(**common)
    partitions = lambda: len(admin.describe_topics([topic])[0]["partitions"])

    def retention():
        answers = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"retention.ms": None})])
        rows = [row for answer in answers for resource in answer.resources for row in resource[4]]
        return next(row[1] for row in rows if row[0] == "retention.ms")

    admin.create_topics([NewTopic(topic, 2, 3, topic_configs={"retention.ms": str(retention_ms)})])
    report = {"partitionsAtFirst": caught_up(partitions, lambda count: count > 0), "retentionAtFirst": retention()}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"retention.ms": str(retention_ms * 2)})])
    report["retentionAltered"] = caught_up(retention, lambda value: value != report["retentionAtFirst"])
    admin.create_partitions({topic: NewPartitions(4)})
    report["partitionsAdded"] = caught_up(partitions, lambda count: count != report["partitionsAtFirst"])
    report["groups"] = [group for group, _ in admin.list_consumer_groups()]
    admin.delete_topics([topic])
    report["isListedAfterDelete"] = caught_up(lambda: topic in admin.list_topics(), lambda listed: not listed)
    admin.close()
    return report


if order["command"] == "create":
    answer = create(order["name"], order["partitions"], order["replicationFactor"])
elif order["command"] == "produce":
    answer = produce(order["topic"], order["codec"], order["records"])
elif order["command"] == "consume":
    answer = consume(order["topic"], order["groupId"], order["count"])
elif order["command"] == "lag":
    answer = lag(order["topic"], order["groupId"], order["partitions"])
else:
    answer = administer(order["topic"], order["retentionMs"])
json.dump(answer, sys.stdout)
