"""The bill of materials of a source tree, as CycloneDX 1.5: crates, licences, hashes, and what needs what."""

import json
import subprocess
import tomllib
from datetime import UTC, datetime

PARTS = ("batv-core", "batv-config", "batv-cli", "batv-ffi", "batv-milter", "batv-python")


def cyclonedx(folder, version, seconds):
    """For the folder of the sources, their version, and the UNIX time that it bears."""
    packages, needs = {}, {}
    for manifest in ("Cargo.toml", "batv-python/Cargo.toml"):
        found = metadata(folder, manifest)
        packages |= {package["id"]: package for package in found["packages"]}
        for node in found["resolve"]["nodes"]:
            built = [dep["pkg"] for dep in node["deps"] if any(kind["kind"] != "dev" for kind in dep["dep_kinds"])]
            needs.setdefault(node["id"], set()).update(built)
    used = reached([name for name, package in packages.items() if package["name"] in PARTS], needs)
    hashes = locked(folder, "Cargo.lock") | locked(folder, "batv-python/Cargo.lock")
    references = {name: reference(packages[name]) for name in used}
    components = [component(packages[name], hashes) for name in used]
    whole = f"pkg:generic/libbatv@{version}"
    parts = sorted(references[name] for name in used if packages[name]["source"] is None)
    dependencies = {whole: parts} | {
        references[name]: sorted({references[needed] for needed in needs.get(name, ())}) for name in used
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "library",
                "bom-ref": whole,
                "name": "libbatv",
                "version": version,
                "licenses": [{"expression": "MIT OR Apache-2.0"}],
                "purl": whole,
            },
        },
        "components": sorted({one["bom-ref"]: one for one in components}.values(), key=lambda one: one["bom-ref"]),
        "dependencies": [{"ref": name, "dependsOn": dependencies[name]} for name in sorted(dependencies)],
    }


def metadata(folder, manifest):
    """What Cargo says of all crates that any Linux needs."""
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--offline", "--manifest-path", manifest]
    command.append("--filter-platform=x86_64-unknown-linux-gnu")
    return json.loads(subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE).stdout)


def reached(names, needs):
    """The crates that these need in order to be built, and they themselves."""
    seen = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(needs.get(name, ()))
    return seen


def locked(folder, name):
    """The SHA-256 of each crate's archive."""
    packages = tomllib.loads((folder / name).read_text())["package"]
    return {(one["name"], one["version"]): one["checksum"] for one in packages if "checksum" in one}


def reference(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package, hashes):
    made = {
        "type": "library",
        "bom-ref": reference(package),
        "name": package["name"],
        "version": package["version"],
        "licenses": [{"expression": package["license"].replace("/", " OR ")}],
        "purl": reference(package),
    }
    if package["description"]:
        made["description"] = " ".join(package["description"].split())
    if checksum := hashes.get((package["name"], package["version"])):
        made["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return made
