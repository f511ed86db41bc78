# One image for the gateway, the seven services and the migrations; the command says which it is.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
WORKDIR /app

COPY requirements.lock ./
RUN pip install --disable-pip-version-check --require-hashes -r requirements.lock

COPY shared ./shared
COPY services ./services
COPY gateway ./gateway
COPY stack ./stack
COPY moving ./moving
RUN python -m compileall -q shared services gateway stack moving \
    && useradd --system --no-create-home --shell /usr/sbin/nologin patchbay \
    && install -d -o patchbay -g patchbay var var/media var/reports

USER patchbay
EXPOSE 8000
CMD ["gunicorn", "-c", "python:stack.gunicorn_gateway", "-b", "0.0.0.0:8000", "gateway.app:app"]
