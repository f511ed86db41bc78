# An image for each program, with what is shared, the program, and the packages that it needs (requirements/*.lock):
#   docker build --target service --build-arg PROGRAM=dcim -t patchbay-dcim .
#   docker build --target gateway -t patchbay-gateway .
#   docker build --target tools -t patchbay-tools .        # the command line, for audits and backups of all of them
# Each also brings its own database up to date: `python -m stack migrate dcim`.
FROM python:3.13-slim AS base

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
RUN useradd --system --uid 999 --no-create-home --shell /usr/sbin/nologin patchbay \
    && install -d -o patchbay -g patchbay var var/media var/reports


FROM base AS service
ARG PROGRAM
# Programs of Debian's that a service runs: extras draws topology maps with graphviz.
ARG SYSTEM_PACKAGES=""
RUN if [ -n "$SYSTEM_PACKAGES" ]; then apt-get update \
    && apt-get install --yes --no-install-recommends $SYSTEM_PACKAGES && rm -rf /var/lib/apt/lists/*; fi
COPY requirements/${PROGRAM}.lock ./requirements.lock
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --disable-pip-version-check --require-hashes -r requirements.lock
COPY shared ./shared
COPY stack ./stack
COPY services/__init__.py ./services/
COPY services/${PROGRAM} ./services/${PROGRAM}
RUN python -m compileall -q shared services stack
USER patchbay
EXPOSE 8000
ENV PROGRAM=${PROGRAM}
CMD ["sh", "-c", "exec gunicorn -c python:stack.gunicorn_service -b 0.0.0.0:8000 services.$PROGRAM.app:app"]


FROM base AS gateway
COPY requirements/gateway.lock ./requirements.lock
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --disable-pip-version-check --require-hashes -r requirements.lock
COPY shared ./shared
COPY stack ./stack
COPY gateway ./gateway
RUN python -m compileall -q shared gateway stack
USER patchbay
EXPOSE 8000
CMD ["gunicorn", "-c", "python:stack.gunicorn_gateway", "-b", "0.0.0.0:8000", "gateway.app:app"]


FROM base AS tools
COPY requirements.lock ./
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --disable-pip-version-check --require-hashes -r requirements.lock
COPY shared ./shared
COPY services ./services
COPY gateway ./gateway
COPY stack ./stack
COPY moving ./moving
RUN python -m compileall -q shared services gateway stack moving
USER patchbay
ENTRYPOINT ["python", "-m", "stack"]
