"""An idempotent producer on librdkafka that writes to all partitions of a topic, up to five batches in flight, until its stdin ends.

One order as JSON in the first line of stdin. Tells one line for each acknowledged record, "<partition> <sequence> <offset>", and a line that begins
with "!" for whatever it could not do.
"""
import json
import select
import sys
import time

from confluent_kafka import KafkaError, KafkaException, Producer, libversion

order = json.loads(sys.stdin.readline())
GIVES_UP = libversion()[1] < 0x02030000  # https://github.com/confluentinc/librdkafka/issues/4438
SURRENDERED = 3
OF_SURRENDER = (KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT, KafkaError._FATAL, KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER)
WRITER, TOPIC, PARTITIONS = order["writer"], order["topic"], order["partitions"]


def tell(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def failed(error):
    if error.fatal() and error.code() == KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER and GIVES_UP:
        surrendered.append(error)
    elif error.fatal() or error.code() not in (KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT):
        tell(f"! {error.name()}: {error.str()}")


surrendered = []
producer = Producer(
    {
        "bootstrap.servers": order["bootstrap"],
        "enable.idempotence": True,
        "acks": "all",
        "linger.ms": 5,
        "message.timeout.ms": 0,
        "socket.timeout.ms": 3000,
        "request.timeout.ms": 3000,
        "retry.backoff.ms": 50,
        "reconnect.backoff.max.ms": 500,
        "topic.metadata.refresh.interval.ms": 1000,
        "queue.buffering.max.messages": 1000,
        "error_cb": failed,
    }
)
sequences = [0] * PARTITIONS


def write(partition):
    sequence = sequences[partition]

    def told(error, message):
        if error is None:
            tell(f"{partition} {sequence} {message.offset()}")
        elif not (GIVES_UP and error.code() in OF_SURRENDER):
            tell(f"! record {sequence} of partition {partition}: {error.name()}: {error.str()}")

    value = f"{WRITER} {sequence} {'.' * (sequence % 300)}"
    try:
        producer.produce(TOPIC, partition=partition, value=value.encode(), on_delivery=told)
        sequences[partition] += 1
    except BufferError:
        pass  # enough is waiting; the next turn tries again


def work():
    for each in range(PARTITIONS):  # a leader that knows the producer takes nothing out of order from it
        write(each)
        producer.flush()
    turn = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        write(turn % PARTITIONS)
        turn += 1
        producer.poll(order["everyMs"] / 1000)
    for _ in range(60):
        if producer.flush(1) == 0:
            break


try:
    work()
except KafkaException as problem:
    error = problem.args[0]
    if error.fatal():
        failed(error)
    elif error.code() == KafkaError._FATAL:
        # A call that came before error_cb was told: that one says what it was.
        for _ in range(50):
            if surrendered:
                break
            producer.poll(0.1)
        else:
            tell(f"! {error.name()}: {error.str()}")
    else:
        raise
try:
    producer.poll(0)  # what was acknowledged and not told yet
except KafkaException:
    pass  # the same again
if surrendered:
    sys.exit(SURRENDERED)
tell("done " + " ".join(str(each) for each in sequences))
