# The command in a container: a small image, a user without rights, nothing written outside /work.
#   docker build -t coverage-analyzer .
#   docker run --rm --read-only --tmpfs /tmp -v "$PWD:/work" coverage-analyzer run customers.csv --centers depots.csv -o report
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY coverage_analyzer ./coverage_analyzer
RUN pip install --no-cache-dir "$(grep -o '^uv==[0-9.]*' requirements.lock)"
RUN python -m venv /opt/coverage
RUN uv pip install --no-cache -c requirements.lock --python /opt/coverage/bin/python ".[compare,database,excel,geocode,plot,roads,siting,terms]"

FROM python:3.13-slim
COPY --from=build /opt/coverage /opt/coverage
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin planner
ENV PATH=/opt/coverage/bin:$PATH PYTHONDONTWRITEBYTECODE=1 MPLCONFIGDIR=/tmp
USER 10001
WORKDIR /work
ENTRYPOINT ["coverage-analyzer"]
CMD ["--help"]
