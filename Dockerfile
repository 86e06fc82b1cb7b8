# Footnote with every backend's package. `docker build --tag footnote .`; docs/guide/containers.md says how to run it.
# Images are pinned by version. Pin them by digest too where yours must not change under a tag.
FROM python:3.11.16-slim-bookworm AS build
WORKDIR /src

# The installer, then the exact packages by hash: nothing is resolved, and nothing is built from source but ourselves.
COPY requirements-setup.lock requirements-backends.lock ./
RUN python -m venv /opt/uv \
    && /opt/uv/bin/pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps --require-hashes \
        --requirement requirements-setup.lock \
    && python -m venv --without-pip /opt/footnote \
    && /opt/uv/bin/uv pip install --quiet --python /opt/footnote/bin/python --no-cache --no-deps --require-hashes \
        --only-binary :all: --compile-bytecode --requirement requirements-backends.lock

# Ourselves last: a change of the code leaves the packages where they are.
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY bot bot
COPY handlers handlers
COPY indexing indexing
RUN /opt/uv/bin/uv pip install --quiet --python /opt/footnote/bin/python --no-cache --no-deps --compile-bytecode .


FROM python:3.11.16-slim-bookworm AS footnote
# The id stays the same in every version, for it owns what lies in the volume.
RUN groupadd --gid 10001 footnote \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin footnote \
    && install --directory --owner footnote --group footnote --mode 0700 /data
COPY --from=build /opt/footnote /opt/footnote
# The library that runs the local model would report its use to its makers, were it not told otherwise.
ENV ORT_DISABLE_TELEMETRY=1 \
    PATH=/opt/footnote/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/data \
    FOOTNOTE_HOME=/data \
    FOOTNOTE_HTTP_HOST=0.0.0.0
USER 10001:10001
WORKDIR /data
# Nothing else is written but /tmp: the root file system may be read-only.
VOLUME /data
EXPOSE 3000
# For `serve --http`. What listens on no port (`serve`, `work`) is run with --no-healthcheck.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["python", "-c", "\
import os, urllib.request as web; \
port = os.environ.get('FOOTNOTE_HTTP_PORT') or os.environ.get('PORT') or '3000'; \
web.build_opener(web.ProxyHandler({})).open(f'http://127.0.0.1:{port}/health', timeout=2)"]
ENTRYPOINT ["footnote"]
CMD ["serve", "--http"]
