"""Webhooks by the client's API, with a receiver that checks what is signed."""

import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import queue
import threading

from mlflow import MlflowClient
from servers import Server
from world import equal, refused

SECRET = "a secret of the two"
WAIT_SECONDS = 30


class Receiver:
    """Takes deliveries in order: their headers and their body."""

    def __init__(self):
        deliveries = self.deliveries = queue.Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                deliveries.put((self.headers, body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def next(self):
        """The next delivery, whose signature must be right: its JSON."""
        headers, body = self.deliveries.get(timeout=WAIT_SECONDS)
        signed = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.{body.decode()}"
        right = base64.b64encode(hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()).decode()
        equal(headers["X-MLflow-Signature"], f"v1,{right}")
        return json.loads(body)


@contextlib.contextmanager
def telling(world):
    """A server that may tell receivers of this machine, the client of it, and a receiver."""
    with Server("ours", world.folder / "telling", world.server.binary, ["--webhook-allow-private"]) as server, Receiver() as receiver:
        yield MlflowClient(server.uri, server.uri), receiver


def test_a_webhook_is_made_changed_listed_tried_and_removed(world):
    with telling(world) as (client, receiver):
        made = client.create_webhook("hook", receiver.url, ["registered_model.created"], description="d", secret=SECRET)
        equal((made.name, made.url, made.secret, str(made.status)), ("hook", receiver.url, None, "ACTIVE"))
        equal([each.webhook_id for each in client.list_webhooks()], [made.webhook_id])
        tried = client.test_webhook(made.webhook_id)
        equal((tried.success, tried.response_status), (True, 200))
        equal(receiver.next()["entity"], "registered_model")
        changed = client.update_webhook(made.webhook_id, name="other", status="DISABLED")
        equal((changed.name, str(changed.status)), ("other", "DISABLED"))
        equal(client.get_webhook(made.webhook_id).description, "d")
        client.delete_webhook(made.webhook_id)
        refused("RESOURCE_DOES_NOT_EXIST", lambda: client.get_webhook(made.webhook_id), f"Webhook with ID {made.webhook_id} not found")


test_a_webhook_is_made_changed_listed_tried_and_removed.ours_only = True


def test_what_happens_in_the_registry_is_told_and_signed(world):
    events = [
        "registered_model.created",
        "model_version.created",
        "model_version_tag.set",
        "model_version_tag.deleted",
        "model_version_alias.created",
        "model_version_alias.deleted",
    ]
    with telling(world) as (client, receiver):
        client.create_webhook("hook", receiver.url, events, secret=SECRET)
        name = world.name("model")
        client.create_registered_model(name, description="words")
        client.create_model_version(name, "s3://bucket/nothing")
        client.set_model_version_tag(name, "1", "k", "v")
        client.delete_model_version_tag(name, "1", "k")
        client.set_registered_model_alias(name, "best", "1")
        client.delete_registered_model_alias(name, "best")
        # Deliveries do not wait for one another, so they may overtake each other.
        told = {f"{each['entity']}.{each['action']}": each["data"] for each in (receiver.next() for _ in events)}
        equal(sorted(told), sorted(events))
        equal({each["name"] for each in told.values()}, {name})
        made, tagged, named = (told[event] for event in ("model_version.created", "model_version_tag.set", "model_version_alias.created"))
        equal((made["version"], tagged["value"], named["alias"]), ("1", "v", "best"))
        # What is not asked for is not told: the next delivery is that of the next model.
        client.update_registered_model(name, "other words")
        client.create_registered_model(name + "-2")
        equal(receiver.next()["data"]["name"], name + "-2")


test_what_happens_in_the_registry_is_told_and_signed.ours_only = True
test_what_happens_in_the_registry_is_told_and_signed.needs_server = True
