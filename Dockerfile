# One image for every process of longcase; docker-compose.yml says which one runs where.
FROM python:3.13-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src

# The dependencies first: they change less often than the code.
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /opt/longcase \
 && /opt/longcase/bin/pip install --require-hashes -r requirements.lock \
 && pip install --root-user-action ignore --require-hashes -r requirements-build.lock

COPY pyproject.toml LICENSE ./
COPY domain domain
COPY projections projections
COPY services services
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && /opt/longcase/bin/pip install --no-deps --no-index dist/*.whl \
 && /opt/longcase/bin/python -m compileall -q /opt/longcase/lib


FROM python:3.13-slim

RUN useradd --system --uid 10001 --home-dir /var/lib/longcase --create-home longcase
COPY --from=build /opt/longcase /opt/longcase

ENV PATH=/opt/longcase/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LONGCASE_HOME=/var/lib/longcase \
    LONGCASE_HOST=0.0.0.0 \
    LONGCASE_PORT=8321

USER 10001
WORKDIR /var/lib/longcase
VOLUME /var/lib/longcase
EXPOSE 8321
ENTRYPOINT ["longcase"]
CMD ["run"]
