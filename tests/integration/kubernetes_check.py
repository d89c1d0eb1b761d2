"""Holds manifests against the model classes of Kubernetes' own client, without a cluster: kubernetes_check.py FILE...
Its deserialiser passes over what it does not know, so every field is looked up here: names, types, what is required."""
import re
import sys

import kubernetes.client as client
import yaml

PLAIN = {"str": str, "int": int, "bool": bool, "float": (int, float)}
QUANTITY = re.compile(r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$")
complaints = []


def complain(path, what):
    complaints.append(f"{path}: {what}")


def check_items(value, inner, path):
    if not isinstance(value, list):
        return complain(path, f"a list was expected, not {value!r}")
    for number, item in enumerate(value):
        check(item, inner, f"{path}[{number}]")


def check_entries(value, inner, path):
    if not isinstance(value, dict):
        return complain(path, f"a mapping was expected, not {value!r}")
    for key, item in value.items():
        if not isinstance(key, str):
            complain(path, f"the key {key!r} is no text")
        check(item, inner, f"{path}.{key}")
        if path.endswith(("requests", "limits")) and not QUANTITY.match(str(item)):
            complain(path, f"{item!r} is no quantity")


def check_model(value, model, path):
    if not isinstance(value, dict):
        return complain(path, f"{model.__name__} was expected, not {value!r}")
    names = {theirs: ours for ours, theirs in model.attribute_map.items()}
    for key, item in value.items():
        if key in names:
            check(item, model.openapi_types[names[key]], f"{path}.{key}")
        else:
            complain(path, f"{model.__name__} has no field '{key}'")
    try:  # the client's own checks: what is required, what values are allowed
        settings = client.Configuration()
        settings.client_side_validation = True
        model(local_vars_configuration=settings, **{names[key]: value[key] for key in value if key in names})
    except (ValueError, TypeError) as error:
        complain(path, str(error))


def check(value, kind, path):
    if kind.startswith("list["):
        check_items(value, kind[5:-1], path)
    elif kind.startswith("dict("):
        check_entries(value, kind[5:-1].split(", ")[1], path)
    elif kind == "object":  # a port by number or name, and the like
        if not isinstance(value, (str, int)):
            complain(path, f"a number or a text was expected, not {value!r}")
    elif kind in PLAIN:
        if not isinstance(value, PLAIN[kind]) or (kind == "int" and isinstance(value, bool)):
            complain(path, f"{kind} was expected, not {value!r}")
    else:
        check_model(value, getattr(client, kind), path)


def model_of(document, path):
    group, _, version = document.get("apiVersion", "").rpartition("/")
    name = f"{version.capitalize()}{document.get('kind')}"
    model = getattr(client, name, None)
    homes = {"": ("ConfigMap", "Service"), "apps": ("StatefulSet",), "batch": ("Job",), "networking.k8s.io": ("NetworkPolicy",)}
    if model is None or document.get("kind") not in homes.get(group, ()):
        complain(path, f"there is no {document.get('kind')} in {document.get('apiVersion')}")
        return None
    return model


def names_agree(documents):
    """What objects call each other, and what selectors look for, is there."""
    templates = [one["spec"]["template"] for one in documents if one["kind"] in ("StatefulSet", "Job")]
    labels = [template["metadata"]["labels"] for template in templates]
    names = {(one["kind"], one["metadata"]["name"]) for one in documents}
    for one in documents:
        spec = one.get("spec", {})
        wanted = spec.get("selector") if one["kind"] == "Service" else spec.get("selector", {}).get("matchLabels")
        if wanted and not any(wanted.items() <= have.items() for have in labels):
            complain(one["metadata"]["name"], f"nobody has the labels {wanted}")
        if "serviceName" in spec and ("Service", spec["serviceName"]) not in names:
            complain(one["metadata"]["name"], f"there is no Service {spec['serviceName']}")
    for template in templates:
        pod = template["spec"]
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in pod["containers"] + pod["initContainers"]:
            for mount in container["volumeMounts"]:
                if mount["name"] not in volumes:
                    complain(container["name"], f"there is no volume {mount['name']}")
        for volume in pod["volumes"]:
            config = volume.get("configMap", {}).get("name")
            if config and ("ConfigMap", config) not in names:
                complain(volume["name"], f"there is no ConfigMap {config}")


def main():
    documents = []
    for file in sys.argv[1:]:
        with open(file, encoding="utf-8") as text:
            documents += [one for one in yaml.safe_load_all(text) if one is not None]
    for document in documents:
        path = f"{document.get('kind')}/{document.get('metadata', {}).get('name')}"
        model = model_of(document, path)
        if model is not None:
            check_model(document, model, path)
    if not complaints:
        names_agree(documents)
    print("\n".join(complaints) or f"{len(documents)} objects")
    sys.exit(1 if complaints or not documents else 0)


main()
