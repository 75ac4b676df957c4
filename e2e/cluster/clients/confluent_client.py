"""One order to confluent_kafka (librdkafka): JSON on stdin, the answer as JSON on stdout. Bytes travel as latin-1 text."""
import json
import sys
import time

from confluent_kafka import Consumer, KafkaException, Producer, TIMESTAMP_NOT_AVAILABLE, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

order = json.load(sys.stdin)
common = {"bootstrap.servers": order["bootstrap"], "topic.metadata.refresh.interval.ms": 1000}
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


def done(futures):
    for future in futures.values():
        future.result(WITHIN_S)


def create(admin, name, partitions, replication_factor, config=None):
    done(admin.create_topics([NewTopic(name, partitions, replication_factor, config=config or {})]))


def produce(topic, codec, records):
    failures = []
    producer = Producer({**common, "acks": "all", "enable.idempotence": True, "compression.type": codec, "message.max.bytes": 1048588})
    for record in records:
        producer.produce(
            topic,
            partition=record["partition"],
            key=to_bytes(record["key"]),
            value=to_bytes(record["value"]),
            headers=[(name, to_bytes(value)) for name, value in record["headers"]],
            timestamp=0 if record["timestamp"] is None else record["timestamp"],
            on_delivery=lambda error, message: failures.append(str(error)) if error else None,
        )
    unsent = producer.flush(WITHIN_S)
    if failures or unsent:
        raise SystemExit(f"{unsent} records were not sent; {failures}")


def consume(topic, group, count):
    consumer = Consumer({
        **common,
        "group.id": group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "session.timeout.ms": 10000,
        "fetch.wait.max.ms": 100,
    })
    consumer.subscribe([topic])
    consumed = []
    while len(consumed) < count:
        message = consumer.poll(WITHIN_S)
        if message is None:
            raise SystemExit(f"only {len(consumed)} of {count} records came")
        if message.error():
            raise KafkaException(message.error())
        kind, timestamp = message.timestamp()
        assert kind != TIMESTAMP_NOT_AVAILABLE
        consumed.append({
            "partition": message.partition(),
            "offset": message.offset(),
            "key": to_text(message.key()),
            "value": to_text(message.value()),
            "headers": [[name, to_text(value)] for name, value in message.headers() or []],
            "timestamp": timestamp,
        })
        consumer.commit(message, asynchronous=False)
    consumer.close()
    return consumed


def lag(topic, group, partitions):
    consumer = Consumer({**common, "group.id": group})
    committed = consumer.committed([TopicPartition(topic, partition) for partition in range(partitions)], timeout=WITHIN_S)
    ends = [consumer.get_watermark_offsets(each, timeout=WITHIN_S)[1] for each in committed]
    consumer.close()
    return [
        {"partition": each.partition, "committed": None if each.offset < 0 else each.offset, "end": end}
        for each, end in zip(committed, ends)
    ]


def administer(topic, retention_ms):
    admin = AdminClient(common)
    partitions = lambda: len(admin.list_topics(topic, timeout=WITHIN_S).topics[topic].partitions)

    def retention():
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        return admin.describe_configs([resource])[resource].result(WITHIN_S)["retention.ms"].value

    create(admin, topic, 2, 3, {"retention.ms": str(retention_ms)})
    report = {"partitionsAtFirst": caught_up(partitions, lambda count: count > 0), "retentionAtFirst": retention()}
    altered = ConfigResource(ConfigResource.Type.TOPIC, topic, set_config={"retention.ms": str(retention_ms * 2)})
    done(admin.alter_configs([altered]))
    report["retentionAltered"] = caught_up(retention, lambda value: value != report["retentionAtFirst"])
    done(admin.create_partitions([NewPartitions(topic, 4)]))
    report["partitionsAdded"] = caught_up(partitions, lambda count: count != report["partitionsAtFirst"])
    report["groups"] = [group.id for group in admin.list_groups(timeout=WITHIN_S)]
    done(admin.delete_topics([topic], operation_timeout=WITHIN_S))
    report["isListedAfterDelete"] = caught_up(lambda: topic in admin.list_topics(timeout=WITHIN_S).topics, lambda listed: not listed)
    return report


if order["command"] == "create":
    answer = create(AdminClient(common), order["name"], order["partitions"], order["replicationFactor"])
elif order["command"] == "produce":
    answer = produce(order["topic"], order["codec"], order["records"])
elif order["command"] == "consume":
    answer = consume(order["topic"], order["groupId"], order["count"])
elif order["command"] == "lag":
    answer = lag(order["topic"], order["groupId"], order["partitions"])
else:
    answer = administer(order["topic"], order["retentionMs"])
json.dump(answer, sys.stdout)
