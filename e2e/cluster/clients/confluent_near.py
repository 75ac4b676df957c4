"""A consumer of confluent_kafka (librdkafka) that says in which rack it stands: JSON on stdin, JSON on stdout."""
import json
import sys
import time

from confluent_kafka import Consumer, KafkaException, TopicPartition

order = json.load(sys.stdin)
WITHIN_S = 30
seen = {"fetchesFrom": None, "receivedBytes": {}}


def note(text):
    told = json.loads(text)
    partition = told.get("topics", {}).get(order["topic"], {}).get("partitions", {}).get("0")
    if partition is not None:
        seen["fetchesFrom"] = partition["broker"]
    for broker in told["brokers"].values():
        if broker["nodeid"] >= 0:
            seen["receivedBytes"][broker["nodeid"]] = broker["rxbytes"]


consumer = Consumer({
    "bootstrap.servers": order["bootstrap"],
    "client.rack": order["rack"],
    "group.id": "never joined",
    "enable.auto.commit": False,
    "auto.offset.reset": "error",
    "fetch.wait.max.ms": 100,
    "statistics.interval.ms": 100,
    "stats_cb": note,
})
consumer.assign([TopicPartition(order["topic"], 0, 0)])
values = []
deadline = time.monotonic() + WITHIN_S
counted = None
while counted is None or time.monotonic() < counted:
    message = consumer.poll(0.1)
    if message is not None and message.error():
        raise KafkaException(message.error())
    if message is not None:
        values.append(message.value().decode("latin-1"))
    # One more round of statistics, so that they tell of what was read last.
    if counted is None and len(values) >= order["count"]:
        counted = time.monotonic() + 0.5
    if time.monotonic() > deadline:
        raise SystemExit(f"only {len(values)} of {order['count']} records came; {seen}")
consumer.close()
json.dump({"values": values, **seen}, sys.stdout)
