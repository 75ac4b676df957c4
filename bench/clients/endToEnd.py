"""From a producer's call to a consumer's hand, both librdkafka with linger 0, in one process because it has one clock.

endToEnd.py BOOTSTRAP TOPIC RECORDS_PER_SECOND SECONDS WARM_UP_SECONDS RECORD_BYTES: prints every latency that counts, in milliseconds, as JSON.
"""

import json
import sys
import threading
import time

from confluent_kafka import Consumer, OFFSET_END, Producer, TopicPartition

bootstrap, topic = sys.argv[1:3]
rate, seconds, warm_up, record_bytes = map(int, sys.argv[3:7])
count = rate * (seconds + warm_up)
common = {"bootstrap.servers": bootstrap, "socket.nagle.disable": True}
latencies = []
failures = []
assigned = threading.Event()
deadline = time.monotonic() + 30


def consume():
    consumer = Consumer({**common, "group.id": "end-to-end", "enable.auto.commit": False, "fetch.error.backoff.ms": 0})
    consumer.assign([TopicPartition(topic, 0, OFFSET_END)])
    # A first record that is only to be waited for: from it on, the consumer is at the end of the log.
    while not assigned.is_set() and time.monotonic() < deadline:
        if consumer.poll(0.1) is not None:
            assigned.set()
    while len(latencies) < count and not failures:
        message = consumer.poll(5.0)
        if message is None or message.error():
            failures.append(str(message and message.error()))
            break
        value = message.value()
        if value[:1] == b"n":
            latencies.append((time.monotonic_ns() - int(value[1:21])) / 1e6)
    consumer.close()


def delivered(error, _):
    if error is not None:
        failures.append(str(error))


producer = Producer({**common, "acks": "all", "linger.ms": 0})
reader = threading.Thread(target=consume, daemon=True)
reader.start()
while not assigned.is_set() and time.monotonic() < deadline:
    producer.produce(topic, b"hello", partition=0, callback=delivered)
    producer.flush()
    time.sleep(0.1)

if not assigned.is_set():
    sys.exit(f"the first record did not arrive within 30 s: {failures}")
padding = b"x" * (record_bytes - 21)
started = time.monotonic()
for n in range(count):
    wait = started + n / rate - time.monotonic()
    if wait > 0:
        time.sleep(wait)
    producer.produce(topic, b"n%020d" % time.monotonic_ns() + padding, partition=0, callback=delivered)
    producer.poll(0)
producer.flush()
reader.join()
if failures:
    sys.exit(f"{len(latencies)} of {count} records arrived: {failures[0]}")
json.dump(latencies[rate * warm_up :], sys.stdout)
