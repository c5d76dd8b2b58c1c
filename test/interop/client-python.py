"""Uses the Python client as an app does, and prints what it saw, one JSON object on a line. Run by client-python.interop.ts.

    python3 client-python.py KUBECONFIG
"""

import datetime
import json
import queue
import sys
import threading

from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.exceptions import ApiException

NAMESPACE = "default"

config.load_kube_config(sys.argv[1])
core = client.CoreV1Api()
leases = client.CoordinationV1Api()
roles = client.RbacAuthorizationV1Api()


def say(what, content):
    print(json.dumps({"what": what, "content": content}), flush=True)


def refusal(ask):
    """The status and reason with which a request is refused."""
    try:
        ask()
    except ApiException as error:
        return [error.status, json.loads(error.body)["reason"]]
    return "it was not refused"


def metadata(name, **more):
    return client.V1ObjectMeta(name=name, labels={"py": "y"}, **more)


def config_map(name, data):
    return client.V1ConfigMap(metadata=metadata(name), data=data)


def objects():
    created = core.create_namespaced_config_map(NAMESPACE, config_map("one", {"a": "1"}))
    say("created", created.data)
    say("twice", refusal(lambda: core.create_namespaced_config_map(NAMESPACE, config_map("one", {}))))
    listed = core.list_namespaced_config_map(NAMESPACE, label_selector="py=y").items
    say("listed", [[each.metadata.name, each.kind] for each in listed])
    say("merged", core.patch_namespaced_config_map("one", NAMESPACE, {"data": {"b": "2"}}).data)
    operations = [{"op": "replace", "path": "/data/c", "value": "3"}, {"op": "remove", "path": "/data/a"}]
    say("json patch", core.patch_namespaced_config_map("one", NAMESPACE, operations).data)
    created.data = {"z": "1"}
    say("stale", refusal(lambda: core.replace_namespaced_config_map("one", NAMESPACE, created)))
    created.metadata.resource_version = None
    say("replaced", core.replace_namespaced_config_map("one", NAMESPACE, created).data)
    say("deleted", core.delete_namespaced_config_map("one", NAMESPACE).status)
    say("missing", refusal(lambda: core.read_namespaced_config_map("one", NAMESPACE)))
    for index in range(5):
        core.create_namespaced_config_map(NAMESPACE, config_map(f"page-{index}", {}))
    first = core.list_namespaced_config_map(NAMESPACE, label_selector="py=y", limit=2)
    rest = core.list_namespaced_config_map(NAMESPACE, label_selector="py=y", _continue=first.metadata._continue)
    say("pages", [[each.metadata.name for each in page.items] for page in (first, rest)])
    say("collection", core.delete_collection_namespaced_config_map(NAMESPACE, label_selector="py=y").kind)
    container = client.V1Container(name="c", image="i")
    core.create_namespaced_pod(NAMESPACE, client.V1Pod(metadata=metadata("p"), spec=client.V1PodSpec(containers=[container])))
    say("deleted pod", core.delete_namespaced_pod("p", NAMESPACE, grace_period_seconds=0).metadata.name)
    documents = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} for name in ("from", "yaml")]
    made = utils.create_from_dict(client.ApiClient(), {"apiVersion": "v1", "kind": "List", "items": documents}, namespace=NAMESPACE)
    say("from a dictionary", [each.metadata.name for each in made])


def access():
    account = core.create_namespaced_service_account(NAMESPACE, client.V1ServiceAccount(metadata=metadata("robot")))
    wanted = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[], expiration_seconds=3600))
    token = core.create_namespaced_service_account_token("robot", NAMESPACE, wanted).status.token
    settings = client.Configuration.get_default_copy()
    settings.cert_file = settings.key_file = None
    settings.api_key = {"authorization": f"Bearer {token}"}
    robot = client.ApiClient(settings)
    review = client.AuthenticationV1Api(robot).create_self_subject_review(client.V1SelfSubjectReview())
    say("robot", review.status.user_info.username)
    secrets = client.CoreV1Api(robot)
    say("without a role", refusal(lambda: secrets.list_namespaced_secret(NAMESPACE)))
    rule = client.V1PolicyRule(api_groups=[""], resources=["secrets"], verbs=["list"])
    say("role", roles.create_namespaced_role(NAMESPACE, client.V1Role(metadata=metadata("reader"), rules=[rule])).rules[0].verbs)
    binding = client.V1RoleBinding(
        metadata=metadata("readers"),
        role_ref=client.V1RoleRef(api_group="rbac.authorization.k8s.io", kind="Role", name="reader"),
        subjects=[client.RbacV1Subject(kind="ServiceAccount", namespace=NAMESPACE, name=account.metadata.name)],
    )
    roles.create_namespaced_role_binding(NAMESPACE, binding)
    say("with a role", secrets.list_namespaced_secret(NAMESPACE).items)
    attributes = client.V1ResourceAttributes(verb="list", resource="secrets", namespace=NAMESPACE)
    spec = client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes)
    may = client.AuthorizationV1Api(robot).create_self_subject_access_review(client.V1SelfSubjectAccessReview(spec=spec))
    say("may", may.status.allowed)
    say("deleted account", core.delete_namespaced_service_account("robot", NAMESPACE).metadata.name)
    say("after it", refusal(lambda: secrets.list_namespaced_secret(NAMESPACE)))


def times():
    """A time of Python has microseconds, unless there are none: such a lease is refused in a cluster, too."""

    def lease(name, micros):
        moment = datetime.datetime(2026, 1, 2, 3, 4, 5, micros, tzinfo=datetime.timezone.utc)
        spec = client.V1LeaseSpec(holder_identity="x", renew_time=moment)
        return leases.create_namespaced_lease(NAMESPACE, client.V1Lease(metadata=metadata(name), spec=spec)).spec.renew_time

    say("micros", lease("micros", 123456).isoformat())
    say("no micros", refusal(lambda: lease("none", 0)))


def watches():
    told = queue.Queue()

    def follow(version):
        stream = watch.Watch()
        for event in stream.stream(core.list_namespaced_config_map, NAMESPACE, label_selector="w=y", resource_version=version):
            told.put([event["type"], event["object"].metadata.name, event["object"].kind])
            if event["type"] == "DELETED":
                stream.stop()

    version = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    thread = threading.Thread(target=follow, args=[version], daemon=True)
    thread.start()
    body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="w", labels={"w": "y"}))
    core.create_namespaced_config_map(NAMESPACE, body)
    core.patch_namespaced_config_map("w", NAMESPACE, {"data": {"a": "1"}})
    core.delete_namespaced_config_map("w", NAMESPACE)
    say("watch", [told.get(timeout=60) for _ in range(3)])
    thread.join(timeout=60)


def without_types():
    untyped = dynamic.DynamicClient(client.ApiClient()).resources.get(api_version="v1", kind="ConfigMap")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dynamic"}, "data": {"a": "1"}}
    applied = untyped.server_side_apply(namespace=NAMESPACE, name="dynamic", body=body, field_manager="py")
    say("applied", applied.data.to_dict())
    body["data"] = {}
    say("withdrawn", untyped.server_side_apply(namespace=NAMESPACE, name="dynamic", body=body, field_manager="py").to_dict().get("data"))
    say("listed without types", untyped.get(namespace=NAMESPACE, field_selector="metadata.name=dynamic").items[0].metadata.name)
    say("deleted without types", untyped.delete(name="dynamic", namespace=NAMESPACE).status)


for case in (objects, access, times, watches, without_types):
    case()
