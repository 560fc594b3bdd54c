"""Four personas, each with what it needs and nothing else: the whole table, tried on the wire."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus

TABLE = {
    "data-science": ("curated-datasets", "eu-archive", "tracking", "notebooks", "print-server", "internet"),
    "ml-engineering": (
        "training-cluster",
        "dev-cluster",
        "model-registry",
        "pipelines",
        "tracking",
        "print-server",
        "internet",
    ),
    "devops": ("training-cluster", "dev-cluster", "deployment", "observability", "print-server", "internet"),
    "business": ("front-ends", "print-server", "internet"),
}


def play(campus: Campus) -> None:
    for group, reached in TABLE.items():
        laptop = campus.laptop(group)
        campus.takes_over()
        laptop.plugs_into("ber-1").signs_in().reaches_only(*reached).reaches_what_was_granted()
