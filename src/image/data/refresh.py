#!/usr/bin/env python3
"""Rewrites eol.tsv, retired.tsv and builds.tsv from three wide tables (see README.md for their columns).

    python3 src/image/data/refresh.py EOL.tsv OFFICIAL-TAGS.tsv TAG-ALIASES.tsv

The output is sorted by bytes of the first column(s), because the program bisects the text as it is.
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
EOL_SOURCE = "endoflife.date repository (MIT), commit a70eca3 of 2026-08-22"
TAG_SOURCE = "git history of docker-library/official-images (Apache-2.0), commit 37079fb of 2026-08-21"

# How a message names what the image is named for. Images not listed here are named by their last path part.
NAMES = {
    "almalinux": "AlmaLinux", "alpine": "Alpine", "amazoncorretto": "Amazon Corretto",
    "amazonlinux": "Amazon Linux", "apache/airflow": "Airflow", "apache/kafka": "Kafka",
    "azul-zulu": "Azul Zulu", "caddy": "Caddy", "cassandra": "Cassandra", "centos": "CentOS",
    "centos/centos": "CentOS", "composer": "Composer", "debian": "Debian", "denoland/deno": "Deno",
    "docker": "Docker", "drupal": "Drupal", "eclipse-temurin": "Eclipse Temurin",
    "elasticsearch": "Elasticsearch", "elixir": "Elixir", "erlang": "Erlang/OTP", "fedora": "Fedora",
    "flink": "Flink", "golang": "Go", "gradle": "Gradle", "grafana/grafana": "Grafana",
    "graalvm/graalvm-community": "GraalVM", "haproxy": "HAProxy", "hashicorp/consul": "Consul",
    "hashicorp/vault": "Vault", "haskell": "GHC", "httpd": "Apache HTTP Server",
    "ibm-semeru-runtimes": "IBM Semeru", "influxdb": "InfluxDB", "jenkins/jenkins": "Jenkins",
    "jetty": "Jetty", "jruby": "JRuby", "julia": "Julia", "keycloak/keycloak": "Keycloak",
    "kibana": "Kibana", "logstash": "Logstash", "mariadb": "MariaDB", "maven": "Maven",
    "memcached": "Memcached", "mongo": "MongoDB", "mysql": "MySQL", "neo4j": "Neo4j",
    "nextcloud": "Nextcloud", "nginx": "nginx", "nginxinc/nginx-unprivileged": "nginx", "node": "Node.js",
    "opensuse/leap": "openSUSE Leap", "oraclelinux": "Oracle Linux", "oven/bun": "Bun", "perl": "Perl",
    "php": "PHP", "postgres": "PostgreSQL", "prom/prometheus": "Prometheus", "python": "Python",
    "rabbitmq": "RabbitMQ", "redis": "Redis", "rockylinux": "Rocky Linux",
    "rockylinux/rockylinux": "Rocky Linux", "ruby": "Ruby", "rust": "Rust", "sapmachine": "SapMachine",
    "solr": "Solr", "sonarqube": "SonarQube", "spark": "Spark", "telegraf": "Telegraf", "tomcat": "Tomcat",
    "traefik": "Traefik", "ubuntu": "Ubuntu", "valkey/valkey": "Valkey", "wordpress": "WordPress",
    "zookeeper": "ZooKeeper",
}


def rows(path):
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def version_key(text):
    return [int(part) if part.isdigit() else -1 for part in re.split(r"[.\D]+", text) if part]


def write(name, header, lines):
    text = "".join(f"# {line}\n" for line in header) + "".join(line + "\n" for line in lines)
    (HERE / name).write_text(text, encoding="utf-8", newline="\n")


def main():
    eol_path, tags_path, aliases_path = sys.argv[1:]
    eol, retired = {}, {}
    for image, cycle, codename, end, source, _active, extended, _status, _left in rows(eol_path):
        if source.startswith("docker-library"):
            # A date on which a tag was dropped, not one on which the software ended.
            retired[image, cycle] = end
        elif cycle != codename:
            name = "UBI" if re.fullmatch(r"ubi\d+", image) else NAMES.get(image, image.rpartition("/")[2])
            if image.startswith("dotnet/"):
                name = ".NET"
            end = {"none-set": "-"}.get(end, end)
            extended = extended if re.match(r"\d{4}-", extended) and extended > end else "-"
            eol.setdefault(image, []).append((version_key(cycle), cycle, codename, end, extended, name))
    builds = []
    for image, tags, *shared in rows(aliases_path):
        builds.append((image, " ".join([tags, *shared]).strip()))
    listed = {(image, tag) for image, tags in builds for tag in tags.split()}
    for image, tag, _first, last in rows(tags_path):
        # "GitRepo" is a keyword of the library files, not a tag.
        if tag != "GitRepo" and last != "-":
            retired[image, tag] = last
    retired = {key: last for key, last in retired.items() if key not in listed}

    write("eol.tsv", [
        "End of support of what base images are named for. Read README.md before editing.",
        f"Source: {EOL_SOURCE}.",
        "image, release, code name, end of free security support, end of long-term or paid support, name.",
        '"-": none or not announced; "ended": over, without a date. Sorted by image (bytes), then release.',
    ], ["\t".join([image, *row[1:]]) for image in sorted(eol, key=str.encode) for row in sorted(eol[image])])
    write("retired.tsv", [
        "Tags of Docker Official Images that are no longer rebuilt. Read README.md before editing.",
        f"Source: {TAG_SOURCE}.",
        "image, tag, last day it was listed. Floating tags only, Windows left out. Sorted by bytes.",
    ], sorted(("\t".join([*key, last]) for key, last in retired.items()), key=str.encode))
    builds.sort(key=lambda build: build[0].encode())
    write("builds.tsv", [
        "Which tags of a Docker Official Image name the same build. Read README.md before editing.",
        f"Source: {TAG_SOURCE}.",
        "image, all tags of one build. Windows left out. Sorted by image (bytes), then as the library file has it.",
    ], ["\t".join(build) for build in builds])


if __name__ == "__main__":
    main()
