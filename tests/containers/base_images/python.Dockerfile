# Stands in for python:3.13-slim: Debian with its own Python, which has to be 3.11 or newer.
FROM localhost/patchbay-debian
RUN ln -s /usr/bin/python3 /usr/local/bin/python && rm -f /usr/lib/python3*/EXTERNALLY-MANAGED
CMD ["python"]
