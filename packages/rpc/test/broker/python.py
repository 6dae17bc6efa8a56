"""The wire format of docs/rpc.md by pika: `serve URL QUEUE COUNT`, or `call URL QUEUE METHOD JSON` ..."""
import json
import sys
import uuid

import pika


def serve(url, queue, count):
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.queue_declare(queue=queue, auto_delete=True)
    channel.basic_qos(prefetch_count=1)
    print("serving", flush=True)
    for method, properties, body in channel.consume(queue):
        argument = json.loads(body) if body else None
        if properties.type == "add":
            kind, value = "result", argument["a"] + argument["b"]
        elif properties.type == "fail":
            kind, value = "error", {"name": "ValueError", "message": "not so", "code": "E_VALUE", "data": argument}
        else:
            kind, value = "error", {"name": "UnknownMethod", "message": properties.type, "code": "UNKNOWN_METHOD"}
        channel.basic_publish(
            "",
            properties.reply_to,
            json.dumps(value),
            pika.BasicProperties(
                correlation_id=properties.correlation_id, type=kind, content_type="application/json"
            ),
        )
        channel.basic_ack(method.delivery_tag)
        count -= 1
        if count == 0:
            break
    connection.close()


def call(url, queue, calls):
    """Over direct reply-to, which pika can do as well as a queue of its own."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    replies = {}

    def on_reply(_channel, _method, properties, body):
        replies[properties.correlation_id] = (properties.type, json.loads(body) if body else None)

    channel.basic_consume("amq.rabbitmq.reply-to", on_reply, auto_ack=True)
    for name, argument in calls:
        correlation_id = str(uuid.uuid4())
        channel.basic_publish(
            "",
            queue,
            argument,
            pika.BasicProperties(
                correlation_id=correlation_id,
                reply_to="amq.rabbitmq.reply-to",
                type=name,
                content_type="application/json",
            ),
        )
        while correlation_id not in replies:
            connection.process_data_events(time_limit=1)
        print(json.dumps(replies[correlation_id]), flush=True)
    connection.close()


if sys.argv[1] == "serve":
    serve(sys.argv[2], sys.argv[3], int(sys.argv[4]))
else:
    rest = sys.argv[4:]
    call(sys.argv[2], sys.argv[3], list(zip(rest[::2], rest[1::2])))
