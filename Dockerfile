# The mrq server as an image: one container is one node. How to run it: docs/deploy.md.

FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
WORKDIR /source

# What decides on the packages, alone: as long as it stays the same, the packages come from the cache.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY build/ build/
COPY Mrq.Core/Mrq.Core.csproj Mrq.Core/
COPY Mrq.Dashboard/Mrq.Dashboard.csproj Mrq.Dashboard/
COPY Mrq.Server/Mrq.Server.csproj Mrq.Server/
COPY samples/Mrq.Samples/Mrq.Samples.csproj samples/Mrq.Samples/
RUN dotnet restore Mrq.Server

COPY .editorconfig BannedSymbols.txt appsettings.json ./
COPY Mrq.Core/ Mrq.Core/
COPY Mrq.Dashboard/ Mrq.Dashboard/
COPY Mrq.Server/ Mrq.Server/
COPY samples/Mrq.Samples/ samples/Mrq.Samples/
RUN dotnet publish Mrq.Server --no-restore -c Release -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble

# MongoDB's C driver; Ubuntu 24.04 has it as libmongoc-1.0-0t64, which answers to this name too.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libmongoc-1.0-0 \
    && rm -rf /var/lib/apt/lists/*

# /data: the SQLite file and mrq.json. /tasks: your task assemblies, apart from the data, so that a new image brings its own.
RUN mkdir /data /tasks && chown "$APP_UID:$APP_UID" /data
COPY --from=build /app/ /app/

# The base image names a port for web servers that do not know theirs; mrq does.
# A container's own loopback is reached by nobody, so it listens on all its addresses; mrq then wants MRQ_ALLOW_ANONYMOUS=true said, for there is no login.
ENV ASPNETCORE_HTTP_PORTS= \
    MRQ_DASHBOARD_IP=0.0.0.0 \
    MRQ_TASKS=/tasks
USER $APP_UID
WORKDIR /data
VOLUME /data
EXPOSE 5555

# The image has no curl; bash can ask by itself. Only whether the process answers: a store that is away is not mended by a restart.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${MRQ_DASHBOARD_PORT:-5555} && printf 'GET /health/live HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]

ENTRYPOINT ["/app/mrq"]
